package embed

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
	"selfheal/internal/redact"
)

const (
	maxAttempts  = 4                      // of one request
	firstWait    = 500 * time.Millisecond // before the second attempt; doubled each time
	longestWait  = 30 * time.Second       // a provider that asks for more is given up
	maxRedirects = 3
	maxRefusal   = 64 << 10 // bytes of an error's body that are read
	maxQuote     = 200      // characters of it that are quoted
)

// settings are what tests replace.
type settings struct {
	sleep func(context.Context, time.Duration) error
	now   selfheal.Clock
	cache Cache
}

// Option changes a [Client] or a [Labeler] that is being made.
type Option func(*settings)

// WithSleep replaces how the time between two attempts is spent.
func WithSleep(sleep func(context.Context, time.Duration) error) Option {
	return func(s *settings) { s.sleep = sleep }
}

// WithClock replaces the clock, which only reads Retry-After headers that state a date.
func WithClock(now selfheal.Clock) Option { return func(s *settings) { s.now = now } }

// WithCache keeps vectors elsewhere than in a cache of the Client's own.
func WithCache(cache Cache) Option { return func(s *settings) { s.cache = cache } }

func newSettings(options []Option) settings {
	s := settings{sleep: sleep, now: time.Now}
	for _, o := range options {
		o(&s)
	}
	return s
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// scrubber gives the function that removes secrets; there is no way to have none.
func scrubber(scrub func(string) string) func(string) string {
	if scrub == nil {
		return redact.New().String
	}
	return scrub
}

// endpoint is one address that answers JSON with JSON.
type endpoint struct {
	settings
	client  *http.Client
	url     string
	key     httpx.Secret
	timeout time.Duration
	doing   string // the operation, as errors name it
	scrub   func(string) string
	most    int64 // bytes of an answer
}

// newEndpoint joins the base of an API and a path; a base that names the path already is left alone.
func newEndpoint(base, path string, client *http.Client) endpoint {
	if base = strings.TrimRight(base, "/"); !strings.HasSuffix(base, path) {
		base += path
	}
	own := http.Client{}
	if client != nil {
		own = *client
	}
	own.CheckRedirect = stayOnHost
	return endpoint{client: &own, url: base}
}

var errElsewhere = errors.New("the provider redirects to another host")

// stayOnHost refuses to carry texts, or the key, to a host that nobody configured.
func stayOnHost(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	if next.URL.Host != first.Host || next.URL.Scheme != first.Scheme || len(before) > maxRedirects {
		return errElsewhere
	}
	return nil
}

// refusal is one attempt that failed.
type refusal struct {
	err   *selfheal.Error
	again bool          // another attempt may succeed
	after time.Duration // what the provider asks to wait
}

// post sends one request, and again while the provider says that it is busy.
func (e *endpoint) post(ctx context.Context, body, answer any) error {
	payload, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s: encode: %w", e.doing, err)
	}
	wait := firstWait
	for attempt := 1; ; attempt++ {
		text, refused := e.try(ctx, payload)
		if refused == nil {
			return e.decode(text, answer)
		}
		if !refused.again || attempt == maxAttempts {
			return refused.err
		}
		pause := max(wait, refused.after)
		if pause > longestWait {
			refused.err.Message += fmt.Sprintf("; it asks to wait for %s", refused.after)
			return refused.err
		}
		if err := e.sleep(ctx, pause); err != nil {
			return e.failed("interrupted while the provider was busy", "", err)
		}
		wait *= 2
	}
}

func (e *endpoint) decode(text []byte, answer any) error {
	if err := json.Unmarshal(text, answer); err != nil {
		return e.failed("the answer is not what this API gives: "+e.quote(err.Error()), "check that url is the base of an OpenAI-compatible API", nil)
	}
	return nil
}

// try makes one attempt.
func (e *endpoint) try(ctx context.Context, payload []byte) ([]byte, *refusal) {
	limited, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(limited, http.MethodPost, e.url, bytes.NewReader(payload))
	if err != nil {
		return nil, &refusal{err: e.failed("url cannot be used", "write the base of the API, e.g. http://localhost:11434/v1", nil)}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if e.key != "" {
		request.Header.Set("Authorization", "Bearer "+string(e.key))
	}
	response, err := e.client.Do(request)
	if err != nil {
		return nil, e.unreachable(ctx, err)
	}
	defer func() { _ = response.Body.Close() }() // what could not be read is known by then
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, e.refused(response)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, e.most+1))
	switch {
	case err != nil:
		return nil, e.unreachable(ctx, err)
	case int64(len(text)) > e.most:
		return nil, &refusal{err: e.failed(fmt.Sprintf("the answer is larger than %d KiB", e.most>>10), "check that url is the base of an OpenAI-compatible API", nil)}
	}
	return text, nil
}

// unreachable is a request that was not answered. It is not repeated: who does
// not answer at all keeps a report waiting.
func (e *endpoint) unreachable(ctx context.Context, err error) *refusal {
	hint := fmt.Sprintf("check that the provider runs at %s and can be reached from here", e.host())
	switch {
	case ctx.Err() != nil:
		return &refusal{err: e.failed("interrupted", "", ctx.Err())}
	case errors.Is(err, errElsewhere):
		return &refusal{err: e.failed(errElsewhere.Error(), "configure the address that it redirects to, if you trust it", nil)}
	case errors.Is(err, context.DeadlineExceeded):
		return &refusal{err: e.failed(fmt.Sprintf("no answer within %s", e.timeout), "raise timeout, or use a smaller model", nil)}
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // without the address, which the hint names
	}
	return &refusal{err: e.failed("the provider cannot be reached: "+e.quote(err.Error()), hint, nil)}
}

func (e *endpoint) host() string {
	if u, err := url.Parse(e.url); err == nil {
		return u.Host
	}
	return "the configured url"
}

// refused is an answer that is no success.
func (e *endpoint) refused(response *http.Response) *refusal {
	// Whatever was read of the body says more than why the rest could not be.
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	said, code := httpx.ModelComplaint(text)
	message := fmt.Sprintf("the provider answered %d", response.StatusCode)
	if said != "" {
		message += ": " + e.quote(said)
	}
	r := &refusal{err: e.failed(message, "", nil), after: httpx.RetryAfter(response.Header.Get("Retry-After"), e.now())}
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		r.err.Hint = "check api_key, and that the variable it names is set"
	case status == http.StatusNotFound:
		r.err.Hint = "check url and model; Ollama needs the model pulled first: ollama pull MODEL"
	case code == "insufficient_quota":
		r.err.Hint = "the account has no credit left; waiting does not help"
	case status == http.StatusTooManyRequests, status >= 500:
		r.again = true
		r.err.Hint = "try again later, or lower the budget of texts"
	}
	return r
}

// quote makes what a provider said fit for an error: providers repeat keys and inputs.
func (e *endpoint) quote(said string) string {
	if e.key != "" {
		said = strings.ReplaceAll(said, string(e.key), "[redacted:api-key]")
	}
	return httpx.OneLine(e.scrub(said), maxQuote)
}

func (e *endpoint) failed(message, hint string, cause error) *selfheal.Error {
	return &selfheal.Error{Code: selfheal.CodeUnavailable, Op: e.doing, Message: message, Hint: hint, Err: cause}
}
