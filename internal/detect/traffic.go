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
	// recentMinutes is how far back the traffic of the moment reaches.
	recentMinutes = 10
	// trafficPrior is how many occurrences of each control speak for no change.
	trafficPrior = 20
)

// traffic is how much is served relative to what the baseline predicts for the
// hour of the day, judged by the signatures that are not judged themselves: the
// median of their ratios (the size factor of Anders and Huber, 2010), so that
// neither a chatty new line nor one that went silent can move it.
type traffic struct {
	controls []*control
	season   *season
	base     float64 // minutes of the baseline
	whole    float64 // season's minutes of the window so far
	recent   ring    // the same of the recent minutes
	level    float64 // of the recent minutes, both revisions together
	now      float64 // of these or of the whole window so far, whichever is more
	least    float64 // or less
	ratios   []float64
}

// control is a signature that is not judged.
type control struct {
	id     selfheal.SignatureID
	total  float64 // in the baseline
	whole  float64 // in the window so far
	recent ring
}

// ring sums what the recent minutes brought.
type ring struct {
	minutes [recentMinutes]float64
	sum     float64
}

func (r *ring) add(minute int64, n float64) {
	at := (minute%recentMinutes + recentMinutes) % recentMinutes
	r.sum += n - r.minutes[at]
	r.minutes[at] = n
}

// newTraffic picks the controls and learns their season.
func (j *judgement) newTraffic(ids []selfheal.SignatureID) *traffic {
	t := &j.timeline
	r := &traffic{base: t.baseExposure, level: 1, season: flatSeason()}
	if !t.dated {
		return r
	}
	for _, id := range ids {
		c := &control{id: id, total: tally(j.in.Baseline.Of(id))}
		if c.total*t.windowExposure/t.baseExposure >= controlEvents {
			r.controls = append(r.controls, c)
		}
	}
	slices.SortStableFunc(r.controls, func(a, b *control) int { return cmp.Compare(b.total, a.total) })
	r.controls = r.controls[:min(len(r.controls), controlsAtMost)]
	surveys := make([]survey, len(r.controls))
	for i, c := range r.controls {
		surveys[i] = newSurvey(j.in.Baseline.Of(c.id), c.total, t, excuse{})
	}
	if len(surveys) > 0 {
		r.season = commonSeason(surveys, t)
	}
	r.ratios = make([]float64, 0, len(r.controls))
	j.timeline.flow = r.newFlow(t, &j.in.Baseline)
	return r
}

func (r *traffic) rewind() {
	r.whole, r.recent, r.level, r.now, r.least = 0, ring{}, 1, 1, 1
	for _, c := range r.controls {
		c.whole, c.recent = 0, ring{}
	}
}

// step takes in a minute.
func (r *traffic) step(minute int64, j *judgement) {
	if len(r.controls) == 0 {
		return
	}
	season := r.season.sum(minutes{minute, minute + 1})
	r.whole += season
	r.recent.add(minute, season)
	for _, c := range r.controls {
		n := float64(j.served(c.id, minute))
		c.whole += n
		c.recent.add(minute, n)
	}
	r.level = r.ratio(func(c *control) float64 { return c.recent.sum }, r.recent.sum)
	whole := r.ratio(func(c *control) float64 { return c.whole }, r.whole)
	r.now, r.least = max(whole, r.level), min(whole, r.level)
}

// ratio of what the controls show over what the baseline predicts for some minutes.
func (r *traffic) ratio(shown func(*control) float64, minutes float64) float64 {
	r.ratios = r.ratios[:0]
	var all, expected float64
	for _, c := range r.controls {
		n, mean := shown(c), c.total*minutes/r.base
		r.ratios = append(r.ratios, (n+trafficPrior)/(mean+trafficPrior))
		all += n
		expected += mean
	}
	if len(r.ratios) < controlsForMedian {
		return (all + trafficPrior) / (expected + trafficPrior)
	}
	return median(r.ratios)
}

// served counts a bystander's occurrences in a minute, by either revision.
func (j *judgement) served(id selfheal.SignatureID, minute int64) int64 {
	n := at(j.bystanders[id], minute)
	if j.beside != nil {
		n += at(j.beside.series[id], minute)
	}
	return n
}

// at gives the occurrences in a minute.
func at(s *selfheal.Series, minute int64) int64 {
	if s == nil {
		return 0
	}
	return s.Between(minute, minute+1)
}
