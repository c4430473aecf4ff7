package channel

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

// ear is a channel that hears; it fails or hangs when told to.
type ear struct {
	mu    sync.Mutex
	heard []string
	fail  []error // one after the other
	retry bool
	hang  time.Duration
	deaf  bool // does not heed its context
}

func (e *ear) Notify(ctx context.Context, n selfheal.Notice) (bool, error) {
	if e.hang > 0 {
		if e.deaf {
			time.Sleep(e.hang)
		} else if err := sleep(ctx, e.hang); err != nil {
			return true, err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.fail) > 0 {
		err := e.fail[0]
		e.fail = e.fail[1:]
		return e.retry, err
	}
	e.heard = append(e.heard, string(n.Kind)+" "+n.Title)
	return false, nil
}

func about(kind selfheal.NoticeKind, severity selfheal.Severity, incident, title string) selfheal.Notice {
	return selfheal.Notice{
		Time: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), Kind: kind, Severity: severity, Incident: incident, Title: title,
		Deploy: selfheal.Deploy{Service: "shop", Environment: "production", Revision: "a"},
	}
}

func states(all []Delivery) string {
	var texts []string
	for _, d := range all {
		texts = append(texts, fmt.Sprintf("%s:%s/%d", d.Channel, d.State, d.Attempts))
	}
	return strings.Join(texts, " ")
}

func router(t *testing.T, o Options, routes ...Route) *Router {
	t.Helper()
	r, err := New(routes, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRouting(t *testing.T) {
	t.Parallel()
	r := router(t, Options{},
		Route{Name: "all", Channel: &ear{}},
		Route{Name: "errors", Channel: &ear{}, Least: selfheal.SeverityError},
		Route{Name: "shop", Channel: &ear{}, Services: []string{"sh*"}, Environments: []string{"production", "staging"}},
		Route{Name: "other", Channel: &ear{}, Services: []string{"cart"}},
		Route{Name: "healed", Channel: &ear{}, Kinds: []selfheal.NoticeKind{selfheal.NoticeHealed}},
	)
	f := func(n selfheal.Notice, want string) {
		t.Helper()
		if got := states(r.Deliver(t.Context(), n)); got != want {
			t.Errorf("%s: %s, want %s", n.Title, got, want)
		}
	}
	f(about(selfheal.NoticeRegression, selfheal.SeverityError, "i1", "a"), "all:delivered/1 errors:delivered/1 shop:delivered/1")
	// Who was told that it broke is told that it healed; who was not, is not.
	f(about(selfheal.NoticeHealed, selfheal.SeverityInfo, "i1", "b"), "all:delivered/1 errors:delivered/1 shop:delivered/1 healed:delivered/1")
	f(about(selfheal.NoticeHealed, selfheal.SeverityInfo, "i2", "c"), "all:delivered/1 shop:delivered/1 healed:delivered/1")
	f(about(selfheal.NoticeHealed, selfheal.SeverityInfo, "i2", "c again"), "all:duplicate/0 shop:duplicate/0 healed:duplicate/0")
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	e := &ear{fail: []error{errors.New("refused")}}
	r := router(t, Options{Window: time.Hour, Clock: func() time.Time { return now }}, Route{Name: "x", Channel: e})
	n := about(selfheal.NoticeRegression, selfheal.SeverityError, "i1", "a")
	var got []string
	for _, wait := range []time.Duration{0, 0, time.Minute, 59 * time.Minute} {
		now = now.Add(wait)
		got = append(got, states(r.Deliver(t.Context(), n)))
	}
	// What was not told is told when it comes again; after the window, it is news.
	want := []string{"x:failed/1", "x:delivered/1", "x:duplicate/0", "x:delivered/1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	other := n
	other.URL = "https://forge.example.com/2"
	if d := r.Deliver(t.Context(), other); states(d) != "x:delivered/1" {
		t.Errorf("another pull request: %s", states(d))
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	f := func(name string, retry bool, failures int, want string, pauses ...time.Duration) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var waited []time.Duration
			e := &ear{retry: retry}
			for range failures {
				e.fail = append(e.fail, limited{})
			}
			o := Options{Attempts: 3, Sleep: func(_ context.Context, d time.Duration) error { waited = append(waited, d); return nil }}
			d := router(t, o, Route{Name: "x", Channel: e}).Deliver(t.Context(), about(selfheal.NoticeHealed, 0, "i", "a"))
			if diff := cmp.Diff(pauses, waited); diff != "" || states(d) != want || d[0].Retry != (retry && d[0].State == Failed) {
				t.Errorf("%s, waited (-want +got):\n%s", states(d), diff)
			}
		})
	}
	f("passes", true, 2, "x:delivered/3", 7*time.Second, 7*time.Second)
	f("does not pass", true, 9, "x:failed/3", 7*time.Second, 7*time.Second)
	f("stays", false, 9, "x:failed/1")
}

// limited is a refusal that says how long to wait.
type limited struct{}

func (limited) Error() string             { return "too many" }
func (limited) RetryAfter() time.Duration { return 7 * time.Second }

// TestRateLimit: what is too much is held back, counted, and told in one summary.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	e := &ear{}
	r := router(t, Options{Clock: func() time.Time { return now }}, Route{Name: "x", Channel: e, Burst: 3, Per: 10 * time.Minute})
	count := map[State]int{}
	for i := range 40 {
		for _, d := range r.Deliver(t.Context(), about(selfheal.NoticeRegression, selfheal.SeverityError, fmt.Sprintf("i%d", i), fmt.Sprintf("n%d", i))) {
			count[d.State]++
		}
	}
	if d := r.Deliver(t.Context(), about(selfheal.NoticeRegression, selfheal.SeverityError, "i39", "n39")); d[0].State != Duplicate {
		t.Errorf("held twice: %+v", d)
	}
	if diff := cmp.Diff(map[State]int{Delivered: 3, Held: 37}, count); diff != "" {
		t.Error(diff)
	}
	if early := r.Flush(t.Context()); len(early) != 0 {
		t.Errorf("a summary while the limit lasts: %+v", early)
	}
	now = now.Add(10 * time.Minute)
	e.fail = []error{errors.New("refused")}
	if d := r.Flush(t.Context()); states(d) != "x:failed/1" {
		t.Errorf("%s", states(d))
	}
	if d := r.Flush(t.Context()); states(d) != "x:delivered/1" {
		t.Errorf("%s", states(d))
	}
	if again := r.Flush(t.Context()); len(again) != 0 {
		t.Errorf("again: %+v", again)
	}
	if last := e.heard[len(e.heard)-1]; last != "summary 37 notices since 12:00 UTC" || len(e.heard) != 4 {
		t.Errorf("%q of %d", last, len(e.heard))
	}
}

