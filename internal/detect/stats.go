package detect

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// smallestChance is where probabilities stop: below it they are no longer told apart.
const smallestChance = 1e-300

// upperTail is P(N >= n) for a negative binomial count with a gamma-distributed
// mean of the given shape. Real n are allowed: the tail is I_x(n, shape) with
// x = mean/(shape+mean).
func upperTail(n, shape, mean float64) float64 {
	if n <= 0 || shape <= 0 {
		return 1
	}
	if mean <= 0 {
		return smallestChance
	}
	p := mathext.RegIncBeta(n, shape, mean/(shape+mean))
	if math.IsNaN(p) {
		return 1
	}
	return min(max(p, smallestChance), 1)
}

// betaQuantile finds x with I_x(a, b) = y by bisection of the logit, which keeps
// its precision at both ends. It gives x/(1-x), the odds, which may be huge but are finite.
func betaQuantile(a, b, y float64) float64 {
	low, high := -300.0, 300.0
	for range 70 {
		logit := (low + high) / 2
		if mathext.RegIncBeta(a, b, 1/(1+math.Exp(-logit))) < y {
			low = logit
		} else {
			high = logit
		}
	}
	return math.Exp((low + high) / 2)
}

// qValues are the false-discovery rates at which each of the p-values would be
// flagged (Benjamini and Hochberg, 1995), among tested hypotheses of which those
// beyond len(p) have p = 1.
func qValues(p []float64, tested int) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	q := make([]float64, len(p))
	least := 1.0
	for rank := len(order); rank >= 1; rank-- {
		i := order[rank-1]
		least = min(least, p[i]*float64(tested)/float64(rank))
		q[i] = max(least, p[i]) // rounding aside, never below
	}
	return q
}

// median of values; 0 of none. It sorts its argument.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}
