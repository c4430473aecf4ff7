package detect

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

// clusterOf lasts for so many distinct minutes, evenly over a span.
func clusterOf(minutes int, span int64) cluster {
	c := cluster{{Minute: 100, N: 1}}
	for i := 1; i < minutes; i++ {
		c = append(c, selfheal.Count{Minute: 100 + int64(i)*(span-1)/int64(minutes-1), N: 1})
	}
	return c
}

func TestLasting(t *testing.T) {
	t.Parallel()
	f := func(name string, all []cluster, allowed int, want ...step) {
		t.Helper()
		got := lasting(all, step{minutes: 2, span: 2}, seldomLeast, allowed)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{})); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		n := 0
		for _, c := range all {
			if (&ways{steps: got, count: math.Inf(1)}).met(c) {
				n++
			}
		}
		if n > allowed {
			t.Errorf("%s: %d clusters last, %d are allowed", name, n, allowed)
		}
	}
	dense := func(minutes int, span int64) step { return step{minutes, span, true} }
	long := func(minutes int, span int64) step { return step{minutes, span, false} }
	f("no clusters", nil, 0, dense(4, 4), long(5, 5))
	f("single occurrences", []cluster{clusterOf(1, 1), clusterOf(1, 1)}, 0, dense(4, 4), long(5, 5))
	f("short and dense", []cluster{clusterOf(5, 5), clusterOf(4, 4)}, 0, dense(4, 6), long(5, 6))
	f("long and sparse", []cluster{clusterOf(2, 50), clusterOf(2, 40)}, 0, dense(4, 4), long(5, 5))
	f("long and less sparse", []cluster{clusterOf(5, 50)}, 0, dense(4, 4), long(6, 6))
	f("one may pass", []cluster{clusterOf(6, 6), clusterOf(3, 3)}, 1, dense(4, 4), long(5, 5))
	f("long ones", []cluster{clusterOf(6, 20), clusterOf(5, 18)}, 0, dense(6, 6), long(5, 21))
	f("endless ones", []cluster{clusterOf(60, 60)}, 0, dense(4, math.MaxInt64))
}

func TestAllowanceIsKeptInTheNextWindow(t *testing.T) {
	t.Parallel()
	f := func(perWindow, windows float64, want int) {
		t.Helper()
		if got := allowance(perWindow, windows); got != want {
			t.Errorf("%g of %g windows: %d, want %d", perWindow, windows, got, want)
		}
	}
	f(0.05, 168, 7)
	f(0.02, 168, 2)
	f(0.001, 168, 0)
	f(1, 1, 1)
}

func TestWhatGoesOnComingExceeds(t *testing.T) {
	t.Parallel()
	f := func(s step, want bool, perMinute int64, minutes ...int64) {
		t.Helper()
		var counts []selfheal.Count
		for _, m := range minutes {
			counts = append(counts, selfheal.Count{Minute: m, N: perMinute})
		}
		w := ways{steps: []step{s}, count: 25}
		if w.met(counts) != want {
			t.Errorf("%+v of %d in each of %v: got %v", s, perMinute, minutes, !want)
		}
	}
	dense, long := step{3, 6, true}, step{3, 6, false}
	f(dense, false, 1, 0, 1, 2)
	f(dense, false, 1, 0, 5)
	f(dense, true, 1, 0, 3, 5)
	f(dense, true, 1, 0, 3, 16)
	f(dense, false, 1, 0, 3, 17)
	f(dense, true, 1, 0, 40, 43, 45)
	f(dense, false, 100, 0, 1)
	f(dense, true, 100, 0, 1, 2)
	f(long, true, 1, 0, 3, 17)
	f(long, true, 1, 0, 20, 45)
	f(long, false, 1, 0, 20, 46)
	f(long, true, 1, 0, 26, 30, 31)
	f(long, false, 1, 0, 1, 2)
}

func TestWhatBeginsWithTheDeployNeedsLess(t *testing.T) {
	t.Parallel()
	n := noise{
		prompt: ways{[]step{{3, 5, false}}, 25},
		later:  ways{[]step{{6, 9, false}}, 40},
	}
	f := func(want bool, deploy int64, perMinute int64, minutes ...int64) {
		t.Helper()
		var counts []selfheal.Count
		for _, m := range minutes {
			counts = append(counts, selfheal.Count{Minute: m, N: perMinute})
		}
		if n.exceeded(counts, deploy) != want {
			t.Errorf("%d in each of %v, deployed at %d: got %v", perMinute, minutes, deploy, !want)
		}
	}
	f(true, 100, 1, 104, 106, 108)
	f(false, 100, 1, 105, 106, 109)
	f(false, 100, 1, 99, 102, 104)
	f(true, 100, 10, 100, 101, 102)
	f(false, 100, 10, 106, 107, 108)
	f(true, 100, 10, 106, 107, 108, 109)
	// One that came with the deploy, and others much later, are two things.
	f(false, 100, 1, 102, 140, 145, 149)
	f(true, 100, 1, 102, 140, 142, 143, 145, 147, 149)
}
