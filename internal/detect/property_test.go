package detect

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"selfheal"
)

// drawScene makes an arbitrary small world.
func drawScene(t *rapid.T) *scene {
	hours := rapid.SampledFrom([]int{1, 5, 24, 72, 168}).Draw(t, "baseline hours")
	window := rapid.SampledFrom([]int{1, 7, 30, 60, 120}).Draw(t, "window minutes")
	s := newScene(time.Duration(hours)*time.Hour, time.Duration(window)*time.Minute)
	severities := []selfheal.Severity{selfheal.SeverityInfo, selfheal.SeverityWarn, selfheal.SeverityError, selfheal.SeverityFatal}
	kinds := []selfheal.SignatureKind{selfheal.KindMessage, selfheal.KindException, selfheal.KindBuild}
	for i := range rapid.IntRange(1, 8).Draw(t, "signatures") {
		id := selfheal.SignatureID(fmt.Sprintf("s%d", i))
		s.signature(id, rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.SampledFrom(severities).Draw(t, "severity"))
		from, to := -hours*60, window-1
		for range rapid.IntRange(0, 30).Draw(t, "events") {
			at := time.Duration(rapid.IntRange(from, to).Draw(t, "minute")) * time.Minute
			s.every(id, at, at+1, time.Minute, rapid.Int64Range(1, 50).Draw(t, "n"))
		}
		if rate := rapid.IntRange(0, 3).Draw(t, "rate after"); rate > 0 {
			s.every(id, 0, time.Duration(window)*time.Minute, 3*time.Minute, int64(rate))
		}
	}
	return s
}

// TestSplitCountsMerge shows that it does not matter on how many machines, nor in
// which order, the counts were made.
func TestSplitCountsMerge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		want := s.judge()
		seed := rapid.Uint64().Draw(t, "seed")
		random := rand.New(rand.NewPCG(seed, 1))
		s.in.Baseline.Series = reassembled(s.in.Baseline.Series, random)
		s.in.Watched.Series = reassembled(s.in.Watched.Series, random)
		if diff := cmp.Diff(want, s.judge()); diff != "" {
			t.Fatalf("the same counts gave another answer:\n%s", diff)
		}
	})
}

// reassembled deals every occurrence to one of two machines and merges them in random order.
func reassembled(all map[selfheal.SignatureID]*selfheal.Series, random *rand.Rand) map[selfheal.SignatureID]*selfheal.Series {
	merged := map[selfheal.SignatureID]*selfheal.Series{}
	for id, series := range all {
		var machines [2]selfheal.Series
		for _, i := range random.Perm(len(series.Counts)) {
			c := series.Counts[i]
			first := random.Int64N(c.N + 1)
			if first > 0 {
				machines[0].Add(c.Minute, first)
			}
			if c.N > first {
				machines[1].Add(c.Minute, c.N-first)
			}
		}
		machines[0].Merge(&machines[1])
		merged[id] = &machines[0]
	}
	return merged
}

// TestMoreIsNeverLess shows that further occurrences in the window never make a
// signature less conspicuous.
func TestMoreIsNeverLess(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		before := s.judge()
		if len(before.Anomalies) == 0 {
			return
		}
		a := rapid.SampledFrom(before.Anomalies).Draw(t, "anomaly")
		window := int(s.in.WatchedInterval.Duration() / time.Minute)
		at := time.Duration(rapid.IntRange(0, window-1).Draw(t, "minute")) * time.Minute
		s.every(a.Signature, at, at+1, time.Minute, rapid.Int64Range(1, 1000).Draw(t, "more"))
		got := find(s.judge().Anomalies, a.Signature)
		if got == nil {
			t.Fatalf("%s was flagged, and is not with more occurrences", a.Why)
		}
		if got.PValue > a.PValue {
			t.Fatalf("p rose from %g to %g", a.PValue, got.PValue)
		}
	})
}

// TestResultHoldsTogether checks what every reader of a result relies on.
func TestResultHoldsTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		got := s.judge()
		for _, a := range got.Anomalies {
			checkAnomaly(t, s.in, a)
			if !a.Flagged() || a.Detected.IsZero() {
				t.Fatalf("flagged anomaly: %+v", a)
			}
			if a.Detected.Before(a.Onset) || a.Detected.After(s.in.WatchedInterval.To) {
				t.Fatalf("detected %v, onset %v", a.Detected, a.Onset)
			}
		}
		for _, a := range got.SetAside {
			checkAnomaly(t, s.in, a)
			if a.Flagged() {
				t.Fatalf("set aside without a reason: %+v", a)
			}
		}
	})
}

