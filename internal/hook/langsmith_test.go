package hook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/httpx"
)

// controlPlane answers like the control plane of LangSmith: revisions newest first.
type controlPlane struct {
	mu        sync.Mutex
	active    string
	revisions []string // "id status commit minute", newest first
	broken    bool
	pages     int
}

func (c *controlPlane) set(active string, revisions ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active, c.revisions = active, revisions
}

func (c *controlPlane) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.broken || r.Header.Get("X-Api-Key") != "key":
		w.WriteHeader(http.StatusForbidden)
	case r.URL.Path == "/v2/deployments/d-1":
		fmt.Fprintf(w, `{"id":"d-1","name":"shop","status":"READY","latest_revision_id":"x","active_revision_id":%q}`, c.active)
	case r.URL.Path == "/v2/deployments/d-1/revisions":
		c.pages++
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		var items []string
		for i := offset; i < min(offset+limit, len(c.revisions)); i++ {
			part := strings.Fields(c.revisions[i])
			minute, _ := strconv.Atoi(part[3])
			at := received.Add(time.Duration(minute) * time.Minute).Format("2006-01-02T15:04:05.999999Z07:00")
			items = append(items, fmt.Sprintf(`{"id":%q,"created_at":%q,"updated_at":%q,"status":%q,"source":"github","source_revision_config":{"repo_ref":"main","repo_commit_sha":%q,"langgraph_config_path":"langgraph.json"}}`, part[0], at, at, part[1], part[2]))
		}
		fmt.Fprintf(w, `{"resources":[%s],"offset":%d}`, strings.Join(items, ","), offset+len(items))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func client(t *testing.T, h http.Handler) *httpx.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := httpx.New(httpx.Config{
		Base: server.URL, Name: "test", Attempts: 1, Header: http.Header{"X-Api-Key": {"key"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *controlPlane) poller(t *testing.T) *LangSmith {
	t.Helper()
	l, err := NewLangSmith(LangSmithConfig{Client: client(t, c), Deployment: "d-1", Service: "shop", Environment: "production"})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func poll(t *testing.T, l *LangSmith) []string {
	t.Helper()
	found, err := l.Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range found {
		got = append(got, fmt.Sprintf("%s %s after %q", a.Phase, a.Deploy.Revision, a.Deploy.Previous))
	}
	return got
}

func TestLangSmith(t *testing.T) {
	t.Parallel()
	plane := &controlPlane{}
	l := plane.poller(t)
	f := func(want []string, active string, revisions ...string) {
		t.Helper()
		plane.set(active, revisions...)
		if diff := cmp.Diff(want, poll(t, l)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", revisions, diff)
		}
		if again := poll(t, l); again != nil {
			t.Errorf("said again: %v", again)
		}
	}
	f(nil, "")
	f([]string{`building c1 after ""`}, "", "r1 BUILDING c1 0")
	f([]string{`serving c1 after ""`}, "r1", "r1 DEPLOYED c1 3")
	// Three pushes: the middle one is skipped, so the change spans c1 to c4.
	f([]string{`build-failed c2 after ""`}, "r1", "r2 BUILD_FAILED c2 6", "r1 DEPLOYED c1 3")
	f([]string{`deploying c4 after ""`}, "r1", "r4 DEPLOYING c4 9", "r3 SKIPPED c3 8", "r2 BUILD_FAILED c2 6", "r1 DEPLOYED c1 3")
	f([]string{`serving c4 after "c1"`}, "r4", "r4 DEPLOYED c4 10", "r3 SKIPPED c3 8", "r2 BUILD_FAILED c2 6", "r1 DEPLOYED c1 3")
	f([]string{`failed c5 after ""`}, "r4", "r5 DEPLOY_FAILED c5 14", "r4 DEPLOYED c4 10", "r3 SKIPPED c3 8", "r1 DEPLOYED c1 3")
	// The first revision is deployed once more: what was active before is c4.
	f([]string{`building c5 after ""`, `serving c1 after "c4"`}, "r1", "r5 QUEUED c5 16", "r4 DEPLOYED c4 10", "r1 DEPLOYED c1 15")
}

// TestLangSmithRollback: without a word about which one is active, the newest deployed one is.
func TestLangSmithWithoutActive(t *testing.T) {
	t.Parallel()
	plane := &controlPlane{}
	plane.set("", "r3 DEPLOYED c3 9", "r2 SKIPPED c2 8", "r1 DEPLOYED c1 3")
	if diff := cmp.Diff([]string{`serving c3 after "c1"`}, poll(t, plane.poller(t))); diff != "" {
		t.Error(diff)
	}
}

func TestLangSmithPages(t *testing.T) {
	t.Parallel()
	plane := &controlPlane{}
	var revisions []string
	for i := range 45 {
		revisions = append(revisions, fmt.Sprintf("f%d BUILD_FAILED x%d %d", i, i, 100-i))
	}
	plane.set("r2", append(revisions, "r2 DEPLOYED c2 2", "r1 DEPLOYED c1 1")...)
	got := poll(t, plane.poller(t))
	if len(got) != 46 || got[45] != `serving c2 after "c1"` || got[0] != `build-failed x44 after ""` {
		t.Errorf("%d: %v", len(got), got)
	}
}

func TestPolling(t *testing.T) {
	t.Parallel()
	plane := &controlPlane{}
	plane.set("r1", "r1 DEPLOYED c1 3")
	plane.broken = true
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var pauses []time.Duration
	var failures, kept int
	o := Polling{Every: 30 * time.Second, Failed: func(error) { failures++ }}
	o.Sleep = func(_ context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		plane.mu.Lock()
		plane.broken = len(pauses) < 2
		plane.mu.Unlock()
		if len(pauses) == 5 {
			cancel()
		}
		return nil
	}
	full := errors.New("disk full")
	err := o.Run(ctx, plane.poller(t), func(context.Context, selfheal.Announcement) error {
		if kept++; kept == 1 {
			return full // is said again
		}
		return nil
	})
	want := []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 30 * time.Second, 30 * time.Second}
	if diff := cmp.Diff(want, pauses); diff != "" || !errors.Is(err, context.Canceled) || failures != 3 || kept != 2 {
		t.Errorf("failures %d, kept %d, %v\n%s", failures, kept, err, diff)
	}
}

func TestLangSmithConfig(t *testing.T) {
	t.Parallel()
	c := client(t, http.NotFoundHandler())
	for _, bad := range []LangSmithConfig{{}, {Client: c}, {Client: c, Deployment: "d", Service: "a b", Environment: "x"}} {
		if _, err := NewLangSmith(bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
