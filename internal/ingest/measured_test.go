package ingest

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestQuantiles: a percentile of the histogram is that of the values, or up to a
// quarter more, whatever they are.
func TestQuantiles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(-1000, int64(24*time.Hour/time.Millisecond)), 1, 50).Draw(r, "milliseconds")
		var h, a, b histogram
		for i, ms := range values {
			h.add(time.Duration(ms) * time.Millisecond)
			[]*histogram{&a, &b}[i%2].add(time.Duration(ms) * time.Millisecond)
		}
		if a.merge(&b); a != h {
			r.Fatal("the merged halves differ from the whole")
		}
		slices.Sort(values)
		for _, q := range []float64{0, 0.5, 0.9, 0.99} {
			want := time.Duration(max(0, values[int(q*float64(len(values)))])) * time.Millisecond
			if got := h.quantile(q); got < want || got > want+want/4+time.Millisecond {
				r.Fatalf("%g: got %v, want %v", q, got, want)
			}
		}
	})
}
