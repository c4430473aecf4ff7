package main

import (
	"fmt"
	"io"
	"runtime"
	"time"

	"selfheal"
	"selfheal/internal/detect"
	"selfheal/internal/detect/simulate"
)

// cost prints how long a signature takes per minute that is watched, and how much
// memory it holds, on one core.
func (b benchmark) cost(out io.Writer, sizes ...int) {
	fmt.Fprintf(out, "\n### cost on one core, typical world, baseline %v, seed %d\n\n", b.baseline, b.seed)
	fmt.Fprintln(out, "| signatures | fit, ms | per signature and minute, µs | deploys watched in real time | memory per signature, KiB | of which the baseline's counts, KiB |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|")
	for _, n := range sizes {
		p := simulate.Typical(n)
		p.Baseline = b.baseline.Truncate(time.Hour)
		w := simulate.New(p, b.seed)
		m, fit, memory := fitted(w.Input)
		perMinute := watch(m, w.Input)
		signatures := len(w.Input.Signatures)
		perSignature := perMinute.Seconds() / float64(signatures) * 1e6
		fmt.Fprintf(out, "| %d | %.0f | %.2f | %.0f | %.1f | %.1f |\n", n, fit.Seconds()*1e3, perSignature,
			time.Minute.Seconds()/perMinute.Seconds(), float64(memory)/float64(signatures)/1024, held(w.Input)/float64(signatures)/1024)
	}
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

// watch feeds the window minute by minute, several times over, and gives the time of one minute.
func watch(m *detect.Monitor, in detect.Input) time.Duration {
	const rounds = 20
	from, to := selfheal.MinuteOf(in.WatchedInterval.From), selfheal.MinuteOf(in.WatchedInterval.To)
	var took time.Duration
	for range rounds {
		m.Reset()
		for minute := from; minute < to; minute++ {
			b := detect.Batch{
				Counts:     selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}},
				Signatures: in.Signatures, Through: selfheal.MinuteTime(minute + 1),
			}
			for id, s := range in.Watched.Series {
				if n := s.Between(minute, minute+1); n > 0 {
					b.Counts.Series[id] = &selfheal.Series{Counts: []selfheal.Count{{Minute: minute, N: n}}}
				}
			}
			start := time.Now()
			m.Observe(b)
			took += time.Since(start)
		}
	}
	return took / time.Duration(rounds*(to-from))
}

// held is the size of the baseline's counts, which a monitor refers to.
func held(in detect.Input) float64 {
	n := 0
	for _, s := range in.Baseline.Series {
		n += 16 * cap(s.Counts)
	}
	return float64(n)
}
