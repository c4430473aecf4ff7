package report

import (
	"fmt"
	"strings"
	"time"

	"selfheal"
)

// subject names what the report is about: shop@production 3f9c2a1b7d.
func subject(d selfheal.Deploy) string {
	name := d.Service
	if d.Environment != "" {
		name += "@" + d.Environment
	}
	return strings.TrimSpace(name + " " + selfheal.ShortRevision(d.Revision))
}

// headline is the one sentence that a reader who reads only one should have read.
func headline(r Report) string {
	var text string
	switch r.Status {
	case selfheal.StatusCannotObserve:
		text = "no judgement is possible: " + sentence(r.Assessment.Window.Observability.Problems[0].Detail)
	case selfheal.StatusClean:
		text = cleanHeadline(r.Assessment)
	case selfheal.StatusRegression:
		text = happened(r) + "; " + blame(r.Incident)
	case selfheal.StatusNotCaused:
		text = fmt.Sprintf("%s, and this deploy is not the cause, %s sure", happened(r), percent(r.Incident.Verdict().Confidence))
	default:
		text = happened(r) + "; " + suspicion(r.Incident)
	}
	return subject(r.Assessment.Deploy) + ": " + text
}

// sentence strips the full stop that the headline does not end with.
func sentence(s string) string { return strings.TrimSuffix(strings.TrimSpace(s), ".") }

func cleanHeadline(a selfheal.Assessment) string {
	text := "nothing changed for the worse"
	if length := a.Window.Watched.Duration(); length > 0 {
		text += " in " + span(length)
	}
	return fmt.Sprintf("%s; %s compared over %s", text, plural(int64(a.Tested), "signature"),
		plural(a.Window.Observability.Watched.Records, "record"))
}

// happened says what changed and since when: "2 new errors and 1 rise since 14:04 UTC".
func happened(r Report) string {
	kinds := map[selfheal.AnomalyKind]int64{}
	var since time.Time
	for _, a := range r.Assessment.Anomalies {
		kinds[a.Kind]++
		if !a.Onset.IsZero() && (since.IsZero() || a.Onset.Before(since)) {
			since = a.Onset
		}
	}
	text := list(changes(kinds))
	if !since.IsZero() {
		text += " since " + clock(since, r.Generated) + " UTC"
	}
	return text
}

func changes(kinds map[selfheal.AnomalyKind]int64) []string {
	var words []string
	for _, phrase := range []struct {
		kind selfheal.AnomalyKind
		noun string
		verb string
	}{
		{selfheal.AnomalyBuild, "error", "broke the build"},
		{selfheal.AnomalyNew, "error", "appeared"},
		{selfheal.AnomalyRise, "error", "rose"},
		{selfheal.AnomalyDrop, "message", "went silent"},
		{selfheal.AnomalyShift, "error", "took the place of another"},
		{selfheal.AnomalyMonitor, "monitor", "crossed its bound"},
	} {
		if n := kinds[phrase.kind]; n > 0 {
			words = append(words, plural(n, phrase.noun)+" "+phrase.verb)
		}
	}
	return words
}

// blame names commit, place and confidence of a verdict of the cause.
func blame(i *selfheal.Incident) string {
	verdict := i.Verdict()
	if verdict.Culprit == nil {
		return "this deploy caused it, " + percent(verdict.Confidence) + " sure"
	}
	return commitPhrase(i.Judged, verdict.Culprit) + ", " + percent(verdict.Confidence) + " sure"
}

// commitPhrase names a culprit: commit 8c1d0f22aa "pricing: default region" (internal/pricing/region.go:31).
func commitPhrase(judged *selfheal.Judged, culprit *selfheal.Culprit) string {
	text := "commit " + selfheal.ShortRevision(culprit.Commit)
	if commit := findCommit(judged, culprit.Commit); commit != nil && commit.Subject != "" {
		text += ` "` + oneLine(commit.Subject, 72) + `"`
	}
	if culprit.Path != "" {
		text += " (" + location(culprit.Path, culprit.Start) + ")"
	}
	return text
}

