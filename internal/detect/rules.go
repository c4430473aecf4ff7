package detect

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"selfheal"
)

const (
	// plainChance is the level of the plain rules, signature by signature.
	plainChance = 0.05
	// plainRepeats is from how many occurrences on the Poisson rule takes a new signature for real.
	plainRepeats = 2
)

// fixedRule judges by one of the plain rules, at the present look.
func (j *judgement) fixedRule(s *subject) (selfheal.Silence, string) {
	if !j.comparable {
		return selfheal.SilenceNoBaseline, "there is no baseline to compare with"
	}
	flagged, reason := false, ""
	switch j.options.Method {
	case MethodPoisson:
		flagged, reason = j.poissonRule(s)
	case MethodThreshold:
		flagged, reason = j.thresholdRule(s)
	case MethodMannWhitney:
		flagged, reason = j.rankRule(s)
	}
	if flagged {
		return "", ""
	}
	return selfheal.SilenceNotSignificant, reason
}

// mean is what the baseline's plain average predicts for what was seen.
func (j *judgement) mean(s *subject) float64 {
	t := &j.timeline
	if !t.dated {
		return s.total * t.windowExposure / t.baseExposure
	}
	return s.total * float64(j.now-t.window.from) * t.minuteLength / t.baseExposure
}

func (j *judgement) poissonRule(s *subject) (bool, string) {
	if s.isNew() {
		return s.count >= plainRepeats, fmt.Sprintf("fewer than the %d occurrences it takes", plainRepeats)
	}
	p := mathext.GammaIncReg(s.count, j.mean(s))
	return p < plainChance, fmt.Sprintf("a Poisson count is as high with probability %s", chance(p))
}

func (j *judgement) thresholdRule(s *subject) (bool, string) {
	needed := max(float64(j.options.MinimumCount), j.options.MinimumRatio*j.mean(s))
	return s.count >= needed, fmt.Sprintf("it takes %s", number(math.Ceil(needed)))
}

// rankRule compares the minutes of the window with as many before the deploy
// (Mann and Whitney, 1947; normal approximation with ties), one-sided.
func (j *judgement) rankRule(s *subject) (bool, string) {
	t := &j.timeline
	length := j.now - t.window.from
	if !t.dated || length < 2 {
		return false, "ranks need minutes"
	}
	before := minuteCounts(s.before, minutes{t.base.to - length, t.base.to})
	after := minuteCounts(s.after, minutes{t.window.from, j.now})
	p := rankTest(before, after)
	return p < plainChance && s.count >= float64(j.options.MinimumCount), "the ranks of its minutes are higher with probability " + chance(p)
}

// minuteCounts lists the counts of every minute of a span.
func minuteCounts(s *selfheal.Series, span minutes) []float64 {
	values := make([]float64, span.length())
	for _, c := range within(s, span) {
		values[c.Minute-span.from] = float64(max(c.N, 0))
	}
	return values
}

// rankTest is the probability of ranks of b as high as these, were a and b alike.
func rankTest(a, b []float64) float64 {
	type value struct {
		v     float64
		later bool
	}
	all := make([]value, 0, len(a)+len(b))
	for _, v := range a {
		all = append(all, value{v, false})
	}
	for _, v := range b {
		all = append(all, value{v, true})
	}
	slices.SortFunc(all, func(x, y value) int {
		switch {
		case x.v < y.v:
			return -1
		case x.v > y.v:
			return 1
		}
		return 0
	})
	var ranks, ties float64
	for from := 0; from < len(all); {
		to := from
		for to < len(all) && all[to].v == all[from].v {
			to++
		}
		for _, v := range all[from:to] {
			if v.later {
				ranks += float64(from+to+1) / 2
			}
		}
		same := float64(to - from)
		ties += same*same*same - same
		from = to
	}
	m, n := float64(len(a)), float64(len(b))
	total := m + n
	u := ranks - n*(n+1)/2
	variance := m * n / 12 * (total + 1 - ties/(total*(total-1)))
	if variance <= 0 {
		return 1
	}
	return math.Erfc((u-m*n/2-0.5)/math.Sqrt(2*variance)) / 2
}
