package report

import (
	"fmt"
	"strings"
	"time"

	"selfheal"
)

type decisionView struct {
	Action string
	Reason string
	DryRun bool
	Vetoes []vetoView
}

type vetoView struct {
	Action string
	Rule   string
	Reason string
}

type repairView struct {
	Summary   string // "revert, attempt 1, on branch selfheal/..."
	Facts     []fact
	Notes     []string
	Failure   string
	Proven    bool
	Proofs    []proofView
	Patch     []diffLine
	PatchMore int // lines of the patch that are left out
}

// proofView is one command that was executed.
type proofView struct {
	AsExpected bool
	Name       string
	Tree       string // "deployed revision 3f9c2a1b7d"
	Command    string
	Wanted     string // "to fail"
	Got        string // "failed with exit code 1 in 1.2 s"
	Output     []string
}

type pullRequestView struct {
	Title string // "#3 Revert ..."
	Facts []fact
}

type outcomeView struct {
	State   string
	Tone    tone
	Reason  string
	Watched fact
	Rows    []recoveryView
}

type recoveryView struct {
	Healed  bool
	Title   string
	Numbers string
}

func newDecisionView(d selfheal.Decision) *decisionView {
	v := &decisionView{
		Action: oneLine(actionWords(d.Action), titleLimit), Reason: oneLine(d.Reason, sentenceLimit), DryRun: d.DryRun,
	}
	for _, veto := range d.Vetoes {
		v.Vetoes = append(v.Vetoes, vetoView{
			Action: oneLine(actionWords(veto.Action), titleLimit),
			Rule:   oneLine(strings.ReplaceAll(veto.Rule, "-", " "), titleLimit), Reason: oneLine(veto.Reason, sentenceLimit),
		})
	}
	return v
}

func newRepairView(r selfheal.Repair, deployed string) *repairView {
	const patchLimit = 400
	v := &repairView{
		Summary: oneLine(strings.ReplaceAll(r.Strategy, "-", " "), titleLimit),
		Failure: oneLine(r.Failure, sentenceLimit), Proven: r.Proven(),
	}
	if r.Attempt > 1 {
		v.Summary += fmt.Sprintf(", attempt %d", r.Attempt)
	}
	add := func(label, value string) {
		if value != "" {
			v.Facts = append(v.Facts, newFact(label, value))
		}
	}
	add("branch", r.Branch)
	add("commit", selfheal.ShortRevision(r.Commit))
	add("based on", selfheal.ShortRevision(r.Base))
	var reverts []string
	for _, id := range r.Reverts {
		reverts = append(reverts, selfheal.ShortRevision(id))
	}
	add("reverts", list(reverts))
	for _, note := range r.Notes {
		v.Notes = append(v.Notes, oneLine(note, sentenceLimit))
	}
	for _, proof := range r.Proofs {
		v.Proofs = append(v.Proofs, newProofView(proof, r, deployed))
	}
	v.Patch, v.PatchMore = patchLines(r.Patch, patchLimit)
	return v
}

func newProofView(p selfheal.Proof, r selfheal.Repair, deployed string) proofView {
	v := proofView{
		AsExpected: p.AsExpected(), Name: oneLine(p.Name, titleLimit), Command: oneLine(p.Command, sentenceLimit),
		Tree: oneLine(treeWords(p.Revision, r, deployed), titleLimit), Wanted: oneLine("to "+p.Want, titleLimit), Got: gotWords(p),
	}
	if output := strings.TrimSpace(p.Output); output != "" {
		v.Output = strings.Split(Visible(output), "\n")
	}
	return v
}

// treeWords says which tree a proof ran in.
func treeWords(revision string, r selfheal.Repair, deployed string) string {
	switch revision {
	case "":
		return "unknown revision"
	case r.Commit:
		return "repaired revision " + selfheal.ShortRevision(revision)
	case deployed:
		return "deployed revision " + selfheal.ShortRevision(revision)
	}
	return "revision " + selfheal.ShortRevision(revision)
}

func gotWords(p selfheal.Proof) string {
	switch {
	case p.Exceeded != "":
		return "beyond its limit on " + oneLine(p.Exceeded, titleLimit)
	case p.TimedOut:
		return "was stopped after " + span(time.Duration(p.Took))
	case p.ExitCode == 0:
		return "passed in " + span(time.Duration(p.Took))
	}
	return fmt.Sprintf("failed with exit code %d in %s", p.ExitCode, span(time.Duration(p.Took)))
}

func newPullRequestView(pr selfheal.PullRequest) *pullRequestView {
	state := string(pr.State)
	if pr.Draft {
		state += ", draft"
	}
	if pr.Merged != "" {
		state += " as " + selfheal.ShortRevision(pr.Merged)
	}
	v := &pullRequestView{
		Title: oneLine(fmt.Sprintf("#%d %s", pr.Number, pr.Title), titleLimit),
		Facts: []fact{newFact("state", state)},
	}
	if pr.URL != "" {
		v.Facts = append(v.Facts, newFact("page", pr.URL))
	}
	if pr.Source != "" {
		v.Facts = append(v.Facts, newFact("branch", pr.Source+" → "+pr.Target))
	}
	return v
}

func newOutcomeView(o selfheal.Outcome, index signatures) *outcomeView {
	v := &outcomeView{
		State: oneLine(string(o.State), titleLimit), Tone: toneUnsure,
		Reason: oneLine(o.Reason, sentenceLimit), Watched: newFact("watched", interval(o.Watched)),
	}
	switch o.State {
	case selfheal.OutcomeHealed:
		v.Tone = toneGood
	case selfheal.OutcomePersisting:
		v.Tone = toneBad
	default:
	}
	for _, r := range o.Signatures {
		v.Rows = append(v.Rows, recoveryView{
			Healed: r.Healed, Title: oneLine(index.title(r.Signature), titleLimit),
			Numbers: fmt.Sprintf("%s before, %s since the repair; %s expected had nothing changed; by chance: %s",
				count(r.Before), count(r.After), amount(r.Expected), chance(r.PValue)),
		})
	}
	return v
}
