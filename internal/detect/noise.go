package detect

import "selfheal"

const (
	// A signature is rare when a week shows it in at most rareClusters stretches as
	// long as the window; shorter baselines allow one per windowsPerRare windows.
	rareClusters   = 4
	windowsPerRare = 40
)

// noise is how messages that nobody knew before behave in this service when
// nothing is deployed.
type noise struct {
	minutes  int     // distinct minutes a rare signature needs to stand out from chance clusters
	clusters float64 // clusters of rare signatures per window that reach the minimum, in the baseline
	crashes  bool    // crashes of unknown kinds are themselves usual here
}

// learnNoise looks at how rare signatures came and went in the baseline.
func learnNoise(subjects []*subject, t *timeline, o Options) noise {
	n := noise{minutes: o.MinimumMinutes}
	limit := min(rareClusters, int(t.windows()/windowsPerRare))
	var lengths []int
	crashes := 0
	for _, s := range subjects {
		found, more := clusters(s.before, t.window.length(), limit)
		s.rare = !more
		if more || !t.dated {
			s.rare = s.isNew()
			continue
		}
		lengths = append(lengths, found...)
		if s.decisive() {
			crashes += len(found)
		}
	}
	if !t.dated {
		return n
	}
	allowed := o.NoiseClusters * t.windows()
	n.crashes = float64(crashes) > allowed
	n.clusters = float64(atLeast(lengths, n.minutes)) / t.windows()
	for float64(atLeast(lengths, n.minutes)) > allowed {
		n.minutes++
	}
	return n
}

// clusters gives the number of distinct minutes of each stretch of the given
// length that begins with an occurrence outside the stretch before; more says that there
// are more than limit of them.
func clusters(s *selfheal.Series, length int64, limit int) (distinct []int, more bool) {
	end := int64(0)
	for _, c := range s.Counts {
		if c.N <= 0 {
			continue
		}
		if len(distinct) == 0 || c.Minute >= end {
			if len(distinct) == limit {
				return nil, true
			}
			end = c.Minute + length
			distinct = append(distinct, 0)
		}
		distinct[len(distinct)-1]++
	}
	return distinct, false
}

func atLeast(values []int, least int) int {
	n := 0
	for _, v := range values {
		if v >= least {
			n++
		}
	}
	return n
}
