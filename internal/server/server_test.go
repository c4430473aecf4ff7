package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/report"
	"selfheal/internal/server"
	"selfheal/internal/token"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)

// backend is a process that knows one incident and records what it is asked for.
type backend struct {
	mu        sync.Mutex
	announced []selfheal.Announcement
	acted     []string
	events    []selfheal.StreamEvent
	failure   error
}

func (b *backend) Announce(_ context.Context, a selfheal.Announcement) (server.Received, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.announced = append(b.announced, a)
	return server.Received{Deploy: a.Deploy.Key(), Watch: true}, b.failure
}

func (b *backend) Watches(context.Context, int) ([]server.Watched, error) { return nil, b.failure }

func (b *backend) Deploy(_ context.Context, key string) (report.Report, error) {
	return report.Report{}, selfheal.NotFoundf("see GET /api/v1/deploys", "no deploy %s", key)
}

func (b *backend) Incidents(context.Context, int) ([]*selfheal.Incident, error) {
	return nil, b.failure
}

func (b *backend) Incident(_ context.Context, id string) (report.Report, error) {
	return report.Report{Schema: report.Schema, Headline: "payment \x1b[31m of " + id + "\u202e"}, b.failure
}

func (b *backend) Act(_ context.Context, incident string, action server.Action, by string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acted = append(b.acted, fmt.Sprint(by, " ", action, " ", incident))
	return b.failure
}

func (b *backend) Since(_ context.Context, seq int64, limit int) ([]selfheal.StreamEvent, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []selfheal.StreamEvent
	for _, e := range b.events {
		if e.Seq > seq && len(all) < limit {
			all = append(all, e)
		}
	}
	return all, b.failure
}

func (b *backend) Ready(context.Context) error { return b.failure }

type service struct {
	*backend
	url     string
	tokens  map[token.Scope]string
	handler *server.Server
}

func serve(t *testing.T, doors ...server.Door) *service {
	t.Helper()
	s := &service{backend: &backend{}, tokens: map[token.Scope]string{}}
	var known token.Tokens
	for _, scope := range token.Scopes {
		secret, hash := token.New()
		s.tokens[scope] = secret
		known = append(known, token.Token{Name: "a " + string(scope), Hash: hash, Scopes: []token.Scope{scope}})
	}
	s.handler = server.New(server.Config{Backend: s.backend, Tokens: known, Clock: func() time.Time { return now }, Version: "test",
		Metrics: server.NewMetrics("test"), Doors: doors, Poll: time.Millisecond})
	running := httptest.NewServer(s.handler)
	t.Cleanup(running.Close)
	s.url = running.URL
	return s
}

