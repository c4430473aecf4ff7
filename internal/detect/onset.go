package detect

import (
	"cmp"
	"math"
	"slices"
	"time"

	"selfheal"
)

// changePoint is the minute from which a rise explains the counts best: that of
// the largest Poisson log-likelihood gain n ln(n/m) - n + m over "nothing changed",
// where n occurred from there on and m were expected. Counts must be inside
// span; expected is per minute. It gives span.to when nothing rose.
func changePoint(counts []selfheal.Count, span minutes, limit, expected float64) int64 {
	best, at, n := 0.0, span.to, 0.0
	for _, c := range slices.Backward(counts) {
		if c.N <= 0 {
			continue
		}
		n += min(float64(c.N), limit)
		m := max(expected*float64(span.to-c.Minute), 1e-12)
		if gain := n*math.Log(n/m) - n + m; n > m && gain >= best {
			best, at = gain, c.Minute
		}
	}
	return at
}

// perMinute is how often the baseline lets a signature occur in a minute of the window.
func (j *judgement) perMinute(s *subject) float64 {
	return (s.model.known + 0.5) * s.model.burst * s.model.exposure / float64(j.timeline.window.length())
}

// onset is the first minute of the excess, in the window up to a time (zero: all
// of it); zero when no occurrence has a time. What never occurred before began
// with its first occurrence.
func (j *judgement) onset(s *subject, until time.Time) time.Time {
	span := j.timeline.window
	if !until.IsZero() {
		span.to = min(span.to, selfheal.MinuteOf(until.Add(time.Minute-1)))
	}
	counts := within(s.after, span)
	at := changePoint(counts, span, s.model.cap, j.perMinute(s))
	if s.isNew() {
		at = firstOf(counts, span)
	}
	if at == span.to {
		return time.Time{}
	}
	return selfheal.MinuteTime(at)
}

// firstOf gives the minute of the first occurrence; span.to when there is none.
func firstOf(counts []selfheal.Count, span minutes) int64 {
	for _, c := range counts {
		if c.N > 0 {
			return c.Minute
		}
	}
	return span.to
}

// dates fills in when the excess began and when it could be told. An excess that
// was told before it grew further began before that.
func (j *judgement) dates(s *subject, a *selfheal.Anomaly) {
	if j.comparable {
		a.Onset = j.onset(s, time.Time{})
	}
	if !a.Flagged() {
		return
	}
	a.Detected = j.detected(s)
	if a.Detected.Before(a.Onset) {
		a.Onset = j.onset(s, a.Detected)
	}
}

// within gives the counts of a series inside a range.
func within(s *selfheal.Series, m minutes) []selfheal.Count { return inside(s.Counts, m) }

func inside(counts []selfheal.Count, m minutes) []selfheal.Count {
	byMinute := func(c selfheal.Count, minute int64) int { return cmp.Compare(c.Minute, minute) }
	from, _ := slices.BinarySearchFunc(counts, m.from, byMinute)
	to, _ := slices.BinarySearchFunc(counts, m.to, byMinute)
	return counts[from:max(from, to)]
}

// detected is the end of the first minute at which the same test, run on the
// window so far, would have flagged the signature. It is found in retrospect:
// the threshold is that of the whole window.
func (j *judgement) detected(s *subject) time.Time {
	window := j.timeline.window
	var count float64
	active := 0
	capped := float64(max(s.after.Undated, 0))
	counts := within(s.after, window)
	first := firstOf(counts, window)
	for _, c := range counts {
		if c.N <= 0 {
			continue
		}
		count += float64(c.N)
		capped += min(float64(c.N), s.model.cap)
		active++
		part := float64(c.Minute+1-window.from) / float64(window.length())
		if j.crashed(s) || j.enough(s, count, active, c.Minute-first+1) && s.model.chance(capped, part) <= j.threshold {
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
