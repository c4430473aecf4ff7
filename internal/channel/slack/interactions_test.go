package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const signingSecret = "8f742231b10e8888abcd99yyyzzz85a5"

var now = time.Date(2026, 5, 1, 12, 11, 0, 0, time.UTC)

// pressed is a payload as Slack sends it when a button is pressed.
func pressed(action, value string) string {
	return `{"type":"block_actions","user":{"id":"U01","username":"ada","name":"ada","team_id":"T01"},"api_app_id":"A01","token":"legacy",` +
		`"container":{"type":"message","message_ts":"1777637400.000100","channel_id":"C01","is_ephemeral":false},"trigger_id":"1.2.3",` +
		`"team":{"id":"T01","domain":"octo"},"channel":{"id":"C01","name":"deploys"},"response_url":"https://hooks.slack.com/actions/T01/1/x",` +
		`"actions":[{"action_id":"` + action + `","block_id":"b","text":{"type":"plain_text","text":"x","emoji":true},"value":"` + value + `","type":"button","action_ts":"1777637455.123456"}]}`
}

func request(body, secret string, at time.Time) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/slack/interactions", strings.NewReader(body))
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return r
}

func form(payload string) string { return url.Values{"payload": {payload}}.Encode() }

func TestInteractions(t *testing.T) {
	t.Parallel()
	const incident = "production/shop/4f2a9c1be0"
	made := func(kind ActionKind, d time.Duration) []Action {
		return []Action{{
			ID: "slack/T01/U01/1777637455.123456/" + string(kind), Kind: kind, Incident: incident, For: d,
			User: "U01", Name: "ada", Team: "T01", Channel: "C01", Time: time.Unix(1777637455, 0).UTC(),
		}}
	}
	f := func(name string, r *http.Request, fail error, status int, want []Action) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []Action
			i, err := NewInteractions(signingSecret, func() time.Time { return now }, func(_ context.Context, a Action) error {
				got = append(got, a)
				return fail
			})
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			i.ServeHTTP(w, r)
			if w.Code != status {
				t.Errorf("%d %s, want %d", w.Code, w.Body, status)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	approve := form(pressed(actionApprove, incident))
	f("approve", request(approve, signingSecret, now), nil, 200, made(Approve, 0))
	f("dismiss", request(form(pressed(actionDismiss, incident)), signingSecret, now), nil, 200, made(Dismiss, 0))
	f("snooze", request(form(pressed(actionSnooze, "4h0m0s "+incident)), signingSecret, now), nil, 200, made(Snooze, 4*time.Hour))
	f("open", request(form(pressed(actionOpen, "")), signingSecret, now), nil, 200, nil)
	f("a button of somebody else", request(form(pressed("other", "x")), signingSecret, now), nil, 200, nil)
	f("it cannot be kept", request(approve, signingSecret, now), errors.New("disk full"), 503, made(Approve, 0))
	f("another secret", request(approve, "0123456789abcdef", now), nil, 401, nil)
	f("an old one", request(approve, signingSecret, now.Add(-301*time.Second)), nil, 401, nil)
	f("of the future", request(approve, signingSecret, now.Add(301*time.Second)), nil, 401, nil)
	f("almost too old", request(approve, signingSecret, now.Add(-299*time.Second)), nil, 200, made(Approve, 0))
	changed := request(form(pressed(actionDismiss, incident)), signingSecret, now)
	changed.Header.Set("X-Slack-Signature", request(approve, signingSecret, now).Header.Get("X-Slack-Signature"))
	f("a signature of another body", changed, nil, 401, nil)
	unsigned := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(approve))
	f("unsigned", unsigned, nil, 401, nil)
	f("the check of the certificate", request("ssl_check=1&token=x", signingSecret, now), nil, 200, nil)
	f("no payload", request("x=1", signingSecret, now), nil, 400, nil)
	f("no incident", request(form(pressed(actionApprove, "")), signingSecret, now), nil, 400, nil)
	f("an incident that is none", request(form(pressed(actionApprove, `a\nb`)), signingSecret, now), nil, 400, nil)
	f("a snooze without end", request(form(pressed(actionSnooze, "9999h "+incident)), signingSecret, now), nil, 400, nil)
	f("a view", request(form(`{"type":"view_submission"}`), signingSecret, now), nil, 200, nil)
	f("too large", request(strings.Repeat("x", maxInteraction+1), signingSecret, now), nil, 413, nil)
	f("read", httptest.NewRequest(http.MethodGet, "/", nil), nil, 405, nil)
}

func TestInteractionsNeedASecret(t *testing.T) {
	t.Parallel()
	if _, err := NewInteractions("short", nil, nil); err == nil {
		t.Error("taken")
	}
}

func FuzzInteraction(f *testing.F) {
	f.Add(form(pressed(actionApprove, "production/shop/1")))
	f.Add(form(pressed(actionSnooze, "4h0m0s x")))
	f.Add("ssl_check=1")
	f.Fuzz(func(t *testing.T, body string) {
		actions, err := parseInteraction([]byte(body))
		if err != nil && len(actions) > 0 {
			t.Fatal("actions beside an error")
		}
		for _, a := range actions {
			if a.Incident == "" || a.User == "" || a.ID == "" || strings.ContainsAny(a.Incident+a.Name+a.ID, "\n\r\x1b\x00") || a.Kind == Snooze && (a.For <= 0 || a.For > maxSnooze) {
				t.Fatalf("%+v", a)
			}
		}
	})
}
