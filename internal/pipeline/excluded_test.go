package pipeline_test

import (
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/pipeline"
)

// TestRegressionThatComesBack: a baseline that holds the hour in which the same
// error was a regression, until its fix, does not make the error look usual.
func TestRegressionThatComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.sources()
	back := deployed.Add(26 * time.Hour)
	later := w.plan()
	later.Deploy.Previous, later.Deploy.Time = w.head, back
	later.Deploy.Revision = w.repository.Commit("prices: count from the end again", "prices/again.go", "package prices\n")
	sources := pipeline.Sources{
		Baseline: append(append(first.Baseline.(lines), first.Watched.(lines)...),
			logged(deployed.Add(time.Hour), 25*time.Hour, 10*time.Minute, "INFO", "order {n} placed")...),
		Watched: append(logged(back, time.Hour, time.Minute, "INFO", "order {n} placed"),
			logged(back.Add(2*time.Minute), 58*time.Minute, 2*time.Minute, "ERROR", panicked)...),
	}
	assess := func(p *pipeline.Pipeline) []selfheal.Anomaly {
		t.Helper()
		a, err := p.Assess(t.Context(), later, sources)
		if err != nil {
			t.Fatal(err)
		}
		return a.Anomalies
	}
	stranger := newWorld(t).open(t, unwrapped)
	if got := assess(stranger); len(got) != 0 {
		t.Fatalf("a store that knows of no incident takes it for usual, got %+v", got)
	}
	p := w.open(t, unwrapped)
	incident, err := w.live(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if incident.Stage != selfheal.StageClosed || incident.Verdict().Cause != selfheal.Caused {
		t.Fatalf("%s: %+v", incident.Stage, incident.Verdict())
	}
	if got := assess(p); len(got) != 1 || got[0].Kind != selfheal.AnomalyNew {
		t.Errorf("it came back as %+v", got)
	}
}
