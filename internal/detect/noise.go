package detect

import (
	"cmp"
	"math"
	"slices"

	"selfheal"
)

const (
	// A signature is rare when a week shows it in at most rareClusters stretches as
	// long as the window; shorter baselines allow one per windowsPerRare windows.
	rareClusters   = 4
	windowsPerRare = 40

	// noiseHorizon, in minutes, is the shortest window for which chance clusters are
	// learnt: who looks every five minutes of an hour must not meet with twelve
	// hours' worth of them.
	noiseHorizon = 60

	// A new error that comes typicalRate times a minute is what the rule is made for; it
	// needs at most mostMinutes distinct minutes more than the least.
	typicalRate = 0.7
	mostMinutes = 12
	// leastMinutes keeps two moments of an hour from being taken for something lasting.
	leastMinutes = 4

	// crowdMargin is how much more numerous than the fullest clusters is more numerous.
	crowdMargin = 1.1
)

// noise is how messages that nobody knew before behave in this service when
// nothing is deployed. A rare signature stands out from their clusters by lasting
// longer, or by being more numerous.
type noise struct {
	minutes int     // distinct minutes that it takes to last
	span    int64   // from the first of them to the last, both included
	count   float64 // occurrences that fewer clusters still reach, minutes capped at crowdCap
	crashes bool    // crashes of unknown kinds are themselves usual here
}

// exceeded tells whether a rare signature lasts longer, or is more numerous, than
// the clusters of unknown messages in the baseline. To last, it must go on coming:
// of every thinMinutes beyond the span it needs, it must have one minute more. What
// came long before does not count against it.
func (n *noise) exceeded(counts []selfheal.Count) bool {
	crowd := 0.0
	for i, c := range counts {
		if crowd += min(float64(c.N), crowdCap); crowd >= n.count {
			return true
		}
		for first := range counts[:max(i+2-n.minutes, 0)] {
			span := c.Minute - counts[first].Minute + 1
			if span >= n.span && int64(i+1-first-n.minutes) >= (span-n.span)/thinMinutes {
				return true
			}
		}
	}
	return false
}

const (
	// leastCrowd is how many occurrences within few minutes stand out where the
	// baseline shows no clusters at all: more than restarts during a rollout make.
	// A minute adds at most crowdCap to it: one client's retries are no crowd.
	leastCrowd = 25
	crowdCap   = 12
	// leastSpan is how long a rare error must last at least to be told from a blip
	// of a rollout; in short windows, a quarter of them.
	leastSpan = 5
	// thinMinutes is how seldom an error may come to be taken for one that lasts.
	thinMinutes = 12
)

// cluster is one stretch, as long as the window, in which a rare signature came.
type cluster []selfheal.Count

func (c cluster) crowd() float64 {
	n := 0.0
	for _, m := range c {
		n += min(float64(m.N), crowdCap)
	}
	return n
}

// findRare tells which signatures are rare, and gives the clusters in which they
// came, and how many of these were crashes.
func (j *judgement) findRare() (all []cluster, crashes int) {
	t := &j.timeline
	length := max(t.window.length(), noiseHorizon)
	limit := min(rareClusters, int(t.baseExposure/float64(length)/windowsPerRare))
	for _, s := range j.subjects {
		found, more := clusters(s.before, length, limit)
		if s.rare = !more && t.dated; s.rare {
			all = append(all, found...)
			if s.decisive() {
				crashes += len(found)
			}
		}
	}
	return all, crashes
}

// learnNoise looks at how rare signatures came and went in the baseline.
func (j *judgement) learnNoise(all []cluster, crashes int) noise {
	t, o := &j.timeline, &j.options
	n := noise{minutes: o.MinimumMinutes, span: int64(o.MinimumMinutes), count: max(leastCrowd, float64(o.MinimumCount))}
	if !t.dated {
		return n
	}
	allowed := o.NoiseClusters * t.baseExposure / float64(max(t.window.length(), noiseHorizon))
	n.crashes = float64(crashes) > allowed
	n.minutes, n.span = lasting(all, o.MinimumMinutes, min(leastSpan, t.window.length()/4), int(allowed))
	// The count is a second way to be flagged: it gets a small part of the allowance.
	slices.SortFunc(all, func(a, b cluster) int { return cmp.Compare(b.crowd(), a.crowd()) })
	if rank := int(allowed / 3); rank < len(all) {
		n.count = max(n.count, crowdMargin*all[rank].crowd())
	}
	return n
}

// lasting finds how many distinct minutes, over how long a span, at most so many
// clusters reach. Of all such pairs it takes the one that a typical new error meets first.
func lasting(all []cluster, least int, shortest int64, allowed int) (minutes int, span int64) {
	soonest := math.MaxInt
	for n := max(least, leastMinutes); n < least+mostMinutes; n++ {
		needed := max(shortest, int64(n))
		for reaching(all, n, needed) > allowed && needed < noiseHorizon {
			needed++
		}
		if soon := minutesToTell(typicalRate, 0.5, n, int(needed), noiseHorizon); soon < soonest {
			soonest, minutes, span = soon, n, needed
		}
	}
	if soonest == math.MaxInt {
		return least, math.MaxInt64
	}
	return minutes, span
}

// reaching counts the clusters that last for so many minutes over such a span.
func reaching(all []cluster, minutes int, span int64) int {
	rule := noise{minutes: minutes, span: span, count: math.Inf(1)}
	n := 0
	for _, c := range all {
		if len(c) >= minutes && rule.exceeded(c) {
			n++
		}
	}
	return n
}

// clusters gives each stretch of the given length that begins with an occurrence
// outside the stretch before; more says that there are more than limit of them.
func clusters(s *selfheal.Series, length int64, limit int) (found []cluster, more bool) {
	for _, c := range s.Counts {
		if c.N <= 0 {
			continue
		}
		if len(found) == 0 || c.Minute >= found[len(found)-1][0].Minute+length {
			if len(found) == limit {
				return nil, true
			}
			found = append(found, nil)
		}
		found[len(found)-1] = append(found[len(found)-1], c)
	}
	return found, false
}
