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
// the clusters of unknown messages in the baseline.
func (n *noise) exceeded(o observed) bool {
	return o.active >= n.minutes && o.span >= n.span || o.crowded >= n.count
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
)

// cluster is one stretch, as long as the window, in which a rare signature came.
type cluster struct {
	first, last int64 // minutes
	minutes     int   // distinct ones
	count       float64
}

func (c cluster) span() int64 { return c.last - c.first + 1 }

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
	n.minutes, n.span = lasting(all, o.MinimumMinutes, int(allowed))
	n.span = max(n.span, min(leastSpan, t.window.length()/4))
	// The count is a second way to be flagged: it gets a small part of the allowance.
	slices.SortFunc(all, func(a, b cluster) int { return cmp.Compare(b.count, a.count) })
	if rank := int(allowed / 3); rank < len(all) {
		n.count = max(n.count, crowdMargin*all[rank].count)
	}
	return n
}

// lasting finds how many distinct minutes, over how long a span, at most so many
// clusters reach. Of all such pairs it takes the one that an error which comes in
// every other minute meets first: few minutes over a longer span tell a slow error
// from a short cluster sooner than many minutes would.
func lasting(all []cluster, least, allowed int) (minutes int, span int64) {
	span = math.MaxInt64
	for n := least; int64(2*n) < span; n++ {
		var spans []int64
		for _, c := range all {
			if c.minutes >= n {
				spans = append(spans, c.span())
			}
		}
		needed := int64(n)
		if len(spans) > allowed {
			slices.Sort(spans)
			needed = max(needed, spans[len(spans)-1-allowed]+1)
		}
		if minutes == 0 || max(needed, int64(2*n)) < max(span, int64(2*minutes)) {
			minutes, span = n, needed
		}
	}
	return minutes, span
}

// clusters gives each stretch of the given length that begins with an occurrence
// outside the stretch before; more says that there are more than limit of them.
func clusters(s *selfheal.Series, length int64, limit int) (found []cluster, more bool) {
	for _, c := range s.Counts {
		if c.N <= 0 {
			continue
		}
		if len(found) == 0 || c.Minute >= found[len(found)-1].first+length {
			if len(found) == limit {
				return nil, true
			}
			found = append(found, cluster{first: c.Minute})
		}
		last := &found[len(found)-1]
		last.last = c.Minute
		last.minutes++
		last.count += min(float64(c.N), crowdCap)
	}
	return found, false
}
