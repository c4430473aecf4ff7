package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/channel"
	"selfheal/internal/config"
	"selfheal/internal/git/gittest"
	"selfheal/internal/pipeline/live"
	"selfheal/internal/server"
)

// shopLog is a backend that holds what a service logs; only what is past is there.
type shopLog struct {
	mu    sync.Mutex
	now   func() time.Time
	lines []shopLine
	down  bool
}

type shopLine struct {
	at   time.Time
	text string
}

func (l *shopLog) Read(_ context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "connection refused"}
	}
	now := l.now()
	for _, line := range l.lines {
		if line.at.After(now) || !q.Interval.Contains(line.at) {
			continue
		}
		if err := yield(&selfheal.Entry{Stream: "pod", Line: []byte(line.text), Time: line.at}); err != nil {
			return err
		}
	}
	return nil
}

func (l *shopLog) write(from time.Time, length, every time.Duration, level, text string) {
	for at := from; at.Before(from.Add(length)); at = at.Add(every) {
		l.lines = append(l.lines, shopLine{at, fmt.Sprintf(`{"time":%q,"level":%q,"msg":%q}`, at.Format(time.RFC3339Nano), level, text)})
	}
	slices.SortStableFunc(l.lines, func(a, b shopLine) int { return a.at.Compare(b.at) })
}

// estate is a process that looks after one service, with time in the test's hand.
type estate struct {
	t          *testing.T
	repository *gittest.Repository
	now        time.Time
	log        *shopLog
	steward    *Steward
	store      string
	clone      string // of the repository, where the process works on one

	jobs map[string]time.Time // by kind and key
	told []selfheal.Notice
}

var shopDeployed = time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)

func newEstate(t *testing.T) *estate {
	t.Helper()
	e := &estate{t: t, repository: gittest.New(t), now: shopDeployed, jobs: map[string]time.Time{}, store: filepath.Join(t.TempDir(), "selfheal.db")}
	e.log = &shopLog{now: func() time.Time { return e.now }}
	const week = 7 * 24 * time.Hour
	e.log.write(shopDeployed.Add(-week), week+4*time.Hour, time.Minute, "INFO", "order placed")
	e.log.write(shopDeployed.Add(-week), week, 5*time.Hour, "WARN", "payment was slow")
	e.open()
	return e
}

// open starts the process, as after a kill: all that it knows is in the store.
func (e *estate) open() {
	e.t.Helper()
	clock := func() time.Time { return e.now }
	dir := e.repository.Dir
	if e.clone != "" {
		dir = e.clone
	}
	a, err := Open(e.t.Context(), Settings{Repository: dir, StorePath: e.store, Clock: clock, Getenv: func(string) string { return "" }})
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { a.Close() })
	p, err := a.Pipeline(e.t.Context(), "serve")
	if err != nil {
		e.t.Fatal(err)
	}
	c := config.Default()
	service := &looked{app: a, pipeline: p, watcher: &live.Watcher{Pipeline: p, Source: e.log, Name: "log"}}
	e.steward = &Steward{
		settings: a.settings, config: c, store: a.store, metrics: server.NewMetrics("test"), watching: map[string]*remembered{},
		services: map[selfheal.Scope]*looked{{Service: "shop", Environment: "production"}: service},
		enqueue: func(_ context.Context, kind, key string, at time.Time) error {
			name := kind + " " + key
			if due, asked := e.jobs[name]; !asked || at.Before(due) {
				e.jobs[name] = at
			}
			return nil
		},
	}
	router, err := channel.New([]channel.Route{{Name: "test", Channel: e}}, channel.Options{Clock: clock})
	if err != nil {
		e.t.Fatal(err)
	}
	e.steward.teller = &teller{store: a.store, router: router, clock: clock, enqueue: e.steward.enqueue}
}

// Notify is the channel by which people are told.
func (e *estate) Notify(_ context.Context, n selfheal.Notice) (bool, error) {
	e.told = append(e.told, n)
	return false, nil
}

func (e *estate) announce(phase selfheal.Phase, revision, previous string) server.Received {
	e.t.Helper()
	received, err := e.steward.Announce(e.t.Context(), selfheal.Announcement{Phase: phase, From: "test", Deploy: selfheal.Deploy{
		Service: "shop", Environment: "production", Revision: revision, Previous: previous, Time: e.now,
	}})
	if err != nil {
		e.t.Fatal(err)
	}
	return received
}

// live lets time pass, and does the jobs that are due, until stop or the given time.
func (e *estate) live(until time.Duration, stop func() bool) {
	e.t.Helper()
	end := e.now.Add(until)
	for e.now.Before(end) && !stop() {
		e.now = e.now.Add(30 * time.Second)
		for name, due := range e.jobs {
			if due.After(e.now) {
				continue
			}
			delete(e.jobs, name)
			kind, key, _ := strings.Cut(name, " ")
			again, err := e.steward.Work(e.t.Context(), kind, key)
			if err != nil {
				e.t.Fatalf("%s: %v", name, err)
			}
			if again > 0 {
				e.jobs[name] = e.now.Add(again)
			}
		}
	}
}

func (e *estate) occasions() []selfheal.NoticeKind {
	var kinds []selfheal.NoticeKind
	for _, n := range e.told {
		if !slices.Contains(kinds, n.Kind) {
			kinds = append(kinds, n.Kind)
		}
	}
	return kinds
}

func never() bool { return false }

