// Package decide is the room that chooses the remedy: a pure table from verdict
// and policy to a Decision, with the vetoes that were applied.
//
// In: a Verdict, the Change it is about, and the Policy. Out: a Decision. It
// never acts, and it has no opinion on whether the verdict is right.
package decide

import (
	"fmt"
	"slices"
	"strings"

	"selfheal"
)

// Policy is what the owner of the service allows.
type Policy struct {
	// MinConfidence is the verdict's confidence from which selfheal acts. Between 0.5 and 1.
	MinConfidence float64 `json:"min_confidence" yaml:"min_confidence"`
	// Revert allows reverting the culprit commit on a branch.
	Revert bool `json:"revert" yaml:"revert"`
	// FixForward says that something is configured that can write a fix where a revert is not allowed.
	FixForward bool `json:"-" yaml:"-"`
}

// DefaultPolicy acts on verdicts that are right at least four times in five, by
// a revert that people merge.
func DefaultPolicy() Policy { return Policy{MinConfidence: 0.8, Revert: true} }

// Validate says what is wrong with a policy.
func (p Policy) Validate() error {
	if p.MinConfidence < 0.5 || p.MinConfidence > 1 {
		return selfheal.Usagef("below 0.5 the verdict is more likely wrong than right", "decide.min_confidence must be between 0.5 and 1, not %v", p.MinConfidence)
	}
	return nil
}

// Decide chooses the remedy.
func Decide(v selfheal.Verdict, c selfheal.Change, p Policy) selfheal.Decision {
	switch {
	case v.Cause == selfheal.NotCaused:
		return selfheal.Decision{Action: selfheal.ActionTell, Reason: "the deploy is not the cause, so taking it back would not help"}
	case v.Cause != selfheal.Caused || v.Culprit == nil:
		return selfheal.Decision{Action: selfheal.ActionHold, Reason: "the evidence does not say which change to take back"}
	case v.Confidence < p.MinConfidence:
		return selfheal.Decision{Action: selfheal.ActionHold,
			Reason: fmt.Sprintf("the verdict's confidence of %.0f %% is below the policy's %.0f %%", 100*v.Confidence, 100*p.MinConfidence)}
	}
	if vetoes := revertVetoes(culprit(v, c), p); len(vetoes) > 0 {
		if p.FixForward && !exempted(vetoes) {
			return selfheal.Decision{Action: selfheal.ActionFixForward, Reason: "a revert is not allowed here: " + vetoes[0].Reason, Vetoes: vetoes}
		}
		return selfheal.Decision{Action: selfheal.ActionTell, Reason: "a revert is the remedy, and it is not allowed here: " + vetoes[0].Reason, Vetoes: vetoes}
	}
	return selfheal.Decision{Action: selfheal.ActionRevert,
		Reason: fmt.Sprintf("one commit of %d carries the blame and can be taken back by itself", len(c.Commits))}
}

func culprit(v selfheal.Verdict, c selfheal.Change) selfheal.Commit {
	for _, commit := range c.Commits {
		if commit.ID == v.Culprit.Commit {
			return commit
		}
	}
	return selfheal.Commit{ID: v.Culprit.Commit}
}

// ruleExempted is the veto of an author, which is about every remedy.
const ruleExempted = "exempted"

func exempted(vetoes []selfheal.Veto) bool {
	return slices.ContainsFunc(vetoes, func(v selfheal.Veto) bool { return v.Rule == ruleExempted })
}

// exemptions are trailers by which an author keeps automation away from a commit.
var exemptions = []string{"NO-SELFHEAL", "NOAUTOREVERT"}

func revertVetoes(c selfheal.Commit, p Policy) []selfheal.Veto {
	var vetoes []selfheal.Veto
	veto := func(rule, reason string) {
		vetoes = append(vetoes, selfheal.Veto{Action: selfheal.ActionRevert, Rule: rule, Reason: reason})
	}
	if !p.Revert {
		veto("policy", "the policy allows no reverts")
	}
	if c.Undone {
		veto("taken-away", "the deploy took the commit away: it has to be brought back, not reverted")
	}
	for _, f := range c.Files {
		if f.Class == selfheal.ClassMigration {
			veto("migration-in-commit", fmt.Sprintf("the commit changes the migration %s, and data that was migrated does not come back with the code", f.Path))
			break
		}
	}
	for _, word := range exemptions {
		if hasTrailer(c.Body, word) {
			veto(ruleExempted, "the commit's message carries "+word)
			break
		}
	}
	return vetoes
}

// hasTrailer tells whether a line of the message is the word, or "word: true" or "word=true".
func hasTrailer(body, word string) bool {
	for line := range strings.Lines(body) {
		key, value, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(line), "=", ":"), ":")
		if strings.EqualFold(key, word) && !strings.EqualFold(strings.TrimSpace(value), "false") {
			return true
		}
	}
	return false
}
