package pipeline_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/pipeline"
)

// by puts a revision into every line.
func (l lines) by(revision string) lines {
	stated := make(lines, len(l))
	for i, line := range l {
		stated[i] = strings.TrimSuffix(line, "}") + fmt.Sprintf(`,"service.version":%q}`, revision)
	}
	return stated
}

// TestPreviousRevisionIsTheControl: what the revision that still serves beside the
// new one shows as well is not the deploy's doing.
func TestPreviousRevisionIsTheControl(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	const week = 7 * 24 * time.Hour
	baseline := append(logged(deployed.Add(-week), week, 10*time.Minute, "INFO", "order {n} placed"),
		logged(deployed.Add(-week), week, 5*time.Hour, "WARN", "payment took {n} ms")...).by(w.base)
	serving := func(revision string) lines {
		return logged(deployed, time.Hour, time.Minute, "INFO", "order {n} placed").by(revision)
	}
	refused := func(revision string) lines {
		return logged(deployed, time.Hour, 2*time.Minute, "ERROR", "payment provider refused {n}").by(revision)
	}
	assess := func(watched ...lines) selfheal.Assessment {
		t.Helper()
		plan := w.plan()
		got, err := p.Assess(t.Context(), plan, pipeline.Sources{Baseline: baseline, Watched: split(watched)})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	alone := assess(serving(w.head), refused(w.head))
	if len(alone.Anomalies) != 1 {
		t.Fatalf("alone: %+v", alone.Anomalies)
	}
	canary := assess(serving(w.head), refused(w.head), serving(w.base))
	if len(canary.Anomalies) != 1 || canary.Anomalies[0].Observed != 30 {
		t.Errorf("only the new revision shows it: %+v", canary.Anomalies)
	}
	outage := assess(serving(w.head), refused(w.head), serving(w.base), refused(w.base))
	if len(outage.Anomalies) != 0 || len(outage.SetAside) != 1 || outage.SetAside[0].Silence != selfheal.SilenceSharedCause {
		t.Errorf("both show it: flagged %+v, set aside %+v", outage.Anomalies, outage.SetAside)
	}
	if a := outage.SetAside[0]; a.Observed != 30 || !strings.Contains(a.Why, "previous revision beside it") {
		t.Errorf("%d observed; %s", a.Observed, a.Why)
	}
}

// TestAskedByAnyName: a signature is found by the beginning of its id, and of an id that is counted under it.
func TestAskedByAnyName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	first, err := p.Assess(t.Context(), w.plan(), w.sources())
	if err != nil {
		t.Fatal(err)
	}
	panicked := first.Anomalies[0].Signature
	merged := first.Signatures[0]
	into := selfheal.Signature{ID: "g2-00000000000000ff", Template: "all panics", Title: "all panics"}
	if err := p.Override(t.Context(), "shop", selfheal.Override{Action: selfheal.OverrideMerge, Signature: merged, Into: &into}); err != nil {
		t.Fatal(err)
	}
	f := func(asked string, want selfheal.SignatureID) {
		t.Helper()
		plan := w.plan()
		plan.Asked = []string{asked}
		got, err := p.Assess(t.Context(), plan, w.sources())
		switch {
		case want == "" && selfheal.CodeOf(err) != selfheal.CodeUsage, want != "" && err != nil:
			t.Errorf("%q: %v", asked, err)
		case err == nil && (len(got.Asked) != 1 || got.Asked[0].Signature != want || !got.Asked[0].Flagged()):
			t.Errorf("%q: %+v", asked, got.Asked)
		case err == nil && len(got.Signatures) == 0:
			t.Errorf("%q is not described", asked)
		}
	}
	f(string(panicked), into.ID)
	f(string(panicked[:len(panicked)-4]), into.ID)
	f(string(into.ID), into.ID)
	f("g2-", "")
	f("g2-nosuch", "")
	f("", "")
}

// TestReach: of an anomaly it is known on how many of the hosts, and in how many requests, it occurred.
func TestReach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(t, unwrapped)
	from := w.sources()
	var watched lines
	for i := range 60 {
		at := deployed.Add(time.Duration(i) * time.Minute).Format(time.RFC3339)
		watched = append(watched,
			fmt.Sprintf(`{"time":%q,"level":"INFO","msg":"order placed","host":"shop-%d","trace_id":"a%031d"}`, at, i%4, i),
			fmt.Sprintf(`{"time":%q,"level":"ERROR","msg":"no price for this","host":"shop-%d","trace_id":"b%031d"}`, at, i%2, i/10))
	}
	got, err := p.Assess(t.Context(), w.plan(), pipeline.Sources{Baseline: from.Baseline, Watched: watched})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Anomalies) != 1 {
		t.Fatalf("flagged: %+v", got.Anomalies)
	}
	if a := got.Anomalies[0]; a.Instances != 2 || a.Serving != 4 || a.Traces != 6 {
		t.Errorf("on %d of %d hosts, in %d requests", a.Instances, a.Serving, a.Traces)
	}
}
