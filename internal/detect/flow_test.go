package detect

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"selfheal"
)

// tide is how much is served on a day before or after the deploy, relative to the usual.
func tide(at time.Duration, levels []float64) float64 {
	return levels[int((at+week)/(24*time.Hour))%len(levels)]
}

// serving adds lines that come as the traffic has it.
func (s *scene) serving(levels []float64) *scene {
	for i := range 4 {
		id := selfheal.SignatureID(fmt.Sprintf("get%d", i))
		s.signature(id, selfheal.KindMessage, selfheal.SeverityInfo)
		for at := -week; at < time.Hour; at += time.Minute {
			s.every(id, at, at+1, time.Minute, int64(math.Round(float64(20+10*i)*tide(at, levels))))
		}
	}
	return s
}

// follower makes a signature whose rate goes with a power of the traffic, and varies by the hour besides.
func (s *scene) follower(id selfheal.SignatureID, perHour, elasticity, shape float64, levels []float64, random *rand.Rand) {
	s.signature(id, selfheal.KindMessage, selfheal.SeverityError)
	for at := -week; at < time.Hour; at += time.Hour {
		rate := perHour * math.Pow(tide(at, levels), elasticity) * distuv.Gamma{Alpha: shape, Beta: shape, Src: random}.Rand()
		for range int(distuv.Poisson{Lambda: rate, Src: random}.Rand()) {
			minute := at + time.Duration(random.IntN(60))*time.Minute
			s.every(id, minute, minute+1, time.Minute, 1)
		}
	}
}

// days are the levels of the week's days and of the one that begins with the deploy.
var days = []float64{1.2, 1.1, 1.3, 0.5, 0.6, 1.2, 1.1, 1.2}

func TestElasticityIsLearnt(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 9))
	s := newScene(week, time.Hour).serving(days)
	for i := range 20 {
		s.follower(selfheal.SignatureID(fmt.Sprintf("with%02d", i)), 100, 1, 20, days, random)
		s.follower(selfheal.SignatureID(fmt.Sprintf("without%02d", i)), 100, 0, 20, days, random)
	}
	m := NewMonitor(s.in, DefaultOptions())
	mean := map[bool]float64{}
	for _, s := range m.j.subjects {
		mean[s.signature.ID[4] != 'o'] += s.model.following.elasticity / 20
	}
	if mean[true] < 0.8 || mean[false] > 0.2 {
		t.Errorf("elasticity %.2f of those that follow the traffic, %.2f of the others", mean[true], mean[false])
	}
}

// TestExpectationFollowsTheTraffic shows what the present traffic makes of an expectation, within and beyond what
// the baseline knows of it.
func TestExpectationFollowsTheTraffic(t *testing.T) {
	t.Parallel()
	f := func(name string, levels []float64, elasticity, level, want float64) {
		t.Helper()
		tl := timeline{blocks: 168, blockLength: 60, midHour: make([]int, 168)}
		tl.flow.levels = levels
		if len(levels) > 0 {
			tl.flow.low, tl.flow.high = slices.Min(levels), slices.Max(levels)
		}
		m := model{following: tl.follow(elasticity, flatSeason())}
		if got := tl.flow.now(&m, level); math.Abs(got-want) > 0.02*want {
			t.Errorf("%s: got %g, want %g", name, got, want)
		}
	}
	even := make([]float64, 168)
	for i := range even {
		even[i] = 0.5 + float64(i%2)
	}
	f("no lines to tell", nil, 1, 0.5, 1)
	f("more, and nothing is known", nil, 1, 3, 3)
	f("follows", even, 1, 0.5, 0.5)
	f("follows the square root", even, 0.5, 1.5, 1.27)
	f("does not follow", even, 0, 0.5, 1)
	f("less than ever", even, 1, 0.01, 0.5)
	f("more than ever", even, 0, 3, 2)
}

// TestChancesAreHonestInAnyTraffic shows that without a change p-values are honest when rates follow
// the traffic more or less, on days that are busier or quieter than the others.
func TestChancesAreHonestInAnyTraffic(t *testing.T) {
	t.Parallel()
	for _, today := range []float64{0.5, 1, 1.4} {
		t.Run(fmt.Sprint(today), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(11, uint64(10*today)))
			levels := append(slices.Clone(days[:7]), today)
			var p []float64
			for range 2 {
				s := newScene(week, time.Hour).serving(levels)
				for i := range 150 {
					s.follower(selfheal.SignatureID(fmt.Sprintf("s%03d", i)), 40, random.Float64(), 8, levels, random)
				}
				m := NewMonitor(s.in, DefaultOptions())
				m.Observe(Batch{Counts: s.in.Watched, Through: s.in.WatchedInterval.To})
				for _, subject := range m.j.subjects {
					p = append(p, subject.p)
				}
			}
			checkHonest(t, p, 1.5)
		})
	}
}

func TestUpperBound(t *testing.T) {
	t.Parallel()
	for _, shape := range []float64{1, 4, 20} {
		want := distuv.Gamma{Alpha: shape, Beta: shape / 50}.Quantile(1 - 1.0/300)
		if got := upperBound(50, 50*50/shape, 300); math.Abs(got-want) > 0.03*want {
			t.Errorf("shape %g: got %.1f, want %.1f", shape, got, want)
		}
	}
}

// TestOutagesWidenNoFrailty shows that hours in which a dependency was down do not make a steady signature look as if its rate varied.
func TestOutagesWidenNoFrailty(t *testing.T) {
	t.Parallel()
	frailty := func(outages int) float64 {
		s := newScene(week, time.Hour).every("x", -week, 0, time.Minute, 1)
		for i := range outages {
			at := -time.Duration(10+17*i) * time.Hour
			s.every("x", at, at+50*time.Minute, time.Minute, 7)
		}
		return NewMonitor(s.in, DefaultOptions()).j.byID["x"].model.frailty
	}
	if calm, hit := frailty(0), frailty(3); hit > calm+0.02 {
		t.Errorf("frailty %g with outages, %g without", hit, calm)
	}
}
