package agent

import (
	"fmt"
	"math"
	"slices"

	"selfheal"
)

// The bounds. They are chosen, not fitted: an answer that is checked line by line
// counts like a witness who is right twenty times as often as wrong, and five times
// that when it shows the steps between error and change.
const (
	factorAnswer = 20.0
	factorSteps  = 5.0
	minSteps     = 2
	sure         = 0.9 // confidence from which an answer counts in full: models do not tell finer than that

	minBlame     = 0.70 // probability from which a blame that the rules did not make is made
	maxBlame     = 0.78 // its highest confidence: below the 0.80 from which the default policy acts
	maxAgreed    = 0.95 // the highest confidence when rules and model agree
	minAcquittal = 0.90 // probability of another reason from which "inconclusive" becomes "not caused"
	keepBlame    = 0.80 // probability below which the rules' own blame becomes "inconclusive"
	maxRival     = 0.5  // probability of the next commit, as a share of the blamed one's
)

// merge moves the rules' verdict by what the model has shown.
func merge(v selfheal.Verdict, s checked) (selfheal.Verdict, selfheal.AgentEffect) {
	posterior, outside := weigh(v.Candidates, s)
	before := v
	switch {
	case s.Cause == selfheal.Inconclusive:
		return v, selfheal.AgentConfirmed // not to know is no evidence
	case v.Cause == selfheal.Caused:
		v = mergeBlame(v, s, posterior)
	case v.Cause == selfheal.NotCaused:
		v = mergeAcquittal(v, s, posterior)
	default:
		v = mergeOpen(v, s, posterior, outside)
	}
	v.Candidates = reordered(v.Candidates, posterior)
	return v, effectOf(before, v)
}

// weigh applies the factor of the answer to the rules' probabilities. outside is
// what is left for everything that is no commit of the change.
func weigh(candidates []selfheal.Candidate, s checked) (posterior map[string]float64, outside float64) {
	factor := math.Log(factorAnswer)
	if s.steps >= minSteps {
		factor += math.Log(factorSteps)
	}
	factor = math.Exp(min(1, s.Confidence/sure) * factor)
	posterior, outside = map[string]float64{}, 1
	for _, c := range candidates {
		posterior[c.Commit] = c.Probability
		outside -= c.Probability
	}
	outside = max(outside, 1e-4) // the rules round, and are never certain
	switch s.Cause {
	case selfheal.Caused:
		posterior[s.commit] *= factor
	case selfheal.NotCaused:
		outside *= factor
	}
	sum := outside
	for _, p := range posterior {
		sum += p
	}
	for c := range posterior {
		posterior[c] /= sum
	}
	return posterior, outside / sum
}

// mergeBlame: the rules blame a commit. A model that agrees adds to it, and one that
// does not can take the blame back; it cannot put another in its place.
func mergeBlame(v selfheal.Verdict, s checked, posterior map[string]float64) selfheal.Verdict {
	if s.Cause == selfheal.Caused && s.commit == v.Culprit.Commit {
		v.Confidence = max(v.Confidence, min(posterior[s.commit], maxAgreed))
		if hardFor(v) == nil {
			v.Culprit = s.culprit()
		}
		return v
	}
	p := posterior[v.Culprit.Commit]
	if p >= keepBlame {
		v.Confidence = min(v.Confidence, p)
		return v
	}
	v.Reason = fmt.Sprintf("The rules blame commit %s, and an agent found a reason not to: %s", selfheal.ShortRevision(v.Culprit.Commit), s.told())
	v.Cause, v.Confidence, v.Culprit = selfheal.Inconclusive, 1-p, nil
	v.WouldHelp = "a run of the failing operation on both revisions"
	return v
}

// mergeAcquittal: the rules found another reason. A model can at most doubt it.
func mergeAcquittal(v selfheal.Verdict, s checked, posterior map[string]float64) selfheal.Verdict {
	if s.Cause != selfheal.Caused {
		v.Confidence = max(v.Confidence, min(v.Confidence+0.05, maxAgreed))
		return v
	}
	if posterior[s.commit] < 1-v.Confidence || posterior[s.commit] < 0.5 {
		return v
	}
	v.Reason = "The rules found a reason outside of the change, and an agent one inside: " + s.told()
	v.Cause, v.Confidence = selfheal.Inconclusive, posterior[s.commit]
	v.WouldHelp = "a run of the failing operation on both revisions"
	return v
}

