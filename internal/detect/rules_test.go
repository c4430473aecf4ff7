package detect

import (
	"fmt"
	"math"
	"testing"
	"time"

	"selfheal"
)

func TestPlainRules(t *testing.T) {
	t.Parallel()
	scene := func(n int64) *scene {
		return newScene(week, time.Hour).background().
			every("x", -week, 0, 10*time.Minute, 1).every("x", 0, time.Hour, 10*time.Minute, n)
	}
	f := func(method Method, n int64, want bool) {
		t.Helper()
		o := DefaultOptions()
		o.Method = method
		r := Judge(scene(n).in, o)
		a := find(r.Anomalies, "x")
		if (a != nil) != want {
			t.Errorf("%s, x%d: flagged %v: %+v", method, n, a != nil, r.SetAside)
		}
		if a != nil && !a.Detected.Equal(deployed.Add(time.Hour)) {
			t.Errorf("%s: detected %v, and it looks at the end only", method, a.Detected)
		}
	}
	f(MethodSequential, 1, false)
	f(MethodPoisson, 1, false)
	f(MethodPoisson, 2, true)
	f(MethodThreshold, 1, false)
	f(MethodThreshold, 2, true)
	f(MethodMannWhitney, 1, false)
}

func TestRankTest(t *testing.T) {
	t.Parallel()
	low, high := make([]float64, 60), make([]float64, 60)
	for i := range high {
		low[i], high[i] = float64(i%3), float64(i%3)+1
	}
	if p := rankTest(low, high); p > 1e-6 {
		t.Errorf("clearly higher ranks: p %g", p)
	}
	if p := rankTest(low, low); math.Abs(p-0.5) > 0.01 {
		t.Errorf("the same ranks: p %g", p)
	}
	if p := rankTest(make([]float64, 9), make([]float64, 9)); p != 1 {
		t.Errorf("nothing at all: p %g", p)
	}
}

func TestMethodsAreChecked(t *testing.T) {
	t.Parallel()
	o := DefaultOptions()
	o.Method = "feeling"
	if selfheal.CodeOf(o.Validate()) != selfheal.CodeUsage {
		t.Error("an unknown method is fine")
	}
	o = DefaultOptions()
	o.Drops = "some"
	if selfheal.CodeOf(o.Validate()) != selfheal.CodeUsage {
		t.Error("an unknown choice of drops is fine")
	}
}

// requests says in how many requests a signature of the window occurred, all on one host.
func (s *scene) requests(id selfheal.SignatureID, n int) *scene {
	reach := &selfheal.Reach{}
	for i := range n {
		reach.See("host", fmt.Sprint("request ", i))
	}
	s.in.Watched.Series[id].Reach = reach
	return s
}

func TestPriorities(t *testing.T) {
	t.Parallel()
	f := func(s *scene, severity selfheal.Severity, want selfheal.Priority) {
		t.Helper()
		s.in.Signatures["x"].Severity = severity
		r := s.judge()
		if a := find(r.Anomalies, "x"); a == nil || a.Priority != want {
			t.Errorf("want %s, got %+v", want, a)
		}
	}
	typical := func() *scene { return newScene(week, time.Hour).background() }
	f(typical().every("x", 0, time.Hour, time.Minute, 2), selfheal.SeverityError, selfheal.PriorityPage)
	f(typical().every("x", 0, time.Hour, 3*time.Minute, 1), selfheal.SeverityError, selfheal.PriorityTicket)
	f(typical().every("x", 0, time.Hour, time.Minute, 2).requests("x", 2), selfheal.SeverityError, selfheal.PriorityTicket)
	f(typical().every("x", 0, time.Hour, time.Minute, 2).requests("x", 3), selfheal.SeverityError, selfheal.PriorityPage)
	f(typical().every("x", 0, time.Hour, time.Minute, 2), selfheal.SeverityWarn, selfheal.PriorityNote)
	f(typical().every("x", 50*time.Minute, 51*time.Minute, time.Minute, 1), selfheal.SeverityFatal, selfheal.PriorityPage)
}
