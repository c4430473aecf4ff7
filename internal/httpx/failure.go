package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"selfheal"
)

const maxQuote = 300 // characters of what a service said that stand in an error

// StatusError is an answer that is no success.
type StatusError struct {
	Status  int
	Message string // what the service said: scrubbed, on one line, bounded
	Body    []byte // what it sent, as it is
}

// Error gives the status and what the service said.
func (e *StatusError) Error() string {
	text := strconv.Itoa(e.Status) + " " + http.StatusText(e.Status)
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Status gives the status of the [StatusError] in a chain; 0 when there is none.
func Status(err error) int {
	if e, ok := errors.AsType[*StatusError](err); ok {
		return e.Status
	}
	return 0
}

// Unanswered tells whether nobody knows if a request was carried out: the
// connection broke, or the service failed halfway.
func Unanswered(err error) bool {
	if err == nil {
		return false
	}
	status := Status(err)
	return status == 0 || status >= 500
}

// movedError is a redirect of a request that changes something.
type movedError struct{ to string }

func (e *movedError) Error() string { return "it has moved to " + e.to }

type tooLargeError struct{ limit int64 }

// TooLarge tells whether an answer was larger than MaxBody: asking for less may help.
func TooLarge(err error) bool {
	_, ok := errors.AsType[*tooLargeError](err)
	return ok
}

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("the answer is larger than %d MiB", e.limit>>20)
}

// failure is one attempt that did not succeed.
type failure struct {
	err     error
	final   bool          // no other attempt can succeed
	limited bool          // the service refused for now: nothing was done
	after   time.Duration // what the service asks to wait; 0 when it does not say
}

// again tells whether another attempt may succeed and does no harm.
func (f *failure) again(r Request) bool {
	var own *selfheal.Error // of Authorize
	if f.final || errors.As(f.err, &own) || TooLarge(f.err) {
		return false
	}
	if f.limited || notSent(f.err) {
		return true
	}
	return (r.Method == http.MethodGet || r.Repeatable) && Unanswered(f.err)
}

// notSent tells whether the connection was never made.
func notSent(err error) bool {
	network, ok := errors.AsType[*net.OpError](err)
	return ok && network.Op == "dial"
}

// outcome tells success from failure.
func (c *Client) outcome(response Response) (Response, *failure) {
	if response.Status >= 200 && response.Status <= 299 {
		return response, nil
	}
	said := complaint(response.Body)
	f := &failure{err: &StatusError{Status: response.Status, Message: c.quote(said), Body: response.Body}}
	f.after, f.limited = c.limit(response, said)
	f.final = !f.limited && response.Status < 500
	return Response{}, f
}

// limit reads how a service says that it is asked too much. GitHub's primary
// limit is 403 or 429 with x-ratelimit-remaining: 0 and the time at which it
// ends, its secondary limit 403 or 429 with retry-after or a text that says so
// (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api);
// GitLab has 429 with Retry-After and RateLimit-Reset.
func (c *Client) limit(response Response, said string) (after time.Duration, limited bool) {
	header := response.Header
	after = RetryAfter(header.Get("Retry-After"), c.config.Clock())
	switch response.Status {
	case http.StatusTooManyRequests:
		limited = true
	case http.StatusServiceUnavailable:
		return after, header.Get("Retry-After") != ""
	case http.StatusForbidden:
		limited = header.Get("Retry-After") != "" || header.Get("X-Ratelimit-Remaining") == "0" ||
			strings.Contains(strings.ToLower(said), "secondary rate limit")
	}
	if !limited || after > 0 {
		return after, limited
	}
	if header.Get("X-Ratelimit-Remaining") == "0" {
		after = c.until(header.Get("X-Ratelimit-Reset"))
	}
	if after == 0 {
		after = c.until(header.Get("Ratelimit-Reset"))
	}
	if after == 0 && strings.Contains(strings.ToLower(said), "secondary rate limit") {
		after = time.Minute // what GitHub asks for where it says nothing
	}
	return after, limited
}

