package detect

import (
	"math"
	"slices"

	"selfheal"
)

const (
	// flowHours is from how many hours of the baseline on their traffic tells how signatures follow it.
	flowHours = 24
	// flowTails is the share of hours at either end whose traffic is out of the ordinary.
	flowTails = 0.03
	// leastFlow keeps hours without any traffic from being taken for hours without errors.
	leastFlow = 0.1
	// elasticityPrior is the precision of the prior of a signature's elasticity, and elasticityWeight that
	// up to which one signature speaks for all.
	elasticityPrior  = 10
	elasticityWeight = 50
)

// flow is how much was served in every hour of the baseline relative to what the hour of the day
// explains, as the controls show: weekends, weeks that differ, days of many customers.
type flow struct {
	from      int64     // hour since the Unix epoch of the first level
	levels    []float64 // per hour; empty where nothing tells
	low, high float64   // the ordinary ones
}

// newFlow reads the controls' baseline.
func (r *traffic) newFlow(t *timeline, baseline *selfheal.Counts) flow {
	f := flow{from: (t.base.from + 59) / 60}
	hours := int(t.base.to/60 - f.from)
	if len(r.controls) == 0 || hours < flowHours {
		return flow{}
	}
	counts := make(map[*control][]float64, len(r.controls))
	for _, c := range r.controls {
		counts[c] = make([]float64, hours)
		for _, n := range within(baseline.Of(c.id), minutes{f.from * 60, (f.from + int64(hours)) * 60}) {
			counts[c][n.Minute/60-f.from] += float64(max(n.N, 0))
		}
	}
	f.levels = make([]float64, hours)
	for h := range f.levels {
		season := 60 * r.season.at(hourOf((f.from+int64(h))*60))
		f.levels[h] = r.ratio(func(c *control) float64 { return counts[c][h] }, season)
	}
	sorted := slices.Sorted(slices.Values(f.levels))
	tail := int(flowTails * float64(hours))
	f.low, f.high = min(max(sorted[tail], leastFlow), 1), max(sorted[hours-1-tail], 1)
	for h, level := range f.levels {
		f.levels[h] = min(max(level, f.low), f.high)
	}
	return f
}

// at gives the level in the hour of a minute, 1 where it is not known.
func (f *flow) at(minute int64) float64 {
	if h := minute/60 - f.from; len(f.levels) > 0 && h >= 0 && h < int64(len(f.levels)) {
		return f.levels[h]
	}
	return 1
}

// following is how a signature's rate moves with the flow: as its power, relative to the mean.
type following struct {
	elasticity float64
	mean       float64 // of the flow's power over the baseline
}

// factor on the rate at a level of the flow.
func (f *following) factor(level float64) float64 {
	if f.elasticity == 0 {
		return 1
	}
	return math.Pow(level, f.elasticity) / f.mean
}

// now is the factor at the present traffic. Where the baseline shows no flow, less than it predicts
// is taken as no change; so is what goes beyond the ordinary levels, downwards, whereas upwards all rates go with it.
func (f *flow) now(m *model, level float64) float64 {
	if len(f.levels) == 0 {
		return min(max(level, 1), mostTraffic)
	}
	ordinary := min(max(level, f.low), f.high)
	return m.following.factor(ordinary) * min(max(level/f.high, 1), mostTraffic)
}

// factors are those of all hours.
func (f *flow) factors(follows *following) []float64 {
	all := make([]float64, len(f.levels))
	for h, level := range f.levels {
		all[h] = follows.factor(level)
	}
	return all
}

// factorIn is the factor on a signature's rate in a short span of the baseline.
func (f *flow) factorIn(m *model, span minutes) float64 {
	return m.following.factor(f.at((span.from + span.to) / 2))
}

// eachBlock calls back with the occurrences of every block of the baseline.
func (v *survey) eachBlock(t *timeline, call func(block int, n float64)) {
	rest := v.blocks
	for b := range t.blocks {
		n := 0.0
		if len(rest) > 0 && int(rest[0].at) == b {
			n, rest = rest[0].n, rest[1:]
		}
		call(b, n)
	}
}

// slope is the least-squares estimate of the elasticity near the usual flow, and its precision.
func (v *survey) slope(t *timeline, s *season, burst float64) (slope, precision float64) {
	mean := v.rate() * float64(t.blockLength) / t.baseExposure
	if len(t.flow.levels) == 0 || mean <= 0 {
		return 0, 0
	}
	var products, squares float64
	v.eachBlock(t, func(b int, n float64) {
		expected := mean * s.at(t.midHour[b])
		weight := 1 / (usualFrailty + burst/expected)
		d := t.flow.at(t.midMinute(b)) - 1
		products += weight * (n/expected - 1) * d
		squares += weight * d * d
	})
	return products / max(squares, 1e-12), squares
}

// fitFollowing shrinks each signature's elasticity towards that of all.
func fitFollowing(models []model, surveys []survey, t *timeline, common *season) {
	slopes, precisions := make([]float64, len(surveys)), make([]float64, len(surveys))
	sum, weights := float64(elasticityPrior)/2, float64(elasticityPrior)
	for i := range surveys {
		slopes[i], precisions[i] = surveys[i].slope(t, common, models[i].burst)
		weight := min(precisions[i], elasticityWeight)
		sum, weights = sum+weight*min(max(slopes[i], -1), 2), weights+weight
	}
	pooled := sum / weights
	for i := range surveys {
		shrunk := (precisions[i]*slopes[i] + elasticityPrior*pooled) / (precisions[i] + elasticityPrior)
		models[i].following = t.follow(min(max(shrunk, 0), 1), common)
	}
}

// follow gives the following of an elasticity.
func (t *timeline) follow(elasticity float64, s *season) following {
	f := following{elasticity, 1}
	if len(t.flow.levels) == 0 || t.blocks == 0 {
		f.elasticity = 0
		return f
	}
	var sum, weights float64
	for b := range t.blocks {
		weight := s.at(t.midHour[b])
		sum += weight * math.Pow(t.flow.at(t.midMinute(b)), elasticity)
		weights += weight
	}
	f.mean = sum / weights
	return f
}

// upperBound is the count of a block that chance exceeds in one of so many of them: the gamma quantile of
// Wilson and Hilferty (1931).
func upperBound(mean, variance, of float64) float64 {
	if variance <= 0 {
		return mean
	}
	shape := mean * mean / variance
	z := math.Sqrt2 * math.Erfinv(1-2/of)
	root := 1 - 1/(9*shape) + z/(3*math.Sqrt(shape))
	return mean * math.Pow(max(root, 0), 3)
}
