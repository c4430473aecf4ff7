package triage

import (
	"context"
	"fmt"
	"math"
	"slices"

	"selfheal"
	"selfheal/internal/triage/prove"
)

// prove lets the candidates be told apart by execution, and adds what the runs
// say to the rankings of the errors that they showed. It gives nil when nothing was run.
func (e *evidence) prove(ctx context.Context, in Input, rankings []ranking) (*prove.Answer, error) {
	if in.Prove == nil || len(e.change.Commits) == 0 {
		return nil, nil
	}
	r := primary(rankings)
	q := prove.Question{Base: e.change.Base, Inconclusive: causeOf(r) == selfheal.Inconclusive, Signature: r.symptom.signature.ID}
	r.doubt()
	for i, c := range e.change.Commits {
		q.Steps = append(q.Steps, prove.Step{Commit: c.ID, Revision: treeAfter(c), Prior: r.probabilities[i]})
	}
	r.normalise() // the doubt was for the question
	answer, err := in.Prove(ctx, q)
	if err != nil || answer == nil {
		return nil, err
	}
	for i := range rankings {
		other := &rankings[i]
		id := other.symptom.signature.ID
		if slices.Contains(answer.Trial.Signatures, id) || len(answer.Trial.Signatures) == 0 && other == r {
			other.execute(answer)
		}
	}
	return answer, nil
}

// minDoubt is how much of the probability is shared by all explanations alike
// before anything is run: what was executed must be able to contradict evidence
// that was only read, however strong.
const minDoubt = 0.02

// doubt spreads a little of the probability evenly.
func (r *ranking) doubt() {
	alive := 2
	for _, s := range r.scores {
		if !math.IsInf(s, -1) {
			alive++
		}
	}
	spread := func(p float64) float64 { return (1-minDoubt)*p + minDoubt/float64(alive) }
	for i, s := range r.scores {
		if !math.IsInf(s, -1) {
			r.probabilities[i] = spread(r.probabilities[i])
		}
	}
	r.external, r.unknown = spread(r.external), spread(r.unknown)
}

// faultBefore is what speaks for the outside world rather than for something
// that was not looked at, when the error shows without the change.
const faultBefore = 4.0

// execute adds what the runs say to the probabilities; the scores stay those of the evidence.
func (r *ranking) execute(a *prove.Answer) {
	r.trial = a
	if commit, probability, _, _ := r.top(); probability >= minSuspicion {
		r.suspect = commit
	} else {
		r.suspect = -1
	}
	if a.Likelihoods == nil {
		return
	}
	r.doubt()
	most := slices.Max(a.Likelihoods)
	logs := make([]float64, len(r.scores))
	for i, p := range r.probabilities {
		logs[i] = math.Log(p) + a.Likelihoods[i] - most
	}
	none := a.Likelihoods[len(logs)] - most
	outside, other := math.Log(r.external), math.Log(r.unknown)
	if a.BaseFails {
		outside, other = math.Log(r.external+r.unknown), other-faultBefore
	}
	r.probabilities, r.external, r.unknown = softmax(logs, outside+none, other+none)
}

// minSuspicion is the probability from which it is worth saying that a commit
// which led is acquitted.
const minSuspicion = 0.1

// maxExecution bounds the weight of an exhibit: the strongest there is, and finite.
const maxExecution = 10.0

// executed tells whether the runs themselves show that a commit did it.
func (r *ranking) executed(commit int) bool {
	return r.trial != nil && r.trial.Trial.Decided && slices.Index(r.trial.Likelihoods, slices.Max(r.trial.Likelihoods)) == commit
}

