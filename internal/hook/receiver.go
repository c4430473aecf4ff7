package hook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"

	"selfheal"
)

// Reading is what was understood of one delivery.
type Reading struct {
	Announcements []selfheal.Announcement
	Ping          bool   // the sender only tried whether anybody listens
	Reason        string // why there is no announcement, or why it is not all
}

// refusal is a delivery that was not taken in, with the status that says so.
type refusal struct {
	status int
	cause  *selfheal.Error
}

// Error says why.
func (r *refusal) Error() string { return r.cause.Error() }

// Unwrap gives the error that callers branch on.
func (r *refusal) Unwrap() error { return r.cause }

func refuse(status int, code selfheal.Code, err error, hint string) error {
	return &refusal{status, &selfheal.Error{Code: code, Op: "take in webhook", Message: err.Error(), Hint: hint}}
}

// Read understands one delivery for the hook of a name. An event that concerns no
// deploy is no error: it gives nothing, with a reason. Errors are CodeNotFound (no
// such hook), CodeRefused (the proof is missing or wrong), CodeUsage (too large or
// malformed), and CodeUnavailable (nobody could tell which revision serves).
func (r *Receiver) Read(ctx context.Context, name string, header http.Header, body []byte) (Reading, error) {
	h, ok := r.hooks[name]
	switch {
	case !ok:
		return Reading{}, refuse(http.StatusNotFound, selfheal.CodeNotFound, errors.New("there is no such hook"), "the hooks are those of selfheal.yaml")
	case int64(len(body)) > r.config.MaxBody:
		return Reading{}, refuse(http.StatusRequestEntityTooLarge, selfheal.CodeUsage, errors.New("the event is too large"), "")
	}
	if err := r.verify(h, header, body); err != nil {
		return Reading{}, refuse(http.StatusUnauthorized, selfheal.CodeRefused, err, "the secret of the sender and that of the hook must be the same")
	}
	p, err := h.Dialect.parse(header, body)
	if err != nil {
		return Reading{}, refuse(http.StatusBadRequest, selfheal.CodeUsage, err, "")
	}
	reading := Reading{Ping: p.ping, Reason: p.reason}
	for _, e := range p.events {
		if e.id == "" && e.time.IsZero() && h.scheme() == SchemeHMAC {
			return Reading{}, refuse(http.StatusBadRequest, selfheal.CodeUsage, errUndated, "add id or time to the event")
		}
		a, reason, err := r.announce(ctx, h, e)
		switch {
		case errors.Is(err, errMalformed):
			return Reading{}, refuse(http.StatusBadRequest, selfheal.CodeUsage, err, "")
		case err != nil:
			return Reading{}, refuse(http.StatusServiceUnavailable, selfheal.CodeUnavailable, errors.New("which revision serves cannot be told now"), "send it again")
		case a != nil:
			reading.Announcements = append(reading.Announcements, *a)
		default:
			reading.Reason = reason
		}
	}
	return reading, nil
}

// errUndated: a signed event without an id and a time could be sent again by
// anybody who once saw it.
var errUndated = errors.New("a signed event needs an id or a time")

// parse reads a payload whose sender is known.
func (d Dialect) parse(header http.Header, body []byte) (parsed, error) {
	switch d {
	case Generic:
		return parseGeneric(body)
	case CDEvents:
		return parseCDEvents(header, body)
	case GitHub:
		return parseGitHub(header.Get("X-Github-Event"), "github", body)
	case Gitea:
		return parseGitea(header, body)
	case GitLab:
		return parseGitLab(body)
	case ArgoCD:
		return parseArgoCD(body)
	case Flagger:
		return parseFlagger(body)
	}
	return parsed{}, errors.New("no such sender")
}

// answer is what a sender is told; people read it on the sender's page of deliveries.
type answer struct {
	Status        string   `json:"status"` // accepted, nothing, pong, refused
	Announcements []taken  `json:"announcements,omitempty"`
	Reason        string   `json:"reason,omitempty"`
	Error         string   `json:"error,omitempty"`
	Hint          string   `json:"hint,omitempty"`
	Allowed       []string `json:"allowed,omitempty"`
}

type taken struct {
	ID          string         `json:"id"`
	Service     string         `json:"service"`
	Environment string         `json:"environment"`
	Revision    string         `json:"revision"`
	Phase       selfheal.Phase `json:"phase"`
}

// ServeHTTP takes in what is posted to .../NAME. It answers 202 when the event was
// understood (also when it concerns no deploy), 200 to a ping, 400, 401, 404, 405
// and 413 to what stays wrong however often it is sent, and 503 to what is to be
// sent again.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		reply(w, http.StatusMethodNotAllowed, answer{Status: "refused", Error: "events are posted", Allowed: []string{http.MethodPost}})
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, r.config.MaxBody))
	if err != nil {
		status := http.StatusBadRequest
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status = http.StatusRequestEntityTooLarge
		}
		reply(w, status, answer{Status: "refused", Error: "the event could not be read whole"})
		return
	}
	name := path.Base(request.URL.Path)
	reading, err := r.Read(request.Context(), name, r.header(name, request), body)
	if err == nil {
		err = r.keep(request.Context(), reading)
	}
	if err != nil {
		deny(w, err)
		return
	}
	accept(w, reading)
}

// header is the request's, with the token of the address where the hook's sender
// can send it in no other way.
func (r *Receiver) header(name string, request *http.Request) http.Header {
	if h := r.hooks[name]; h.Dialect != Flagger || h.scheme() != SchemeToken || request.Header.Get(tokenHeader) != "" {
		return request.Header
	}
	header := request.Header.Clone()
	header.Set(tokenHeader, request.URL.Query().Get("token"))
	return header
}

func (r *Receiver) keep(ctx context.Context, reading Reading) error {
	for _, a := range reading.Announcements {
		if err := r.sink(ctx, a); err != nil {
			return refuse(http.StatusServiceUnavailable, selfheal.CodeUnavailable, errors.New("the event could not be kept"), "send it again; twice is once")
		}
	}
	return nil
}

func accept(w http.ResponseWriter, reading Reading) {
	switch {
	case reading.Ping:
		reply(w, http.StatusOK, answer{Status: "pong"})
	case len(reading.Announcements) == 0:
		reply(w, http.StatusAccepted, answer{Status: "nothing", Reason: reading.Reason})
	default:
		a := answer{Status: "accepted", Reason: reading.Reason}
		for _, each := range reading.Announcements {
			a.Announcements = append(a.Announcements, taken{each.ID, each.Deploy.Service, each.Deploy.Environment, each.Deploy.Revision, each.Phase})
		}
		reply(w, http.StatusAccepted, a)
	}
}

func deny(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	said := answer{Status: "refused", Error: "the event could not be taken in"}
	if refused, ok := errors.AsType[*refusal](err); ok {
		status, said.Error, said.Hint = refused.status, refused.cause.Message, refused.cause.Hint
	}
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "30")
	}
	reply(w, status, said)
}

func reply(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(true)
	_ = encoder.Encode(a) // a sender that went away is told nothing
}

// lastPart is the last component of a path-like name.
func lastPart(s string) string {
	return s[strings.LastIndexByte(s, '/')+1:]
}
