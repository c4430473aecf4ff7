package httpx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

const secret = "s3cr3t-token"

// service answers one request after the other with what a test says; the last again and again.
type service struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func serve(t *testing.T, answers ...http.HandlerFunc) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		at := len(s.asked)
		s.asked = append(s.asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		s.mu.Unlock()
		answers[min(at, len(answers)-1)](w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func say(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// now is when everything happens.
var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// bench is a client whose waits are noted.
type bench struct {
	*Client
	waits []time.Duration
}

func newBench(t *testing.T, base string, change func(*Config)) *bench {
	t.Helper()
	b := &bench{}
	c := Config{
		Base: base, Name: "Forge",
		Authorize: func(_ context.Context, h http.Header) error { h.Set("Authorization", "Bearer "+secret); return nil },
		Scrub:     func(text string) string { return strings.ReplaceAll(text, secret, "[redacted]") },
		Clock:     func() time.Time { return now }, Jitter: func() float64 { return 0 },
		Sleep: func(_ context.Context, d time.Duration) error { b.waits = append(b.waits, d); return nil },
	}
	if change != nil {
		change(&c)
	}
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	b.Client = client
	return b
}

func TestRetries(t *testing.T) {
	t.Parallel()
	const get, post = http.MethodGet, http.MethodPost
	half, one := 250*time.Millisecond, 500*time.Millisecond
	good := say(200, `{"ok":true}`)
	f := func(name, method string, repeatable bool, answers []http.HandlerFunc, status int, waits ...time.Duration) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, serve(t, answers...).URL, nil)
			response, err := b.Do(t.Context(), Request{Method: method, Path: "/x", Repeatable: repeatable})
			got := response.Status
			if err != nil {
				got = -Status(err)
				if selfheal.CodeOf(err) != selfheal.CodeUnavailable {
					t.Errorf("code %q: %v", selfheal.CodeOf(err), err)
				}
			}
			if got != status {
				t.Errorf("ended with %d, want %d: %v", got, status, err)
			}
			if diff := cmp.Diff(waits, b.waits); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
		})
	}
	list := func(answers ...http.HandlerFunc) []http.HandlerFunc { return answers }
	f("at once", get, false, list(good), 200)
	f("a read after 502", get, false, list(say(502, ""), good), 200, half)
	f("a read that never succeeds", get, false, list(say(500, "")), -500, half, one, 2*one)
	f("a read that breaks off", get, false, list(cut, good), 200, half)
	f("a write after 502", post, false, list(say(502, ""), good), -502)
	f("a write that breaks off", post, false, list(cut, good), 0)
	f("a repeatable write after 502", post, true, list(say(502, ""), good), 200, half)
	f("what is wrong stays wrong", get, false, list(say(422, ""), good), -422)
	f("429 with seconds", post, false, list(say(429, "", "Retry-After", "7"), good), 200, 7*time.Second)
	f("429 with a date", post, false, list(say(429, "", "Retry-After", now.Add(9*time.Second).Format(http.TimeFormat)), good), 200, 9*time.Second)
	f("429 with nothing", post, false, list(say(429, ""), good), 200, half)
	f("429 of GitLab", post, false, list(say(429, "", "RateLimit-Reset", fmt.Sprint(now.Unix()+11)), good), 200, 11*time.Second)
	f("GitHub's primary limit", post, false, list(say(403, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", fmt.Sprint(now.Unix()+40)), good), 200, 40*time.Second)
	f("GitHub's secondary limit", post, false, list(say(403, "", "Retry-After", "60"), good), 200, time.Minute)
	f("GitHub's secondary limit in words", post, false, list(say(403, `{"message":"You have exceeded a secondary rate limit."}`), good), 200, time.Minute)
	f("403 for good", get, false, list(say(403, "", "X-RateLimit-Remaining", "4999"), good), -403)
	f("503 with a time", post, false, list(say(503, "", "Retry-After", "3"), good), 200, 3*time.Second)
	f("503 without", post, false, list(say(503, ""), good), -503)
	f("a limit for longer than anybody waits", get, false, list(say(429, "", "Retry-After", "3600"), good), -429)
	f("a limit that does not end", get, false, list(say(429, "", "Retry-After", "1")), -429, time.Second, time.Second, time.Second)
}

func TestJitterSpreads(t *testing.T) {
	t.Parallel()
	b := newBench(t, serve(t, say(429, "", "Retry-After", "4"), say(500, ""), say(200, "")).URL, func(c *Config) { c.Jitter = func() float64 { return 0.5 } })
	if _, err := b.Do(t.Context(), Request{Method: http.MethodGet, Path: "/x"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]time.Duration{4125 * time.Millisecond, 750 * time.Millisecond}, b.waits); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
}

func TestSecretIsInNoError(t *testing.T) {
	t.Parallel()
	f := func(name string, answer http.HandlerFunc) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, answer)
			_, err := newBench(t, s.URL, nil).Do(t.Context(), Request{Method: http.MethodPost, Path: "/x"})
			if err == nil {
				t.Fatal("no error")
			}
			if text := fmt.Sprintf("%v %+v %s", err, err, selfheal.HintOf(err)); strings.Contains(text, secret) {
				t.Errorf("the secret is in: %s", text)
			}
		})
	}
	f("said back", say(403, `{"message":"no `+secret+`"}`))
	f("said back in a list", say(422, `{"errors":[{"message":"no `+secret+`"},"`+secret+`"]}`))
	f("in a redirect", say(301, "", "Location", "/y?token="+secret))
	f("as no JSON", say(400, secret))
	f("broken off", cut)
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	other := serve(t, say(200, "{}"))
	f := func(name, method, location, wantErr string, wantAsked int) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, say(301, "", "Location", location), say(200, "{}"))
			_, err := newBench(t, s.URL, nil).Do(t.Context(), Request{Method: method, Path: "/x"})
			if wantErr == "" && err != nil || wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)) {
				t.Errorf("error %v, want %q", err, wantErr)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if len(s.asked) != wantAsked {
				t.Errorf("asked %v", s.asked)
			}
		})
	}
	f("a read within the host", http.MethodGet, "/repositories/1", "", 2)
	f("a write within the host", http.MethodPost, "/repositories/1", "moved to", 1)
	f("to another host", http.MethodGet, other.URL+"/x", "another host", 1)
	f("to another scheme", http.MethodGet, "https://"+strings.TrimPrefix(other.URL, "http://"), "another host", 1)
	f("to nowhere", http.MethodGet, "", "another host", 1)
	f("with a user", http.MethodGet, "//u:p@127.0.0.1/", "another host", 1)
	t.Cleanup(func() {
		if len(other.asked) > 0 {
			t.Errorf("the other host was asked: %v", other.asked)
		}
	})
}

