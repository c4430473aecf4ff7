package hook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

func mac(key, text []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(text)
	return m.Sum(nil)
}

func hexMAC(key string, body []byte) string { return hex.EncodeToString(mac([]byte(key), body)) }

// bench is a receiver behind a handler, and what it kept.
type bench struct {
	*Receiver
	kept []selfheal.Announcement
	fail error
}

func newBench(t *testing.T, change func(*Config), hooks ...Hook) *bench {
	t.Helper()
	b := &bench{}
	c := Config{Hooks: hooks, Clock: clock}
	if change != nil {
		change(&c)
	}
	r, err := New(c, func(_ context.Context, a selfheal.Announcement) error {
		if b.fail == nil {
			b.kept = append(b.kept, a)
		}
		return b.fail
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Receiver = r
	return b
}

func (b *bench) post(t *testing.T, target string, header http.Header, body string) (int, answer) {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	maps.Copy(request.Header, header)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, request)
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("answer %q: %v", w.Body, err)
	}
	return w.Code, a
}

func generic(scheme Scheme) Hook {
	return Hook{Name: "ci", Dialect: Generic, Scheme: scheme, Secrets: []httpx.Secret{"another-secret-before", secret}, Service: "shop", Environment: "production"}
}

const deployed = `{"id":"1","revision":"2f1c9d0b7a6e4f5d8c3b2a190807f6e5d4c3b2a1"}`

func TestServeHTTP(t *testing.T) {
	t.Parallel()
	bearer := http.Header{"Authorization": {"Bearer " + secret}}
	f := func(name, target string, header http.Header, body string, fail error, status int, said string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *Config) { c.MaxBody = 600 }, generic(""))
			b.fail = fail
			got, a := b.post(t, target, header, body)
			if got != status || !strings.Contains(a.Status+" "+a.Reason+" "+a.Error, said) {
				t.Errorf("%d %+v, want %d %q", got, a, status, said)
			}
			if kept := len(b.kept) == 1; kept != (a.Status == "accepted") {
				t.Errorf("%d announcements kept", len(b.kept))
			}
		})
	}
	f("a deploy", "/hooks/ci", bearer, deployed, nil, 202, "accepted")
	f("a ping", "/hooks/ci", bearer, `{"ping":true}`, nil, 200, "pong")
	f("no such hook", "/hooks/other", bearer, deployed, nil, 404, "no such hook")
	f("no proof", "/hooks/ci", nil, deployed, nil, 401, "Bearer is missing")
	f("wrong proof", "/hooks/ci", http.Header{"Authorization": {"Bearer " + secret + "x"}}, deployed, nil, 401, "not the configured one")
	f("no JSON", "/hooks/ci", bearer, `{"id"`, nil, 400, "malformed")
	f("another type", "/hooks/ci", bearer, `{"id":7,"revision":"a"}`, nil, 400, "malformed")
	f("no revision", "/hooks/ci", bearer, `{"id":"1"}`, nil, 400, "revision is missing")
	f("an option for a revision", "/hooks/ci", bearer, `{"revision":"--upload-pack=x"}`, nil, 400, "the revision is none")
	f("a phase that is none", "/hooks/ci", bearer, `{"revision":"abc","phase":"great"}`, nil, 400, "no such phase")
	f("the future", "/hooks/ci", bearer, `{"revision":"abc","time":"2026-05-02T12:00:00Z"}`, nil, 400, "in the future")
	f("a name that is none", "/hooks/ci", bearer, `{"revision":"abc","service":"a/../b"}`, nil, 202, "no name of a service")
	f("too large", "/hooks/ci", bearer, `{"revision":"abc","detail":"`+strings.Repeat("x", 700)+`"}`, nil, 413, "could not be read whole")
	f("nobody keeps it", "/hooks/ci", bearer, deployed, errors.New("disk full at /secret/place"), 503, "could not be kept")
	f("building begins no watch but is kept", "/hooks/ci", bearer, `{"revision":"abc","phase":"building"}`, nil, 202, "accepted")
}

