package detect

import (
	"fmt"
	"math"

	"selfheal"
)

const (
	// A company rises when its members' deviations add up to companyDeviation standard
	// deviations of their sum; none counts for more than mostDeviation, and leastCompany of
	// them must rise by memberDeviation by themselves.
	companyDeviation = 3
	mostDeviation    = 4
	memberDeviation  = 2
	// Without precedent it takes so many more than the crowd of an outage, and leastUnprecedented at least.
	unprecedented      = 2
	leastUnprecedented = 6
	// lookBack is how many minutes before the deploy a common rise may have begun in which it goes on.
	lookBack = 30
	// A common rise that the deploy caused begins within momentMinutes of it when it looks like an
	// outage before, and within laterMinutes when it looks like none: it takes a while until all is served anew.
	momentMinutes = 3
	laterMinutes  = 6
	// Of a rise its first firstMinutes are compared with what others do: it may outlast theirs.
	firstMinutes = 15
	// A signature is above threefold its mean in no more than this share of the minutes.
	usuallyRaised = 0.3
	// A common rise is over when for lullMinutes fewer than leastCompany signatures rise.
	lullMinutes = 6
)

// together silences a rise of a known signature in minutes in which its company of an outage rises
// as well, were it only a little each, or so many signatures that it takes no precedent. What
// begins with the deploy may be the deploy's own doing.
func (j *judgement) together(s *subject) (selfheal.Silence, string) {
	if s.isNew() || s.after.Undated > 0 || len(j.common.movements) == 0 {
		return "", ""
	}
	span := minutes{j.ownRise(s), j.now}
	span.to = min(span.to, span.from+firstMinutes)
	if span.length() <= 0 {
		return "", ""
	}
	rising, precedent := j.rising(s, span)
	if len(rising) == 0 {
		return "", ""
	}
	shared := j.commonRise(append(rising, s), span.to)
	if j.causedByDeploy(shared, precedent) {
		return "", ""
	}
	if !j.explained(s, minutes{shared.from - 1, shared.to}) {
		return "", ""
	}
	return selfheal.SilenceSharedCause, fmt.Sprintf("%s rose with it from %s on",
		plural(float64(len(rising)), "other signature"), selfheal.MinuteTime(shared.from).Format("15:04"))
}

// causedByDeploy tells whether a common rise may be the deploy's doing. One that looks like an outage is not when it is over.
func (j *judgement) causedByDeploy(shared minutes, precedent bool) bool {
	after := shared.from - j.timeline.deploy
	if precedent {
		return after >= 0 && after < momentMinutes && shared.to == j.now
	}
	return after >= 0 && after < laterMinutes
}

// ownRise is the first minute of a subject's own excess in the window; the present when there is none.
func (j *judgement) ownRise(s *subject) int64 {
	span := j.seen()
	return changePoint(within(s.after, span), span, s.model.cap, j.perMinute(s))
}

// rising gives the signatures that rise with a subject in a span of the window: those of an
// outage of the baseline in which it rose as well, or without such a precedent all, when these are very many.
func (j *judgement) rising(s *subject, span minutes) (rising []*subject, precedent bool) {
	c := j.common
	for _, o := range c.outages {
		if !o.has(s.index) {
			continue
		}
		var members []*subject
		for _, m := range o.members {
			if m != s.index {
				members = append(members, j.subjects[m])
			}
		}
		if rising := j.company(members, span); len(rising) > 0 {
			return rising, true
		}
	}
	var crowd []*subject
	for _, other := range j.subjects[:len(c.movements)] {
		if other != s && j.deviation(other, span) >= raisedBy {
			crowd = append(crowd, other)
		}
	}
	if len(crowd) >= max(c.usual+unprecedented, leastUnprecedented) {
		return crowd, false
	}
	return nil, false
}

// company gives those of the members that rise by themselves, when all of them together do.
func (j *judgement) company(members []*subject, span minutes) []*subject {
	sum := 0.0
	var rising []*subject
	for _, m := range members {
		z := j.deviation(m, span)
		sum += min(z, mostDeviation)
		if z >= memberDeviation {
			rising = append(rising, m)
		}
	}
	if len(rising) < leastCompany || sum < companyDeviation*math.Sqrt(float64(len(members))) {
		return nil
	}
	return rising
}

// deviation is by how many standard deviations a subject's count in a span of the window exceeds its mean.
func (j *judgement) deviation(s *subject, span minutes) float64 {
	m := &j.common.models[s.index]
	n, _, _ := observe(within(s.after, span), m.cap)
	mean := j.meanIn(m, span)
	return (n - min(n, m.burst) - mean) / math.Sqrt(m.burst*mean+m.frailty*mean*mean+1e-9)
}

// meanIn is how many capped occurrences a model expects in a span.
func (j *judgement) meanIn(m *model, span minutes) float64 {
	return m.known * m.burst * j.scale * j.timeline.flow.now(m, j.traffic.now) * m.season.sum(span) / j.timeline.baseExposure
}

// commonRise is from when to when signatures that are found to rise by some minute do so.
func (j *judgement) commonRise(rising []*subject, by int64) minutes {
	t := &j.timeline
	seen := minutes{t.window.from, j.now}
	if t.base.to == t.window.from {
		seen.from = max(t.base.from, t.window.from-lookBack)
	}
	raised, usual := j.raisedPerMinute(rising, seen)
	first := minutes{seen.from, by}
	from := changePoint(inside(raised, first), first, math.Inf(1), usual)
	to := from
	for _, c := range inside(raised, minutes{from, j.now}) {
		if c.N >= leastCompany {
			to = c.Minute + 1
		} else if c.Minute-to >= lullMinutes {
			return minutes{from, to}
		}
	}
	if j.now-to < lullMinutes {
		to = j.now
	}
	return minutes{from, to}
}

// raisedPerMinute counts, for every minute of a span, the signatures that are above threefold their mean
// in it, and gives how many of them usually are.
func (j *judgement) raisedPerMinute(rising []*subject, span minutes) (raised []selfheal.Count, usual float64) {
	raised = make([]selfheal.Count, span.length())
	for i := range raised {
		raised[i].Minute = span.from + int64(i)
	}
	for _, s := range rising {
		m := &j.common.models[s.index]
		mean := j.meanIn(m, minutes{j.now - 1, j.now})
		for _, c := range joined(s, &j.timeline, span) {
			if float64(c.N) >= max(1, 3*mean) {
				raised[c.Minute-span.from].N++
			}
		}
		usual += min(-math.Expm1(-mean), usuallyRaised)
	}
	return raised, usual
}

// explained tells whether what a subject shows outside a span is no evidence.
func (j *judgement) explained(s *subject, span minutes) bool {
	t := &j.timeline
	count, exposure := 0.0, 0.0
	for _, part := range []minutes{{t.window.from, min(span.from, j.now)}, {max(span.to, t.window.from), j.now}} {
		if part.length() <= 0 {
			continue
		}
		part.from = max(part.from, min(t.settled, part.to))
		n, _, _ := observe(within(s.after, part), s.model.cap)
		count += n
		exposure += j.exposure(s, part)
	}
	return exposure <= 0 || s.model.chance(count, exposure)/t.levels[0].weight > j.aloneAt()
}
