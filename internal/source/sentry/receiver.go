// Package sentry receives what the SDKs of Sentry send: errors, messages and logs.
//
// In go envelopes, and single events of old SDKs; out go [selfheal.Record]s to a
// [selfheal.Sink]. An SDK is pointed here by its DSN alone:
//
//	https://KEY@selfheal.example.com/PROJECT
//
// where a project stands for a service. Exceptions keep the frames that the SDK gave,
// and its word on which of them are the service's own. What else SDKs send (traces,
// sessions, replays, attachments) is accepted, counted and dropped.
//
// SDKs do not send again what was refused: while the sink is not available they are
// told to hold back, and what they drop is lost to selfheal.
package sentry

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/source/body"
)

// Defaults of [Config].
const (
	DefaultMaxBody     = 8 << 20
	DefaultMaxInFlight = 64 << 20
	DefaultReadTimeout = 30 * time.Second
	DefaultRetryAfter  = 10 * time.Second
)

// Config of a [Receiver]. Sink, Clock and Service are required.
type Config struct {
	Sink  selfheal.Sink
	Clock selfheal.Clock
	// Service gives the service of a project, when the public key of the DSN may send for
	// it. Keys must be compared in constant time. It is called from several goroutines.
	Service func(project, key string) (service string, ok bool)
	// MaxBody caps a request, unpacked, in bytes; MaxInFlight those of all requests at once.
	MaxBody     int
	MaxInFlight int64
	// ReadTimeout is how long a client may take to send a request.
	ReadTimeout time.Duration
	// RetryAfter is for how long clients are told to hold back while the sink is not available.
	RetryAfter time.Duration
}

// Validate tells what is missing.
func (c Config) Validate() error {
	switch {
	case c.Sink == nil, c.Clock == nil, c.Service == nil:
		return &selfheal.Error{Code: selfheal.CodeInternal, Op: "receive sentry", Message: "a sink, a clock and the services of projects are required"}
	case c.MaxBody < 0, c.MaxInFlight < 0, c.ReadTimeout < 0, c.RetryAfter < 0:
		return selfheal.Usagef("leave it out for the default", "a limit of the Sentry receiver is negative")
	}
	return nil
}

// Receiver takes envelopes. It is safe for concurrent use.
type Receiver struct {
	config Config
	bodies *body.Reader

	mu      sync.Mutex
	ignored map[string]int64
}

// New makes a Receiver.
func New(c Config) (*Receiver, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.MaxBody = cmp.Or(c.MaxBody, DefaultMaxBody)
	c.MaxInFlight = cmp.Or(c.MaxInFlight, DefaultMaxInFlight)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, DefaultReadTimeout)
	c.RetryAfter = cmp.Or(c.RetryAfter, DefaultRetryAfter)
	bodies := body.New(body.Limits{MaxBody: c.MaxBody, MaxInFlight: c.MaxInFlight, ReadTimeout: c.ReadTimeout, Clock: c.Clock})
	return &Receiver{config: c, bodies: bodies, ignored: map[string]int64{}}, nil
}

// Ignored counts the items that were dropped, by their type.
func (r *Receiver) Ignored() map[string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.ignored)
}

// maxIgnored bounds the types that are told apart: they come from outside.
const maxIgnored = 32

func (r *Receiver) ignore(kind string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.ignored[kind]; !known && len(r.ignored) >= maxIgnored {
		kind = "other"
	}
	r.ignored[kind]++
}

// Handler serves POST /api/PROJECT/envelope/ and /api/PROJECT/store/.
func (r *Receiver) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, end := range []string{"", "/{$}"} {
		mux.HandleFunc("POST /api/{project}/envelope"+end, func(w http.ResponseWriter, request *http.Request) { r.serve(w, request, r.envelope) })
		mux.HandleFunc("POST /api/{project}/store"+end, func(w http.ResponseWriter, request *http.Request) { r.serve(w, request, r.store) })
	}
	return mux
}

// sender is who sent a request.
type sender struct{ project, key, service string }

// errDenied says that the key may not send for the project.
var errDenied = errors.New("the project or its key is not known here")

// errMalformed says that a request is none of Sentry's.
var errMalformed = errors.New("malformed")

// decoder reads a request into records, and gives the id that the answer states.
type decoder func(from *sender, text []byte, to *records) (id string, err error)

func (r *Receiver) serve(w http.ResponseWriter, request *http.Request, decode decoder) {
	text, done, err := r.bodies.Read(w, request)
	defer done()
	if err != nil {
		r.fail(w, err)
		return
	}
	from := &sender{project: request.PathValue("project"), key: keyOf(request)}
	if from.key != "" {
		if err := r.admit(from); err != nil {
			r.fail(w, err)
			return
		}
	}
	var all records
	id, err := decode(from, text, &all)
	if err == nil {
		err = r.take(request.Context(), &all)
	}
	if err != nil {
		r.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"id": id}) // a client that is gone learns nothing anyway
}

// admit looks whether a key may send.
func (r *Receiver) admit(from *sender) error {
	service, ok := r.config.Service(from.project, from.key)
	if !ok || from.key == "" {
		return errDenied
	}
	from.service = service
	return nil
}

func (r *Receiver) take(ctx context.Context, all *records) error {
	if len(all.list) == 0 {
		return nil
	}
	entries := make([]selfheal.Entry, len(all.list))
	for i := range all.list {
		entries[i] = selfheal.Entry{Stream: all.list[i].Stream, Record: &all.list[i]}
	}
	return r.config.Sink.Take(ctx, entries)
}

// fail answers in the way of Sentry's own service.
func (r *Receiver) fail(w http.ResponseWriter, err error) {
	var code int
	switch {
	case errors.Is(err, errDenied):
		code = http.StatusForbidden
	case errors.Is(err, body.ErrTooLarge):
		code = http.StatusRequestEntityTooLarge
	case errors.Is(err, body.ErrEncoding):
		code = http.StatusUnsupportedMediaType
	case errors.Is(err, body.ErrSlow):
		code = http.StatusRequestTimeout
	case errors.Is(err, body.ErrUnreadable), errors.Is(err, errMalformed):
		code = http.StatusBadRequest
	default: // busy, or the sink is not available
		code = http.StatusTooManyRequests
		seconds := strconv.Itoa(max(1, int(r.config.RetryAfter/time.Second)))
		w.Header().Set("Retry-After", seconds)
		w.Header().Set("X-Sentry-Rate-Limits", seconds+"::organization:unavailable")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Sentry-Error", oneLine(err.Error()))
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"detail": err.Error()}) // as above
}

func malformed(what string, err error) error { return fmt.Errorf("%w %s: %w", errMalformed, what, err) }
