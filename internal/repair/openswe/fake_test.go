package openswe

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"selfheal"
)

const (
	key  = "lsv2-test-key-4711"
	shop = "octo-org/shop"
)

// start is when everything begins.
var start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// server answers as an Agent Server does, with the quirks that real ones have:
// indented JSON, refusals as plain text, runs with the oldest first.
type server struct {
	*httptest.Server
	t  *testing.T
	mu sync.Mutex

	now      time.Time
	threads  map[string]map[string]any // metadata by id
	runs     []map[string]any
	posted   []map[string]any // bodies of the runs that were begun
	canceled []string
	asked    []string

	// states is what a run shows at one look after the other; the last stays.
	states []string
	// break_ may answer in place of the server; true: it did.
	break_ func(w http.ResponseWriter, r *http.Request) bool
	said   string         // by the agent, at the end
	told   map[string]any // metadata that the agent writes
}

func serve(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, now: start, threads: map[string]map[string]any{}, states: []string{"pending", "running", "success"}, said: "Done."}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) send(w http.ResponseWriter, status int, body any) {
	if text, ok := body.(string); ok {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(status)
		fmt.Fprint(w, text)
		return
	}
	w.WriteHeader(status)
	text, _ := json.MarshalIndent(body, "", "  ")
	fmt.Fprintf(w, "\n\n%s\n", text)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	if s.break_ != nil && s.break_(w, r) {
		return
	}
	if r.Header.Get("X-Api-Key") != key {
		s.send(w, http.StatusForbidden, "requires workspace specification")
		return
	}
	var body map[string]any
	if text, _ := io.ReadAll(r.Body); len(text) > 0 {
		if err := json.Unmarshal(text, &body); err != nil {
			s.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /threads", func(w http.ResponseWriter, _ *http.Request) {
		id, _ := body["thread_id"].(string)
		if _, there := s.threads[id]; there {
			s.send(w, http.StatusConflict, "Thread already exists") // as servers do that do not know if_exists
			return
		}
		s.threads[id], _ = body["metadata"].(map[string]any)
		s.send(w, http.StatusOK, map[string]any{"thread_id": id})
	})
	mux.HandleFunc("GET /threads/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.send(w, http.StatusOK, s.thread(r.PathValue("id")))
	})
	mux.HandleFunc("GET /threads/{id}/state", func(w http.ResponseWriter, _ *http.Request) {
		s.send(w, http.StatusOK, map[string]any{"tasks": []any{map[string]any{"error": `{"message":"the sandbox is gone, key ` + key + `"}`}}})
	})
	mux.HandleFunc("GET /threads/{id}/runs", func(w http.ResponseWriter, _ *http.Request) {
		all := []map[string]any{}
		s.send(w, http.StatusOK, append(all, s.runs...))
	})
	mux.HandleFunc("POST /threads/{id}/runs", func(w http.ResponseWriter, _ *http.Request) { s.begin(w, body) })
	mux.HandleFunc("GET /threads/{id}/runs/{run}", func(w http.ResponseWriter, r *http.Request) { s.look(w, r.PathValue("run")) })
	mux.HandleFunc("POST /threads/{id}/runs/{run}/cancel", func(w http.ResponseWriter, r *http.Request) {
		s.canceled = append(s.canceled, r.PathValue("run"))
		w.WriteHeader(http.StatusNoContent)
	})
	mux.ServeHTTP(w, r)
}

func (s *server) thread(id string) map[string]any {
	metadata := s.threads[id]
	maps.Copy(metadata, s.told)
	return map[string]any{"thread_id": id, "created_at": start, "metadata": metadata, "values": map[string]any{"messages": []any{
		map[string]any{"type": "human", "content": "the task"},
		map[string]any{"type": "ai", "content": []any{map[string]any{"type": "text", "text": s.said}}},
		map[string]any{"type": "tool", "content": "ok"},
	}}}
}

func (s *server) begin(w http.ResponseWriter, body map[string]any) {
	for _, r := range s.runs {
		if r["status"] == "running" || r["status"] == "pending" {
			s.send(w, http.StatusUnprocessableEntity, "Thread is already running a task. Wait for it to finish or choose a different multitask strategy.")
			return
		}
	}
	s.posted = append(s.posted, body)
	s.send(w, http.StatusOK, s.add(body["metadata"]))
}

// add begins a run.
func (s *server) add(metadata any) map[string]any {
	r := map[string]any{
		"run_id": fmt.Sprintf("run-%d", len(s.runs)+1), "status": "pending", "metadata": metadata,
		"created_at": s.now.Add(time.Duration(len(s.runs)) * time.Millisecond), "updated_at": s.now, "looks": 0,
	}
	s.runs = append(s.runs, r)
	return r
}

func (s *server) look(w http.ResponseWriter, id string) {
	for _, r := range s.runs {
		if r["run_id"] != id {
			continue
		}
		looks, _ := r["looks"].(int)
		r["status"], r["looks"], r["updated_at"] = s.states[min(looks, len(s.states)-1)], looks+1, s.now
		s.send(w, http.StatusOK, r)
		return
	}
	s.send(w, http.StatusNotFound, "Run not found")
}

// sleep lets the time pass.
func (s *server) sleep(ctx context.Context, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
	return ctx.Err()
}

func (s *server) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// forge holds what was proposed.
type forge struct {
	all     []selfheal.PullRequest
	foreign int // number of one from elsewhere
	err     error
}

func (f *forge) Contribution(_ context.Context, number int) (selfheal.PullRequest, error) {
	if number == f.foreign {
		return selfheal.PullRequest{}, &selfheal.Error{Code: selfheal.CodeRefused, Message: "it comes from another repository"}
	}
	for _, pr := range f.all {
		if pr.Number == number {
			return pr, f.err
		}
	}
	return selfheal.PullRequest{}, selfheal.NotFoundf("", "none")
}

func (f *forge) Contributed(_ context.Context, since time.Time) ([]selfheal.PullRequest, error) {
	var all []selfheal.PullRequest
	for _, pr := range f.all {
		if !pr.Time.Before(since) {
			all = append(all, pr)
		}
	}
	return all, f.err
}

func (*forge) FetchContribution(context.Context, string, selfheal.PullRequest) (tip, target string, err error) {
	return "", "", nil
}

func (*forge) CloseContribution(context.Context, selfheal.PullRequest, string) error { return nil }

func assignment() selfheal.Assignment {
	return selfheal.Assignment{
		ID: "production/shop/0123456789/aaaaaaaaaaaa/1", Revision: strings.Repeat("a", 40), Target: "main", Branch: "open-swe/shop-0123456789-1f",
		Title: `Fix what "limit" broke`, Task: "Repair </content> <b>it</b>.",
	}
}

// bench is a client before a server and a forge.
func bench(t *testing.T, s *server, f *forge, change func(*Config)) *Client {
	t.Helper()
	c := Config{
		URL: s.URL, APIKey: key, Repository: shop, Forge: f, Timeout: 30 * time.Minute,
		Clock: s.clock, Sleep: s.sleep,
	}
	if change != nil {
		change(&c)
	}
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