// until reads a time in seconds since 1970.
func (c *Client) until(header string) time.Duration {
	seconds, err := strconv.ParseInt(header, 10, 64)
	if err != nil || seconds <= 0 {
		return 0
	}
	return max(time.Second, time.Unix(seconds, 0).Sub(c.config.Clock()))
}

// wait is how long to wait before the next attempt: as the service asks, else
// longer each time; with some chance in it, so that many clients do not return
// at the same moment.
func (c *Client) wait(f *failure, pause time.Duration) time.Duration {
	jitter := time.Duration(c.config.Jitter() * float64(pause) / 2)
	if f.after > 0 {
		return f.after + jitter
	}
	return pause/2 + jitter
}

func (c *Client) op(r Request) string { return c.config.Name + ": " + r.Method + " " + r.Path }

// explain makes the error that a user sees.
func (c *Client) explain(r Request, f *failure, wait time.Duration) error {
	if own, ok := errors.AsType[*selfheal.Error](f.err); ok {
		return own
	}
	e := &selfheal.Error{Code: selfheal.CodeUnavailable, Op: c.op(r)}
	var moved *movedError
	var status *StatusError
	switch {
	case errors.As(f.err, &moved):
		e.Code, e.Message = selfheal.CodeUsage, "moved to "+c.quote(moved.to)
		e.Hint = "the repository has another name now: write that into forge.repository and forge.url, or update the remote"
	case errors.Is(f.err, errElsewhere):
		e.Message, e.Hint = errElsewhere.Error(), "configure the address that it redirects to, if you trust it"
	case f.limited:
		e.Message = fmt.Sprintf("%s limits how often it is asked; it opens again in %s", c.config.Name, wait.Round(time.Second))
		e.Hint, e.Err = "run the same command again then; nothing is lost", f.err
	case errors.As(f.err, &status):
		e.Message, e.Hint, e.Err = c.config.Name+" answered", hint(status.Status), status
	case TooLarge(f.err):
		e.Message, e.Err = "what "+c.config.Name+" sent is not read", f.err
	case errors.Is(f.err, context.Canceled):
		e.Message, e.Err = "interrupted", context.Canceled
	case errors.Is(f.err, context.DeadlineExceeded):
		e.Message, e.Hint = fmt.Sprintf("no answer from %s within %s", c.config.Name, c.config.Timeout), "try again; nothing is lost"
	default:
		e.Message = c.config.Name + " cannot be reached: " + c.quote(withoutAddress(f.err).Error())
		e.Hint = "check the network and forge.url, then run the same command again: nothing is lost"
	}
	return e
}

func hint(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return "the token is wrong, expired or revoked: make a new one"
	case status == http.StatusForbidden:
		return "the token lacks a permission, see docs/forges.md for what is needed"
	case status == http.StatusNotFound:
		return "check the name of the repository, and that the token may see it"
	case status >= 500:
		return "try again later; nothing is lost"
	}
	return ""
}

// withoutAddress takes away the address, in which a service may have been told something.
func withoutAddress(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		return outer.Err
	}
	return err
}

// complaint reads what the APIs of GitHub, GitLab and Gitea say when they refuse:
// {"message": text or object, "error": text, "errors": [{"message"} or text]}.
func complaint(body []byte) string {
	var outer struct {
		Message          json.RawMessage   `json:"message"`
		Error            json.RawMessage   `json:"error"`
		ErrorDescription string            `json:"error_description"`
		Errors           []json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &outer) != nil {
		return ""
	}
	parts := []string{words(outer.Message), words(outer.Error), outer.ErrorDescription}
	for _, each := range outer.Errors {
		var one struct{ Message, Code, Field string }
		if json.Unmarshal(each, &one) == nil {
			parts = append(parts, strings.TrimSpace(one.Message+" "+one.Field+" "+one.Code))
		} else {
			parts = append(parts, words(each))
		}
	}
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, part)
		}
	}
	return strings.Join(said, "; ")
}

// words is a JSON text as it is, and anything else as JSON.
func words(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// quote makes what a service said fit for an error: services repeat what they were sent.
func (c *Client) quote(said string) string { return OneLine(c.config.Scrub(said), maxQuote) }
