package outbound

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"selfheal/internal/httpx"
)

func TestPost(t *testing.T) {
	t.Parallel()
	f := func(name string, handler http.HandlerFunc, status int, retry bool, after time.Duration) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(handler)
			t.Cleanup(s.Close)
			_, again, err := Client{}.Post(t.Context(), httpx.Secret(s.URL+"/secret-path"), nil, []byte("{}"))
			if status < 300 && status > 0 {
				if err != nil || again {
					t.Errorf("%v", err)
				}
				return
			}
			refusal, ok := errors.AsType[*Refusal](err)
			if !ok || refusal.Status != status || again != retry || refusal.RetryAfter() != after || strings.Contains(err.Error(), "secret-path") {
				t.Errorf("retry %t, %v", again, err)
			}
		})
	}
	say := func(status int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
		}
	}
	f("taken", say(204), 204, false, 0)
	f("limited", say(429, "Retry-After", "9"), 429, true, 9*time.Second)
	f("broken", say(502), 502, true, 0)
	f("refused", say(400), 400, false, 0)
	f("gone", say(410), 410, false, 0)
	f("elsewhere", say(302, "Location", "http://127.0.0.1:1/"), 302, false, 0)
	f("broken off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, true, 0)
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	_, retry, err := Client{}.Post(t.Context(), httpx.Secret(s.URL+"/secret-path"), nil, nil)
	if err == nil || !retry || strings.Contains(err.Error(), "secret-path") {
		t.Errorf("retry %t, %v", retry, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("out of patience")
	cancel(gone)
	if _, retry, err := (Client{}).Post(ctx, httpx.Secret(s.URL), nil, nil); !errors.Is(err, gone) || !retry {
		t.Errorf("retry %t, %v", retry, err)
	}
}
