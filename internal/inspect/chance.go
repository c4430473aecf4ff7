package inspect

import (
	"cmp"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// chanceOfDifference is the two-sided probability that, of two Poisson counts
// whose rates are equal, the second is as far from its share as after, given the
// sum: the conditional binomial test of Przyborowski and Wilenski (1940), the
// smaller tail doubled. share is the second's part of the exposure, in (0, 1).
func chanceOfDifference(before, after int64, share float64) float64 {
	n, k := float64(before+after), float64(after)
	if n == 0 {
		return 1
	}
	atLeast, atMost := 1.0, 1.0
	if k > 0 {
		atLeast = mathext.RegIncBeta(k, n-k+1, share) // P(X >= k)
	}
	if k < n {
		atMost = mathext.RegIncBeta(n-k, k+1, 1-share) // P(X <= k)
	}
	return min(1, 2*min(atLeast, atMost))
}

// falseDiscoveryRates gives for each chance the rate of false discoveries at
// which its hypothesis would just be rejected (Benjamini and Hochberg, 1995).
func falseDiscoveryRates(chances []float64) []float64 {
	order := make([]int, len(chances))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(chances[a], chances[b]) })
	rates := make([]float64, len(chances))
	least := 1.0
	for rank := len(order); rank >= 1; rank-- {
		i := order[rank-1]
		least = min(least, chances[i]*float64(len(chances))/float64(rank))
		rates[i] = least
	}
	return rates
}
