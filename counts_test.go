package selfheal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"selfheal"
)

// TestSeriesMerge: merging is adding one by one, whatever the lengths and the order of the minutes.
func TestSeriesMerge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (s selfheal.Series) {
			for _, minute := range rapid.SliceOfN(rapid.Int64Range(-5, 100), 0, rapid.SampledFrom([]int{2, 100}).Draw(t, "size")).Draw(t, name) {
				s.Add(minute, minute+6)
			}
			s.Undated = int64(len(s.Counts))
			return s
		}
		a, b := draw("a"), draw("b")
		want := selfheal.Series{Undated: a.Undated + b.Undated}
		for _, one := range []selfheal.Series{a, b} {
			for _, c := range one.Counts {
				want.Add(c.Minute, c.N)
			}
		}
		a.Merge(&b)
		if diff := cmp.Diff(want, a, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestCountsWithin(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	minute := selfheal.MinuteOf(at)
	var all selfheal.Counts
	all.Series = map[selfheal.SignatureID]*selfheal.Series{"often": {}, "once": {}}
	for i := range int64(10) {
		all.Series["often"].Add(minute+i, i+1)
		all.All.Add(minute+i, i+1)
	}
	all.Series["once"].Add(minute+8, 1)
	part := all.Within(selfheal.Interval{From: at.Add(2 * time.Minute), To: at.Add(4*time.Minute + 30*time.Second)})
	want := []selfheal.Count{{Minute: minute + 2, N: 3}, {Minute: minute + 3, N: 4}}
	if diff := cmp.Diff(want, part.Of("often").Counts); diff != "" || len(part.Series) != 1 || part.Records != 7 {
		t.Errorf("%s\n%+v", diff, part)
	}
	part.Series["often"].Add(minute+4, 100)
	if got := all.Of("often").Between(minute+4, minute+5); got != 5 {
		t.Errorf("appending to the part changed the whole: %d", got)
	}
	if empty := all.Within(selfheal.Interval{From: at.Add(time.Minute), To: at}); len(empty.Series) != 0 || empty.Records != 0 {
		t.Errorf("an interval that ends before it begins: %+v", empty)
	}
}
