package prove

import (
	"math"
	"slices"
)

// What is believed of a command before its first run, as Beta distributions
// (failures, passes): it nearly always fails where the fault is, and nearly never
// where it is not. Every run that contradicts the rest makes both less certain,
// so that a flaky command needs more runs.
var (
	beliefFaulty  = beta{4, 0.2}
	beliefHealthy = beta{0.2, 4}
	beliefAny     = beta{1, 1} // of a command that fails whether or not the fault is there
)

// beta is a Beta distribution of the rate at which a command fails.
type beta struct{ fails, passes float64 }

// with adds what was seen.
func (b beta) with(t tally) beta {
	return beta{b.fails + float64(t.fails), b.passes + float64(t.passes)}
}

func (b beta) mean() float64 { return b.fails / (b.fails + b.passes) }

// logEvidence is the logarithm of the probability of what was seen, in its order
// (the Beta-Bernoulli marginal likelihood).
func (b beta) logEvidence(t tally) float64 {
	after := b.with(t)
	return logBeta(after) - logBeta(b)
}

func logBeta(b beta) float64 {
	x, _ := math.Lgamma(b.fails)
	y, _ := math.Lgamma(b.passes)
	z, _ := math.Lgamma(b.fails + b.passes)
	return x + y - z
}

// tally counts the runs that said something.
type tally struct{ fails, passes int }

func (t tally) plus(o tally) tally { return tally{t.fails + o.fails, t.passes + o.passes} }

// posterior is what is known of which step brought the fault. Trees are numbered
// from 0, the one before the first step, to len(steps), the newest one.
type posterior struct {
	prior  []float64 // of each step; the last one is of "none of them"
	seen   []tally   // per tree
	weight float64   // how much of the evidence counts
}

func newPosterior(steps []Step) *posterior {
	p := &posterior{prior: make([]float64, len(steps)+1), seen: make([]tally, len(steps)+1), weight: 1}
	left := 1.0
	for i, s := range steps {
		p.prior[i] = max(0, s.Prior)
		left -= p.prior[i]
	}
	p.prior[len(steps)] = max(left, minNone)
	return p
}

// minNone is the least prior of "none of them": a ranking is never that sure.
const minNone = 0.01

// logLikelihoods gives for each step, and for none of them, the logarithm of the
// probability of all that was seen, had it brought the fault.
func (p *posterior) logLikelihoods() []float64 {
	out := make([]float64, len(p.prior))
	for i, seen := range p.seenWith() {
		out[i] = beliefHealthy.logEvidence(seen.none) + beliefFaulty.logEvidence(seen.fault)
		if i == len(out)-1 {
			out[i] = logAlways(seen.fault)
		}
	}
	for i := range out {
		out[i] *= p.weight
	}
	return out
}

// logAlways is the logarithm of the probability of runs of a command that fails,
// now and then or always, whatever the tree.
func logAlways(t tally) float64 {
	a, b := beliefFaulty.logEvidence(t), beliefAny.logEvidence(t)
	top := max(a, b)
	return top + math.Log((math.Exp(a-top)+math.Exp(b-top))/2)
}

// probabilities gives the posterior of each step, and last of none of them.
func (p *posterior) probabilities() []float64 {
	logLikelihoods := p.logLikelihoods()
	out := make([]float64, len(p.prior))
	top, sum := math.Inf(-1), 0.0
	for i, l := range logLikelihoods {
		if p.prior[i] > 0 {
			top = max(top, l)
		}
	}
	for i, l := range logLikelihoods {
		if p.prior[i] > 0 {
			out[i] = p.prior[i] * math.Exp(l-top)
			sum += out[i]
		}
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// gain is how many nats of uncertainty a run at a tree is expected to take away.
func (p *posterior) gain(tree int, now []float64) float64 {
	fails := 0.0
	for h, seen := range p.seenWith() {
		rate := beliefFaulty.with(seen.fault).mean()
		switch {
		case h == len(p.prior)-1:
			rate = math.Exp(logAlways(seen.fault.plus(tally{fails: 1})) - logAlways(seen.fault))
		case tree <= h:
			rate = beliefHealthy.with(seen.none).mean()
		}
		fails += now[h] * rate
	}
	expected := fails*p.entropyAfter(tree, tally{fails: 1}) + (1-fails)*p.entropyAfter(tree, tally{passes: 1})
	return entropy(now) - expected
}

// split is what was seen at the trees with a fault and at those without it.
type split struct{ none, fault tally }

// seenWith divides what was seen for each step that may have brought the fault,
// and last for none of them.
func (p *posterior) seenWith() []split {
	out := make([]split, len(p.prior))
	var all, before tally
	for _, t := range p.seen {
		all = all.plus(t)
	}
	for i := range out[:len(out)-1] {
		before = before.plus(p.seen[i]) // the trees up to step i are without its fault
		out[i] = split{before, tally{all.fails - before.fails, all.passes - before.passes}}
	}
	out[len(out)-1] = split{fault: all}
	return out
}

func (p *posterior) entropyAfter(tree int, t tally) float64 {
	was := p.seen[tree]
	p.seen[tree] = was.plus(t)
	h := entropy(p.probabilities())
	p.seen[tree] = was
	return h
}

func entropy(probabilities []float64) float64 {
	h := 0.0
	for _, p := range probabilities {
		if p > 0 {
			h -= p * math.Log(p)
		}
	}
	return h
}

// rates estimates how often the command fails with the fault of a step and without it.
func (p *posterior) rates(step int) (with, without float64) {
	seen := p.seenWith()[step]
	return beliefFaulty.with(seen.fault).mean(), beliefHealthy.with(seen.none).mean()
}

// next gives the tree at which a run is expected to tell most; of equals the one
// at, or right before, the likelier step. ok is false when none tells anything.
func (p *posterior) next(usable func(tree int) bool) (tree int, ok bool) {
	now := p.probabilities()
	best, bestAt := minGain, -1
	bestBeside := 0.0
	for i := range p.seen {
		if !usable(i) {
			continue
		}
		gain, beside := p.gain(i, now), besideOf(now, i)
		if gain > best+tieGain || gain > best-tieGain && bestAt >= 0 && beside > bestBeside {
			best, bestAt, bestBeside = max(gain, best), i, beside
		}
	}
	return bestAt, bestAt >= 0
}

const (
	minGain = 1e-6 // nats: less than this is no information
	tieGain = 1e-9
)

// besideOf is the probability of the likelier one of the steps that border on a tree.
func besideOf(probabilities []float64, tree int) float64 {
	beside := 0.0
	if tree > 0 {
		beside = probabilities[tree-1]
	}
	if tree < len(probabilities)-1 {
		beside = max(beside, probabilities[tree])
	}
	return beside
}

// top gives the likeliest explanation; it is len(steps) for "none of them".
func top(probabilities []float64) int {
	best := slices.Max(probabilities)
	return slices.Index(probabilities, best)
}
