package report

import (
	"fmt"
	"time"

	"selfheal"
)

// chart is an anomaly's history: the baseline, the deploy, the window.
type chart struct {
	Baseline panel
	Watched  panel
	// ExpectedRate is what the baseline predicts for the window, per minute.
	ExpectedRate float64
	Deploy       time.Time // zero when unknown
	Onset        time.Time // zero when undated
	Detected     time.Time // zero when undated
}

// panel is one evenly bucketed stretch.
type panel struct {
	From    time.Time
	Step    time.Duration // above 0
	Buckets []int64       // none below 0
}

// bar is what is drawn for one bucket or several neighbours.
type bar struct {
	From, To time.Time
	N        int64
	Rate     float64 // per minute
}

// drawing is a chart on one scale: heights are rates, so that a bar of an hour
// and a bar of a minute can be compared by eye.
type drawing struct {
	Baseline []bar
	Watched  []bar
	Peak     float64 // highest rate of all bars, per minute
}

// newChart gives nil when there is nothing to draw.
func newChart(a selfheal.Anomaly, all selfheal.Assessment) *chart {
	c := &chart{
		Baseline: newPanel(a.Chart.Baseline), Watched: newPanel(a.Chart.Watched),
		Deploy: all.Deploy.Time, Onset: a.Onset, Detected: a.Detected,
	}
	if c.Baseline.Peak() == 0 && c.Watched.Peak() == 0 {
		return nil
	}
	if length := all.Window.Watched.Duration(); length > 0 {
		c.ExpectedRate = max(0, a.Expected) / length.Minutes()
	}
	return c
}

// newPanel tolerates what a damaged journal may hold: no step, negative counts.
func newPanel(s selfheal.ChartSpan) panel {
	step := time.Duration(s.Step)
	if step <= 0 {
		return panel{From: s.From.UTC(), Step: time.Minute}
	}
	p := panel{From: s.From.UTC(), Step: step, Buckets: make([]int64, len(s.Buckets))}
	for bucket, n := range s.Buckets {
		p.Buckets[bucket] = max(0, n)
	}
	return p
}

// To is the end of the last bucket.
func (p panel) To() time.Time { return p.From.Add(p.Step * time.Duration(len(p.Buckets))) }

// Peak is the largest bucket.
func (p panel) Peak() int64 {
	var peak int64
	for _, n := range p.Buckets {
		peak = max(peak, n)
	}
	return peak
}

// Bars merges neighbouring buckets until at most limit bars are left. The last
// one may cover less time than the others; its rate is that of the time it covers.
func (p panel) Bars(limit int) []bar {
	if limit < 1 {
		return nil
	}
	width := (len(p.Buckets) + limit - 1) / limit
	var bars []bar
	for from := 0; from < len(p.Buckets); from += width {
		to := min(from+width, len(p.Buckets))
		b := bar{From: p.From.Add(p.Step * time.Duration(from)), To: p.From.Add(p.Step * time.Duration(to))}
		for _, n := range p.Buckets[from:to] {
			b.N += n
		}
		b.Rate = float64(b.N) / (p.Step * time.Duration(to-from)).Minutes()
		bars = append(bars, b)
	}
	return bars
}

// Draw gives at most so many bars for each side, and their common scale.
func (c *chart) Draw(baseline, watched int) drawing {
	d := drawing{Baseline: c.Baseline.Bars(baseline), Watched: c.Watched.Bars(watched)}
	for _, bars := range [][]bar{d.Baseline, d.Watched} {
		for _, b := range bars {
			d.Peak = max(d.Peak, b.Rate)
		}
	}
	return d
}

// barWords says what bars are: "bars of 1 h".
func barWords(bars []bar) string {
	if len(bars) == 0 {
		return ""
	}
	return "bars of " + span(bars[0].To.Sub(bars[0].From))
}

// peakWords says how high the highest bar is: "highest 6".
func peakWords(bars []bar) string {
	var peak int64
	for _, b := range bars {
		peak = max(peak, b.N)
	}
	return "highest " + count(peak)
}

// barTitle is the tooltip of a bar: "14:04 to 14:05 UTC: 6".
func barTitle(b bar) string {
	return fmt.Sprintf("%s to %s UTC: %s", b.From.Format(minuteLayout), clock(b.To, b.From), count(b.N))
}
