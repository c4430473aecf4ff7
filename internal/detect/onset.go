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
	t := &j.timeline
	return (s.model.known + 0.5) * s.model.burst * s.model.season.sum(t.window) / float64(t.window.length()) / t.baseExposure
}

// onset is the first minute of the excess, in the window up to a time (zero: all
// of it); zero when no occurrence has a time. What never occurred before began
// with its first occurrence.
func (j *judgement) onset(s *subject, until time.Time) time.Time {
	span := j.seen()
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
	if a.Flagged() && j.options.Method.fixed() {
		a.Detected = j.endOf(j.now)
	}
	if s.detected == 0 || j.options.Method.fixed() {
		return
	}
	a.Detected = j.endOf(s.detected)
	if s.retracted > 0 {
		a.Retracted = j.endOf(s.retracted)
	}
	if a.Detected.Before(a.Onset) {
		a.Onset = j.onset(s, a.Detected)
	}
}

// endOf is when the minute before one ended; the last minute may not be whole.
func (j *judgement) endOf(minute int64) time.Time {
	end := selfheal.MinuteTime(minute)
	if end.After(j.end) {
		return j.end.UTC()
	}
	return end
}

// within gives the counts of a series inside a range.
func within(s *selfheal.Series, m minutes) []selfheal.Count { return inside(s.Counts, m) }

func inside(counts []selfheal.Count, m minutes) []selfheal.Count {
	byMinute := func(c selfheal.Count, minute int64) int { return cmp.Compare(c.Minute, minute) }
	from, _ := slices.BinarySearchFunc(counts, m.from, byMinute)
	to, _ := slices.BinarySearchFunc(counts, m.to, byMinute)
	return counts[from:max(from, to)]
}
