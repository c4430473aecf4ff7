// Package outbound posts to the services that channels speak to: with limits on
// time and size, without following redirects, and with no address and no secret in
// an error.
//
// In go a configured address, headers and a body; out comes the answer, or an error
// that says whether trying again may help.
package outbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

const maxAnswer = 1 << 20 // bytes

// Client posts. The zero value works.
type Client struct {
	HTTP  *http.Client   // makes the connections; nil for one of its own. It is copied.
	Clock selfheal.Clock // by default the system's; reads Retry-After dates
}

// Answer is what a service said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Refusal is an answer that is no success, or none at all.
type Refusal struct {
	Status int           // 0 when there was no answer
	After  time.Duration // that the service asks to wait; 0 when it does not say
	Err    error
}

// Error says what the service answered.
func (r *Refusal) Error() string {
	if r.Status == 0 {
		return "no answer: " + r.Err.Error()
	}
	return fmt.Sprintf("answered %d %s", r.Status, http.StatusText(r.Status))
}

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Err }

// RetryAfter is how long the service asks to wait.
func (r *Refusal) RetryAfter() time.Duration { return r.After }

// CheckAddress refuses an address that a secret may not be sent to: anything but
// https, except on this machine.
func CheckAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return selfheal.Usagef("write it as https://host/path, without user and password", "not an address to post to")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return selfheal.Usagef("use https", "what is posted to an http address is sent in clear")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Post sends a body. retry says whether a failure may pass by itself: no answer,
// 408, 425, 429 and 5xx may, all else stays.
func (c Client) Post(ctx context.Context, address httpx.Secret, header http.Header, body []byte) (answer Answer, retry bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, string(address), bytes.NewReader(body))
	if err != nil {
		return Answer{}, false, &Refusal{Err: errors.New("the address cannot be used")}
	}
	request.Header = header.Clone()
	response, err := c.client().Do(request)
	if err != nil {
		return Answer{}, true, &Refusal{Err: withoutAddress(ctx, err)}
	}
	defer func() { _ = response.Body.Close() }() // what could not be read is known by then
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return Answer{}, true, &Refusal{Err: errors.New("the answer broke off")}
	}
	answer = Answer{Status: response.StatusCode, Header: response.Header, Body: text}
	if response.StatusCode >= 200 && response.StatusCode <= 299 {
		return answer, false, nil
	}
	return answer, mayPass(response.StatusCode), &Refusal{Status: response.StatusCode, After: c.retryAfter(response.Header)}
}

func (c Client) client() *http.Client {
	own := http.Client{}
	if c.HTTP != nil {
		own = *c.HTTP
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

func (c Client) retryAfter(header http.Header) time.Duration {
	now := time.Now
	if c.Clock != nil {
		now = c.Clock
	}
	return httpx.RetryAfter(header.Get("Retry-After"), now())
}

func mayPass(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// withoutAddress takes the address away, which may be a secret itself.
func withoutAddress(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Errorf("%s: %w", network.Op, network.Err)
	}
	return errors.New("the connection failed")
}