func (s *service) do(t *testing.T, secret, method, path, body string) (status int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if secret != "" {
		request.Header.Set("Authorization", "Bearer "+secret)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// Every route asks for its scope, and no other token opens it.
func TestScopes(t *testing.T) {
	t.Parallel()
	door := server.Door{Pattern: "POST /v1/logs", Scope: token.Ingest, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	s := serve(t, door)
	deploy := `{"service":"shop","environment":"prod","revision":"8c1d2e3"}`
	f := func(method, path, body string, scope token.Scope) {
		t.Helper()
		if status, _ := s.do(t, "", method, path, body); status != http.StatusUnauthorized {
			t.Errorf("%s %s without a token: %d", method, path, status)
		}
		if status, _ := s.do(t, "selfheal_wrong", method, path, body); status != http.StatusUnauthorized {
			t.Errorf("%s %s with a wrong token: %d", method, path, status)
		}
		for other, secret := range s.tokens {
			status, answer := s.do(t, secret, method, path, body)
			if refused := status == http.StatusForbidden; refused == (other == scope) {
				t.Errorf("%s %s with a token for %s: %d %s", method, path, other, status, answer)
			}
		}
	}
	f("POST", "/api/v1/deploys", deploy, token.Ingest)
	f("GET", "/api/v1/deploys", "", token.Read)
	f("GET", "/api/v1/deploys/prod/shop/0102030405", "", token.Read)
	f("GET", "/api/v1/incidents", "", token.Read)
	f("GET", "/api/v1/incidents/shop-1", "", token.Read)
	f("POST", "/api/v1/incidents/shop-1/approve", "", token.Operate)
	f("GET", "/metrics", "", token.Read)
	f("POST", "/v1/logs", "", token.Ingest)
}

func TestAnnounce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	f := func(body string, want int, says string) {
		t.Helper()
		if status, answer := s.do(t, s.tokens[token.Ingest], "POST", "/api/v1/deploys", body); status != want || !strings.Contains(answer, says) {
			t.Errorf("%s: %d %s, want %d with %q", body, status, answer, want, says)
		}
	}
	f(`{"service":"shop","environment":"prod","revision":"8c1d2e3"}`, http.StatusAccepted, `"watch":true`)
	f(`{"service":"shop","environment":"prod"}`, http.StatusUnprocessableEntity, "revision")
	f(`{"service":"shop","environment":"prod","revision":"1","phase":"exploded"}`, http.StatusUnprocessableEntity, "phase")
	f(`{"service":"shop","environment":"prod","revision":"1","hook":"http://inside"}`, http.StatusUnprocessableEntity, "hook")
	f(`{"service":`, http.StatusBadRequest, "")
	f(`{"service":"`+strings.Repeat("x", 2<<20)+`"}`, http.StatusRequestEntityTooLarge, "")
	if len(s.announced) != 1 || !s.announced[0].Deploy.Time.Equal(now) || s.announced[0].Phase != selfheal.PhaseServing {
		t.Errorf("announced %+v, want the one, now, serving", s.announced)
	}
}

func TestErrorsBecomeStatuses(t *testing.T) {
	t.Parallel()
	f := func(err error, want int, says string) {
		t.Helper()
		s := serve(t)
		s.failure = err
		status, answer := s.do(t, s.tokens[token.Operate], "POST", "/api/v1/incidents/shop-1/dismiss", "")
		if status != want || !strings.Contains(answer, says) {
			t.Errorf("%v: %d %s, want %d with %q", err, status, answer, want, says)
		}
		if err == nil && !cmp.Equal(s.acted, []string{"a operate dismiss shop-1"}) {
			t.Errorf("acted %q", s.acted)
		}
	}
	f(nil, http.StatusAccepted, "")
	f(selfheal.NotFoundf("list them", "no incident shop-1"), http.StatusNotFound, "list them")
	f(&selfheal.Error{Code: selfheal.CodeUnavailable, Message: "the store is busy"}, http.StatusServiceUnavailable, "busy")
	f(&selfheal.Error{Code: selfheal.CodeRefused, Message: "it is closed"}, http.StatusConflict, "closed")
	f(fmt.Errorf("open /secret/path: denied"), http.StatusInternalServerError, "its log says why")
	s := serve(t)
	s.failure = fmt.Errorf("open /secret/path: denied")
	if _, answer := s.do(t, s.tokens[token.Read], "GET", "/api/v1/incidents", ""); strings.Contains(answer, "/secret") {
		t.Errorf("an inner error is told: %s", answer)
	}
}

func TestHostileTextIsEscaped(t *testing.T) {
	t.Parallel()
	s := serve(t)
	_, answer := s.do(t, s.tokens[token.Read], "GET", "/api/v1/incidents/shop-1", "")
	if strings.ContainsAny(answer, "\x1b\u202e") || !json.Valid([]byte(answer)) {
		t.Errorf("answer %q", answer)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := serve(t)
	f := func(path string, want int) {
		t.Helper()
		if status, answer := s.do(t, "", "GET", path, ""); status != want {
			t.Errorf("%s: %d %s, want %d", path, status, answer, want)
		}
	}
	f("/healthz", 200)
	f("/readyz", 200)
	s.failure = &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "the store does not answer"}
	f("/healthz", 200)
	f("/readyz", 503)
}

func TestMetricsAreNamed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	_, text := s.do(t, s.tokens[token.Read], "GET", "/metrics", "")
	for _, name := range []string{"selfheal_build_info", "selfheal_watches", "selfheal_verdict_confidence_threshold", "selfheal_look_duration_seconds_bucket"} {
		if !strings.Contains(text, name) {
			t.Errorf("no %s in\n%s", name, text)
		}
	}
}

// A client that was cut off gets every event once, by the id of the last that it saw.
func TestEventsGoOn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	add := func(seq int64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, selfheal.StreamEvent{Stream: "incident:x", Event: selfheal.Event{Seq: seq, Time: now, Actor: "a\nb", Type: selfheal.EventIncidentOpened, Payload: json.RawMessage(`{"text":"line\nfeed"}`)}})
	}
	read := func(after string, n int) []string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+s.tokens[token.Read])
		if after != "" {
			request.Header.Set("Last-Event-ID", after)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var ids []string
		for scanner := bufio.NewScanner(response.Body); len(ids) < n && scanner.Scan(); {
			if id, is := strings.CutPrefix(scanner.Text(), "id: "); is {
				ids = append(ids, id)
			} else if data, is := strings.CutPrefix(scanner.Text(), "data: "); is && !json.Valid([]byte(data)) {
				t.Errorf("data %q is no JSON of one line", data)
			}
		}
		return ids
	}
	for seq := range int64(3) {
		add(seq + 1)
	}
	if got := read("", 3); !cmp.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("events %q", got)
	}
	go add(4)
	if got := read("2", 2); !cmp.Equal(got, []string{"3", "4"}) {
		t.Errorf("events after the second: %q", got)
	}
	if status, _ := s.do(t, s.tokens[token.Read], "GET", "/api/v1/events?after=x", ""); status != http.StatusBadRequest {
		t.Errorf("a position that is no number: %d", status)
	}
}

// The committed description is the one that is served.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	const golden = "../../docs/reference/openapi.yaml"
	s := serve(t)
	described, err := s.handler.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, described, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, described) {
		t.Error("docs/reference/openapi.yaml is not what is served; run the test with -update")
	}
	if status, served := s.do(t, "", "GET", "/openapi.yaml", ""); status != 200 || served != string(described) {
		t.Errorf("served: %d, %d bytes; described: %d bytes", status, len(served), len(described))
	}
}
