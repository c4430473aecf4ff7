// Command accuracy measures detection on simulated deploys: how many clean ones
// raise a false alarm, and how often injected regressions are found, for several
// procedures side by side on the same worlds. It prints its seed; the same seed
// gives the same tables.
//
//	go run ./internal/detect/accuracy -deploys 500 -signatures 200
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/detect"
	"selfheal/internal/detect/simulate"
)

func main() {
	var b benchmark
	flag.Uint64Var(&b.seed, "seed", 20261123, "seed of the first world; the others count up from it")
	flag.IntVar(&b.deploys, "deploys", 200, "worlds per profile")
	flag.IntVar(&b.signatures, "signatures", 200, "background signatures per world")
	profiles := flag.String("profiles", "typical,nasty,ideal", "worlds to run")
	flag.BoolVar(&b.verbose, "v", false, "print every false alarm of Judge")
	flag.DurationVar(&b.baseline, "baseline", 7*24*time.Hour, "length of the baseline, whole hours")
	flag.BoolVar(&b.clean, "clean", false, "measure false alarms only, without regressions")
	rates := flag.String("rates", "", "further false-discovery rates of Judge to compare, comma-separated")
	poll := flag.Duration("poll", 0, "also judge anew at every such interval, and keep whatever any look flags")
	flag.Parse()
	further, err := numbers(*rates)
	b.procedures = compared(further, *poll)
	if err == nil {
		err = b.run(strings.Split(*profiles, ","), os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

// numbers reads a comma-separated list.
func numbers(list string) ([]float64, error) {
	var all []float64
	for field := range strings.SplitSeq(list, ",") {
		if field == "" {
			continue
		}
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return nil, fmt.Errorf("read rates: %w", err)
		}
		all = append(all, n)
	}
	return all, nil
}

type benchmark struct {
	seed       uint64
	deploys    int
	signatures int
	baseline   time.Duration
	verbose    bool
	clean      bool
	procedures []procedure
}

func (b benchmark) run(profiles []string, out io.Writer) error {
	known := map[string]func(int) simulate.Profile{
		"ideal": simulate.Ideal, "typical": simulate.Typical, "nasty": simulate.Nasty,
	}
	for _, name := range profiles {
		profile, ok := known[name]
		if !ok {
			return fmt.Errorf("no such profile %q; there are typical, nasty and ideal", name)
		}
		p := profile(b.signatures)
		p.Baseline = b.baseline.Truncate(time.Hour)
		b.print(out, p, b.measure(p))
	}
	return nil
}

// tally is what one procedure did on all worlds of a profile.
type tally struct {
	alarmed, alarmedCalm, flags int // clean deploys with any flag, the same without an outage, flags in all
	trials, found               []int
	delays                      [][]int64
}

// measurement is the tallies of all procedures, in their order.
type measurement struct {
	calm    int // deploys without an outage in the window
	tallies []tally
}

// measure runs all worlds, as many at once as there are processors.
func (b benchmark) measure(p simulate.Profile) measurement {
	results := make([]measurement, b.deploys)
	var group sync.WaitGroup
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range results {
		limit <- struct{}{}
		group.Go(func() {
			defer func() { <-limit }()
			results[i] = b.one(simulate.New(p, b.seed+uint64(i)))
		})
	}
	group.Wait()
	total := newMeasurement(len(b.procedures))
	for _, r := range results {
		total.add(r)
	}
	return total
}

func newMeasurement(procedures int) measurement {
	m := measurement{tallies: make([]tally, procedures)}
	for i := range m.tallies {
		m.tallies[i] = tally{
			trials: make([]int, len(scenarios)), found: make([]int, len(scenarios)), delays: make([][]int64, len(scenarios)),
		}
	}
	return m
}

func (m *measurement) add(other measurement) {
	m.calm += other.calm
	for i := range m.tallies {
		a, o := &m.tallies[i], other.tallies[i]
		a.alarmed += o.alarmed
		a.alarmedCalm += o.alarmedCalm
		a.flags += o.flags
		for s := range scenarios {
			a.trials[s] += o.trials[s]
			a.found[s] += o.found[s]
			a.delays[s] = append(a.delays[s], o.delays[s]...)
		}
	}
}

// one measures a single world: clean first, then with regressions.
func (b benchmark) one(w *simulate.World) measurement {
	m := newMeasurement(len(b.procedures))
	if !w.Outage {
		m.calm = 1
	}
	for i, procedure := range b.procedures {
		flagged := procedure.judge(w.Input)
		t := &m.tallies[i]
		t.flags = len(flagged)
		if len(flagged) > 0 {
			t.alarmed, t.alarmedCalm = 1, m.calm
		}
	}
	if b.verbose {
		for _, a := range w.Judge(detect.DefaultOptions()).Anomalies {
			fmt.Printf("false alarm: %s (outage %v): %s\n", a.Signature, w.Outage, a.Why)
		}
	}
	if !b.clean {
		b.inject(w, &m)
	}
	return m
}

// inject measures a world once per scenario.
func (b benchmark) inject(w *simulate.World, m *measurement) {
	for s, scenario := range scenarios {
		fork := w.Fork()
		id, ok := scenario.inject(fork)
		if !ok {
			continue
		}
		for i, procedure := range b.procedures {
			t := &m.tallies[i]
			t.trials[s]++
			if detected, found := procedure.judge(fork.Input)[id]; found {
				t.found[s]++
				t.delays[s] = append(t.delays[s], detected-fork.Deployed())
			}
		}
	}
}

// scenario injects one regression.
type scenario struct {
	name   string
	inject func(*simulate.World) (selfheal.SignatureID, bool)
}

func appears(perMinute float64, from int64) func(*simulate.World) (selfheal.SignatureID, bool) {
	return func(w *simulate.World) (selfheal.SignatureID, bool) { return w.InjectNew(perMinute, from), true }
}

func rises(factor, low, high float64, from int64) func(*simulate.World) (selfheal.SignatureID, bool) {
	return func(w *simulate.World) (selfheal.SignatureID, bool) { return w.InjectRise(factor, low, high, from) }
}

// scenarios are what the tables have one line for each.
var scenarios = []scenario{
	{"new 0.1/min", appears(0.1, 0)},
	{"new 0.5/min", appears(0.5, 0)},
	{"new 1/min", appears(1, 0)},
	{"new 10/min", appears(10, 0)},
	{"new 1/min from minute 20", appears(1, 20)},
	{"x3 on 4-20/h", rises(3, 4, 20, 0)},
	{"x5 on 4-20/h", rises(5, 4, 20, 0)},
	{"x10 on 4-20/h", rises(10, 4, 20, 0)},
	{"x3 on 40-300/h", rises(3, 40, 300, 0)},
	{"x5 on 40-300/h", rises(5, 40, 300, 0)},
	{"x10 on 40-300/h", rises(10, 40, 300, 0)},
	{"blip of 4 min (should stay silent)", func(w *simulate.World) (selfheal.SignatureID, bool) {
		return w.InjectBlip(3, 4), true
	}},
}
