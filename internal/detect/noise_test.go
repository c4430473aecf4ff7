package detect

import (
	"testing"

	"selfheal"
)

func TestLasting(t *testing.T) {
	t.Parallel()
	// clusterOf lasts for so many distinct minutes, evenly over a span.
	clusterOf := func(minutes int, span int64) cluster {
		c := cluster{{Minute: 100, N: 1}}
		for i := 1; i < minutes; i++ {
			c = append(c, selfheal.Count{Minute: 100 + int64(i)*(span-1)/int64(minutes-1), N: 1})
		}
		return c
	}
	f := func(name string, all []cluster, allowed, wantMinutes int, wantSpan int64) {
		t.Helper()
		minutes, span := lasting(all, 2, 2, allowed)
		if minutes != wantMinutes || span != wantSpan {
			t.Errorf("%s: %d minutes over %d, want %d over %d", name, minutes, span, wantMinutes, wantSpan)
		}
		if n := reaching(all, minutes, span); n > allowed {
			t.Errorf("%s: %d clusters reach it, %d are allowed", name, n, allowed)
		}
	}
	f("no clusters", nil, 0, 4, 4)
	f("single occurrences", []cluster{clusterOf(1, 1), clusterOf(1, 1)}, 0, 4, 4)
	f("short and dense", []cluster{clusterOf(5, 5), clusterOf(4, 4)}, 0, 4, 6)
	f("long and sparse", []cluster{clusterOf(2, 50), clusterOf(2, 40)}, 0, 4, 4)
	f("both", []cluster{clusterOf(5, 5), clusterOf(2, 50)}, 0, 4, 6)
	f("one may pass", []cluster{clusterOf(6, 6), clusterOf(3, 3)}, 1, 4, 4)
	f("long ones", []cluster{clusterOf(6, 20), clusterOf(5, 18)}, 0, 6, 6)
}

func TestWhatGoesOnComingExceeds(t *testing.T) {
	t.Parallel()
	n := noise{minutes: 3, span: 6, count: 25}
	f := func(want bool, perMinute int64, minutes ...int64) {
		t.Helper()
		var counts []selfheal.Count
		for _, m := range minutes {
			counts = append(counts, selfheal.Count{Minute: m, N: perMinute})
		}
		if n.exceeded(counts) != want {
			t.Errorf("%d in each of %v: got %v", perMinute, minutes, !want)
		}
	}
	f(false, 1, 0, 1, 2)
	f(false, 1, 0, 5)
	f(true, 1, 0, 3, 5)
	f(true, 1, 0, 3, 16)
	f(false, 1, 0, 3, 17)
	f(true, 1, 0, 40, 43, 45)
	f(false, 100, 0, 1)
	f(true, 100, 0, 1, 2)
}
