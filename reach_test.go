package selfheal_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

func TestDistinct(t *testing.T) {
	t.Parallel()
	f := func(names int, low, high int64, wantExact bool) {
		t.Helper()
		var d selfheal.Distinct
		for range 2 {
			for i := range names {
				d.Add(fmt.Sprint("pod-", i))
			}
		}
		if n, exact := d.Count(); n < low || n > high || exact != wantExact {
			t.Errorf("%d names are counted as %d, exact: %t", names, n, exact)
		}
	}
	f(0, 0, 0, true)
	f(1, 1, 1, true)
	f(31, 31, 31, true)
	f(100, 60, 160, false)
	f(100_000, 60_000, 160_000, false)
}

// TestReachMerges: it does not matter on how many machines, nor in which order, records were seen.
func TestReachMerges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(rapid.StringN(0, 3, 3)).Draw(t, "names")
		var whole selfheal.Reach
		parts := make([]selfheal.Reach, 3)
		for _, name := range names {
			whole.See(name, name+"!")
			parts[rapid.IntRange(0, 2).Draw(t, "machine")].See(name, name+"!")
		}
		var merged selfheal.Reach
		for _, i := range rapid.Permutation([]int{0, 1, 2}).Draw(t, "order") {
			merged.Merge(&parts[i])
		}
		merged.Merge(nil)
		if diff := cmp.Diff(whole, merged); diff != "" {
			t.Fatal(diff)
		}
	})
}
