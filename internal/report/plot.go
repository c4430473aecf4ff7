package report

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Geometry of a plot, in the units of its view box, which the page stretches to
// whatever room there is. A bar is a little narrower than its step.
const (
	plotStep   = "10"
	plotBar    = "8.5"
	plotHeight = "100"

	plotBefore = 168 // at most so many bars on each side
	plotAfter  = 120
)

// plot is a [chart] as numbers of an SVG.
type plot struct {
	Before, After plotSide
	Caption       string
}

type plotSide struct {
	ViewBox, Width   string
	Top, Bars        string // rate at the upper edge; what a bar is
	From, Middle, To string // axis
	Deploy           bool   // From is the deploy
	Columns          []plotColumn
	Band             plotBand
	Marks            []plotMark
}

type plotColumn struct{ X, Y, Height, Title string }

// plotBand is what the baseline predicts per bar; Height is empty when nothing is predicted.
type plotBand struct{ Y, Height, Mean, Title string }

type plotMark struct{ X, Class, Title string }

func newPlot(c *chart) plot {
	d := c.Draw(plotBefore, plotAfter)
	low, high := c.expectedRange(d.Watched)
	scale := 100 / max(d.Peak, high)

	p := plot{Before: newPlotSide(d.Baseline, scale, c), After: newPlotSide(d.Watched, scale, c)}
	p.Before.Top = rate(max(d.Peak, high), time.Minute)
	if len(d.Baseline) == 0 {
		p.Before.Top, p.After.Top = "", p.Before.Top
	}
	p.After.Deploy = c.startsWithDeploy()
	if p.After.Deploy {
		p.After.From = "deploy " + p.After.From
	}
	if high > 0 && len(d.Watched) > 0 {
		p.After.Band = plotBand{
			Y: coordinate(100 - high*scale), Height: coordinate((high - low) * scale),
			Mean: coordinate(100 - c.ExpectedRate*scale), Title: "expected: " + rate(c.ExpectedRate, time.Minute),
		}
	}
	p.Caption = c.caption(d, high > 0)
	return p
}

// expectedRange is the expected rate give or take two standard deviations of a
// Poisson count of one bar, per minute; zero when nothing is expected.
func (c *chart) expectedRange(bars []bar) (low, high float64) {
	if len(bars) == 0 || c.ExpectedRate <= 0 {
		return 0, 0
	}
	minutes := bars[0].To.Sub(bars[0].From).Minutes()
	mean := c.ExpectedRate * minutes
	return max(0, mean-2*math.Sqrt(mean)) / minutes, (mean + 2*math.Sqrt(mean)) / minutes
}

// startsWithDeploy tells whether the border between the panels is the deploy.
func (c *chart) startsWithDeploy() bool {
	return c.Watched.From.Sub(c.Deploy).Abs() <= max(c.Watched.Step, time.Minute)
}

func newPlotSide(bars []bar, scale float64, c *chart) plotSide {
	if len(bars) == 0 {
		return plotSide{}
	}
	width := float64(len(bars) * 10)
	from, to := bars[0].From, bars[len(bars)-1].To
	side := plotSide{
		Width: coordinate(width), ViewBox: "0 0 " + coordinate(width) + " " + plotHeight, Bars: barWords(bars),
		From: axisTime(from, to.Sub(from)), Middle: axisTime(from.Add(to.Sub(from)/2), to.Sub(from)), To: axisTime(to, to.Sub(from)),
	}
	for at, b := range bars {
		height := b.Rate * scale
		if b.N > 0 {
			height = max(height, 1.5) // one occurrence is to be seen at any scale
		}
		side.Columns = append(side.Columns, plotColumn{
			X: strconv.Itoa(at * 10), Y: coordinate(100 - height), Height: coordinate(height), Title: barTitle(b),
		})
	}
	mark := func(t time.Time, class, title string) {
		if !t.Before(from) && t.Before(to) {
			x := width * float64(t.Sub(from)) / float64(to.Sub(from))
			side.Marks = append(side.Marks, plotMark{coordinate(x), class, title + " " + clock(t, t) + " UTC"})
		}
	}
	mark(c.Onset, "onset", "since")
	mark(c.Detected, "evident", "evident at")
	return side
}

// axisTime shows the day only where the axis spans days.
func axisTime(t time.Time, length time.Duration) string {
	if length >= 24*time.Hour {
		return t.Format("Jan 2 15:04")
	}
	return t.Format("15:04")
}

func (c *chart) caption(d drawing, expected bool) string {
	parts := []string{"Height is the rate, on one scale; times are UTC."}
	if expected {
		parts = append(parts, "Blue band: what the baseline predicts for a bar, give or take two standard deviations of pure chance.")
	}
	switch {
	case !c.Onset.IsZero() && !c.Detected.IsZero():
		parts = append(parts, "Dashed line: onset. Solid line: the evidence sufficed.")
	case !c.Onset.IsZero():
		parts = append(parts, "Dashed line: onset.")
	case !c.Detected.IsZero():
		parts = append(parts, "Solid line: the evidence sufficed.")
	}
	if len(d.Watched) > 0 {
		parts = append(parts, "After: "+barWords(d.Watched)+", "+peakWords(d.Watched)+".")
	}
	if len(d.Baseline) > 0 {
		parts = append(parts, "Before: "+barWords(d.Baseline)+", "+peakWords(d.Baseline)+".")
	}
	return strings.Join(parts, " ")
}

// coordinate writes a number of an SVG with two decimals; what is no number becomes 0.
func coordinate(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "0"
	}
	return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64)
}
