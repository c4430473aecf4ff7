package triage

import (
	"math"
	"sort"
)

// Scores of the two alternatives to "one of the commits", before evidence.
const (
	scoreUnknown  = 3.0
	scoreExternal = 0.0
)

// infrastructureFactor is what is left of evidence from the code when the error
// speaks of the outside world: the code that meets an outage is not its cause.
const infrastructureFactor = 0.35

// ranking is the outcome for one symptom.
type ranking struct {
	symptom  symptom
	findings []finding
	counters []counter
	scores   []float64 // per commit; what cannot run has minus infinity
	// probabilities of the commits, then of the outside world and of something else; they add up to 1.
	probabilities []float64
	external      float64
	unknown       float64
}

// rank weighs the findings. Of each family the strongest counts per commit,
// families add up, and a softmax over all explanations gives probabilities.
func rank(s symptom, findings []finding, counters []counter, touched []int) ranking {
	r := ranking{symptom: s, findings: findings, counters: counters}
	outside, unknown, factor := scoreExternal, scoreUnknown, 1.0
	for _, c := range counters {
		outside += c.outside
		unknown += c.unknown
		if c.infrastructure {
			factor = infrastructureFactor
		}
	}
	best := make([][families]float64, len(touched))
	for _, f := range findings {
		if w := f.exhibit.Weight; w > best[f.commit][f.family] {
			best[f.commit][f.family] = w
		}
	}
	r.scores = make([]float64, len(touched))
	for i, n := range touched {
		if n == 0 {
			r.scores[i] = math.Inf(-1)
			continue
		}
		r.scores[i] = 0.5 / (1 + float64(n)/10)
		for family, w := range best[i] {
			if isCodeFamily(family) {
				w *= factor
			}
			r.scores[i] += w
		}
	}
	r.probabilities, r.external, r.unknown = softmax(r.scores, outside, unknown)
	return r
}

// isCodeFamily tells the families that say "this code was running" from those
// that say "this setting or name was changed".
func isCodeFamily(f int) bool {
	switch family(f) {
	case familyFrame, familyLiteral, familySite, familyHop:
		return true
	}
	return false
}

func softmax(scores []float64, outside, unknown float64) (probabilities []float64, external, other float64) {
	top := max(outside, unknown)
	for _, s := range scores {
		top = max(top, s)
	}
	sum := math.Exp(outside-top) + math.Exp(unknown-top)
	for _, s := range scores {
		sum += math.Exp(s - top)
	}
	probabilities = make([]float64, len(scores))
	for i, s := range scores {
		probabilities[i] = math.Exp(s-top) / sum
	}
	return probabilities, math.Exp(outside-top) / sum, math.Exp(unknown-top) / sum
}

// order gives the commits by probability, most likely first; of equals the newer first.
func (r *ranking) order() []int {
	order := make([]int, len(r.scores))
	for i := range order {
		order[i] = len(order) - 1 - i
	}
	sort.SliceStable(order, func(i, j int) bool { return r.probabilities[order[i]] > r.probabilities[order[j]] })
	return order
}

// top gives the most likely commit and how much less likely the next one is; ok is false without commits.
func (r *ranking) top() (commit int, probability, second float64, ok bool) {
	order := r.order()
	if len(order) == 0 {
		return 0, 0, 0, false
	}
	if len(order) > 1 {
		second = r.probabilities[order[1]]
	}
	return order[0], r.probabilities[order[0]], second, true
}
