package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
)

// chartRows is the height of a chart in lines; each line has eight levels.
const chartRows = 3

// chart draws baseline and window side by side:
//
//	                    ▃█▆▅
//	....▁...▁.........│▅████
//	Nov 16 14:03      ▲ 14:03
func (p *printer) chart(indent int, c *chart) {
	room := p.width - indent - 1
	before := room * 3 / 5
	d := c.Draw(before, room-before)
	left, right := stretch(d.Baseline, before), stretch(d.Watched, room-before)
	margin := strings.Repeat(" ", indent)
	for row := chartRows - 1; row >= 0; row-- {
		line := margin + p.faint(blocks(left, d.Peak, row))
		if len(left) > 0 && len(right) > 0 {
			line += p.neutral("│")
		}
		p.line(line + p.bad(blocks(right, d.Peak, row)))
	}
	p.line(margin + p.faint(fit(timeAxis(c, len(left), len(right)), room+1)))
	p.joined(indent, legend(d))
}

// stretch repeats each bar so that a few bars still fill part of the room.
func stretch(bars []bar, room int) []bar {
	const widest = 3
	if len(bars) == 0 {
		return nil
	}
	times := max(1, min(widest, room/len(bars)))
	wide := make([]bar, 0, len(bars)*times)
	for _, b := range bars {
		for range times {
			wide = append(wide, b)
		}
	}
	return wide
}

// blocks draws one row of bars; row 0 is the lowest. Nothing is a dot there, so
// that an empty stretch still is a line and differs from the smallest bar.
func blocks(bars []bar, peak float64, row int) string {
	const levels = 8
	eighths := [levels + 1]rune{' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'}
	var b strings.Builder
	for _, bar := range bars {
		if bar.N == 0 && row == 0 {
			b.WriteByte('.')
			continue
		}
		height := int(math.Round(bar.Rate / peak * chartRows * levels))
		if bar.N > 0 {
			height = max(height, 1)
		}
		b.WriteRune(eighths[min(levels, max(0, height-row*levels))])
	}
	return b.String()
}

// timeAxis puts the start, the border and the end under the bars, as far as they fit.
func timeAxis(c *chart, left, right int) string {
	axis := ""
	place := func(column int, text string) {
		if width := lipgloss.Width(axis); width == 0 && column == 0 || width < column {
			axis += strings.Repeat(" ", column-width) + text
		}
	}
	if left > 0 {
		place(0, c.Baseline.From.Format("Jan 2 15:04"))
	}
	if right == 0 {
		return axis
	}
	place(left, "▲ "+borderWords(c))
	end := c.Watched.To().Format("15:04")
	place(left+1+right-len(end), end)
	return axis
}

// borderWords names the border between baseline and window: the deploy, when the window starts with it.
func borderWords(c *chart) string {
	name := "window"
	if c.startsWithDeploy() {
		name = "deploy"
	}
	return name + " " + c.Watched.From.Format("15:04")
}

// legend says what a bar is on either side, and how high the chart is.
func legend(d drawing) []string {
	var words []string
	if len(d.Baseline) > 0 {
		words = append(words, fmt.Sprintf("before: %s, %s", barWords(d.Baseline), peakWords(d.Baseline)))
	}
	if len(d.Watched) > 0 {
		words = append(words, fmt.Sprintf("after: %s, %s", barWords(d.Watched), peakWords(d.Watched)))
	}
	return append(words, "top: "+rate(d.Peak, time.Minute))
}
