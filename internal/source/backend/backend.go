// Package backend is what all log stores that are reached by HTTP have in common:
// the connection with its credentials, errors that say what to do, the store's
// clock, queries with the service's name in them, and reading page by page so that
// every entry comes once.
//
// In go questions of one store's API; out come its answers, or an error. Nothing
// that a store leaves out is taken for an empty answer: an empty body, a text that
// is cut off and JSON of another shape are all CodeUnavailable.
package backend

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// maxBody bounds one page, in bytes. A page that is larger is asked for again with fewer entries.
const maxBody = 64 << 20

// Connection is how a log store is reached. URL is required.
type Connection struct {
	// URL is the root of the store's API, e.g. http://localhost:3100.
	URL string
	// Token is sent as the store wants it; by default as "Authorization: Bearer".
	Token httpx.Secret
	// User and Password are sent as basic authentication.
	User     string
	Password httpx.Secret
	// Header is sent with every request, e.g. X-Scope-OrgID.
	Header http.Header

	Scrub   func(string) string // removes secrets from what the store said; nil for none
	HTTP    *http.Client        // makes the connections; nil for a client of its own
	Timeout time.Duration       // of one request, 30 s by default
	Clock   selfheal.Clock      // by default the system's
	Sleep   func(context.Context, time.Duration) error
}

// Validate refuses an address that is none, and one to which secrets would go in clear.
func (c Connection) Validate() error {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return selfheal.Usagef("write it as https://host or http://host:port", "url is not the address of a log store")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return selfheal.Usagef("put credentials into token, or user and password, as ${env:NAME}", "url holds more than host and path")
	}
	if c.Token != "" && (c.User != "" || c.Password != "") {
		return selfheal.Usagef("leave one of them out", "both a token and a user are set")
	}
	if (c.User == "") != (c.Password == "") {
		return selfheal.Usagef("set both, or neither", "user and password belong together")
	}
	if u.Scheme == "http" && (c.Token != "" || c.Password != "") && !loopback(u.Hostname()) {
		return selfheal.Usagef("use https", "the credentials would be sent in clear to %s", u.Hostname())
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (c Connection) clock() selfheal.Clock {
	if c.Clock == nil {
		return time.Now
	}
	return c.Clock
}

// openEnd is how far into the future an interval with an open end reaches: clocks of hosts differ.
const openEnd = time.Hour

// Interval closes the open ends of an interval: the beginning at horizon before its
// end, or in 1970 without one, the end shortly behind our clock.
func (c Connection) Interval(i selfheal.Interval, horizon time.Duration) selfheal.Interval {
	if i.To.IsZero() {
		i.To = c.clock()().Add(openEnd)
	}
	if i.From.IsZero() && horizon > 0 {
		i.From = i.To.Add(-horizon)
	} else if i.From.IsZero() {
		i.From = time.Unix(0, 0).UTC()
	}
	return i
}

// Client asks one log store. It is safe for concurrent use.
type Client struct {
	name  string
	http  *httpx.Client
	scrub func(string) string
	clock *observer
}

// Open makes a client; name is what errors call the store. authorize adds a token
// in the store's own way; nil for "Authorization: Bearer".
func Open(c Connection, name string, authorize func(http.Header, httpx.Secret)) (*Client, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if authorize == nil {
		authorize = func(h http.Header, token httpx.Secret) { h.Set("Authorization", "Bearer "+string(token)) }
	}
	if c.Scrub == nil {
		c.Scrub = func(text string) string { return text }
	}
	own := http.Client{}
	if c.HTTP != nil {
		own = *c.HTTP
	}
	watched := &observer{next: own.Transport, now: c.clock()}
	own.Transport = watched
	made, err := httpx.New(httpx.Config{
		Base: c.URL, Name: name, Header: c.Header, Scrub: c.Scrub, HTTP: &own, Timeout: c.Timeout, MaxBody: maxBody, Clock: c.Clock, Sleep: c.Sleep,
		Authorize: func(_ context.Context, h http.Header) error {
			if c.Token != "" {
				authorize(h, c.Token)
			} else if c.User != "" {
				h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.User+":"+string(c.Password))))
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return &Client{name: name, http: made, scrub: c.Scrub, clock: watched}, nil
}

// Checked is an answer that can tell whether it is of the shape that the API gives.
type Checked interface {
	// Check says what is missing.
	Check() error
}

// Get asks for JSON. A value that is [Checked] is.
func (c *Client) Get(ctx context.Context, path string, query url.Values, answer any) error {
	body, err := c.Bytes(ctx, path, query)
	if err != nil {
		return err
	}
	return c.Decode(body, answer)
}

// Post asks with a body of JSON, for JSON. The question changes nothing: it may be asked twice.
func (c *Client) Post(ctx context.Context, path string, query url.Values, question, answer any) error {
	response, err := c.http.Do(ctx, httpx.Request{Method: http.MethodPost, Path: path, Query: query, Body: question, Repeatable: true})
	if err != nil {
		return c.explain(err)
	}
	return c.Decode(response.Body, answer)
}

// Bytes asks for text of any kind, which may be empty.
func (c *Client) Bytes(ctx context.Context, path string, query url.Values) ([]byte, error) {
	response, err := c.Response(ctx, path, query)
	return response.Body, err
}

// Response asks for an answer with its headers.
func (c *Client) Response(ctx context.Context, path string, query url.Values) (httpx.Response, error) {
	response, err := c.http.Do(ctx, httpx.Request{Method: http.MethodGet, Path: path, Query: query})
	if err != nil {
		return response, c.explain(err)
	}
	return response, nil
}

// Decode reads one JSON value, whole and with nothing behind it.
func (c *Client) Decode(body []byte, answer any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return c.Wrong(errors.New("the answer is empty"))
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return c.Wrong(err)
	}
	if checked, ok := answer.(Checked); ok {
		if err := checked.Check(); err != nil {
			return c.Wrong(err)
		}
	}
	return nil
}

// Wrong reports an answer that is not what the API gives.
func (c *Client) Wrong(err error) error {
	return &selfheal.Error{
		Code: selfheal.CodeUnavailable, Op: "read logs", Message: c.name + " answered with something else than its API gives",
		Hint: "check that source.url is the address of " + c.name + "'s API, and that nothing in between cuts answers off",
		Err:  errors.New(httpx.OneLine(c.scrub(err.Error()), 300)),
	}
}

// Lost reports that not all of what was asked for was given.
func (c *Client) Lost(hint, message string) error {
	return &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "read logs", Message: c.name + " " + message, Hint: hint}
}

