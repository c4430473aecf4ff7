package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mathext"

	"selfheal/internal/detect/simulate"
)

// The rows that every table begins with.
const (
	alarmsRow = "clean deploys with a false alarm, per 100 (95 % interval)"
	calmRow   = "the same without an outage in the window"
	flagsRow  = "false flags per 100 clean deploys"
)

// print writes one profile's table as Markdown. Beside the typical world of 200 signatures
// a curve has what the prototype showed there.
func (b benchmark) print(out io.Writer, p simulate.Profile, m measurement) {
	title := fmt.Sprintf("%s world, %d signatures, baseline %v, %d deploys, seed %d", p.Name, p.Signatures, p.Baseline, b.deploys, b.seed)
	if b.share > 0 {
		title += fmt.Sprintf(", canary of %g %%", 100*b.share)
	}
	beside := map[string]string(nil)
	if b.curved && p.Name == "typical" && p.Signatures == 200 {
		beside = prototype
	}
	row := func(name, unit string, cell func(t tally) string) {
		fmt.Fprintf(out, "| %s%s |", name, unit)
		for _, t := range m.tallies {
			fmt.Fprintf(out, " %s |", cell(t))
		}
		if beside != nil {
			fmt.Fprintf(out, " %s |", cmp.Or(beside[name], "-"))
		}
		fmt.Fprintln(out)
	}
	b.head(out, title, beside != nil)
	row(alarmsRow, "", func(t tally) string { return withInterval(t.alarmed, b.deploys) })
	row(calmRow, "", func(t tally) string { return percent(t.alarmedCalm, m.calm) })
	row(flagsRow, "", func(t tally) string { return percent(t.flags, b.deploys) })
	if b.clean {
		return
	}
	for i, s := range scenarios {
		if m.tallies[0].trials[i] == 0 {
			continue
		}
		row(s.name, ": % found (minutes: median, 90 %)", func(t tally) string {
			return fmt.Sprintf("%s (%s, %s)", percent(t.found[i], t.trials[i]), quantile(t.delays[i], 0.5), quantile(t.delays[i], 0.9))
		})
	}
}

// head writes the title and the names of the columns.
func (b benchmark) head(out io.Writer, title string, beside bool) {
	fmt.Fprintf(out, "\n### %s\n\n| ", title)
	columns := len(b.procedures)
	for _, procedure := range b.procedures {
		fmt.Fprintf(out, " | %s", procedure.name)
	}
	if beside {
		fmt.Fprint(out, " | prototype")
		columns++
	}
	fmt.Fprintf(out, " |\n|---|%s\n", strings.Repeat("---|", columns))
}

func percent(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", 100*float64(n)/float64(of))
}

// withInterval adds the exact interval of Clopper and Pearson (1934).
func withInterval(n, of int) string {
	low, high := 0.0, 1.0
	if n > 0 {
		low = mathext.InvRegIncBeta(float64(n), float64(of-n+1), 0.025)
	}
	if n < of {
		high = mathext.InvRegIncBeta(float64(n+1), float64(of-n), 0.975)
	}
	return fmt.Sprintf("%s (%.1f-%.1f)", percent(n, of), 100*low, 100*high)
}

// quantile of delays, those that were found.
func quantile(values []int64, q float64) string {
	if len(values) == 0 {
		return "-"
	}
	slices.Sort(values)
	return fmt.Sprint(values[min(int(math.Floor(q*float64(len(values)))), len(values)-1)])
}
