package verify_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/verify"
)

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func broken(observed int64, expected float64) selfheal.Assessment {
	return selfheal.Assessment{
		Window: selfheal.Window{
			Watched:       selfheal.Interval{From: start, To: start.Add(time.Hour)},
			Observability: selfheal.Observability{Watched: selfheal.Coverage{Records: 1000}},
		},
		Anomalies: []selfheal.Anomaly{{Signature: "g2-a", Observed: observed, Expected: expected}},
	}
}

func fixed(after int64, length time.Duration) selfheal.FixDeployed {
	return selfheal.FixDeployed{
		Counts:  map[selfheal.SignatureID]int64{"g2-a": after},
		Window:  selfheal.Window{Watched: selfheal.Interval{From: start.Add(2 * time.Hour), To: start.Add(2*time.Hour + length)}},
		Records: int64(1000 * length.Hours()),
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	f := func(observed int64, expected float64, after int64, length time.Duration, want selfheal.OutcomeState) {
		t.Helper()
		got := verify.Judge(broken(observed, expected), []selfheal.SignatureID{"g2-a"}, fixed(after, length))
		if got.State != want || got.Reason == "" {
			t.Errorf("%d broken, %d in %s after: got %s (%s), want %s", observed, after, length, got.State, got.Reason, want)
		}
	}
	f(31, 0.1, 0, time.Hour, selfheal.OutcomeHealed)
	f(31, 0.1, 1, time.Hour, selfheal.OutcomeHealed)
	f(31, 0.1, 30, time.Hour, selfheal.OutcomePersisting)
	f(31, 0.1, 12, time.Hour, selfheal.OutcomePersisting) // fewer, far from gone
	f(31, 0.1, 0, time.Minute, selfheal.OutcomeUnknown)   // too short to say
	f(3, 0, 0, time.Hour, selfheal.OutcomeUnknown)        // 3 against 0 may be luck
	f(300, 100, 104, time.Hour, selfheal.OutcomeHealed)   // back to what it always was
	f(300, 100, 290, time.Hour, selfheal.OutcomePersisting)
}

// TestDrop: what went silent is healed when it is back.
func TestDrop(t *testing.T) {
	t.Parallel()
	f := func(after int64, length time.Duration, want selfheal.OutcomeState) {
		t.Helper()
		silent := broken(0, 60)
		silent.Anomalies[0].Kind = selfheal.AnomalyDrop
		if got := verify.Judge(silent, []selfheal.SignatureID{"g2-a"}, fixed(after, length)); got.State != want || got.Reason == "" {
			t.Errorf("%d in %s after: got %s (%s), want %s", after, length, got.State, got.Reason, want)
		}
	}
	f(55, time.Hour, selfheal.OutcomeHealed)
	f(0, time.Hour, selfheal.OutcomePersisting)
	f(12, time.Hour, selfheal.OutcomePersisting)
	f(0, time.Minute, selfheal.OutcomePersisting)
}

func TestBlindAfterTheFix(t *testing.T) {
	t.Parallel()
	fix := fixed(0, time.Hour)
	fix.Window.Observability.Problems = []selfheal.Problem{{Code: selfheal.ProblemNoWindow, Detail: "nothing was logged"}}
	if got := verify.Judge(broken(31, 0), []selfheal.SignatureID{"g2-a"}, fix); got.State != selfheal.OutcomeUnknown {
		t.Errorf("nothing was seen, and the outcome is %s", got.State)
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	f := func(status selfheal.DeployStatus, want selfheal.OutcomeState) {
		t.Helper()
		b, fix := broken(2, 0), fixed(0, time.Hour)
		b.Deploy.Status, fix.Deploy.Status = selfheal.DeployBuildFailed, status
		if got := verify.Judge(b, []selfheal.SignatureID{"g2-a"}, fix); got.State != want {
			t.Errorf("%s: got %s, want %s", status, got.State, want)
		}
	}
	f(selfheal.DeploySucceeded, selfheal.OutcomeHealed)
	f(selfheal.DeployBuildFailed, selfheal.OutcomePersisting)
}

// TestJudgeIsSane: more errors after the fix never make it look better, and the
// result can always be written as JSON.
func TestJudgeIsSane(t *testing.T) {
	t.Parallel()
	rank := map[selfheal.OutcomeState]int{selfheal.OutcomeHealed: 0, selfheal.OutcomeUnknown: 1, selfheal.OutcomePersisting: 2}
	rapid.Check(t, func(t *rapid.T) {
		observed := rapid.Int64Range(0, 1e9).Draw(t, "observed")
		expected := rapid.Float64Range(0, 1e6).Draw(t, "expected")
		length := time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "length"))
		after := rapid.Int64Range(0, 1e9).Draw(t, "after")
		fewer := verify.Judge(broken(observed, expected), []selfheal.SignatureID{"g2-a"}, fixed(after/2, length))
		more := verify.Judge(broken(observed, expected), []selfheal.SignatureID{"g2-a"}, fixed(after, length))
		if rank[more.State] < rank[fewer.State] {
			t.Fatalf("%d after: %s, but %d after: %s", after/2, fewer.State, after, more.State)
		}
		if _, err := json.Marshal(more); err != nil {
			t.Fatal(err)
		}
	})
}
