package live_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/decide"
	"selfheal/internal/detect"
	"selfheal/internal/pipeline"
	"selfheal/internal/pipeline/live"
	"selfheal/internal/store/sqlite"
)

const (
	oldRevision = "1111111111111111111111111111111111111111"
	newRevision = "8c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d"
)

var deployed = time.Date(2026, 3, 9, 12, 0, 20, 0, time.UTC)

// line is one line of a backend: when it was written, and when it could be read.
type line struct {
	at, visible time.Time
	text        string
}

// backend is a source that holds a history, of which only what is past is there.
type backend struct {
	now    func() time.Time
	lines  []line
	failed func(now time.Time) error
	reads  []selfheal.Interval
}

func (b *backend) Read(_ context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	now := b.now()
	if b.failed != nil {
		if err := b.failed(now); err != nil {
			return err
		}
	}
	b.reads = append(b.reads, q.Interval)
	for _, l := range b.lines {
		if l.visible.After(now) || !q.Interval.Contains(l.at) {
			continue
		}
		if err := yield(&selfheal.Entry{Stream: "pod", Line: []byte(l.text), Time: l.at}); err != nil {
			return err
		}
	}
	return nil
}

// logs writes a record every so often; late is how long after that it can be read.
func (b *backend) logs(from time.Time, length, every, late time.Duration, revision, level, text string) *backend {
	for at := from; at.Before(from.Add(length)); at = at.Add(every) {
		b.lines = append(b.lines, line{at, at.Add(late), fmt.Sprintf(`{"time":%q,"level":%q,"msg":%q,"service.version":%q}`, at.Format(time.RFC3339Nano), level, text, revision)})
	}
	slices.SortStableFunc(b.lines, func(x, y line) int { return x.at.Compare(y.at) })
	return b
}

// usual is a service before and after a deploy at which nothing happens.
func (b *backend) usual() *backend {
	const week = 7 * 24 * time.Hour
	b.logs(deployed.Add(-week), week, 2*time.Minute, 0, oldRevision, "INFO", "order placed")
	b.logs(deployed.Add(-week), week, 5*time.Hour, 0, oldRevision, "WARN", "payment was slow")
	return b.logs(deployed, 90*time.Minute, time.Minute, 0, newRevision, "INFO", "order placed")
}

type world struct {
	t       *testing.T
	now     time.Time
	source  *backend
	store   *sqlite.Store
	watcher *live.Watcher
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: deployed.Add(time.Minute)}
	w.source = &backend{now: w.clock}
	var err error
	if w.store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "selfheal.db"), sqlite.WithClock(w.clock)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	w.watcher = w.restarted()
	return w
}

func (w *world) clock() time.Time { return w.now }

// restarted is a watcher of another process.
func (w *world) restarted() *live.Watcher {
	p := &pipeline.Pipeline{Store: w.store, Counts: w.store, Clock: w.clock, Actor: "test", Detect: detect.DefaultOptions(), Policy: decide.DefaultPolicy()}
	return &live.Watcher{Pipeline: p, Source: w.source, Name: "backend"}
}

func started() selfheal.WatchStarted {
	return selfheal.WatchStarted{
		Deploy: selfheal.Deploy{Service: "shop", Environment: "production", Revision: newRevision, Previous: oldRevision, Time: deployed},
		Window: selfheal.Duration(time.Hour),
	}
}

func (w *world) begin() *live.Watching {
	w.t.Helper()
	watching, err := w.watcher.Begin(w.t.Context(), started())
	if err != nil {
		w.t.Fatal(err)
	}
	return watching
}

// until looks every minute until stop says so or the answer is there.
func (w *world) until(g *live.Watching, stop func(live.Look) bool) live.Look {
	w.t.Helper()
	pass := func(context.Context, time.Duration) error { w.now = w.now.Add(time.Minute); return nil }
	look, err := g.Until(w.t.Context(), time.Minute, pass, stop)
	if err != nil {
		w.t.Fatal(err)
	}
	return look
}

func never(live.Look) bool { return false }

func flagged(l live.Look) bool { return len(l.Assessment.Anomalies) > 0 }

func titles(l live.Look) []string {
	var all []string
	for _, a := range l.Assessment.Anomalies {
		for _, s := range l.Assessment.Signatures {
			if s.ID == a.Signature {
				all = append(all, s.Title)
			}
		}
	}
	return all
}

func problems(l live.Look) []selfheal.ProblemCode {
	var all []selfheal.ProblemCode
	for _, p := range l.Assessment.Window.Observability.Problems {
		all = append(all, p.Code)
	}
	return all
}

func TestQuietDeployIsCleanAtTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.usual()
	look := w.until(w.begin(), never)
	if !look.Final || flagged(look) || len(problems(look)) > 0 {
		t.Fatalf("final %v, anomalies %q, problems %v; want a clean end", look.Final, titles(look), problems(look))
	}
	if look.Elapsed < 59*time.Minute {
		t.Errorf("it ended after %s, want the whole hour", look.Elapsed)
	}
}

func TestUntilCleanEndsEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.usual()
	s := started()
	s.UntilClean = true
	watching, err := w.watcher.Begin(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	look := w.until(watching, never)
	if !look.Final || len(problems(look)) > 0 || look.Elapsed > 30*time.Minute || look.Elapsed < 5*time.Minute {
		t.Fatalf("final %v after %s, problems %v; want clean between 5 and 30 minutes", look.Final, look.Elapsed, problems(look))
	}
}

func TestNewErrorIsToldInMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.usual().logs(deployed.Add(10*time.Second), time.Hour, 30*time.Second, 0, newRevision, "ERROR", "price list is empty")
	look := w.until(w.begin(), flagged)
	if !flagged(look) || look.Elapsed > 12*time.Minute {
		t.Fatalf("anomalies %q after %s, want one within 12 minutes", titles(look), look.Elapsed)
	}
	if got := titles(look); !slices.Equal(got, []string{"price list is empty"}) {
		t.Errorf("flagged %q", got)
	}
}

// What comes late is judged as if it had come in time: at the end both give one answer.
func TestLateLinesAreRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.usual().logs(deployed.Add(10*time.Minute), 20*time.Minute, 30*time.Second, 25*time.Minute, newRevision, "ERROR", "price list is empty")
	look := w.until(w.begin(), never)
	if !flagged(look) {
		t.Fatalf("nothing is flagged at the end; problems %v", problems(look))
	}
}

func TestEveryRecordIsCountedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.usual()
	w.until(w.begin(), never)
	counted, err := w.store.Counted(t.Context(), selfheal.Scope{Service: "shop", Environment: "production"},
		selfheal.Interval{From: deployed.Truncate(time.Minute), To: deployed.Add(time.Hour).Truncate(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	var records int64
	for _, c := range counted {
		records += c.Counts.Records
	}
	if records != 60 {
		t.Errorf("%d records of the window are counted, 60 were written", records)
	}
}

func TestBaselineIsReadOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.usual()
	w.begin()
	first := len(w.source.reads)
	w.watcher = w.restarted()
	w.begin()
	if again := len(w.source.reads) - first; first < 28 || again != 0 {
		t.Errorf("the baseline took %d reads, and %d more the second time; want at least 28, and none", first, again)
	}
}

func TestSourceThatFailsIsNeverClean(t *testing.T) {
	t.Parallel()
	down := selfheal.Error{Code: selfheal.CodeUnavailable, Message: "connection refused"}
	f := func(name string, from, to time.Duration, clean bool) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.source.usual().failed = func(now time.Time) error {
				if since := now.Sub(deployed); since >= from && since < to {
					return &down
				}
				return nil
			}
			look := w.until(w.begin(), never)
			if got := len(problems(look)) == 0; got != clean {
				t.Errorf("problems %v, want clean %v", problems(look), clean)
			}
		})
	}
	f("for a while: what was missed is read later", 10*time.Minute, 30*time.Minute, true)
	f("to the end", 20*time.Minute, 100*time.Hour, false)
	f("all the time", 2*time.Minute, 100*time.Hour, false)
}

func TestSourceThatFailsAtOnceIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.failed = func(time.Time) error {
		return &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "connection refused"}
	}
	if _, err := w.watcher.Begin(t.Context(), started()); selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Fatalf("error %v, want that the source is unavailable", err)
	}
}

func TestSilenceIsNotClean(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	f := func(name string, after func(*backend), want selfheal.ProblemCode) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.source.logs(deployed.Add(-week), week, 30*time.Second, 0, oldRevision, "INFO", "order placed")
			after(w.source)
			look := w.until(w.begin(), never)
			if !slices.Contains(problems(look), want) && !flagged(look) {
				t.Errorf("problems %v, want %s", problems(look), want)
			}
		})
	}
	f("nothing is logged", func(*backend) {}, selfheal.ProblemNoWindow)
	f("hardly anything is logged", func(b *backend) {
		b.logs(deployed, time.Hour, 20*time.Minute, 0, newRevision, "INFO", "order placed")
	}, selfheal.ProblemVolume)
	f("it stops in the middle", func(b *backend) {
		b.logs(deployed, 30*time.Minute, 30*time.Second, 0, newRevision, "INFO", "order placed")
	}, selfheal.ProblemLag)
	f("only the old revision logs", func(b *backend) {
		b.logs(deployed, time.Hour, 30*time.Second, 0, oldRevision, "INFO", "order placed")
	}, selfheal.ProblemRevisionMissing)
	f("only some other revision logs", func(b *backend) {
		b.logs(deployed, time.Hour, 30*time.Second, 0, strings.Repeat("9", 40), "INFO", "order placed")
	}, selfheal.ProblemRevisionMissing)
}

// A watch that is cut off anywhere gives, in another process, the answer of one that is not.
func TestResumed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.usual().logs(deployed.Add(40*time.Minute), time.Hour, 30*time.Second, 0, newRevision, "ERROR", "price list is empty")
	w.until(w.begin(), func(l live.Look) bool { return l.Elapsed > 15*time.Minute })
	w.now = w.now.Add(30 * time.Minute)
	w.watcher = w.restarted()
	going, err := w.watcher.Pipeline.Watches(t.Context())
	if err != nil || len(going) != 1 {
		t.Fatalf("%d watches go on, error %v; want the one", len(going), err)
	}
	watching, err := w.watcher.Resume(t.Context(), going[0])
	if err != nil {
		t.Fatal(err)
	}
	look := w.until(watching, flagged)
	if !flagged(look) {
		t.Fatalf("nothing is flagged; problems %v", problems(look))
	}
	if err := watching.End(t.Context(), look.Assessment, selfheal.StatusRegression, "told"); err != nil {
		t.Fatal(err)
	}
	if going, err := w.watcher.Pipeline.Watches(t.Context()); err != nil || len(going) != 0 {
		t.Errorf("%d watches go on after the end, error %v", len(going), err)
	}
}

func TestInterruptedIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.usual()
	watching := w.begin()
	stop := errors.New("stop")
	_, err := watching.Until(t.Context(), time.Minute, func(context.Context, time.Duration) error { return stop }, never)
	if !errors.Is(err, stop) {
		t.Errorf("error %v, want the interruption", err)
	}
}
