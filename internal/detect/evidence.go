package detect

import (
	"math"

	"selfheal"
)

const (
	// The planned window is tested whole, in halves, in quarters and so on down to
	// shortestTrial minutes. The whole gets wholeWeight of the budget of chances, and the other
	// levels share the rest evenly, each among its stretches.
	shortestTrial = 7
	wholeWeight   = 0.6
	levelsAtMost  = 8

	// The first settleMinutes after a deploy, and no more than a settleShare of the window,
	// say nothing about a known signature: processes restart, connections break.
	settleMinutes = 2
	settleShare   = 10
)

// level is the planned window cut into stretches of one length.
type level struct {
	length int64   // minutes
	weight float64 // share of the budget that one of its stretches has
}

// levelsOf cuts a window of a length.
func levelsOf(length int64) []level {
	levels := []level{{length, 1}}
	for n := int64(2); length/n >= shortestTrial && len(levels) < levelsAtMost; n *= 2 {
		levels = append(levels, level{(length + n - 1) / n, 0})
	}
	if len(levels) == 1 {
		return levels
	}
	levels[0].weight = wholeWeight
	for i := range levels[1:] {
		l := &levels[i+1]
		l.weight = (1 - wholeWeight) / float64(len(levels)-1) / float64(int64(1)<<(i+1))
	}
	return levels
}

// extent gives the minutes of a level's stretch.
func (t *timeline) extentOf(level int, stretch int64) minutes {
	length := t.levels[level].length
	from := t.window.from + stretch*length
	return minutes{from, min(from+length, t.window.to)}
}

// trial is the test of one level. What makes it honest at every look: a stretch is
// tested against what the baseline lets it reach by its end, and until then its
// count only grows. So the chance of ever crossing a bound is that of having
// crossed it at the end, and looking every minute costs nothing.
type trial struct {
	current stretch
	p       float64 // smallest weighted chance of any stretch
	best    stretch // to which that belongs
}

// stretch is one part of the planned window, and what it shows of a signature.
type stretch struct {
	at     int64   // its place among those of its level
	before float64 // capped occurrences from the deploy, settled, to where it begins
	count  float64 // capped occurrences in it so far
}

// weigh tests a subject on all levels after it occurred in a minute.
func (j *judgement) weigh(s *subject, minute int64, n float64) {
	t := &j.timeline
	if !j.comparable || t.settling(minute) && !s.rare {
		return
	}
	if s.trials == nil {
		s.trials = make([]trial, len(t.levels))
		for i := range s.trials {
			s.trials[i].p = 1
		}
	}
	for i := range s.trials {
		r := &s.trials[i]
		if at := t.stretchAt(i, minute); at != r.current.at {
			r.current = stretch{at: at, before: s.weighed}
		}
		r.current.count += min(n, s.model.cap)
		if p := j.weightedChance(s, i, r.current); p <= r.p {
			r.p, r.best = p, r.current
		}
		s.p = min(s.p, r.p)
	}
	s.weighed += min(n, s.model.cap)
}

// weightedChance is that of a stretch's count over the stretch's share of the budget. A stretch that does not
// begin with the deploy is tested twice, each time with half of the share: against the baseline, and
// against the baseline and the window so far, which tells how this hour differs from others. A rise
// that begins late stands out the more by the second, one that begins with the deploy by the first.
func (j *judgement) weightedChance(s *subject, level int, r stretch) float64 {
	t, m := &j.timeline, &s.model
	span := t.extentOf(level, r.at)
	exposure := j.exposure(s, span)
	if m.effective(r.count) <= m.known*exposure {
		return 1
	}
	p := m.chance(r.count, exposure)
	if r.at > 0 && !s.rare {
		earlier := j.exposure(s, minutes{t.window.from, span.from})
		p = 2 * min(p, m.chanceAfter(r.before, earlier, r.count, exposure))
	}
	return min(1, p/t.levels[level].weight)
}

// stretchAt gives a level's stretch in which a minute lies.
func (t *timeline) stretchAt(level int, minute int64) int64 {
	if !t.dated {
		return 0
	}
	return (minute - t.window.from) / t.levels[level].length
}

// settling tells whether a minute is among the first after the deploy.
func (t *timeline) settling(minute int64) bool {
	return t.dated && minute >= t.deploy && minute < t.settled
}

// exposure of a stretch of the window relative to the baseline: its length, without
// what does not count for a known signature, the season, and the traffic.
func (j *judgement) exposure(s *subject, span minutes) float64 {
	t := &j.timeline
	if !t.dated {
		return t.windowExposure / t.baseExposure
	}
	sum := s.model.season.sum(span)
	if !s.rare {
		sum -= s.model.season.sum(minutes{max(span.from, t.deploy), min(span.to, t.settled)})
	}
	return j.scale * t.flow.now(&s.model, j.traffic.now) * sum * t.minuteLength / t.baseExposure
}

// seen are the minutes of the window that are decided.
func (j *judgement) seen() minutes { return minutes{j.timeline.window.from, j.now} }

// seenExposure is like exposure of what was seen, with all that occurred in it.
func (j *judgement) seenExposure(s *subject) float64 {
	t := &j.timeline
	if !t.dated {
		return t.windowExposure / t.baseExposure
	}
	return j.scale * t.flow.now(&s.model, j.traffic.now) * s.model.season.sum(j.seen()) * t.minuteLength / t.baseExposure
}

// expected is how many occurrences the baseline predicts for what was seen.
func (j *judgement) expected(s *subject) float64 {
	if !j.comparable {
		return 0
	}
	return s.model.rate * j.seenExposure(s)
}

// evidence turns a chance that holds at every look into an e-value: the payoff of a
// bet against "no change" that nobody can expect to win, by mixing the calibrators
// k p^(k-1) over k (Vovk and Wang, "E-values: calibration, combination and
// applications", Annals of Statistics 2021). Under "no change" its mean is at most 1.
func evidence(p float64) float64 {
	if p >= 1 {
		return 0.5 // the limit
	}
	log := math.Log(p)
	if log > -1e-3 {
		return 0.5
	}
	return min((1-p+p*log)/(p*log*log), 1e300)
}

// enough tells whether it repeated often enough, in enough distinct minutes.
func (j *judgement) enough(rare bool, counts []selfheal.Count) bool {
	count, active, _ := observe(counts, math.Inf(1))
	return count >= float64(j.options.MinimumCount) && active >= j.options.MinimumMinutes && (!rare || j.noise.exceeded(counts, j.timeline.deploy))
}
