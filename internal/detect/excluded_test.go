package detect

import (
	"testing"
	"time"

	"selfheal"
)

// TestReturnOfARegression: what an earlier deploy broke, and a fix healed, is no part
// of the service's usual life when a later deploy breaks it again.
func TestReturnOfARegression(t *testing.T) {
	t.Parallel()
	f := func(name string, s *scene, kind selfheal.AnomalyKind) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := find(s.judge().Anomalies, "x"); a != nil {
				t.Fatalf("the baseline shows the same by itself, and yet: %s", a.Why)
			}
			s.in.Excluded = map[selfheal.SignatureID][]selfheal.Interval{"x": {{From: deployed.Add(-50 * time.Hour), To: deployed.Add(-46 * time.Hour)}}}
			if a := find(s.judge().Anomalies, "x"); a == nil || a.Kind != kind {
				t.Fatalf("want it flagged as %s, got %+v", kind, a)
			}
			s.in.Excluded["y"] = s.in.Excluded["x"]
			delete(s.in.Excluded, "x")
			if a := find(s.judge().Anomalies, "x"); a != nil {
				t.Errorf("the time of another signature is excluded, and yet: %s", a.Why)
			}
		})
	}
	plain := func() *scene { return newScene(week, time.Hour).background() }
	f("new", plain().every("x", -49*time.Hour, -47*time.Hour, time.Minute, 2).every("x", 0, time.Hour, time.Minute, 1), selfheal.AnomalyNew)
	f("rise", plain().every("x", -week, -50*time.Hour, 10*time.Minute, 1).every("x", -50*time.Hour, -46*time.Hour, time.Minute, 5).
		every("x", -46*time.Hour, 0, 10*time.Minute, 1).every("x", 0, time.Hour, time.Minute, 3), selfheal.AnomalyRise)
}

func TestExcludedMinutesKeepTheRate(t *testing.T) {
	t.Parallel()
	s := newScene(week, time.Hour).every("x", -week, 0, 7*time.Minute, 3)
	j := newJudgement(s.in, DefaultOptions())
	j.in.Excluded = map[selfheal.SignatureID][]selfheal.Interval{"x": {
		{From: deployed.Add(-50 * time.Hour), To: deployed.Add(-46 * time.Hour)}, {From: deployed.Add(-48 * time.Hour), To: deployed.Add(-40 * time.Hour)},
		{From: deployed.Add(-time.Hour), To: deployed.Add(time.Hour)}, {From: deployed.Add(-2 * week), To: deployed.Add(10*time.Hour - week)},
	}}
	before, after := tally(s.in.Baseline.Of("x")), tally(j.before("x"))
	if after < before-3 || after > before+3 {
		t.Errorf("%v occurrences became %v", before, after)
	}
	if spans := j.excluded("x", false); len(spans) != 3 || spansLength(spans) != (10+1+10)*60 {
		t.Errorf("excluded %v", spans)
	}
	j.in.Excluded["x"] = []selfheal.Interval{{From: deployed.Add(-2 * week), To: deployed}}
	if got := tally(j.before("x")); got != before {
		t.Errorf("with nothing left, %v occurrences became %v", before, got)
	}
}
