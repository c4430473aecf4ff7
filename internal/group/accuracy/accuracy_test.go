package accuracy

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestEvaluate(t *testing.T) {
	t.Parallel()
	// Labels: a a a b b c. Groups: 1 1 1 2 3 3: only a is right; b is split, and c mixed with part of it.
	lines := []Line{
		{"a <*>", "1", "a <num>"}, {"a <*>", "1", "a <num>"}, {"a <*>", "1", "a <num>"},
		{"b", "2", "b"}, {"b", "3", "x"}, {"c", "3", "x"},
	}
	want := Metrics{GA: 3.0 / 6, PGA: 1.0 / 3, RGA: 1.0 / 3, FGA: 1.0 / 3, PA: 4.0 / 6, FTA: 2.0 / 3, Lines: 6, Found: 3, Labels: 3}
	if diff := cmp.Diff(want, Evaluate(lines), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m := Evaluate(nil); m.GA != 0 || math.IsNaN(m.FGA) {
		t.Errorf("of nothing: %+v", m)
	}
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		if got := Normalize(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}

	f("a <num> b", "a <*> b")
	f("a <*>:<*> b", "a <*> b")
	f("a <*>, <*> b", "a <*> b")
	f("took <*>ms", "took <*>")
	f("x=<value>", "x=<*>")
}
