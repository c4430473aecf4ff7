package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/mathext"

	"selfheal"
	"selfheal/internal/detect"
	"selfheal/internal/detect/simulate"
)

// procedure flags signatures, each with the minute at which it could have been.
type procedure struct {
	name  string
	judge func(detect.Input) map[selfheal.SignatureID]int64
}

// compared are the columns of the tables: the two simple rules, and the room
// itself at its default and at further false-discovery rates.
func compared(rates []float64, poll time.Duration) []procedure {
	all := []procedure{
		{"seed: Poisson p < .05", seedRule},
		{"conditional binomial + BH", binomialRule},
		{"Judge", judgeRule(detect.DefaultOptions())},
	}
	if poll > 0 {
		all = append(all, procedure{"Judge every " + poll.String(), polledRule(detect.DefaultOptions(), poll)})
	}
	for _, rate := range rates {
		o := detect.DefaultOptions()
		o.FalseDiscoveryRate = rate
		all = append(all, procedure{fmt.Sprintf("Judge at %g", rate), judgeRule(o)})
	}
	return all
}

func judgeRule(o detect.Options) func(detect.Input) map[selfheal.SignatureID]int64 {
	return func(in detect.Input) map[selfheal.SignatureID]int64 {
		flagged := map[selfheal.SignatureID]int64{}
		for _, a := range detect.Judge(in, o).Anomalies {
			flagged[a.Signature] = selfheal.MinuteOf(a.Detected)
		}
		return flagged
	}
}

// polledRule looks every few minutes, as somebody who watches a deploy does, and
// keeps whatever any look flags.
func polledRule(o detect.Options, every time.Duration) func(detect.Input) map[selfheal.SignatureID]int64 {
	return func(in detect.Input) map[selfheal.SignatureID]int64 {
		flagged := map[selfheal.SignatureID]int64{}
		for after := every; after <= in.WatchedInterval.Duration(); after += every {
			look := until(in, in.WatchedInterval.From.Add(after))
			for _, a := range detect.Judge(look, o).Anomalies {
				if _, known := flagged[a.Signature]; !known {
					flagged[a.Signature] = selfheal.MinuteOf(look.WatchedInterval.To)
				}
			}
		}
		return flagged
	}
}

// until cuts the window off at a time.
func until(in detect.Input, end time.Time) detect.Input {
	in.WatchedInterval.To = end
	series := make(map[selfheal.SignatureID]*selfheal.Series, len(in.Watched.Series))
	for id, s := range in.Watched.Series {
		at := slices.IndexFunc(s.Counts, func(c selfheal.Count) bool { return c.Minute >= selfheal.MinuteOf(end) })
		if at < 0 {
			at = len(s.Counts)
		}
		if at > 0 {
			series[id] = &selfheal.Series{Counts: s.Counts[:at]}
		}
	}
	in.Watched.Series = series
	return in
}

// seedRule is the usual one: the mean of seven days, a Poisson tail below .05 at
// the end of the window, and new signatures as soon as they repeat.
func seedRule(in detect.Input) map[selfheal.SignatureID]int64 {
	flagged := map[selfheal.SignatureID]int64{}
	share := in.WatchedInterval.Duration().Minutes() / in.BaselineInterval.Duration().Minutes()
	for _, id := range errorsOf(in) {
		before, after := float64(in.Baseline.Of(id).Total()), float64(in.Watched.Of(id).Total())
		isNew := before == 0 && after >= 2
		rose := before > 0 && after > 0 && mathext.GammaIncReg(after, before*share) < 0.05
		if isNew || rose {
			flagged[id] = selfheal.MinuteOf(in.WatchedInterval.To)
		}
	}
	return flagged
}

// binomialRule is the exact conditional test of two Poisson rates for every
// signature, with Benjamini and Hochberg's procedure at .05.
func binomialRule(in detect.Input) map[selfheal.SignatureID]int64 {
	const rate = 0.05
	b, w := in.BaselineInterval.Duration().Minutes(), in.WatchedInterval.Duration().Minutes()
	ids := errorsOf(in)
	p := map[selfheal.SignatureID]float64{}
	for _, id := range ids {
		before, after := float64(in.Baseline.Of(id).Total()), float64(in.Watched.Of(id).Total())
		p[id] = 1
		if after > 0 {
			p[id] = mathext.RegIncBeta(after, before+1, w/(b+w))
		}
	}
	slices.SortStableFunc(ids, func(a, b selfheal.SignatureID) int { return cmp.Compare(p[a], p[b]) })
	flagged := map[selfheal.SignatureID]int64{}
	for rank := len(ids); rank >= 1; rank-- {
		if p[ids[rank-1]] <= rate*float64(rank)/float64(len(ids)) {
			for _, id := range ids[:rank] {
				flagged[id] = selfheal.MinuteOf(in.WatchedInterval.To)
			}
			break
		}
	}
	return flagged
}

// errorsOf lists the counted signatures that may be regressions, sorted.
func errorsOf(in detect.Input) []selfheal.SignatureID {
	all := maps.Clone(in.Baseline.Series)
	maps.Copy(all, in.Watched.Series)
	var ids []selfheal.SignatureID
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if s := in.Signatures[id]; s != nil && s.Severity >= selfheal.SeverityWarn {
			ids = append(ids, id)
		}
	}
	return ids
}

// print writes one profile's table as Markdown.
func (b benchmark) print(out io.Writer, p simulate.Profile, m measurement) {
	fmt.Fprintf(out, "\n## %s world, %d signatures, baseline %v, %d deploys, seed %d\n\n| ",
		p.Name, p.Signatures, p.Baseline, b.deploys, b.seed)
	row := func(name string, cell func(t tally) string) {
		fmt.Fprintf(out, "| %s |", name)
		for _, t := range m.tallies {
			fmt.Fprintf(out, " %s |", cell(t))
		}
		fmt.Fprintln(out)
	}
	for _, procedure := range b.procedures {
		fmt.Fprintf(out, " | %s", procedure.name)
	}
	fmt.Fprintf(out, " |\n|---|%s\n", strings.Repeat("---|", len(b.procedures)))
	row("clean deploys with a false alarm, per 100", func(t tally) string { return percent(t.alarmed, b.deploys) })
	row("the same without an outage in the window", func(t tally) string { return percent(t.alarmedCalm, m.calm) })
	row("false flags per 100 clean deploys", func(t tally) string { return percent(t.flags, b.deploys) })
	if b.clean {
		return
	}
	for i, s := range scenarios {
		row(s.name+": % found (median min)", func(t tally) string {
			return fmt.Sprintf("%s (%s)", percent(t.found[i], t.trials[i]), medianOf(t.delays[i]))
		})
	}
}

func percent(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", 100*float64(n)/float64(of))
}

func medianOf(values []int64) string {
	if len(values) == 0 {
		return "-"
	}
	slices.Sort(values)
	return fmt.Sprint(values[len(values)/2])
}
