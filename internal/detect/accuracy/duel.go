package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"selfheal/internal/detect/simulate"
)

var (
	// duelPoints are the leniences at which the rival is met: strict, as it is by itself, and lenient.
	duelPoints = [...]float64{1.0 / 4, 1, 4}
	// duelCurve are those of ours between which is interpolated.
	duelCurve = [...]float64{1.0 / 16, 1.0 / 4, 1, 2, 4, 8}
)

// resamples is how often the worlds are drawn anew, with replacement, for an interval.
const resamples = 1000

// duel compares ours with the e-process at equal false alarms, on the same worlds.
func (b benchmark) duel(profiles []string, signatures string, out io.Writer) error {
	counts, err := numbers(signatures)
	if err != nil {
		return err
	}
	b.procedures, b.found = nil, true
	for _, lenience := range duelPoints {
		b.procedures = append(b.procedures, procedure{fmt.Sprintf("e-process x%g", lenience), eprocessAt(lenience)})
	}
	for _, lenience := range duelCurve {
		b.procedures = append(b.procedures, ours(fmt.Sprintf("x%g", lenience), lenient(lenience)))
	}
	for _, n := range counts {
		b.signatures = int(n)
		err := b.each(profiles, func(p simulate.Profile) { b.printDuel(out, p, b.measureEach(p)) })
		if err != nil {
			return err
		}
	}
	return nil
}

// encounter is what a row says: the rival at one of its points, and ours where it has as many false alarms.
type encounter struct {
	rival, ours               float64 // share found
	rivalMinutes, oursMinutes float64 // mean minutes until found, never counted as the end of the window
}

// printDuel writes one table.
func (b benchmark) printDuel(out io.Writer, p simulate.Profile, worlds []measurement) {
	fmt.Fprintf(out, "\n### %s world, %d signatures, baseline %v, %d deploys, seed %d: at equal false alarms\n\n", p.Name, p.Signatures, p.Baseline, b.deploys, b.seed)
	all := weigh(worlds, nil)
	fmt.Fprint(out, "| |")
	for i, lenience := range duelPoints {
		fmt.Fprintf(out, " e-process x%g, %.1f false alarms per 100 | ahead |", lenience, 100*all.alarms[i])
	}
	fmt.Fprintf(out, "\n|---|%s\n", strings.Repeat("---|", 2*len(duelPoints)))
	random := rand.New(rand.NewPCG(b.seed, 0xd0e1)) //nolint:gosec // an interval must be repeatable
	draws := make([]weighed, resamples)
	for i := range draws {
		draws[i] = weigh(worlds, resampled(len(worlds), random))
	}
	for s, scenario := range scenarios {
		if all.trials[s] == 0 {
			continue
		}
		fmt.Fprintf(out, "| %s |", scenario.name)
		for i := range duelPoints {
			e := all.meet(i, s)
			var found, sooner []float64
			for _, draw := range draws {
				d := draw.meet(i, s)
				found, sooner = append(found, d.ours-d.rival), append(sooner, d.rivalMinutes-d.oursMinutes)
			}
			low, high := central(found)
			fmt.Fprintf(out, " %.1f, **selfheal** %.1f (%+.1f to %+.1f) | %s; %s |", 100*e.rival, 100*e.ours, 100*low, 100*high,
				verdict(low, high), inTime(e, sooner))
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "\nFalse alarms per 100 of **selfheal**:")
	for i, lenience := range duelCurve {
		fmt.Fprintf(out, " x%g %.1f", lenience, 100*all.alarms[len(duelPoints)+i])
	}
	fmt.Fprintln(out)
}

// verdict says who is ahead where the interval of a difference leaves no doubt.
func verdict(low, high float64) string {
	switch {
	case low > 0:
		return "selfheal"
	case high < 0:
		return "e-process"
	}
	return "tie"
}

// inTime says the same of the mean minutes.
func inTime(e encounter, sooner []float64) string {
	low, high := central(sooner)
	return fmt.Sprintf("in time %s (%.0f, %.0f min)", verdict(low, high), e.rivalMinutes, e.oursMinutes)
}

// central gives the bounds of the middle 95 % of values.
func central(values []float64) (low, high float64) {
	slices.Sort(values)
	n := len(values)
	return values[n*25/1000], values[min(n*975/1000, n-1)]
}

// weighed are the outcomes of worlds that count so many times each.
type weighed struct {
	alarms  []float64   // share of the clean deploys, per procedure
	trials  []float64   // per scenario
	found   [][]float64 // share, per scenario and procedure
	minutes [][]float64 // mean, per scenario and procedure
}

// resampled draws as many worlds as there are, with replacement, and says how often each was drawn.
func resampled(n int, random *rand.Rand) []float64 {
	times := make([]float64, n)
	for range n {
		times[random.IntN(n)]++
	}
	return times
}

// weigh adds up worlds, each as often as times says; once without.
func weigh(worlds []measurement, times []float64) weighed {
	procedures := len(worlds[0].tallies)
	w := weighed{alarms: make([]float64, procedures), trials: make([]float64, len(scenarios))}
	for range scenarios {
		w.found, w.minutes = append(w.found, make([]float64, procedures)), append(w.minutes, make([]float64, procedures))
	}
	for i := range worlds {
		n := 1.0
		if times != nil {
			n = times[i]
		}
		if n > 0 {
			w.add(&worlds[i], n)
		}
	}
	for i := range w.alarms {
		w.alarms[i] /= float64(len(worlds))
	}
	for s, trials := range w.trials {
		for i := range w.found[s] {
			w.found[s][i] /= max(trials, 1)
			w.minutes[s][i] /= max(trials, 1)
		}
	}
	return w
}

// windowMinutes is how long the simulated windows are.
const windowMinutes = 60

func (w *weighed) add(world *measurement, times float64) {
	for i := range world.tallies {
		t := &world.tallies[i]
		w.alarms[i] += times * float64(t.alarmed)
		for s := range scenarios {
			if t.trials[s] == 0 {
				continue
			}
			if i == 0 {
				w.trials[s] += times
			}
			minutes := float64(windowMinutes - scenarios[s].onset)
			if t.found[s] > 0 {
				minutes = float64(t.delays[s][0])
			}
			w.found[s][i] += times * float64(t.found[s])
			w.minutes[s][i] += times * minutes
		}
	}
}

// meet compares the rival at one of its points with ours at as many false alarms: between the two points of
// our curve that have fewer and more of them, in proportion; nothing is found without any, and beyond
// the most lenient point nothing more.
func (w *weighed) meet(point, scenario int) encounter {
	first := len(duelPoints)
	found, minutes := w.found[scenario], w.minutes[scenario]
	e := encounter{rival: found[point], rivalMinutes: minutes[point]}
	below := first - 1
	for i := first; i < len(w.alarms); i++ {
		if w.alarms[i] <= w.alarms[point] {
			below = i
		}
	}
	alarms, lessFound, lessMinutes := 0.0, 0.0, float64(windowMinutes-scenarios[scenario].onset)
	if below >= first {
		alarms, lessFound, lessMinutes = w.alarms[below], found[below], minutes[below]
	}
	e.ours, e.oursMinutes = lessFound, lessMinutes
	if above := below + 1; above < len(w.alarms) {
		part := (w.alarms[point] - alarms) / (w.alarms[above] - alarms)
		e.ours += part * (found[above] - lessFound)
		e.oursMinutes += part * (minutes[above] - lessMinutes)
	}
	return e
}