// suspicion says how far an inconclusive verdict came.
func suspicion(i *selfheal.Incident) string {
	if i == nil || i.Verdict() == nil {
		return "the cause has not been looked for"
	}
	verdict := i.Verdict()
	if len(verdict.Candidates) == 0 {
		return "the evidence does not say why"
	}
	first := verdict.Candidates[0]
	return fmt.Sprintf(`the evidence does not say why; closest is commit %s "%s", %s`,
		selfheal.ShortRevision(first.Commit), oneLine(first.Subject, 72), percent(first.Probability))
}

// location writes path:line, or the path alone when there is no line.
func location(path string, line int) string {
	if line <= 0 {
		return path
	}
	return fmt.Sprintf("%s:%d", path, line)
}

// findCommit gives the commit of the judged change with this id, or nil.
func findCommit(judged *selfheal.Judged, id string) *selfheal.Commit {
	if judged == nil {
		return nil
	}
	for at := range judged.Change.Commits {
		if judged.Change.Commits[at].ID == id {
			return &judged.Change.Commits[at]
		}
	}
	return nil
}

// next says what a person has to do now.
func next(r Report) string {
	switch r.Status {
	case selfheal.StatusClean:
		return ""
	case selfheal.StatusCannotObserve:
		return r.Assessment.Window.Observability.Problems[0].Hint
	default:
		return afterAnomalies(r.Status, r.Incident)
	}
}

func afterAnomalies(s selfheal.Status, i *selfheal.Incident) string {
	switch {
	case i == nil || i.Verdict() == nil:
		return "Look at the errors below: nothing has been attributed yet."
	case i.Outcome != nil:
		return afterOutcome(*i.Outcome)
	case s == selfheal.StatusNotCaused:
		return "Look outside this deploy: taking it back would not help."
	case s == selfheal.StatusInconclusive:
		return settle(i.Verdict().WouldHelp)
	}
	return afterVerdict(i)
}

// settle tells what would end the doubt.
func settle(wouldHelp string) string {
	if wouldHelp == "" {
		return "Look at the candidates below: the evidence does not tell them apart."
	}
	return "This would settle it: " + wouldHelp
}

func afterOutcome(o selfheal.Outcome) string {
	switch o.State {
	case selfheal.OutcomeHealed:
		return "Nothing: the repair is deployed and production shows that it worked."
	case selfheal.OutcomePersisting:
		return "Take over: the repair is deployed and the errors go on."
	case selfheal.OutcomeUnknown:
		return "Check by hand: too little was seen since the repair to tell whether it worked."
	default:
		return "Take over: the repair was " + string(o.State) + "."
	}
}

// afterVerdict follows the repair of a regression as far as it came.
func afterVerdict(i *selfheal.Incident) string {
	switch {
	case i.Repair != nil && i.Repair.Failure != "":
		return "Repair it by hand: " + i.Repair.Failure
	case i.Decision != nil && i.Decision.DryRun:
		return "Nothing was changed: this is a dry run. Run it again without --dry-run to get the pull request."
	case i.PullRequest != nil:
		return afterPullRequest(i)
	case i.Decision != nil && i.Decision.Action == selfheal.ActionHold:
		return "Wait: more evidence is needed before anything is changed."
	case i.Repair != nil:
		return "Wait: the repair is being proven on branch " + i.Repair.Branch + "."
	}
	if i.Decision == nil {
		return "Take the culprit commit back, or fix it."
	}
	if i.Decision.Action == selfheal.ActionRevert && !i.Opened.Intent.Repair {
		return "Run it again with --repair revert to have the culprit commit taken back on a branch, and proven."
	}
	return "Take the culprit commit back, or fix it: selfheal may not do it by itself, see the decision below."
}

func afterPullRequest(i *selfheal.Incident) string {
	pr := i.PullRequest
	switch {
	case i.Fix != nil:
		return "Wait: the repair is deployed and being watched."
	case pr.State == selfheal.PullRequestMerged:
		return fmt.Sprintf("Deploy %s, the merge of pull request #%d.", selfheal.ShortRevision(pr.Merged), pr.Number)
	case pr.State == selfheal.PullRequestClosed:
		return fmt.Sprintf("Take over: pull request #%d was closed without a merge.", pr.Number)
	}
	return strings.TrimSpace(fmt.Sprintf("Review and merge pull request #%d. %s", pr.Number, pr.URL))
}
