package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

const (
	maxAnswer  = 16 << 20 // bytes of an answer
	maxRefusal = 64 << 10 // bytes of an error's body that are read
	maxQuote   = 200      // characters of it that are quoted
)

// callError is a call that failed.
type callError struct {
	message, hint string
	again         bool          // another attempt may succeed
	after         time.Duration // what the provider asks to wait
	refused       bool          // the provider declined to answer this content
	paid          bool          // the provider may have charged for it all the same
	err           error         // cause, or nil
}

func (e *callError) Error() string { return e.message }
func (e *callError) Unwrap() error { return e.err }

// wire is the transport of one provider: it adds the key, turns answers that are
// none into errors that say what to do, and bounds what is read.
type wire struct {
	base    http.RoundTripper
	headers map[string]string // with the key
	key     httpx.Secret
	scrub   func(string) string
	now     selfheal.Clock
	host    string
	inspect func(answer []byte) *callError // may be nil: has the last word on an answer
}

// client gives an HTTP client that speaks over the wire.
func (w *wire) client() *http.Client {
	return &http.Client{Transport: w, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// failure carries a callError past client libraries that wrap errors in ways of their own.
type failure struct{ err *callError }

type failureKey struct{}

func withFailure(ctx context.Context) (context.Context, *failure) {
	f := &failure{}
	return context.WithValue(ctx, failureKey{}, f), f
}

// RoundTrip implements [http.RoundTripper]. The whole answer has been read when it returns.
func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	response, failed := w.roundTrip(request)
	if failed == nil {
		return response, nil
	}
	if f, ok := request.Context().Value(failureKey{}).(*failure); ok {
		f.err = failed
	}
	return nil, failed
}

func (w *wire) roundTrip(request *http.Request) (*http.Response, *callError) {
	request = request.Clone(request.Context())
	request.Header.Del("Authorization") // what a library put there without a key
	for name, value := range w.headers {
		request.Header.Set(name, value)
	}
	response, err := w.base.RoundTrip(request)
	if err != nil {
		return nil, w.unreachable(err)
	}
	defer func() { _ = response.Body.Close() }() // what could not be read is known by then
	if response.StatusCode != http.StatusOK {
		return nil, w.refusal(response)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, &callError{message: "the answer was cut off: " + w.quote(err.Error()), again: true, paid: true, err: err}
	case len(text) > maxAnswer:
		return nil, &callError{message: fmt.Sprintf("the answer is larger than %d MiB", maxAnswer>>20), hint: "check url", paid: true}
	case !json.Valid(text):
		return nil, &callError{message: "the answer is no JSON: " + w.quote(string(text)), hint: "check that url is the base of the provider's API", again: true, paid: true}
	}
	if w.inspect != nil {
		if e := w.inspect(text); e != nil {
			return nil, e
		}
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	return response, nil
}

func (w *wire) unreachable(err error) *callError {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // without the address
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return &callError{message: "no answer in time", hint: "raise timeout of the model, or use a faster one", again: true, paid: true, err: err}
	}
	return &callError{message: "the provider cannot be reached: " + w.quote(err.Error()), again: true, err: err,
		hint: fmt.Sprintf("check that the provider runs at %s and can be reached from here", w.host)}
}

// refusal is an answer that is no success.
func (w *wire) refusal(response *http.Response) *callError {
	// Whatever was read of the body says more than why the rest could not be.
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	said, code := httpx.ModelComplaint(text)
	e := &callError{message: fmt.Sprintf("the provider answered %d", response.StatusCode), hint: "the provider does not take the request: check provider, model and url", after: httpx.RetryAfter(response.Header.Get("Retry-After"), w.now())}
	if said != "" {
		e.message += ": " + w.quote(said)
	}
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		e.hint = "check api_key, and that the variable it names is set"
	case status == http.StatusNotFound:
		e.hint = "check url and model; Ollama needs the model pulled first: ollama pull MODEL"
	case code == "insufficient_quota" || status == http.StatusPaymentRequired:
		e.hint = "the account has no credit left; waiting does not help"
	case code == "content_filter":
		e.refused, e.hint = true, "the provider's filter refuses this content; another model may take it"
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
		e.again, e.hint = true, "the provider is busy; try again later, or add a second model to the role"
	case status >= 300 && status < 400:
		e.hint = "url redirects; write the address that it redirects to, if you trust it"
	}
	return e
}

// quote makes what a provider said fit for an error: providers repeat keys and inputs.
func (w *wire) quote(said string) string {
	if w.key != "" {
		said = strings.ReplaceAll(said, string(w.key), "[redacted:api-key]")
	}
	return httpx.OneLine(w.scrub(said), maxQuote)
}

// post sends a request of a thin client and reads its answer.
func post(ctx context.Context, client *http.Client, address string, body, answer any) error {
	payload, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(payload))
	if err != nil {
		return &callError{message: "url cannot be used", hint: "write the base of the API"}
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // read already
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return &callError{message: "the answer is not what this API gives: " + httpx.Clip(err.Error(), maxQuote), hint: "check provider and url", again: true, paid: true}
	}
	return nil
}
