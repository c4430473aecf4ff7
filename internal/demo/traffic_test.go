package demo

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newTestShoppers(seed uint64) *shoppers {
	s := seededShoppers(seed, streamWeek)
	s.tenants, s.skus = []string{"north-pier"}, []string{"mug-330", "bowl-160"}
	return s
}

func TestMixAddsUp(t *testing.T) {
	t.Parallel()
	sum := 0
	for _, m := range mix {
		sum += m.share
	}
	if sum != 10_000 {
		t.Errorf("the shares add up to %d", sum)
	}
}

func TestArrivals(t *testing.T) {
	t.Parallel()
	f := func(expected float64) {
		t.Helper()
		s, n := newTestShoppers(7), 0
		const slices = 2000
		for range slices {
			n += len(s.arrivals(expected))
		}
		// The sum of Poisson variables has its expectation as its variance.
		if mean := expected * slices; math.Abs(float64(n)-mean) > 4*math.Sqrt(mean) {
			t.Errorf("expected %v per slice, got %v", expected, float64(n)/slices)
		}
	}
	f(.5)
	f(13)
	f(70)
}

func TestTrafficRepeats(t *testing.T) {
	t.Parallel()
	all := cmp.AllowUnexported(call{})
	a, b := newTestShoppers(7).arrivals(50), newTestShoppers(7).arrivals(50)
	if diff := cmp.Diff(a, b, all); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(a, newTestShoppers(8).arrivals(50), all) {
		t.Error("another seed sends the same traffic")
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	sum, lowest := 0., math.Inf(1)
	for at := -7 * 24 * time.Hour; at < 0; at += time.Minute {
		now := rate(at)
		sum += now / 60
		lowest = min(lowest, now)
	}
	if sum < 60_000 || sum > 80_000 {
		t.Errorf("%.0f requests in the week", sum)
	}
	if lowest < 50 {
		t.Errorf("at night, %.0f requests per hour", lowest)
	}
	if busiest := rate(30 * time.Minute); busiest < 5*lowest {
		t.Errorf("the watched hour has %.0f requests, the night %.0f", busiest, lowest)
	}
}

// TestWeek: the spells of the week lie inside it, apart from each other, on slice borders.
func TestWeek(t *testing.T) {
	t.Parallel()
	end, outages := time.Duration(0), 0
	for _, s := range week() {
		if s.from < end || s.from%(5*time.Minute) != 0 || s.lasts%(5*time.Minute) != 0 {
			t.Errorf("a spell from %v for %v, after one that ended at %v", s.from, s.lasts, end)
		}
		end = s.from + s.lasts
		if s.weather == outage {
			outages++
		}
	}
	if end > 7*24*time.Hour || outages < 5 {
		t.Errorf("%d outages, the last spell ends at %v", outages, end)
	}
}
