package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/detect"
	"selfheal/internal/detect/simulate"
)

// cost prints how long a signature takes per minute that is watched, and how much
// memory it holds, on one core; in the end what a thousand deploys of a thousand signatures need.
func (b benchmark) cost(out io.Writer, sizes ...int) {
	fmt.Fprintf(out, "\n### cost on one core, typical world, baseline %v, seed %d\n\n", b.baseline, b.seed)
	fmt.Fprintln(out, "| signatures | fit, ms | an hour more, µs per signature | per signature and minute, µs | memory per signature, bytes | of which the baseline's counts, bytes |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|")
	perSignature := 0.0
	for _, n := range sizes {
		p := simulate.Typical(n)
		p.Baseline = b.baseline.Truncate(time.Hour)
		w := simulate.New(p, b.seed)
		m, fit, memory := fitted(w.Input)
		signatures := float64(len(w.Input.Signatures))
		perSignature = watch(m, w.Input).Seconds() / signatures
		counts := held(w.Input)
		fmt.Fprintf(out, "| %d | %.0f | %.2f | %.2f | %.0f | %.0f |\n", n, fit.Seconds()*1e3, moved(w.Input).Seconds()/signatures*1e6, perSignature*1e6,
			(float64(memory)+counts)/signatures, counts/signatures)
	}
	const deploys, signatures = 1000, 1000
	fmt.Fprintln(out, "\n| watched at once | share of one core needed in real time |\n|---|---|")
	fmt.Fprintf(out, "| 1,000 deploys x 1,000 signatures | %.1f %% |\n", 100*perSignature*deploys*signatures/time.Minute.Seconds())
}

// fitted makes a monitor, and measures the time and the memory it takes.
func fitted(in detect.Input) (*detect.Monitor, time.Duration, uint64) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	m := detect.NewMonitor(in, detect.DefaultOptions())
	took := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	return m, took, after.HeapAlloc - min(before.HeapAlloc, after.HeapAlloc)
}

// moved is how long it takes to add the window's hour to the baseline and to leave out its first one.
func moved(in detect.Input) time.Duration {
	baseline := selfheal.Counts{Series: make(map[selfheal.SignatureID]*selfheal.Series, len(in.Baseline.Series))}
	for id, s := range in.Baseline.Series {
		baseline.Series[id] = &selfheal.Series{Counts: slices.Clone(s.Counts)}
	}
	hour := in.WatchedInterval.Duration()
	next := selfheal.Interval{From: in.BaselineInterval.From.Add(hour), To: in.WatchedInterval.To}
	start := time.Now()
	for id, s := range in.Watched.Series {
		known := baseline.Series[id]
		if known == nil {
			known = &selfheal.Series{}
			baseline.Series[id] = known
		}
		known.Merge(s)
	}
	baseline = baseline.Within(next)
	return time.Since(start)
}

// watch feeds the window minute by minute, several times over, and gives the time of one minute in
// the best round: on a shared machine the clock measures the neighbours as well.
func watch(m *detect.Monitor, in detect.Input) time.Duration {
	const rounds = 20
	from, to := selfheal.MinuteOf(in.WatchedInterval.From), selfheal.MinuteOf(in.WatchedInterval.To)
	best := time.Hour
	for range rounds {
		m.Reset()
		took := time.Duration(0)
		for minute := from; minute < to; minute++ {
			b := minuteOf(in, minute)
			start := time.Now()
			m.Observe(b)
			took += time.Since(start)
		}
		best = min(best, took)
	}
	return best / time.Duration(to-from)
}

// minuteOf is what one minute of the window brings.
func minuteOf(in detect.Input, minute int64) detect.Batch {
	b := detect.Batch{
		Counts:     selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}},
		Signatures: in.Signatures, Through: selfheal.MinuteTime(minute + 1),
	}
	for id, s := range in.Watched.Series {
		if n := s.Between(minute, minute+1); n > 0 {
			b.Counts.Series[id] = &selfheal.Series{Counts: []selfheal.Count{{Minute: minute, N: n}}}
		}
	}
	return b
}

// held is the size of the baseline's counts, which a monitor refers to.
func held(in detect.Input) float64 {
	n := 0
	for _, s := range in.Baseline.Series {
		n += 16 * cap(s.Counts)
	}
	return float64(n)
}