func checkAnomaly(t *rapid.T, in Input, a selfheal.Anomaly) {
	if a.Observed != in.Watched.Of(a.Signature).Total() {
		t.Fatalf("observed %d of %d", a.Observed, in.Watched.Of(a.Signature).Total())
	}
	if a.PValue <= 0 || a.PValue > 1 || a.QValue < a.PValue || a.QValue > 1 {
		t.Fatalf("p %g, q %g", a.PValue, a.QValue)
	}
	if r := a.Ratio; r.Low > r.Estimate || r.High != 0 && r.High < r.Estimate || r.Low < 0 {
		t.Fatalf("ratio %+v", r)
	}
	if !a.Onset.IsZero() && !in.WatchedInterval.Contains(a.Onset) {
		t.Fatalf("onset %v outside the window", a.Onset)
	}
}

// TestNullChancesAreHonest shows that without a change a p-value is as small as
// alpha at most about alpha of the time, for Poisson counts and for bursts on top
// of a rate that varies by the hour.
func TestNullChancesAreHonest(t *testing.T) {
	t.Parallel()
	f := func(name string, worlds int, perHour, shape, burst, slack float64) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(42, 7))
			var p []float64
			for range worlds {
				s := newScene(week, time.Hour)
				for i := range 100 {
					nullSeries(s, selfheal.SignatureID(fmt.Sprintf("s%03d", i)), perHour, shape, burst, random)
				}
				m := NewMonitor(s.in, DefaultOptions())
				m.Observe(Batch{Counts: s.in.Watched, Through: s.in.WatchedInterval.To})
				for _, subject := range m.j.subjects {
					p = append(p, subject.p)
				}
			}
			checkHonest(t, p, slack)
		})
	}
	f("rare Poisson", 20, 0.05, 0, 1, 1)
	f("Poisson", 10, 5, 0, 1, 1)
	f("frequent Poisson", 1, 200, 0, 1, 1)
	f("varying by the hour", 3, 30, 6, 1, 1.5)
	f("bursts", 6, 10, 0, 5, 1.5)
	f("bursts and hours", 3, 40, 8, 4, 1.5)
}

// checkHonest compares how many p-values are small with how many may be.
func checkHonest(t *testing.T, p []float64, slack float64) {
	t.Helper()
	slices.Sort(p)
	for _, alpha := range []float64{0.1, 0.01, 0.001} {
		below, _ := slices.BinarySearch(p, alpha)
		mean := alpha * float64(len(p))
		if most := slack*mean + 3*math.Sqrt(slack*mean) + 1; float64(below) > most {
			t.Errorf("%d of %d p-values below %g, want at most %.0f", below, len(p), alpha, most)
		}
	}
}

// nullSeries makes hourly gamma rates with bursts of geometric size, the same before and after.
func nullSeries(s *scene, id selfheal.SignatureID, perHour, shape, burst float64, random *rand.Rand) {
	s.signature(id, selfheal.KindMessage, selfheal.SeverityError)
	for at := -week; at < time.Hour; at += time.Hour {
		rate := perHour / burst
		if shape > 0 {
			rate *= distuv.Gamma{Alpha: shape, Beta: shape, Src: random}.Rand()
		}
		for range int(distuv.Poisson{Lambda: rate, Src: random}.Rand()) {
			size := int64(1)
			for burst > 1 && random.Float64() > 1/burst {
				size++
			}
			minute := at + time.Duration(random.IntN(60))*time.Minute
			s.every(id, minute, minute+1, time.Minute, size)
		}
	}
}

