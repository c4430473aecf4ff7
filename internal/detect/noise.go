package detect

import (
	"cmp"
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
)

// noise is how messages that nobody knew before behave in this service when
// nothing is deployed. A rare signature stands out from their clusters by lasting
// for more minutes, or by being more numerous.
type noise struct {
	minutes int     // distinct minutes that few clusters last
	count   float64 // occurrences that fewer still reach
	crashes bool    // crashes of unknown kinds are themselves usual here
}

// leastCrowd is how many occurrences within few minutes stand out where the
// baseline shows no clusters at all.
const leastCrowd = 10

// cluster is one stretch, as long as the window, in which a rare signature came.
type cluster struct {
	minutes int // distinct ones
	count   float64
}

// learnNoise looks at how rare signatures came and went in the baseline.
func learnNoise(subjects []*subject, t *timeline, o Options) noise {
	n := noise{minutes: o.MinimumMinutes, count: max(leastCrowd, float64(o.MinimumCount))}
	length := max(t.window.length(), noiseHorizon)
	windows := t.baseExposure / float64(length)
	limit := min(rareClusters, int(windows/windowsPerRare))
	var all []cluster
	crashes := 0
	for _, s := range subjects {
		found, more := clusters(s.before, length, limit)
		s.rare = !more
		if more || !t.dated {
			s.rare = s.isNew()
			continue
		}
		all = append(all, found...)
		if s.decisive() {
			crashes += len(found)
		}
	}
	if !t.dated {
		return n
	}
	allowed := o.NoiseClusters * windows
	n.crashes = float64(crashes) > allowed
	for float64(atLeast(all, n.minutes)) > allowed {
		n.minutes++
	}
	// The count is a second way to be flagged: it gets a small part of the allowance.
	slices.SortFunc(all, func(a, b cluster) int { return cmp.Compare(b.count, a.count) })
	if rank := int(allowed / 6); rank < len(all) {
		n.count = max(n.count, 1.5*all[rank].count)
	}
	return n
}

// clusters gives each stretch of the given length that begins with an occurrence
// outside the stretch before; more says that there are more than limit of them.
func clusters(s *selfheal.Series, length int64, limit int) (found []cluster, more bool) {
	end := int64(0)
	for _, c := range s.Counts {
		if c.N <= 0 {
			continue
		}
		if len(found) == 0 || c.Minute >= end {
			if len(found) == limit {
				return nil, true
			}
			end = c.Minute + length
			found = append(found, cluster{})
		}
		last := &found[len(found)-1]
		last.minutes++
		last.count += float64(c.N)
	}
	return found, false
}

// atLeast counts the clusters that last for so many distinct minutes.
func atLeast(all []cluster, minutes int) int {
	n := 0
	for _, c := range all {
		if c.minutes >= minutes {
			n++
		}
	}
	return n
}