// explain says of a failure what it means for who configured a source.
func (c *Client) explain(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	e := &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "read logs", Message: c.name + " gave no logs", Err: err}
	switch status := httpx.Status(err); {
	case httpx.TooLarge(err):
		e.Hint = "narrow source.query"
	case status == http.StatusUnauthorized:
		e.Hint = "the credentials of source are missing, wrong or expired"
	case status == http.StatusForbidden:
		e.Hint = "the credentials of source may not read these logs; docs/sources.md says what they need"
	case status == http.StatusNotFound:
		e.Hint = "check source.url, and the names in source"
	case status == http.StatusTooManyRequests:
		e.Hint = "try again later, or narrow source.query"
	case status >= 400 && status < 500:
		e.Message, e.Hint = c.name+" refused the query"+c.said(err), "check source.query, and that source.url is the address of "+c.name+"'s API"
	case status >= 500:
		e.Message, e.Hint = c.name+" failed"+c.said(err), "try again later; nothing is lost"
	default:
		e.Hint = "check source.url and the network, then try again; nothing is lost"
	}
	return e
}

// said quotes an answer in plain text, which many stores give when they refuse.
func (c *Client) said(err error) string {
	status, ok := errors.AsType[*httpx.StatusError](err)
	if !ok || status.Message != "" || len(status.Body) == 0 || strings.HasPrefix(string(bytes.TrimSpace(status.Body)), "<") {
		return ""
	}
	return " (" + httpx.OneLine(c.scrub(string(status.Body[:min(len(status.Body), 4096)])), 300) + ")"
}
