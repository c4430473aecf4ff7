package repair

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"selfheal"
)

const (
	maxCharts  = 3
	chartWidth = 48 // bars of one line
)

// charts draws the first errors as lines of text: forges show no pictures of a
// page's own. Baseline and window have one scale, occurrences per minute, since
// their bars stand for stretches of different length.
func charts(rows []errorRow) []string {
	var drawn []string
	for _, row := range rows {
		if len(drawn) == maxCharts {
			break
		}
		if text := chart(row); text != "" {
			drawn = append(drawn, text)
		}
	}
	return drawn
}

func chart(row errorRow) string {
	before, after := rates(row.Chart.Baseline), rates(row.Chart.Watched)
	if len(after) == 0 {
		return ""
	}
	peak := slices.Max(append(slices.Clone(before), after...))
	if peak == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintln(&b, shorten(oneLine(row.Title), chartWidth+20))
	width := max(len(before), len(after))
	line := func(name string, span selfheal.ChartSpan, bars []float64) {
		if len(bars) > 0 {
			to := span.From.Add(time.Duration(span.Step) * time.Duration(len(span.Buckets)))
			fmt.Fprintf(&b, "%-6s %-*s  %s to %s\n", name, width, sparkline(bars, peak), span.From.UTC().Format("01-02 15:04"), to.UTC().Format("01-02 15:04"))
		}
	}
	line("before", row.Chart.Baseline, before)
	line("after", row.Chart.Watched, after)
	fmt.Fprintf(&b, "highest bar: %s a minute\n", decimal(peak))
	return b.String()
}

// rates gives occurrences per minute, in at most chartWidth stretches.
func rates(span selfheal.ChartSpan) []float64 {
	minutes := time.Duration(span.Step).Minutes()
	if len(span.Buckets) == 0 || minutes <= 0 {
		return nil
	}
	size := (len(span.Buckets) + chartWidth - 1) / chartWidth
	var all []float64
	for part := range slices.Chunk(span.Buckets, size) {
		var sum int64
		for _, n := range part {
			sum += n
		}
		all = append(all, float64(sum)/(minutes*float64(len(part))))
	}
	return all
}

// sparkline draws bars of eight heights. Nothing is a dot, and what is more than
// nothing is never drawn as nothing.
func sparkline(bars []float64, peak float64) string {
	eighths := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, v := range bars {
		if v <= 0 {
			b.WriteByte('.')
			continue
		}
		b.WriteRune(eighths[min(len(eighths)-1, int(v/peak*float64(len(eighths))))])
	}
	return b.String()
}
