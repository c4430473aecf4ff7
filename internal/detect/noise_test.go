package detect

import "testing"

func TestLasting(t *testing.T) {
	t.Parallel()
	// clusterOf lasts for so many distinct minutes out of a span.
	clusterOf := func(minutes int, span int64) cluster { return cluster{first: 100, last: 99 + span, minutes: minutes} }
	f := func(name string, all []cluster, allowed, wantMinutes int, wantSpan int64) {
		t.Helper()
		minutes, span := lasting(all, 2, allowed)
		if minutes != wantMinutes || span != wantSpan {
			t.Errorf("%s: %d minutes over %d, want %d over %d", name, minutes, span, wantMinutes, wantSpan)
		}
		reached := 0
		for _, c := range all {
			if c.minutes >= minutes && c.span() >= span {
				reached++
			}
		}
		if reached > allowed {
			t.Errorf("%s: %d clusters reach it, %d are allowed", name, reached, allowed)
		}
	}
	f("no clusters", nil, 0, 2, 2)
	f("single occurrences", []cluster{clusterOf(1, 1), clusterOf(1, 1)}, 0, 2, 2)
	f("short and dense", []cluster{clusterOf(5, 5), clusterOf(4, 4)}, 0, 2, 6)
	f("long and sparse", []cluster{clusterOf(2, 50), clusterOf(2, 40)}, 0, 3, 3)
	f("both", []cluster{clusterOf(5, 5), clusterOf(2, 50)}, 0, 3, 6)
	f("one may pass", []cluster{clusterOf(5, 5), clusterOf(2, 50)}, 1, 2, 6)
}
