package detect

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"selfheal"
)

// pieces deals every count of a window to so many batches at random.
func pieces(all selfheal.Counts, n int, random *rand.Rand) []selfheal.Counts {
	batches := make([]selfheal.Counts, n)
	for i := range batches {
		batches[i].Series = map[selfheal.SignatureID]*selfheal.Series{}
	}
	for id, series := range all.Series {
		for _, at := range random.Perm(len(series.Counts)) {
			c := series.Counts[at]
			for left := c.N; left > 0; {
				part := 1 + random.Int64N(left)
				b := &batches[random.IntN(n)]
				if b.Series[id] == nil {
					b.Series[id] = &selfheal.Series{}
				}
				b.Series[id].Add(c.Minute, part)
				left -= part
			}
		}
	}
	batches[0].Records = all.Records
	return batches
}

// TestHoweverItIsFed shows that neither the polling interval, nor the order, nor
// the batches, nor on how many machines the counts were made change the answer, and
// that a window read from files gives the answer that watching it gave.
func TestHoweverItIsFed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		want := s.judge()
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		window := s.in.WatchedInterval
		poll := time.Duration(rapid.IntRange(1, 90).Draw(t, "poll minutes")) * time.Minute

		inTime := NewMonitor(s.in, DefaultOptions())
		for from := window.From; from.Before(window.To); from = from.Add(poll) {
			look := between(s.in.Watched, from, from.Add(poll))
			batches := pieces(look, 3, random)
			inTime.Observe(Batch{Counts: batches[0], Through: from})
			inTime.Observe(Batch{Counts: batches[1], Through: from})
			inTime.Observe(Batch{Counts: batches[2], Through: from.Add(poll)})
			inTime.Result() // looking changes nothing
		}
		if diff := cmp.Diff(want, inTime.Result()); diff != "" {
			t.Fatalf("watching every %v gave another answer:\n%s", poll, diff)
		}

		late := NewMonitor(s.in, DefaultOptions())
		for i, b := range pieces(s.in.Watched, 4, random) {
			late.Observe(Batch{Counts: b, Through: window.From.Add(time.Duration(i+1) * window.Duration() / 4)})
		}
		if diff := cmp.Diff(want, late.Result()); diff != "" {
			t.Fatalf("counts that came late gave another answer:\n%s", diff)
		}

		late.Reset()
		late.Observe(Batch{Counts: s.in.Watched, Through: window.To})
		if diff := cmp.Diff(want, late.Result()); diff != "" {
			t.Fatalf("after a restart another answer:\n%s", diff)
		}
	})
}

// between cuts counts to a stretch of time.
func between(all selfheal.Counts, from, to time.Time) selfheal.Counts {
	cut := selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}}
	for id, series := range all.Series {
		counts := inside(series.Counts, minutes{selfheal.MinuteOf(from), selfheal.MinuteOf(to)})
		if len(counts) > 0 {
			cut.Series[id] = &selfheal.Series{Counts: counts}
		}
	}
	return cut
}

// TestFlagsAreKept shows that who looks at every minute and remembers whatever was
// flagged knows no more than the last result says, retracted flags included.
func TestFlagsAreKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		m := NewMonitor(s.in, DefaultOptions())
		flaggedAt := map[selfheal.SignatureID]time.Time{}
		for at := s.in.WatchedInterval.From; at.Before(s.in.WatchedInterval.To); at = at.Add(time.Minute) {
			m.Observe(Batch{Counts: between(s.in.Watched, at, at.Add(time.Minute)), Through: at.Add(time.Minute)})
			for _, a := range m.Result().Anomalies {
				if _, known := flaggedAt[a.Signature]; !known {
					flaggedAt[a.Signature] = at.Add(time.Minute)
				}
			}
		}
		r := s.judge()
		for _, a := range append(r.Anomalies, r.SetAside...) {
			if a.Detected.IsZero() {
				continue
			}
			if !flaggedAt[a.Signature].Equal(a.Detected) {
				t.Fatalf("flagged at %v, and %v says %v", flaggedAt[a.Signature], a.Why, a.Detected)
			}
			if a.Flagged() != a.Retracted.IsZero() {
				t.Fatalf("retracted %v, silence %q", a.Retracted, a.Silence)
			}
			delete(flaggedAt, a.Signature)
		}
		if len(flaggedAt) > 0 {
			t.Fatalf("flags that the result does not know: %v", flaggedAt)
		}
	})
}

// TestEvidenceGrows shows that evidence never shrinks as the window goes.
func TestEvidenceGrows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		m := NewMonitor(s.in, DefaultOptions())
		before := map[selfheal.SignatureID]float64{}
		for at := s.in.WatchedInterval.From; at.Before(s.in.WatchedInterval.To); at = at.Add(5 * time.Minute) {
			m.Observe(Batch{Counts: between(s.in.Watched, at, at.Add(5*time.Minute)), Through: at.Add(5 * time.Minute)})
			for _, subject := range m.j.subjects {
				e := evidence(subject.p)
				if e < before[subject.signature.ID] {
					t.Fatalf("%s: evidence fell from %g to %g", subject.signature.ID, before[subject.signature.ID], e)
				}
				before[subject.signature.ID] = e
			}
		}
	})
}

