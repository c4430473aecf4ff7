package detect

import "math"

// model is what the baseline predicts for one signature in this window. Test
// quantities are effective counts: occurrences, minutes capped, over the burst size.
type model struct {
	cap       float64   // occurrences a minute counts for at most
	burst     float64   // occurrences per effective one
	frailty   float64   // squared coefficient of variation of the rate from window to window
	known     float64   // effective occurrences in the baseline
	season    *season   // of this signature
	following following // of the traffic
	rate      float64   // occurrences in the baseline, uncapped
	peak      float64   // occurrences in the baseline's fullest stretch as long as the window
}

// shape of the gamma distribution of the window's mean: the baseline's effective
// count (plus one for the test against an excess, as in the exact conditional
// test), and the frailty on top.
func (m *model) shape(known float64) float64 {
	if known <= 0 {
		return 0
	}
	return 1 / (1/known + m.frailty)
}

// capOf is what a minute counts for at most in a revision that has a share of the traffic.
func (m *model) capOf(share float64) float64 {
	if m.cap <= minuteCap {
		return m.cap
	}
	return minuteCap + share*(m.cap-minuteCap)
}

// effective turns occurrences, minutes capped, into independent ones.
func (m *model) effective(count float64) float64 { return min(count/m.burst, mostEvents) }

// byMinute makes distinct minutes what is counted: the occurrences of a rare
// signature within one are hardly independent, and there are too few of them to
// learn how they burst.
func (m *model) byMinute(known float64) { m.cap, m.burst, m.known = 1, 1, known }

// chance of at least count capped occurrences at an exposure relative to the baseline's.
func (m *model) chance(count, exposure float64) float64 {
	known := m.known + 1
	return upperTail(m.effective(count), m.shape(known), known*exposure)
}

// chanceAfter is the same once the window has shown so many capped occurrences at an earlier exposure:
// the gamma distribution of its rate is updated by them.
func (m *model) chanceAfter(before, earlier, count, exposure float64) float64 {
	known := m.known + 1
	shape := m.shape(known)
	updated := shape + m.effective(before)
	return upperTail(m.effective(count), updated, known*exposure*updated/(shape+known*earlier))
}

// countFor is the smallest count whose chance is at most p.
func (m *model) countFor(p, exposure float64) float64 {
	low, high := 0.0, 1.0
	for m.chance(high, exposure) > p {
		if low = high; high > 1e12 {
			return math.Inf(1)
		}
		high *= 2
	}
	for high-low > 1 {
		middle := math.Floor((low + high) / 2)
		if m.chance(middle, exposure) > p {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// interval is the 95 % confidence interval of the rate ratio after a count of
// capped occurrences; high is 0 when it has no upper end.
func (m *model) interval(count, exposure float64) (low, high float64) {
	n, known := m.effective(count), m.known+1
	if n > 0 {
		shape := m.shape(known)
		low = betaQuantile(n, shape, 0.025) * shape / (known * exposure)
	}
	if m.known > 0 {
		shape := m.shape(m.known)
		high = betaQuantile(n+1, shape, 0.975) * shape / (m.known * exposure)
	}
	if low > largestRatio {
		low = largestRatio
	}
	if high > largestRatio {
		high = 0
	}
	return low, high
}

// largestRatio is where an interval counts as unbounded.
const largestRatio = 1e12

// fitModels turns surveys into models, sharing strength among all signatures.
func fitModels(surveys []survey, t *timeline) []model {
	models := make([]model, len(surveys))
	fitBursts(models, surveys)
	common := commonSeason(surveys, t)
	fitFollowing(models, surveys, t, common)
	fitFrailties(models, surveys, t, common)
	for i := range models {
		m, v := &models[i], &surveys[i]
		m.cap, m.peak = v.cap, v.peak
		m.season = common.own(v, t, m.burst, m.frailty)
		m.burst = max(m.burst, v.total/mostEvents)
		m.known = v.rate() / m.burst
		if m.rate = v.rate(); v.capped > 0 {
			m.rate *= v.total / v.capped
		}
	}
	return models
}

// fitBursts shrinks each signature's burst size towards that of all.
func fitBursts(models []model, surveys []survey) {
	sum, weights := usualBurst*usualBurstEvents, float64(usualBurstEvents)
	for i := range surveys {
		ratio, events := surveys[i].burst()
		weight := min(events, 50)
		sum += weight * ratio
		weights += weight
	}
	pooled := sum / weights
	for i := range surveys {
		ratio, events := surveys[i].burst()
		models[i].burst = (events*ratio + usualBurstEvents*pooled) / (events + usualBurstEvents)
	}
}

// fitFrailties shrinks each signature's frailty towards that of all. The prior is
// as wide as the pooled value itself.
func fitFrailties(models []model, surveys []survey, t *timeline, common *season) {
	own := make([]float64, len(surveys))
	precision := make([]float64, len(surveys))
	sum, weights := usualFrailty*usualFrailtyInfo, float64(usualFrailtyInfo)
	for i := range surveys {
		own[i], precision[i] = surveys[i].frailty(t, common, &models[i])
		weight := min(precision[i], usualFrailtyInfo)
		sum += weight * min(own[i], 3)
		weights += weight
	}
	pooled := max(sum/weights, leastFrailty)
	prior := 1 / (pooled * pooled)
	for i := range surveys {
		shrunk := (precision[i]*own[i] + prior*pooled) / (precision[i] + prior)
		models[i].frailty = max(leastFrailty, shrunk) + t.unseenDrift()
	}
}

// unseenDrift is the squared coefficient of variation that a day's course adds
// between a baseline shorter than a day and the window.
func (t *timeline) unseenDrift() float64 {
	if !t.dated {
		return 0
	}
	return dailyDrift * max(0, 1-t.baseExposure/(hoursPerDay*60))
}
