package langsmith

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/sourcetest"
)

const (
	deploymentID = "0b1d6a4e-0000-4000-8000-000000000001"
	listed       = `{"resources":[
{"id":"r4","created_at":"2026-11-23T23:00:00Z","status":"DEPLOYED","source_revision_config":{"repo_commit_sha":"ddd"}},
{"id":"r3","created_at":"2026-11-23T09:15:00Z","status":"BUILD_FAILED","source_revision_config":{"repo_commit_sha":"ccc"}},
{"id":"r2","created_at":"2026-11-22T09:00:00Z","status":"DEPLOYED","source_revision_config":{"repo_commit_sha":"bbb"}},
{"id":"r1","created_at":"2026-11-21T09:00:00Z","status":"DEPLOYED","source_revision_config":{"repo_commit_sha":"aaa"}}]}`
)

// fake answers as the control plane does.
type fake []sourcetest.Line

func (f fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	logs := "/v1/projects/" + deploymentID + "/revisions/r2/"
	switch {
	case r.Header.Get("X-Api-Key") == "":
		http.Error(w, `{"detail":"no key"}`, http.StatusUnauthorized)
	case r.URL.Path == "/v2/deployments":
		fmt.Fprintf(w, `{"resources":[{"id":"x","name":"shop-old"},{"id":%q,"name":"shop"}]}`, deploymentID)
	case r.URL.Path == "/v2/deployments/"+deploymentID+"/revisions":
		fmt.Fprint(w, listed)
	case r.URL.Path == logs+"deploy_logs", r.URL.Path == logs+"build_logs":
		f.logs(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (f fake) logs(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Limit int       `json:"limit"`
		From  time.Time `json:"start_time"`
		To    time.Time `json:"end_time"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	found := []any{}
	for i, line := range f {
		if len(found) < q.Limit && !line.Time.Before(q.From) && !line.Time.After(q.To) {
			found = append(found, map[string]any{"id": fmt.Sprint(i), "timestamp": line.Time.UnixMilli(), "level": "ERROR", "message": line.Text})
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"logs": found, "next_offset": "7"})
}

func open(t *testing.T, c Config) *Source {
	t.Helper()
	c.Token = "key"
	s, err := New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

func TestFaults(t *testing.T) {
	t.Parallel()
	sourcetest.RunFaults(t, sourcetest.FaultHarness{
		Store:  func(lines []sourcetest.Line) http.Handler { return fake(lines) },
		IsPage: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "_logs") },
		New: func(t *testing.T, c backend.Connection) selfheal.Source {
			return open(t, Config{Connection: c, Limit: 3})
		},
	})
}

func TestRevisions(t *testing.T) {
	t.Parallel()
	s := open(t, Config{Connection: sourcetest.Answering(t, fake{}.ServeHTTP)})
	at := func(clock string) time.Time {
		when, err := time.Parse(time.RFC3339, clock)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	f := func(from, to string, want ...string) {
		t.Helper()
		found, err := s.revisions(t.Context(), deploymentID, selfheal.Interval{From: at(from), To: at(to)})
		var got []string
		for _, r := range found {
			got = append(got, r.ID+"="+r.name())
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s to %s: %v (-want +got):\n%s", from, to, err, diff)
		}
	}
	f("2026-11-23T09:00:00Z", "2026-11-23T10:00:00Z", "r2=bbb")
	f("2026-11-23T09:00:00Z", "2026-11-24T10:00:00Z", "r2=bbb", "r4=ddd")
	f("2026-11-20T09:00:00Z", "2026-11-22T10:00:00Z", "r1=aaa", "r2=bbb")
	f("2026-11-19T09:00:00Z", "2026-11-20T10:00:00Z")
}

func TestLogs(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)
	s := open(t, Config{Connection: sourcetest.Answering(t, fake{{Time: at, Text: "Traceback"}}.ServeHTTP)})
	check := func(e *selfheal.Entry) error {
		if string(e.Line) != "Traceback" || e.Origin.Revision != "bbb" || e.Origin.Severity != selfheal.SeverityError || e.Stream != "revision/r2" {
			t.Errorf("entry %+v of %+v", e, e.Origin)
		}
		return nil
	}
	q := selfheal.Query{Service: "shop", Interval: selfheal.Interval{From: at, To: at.Add(time.Second)}}
	if err := s.Read(t.Context(), q, check); err != nil {
		t.Error(err)
	}
	if err := s.BuildLog(t.Context(), q, "bbb", check); err != nil {
		t.Error(err)
	}
	if err := s.BuildLog(t.Context(), q, "zzz", check); selfheal.CodeOf(err) != selfheal.CodeNotFound {
		t.Errorf("a revision that is none: %v", err)
	}
	q.Service = "other"
	if err := s.Read(t.Context(), q, check); selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Errorf("a deployment that is none: %v", err)
	}
}

func TestTimeOf(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`1795425000123`, `"2026-11-23T09:10:00.123Z"`, `"2026-11-23T10:10:00.123+01:00"`, `"2026-11-23T09:10:00.123"`} {
		at, err := timeOf(json.RawMessage(raw))
		if err != nil || at.UnixMilli() != 1795425000123 {
			t.Errorf("%s: %s, %v", raw, at, err)
		}
	}
	for _, raw := range []string{``, `null`, `"soon"`, `{}`} {
		if at, err := timeOf(json.RawMessage(raw)); err == nil {
			t.Errorf("%s is %s", raw, at)
		}
	}
}