// executionExhibits says what the runs showed, for the commit that leads and
// against the one that led before them.
func (e *evidence) executionExhibits(r *ranking) []selfheal.Exhibit {
	if r.trial == nil || r.trial.Likelihoods == nil {
		return nil
	}
	var out []selfheal.Exhibit
	leading, _, _, _ := r.top()
	if x, ok := e.executionFor(r, leading); ok {
		out = append(out, x)
	}
	if r.trial.BaseFails {
		out = append(out, e.execution(r, leading, -maxExecution, fmt.Sprintf("%s before the change, %s", r.fails(), r.runsAt(e.change.Base))))
		return out
	}
	if r.suspect >= 0 && r.suspect != leading {
		if x, ok := e.executionAgainst(r, r.suspect); ok {
			out = append(out, x)
		}
	}
	return out
}

// executionFor says how the runs set a commit apart from all other explanations.
func (e *evidence) executionFor(r *ranking, commit int) (selfheal.Exhibit, bool) {
	rival := math.Inf(-1)
	for i, l := range r.trial.Likelihoods {
		if i != commit && (i == len(r.scores) || !math.IsInf(r.scores[i], -1)) {
			rival = max(rival, l)
		}
	}
	weight := r.trial.Likelihoods[commit] - rival
	before, after := e.treeBefore(commit), treeAfter(e.change.Commits[commit])
	if weight <= 0 || r.seen(after).fails == 0 {
		return selfheal.Exhibit{}, false
	}
	text := fmt.Sprintf("%s %s", r.fails(), r.runsAt(after))
	if r.seen(before).passes > 0 {
		text += fmt.Sprintf(" and passes right before this commit, %s", r.runsAt(before))
	}
	return e.execution(r, commit, min(weight, maxExecution), text), true
}

// executionAgainst says how the runs acquit a commit that the evidence had pointed to.
func (e *evidence) executionAgainst(r *ranking, commit int) (selfheal.Exhibit, bool) {
	weight := -min(maxExecution, slices.Max(r.trial.Likelihoods)-r.trial.Likelihoods[commit])
	before, after := e.treeBefore(commit), treeAfter(e.change.Commits[commit])
	switch {
	case r.seen(before).fails > r.seen(before).passes:
		return e.execution(r, commit, weight, fmt.Sprintf("%s already before commit %s, %s", r.fails(), short(e.change.Commits[commit].ID), r.runsAt(before))), true
	case r.seen(after).passes > r.seen(after).fails:
		return e.execution(r, commit, weight, fmt.Sprintf("the command still passes with commit %s, %s", short(e.change.Commits[commit].ID), r.runsAt(after))), true
	}
	return selfheal.Exhibit{}, false
}

func (e *evidence) execution(r *ranking, commit int, weight float64, text string) selfheal.Exhibit {
	return selfheal.Exhibit{
		Kind: selfheal.ExhibitExecution, Weight: round(weight), Signature: r.symptom.signature.ID,
		Commit: e.change.Commits[commit].ID, Text: text, Observed: shorten(r.trial.Trial.Command),
	}
}

// treeBefore is the revision before a step of the chain.
func (e *evidence) treeBefore(commit int) string {
	if commit == 0 {
		return e.change.Base
	}
	return treeAfter(e.change.Commits[commit-1])
}

// fails says how well the command shows the error.
func (r *ranking) fails() string {
	if r.trial.Trial.Reproduction == selfheal.ReproducedSame {
		return "the command fails with the same error"
	}
	return "the command fails, with another error,"
}

// outcomes counts the runs at one revision that said something.
type outcomes struct{ fails, passes int }

func (r *ranking) seen(revision string) outcomes {
	var o outcomes
	for _, run := range r.trial.Trial.Runs {
		if run.Revision != revision {
			continue
		}
		switch run.Outcome {
		case selfheal.TrialFails:
			o.fails++
		case selfheal.TrialPasses:
			o.passes++
		case selfheal.TrialAnother, selfheal.TrialSkipped:
		}
	}
	return o
}

// runsAt is "at 8c1d0f22aa (3 of 4 runs fail)".
func (r *ranking) runsAt(revision string) string {
	o := r.seen(revision)
	noun := "runs fail"
	if o.fails+o.passes == 1 {
		noun = "run fails"
	}
	return fmt.Sprintf("at %s (%d of %d %s)", short(revision), o.fails, o.fails+o.passes, noun)
}