// TestEvidenceIsAFairBet shows that without a change the mean of the evidence, at
// the end and so at any look before, is at most 1.
func TestEvidenceIsAFairBet(t *testing.T) {
	t.Parallel()
	f := func(name string, worlds int, perHour, shape, burst, most float64) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(11, 13))
			sum, n := 0.0, 0.0
			for range worlds {
				s := newScene(week, time.Hour)
				for i := range 100 {
					nullSeries(s, selfheal.SignatureID(fmt.Sprintf("s%03d", i)), perHour, shape, burst, random)
				}
				m := NewMonitor(s.in, DefaultOptions())
				m.Observe(Batch{Counts: s.in.Watched, Through: s.in.WatchedInterval.To})
				for _, subject := range m.j.subjects {
					sum += evidence(subject.p)
					n++
				}
			}
			if mean := sum / n; mean > most {
				t.Errorf("mean evidence %g without a change", mean)
			}
		})
	}
	f("rare", 6, 0.05, 0, 1, 1)
	f("Poisson", 4, 5, 0, 1, 1)
	f("varying by the hour", 2, 20, 6, 1, 1)
	f("bursts", 3, 10, 0, 4, 1)
}

// TestCalibratorIsFair integrates the calibrator over a uniform chance.
func TestCalibratorIsFair(t *testing.T) {
	t.Parallel()
	const steps = 200_000
	sum := 0.0
	for i := range steps { // over the logarithm of the chance, from e^-60 on
		x := -60 * (float64(i) + 0.5) / steps
		sum += evidence(math.Exp(x)) * math.Exp(x) * 60 / steps
	}
	// What lies below e^-60 is worth 1/60 of the bet.
	if sum > 1 || sum < 0.97 {
		t.Errorf("the calibrator integrates to %g", sum)
	}
}

// TestConcurrentBetIsFair shows that the e-process against the previous revision
// exceeds 1/alpha at any look at most alpha of the time, while rates move as they like.
func TestConcurrentBetIsFair(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 5))
	const runs = 4000
	above := 0
	for range runs {
		b := newBeside()
		b.share = 0.3
		s := &subject{signature: &selfheal.Signature{ID: "x"}, model: model{cap: math.Inf(1), burst: 1}}
		older := &selfheal.Series{}
		b.series["x"] = older
		for minute := range int64(60) {
			rate := 0.5 + 3*random.Float64()
			newer := distuv.Poisson{Lambda: rate * b.share, Src: random}.Rand()
			older.Add(minute, int64(distuv.Poisson{Lambda: rate * (1 - b.share), Src: random}.Rand()))
			b.weigh(s, minute, newer)
		}
		if s.concurrent.most >= 10 {
			above++
		}
	}
	if above > runs/10+3*20 {
		t.Errorf("%d of %d reach 10", above, runs)
	}
}

func TestPlannedWindow(t *testing.T) {
	t.Parallel()
	s := newScene(week, 20*time.Minute).background().every("boom", 2*time.Minute, 20*time.Minute, time.Minute, 1)
	s.in.Planned = time.Hour
	got := s.judge()
	a := find(got.Anomalies, "boom")
	if a == nil {
		t.Fatalf("boom was not flagged: %+v", got.SetAside)
	}
	if want := "18 in 20 min, never"; a.Why[:len(want)] != want {
		t.Errorf("why %q, want prefix %q", a.Why, want)
	}
	if n := len(a.Chart.Watched.Buckets); n != 20 {
		t.Errorf("%d buckets of 20 minutes", n)
	}
}

func TestABlipIsTakenBack(t *testing.T) {
	t.Parallel()
	got := newScene(week, time.Hour).background().every("x", 0, 4*time.Minute, time.Minute, 30).judge()
	a := find(got.SetAside, "x")
	if a == nil || a.Silence != selfheal.SilenceTransient {
		t.Fatalf("want x set aside as transient, got %+v", got)
	}
	if !a.Detected.Equal(deployed.Add(3*time.Minute)) || !a.Retracted.Equal(deployed.Add(19*time.Minute)) {
		t.Errorf("detected %v, retracted %v", a.Detected, a.Retracted)
	}
}

func TestFlagsSayWhatTheResultSays(t *testing.T) {
	t.Parallel()
	s := newScene(week, time.Hour).background().lines().line("placed", time.Minute, 0).
		every("new", 0, time.Hour, time.Minute, 1).every("blip", 0, 4*time.Minute, time.Minute, 30)
	m := NewMonitor(s.in, DefaultOptions())
	m.Observe(Batch{Counts: s.in.Watched, Signatures: s.in.Signatures, Through: s.in.WatchedInterval.To})
	want := map[selfheal.SignatureID]time.Time{}
	r := m.Result()
	for _, a := range append(r.Anomalies, r.SetAside...) {
		if !a.Detected.IsZero() {
			want[a.Signature] = a.Detected
		}
	}
	if diff := cmp.Diff(want, m.Flags()); diff != "" {
		t.Errorf("the result and the flags differ:\n%s", diff)
	}
	for _, id := range []selfheal.SignatureID{"new", "blip", "placed"} {
		if want[id].IsZero() {
			t.Errorf("%s was not flagged", id)
		}
	}
}