func TestOnlyPost(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, generic(""))
	w := httptest.NewRecorder()
	b.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/hooks/ci", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestAnswersKeepSecrets(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, generic(""))
	b.fail = errors.New("cannot write " + secret)
	for _, header := range []http.Header{nil, {"Authorization": {"Bearer " + secret}}} {
		_, a := b.post(t, "/hooks/ci", header, deployed)
		if text, _ := json.Marshal(a); strings.Contains(string(text), secret) {
			t.Errorf("the secret is in %s", text)
		}
	}
}

func TestProofs(t *testing.T) {
	t.Parallel()
	body := []byte(deployed)
	now := strconv.FormatInt(received.Unix(), 10)
	standard := func(key, id, stamp string, versions ...string) http.Header {
		var entries []string
		for _, v := range versions {
			entries = append(entries, v+","+base64.StdEncoding.EncodeToString(mac([]byte(key), []byte(id+"."+stamp+"."+deployed))))
		}
		return http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {strings.Join(entries, " ")}}
	}
	f := func(name string, h Hook, header http.Header, want bool) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil, h)
			_, err := b.Read(t.Context(), h.Name, header, body)
			if want && err != nil || !want && selfheal.CodeOf(err) != selfheal.CodeRefused {
				t.Errorf("%v, want accepted %t", err, want)
			}
		})
	}
	f("hmac", generic(SchemeHMAC), http.Header{"X-Hub-Signature-256": {"sha256=" + hexMAC(secret, body)}}, true)
	f("hmac of the older secret", generic(SchemeHMAC), http.Header{"X-Hub-Signature-256": {"sha256=" + hexMAC("another-secret-before", body)}}, true)
	f("hmac as Gitea", generic(SchemeHMAC), http.Header{"X-Gitea-Signature": {hexMAC(secret, body)}}, true)
	f("hmac as Forgejo", generic(SchemeHMAC), http.Header{"X-Forgejo-Signature": {hexMAC(secret, body)}}, true)
	f("hmac of another body", generic(SchemeHMAC), http.Header{"X-Hub-Signature-256": {"sha256=" + hexMAC(secret, []byte("x"))}}, false)
	f("a wrong hmac is not made good by a right one", generic(SchemeHMAC), http.Header{"X-Hub-Signature-256": {"sha256=" + hexMAC(secret, nil)}, "X-Gitea-Signature": {hexMAC(secret, body)}}, false)
	f("hmac cut short", generic(SchemeHMAC), http.Header{"X-Hub-Signature-256": {"sha256=" + hexMAC(secret, body)[:32]}}, false)
	f("hmac empty", generic(SchemeHMAC), http.Header{"X-Hub-Signature-256": {"sha256="}}, false)
	f("sha1 only", generic(SchemeHMAC), http.Header{"X-Hub-Signature": {"sha1=abc"}}, false)
	f("standard", generic(SchemeStandard), standard(secret, "msg_1", now, "v1"), true)
	f("standard, one of several", generic(SchemeStandard), standard(secret, "msg_1", now, "v1a", "v1"), true)
	f("standard, another version", generic(SchemeStandard), standard(secret, "msg_1", now, "v1a"), false)
	f("standard, old", generic(SchemeStandard), standard(secret, "msg_1", strconv.FormatInt(received.Unix()-301, 10), "v1"), false)
	f("standard, of the future", generic(SchemeStandard), standard(secret, "msg_1", strconv.FormatInt(received.Unix()+301, 10), "v1"), false)
	f("standard, just in time", generic(SchemeStandard), standard(secret, "msg_1", strconv.FormatInt(received.Unix()-299, 10), "v1"), true)
	moved := standard(secret, "msg_1", now, "v1")
	moved.Set("Webhook-Id", "msg_2")
	f("standard, another id", generic(SchemeStandard), moved, false)
	encoded := generic(SchemeStandard)
	encoded.Secrets = []httpx.Secret{httpx.Secret("whsec_" + base64.StdEncoding.EncodeToString([]byte(secret)))}
	f("standard, encoded secret", encoded, standard(secret, "msg_1", now, "v1"), true)
	f("bearer in small letters", generic(""), http.Header{"Authorization": {"bearer " + secret}}, true)
	f("basic", generic(""), http.Header{"Authorization": {"Basic " + secret}}, false)
	f("nothing", generic(SchemeStandard), nil, false)
}

