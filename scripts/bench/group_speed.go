package main

import (
	"fmt"
	"slices"
	"time"

	"selfheal/internal/group"
	"selfheal/internal/group/accuracy"
	"selfheal/internal/group/accuracy/hostile"
)

const (
	rounds       = 5  // of which the best counts
	repeats      = 50 // of the messages of all systems
	formatLines  = 250_000
	hostileBytes = 32 << 20 // of an input with more; a single line counts whole
	hostileLooks = 16
)

// job is one row of the table of speed.
type job struct {
	name    string
	repeats int
	input   func(repeat int) []byte
	start   func() accuracy.Reader
}

func speed(systems []accuracy.System) string {
	var t table
	t.row("input", "lines", "MB", "MB/s", "M lines/s", "of the ceiling", "allocations/line", "bytes/line", "state MiB", "signatures", "two at once: wall", "processor time")
	for _, j := range jobs(systems) {
		cost, ceiling := j.measure()
		wall, cpu := j.scaling()
		t.row(j.name, fmt.Sprint(cost.Lines), fmt.Sprintf("%.0f", float64(cost.Bytes)/1e6), fmt.Sprintf("%.0f", rate(cost.Bytes, cost.CPU)),
			fmt.Sprintf("%.2f", rate(cost.Lines, cost.CPU)), fmt.Sprintf("%.2f of %.0f MB/s", rate(cost.Bytes, cost.CPU)/rate(ceiling.Bytes, ceiling.CPU), rate(ceiling.Bytes, ceiling.CPU)),
			fmt.Sprintf("%.4f", float64(cost.Allocs)/float64(cost.Lines)), fmt.Sprintf("%.1f", float64(cost.Allocated)/float64(cost.Lines)),
			fmt.Sprintf("%.1f", mebibytes(cost.State)), fmt.Sprint(cost.Signatures), fmt.Sprintf("%.2f times", wall), fmt.Sprintf("%.2f times", cpu))
	}
	if systems == nil {
		return notMeasured + t.String()
	}
	return t.String()
}

func jobs(systems []accuracy.System) []job {
	var all []job
	decoding := func() accuracy.Reader { return accuracy.Decoding(group.Options{}) }
	signing := func() accuracy.Reader { return accuracy.Signing(group.Options{}) }
	if systems != nil {
		messages := accuracy.Messages(systems)
		all = append(all,
			job{fmt.Sprintf("messages of the %d systems, %d times", len(systems), repeats), repeats, func(int) []byte { return messages }, signing},
			job{"the same, other values each time", repeats, func(i int) []byte { return accuracy.OtherValues(messages, uint64(i)) }, signing},
			job{"the same, any digit another one each time, those of codes and statuses too", repeats, func(i int) []byte { return accuracy.OtherDigits(messages, uint64(i)) }, signing})
	}
	for _, f := range accuracy.Formats() {
		text := f.Text(formatLines)
		all = append(all, job{f.Name, 1, func(int) []byte { return text }, decoding})
	}
	return all
}

// measure takes the best of several rounds, in turns with the ceiling.
func (j job) measure() (best, ceiling accuracy.Cost) {
	for range rounds {
		best = accuracy.Measure(j.repeats, j.input, j.start).Best(best)
		ceiling = accuracy.Measure(j.repeats, j.input, accuracy.RawMap).Best(ceiling)
	}
	return best, ceiling
}

// scaling tells how much more two readers at once do in the same time than one,
// and how much processor time they need of what two after one another need.
func (j job) scaling() (wall, cpu float64) {
	text := j.input(0)
	for i := 1; i < j.repeats && len(text) < hostileBytes; i++ {
		text = append(slices.Clip(text), j.input(i)...)
	}
	var one, two accuracy.Cost
	for range rounds {
		one = accuracy.Parallel(1, text, j.start).Best(one)
		two = accuracy.Parallel(2, text, j.start).Best(two)
	}
	return 2 * one.Wall.Seconds() / two.Wall.Seconds(), two.CPU.Seconds() / (2 * one.CPU.Seconds())
}

// rate gives millions per second of processor time.
func rate(n int64, d time.Duration) float64 { return float64(n) / d.Seconds() / 1e6 }

func mebibytes(n int64) float64 { return max(0, float64(n)/mebibyte) }

func hostileInput() string {
	var t table
	t.row("input", "lines", "MB", "MB/s", "state MiB, peak", "state MiB, two readers", "signatures", "beyond the cap")
	for _, input := range hostile.All() {
		text := hostileText(input)
		var best accuracy.Cost
		for range rounds {
			best = accuracy.Measure(1, func(int) []byte { return text }, func() accuracy.Reader { return accuracy.Decoding(group.Options{}) }).Best(best)
		}
		peak := accuracy.PeakState(text, hostileLooks, func() accuracy.Reader { return accuracy.Decoding(group.Options{}) })
		both := accuracy.Parallel(2, text, func() accuracy.Reader { return accuracy.Decoding(group.Options{MaxBytes: group.DefaultMaxBytes / 2}) })
		t.row(input.Name, fmt.Sprint(best.Lines), fmt.Sprintf("%.1f", float64(best.Bytes)/1e6), fmt.Sprintf("%.0f", rate(best.Bytes, best.CPU)),
			fmt.Sprintf("%.1f", mebibytes(peak)), fmt.Sprintf("%.1f", mebibytes(both.State)), fmt.Sprint(best.Signatures), fmt.Sprint(best.Overflow))
	}
	return t.String()
}

func hostileText(input hostile.Input) []byte {
	var text []byte
	for i := 0; i < input.Lines && len(text) < hostileBytes; i++ {
		text = append(append(text, input.Line(i)...), '\n')
	}
	return text
}
