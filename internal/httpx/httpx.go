// Package httpx talks to the JSON APIs of services that matter: with a limit on
// time, size and attempts, obedient to the limits that a service states, and
// careful with the secret that it sends.
//
// In goes a [Request], out comes a [Response], or an error that says what a user
// can do about it. What may pass by itself is tried again: a request that was
// refused for now (429, 503 and the rate limits of GitHub) is, whatever it asks
// for, since nothing was done; one that broke off or failed (5xx) is only where
// doing it twice is doing it once. The secret goes to the configured host and to
// no other, and stands in no error.
package httpx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"selfheal"
)

const (
	defaultTimeout  = 30 * time.Second
	defaultAttempts = 4
	defaultPatience = 2 * time.Minute
	defaultMaxBody  = 16 << 20
	firstPause      = 500 * time.Millisecond // doubled each time
	maxRedirects    = 3
)

// Config is what a [Client] needs. Base is required.
type Config struct {
	// Base is the root of the API, e.g. https://api.github.com. A path in it is kept.
	Base string
	// Name is what errors call the service, e.g. "GitHub"; by default the host.
	Name string
	// Header is sent with every request.
	Header http.Header
	// Authorize adds the secret to a request; nil for none. It is called for each
	// attempt, and only for requests to the host of Base.
	Authorize func(ctx context.Context, header http.Header) error
	// Scrub removes secrets from what the service said before it goes into an error; nil for none.
	Scrub func(string) string
	// HTTP makes the connections; nil for a client of its own. It is copied.
	HTTP *http.Client

	Timeout  time.Duration // of one attempt, 30 s by default
	Attempts int           // at most; 4 by default
	Patience time.Duration // the longest wait for a limit to pass, 2 min by default; beyond it is an error
	MaxBody  int64         // bytes of an answer, 16 MiB by default

	Clock  selfheal.Clock                             // by default the system's
	Sleep  func(context.Context, time.Duration) error // by default real
	Jitter func() float64                             // in [0,1); by default random
}

// Client talks to one service. It is safe for concurrent use.
type Client struct {
	config Config
	base   *url.URL
	http   *http.Client
}

// New makes a client; a Base that is no http address is CodeUsage.
func New(c Config) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(c.Base, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.User != nil || base.RawQuery != "" {
		return nil, selfheal.Usagef("write it as https://host, without user and password", "not the address of a service")
	}
	own := http.Client{}
	if c.HTTP != nil {
		own = *c.HTTP
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{config: c.complete(base), base: base, http: &own}, nil
}

func (c Config) complete(base *url.URL) Config {
	if c.Name == "" {
		c.Name = base.Host
	}
	if c.Scrub == nil {
		c.Scrub = func(text string) string { return text }
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Attempts <= 0 {
		c.Attempts = defaultAttempts
	}
	if c.Patience <= 0 {
		c.Patience = defaultPatience
	}
	if c.MaxBody <= 0 {
		c.MaxBody = defaultMaxBody
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64
	}
	return c
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Request is one question.
type Request struct {
	Method string
	// Path is below Base and begins with a slash. Segments are escaped already
	// where they need it ([url.PathEscape]).
	Path  string
	Query url.Values
	Body  any // encoded as JSON; nil for none
	// Repeatable: doing it twice is doing it once. GET is, always.
	Repeatable bool
}

// Response is a successful answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do asks, and asks again where that may help. An answer that is no success
// gives a [StatusError] in the chain.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	var payload []byte
	if r.Body != nil {
		var err error
		if payload, err = json.Marshal(r.Body); err != nil {
			return Response{}, fmt.Errorf("encode request: %w", err)
		}
	}
	pause := firstPause
	for attempt := 1; ; attempt++ {
		response, failed := c.try(ctx, r, payload)
		if failed == nil {
			return response, nil
		}
		wait := c.wait(failed, pause)
		if attempt >= c.config.Attempts || !failed.again(r) || wait > c.config.Patience || ctx.Err() != nil {
			return Response{}, c.explain(r, failed, wait)
		}
		if err := c.config.Sleep(ctx, wait); err != nil {
			return Response{}, c.explain(r, failed, wait)
		}
		pause *= 2
	}
}

// JSON is Do with the answer decoded into a value.
func (c *Client) JSON(ctx context.Context, r Request, answer any) (Response, error) {
	response, err := c.Do(ctx, r)
	if err != nil || answer == nil || len(bytes.TrimSpace(response.Body)) == 0 {
		return response, err
	}
	if err := json.Unmarshal(response.Body, answer); err != nil {
		return response, &selfheal.Error{
			Code: selfheal.CodeUnavailable, Op: c.op(r), Message: c.config.Name + " answered with something else than its API gives",
			Hint: "check that url is the address of the API", Err: errors.New(c.quote(err.Error())),
		}
	}
	return response, nil
}

// try makes one attempt; a GET is taken along redirects within the host.
func (c *Client) try(ctx context.Context, r Request, payload []byte) (Response, *failure) {
	address := strings.TrimRight(c.base.String(), "/") + r.Path
	if len(r.Query) > 0 {
		address += "?" + r.Query.Encode()
	}
	for range maxRedirects + 1 {
		response, err := c.once(ctx, r.Method, address, payload)
		if err != nil {
			return Response{}, &failure{err: err}
		}
		if !isRedirect(response.Status) {
			return c.outcome(response)
		}
		next, err := c.redirected(address, response.Header.Get("Location"))
		if err != nil {
			return Response{}, &failure{err: err, final: true}
		}
		if r.Method != http.MethodGet {
			return Response{}, &failure{err: &movedError{to: next}, final: true}
		}
		address = next
	}
	return Response{}, &failure{err: errors.New("too many redirects"), final: true}
}

// once sends one request and reads the answer.
func (c *Client) once(ctx context.Context, method, address string, payload []byte) (Response, error) {
	limited, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	var body io.Reader
	if payload != nil {
		body = bytes.NewReader(payload)
	}
	request, err := http.NewRequestWithContext(limited, method, address, body)
	if err != nil {
		return Response{}, errors.New("the address cannot be used")
	}
	request.Header = c.config.Header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	if payload != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.config.Authorize != nil {
		if err := c.config.Authorize(limited, request.Header); err != nil {
			return Response{}, err
		}
	}
	response, err := c.http.Do(request)
	if err != nil {
		return Response{}, err
	}
	defer func() { _ = response.Body.Close() }() // what could not be read is known by then
	text, err := io.ReadAll(io.LimitReader(response.Body, c.config.MaxBody+1))
	if err != nil {
		return Response{}, err
	}
	if int64(len(text)) > c.config.MaxBody {
		return Response{}, &tooLargeError{limit: c.config.MaxBody}
	}
	return Response{Status: response.StatusCode, Header: response.Header, Body: text}, nil
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

var errElsewhere = errors.New("it redirects to another host")

// redirected gives the address that a redirect leads to, if it is of the same host.
func (c *Client) redirected(from, location string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", errElsewhere
	}
	next, err := base.Parse(location)
	if err != nil || location == "" || next.Host != c.base.Host || next.Scheme != c.base.Scheme || next.User != nil {
		return "", errElsewhere
	}
	return next.String(), nil
}
