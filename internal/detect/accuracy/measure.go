package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/detect"
	"selfheal/internal/detect/simulate"
)

// tally is what one procedure did on all worlds of a profile.
type tally struct {
	alarmed, alarmedCalm, flags int // clean deploys with any flag at any look, the same without an outage, flags in all
	trials, found               []int
	delays                      [][]int64 // minutes from the regression's onset to the flag
}

// measurement is the tallies of all procedures, in their order.
type measurement struct {
	calm    int // deploys without an outage in the window
	tallies []tally
}

// measure adds up what the procedures did on all worlds.
func (b benchmark) measure(p simulate.Profile) measurement {
	total := newMeasurement(len(b.procedures))
	for _, r := range b.measureEach(p) {
		total.add(r)
	}
	return total
}

// measureEach runs all worlds, as many at once as there are processors. What the baseline of a world
// teaches is learnt once for the clean deploy and all regressions.
func (b benchmark) measureEach(p simulate.Profile) []measurement {
	results := make([]measurement, b.deploys)
	report := b.reporter(fmt.Sprintf("%s world, %d signatures", p.Name, p.Signatures))
	var group sync.WaitGroup
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range results {
		limit <- struct{}{}
		group.Go(func() {
			defer func() { <-limit }()
			w := simulate.New(p, b.seed+uint64(i))
			if b.share > 0 {
				w.Canary(b.share)
			}
			results[i] = b.one(w)
			report()
		})
	}
	group.Wait()
	return results
}

// reporter gives what to call after every world: now and then it says how far the measurement is.
func (b benchmark) reporter(what string) func() {
	const every = 15 * time.Second
	var mu sync.Mutex
	start := time.Now()
	done, said := 0, start
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		now := time.Now()
		if b.progress == nil || done < b.deploys && now.Sub(said) < every {
			return
		}
		said = now
		fmt.Fprintf(b.progress, "%s: %d of %d deploys after %v\n", what, done, b.deploys, now.Sub(start).Round(time.Second))
	}
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
	judges := make([]func(detect.Input) flags, len(b.procedures))
	for i, procedure := range b.procedures {
		judges[i] = procedure.fit(w.Input)
		found := judges[i](w.Input)
		t := &m.tallies[i]
		t.flags = len(found)
		if len(found) > 0 {
			t.alarmed, t.alarmedCalm = 1, m.calm
		}
	}
	if b.verbose {
		r := w.Judge(detect.DefaultOptions())
		for _, a := range slices.Concat(r.Anomalies, r.SetAside) {
			if !a.Detected.IsZero() {
				fmt.Printf("false alarm: %s at %s (outage %v): %s\n", a.Signature, a.Detected.Format("15:04"), w.Outage, a.Why)
			}
		}
	}
	if !b.clean {
		b.inject(w, &m, judges)
	}
	return m
}

// inject measures a world once per scenario.
func (b benchmark) inject(w *simulate.World, m *measurement, judges []func(detect.Input) flags) {
	for s, scenario := range scenarios {
		if !strings.Contains(scenario.name, b.only) || b.found && scenario.unlooked {
			continue
		}
		fork := w.Fork()
		id, ok := scenario.inject(fork)
		if !ok {
			continue
		}
		for i, judge := range judges {
			t := &m.tallies[i]
			t.trials[s]++
			if detected, found := judge(fork.Input)[id]; found {
				t.found[s]++
				t.delays[s] = append(t.delays[s], detected-fork.Deployed()-scenario.onset)
			}
		}
	}
}

// scenario injects one regression.
type scenario struct {
	name     string
	onset    int64 // minute of the window at which it begins
	unlooked bool  // not to be flagged, or nothing that the rivals look for
	inject   func(*simulate.World) (selfheal.SignatureID, bool)
}

func appears(perMinute float64, from int64) func(*simulate.World) (selfheal.SignatureID, bool) {
	return func(w *simulate.World) (selfheal.SignatureID, bool) { return w.InjectNew(perMinute, from), true }
}

func rises(factor, low, high float64, from int64) func(*simulate.World) (selfheal.SignatureID, bool) {
	return func(w *simulate.World) (selfheal.SignatureID, bool) { return w.InjectRise(factor, low, high, from) }
}

func drops(bursts bool, from int64) func(*simulate.World) (selfheal.SignatureID, bool) {
	return func(w *simulate.World) (selfheal.SignatureID, bool) { return w.InjectDrop(bursts, from) }
}

// scenarios are what the tables have one line for each.
var scenarios = []scenario{
	{"new 0.1/min", 0, false, appears(0.1, 0)},
	{"new 0.5/min", 0, false, appears(0.5, 0)},
	{"new 1/min", 0, false, appears(1, 0)},
	{"new 10/min", 0, false, appears(10, 0)},
	{"new 1/min from minute 20", 20, false, appears(1, 20)},
	{"x3 on 4-20/h", 0, false, rises(3, 4, 20, 0)},
	{"x5 on 4-20/h", 0, false, rises(5, 4, 20, 0)},
	{"x10 on 4-20/h", 0, false, rises(10, 4, 20, 0)},
	{"x3 on 40-300/h", 0, false, rises(3, 40, 300, 0)},
	{"x5 on 40-300/h", 0, false, rises(5, 40, 300, 0)},
	{"x10 on 40-300/h", 0, false, rises(10, 40, 300, 0)},
	{"x5 on 4-20/h from minute 20", 20, false, rises(5, 4, 20, 20)},
	{"x5 on 40-300/h from minute 20", 20, false, rises(5, 40, 300, 20)},
	{"drop to 0 of a line of 1/min", 0, true, drops(false, 0)},
	{"drop to 0 of a line of 1/min from minute 20", 20, true, drops(false, 20)},
	{"drop to 0 of a line of 1/min that comes in bursts", 0, true, drops(true, 0)},
	{"blip of 4 min, new (should stay silent)", 0, true, func(w *simulate.World) (selfheal.SignatureID, bool) {
		return w.InjectBlip(3, 4), true
	}},
	{"blip of 4 min, x20 on 4-20/h (should stay silent)", 0, true, func(w *simulate.World) (selfheal.SignatureID, bool) {
		return w.InjectKnownBlip(20, 4, 20, 4)
	}},
}