func TestRedirectsInACircle(t *testing.T) {
	t.Parallel()
	s := serve(t, say(302, "", "Location", "/x"))
	_, err := newBench(t, s.URL, nil).Do(t.Context(), Request{Method: http.MethodGet, Path: "/x"})
	if err == nil || len(s.asked) != maxRedirects+1 {
		t.Errorf("asked %d times, error %v", len(s.asked), err)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	s := serve(t, say(200, strings.Repeat("x", 2000)))
	_, err := newBench(t, s.URL, func(c *Config) { c.MaxBody = 1000 }).Do(t.Context(), Request{Method: http.MethodGet, Path: "/x"})
	if !TooLarge(err) || !strings.Contains(err.Error(), "larger") || len(s.asked) != 1 {
		t.Errorf("error %v", err)
	}
	hangs := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	b := newBench(t, hangs.URL, func(c *Config) { c.Timeout, c.Attempts = 50*time.Millisecond, 2 })
	_, err = b.Do(t.Context(), Request{Method: http.MethodGet, Path: "/x"})
	if err == nil || !strings.Contains(err.Error(), "no answer") || len(b.waits) != 1 { // a request may time out before it is seen
		t.Errorf("waits %v, error %v", b.waits, err)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(http.ResponseWriter, *http.Request) { cancel(); panic(http.ErrAbortHandler) })
	_, err := newBench(t, s.URL, nil).Do(ctx, Request{Method: http.MethodGet, Path: "/x"})
	if err == nil || len(s.asked) != 1 {
		t.Errorf("asked %d times, error %v", len(s.asked), err)
	}
}

func TestNobodyListensIsTriedAgainForWrites(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	b := newBench(t, gone.URL, nil)
	_, err := b.Do(t.Context(), Request{Method: http.MethodPost, Path: "/x"})
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable || len(b.waits) != defaultAttempts-1 {
		t.Errorf("waits %v, error %v", b.waits, err)
	}
}

func TestAuthorizeThatFails(t *testing.T) {
	t.Parallel()
	s := serve(t, say(200, "{}"))
	want := selfheal.Usagef("hint", "no key")
	b := newBench(t, s.URL, func(c *Config) { c.Authorize = func(context.Context, http.Header) error { return want } })
	_, err := b.Do(t.Context(), Request{Method: http.MethodGet, Path: "/x"})
	if !errors.Is(err, want) || len(s.asked) != 0 || len(b.waits) != 0 {
		t.Errorf("asked %v, waits %v, error %v", s.asked, b.waits, err)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var answer struct{ Name string }
	b := newBench(t, serve(t, say(200, `{"name":"shop"}`), say(200, `<html>`), say(204, "")).URL, nil)
	for _, want := range []string{"", "something else", ""} {
		_, err := b.JSON(t.Context(), Request{Method: http.MethodGet, Path: "/x", Body: map[string]any{"a": 1}}, &answer)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if answer.Name != "shop" {
		t.Errorf("decoded %+v", answer)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "x", "ftp://h", "https://u:p@h", "https://h?q=1", "http://", "::"} {
		if _, err := New(Config{Base: base}); selfheal.CodeOf(err) != selfheal.CodeUsage {
			t.Errorf("%q: %v", base, err)
		} else if strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q: the password is in %v", base, err)
		}
	}
}

// FuzzComplaint: whatever a service says, what is quoted of it is short and on one line.
func FuzzComplaint(f *testing.F) {
	for _, seed := range []string{`{"message":"x"}`, `{"message":{"base":["a"]}}`, `{"errors":[{"message":"m","field":"f"},"t",1]}`, `{"error":"e","error_description":"d"}`, `[]`, "\x00"} {
		f.Add([]byte(seed))
	}
	client, err := New(Config{Base: "http://localhost"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		quoted := client.quote(complaint(body))
		if strings.ContainsAny(quoted, "\n\r\x1b\x00") || len([]rune(quoted)) > maxQuote {
			t.Errorf("quoted as %q", quoted)
		}
	})
}