// TestForeignProof: a header that another scheme would accept opens nothing.
func TestForeignProof(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/payloads/github_deployment_status_success.json")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, nil, hookFor("github"))
	h := headers("github_deployment_status_success.json")
	h.Set("Authorization", "Bearer "+secret)
	h.Set("X-Gitlab-Token", secret)
	h.Set(tokenHeader, secret)
	if _, err := b.Read(t.Context(), "github", h, body); selfheal.CodeOf(err) != selfheal.CodeRefused {
		t.Errorf("read by %v", err)
	}
}

func TestTokenOfTheAddress(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/payloads/flagger_succeeded.json")
	if err != nil {
		t.Fatal(err)
	}
	flagger := newBench(t, nil, hookFor("flagger"))
	if status, _ := flagger.post(t, "/hooks/flagger?token="+secret, nil, string(body)); status != 202 || len(flagger.kept) != 1 {
		t.Errorf("flagger: %d", status)
	}
	if status, _ := flagger.post(t, "/hooks/flagger?token=wrong", nil, string(body)); status != 401 {
		t.Errorf("flagger with a wrong token: %d", status)
	}
	ci := newBench(t, nil, generic(""))
	if status, _ := ci.post(t, "/hooks/ci?token="+secret, nil, deployed); status != 401 {
		t.Errorf("a token in the address of another sender: %d", status)
	}
}