func TestSummaryComesBeforeTheNext(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	e := &ear{}
	r := router(t, Options{Clock: func() time.Time { return now }}, Route{Name: "x", Channel: e, Burst: 1, Per: time.Minute})
	for i := range 3 {
		r.Deliver(t.Context(), about(selfheal.NoticeHealed, 0, fmt.Sprintf("i%d", i), fmt.Sprintf("n%d", i)))
	}
	now = now.Add(time.Minute)
	r.Deliver(t.Context(), about(selfheal.NoticeHealed, 0, "i9", "n9"))
	if diff := cmp.Diff([]string{"healed n0", "summary 2 notices since 12:00 UTC", "healed n9"}, e.heard); diff != "" {
		t.Error(diff)
	}
}

func TestSummaryText(t *testing.T) {
	t.Parallel()
	held := []selfheal.Notice{about(selfheal.NoticeRegression, selfheal.SeverityError, "i", "*a* <!here> [x](http://evil.example)"), about(selfheal.NoticeHealed, selfheal.SeverityInfo, "i", "b")}
	n := summary(held, 5, time.Now())
	if n.Severity != selfheal.SeverityError || n.Title != "7 notices since 12:00 UTC" || strings.Contains(n.Text, "[x](") || !strings.HasSuffix(n.Text, "- and 5 more\n") {
		t.Errorf("%+v", n)
	}
}

// TestNoChannelWaitsForAnother: a slow channel costs its own patience and nobody else's.
func TestNoChannelWaitsForAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow, deaf, fast := &ear{hang: time.Hour}, &ear{hang: 3 * time.Hour, deaf: true}, &ear{}
		r := router(t, Options{Patience: time.Minute}, Route{Name: "slow", Channel: slow}, Route{Name: "deaf", Channel: deaf}, Route{Name: "fast", Channel: fast})
		begin := time.Now()
		done := make(chan []Delivery)
		go func() { done <- r.Deliver(t.Context(), about(selfheal.NoticeHealed, 0, "i1", "a")) }()
		synctest.Wait()
		if len(fast.heard) != 1 {
			t.Error("the fast channel waits")
		}
		all := <-done
		if took := time.Since(begin); took != time.Minute {
			t.Errorf("took %s", took)
		}
		if all[0].State != Failed || !all[0].Retry || all[1].State != Failed || !all[1].Retry || all[2].State != Delivered {
			t.Errorf("%+v", all)
		}
		// The deaf channel is still at it: it gets nothing else meanwhile, and in the end was told after all.
		if d := r.Deliver(t.Context(), about(selfheal.NoticeHealed, 0, "i2", "b")); d[1].State != Failed || d[2].State != Delivered {
			t.Errorf("%+v", d)
		}
		time.Sleep(4 * time.Hour)
		if d := r.Deliver(t.Context(), about(selfheal.NoticeHealed, 0, "i1", "a")); d[1].State != Duplicate || len(deaf.heard) != 1 {
			t.Errorf("%+v, heard %v", d[1], deaf.heard)
		}
	})
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	e := &ear{}
	r := router(t, Options{}, Route{Name: "x", Channel: e, Burst: 1000})
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			r.Deliver(context.Background(), about(selfheal.NoticeHealed, 0, fmt.Sprintf("i%d", i%10), "a"))
		})
	}
	group.Wait()
	if len(e.heard) != 10 {
		t.Errorf("%d are heard of 10", len(e.heard))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	r := router(t, Options{}, Route{Name: "x", Channel: &ear{}, Burst: 1 << 30})
	l := r.lanes[0]
	for i := range 3 * maxTold {
		l.remember(about(selfheal.NoticeHealed, 0, fmt.Sprint(i), ""))
	}
	if len(l.told) > maxTold || len(l.about) > maxTold {
		t.Errorf("%d and %d keys", len(l.told), len(l.about))
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, routes := range [][]Route{
		{{Name: "x"}}, {{Channel: &ear{}}}, {{Name: "x", Channel: &ear{}, Services: []string{"["}}},
		{{Name: "x", Channel: &ear{}}, {Name: "x", Channel: &ear{}}},
	} {
		if _, err := New(routes, Options{}); err == nil {
			t.Errorf("%+v is taken", routes)
		}
	}
}