// shopRepository gives a good revision and one that breaks the price list.
func (e *estate) revisions() (good, bad string) {
	good = e.repository.Commit("prices: find", "prices.go", "package prices\n\nfunc Find(list []int) int {\n\treturn list[0]\n}\n")
	bad = e.repository.Commit("prices: say when the list is empty", "prices.go",
		"package prices\n\nimport \"log/slog\"\n\nfunc Find(list []int) int {\n\tlist = list[:0]\n\tif len(list) == 0 {\n\t\tslog.Error(\"price list is empty\")\n\t}\n\treturn 0\n}\n")
	return good, bad
}

func TestStewardFindsRegression(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	good, bad := e.revisions()
	if received := e.announce(selfheal.PhaseServing, bad, good); !received.Watch {
		t.Fatalf("it is not watched: %s", received.Reason)
	}
	e.log.write(shopDeployed.Add(time.Minute), 2*time.Hour, 20*time.Second, "ERROR", "cannot read price 17 of list eu")
	e.live(20*time.Minute, func() bool { return len(e.told) > 0 })
	if len(e.told) == 0 {
		t.Fatal("nobody was told in 20 minutes")
	}
	e.live(2*time.Hour, never)
	if got := e.occasions(); len(got) != 1 {
		t.Errorf("told %v, want one occasion", got)
	}
	streams, err := e.steward.store.Streams(t.Context(), selfheal.StreamIncident, 0)
	if err != nil || len(streams) != 1 {
		t.Errorf("%d incidents, error %v; want one", len(streams), err)
	}
	if watch, err := e.steward.anyPipeline().LastWatch(t.Context(), selfheal.Scope{Service: "shop", Environment: "production"}); err != nil || watch.Ended == nil {
		t.Errorf("the watch is not over: %v", err)
	}
}

// A process that is killed at any look leaves nothing that the next one does not find:
// the answer is the same, and there is one incident.
func TestStewardIsKilledAndResumes(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	good, bad := e.revisions()
	e.announce(selfheal.PhaseServing, bad, good)
	e.log.write(shopDeployed.Add(10*time.Minute), 2*time.Hour, 20*time.Second, "ERROR", "cannot read price 17 of list eu")
	for e.now.Before(shopDeployed.Add(75 * time.Minute)) {
		e.live(5*time.Minute, never)
		e.jobs = map[string]time.Time{}
		e.open()
		if err := e.steward.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	streams, err := e.steward.store.Streams(t.Context(), selfheal.StreamIncident, 0)
	if err != nil || len(streams) != 1 {
		t.Errorf("%d incidents, error %v; want one", len(streams), err)
	}
	watch, err := e.steward.anyPipeline().LastWatch(t.Context(), selfheal.Scope{Service: "shop", Environment: "production"})
	if err != nil || watch.Ended == nil || watch.Ended.Status == selfheal.StatusClean {
		t.Errorf("the watch ended as %+v, error %v", watch, err)
	}
}

func TestStewardCannotSee(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	good, bad := e.revisions()
	e.log.down = true
	e.announce(selfheal.PhaseServing, bad, good)
	e.live(90*time.Minute, never)
	if got := e.occasions(); !slices.Equal(got, []selfheal.NoticeKind{selfheal.NoticeCannotObserve}) {
		t.Errorf("told %v, want that nothing could be seen", got)
	}
	if len(e.jobs) > 0 {
		t.Errorf("jobs are left: %v", e.jobs)
	}
}

func TestStewardTakesOverAndRollsBack(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	good, bad := e.revisions()
	better := e.repository.Commit("readme", "README.md", "# shop\n")
	e.announce(selfheal.PhaseServing, bad, good)
	e.live(10*time.Minute, never)
	if received := e.announce(selfheal.PhaseServing, better, ""); !received.Watch {
		t.Fatalf("the next deploy is not watched: %s", received.Reason)
	}
	e.live(10*time.Minute, never)
	e.announce(selfheal.PhaseRolledBack, better, "")
	e.live(10*time.Minute, never)
	if got := e.occasions(); !slices.Equal(got, []selfheal.NoticeKind{selfheal.NoticeRolledBack}) || len(e.jobs) > 0 {
		t.Errorf("told %v, jobs %v; want that it was rolled back, and no work left", got, e.jobs)
	}
	last, err := e.steward.anyPipeline().LastWatch(t.Context(), selfheal.Scope{Service: "shop", Environment: "production"})
	if err != nil || last.Started.Deploy.Previous != good {
		t.Errorf("the change of the second is not that of both: %+v, error %v", last, err)
	}
	if received := e.announce(selfheal.PhaseServing, better, ""); received.Watch {
		t.Error("the same deploy is watched again")
	}
}

// A deploy of what came after the clone was made: the rest of the history is fetched,
// and the clone stays as it is.
func TestStewardFetches(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	good, _ := e.revisions()
	e.clone = filepath.Join(t.TempDir(), "clone")
	e.repository.Git("clone", "--quiet", e.repository.Dir, e.clone)
	bad := e.repository.Commit("later", "later.go", "package prices\n\nvar later = 1\n")
	e.open()
	if received := e.announce(selfheal.PhaseServing, bad, good); !received.Watch {
		t.Fatalf("it is not watched: %s", received.Reason)
	}
	e.log.write(shopDeployed.Add(time.Minute), 2*time.Hour, 20*time.Second, "ERROR", "cannot read price 17 of list eu")
	e.live(20*time.Minute, func() bool { return len(e.told) > 0 })
	if len(e.told) == 0 {
		t.Error("nobody was told in 20 minutes")
	}
	if _, err := e.steward.Announce(t.Context(), selfheal.Announcement{Phase: selfheal.PhaseServing, Deploy: selfheal.Deploy{
		Service: "shop", Environment: "production", Revision: strings.Repeat("4", 40), Time: e.now,
	}}); err == nil {
		t.Error("a revision that nobody has is watched")
	}
}
