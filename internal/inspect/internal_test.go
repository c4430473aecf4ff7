package inspect

import (
	"bytes"
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/group"
)

// TestTimelineCountsEverything: however records are spread and ordered, each
// stays in the bucket of its time, and the chart spans from the first to the last.
func TestTimelineCountsEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		offsets := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(-5, 200), rapid.Int64Range(-1e6, 1e6), rapid.Int64Range(-6e10, 2e11)), 1, 60).Draw(t, "seconds")
		var counts tally
		first, last := offsets[0], offsets[0]
		for i, s := range offsets {
			counts.note(&selfheal.Record{Time: time.Unix(s, 0)}, group.Index(i%3))
			first, last = min(first, s), max(last, s)
		}
		var sum tallied
		for i := range counts.entries {
			sum.add(&counts.entries[i])
		}
		chart := counts.timeline.chart(sum.spread)
		want := make([]int64, len(chart.Buckets))
		step := int64(time.Duration(chart.Step) / time.Second)
		for _, s := range offsets {
			if time.Duration(chart.Step) < math.MaxInt64 {
				want[(s-chart.From.Unix())/step]++
			}
		}
		for b := range want {
			if want[b] != chart.Buckets[b] {
				t.Fatalf("bucket %d has %d, want %d (step %d s)", b, chart.Buckets[b], want[b], step)
			}
		}
		if len(chart.Buckets) > spreadBuckets || chart.From.Unix() > first || chart.From.Unix()+step*int64(len(chart.Buckets)) <= last {
			t.Fatalf("%d to %d is shown from %v in %d steps of %d s", first, last, chart.From.Unix(), len(chart.Buckets), step)
		}
		if n := len(chart.Buckets); last-first >= spreadBuckets && n < spreadBuckets/2 {
			t.Fatalf("only %d buckets", n)
		}
	})
}

// TestChanceOfDifference compares with sums of exact binomial terms.
func TestChanceOfDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, after := rapid.Int64Range(0, 60).Draw(t, "before"), rapid.Int64Range(0, 60).Draw(t, "after")
		share := rapid.Float64Range(0.05, 0.95).Draw(t, "share")
		n := before + after
		term := func(k int64) float64 {
			ways, _ := new(big.Float).SetInt(new(big.Int).Binomial(n, k)).Float64()
			return ways * math.Pow(share, float64(k)) * math.Pow(1-share, float64(n-k))
		}
		atLeast, atMost := 0.0, 0.0
		for k := range n + 1 {
			if k >= after {
				atLeast += term(k)
			}
			if k <= after {
				atMost += term(k)
			}
		}
		want := min(1, 2*min(atLeast, atMost))
		if got := chanceOfDifference(before, after, share); math.Abs(got-want) > 1e-9*max(1, want) {
			t.Fatalf("%d and %d at %g: got %g, want %g", before, after, share, got, want)
		}
	})
}

func TestFalseDiscoveryRates(t *testing.T) {
	t.Parallel()
	got := falseDiscoveryRates([]float64{0.01, 0.04, 0.03, 0.5})
	for i, want := range []float64{0.04, 0.16 / 3, 0.16 / 3, 0.5} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("rate %d: got %g, want %g", i, got[i], want)
		}
	}
	if got := falseDiscoveryRates(nil); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// FuzzIntervalFilter: any line can be placed, and a line that was coloured is placed like a plain one.
func FuzzIntervalFilter(f *testing.F) {
	f.Add([]byte("2026-03-02T10:00:00Z INFO x"))
	f.Add([]byte("\x1b[32m2026-03-02T10:00:00Z\x1b[0m INFO x"))
	f.Add([]byte("\x1b[\xff"))
	f.Add([]byte(`{"log":"x\n","time":"2026-03-02T09:59:59.1Z"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		clock := func() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }
		interval := selfheal.Interval{From: clock().Add(-time.Hour)}
		placed := func(line []byte) placed {
			return newIntervalFilter(interval, clock).place(&selfheal.Entry{Line: line})
		}
		plain := newIntervalFilter(interval, clock).uncolored(line)
		if bytes.Contains(plain, []byte("\x1b[")) { // what is left makes a new sequence: no terminal writes that
			return
		}
		if got, want := placed(line), placed(bytes.Clone(plain)); got != want {
			t.Errorf("%q is placed at %d, without colours at %d", line, got, want)
		}
	})
}

func FuzzParseMoment(f *testing.F) {
	for _, seed := range []string{"2h", "7d", "1d12h", "2026-03-02", "9999999d", "-1h", "1e9h", "d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		if at, err := ParseMoment("--since", text, now); err != nil && selfheal.CodeOf(err) != selfheal.CodeUsage {
			t.Errorf("%q: %v", text, err)
		} else if ago, ok := parseAgo(text); ok && err == nil && ago < 0 {
			t.Errorf("%q is %v, %v ago", text, at, ago)
		}
	})
}