func TestQValues(t *testing.T) {
	t.Parallel()
	got := qValues([]float64{0.04, 0.001, 0.03, 0.5}, 5)
	want := []float64{0.04 * 5 / 3, 0.005, 0.04 * 5 / 3, 0.625}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })); diff != "" {
		t.Errorf("q-values (-want +got):\n%s", diff)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 40).Draw(t, "p")
		rate := rapid.Float64Range(0.001, 0.5).Draw(t, "rate")
		q := qValues(p, len(p))
		sorted := slices.Sorted(slices.Values(p))
		largest := -1.0 // Benjamini and Hochberg's step-up threshold, by definition
		for rank, value := range sorted {
			if value <= rate*float64(rank+1)/float64(len(p)) {
				largest = value
			}
		}
		for i := range p {
			if math.Abs(q[i]-rate) > 1e-12 && (q[i] <= rate) != (p[i] <= largest) {
				t.Fatalf("p %g of %v: q %g at rate %g", p[i], p, q[i], rate)
			}
		}
	})
}

func TestUpperTailIsBinomialWithoutFrailty(t *testing.T) {
	t.Parallel()
	// P(X >= 3) for X ~ Bin(3+7, 1/4), summed by hand.
	want := 0.0
	for x := 3; x <= 10; x++ {
		want += math.Gamma(11) / math.Gamma(float64(x+1)) / math.Gamma(float64(11-x)) * math.Pow(0.25, float64(x)) * math.Pow(0.75, float64(10-x))
	}
	if got := upperTail(3, 8, 8.0/3); math.Abs(got-want) > 1e-12 {
		t.Errorf("got %v, want %v", got, want)
	}
}

// FuzzJudge feeds arbitrary counts and intervals: every result must encode as
// JSON, which refuses what is not a finite number.
func FuzzJudge(f *testing.F) {
	f.Add(int64(10080), int64(60), int64(0), int64(3), int64(40), int64(0), int64(0), 17)
	f.Add(int64(0), int64(0), int64(0), int64(0), int64(0), int64(0), int64(0), 21)
	f.Add(int64(1), int64(math.MaxInt32), int64(-5), int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MaxInt64), int64(-1), 17)
	f.Add(int64(10080), int64(1), int64(30), int64(0), int64(math.MaxInt64), int64(0), int64(5), 13)
	f.Add(int64(100), int64(10000), int64(-30), int64(1<<40), int64(1<<50), int64(7), int64(5), 17)
	f.Fuzz(func(t *testing.T, baseline, window, deploy, before, after, undated, records int64, severity int) {
		limit := func(m int64) time.Duration { return time.Duration(min(max(m, -1e8), 1e8)) * time.Minute }
		s := newScene(limit(baseline), limit(window))
		s.in.DeployedAt = deployed.Add(limit(deploy))
		s.in.Baseline.Records, s.in.Watched.Records = records, records
		for i, kind := range []selfheal.SignatureKind{selfheal.KindMessage, selfheal.KindException, selfheal.KindBuild} {
			id := selfheal.SignatureID(fmt.Sprintf("s%d", i))
			s.signature(id, kind, selfheal.Severity(severity))
			s.in.Baseline.Series[id] = fuzzSeries(selfheal.MinuteOf(deployed)-max(baseline/2, 1), before, int64(i), undated)
			s.in.Watched.Series[id] = fuzzSeries(selfheal.MinuteOf(deployed), after, int64(i+1), undated)
		}
		got := s.judge()
		if _, err := json.Marshal(got); err != nil {
			t.Fatalf("%v: %+v", err, got)
		}
		if got.Power == "" {
			t.Fatal("nothing is said about power")
		}
	})
}

func fuzzSeries(from, n, step, undated int64) *selfheal.Series {
	series := &selfheal.Series{Undated: undated}
	for i := range int64(6) {
		if n != 0 {
			series.Counts = append(series.Counts, selfheal.Count{Minute: from + i*max(step, 1), N: n})
		}
	}
	return series
}

// BenchmarkJudge is the size that must stay well below 100 ms: 1,000 signatures,
// a week of minutes, an hour of window.
func BenchmarkJudge(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	s := newScene(week, time.Hour)
	for i := range 1000 {
		id := selfheal.SignatureID(fmt.Sprintf("s%04d", i))
		s.signature(id, selfheal.KindMessage, selfheal.SeverityError)
		density := math.Pow(random.Float64(), 3)
		for at := -week; at < time.Hour; at += time.Minute {
			if random.Float64() < density {
				s.every(id, at, at+1, time.Minute, 1+random.Int64N(3))
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		s.judge()
	}
}