// TestReplays: what was signed once and is sent again is the same event.
func TestReplays(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/payloads/github_deployment_status_success.json")
	if err != nil {
		t.Fatal(err)
	}
	now := received
	b := newBench(t, func(c *Config) { c.Clock = func() time.Time { return now } }, hookFor("github"))
	for _, delivery := range []string{"a", "b"} {
		h := prove(hookFor("github"), headers("github_deployment_status_success.json"), body)
		h.Set("X-GitHub-Delivery", delivery) // is not signed: whoever replays can choose it
		if status, _ := b.post(t, "/hooks/github", h, string(body)); status != 202 {
			t.Fatal(status)
		}
		now = now.Add(48 * time.Hour)
	}
	if len(b.kept) != 2 || b.kept[0].ID != b.kept[1].ID || !b.kept[0].Deploy.Time.Equal(b.kept[1].Deploy.Time) {
		t.Errorf("two events: %+v", b.kept)
	}
	undated := `{"revision":"abc1234"}`
	signed := newBench(t, nil, generic(SchemeHMAC))
	h := http.Header{"X-Hub-Signature-256": {"sha256=" + hexMAC(secret, []byte(undated))}}
	if status, a := signed.post(t, "/hooks/ci", h, undated); status != 400 || !strings.Contains(a.Error, "id or a time") {
		t.Errorf("a signed event that can be replayed for ever: %d %+v", status, a)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	f := func(file string, resolve func(context.Context, string, string) (string, error), status int, revision string) {
		t.Helper()
		body, err := os.ReadFile("testdata/payloads/" + file)
		if err != nil {
			t.Fatal(err)
		}
		body = []byte(strings.ReplaceAll(string(body), `, "revision": "2f1c9d0"`, ""))
		b := newBench(t, func(c *Config) { c.Resolve = resolve }, hookFor("flagger"))
		got, a := b.post(t, "/hooks/flagger?token="+secret, nil, string(body))
		said := ""
		if len(a.Announcements) == 1 {
			said = a.Announcements[0].Revision
		}
		if got != status || said != revision {
			t.Errorf("%s: %d %+v", file, got, a)
		}
	}
	serving := func(_ context.Context, service, environment string) (string, error) {
		return service + "-in-" + environment, nil
	}
	f("flagger_succeeded_bare.json", serving, 202, "shop-in-production")
	f("flagger_succeeded_bare.json", nil, 202, "")
	f("flagger_succeeded_bare.json", func(context.Context, string, string) (string, error) {
		return "", selfheal.NotFoundf("", "none")
	}, 202, "")
	f("flagger_succeeded_bare.json", func(context.Context, string, string) (string, error) {
		return "", errors.New("no route to host")
	}, 503, "")
	f("flagger_failed.json", serving, 202, "") // what serves is another one than the canary that failed
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	f := func(want string, hooks ...Hook) {
		t.Helper()
		_, err := New(Config{Hooks: hooks}, nil)
		if want == "" && err != nil || want != "" && (err == nil || selfheal.CodeOf(err) != selfheal.CodeUsage || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	good := generic("")
	change := func(with func(*Hook)) Hook { h := good; with(&h); return h }
	f("", good)
	f("two hooks", good, good)
	f("no name for a hook", change(func(h *Hook) { h.Name = "../x" }))
	f("no such sender", change(func(h *Hook) { h.Dialect = "jenkins" }))
	f("cannot prove itself", change(func(h *Hook) { h.Scheme = SchemeToken }))
	f("has no secret", change(func(h *Hook) { h.Secrets = nil }))
	f("shorter than", change(func(h *Hook) { h.Secrets = []httpx.Secret{"short"} }))
	f("is no pattern", change(func(h *Hook) { h.Rules = []Rule{{Repository: "["}} }))
	f("is no name", change(func(h *Hook) { h.Rules = []Rule{{AsService: "a b"}} }))
}

// FuzzRead: whatever a sender with the right secret sends, nothing panics, and what
// is announced can be handed to git, put into keys, and shown.
func FuzzRead(f *testing.F) {
	files, err := os.ReadDir("testdata/payloads")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile("testdata/payloads/" + file.Name())
		if err != nil {
			f.Fatal(err)
		}
		dialect, _, _ := strings.Cut(file.Name(), "_")
		f.Add(dialect, headers(file.Name()).Get("X-GitHub-Event"), headers(file.Name()).Get("Content-Type"), body)
	}
	f.Fuzz(func(t *testing.T, dialect, kind, media string, body []byte) {
		h := hookFor(dialect)
		if h.Dialect.schemes() == nil {
			return
		}
		h.Name = "x"
		r, err := New(Config{Hooks: []Hook{h}, Clock: clock}, nil)
		if err != nil {
			t.Fatal(err)
		}
		header := http.Header{"X-Github-Event": {kind}, "Content-Type": {media}}
		reading, err := r.Read(t.Context(), "x", prove(h, header, body), body)
		if err != nil {
			if code := selfheal.CodeOf(err); code != selfheal.CodeUsage {
				t.Fatalf("code %s: %v", code, err)
			}
			return
		}
		if len(reading.Announcements) == 0 && !reading.Ping && reading.Reason == "" {
			t.Fatal("nothing was read, and nobody says why")
		}
		for _, a := range reading.Announcements {
			d := a.Deploy
			if !isName(d.Service) || !isName(d.Environment) || !revision.MatchString(d.Revision) || a.ID == "" || d.Time.IsZero() || d.Time.After(received.Add(defaultTolerance)) {
				t.Fatalf("announced: %+v", a)
			}
			for _, text := range []string{a.ID, a.Detail, d.By, d.URL} {
				if strings.ContainsAny(text, "\n\r\x1b\x00") || len(text) > 4*maxURL {
					t.Fatalf("text for people: %q", text)
				}
			}
		}
	})
}
