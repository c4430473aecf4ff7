package backtest

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/mathext"
)

// Share is a count out of a number of trials, with its 95 % confidence interval
// (Clopper and Pearson, 1934); Low and High are shares from 0 to 1.
type Share struct {
	Count  int     `json:"count"`
	Trials int     `json:"trials"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// Value is the share from 0 to 1; not a number without trials.
func (s Share) Value() float64 { return float64(s.Count) / float64(s.Trials) }

func share(count, trials int) Share {
	s := Share{Count: count, Trials: trials, High: 1}
	n, k := float64(trials), float64(count)
	if count > 0 {
		s.Low = mathext.InvRegIncBeta(k, n-k+1, 0.025)
	}
	if count < trials {
		s.High = mathext.InvRegIncBeta(k+1, n-k, 0.975)
	}
	return s
}

// FaultScore is how one fault fared.
type FaultScore struct {
	Fault    Fault         `json:"fault"`
	Found    Share         `json:"found"`
	Median   time.Duration `json:"median"`    // from the fault's beginning to sufficient evidence, where found
	Slowest  time.Duration `json:"slowest"`   // nine of ten are found sooner
	NotTried int           `json:"not_tried"` // moments at which it could not be put in
}

// Score sums outcomes up.
type Score struct {
	Alarmed Share        `json:"alarmed"` // moments that were flagged as they were
	Skipped int          `json:"skipped"` // moments that could not be judged
	Faults  []FaultScore `json:"faults"`
	// Precision is the share of the flags that belonged to a fault, among all flags of trials with a
	// fault that should be found; Recall is the share of those trials in which it was.
	Precision Share `json:"precision"`
	Recall    Share `json:"recall"`
}

// Sum scores the outcomes of [History.Judge].
func Sum(outcomes []Outcome) Score {
	var s Score
	alarmed, judged := 0, 0
	var found, tried, other int
	for _, group := range byFault(outcomes) {
		if group[0].Fault == nil {
			for _, o := range group {
				switch {
				case o.Skipped != "":
					s.Skipped++
				case len(o.Flagged) > 0:
					alarmed++
					fallthrough
				default:
					judged++
				}
			}
			continue
		}
		score := scoreFault(group)
		s.Faults = append(s.Faults, score)
		if !score.Fault.Harmless() {
			found += score.Found.Count
			tried += score.Found.Trials
			other += flags(group)
		}
	}
	s.Alarmed = share(alarmed, judged)
	s.Recall, s.Precision = share(found, tried), share(found, found+other)
	return s
}

// byFault splits outcomes into runs with the same fault.
func byFault(outcomes []Outcome) [][]Outcome {
	var groups [][]Outcome
	for start, i := 0, 1; i <= len(outcomes); i++ {
		if i == len(outcomes) || outcomes[i].Fault != outcomes[start].Fault {
			groups = append(groups, outcomes[start:i])
			start = i
		}
	}
	return groups
}

func scoreFault(group []Outcome) FaultScore {
	score := FaultScore{Fault: *group[0].Fault}
	var after []time.Duration
	tried := 0
	for _, o := range group {
		switch {
		case o.Skipped != "":
			score.NotTried++
			continue
		case o.Found:
			after = append(after, max(o.After, 0))
		}
		tried++
	}
	score.Found = share(len(after), tried)
	slices.Sort(after)
	if n := len(after); n > 0 {
		score.Median = after[(n-1)/2]
		score.Slowest = after[int(math.Ceil(0.9*float64(n)))-1]
	}
	return score
}

func flags(group []Outcome) (n int) {
	for _, o := range group {
		n += len(o.Flagged)
	}
	return n
}
