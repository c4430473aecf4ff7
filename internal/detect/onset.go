package detect

import (
	"math"
	"time"

	"selfheal"
)

// changePoint is the minute from which a rise explains the counts best: that of
// the largest Poisson log-likelihood gain n ln(n/m) - n + m over "nothing changed",
// where n occurred from there on and m were expected. Counts must be inside
// span; expected is per minute. It gives span.to when nothing rose.
func changePoint(counts []selfheal.Count, span minutes, limit, expected float64) int64 {
	best, at, n := 0.0, span.to, 0.0
	for i := len(counts) - 1; i >= 0; i-- {
		if counts[i].N <= 0 {
			continue
		}
		n += min(float64(counts[i].N), limit)
		m := max(expected*float64(span.to-counts[i].Minute), 1e-12)
		if gain := n*math.Log(n/m) - n + m; n > m && gain >= best {
			best, at = gain, counts[i].Minute
		}
	}
	return at
}

// perMinute is how often the baseline lets a signature occur in a minute of the window.
func (j *judgement) perMinute(s *subject) float64 {
	return (s.model.known + 0.5) * s.model.burst * s.model.exposure / float64(j.timeline.window.length())
}

// onset is the first minute of the excess; zero when no occurrence has a time.
func (j *judgement) onset(s *subject) time.Time {
	window := j.timeline.window
	at := changePoint(within(s.after, window), window, s.model.cap, j.perMinute(s))
	if at == window.to {
		return time.Time{}
	}
	return selfheal.MinuteTime(at)
}

// within gives the counts of a series inside a range.
func within(s *selfheal.Series, m minutes) []selfheal.Count {
	from, to := 0, len(s.Counts)
	for from < to && s.Counts[from].Minute < m.from {
		from++
	}
	for to > from && s.Counts[to-1].Minute >= m.to {
		to--
	}
	return s.Counts[from:to]
}

// detected is the end of the first minute at which the same test, run on the
// window so far, would have flagged the signature. It is found in retrospect:
// the threshold is that of the whole window.
func (j *judgement) detected(s *subject) time.Time {
	window := j.timeline.window
	var count float64
	active := 0
	capped := float64(max(s.after.Undated, 0))
	for _, c := range within(s.after, window) {
		if c.N <= 0 {
			continue
		}
		count += float64(c.N)
		capped += min(float64(c.N), s.model.cap)
		active++
		part := float64(c.Minute+1-window.from) / float64(window.length())
		if j.crashed(s) || j.enough(s, count, active) && s.model.chance(capped, part) <= j.threshold {
			return j.endOf(c.Minute)
		}
	}
	return j.in.WatchedInterval.To.UTC()
}

// endOf a minute of the window, which its last minute may not reach.
func (j *judgement) endOf(minute int64) time.Time {
	end := selfheal.MinuteTime(minute + 1)
	if end.After(j.in.WatchedInterval.To) {
		return j.in.WatchedInterval.To.UTC()
	}
	return end
}
