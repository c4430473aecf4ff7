package selfheal_test

import (
	"testing"

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
