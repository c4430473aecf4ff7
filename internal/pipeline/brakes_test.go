package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/pipeline"
)

func TestBrakes(t *testing.T) {
	t.Parallel()
	now := deployed
	ago := func(hours ...int) []time.Time {
		var all []time.Time
		for _, h := range hours {
			all = append(all, now.Add(-time.Duration(h)*time.Hour))
		}
		return all
	}
	b := pipeline.Brakes{PerDay: 2, Open: 2, Dollars: 5, Failures: 3, Pause: 12 * time.Hour}
	f := func(name string, s pipeline.Spent, brake string, until time.Time) {
		t.Helper()
		held := b.Check(s, now)
		switch {
		case held == nil && brake != "":
			t.Errorf("%s: nothing holds, want %s", name, brake)
		case held != nil && (held.Brake != brake || !held.Until.Equal(until)):
			t.Errorf("%s: %+v, want %s until %s", name, held, brake, until)
		}
	}
	f("nothing was done", pipeline.Spent{}, "", now)
	f("below all bounds", pipeline.Spent{Opened: ago(3), Open: []string{"a"}, Dollars: 4.99, Failures: ago(1, 2)}, "", now)
	f("two within a day", pipeline.Spent{Opened: ago(20, 3)}, "per_day", now.Add(4*time.Hour))
	f("three within a day", pipeline.Spent{Opened: ago(22, 20, 3)}, "per_day", now.Add(4*time.Hour))
	f("two are open", pipeline.Spent{Open: []string{"a", "b"}}, "open", now.Add(10*time.Minute))
	f("the third failure", pipeline.Spent{Failures: ago(2, 5, 30)}, "failures", now.Add(10*time.Hour))
	f("the pause is over", pipeline.Spent{Failures: ago(12, 13, 30)}, "", now)
	if held := (pipeline.Brakes{}).Check(pipeline.Spent{Opened: ago(1, 1, 1, 1), Dollars: 1e6, Failures: ago(1, 1)}, now); held != nil {
		t.Errorf("without bounds %+v holds", held)
	}
}

// A store full of pull requests that nobody looked at opens no other, and goes on
// when people have.
func TestBrakeHoldsAnIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	p.Brakes = pipeline.Brakes{PerDay: 1}
	event, err := selfheal.NewEvent(w.clock.Now(), "test", selfheal.EventIncidentOpened, selfheal.Opened{ID: "other-1"})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := selfheal.NewEvent(w.clock.Now(), "test", selfheal.EventPullRequestOpened, selfheal.PullRequest{Mark: "m", Number: 9})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Store.Append(t.Context(), "incident:production/other/1", 0, event, opened); err != nil {
		t.Fatal(err)
	}
	assessment, err := p.Assess(t.Context(), w.plan(), w.sources())
	if err != nil {
		t.Fatal(err)
	}
	incident, err := p.Open(t.Context(), assessment, w.request())
	if err != nil {
		t.Fatal(err)
	}
	next, err := p.Run(t.Context(), incident.Key)
	if err != nil || !strings.HasPrefix(next.Waiting, "brake per_day") || next.At.IsZero() {
		t.Fatalf("waits for %q until %s, error %v; want the brake", next.Waiting, next.At, err)
	}
	w.clock.advance(25 * time.Hour)
	if err := w.forge.Push(t.Context(), w.repository.Dir, w.head, "main"); err != nil {
		t.Fatal(err)
	}
	next, err = p.Run(t.Context(), incident.Key)
	if err != nil || next.Incident.Stage != selfheal.StageProposed {
		t.Fatalf("a day later it is %s, waits for %q, error %v; want it proposed", next.Incident.Stage, next.Waiting, err)
	}
}