// mergeOpen: the rules do not know.
func mergeOpen(v selfheal.Verdict, s checked, posterior map[string]float64, outside float64) selfheal.Verdict {
	covered := both(v.Signatures, s.signatures)
	switch {
	case s.Cause == selfheal.Caused && posterior[s.commit] >= minBlame && !rivalled(posterior, s.commit) && len(covered) > 0:
		v.Signatures = covered
		v.Cause, v.Confidence = selfheal.Caused, min(posterior[s.commit], maxBlame)
		v.Culprit = s.culprit()
		v.Reason = fmt.Sprintf("Commit %s is the likely cause, by an agent's reading of which every cited line was checked: %s", selfheal.ShortRevision(s.commit), s.told())
		v.WouldHelp = "the same error at a revision without the commit would acquit it"
	case s.Cause == selfheal.Caused:
		v.Reason = fmt.Sprintf("An agent suspects commit %s, and the rules saw too little of it for a blame: %s", selfheal.ShortRevision(s.commit), s.told())
	case outside >= minAcquittal && speaksAgainst(v) && len(covered) > 0:
		v.Signatures = covered
		v.Cause, v.Confidence = selfheal.NotCaused, min(outside, maxBlame)
		v.Reason = "The deploy is probably not the cause, by an agent's reading of which every cited line was checked: " + s.told()
		v.WouldHelp = "the error going away with the previous revision would show that the change caused it"
	default:
		v.Reason = "An agent sees a reason outside of the change, and no rule does: " + s.told()
	}
	return v
}

// both gives the signatures of the verdict of which the answer cites a log text: it
// says nothing about the others.
func both(verdict, cited []selfheal.SignatureID) []selfheal.SignatureID {
	var kept []selfheal.SignatureID
	for _, id := range verdict {
		if slices.Contains(cited, id) {
			kept = append(kept, id)
		}
	}
	return kept
}

func rivalled(posterior map[string]float64, commit string) bool {
	for other, p := range posterior {
		if other != commit && p > maxRival*posterior[commit] {
			return true
		}
	}
	return false
}

// speaksAgainst tells whether at least one rule saw something against the blame.
func speaksAgainst(v selfheal.Verdict) bool {
	for _, x := range v.Exhibits {
		if x.Weight < 0 {
			return true
		}
	}
	return false
}

// culprit is the blamed line. Where the rules know the commit's line already, the
// model's takes its place: it has been read again at its revision.
func (s checked) culprit() *selfheal.Culprit {
	return &selfheal.Culprit{Commit: s.commit, Path: s.Path, Revision: s.revisionID, Start: s.Line, End: s.Line, Quote: s.exact}
}

// told is the mechanism as a sentence.
func (s checked) told() string { return clip(s.Mechanism, maxMechanism) }

func reordered(candidates []selfheal.Candidate, posterior map[string]float64) []selfheal.Candidate {
	moved := make([]selfheal.Candidate, len(candidates))
	copy(moved, candidates)
	for i := range moved {
		moved[i].Probability = math.Round(posterior[moved[i].Commit]*1e4) / 1e4
	}
	// Few, and nearly in order: equal ones keep their places.
	for i := 1; i < len(moved); i++ {
		for j := i; j > 0 && moved[j].Probability > moved[j-1].Probability; j-- {
			moved[j], moved[j-1] = moved[j-1], moved[j]
		}
	}
	return moved
}

// effectOf says which way the blame moved: the answer first, then how probable it is.
func effectOf(before, after selfheal.Verdict) selfheal.AgentEffect {
	d := blame(after) - blame(before)
	if before.Cause != after.Cause {
		d = rank(after.Cause) - rank(before.Cause)
	}
	switch {
	case d > 0:
		return selfheal.AgentRaised
	case d < 0:
		return selfheal.AgentLowered
	}
	return selfheal.AgentConfirmed
}

func rank(c selfheal.Cause) float64 {
	switch c {
	case selfheal.Caused:
		return 1
	case selfheal.NotCaused:
		return -1
	}
	return 0
}

// blame is how probable a verdict holds it that the change did it, as far as two
// verdicts of one cause can be compared.
func blame(v selfheal.Verdict) float64 {
	switch v.Cause {
	case selfheal.Caused:
		return v.Confidence
	case selfheal.NotCaused:
		return 1 - v.Confidence
	}
	if len(v.Candidates) > 0 {
		return v.Candidates[0].Probability
	}
	return 0
}
