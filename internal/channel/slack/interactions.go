package slack

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/channel/markup"
	"selfheal/internal/httpx"
)

// ActionKind is what a person decided.
type ActionKind string

// The decisions.
const (
	Approve ActionKind = "approve" // the proposed repair may be merged
	Dismiss ActionKind = "dismiss" // nothing more is to be done
	Snooze  ActionKind = "snooze"  // not now
)

// The identifiers of buttons.
const (
	actionApprove = "selfheal.approve"
	actionDismiss = "selfheal.dismiss"
	actionSnooze  = "selfheal.snooze"
	actionOpen    = "selfheal.open"
)

// Action is one press of a button.
type Action struct {
	ID       string // the same press delivered twice has one
	Kind     ActionKind
	Incident string        // key
	For      time.Duration // of a snooze
	User     string        // ID, e.g. U0123456789
	Name     string        // of the user, for people
	Team     string        // ID of the workspace
	Channel  string        // ID
	Time     time.Time
}

const (
	maxInteraction = 256 << 10 // bytes
	tolerance      = 5 * time.Minute
	maxSnooze      = 7 * 24 * time.Hour
)

// Interactions takes in the presses of buttons, at the Request URL of the Slack app.
// It answers 200 to what was taken in, 401 to what Slack did not sign within the
// last five minutes, 400, 405 and 413 to what is no press, and 503 when act fails:
// the person sees that it did not work, and presses again. Nothing in a request is
// fetched or answered to.
type Interactions struct {
	secret httpx.Secret
	clock  selfheal.Clock
	act    func(context.Context, Action) error
}

var _ http.Handler = (*Interactions)(nil)

// NewInteractions makes a handler. secret is the signing secret of the Slack app; a
// nil clock is the system's. act must be done within three seconds, after which
// Slack tells the person that it failed.
func NewInteractions(secret httpx.Secret, clock selfheal.Clock, act func(context.Context, Action) error) (*Interactions, error) {
	if len(secret) < 16 {
		return nil, selfheal.Usagef("take it from Basic Information of the Slack app", "the signing secret of Slack is missing or too short")
	}
	if clock == nil {
		clock = time.Now
	}
	return &Interactions{secret, clock, act}, nil
}

// ServeHTTP takes in one request.
func (i *Interactions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "presses are posted", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInteraction))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	if err := i.verify(r.Header, body); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	actions, err := parseInteraction(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, a := range actions {
		if err := i.act(r.Context(), a); err != nil {
			http.Error(w, "it could not be kept: press again", http.StatusServiceUnavailable)
			return
		}
	}
	w.WriteHeader(http.StatusOK)
}

// verify checks Slack's signature, version v0
// (https://docs.slack.dev/authentication/verifying-requests-from-slack).
func (i *Interactions) verify(header http.Header, body []byte) error {
	stamp := header.Get("X-Slack-Request-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errors.New("X-Slack-Request-Timestamp is missing")
	}
	if off := i.clock().Sub(time.Unix(seconds, 0)); off > tolerance || off < -tolerance {
		return errors.New("the request is a replay, or a clock is wrong")
	}
	given, err := hex.DecodeString(strings.TrimPrefix(header.Get("X-Slack-Signature"), "v0="))
	if err != nil {
		return errors.New("X-Slack-Signature is none")
	}
	mac := hmac.New(sha256.New, []byte(i.secret))
	_, _ = mac.Write([]byte("v0:" + stamp + ":")) // never fails
	_, _ = mac.Write(body)
	if !hmac.Equal(given, mac.Sum(nil)) {
		return errors.New("the signature is not that of the configured secret")
	}
	return nil
}

// interaction is what is read of a block_actions payload
// (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload).
type interaction struct {
	Type string `json:"type"`
	User struct {
		ID       string `json:"id"`
		Username string `json:"username"`
		Name     string `json:"name"`
	} `json:"user"`
	Team    struct{ ID string } `json:"team"`
	Channel struct{ ID string } `json:"channel"`
	Actions []struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
		ActionTS string `json:"action_ts"`
	} `json:"actions"`
}

// parseInteraction reads the form field payload. What is none of our buttons, and
// Slack's check of the certificate, give no action.
func parseInteraction(body []byte) ([]Action, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("the body is no form")
	}
	if form.Get("ssl_check") == "1" {
		return nil, nil
	}
	var p interaction
	if err := json.Unmarshal([]byte(form.Get("payload")), &p); err != nil {
		return nil, errors.New("payload is no interaction")
	}
	if p.Type != "block_actions" {
		return nil, nil
	}
	if len(p.Actions) > 10 {
		return nil, errors.New("too many actions")
	}
	var all []Action
	for _, raw := range p.Actions {
		a := Action{
			User: markup.OneLine(p.User.ID, 40), Name: markup.OneLine(cmp.Or(p.User.Username, p.User.Name, p.User.ID), 80),
			Team: markup.OneLine(p.Team.ID, 40), Channel: markup.OneLine(p.Channel.ID, 40), Time: slackTime(raw.ActionTS),
		}
		known, err := a.read(raw.ActionID, raw.Value)
		if err != nil {
			return nil, err
		}
		if known {
			a.ID = fmt.Sprintf("slack/%s/%s/%s/%s", a.Team, a.User, markup.OneLine(raw.ActionTS, 40), a.Kind)
			all = append(all, a)
		}
	}
	return all, nil
}

// read takes over what a button says; false for one that is not ours or only opens a page.
func (a *Action) read(id, value string) (bool, error) {
	switch id {
	case actionApprove:
		a.Kind = Approve
	case actionDismiss:
		a.Kind = Dismiss
	case actionSnooze:
		a.Kind = Snooze
		period, incident, _ := strings.Cut(value, " ")
		d, err := time.ParseDuration(period)
		if err != nil || d <= 0 || d > maxSnooze {
			return false, errors.New("the snooze has no period")
		}
		a.For, value = d, incident
	default:
		return false, nil
	}
	if value == "" || value != markup.OneLine(value, 500) || a.User == "" {
		return false, errors.New("the action names no incident or nobody")
	}
	a.Incident = value
	return true, nil
}

// slackTime reads Slack's timestamps, seconds with a fraction; zero for anything else.
func slackTime(ts string) time.Time {
	whole, _, _ := strings.Cut(ts, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds <= 0 || seconds > 1<<40 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
