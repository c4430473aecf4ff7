package report

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"selfheal"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestBarsKeepTheSum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		buckets := rapid.SliceOfN(rapid.Int64Range(0, 1000), 0, 300).Draw(t, "buckets")
		limit := rapid.IntRange(0, 200).Draw(t, "limit")
		p := panel{From: noon, Step: time.Minute, Buckets: buckets}
		bars := p.Bars(limit)
		if len(bars) > limit {
			t.Fatalf("%d bars, at most %d were asked for", len(bars), limit)
		}
		var want, got int64
		for _, n := range buckets {
			want += n
		}
		minutes := 0.0
		for _, b := range bars {
			got += b.N
			minutes += b.To.Sub(b.From).Minutes()
			if n := b.Rate * b.To.Sub(b.From).Minutes(); math.Abs(n-float64(b.N)) > 1e-6 {
				t.Fatalf("rate %v over %v is not %d", b.Rate, b.To.Sub(b.From), b.N)
			}
		}
		if limit > 0 && (got != want || int(math.Round(minutes)) != len(buckets)) {
			t.Fatalf("bars hold %d over %v min, buckets %d over %d min", got, minutes, want, len(buckets))
		}
	})
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	f := func(peak float64, row int, want string, ns ...int64) {
		t.Helper()
		var bars []bar
		for _, n := range ns {
			bars = append(bars, bar{N: n, Rate: float64(n)})
		}
		if got := blocks(bars, peak, row); got != want {
			t.Errorf("row %d of %v: got %q, want %q", row, ns, got, want)
		}
	}
	f(24, 0, ".▁▄███", 0, 1, 4, 8, 9, 24)
	f(24, 1, "    ▁█", 0, 1, 4, 8, 9, 24)
	f(24, 2, "     █", 0, 1, 4, 8, 9, 24)
	f(1e9, 0, ".▁", 0, 1) // the smallest bar is still seen
}

func TestNewChart(t *testing.T) {
	t.Parallel()
	spanOf := func(step time.Duration, buckets ...int64) selfheal.ChartSpan {
		return selfheal.ChartSpan{From: noon, Step: selfheal.Duration(step), Buckets: buckets}
	}
	f := func(name string, before, after selfheal.ChartSpan, want bool) {
		t.Helper()
		c := newChart(selfheal.Anomaly{Chart: selfheal.Chart{Baseline: before, Watched: after}}, selfheal.Assessment{})
		if (c != nil) != want {
			t.Errorf("%s: chart %v, want %v", name, c != nil, want)
		}
	}
	f("nothing", selfheal.ChartSpan{}, selfheal.ChartSpan{}, false)
	f("only zeros", spanOf(time.Hour, 0, 0), spanOf(time.Minute, 0), false)
	f("window only", selfheal.ChartSpan{}, spanOf(time.Minute, 1), true)
	f("baseline only", spanOf(time.Hour, 3), selfheal.ChartSpan{}, true)
	f("no step", spanOf(0, 3), spanOf(-1, 3), false)
	f("negative counts", spanOf(time.Hour, -3), selfheal.ChartSpan{}, false)
}

func TestAxisTimes(t *testing.T) {
	t.Parallel()
	if got, want := axisTime(noon, 7*24*time.Hour), "Nov 22 12:00"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := axisTime(noon, time.Hour), "12:00"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlotFollowsTheChart(t *testing.T) {
	t.Parallel()
	assessment := selfheal.Assessment{
		Deploy: selfheal.Deploy{Time: noon}, Window: selfheal.Window{Watched: selfheal.Interval{From: noon, To: noon.Add(4 * time.Minute)}},
	}
	c := newChart(selfheal.Anomaly{
		Expected: 4, Onset: noon.Add(2 * time.Minute),
		Chart: selfheal.Chart{Watched: selfheal.ChartSpan{From: noon, Step: selfheal.Duration(time.Minute), Buckets: []int64{0, 1, 10, 5}}},
	}, assessment)
	p := newPlot(c)
	if p.After.Columns[2].Height != "100" || p.After.Columns[3].Height != "50" || p.After.Columns[0].Height != "0" {
		t.Errorf("heights: %+v", p.After.Columns)
	}
	if want := (plotMark{X: "20", Class: "onset", Title: "since 12:02 UTC"}); len(p.After.Marks) != 1 || p.After.Marks[0] != want {
		t.Errorf("marks: got %+v, want %+v", p.After.Marks, want)
	}
	if p.After.From != "deploy 12:00" || p.After.Band.Mean != "90" || p.After.Band.Y != "70" || p.After.Band.Height != "30" {
		t.Errorf("axis %q, band %+v", p.After.From, p.After.Band)
	}
	if got, want := coordinate(math.NaN()), "0"; got != want {
		t.Errorf("NaN: got %q", got)
	}
}
