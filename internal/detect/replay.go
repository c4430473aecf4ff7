package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"selfheal"
)

// usual silences what the baseline reached by itself.
func (j *judgement) usual(s *subject) (selfheal.Silence, string) {
	var shown peak
	for i := range s.trials {
		if s.trials[i].p > j.threshold || !j.largeEnough(s, i) {
			continue
		}
		p, found := j.replay(s, i)
		if !found {
			return "", ""
		}
		if p.length > shown.length {
			shown = p
		}
	}
	if shown.length == 0 {
		return "", ""
	}
	return selfheal.SilenceUsual, j.showsTheSame(s, shown)
}

// reached tells whether the baseline by itself shows a trial's evidence.
func (j *judgement) reached(s *subject, level int) bool {
	_, found := j.replay(s, level)
	return found
}

// sameBefore gives a reason when the fullest stretch of the baseline held as much
// as the window: a better answer than what chance can and cannot explain.
func (j *judgement) sameBefore(s *subject) string {
	if !j.timeline.dated || s.isNew() || !s.elevated(j) {
		return ""
	}
	var fullest peak
	for _, p := range peaks(s.before, &j.timeline, j.timeline.window.length(), &following{}, func(c selfheal.Count) (count, capped float64) {
		n := float64(max(c.N, 0))
		return n, n
	}) {
		if p.count > fullest.count {
			fullest = p
		}
	}
	if fullest.count*j.share() < s.count {
		return ""
	}
	return j.showsTheSame(s, fullest)
}

// showsTheSame puts a stretch of the baseline into words. It may hold less than
// the window, and be as unusual for its hour of the day.
func (j *judgement) showsTheSame(s *subject, p peak) string {
	t := &j.timeline
	same := "the same"
	if p.length == t.window.length() && p.count < s.count {
		same = "as unusual a rise"
	}
	before, show := t.extent(t.baseExposure), "show"
	if strings.HasPrefix(before, "1 ") {
		show = "shows"
	}
	return fmt.Sprintf("the %s before %s %s without this deploy: up to %s in %s, %s", before, show, same,
		number(math.Round(p.count)), t.extent(float64(p.length)*t.minuteLength), selfheal.MinuteTime(p.from).Format("Jan 2 15:04"))
}

// peak is a stretch of the baseline as long as one of the window.
type peak struct {
	from   int64   // minute of its first occurrence
	length int64   // of the stretch, in minutes
	capped float64 // occurrences, minutes capped
	factor float64 // by which the traffic of the time moves the rate
	count  float64 // all occurrences
}

// replay looks for a stretch of the baseline, of any beginning and as long as a
// trial's, with at least as many occurrences that no busier time of the day explains, or that would
// have been stronger evidence at its hour of the day.
func (j *judgement) replay(s *subject, level int) (peak, bool) {
	t := &j.timeline
	if !t.dated || s.isNew() {
		return peak{}, false
	}
	if s.peaks == nil {
		s.peaks = make([][hoursPerDay]peak, len(t.levels))
		for i, l := range t.levels {
			s.peaks[i] = peaks(s.before, t, l.length, &s.model.following, s.excused)
		}
	}
	m, r := &s.model, &s.trials[level]
	perStretch := float64(t.levels[level].length) * t.minuteLength / t.baseExposure
	p := m.chance(r.best.count, j.exposure(s, t.extentOf(level, r.best.at)))
	for hour, peak := range s.peaks[level] {
		if peak.capped == 0 {
			continue
		}
		chance := m.chance(peak.capped, perStretch*m.season.at(hour)*peak.factor)
		if peak.capped*j.share() >= r.best.count && m.chance(peak.capped, perStretch*m.season.around(hour)*peak.factor) <= ordinaryChance ||
			chance <= p && chance > smallestChance {
			return peak, true
		}
	}
	return j.daily(s, level)
}

// daily tells whether a trial's stretch is no rise over the same minutes of the days before: a job
// that runs every day may run a little larger than ever.
func (j *judgement) daily(s *subject, level int) (peak, bool) {
	const day = hoursPerDay * 60
	t, r := &j.timeline, &s.trials[level]
	span := t.extentOf(level, r.best.at)
	var days []peak
	for from := span.from - day; from >= t.base.from; from -= day {
		p := peak{from: from, length: span.length()}
		for _, c := range within(s.before, minutes{from, from + p.length}) {
			count, capped := s.excused(c)
			p.count += count
			p.capped += capped
		}
		days = append(days, p)
	}
	if len(days) < daysForHabit {
		return peak{}, false
	}
	slices.SortFunc(days, func(a, b peak) int { return cmp.Compare(a.capped, b.capped) })
	usual := days[len(days)/2]
	return usual, r.best.count+0.5 < j.options.MinimumRatio*j.share()*(usual.capped+0.5)
}

// ordinaryChance is above which a stretch of the baseline was what the hours around it and the traffic explain. A job that
// runs at another hour for once is not.
const ordinaryChance = 1e-2

// daysForHabit is from how many days on their median tells what happens every day.
const daysForHabit = 3

// peaks finds, per hour of the day, the stretch with most occurrences as weigh counts them.
func peaks(s *selfheal.Series, t *timeline, length int64, follows *following, weigh func(selfheal.Count) (count, capped float64)) [hoursPerDay]peak {
	var best [hoursPerDay]peak
	counts := within(s, t.base)
	now := peak{length: length}
	first := 0
	for _, c := range counts {
		n, capped := weigh(c)
		now.count += n
		now.capped += capped
		for ; counts[first].Minute <= c.Minute-length; first++ {
			n, capped := weigh(counts[first])
			now.count -= n
			now.capped -= capped
		}
		now.from = counts[first].Minute
		middle := c.Minute - length/2
		now.factor = follows.factor(t.flow.at(middle))
		if hour := hourOf(middle); best[hour].capped == 0 || now.capped/now.factor > best[hour].capped/best[hour].factor {
			best[hour] = now
		}
	}
	return best
}

// excused gives the occurrences of a minute of the baseline, and the same capped,
// less what rose together with others.
func (s *subject) excused(c selfheal.Count) (count, capped float64) {
	factor, n := s.excuse.of(c.Minute), float64(max(c.N, 0))
	return factor * n, factor * min(n, s.model.cap)
}
