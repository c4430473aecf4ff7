package detect

import (
	"math"

	"selfheal"
)

// subject is one signature on trial.
type subject struct {
	signature     *selfheal.Signature
	before, after *selfheal.Series
	index         int // among all subjects

	total  float64 // occurrences in the baseline
	rare   bool    // in the baseline it came in a few clusters at most
	model  model
	excuse excuse              // the outages in its baseline
	peaks  [][hoursPerDay]peak // per level, what the baseline reached by itself; nil until asked for

	// What the window shows so far.
	cursor      int     // of after, the first count that was not taken
	count       float64 // occurrences
	capped      float64 // the same, minutes capped
	weighed     float64 // the same of the minutes that count as evidence
	active      int     // distinct minutes in which it occurred; unbounded without times
	first, last int64   // of these
	span        int64   // minutes from the first to the last, both included; unbounded without times
	trials      []trial // per level; nil until it occurs
	p, q        float64 // smallest weighted chance of any trial at any look
	standing    float64 // the same over the trials that nothing else explains
	crossed     int64   // end of the first minute at which the evidence sufficed; 0: not yet
	detected    int64   // end of the first minute at which it was flagged; 0: never
	retracted   int64   // end of the minute at which that was taken back; 0: it stands
	concurrent  bet     // against the previous revision
}

// reset forgets the window's decisions, and keeps its counts.
func (s *subject) reset() {
	s.cursor, s.count, s.capped, s.weighed, s.active = 0, 0, 0, 0, 0
	s.first, s.last, s.span = 0, 0, 0
	s.trials = nil
	s.p, s.q, s.standing = 1, 1, 1
	s.crossed, s.detected, s.retracted = 0, 0, 0
	s.concurrent.reset()
}

// take gives the occurrences of a minute. Minutes must be asked for in ascending order.
func (s *subject) take(minute int64) float64 {
	counts := s.after.Counts
	for s.cursor < len(counts) && counts[s.cursor].Minute < minute {
		s.cursor++
	}
	if s.cursor == len(counts) || counts[s.cursor].Minute != minute {
		return 0
	}
	s.cursor++
	return float64(counts[s.cursor-1].N)
}

// undated gives the occurrences that carry no time: they count when the window is over.
func (s *subject) undated() float64 { return float64(s.after.Undated) }

// see adds up one minute.
func (s *subject) see(minute int64, n float64) {
	if s.active == 0 {
		s.first = minute
	}
	s.count += n
	s.capped += min(n, s.model.cap)
	s.active++
	s.last = minute
	s.span = s.last - s.first + 1
}

// isNew tells whether the baseline never shows it.
func (s *subject) isNew() bool { return s.total == 0 }

// decisive signatures need to occur only once: a process died, or a build failed.
func (s *subject) decisive() bool {
	if s.signature.Kind == selfheal.KindBuild {
		return s.signature.Severity == selfheal.SeverityUnspecified || s.signature.Severity >= selfheal.SeverityError
	}
	return s.signature.Severity >= selfheal.SeverityFatal
}

// elevated tells whether a reader would ask why it was not flagged.
func (s *subject) elevated(j *judgement) bool {
	if s.count == 0 {
		return false
	}
	expected := j.expected(s)
	return s.isNew() || (s.count >= 1.5*expected && s.count >= expected+1)
}

func (s *subject) kind() selfheal.AnomalyKind {
	switch {
	case s.signature.Kind == selfheal.KindBuild:
		return selfheal.AnomalyBuild
	case s.isNew():
		return selfheal.AnomalyNew
	}
	return selfheal.AnomalyRise
}

// observe gives a series' occurrences with minutes capped, its distinct minutes,
// and how many minutes lie between the first and the last. An occurrence without
// a time counts as one in a minute of its own.
func observe(counts []selfheal.Count, limit float64) (capped float64, active int, span int64) {
	first := int64(math.MaxInt64)
	for _, c := range counts {
		if c.N > 0 {
			capped += min(float64(c.N), limit)
			active++
			first = min(first, c.Minute)
			span = c.Minute - first + 1
		}
	}
	return capped, active, span
}
