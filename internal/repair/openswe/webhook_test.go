package openswe

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"selfheal"
)

const token = "0123456789abcdef"

func TestHooks(t *testing.T) {
	t.Parallel()
	f := func(method, query, body string, status int, wakes bool) {
		t.Helper()
		h := newHooks(token)
		ctx, release := h.wait(t.Context(), "thread-1")
		defer release()
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), method, "/hook"+query, strings.NewReader(body))
		r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
		h.ServeHTTP(w, r)
		if w.Code != status || (ctx.Err() != nil) != wakes {
			t.Errorf("%s %s %s: %d, woken %t", method, query, body, w.Code, ctx.Err() != nil)
		}
	}
	f("POST", "?token="+token, `{"run_id":"r","thread_id":"thread-1","status":"success","values":{}}`, 204, true)
	f("POST", "?token="+token, `{"thread_id":"thread-2"}`, 204, false)
	f("POST", "?token="+token, `{}`, 204, false)
	f("POST", "?token="+token, `<html>`, 400, false)
	f("POST", "?token=wrong", `{"thread_id":"thread-1"}`, 404, false)
	f("POST", "", `{"thread_id":"thread-1"}`, 404, false)
	f("GET", "?token="+token, `{"thread_id":"thread-1"}`, 404, false)
	w := httptest.NewRecorder()
	newHooks("").ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/hook?token=", strings.NewReader(`{"thread_id":"thread-1"}`)))
	if w.Code != 404 {
		t.Errorf("without a token: %d", w.Code)
	}
}

// free is an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestACallEndsThePause: a run is looked at when the server calls, without waiting.
func TestACallEndsThePause(t *testing.T) {
	t.Parallel()
	s := serve(t)
	pr, told := proposed()
	s.told, s.states = told, []string{"success"}
	address := free(t)
	client := bench(t, s, &forge{all: []selfheal.PullRequest{pr}}, func(c *Config) {
		c.Webhook = Webhook{URL: "http://" + address + "/hook", Token: token, Listen: address}
		c.Sleep = func(ctx context.Context, _ time.Duration) error { // no pause ends by itself
			<-ctx.Done()
			return context.Cause(ctx)
		}
	})
	ended, end := context.WithCancel(t.Context())
	go func() { // as a server that tries again until it is heard
		for ended.Err() == nil {
			response, err := http.Post("http://"+address+"/hook?token="+token, "text/plain", strings.NewReader(`{"thread_id":"`+ThreadID(assignment().ID)+`"}`))
			if err == nil {
				response.Body.Close()
			}
		}
	}()
	done, err := client.Work(t.Context(), assignment())
	end()
	if err != nil || done.PullRequest.Number != 7 {
		t.Errorf("%+v, %v", done, err)
	}
	if webhook, _ := s.posted[0]["webhook"].(string); webhook != "http://"+address+"/hook?token="+token {
		t.Errorf("webhook %q", webhook)
	}
	if l, err := net.Listen("tcp", address); err != nil {
		t.Errorf("the listener is still there: %v", err)
	} else {
		l.Close()
	}
}

// TestTheWebhookIsRefused: the platform takes no address that it cannot reach.
func TestTheWebhookIsRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	pr, told := proposed()
	s.told = told
	s.break_ = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/runs") || len(s.asked) > 3 {
			return false
		}
		s.send(w, 422, map[string]any{"detail": "webhook: loopback addresses are not allowed"})
		return true
	}
	address := free(t)
	done, err := bench(t, s, &forge{all: []selfheal.PullRequest{pr}}, func(c *Config) {
		c.Webhook = Webhook{URL: "http://" + address + "/hook", Token: token, Listen: address}
	}).Work(t.Context(), assignment())
	if err != nil || done.PullRequest.Number != 7 || len(s.posted) != 1 || s.posted[0]["webhook"] != nil {
		t.Errorf("%+v, %v, posted %v", done, err, s.posted)
	}
}

func TestListenFails(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = newHooks(token).listen(l.Addr().String())
	if selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("error %v", err)
	}
}
