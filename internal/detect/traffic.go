package detect

import (
	"cmp"
	"slices"

	"selfheal"
)

const (
	// A control signature speaks about traffic when the window expects this many of it.
	controlEvents = 30
	// From this many controls on, their median decides; with fewer, their sum does.
	controlsForMedian = 3
	// controlsAtMost bounds the cost: the most frequent ones are taken.
	controlsAtMost = 100
	// mostTraffic is the largest correction that is believed.
	mostTraffic = 10
)

// control is a signature that is not judged.
type control struct {
	before, after *selfheal.Series
	total         float64
}

// trafficFactor is how much more was served in the window than the baseline
// predicts for its hour of the day, judged by the signatures that are not judged
// themselves: the median of their ratios (the size factor of Anders and Huber,
// 2010), so that neither a chatty new line nor one that went silent can move it.
// Fewer than the baseline predicts is taken as no change: the time is then the
// more careful exposure.
func (j *judgement) trafficFactor(controls []selfheal.SignatureID) float64 {
	t := &j.timeline
	if !t.dated {
		return 1
	}
	var frequent []control
	for _, id := range controls {
		c := control{before: j.in.Baseline.Of(id), after: j.in.Watched.Of(id)}
		if c.total = tally(c.before); c.total*t.windowExposure/t.baseExposure >= controlEvents {
			frequent = append(frequent, c)
		}
	}
	slices.SortStableFunc(frequent, func(a, b control) int { return cmp.Compare(b.total, a.total) })
	frequent = frequent[:min(len(frequent), controlsAtMost)]
	surveys := make([]survey, len(frequent))
	observed := make([]float64, len(frequent))
	for i, c := range frequent {
		surveys[i], observed[i] = newSurvey(c.before, c.total, t, excuse{}), tally(c.after)
	}
	return min(max(sizeFactor(surveys, observed, t), 1), mostTraffic)
}

func sizeFactor(surveys []survey, observed []float64, t *timeline) float64 {
	if len(surveys) == 0 {
		return 1
	}
	exposure := t.windowExposure / t.baseExposure * commonSeason(surveys, t).over(t.windowHours)
	ratios := make([]float64, len(surveys))
	var all, expected float64
	for i := range surveys {
		ratios[i] = observed[i] / (surveys[i].total * exposure)
		all += observed[i]
		expected += surveys[i].total * exposure
	}
	if len(ratios) < controlsForMedian {
		return all / expected
	}
	return median(ratios)
}
