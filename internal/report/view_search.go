package report

import (
	"fmt"
	"strings"
	"time"

	"selfheal"
)

// trialView is what running a command showed.
type trialView struct {
	Command  string
	Summary  string
	Rates    string // empty when nothing was told apart
	Trees    []trialTreeView
	Excerpt  []string // the end of what the last failing run printed
	Confined string   // a warning; empty when the runs were confined
}

// trialTreeView sums up the runs at one revision.
type trialTreeView struct {
	Revision string
	Result   string // "fails, 3 of 3 runs"
	Fails    bool
	Passes   bool
}

// excerptLines is how much of a failing run's output is shown.
const excerptLines = 6

func newTrialView(t *selfheal.Trial) *trialView {
	if t == nil {
		return nil
	}
	v := &trialView{Command: oneLine(t.Command, sentenceLimit)}
	v.Summary = fmt.Sprintf("%s; %s in %s; %s", reproductionWords(t.Reproduction), plural(int64(len(t.Runs)), "run"),
		time.Duration(t.Took).Round(100*time.Millisecond), oneLine(t.Ended, sentenceLimit))
	if t.FailureRate > 0 {
		v.Rates = fmt.Sprintf("estimated to fail %s of the time with the fault, and %s without it", percent(t.FailureRate), percent(t.FlakeRate))
	}
	order := []string{}
	counts := map[string]map[selfheal.TrialOutcome]int{}
	for _, run := range t.Runs {
		if counts[run.Revision] == nil {
			counts[run.Revision] = map[selfheal.TrialOutcome]int{}
			order = append(order, run.Revision)
		}
		counts[run.Revision][run.Outcome]++
		if run.Outcome == selfheal.TrialFails {
			v.Excerpt = lastVisible(run.Output)
		}
		if run.Unconfined != "" {
			v.Confined = "not confined: " + oneLine(run.Unconfined, sentenceLimit)
		}
	}
	for _, revision := range order {
		v.Trees = append(v.Trees, newTrialTree(revision, counts[revision]))
	}
	return v
}

func newTrialTree(revision string, counts map[selfheal.TrialOutcome]int) trialTreeView {
	v := trialTreeView{Revision: oneLine(selfheal.ShortRevision(revision), titleLimit)}
	fails, passes := counts[selfheal.TrialFails], counts[selfheal.TrialPasses]
	var parts []string
	switch {
	case fails > passes:
		v.Fails = true
	case passes > fails:
		v.Passes = true
	}
	if n := fails + passes; n > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s failed", fails, plural(int64(n), "run")))
	}
	if n := counts[selfheal.TrialAnother]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d failed with something else", n))
	}
	if n := counts[selfheal.TrialSkipped]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d could not be run", n))
	}
	v.Result = strings.Join(parts, ", ")
	return v
}

func reproductionWords(r selfheal.Reproduction) string {
	switch r {
	case selfheal.ReproducedSame:
		return "fails at the deployed revision with the same error"
	case selfheal.ReproducedOther:
		return "fails at the deployed revision, but does not show the same error, so it counts less"
	case selfheal.ReproducedNever:
		return "does not fail at the deployed revision"
	case selfheal.ReproducedNot:
		return "could not be run at the deployed revision"
	}
	return oneLine(string(r), titleLimit)
}

func lastVisible(output string) []string {
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	lines = lines[max(0, len(lines)-excerptLines):]
	for i := range lines {
		lines[i] = oneLine(lines[i], sentenceLimit)
	}
	return lines
}

// exposureView is one deploy that was examined.
type exposureView struct {
	Which    string // "this deploy", "1 before"
	Revision string
	Time     string
	Why      string // how likely by its time, or why it is excluded
}

func newExposureViews(all []selfheal.Exposure) []exposureView {
	var views []exposureView
	for _, e := range all {
		v := exposureView{Which: "this one", Revision: oneLine(selfheal.ShortRevision(e.Revision), titleLimit), Time: "at an unknown time"}
		if e.Back > 0 {
			v.Which = fmt.Sprintf("%d before", e.Back)
		}
		if !e.Time.IsZero() {
			v.Time = minuteUTC(e.Time)
		}
		v.Why = fmt.Sprintf("%s; by its time %s as likely as the likeliest", plural(int64(e.Commits), "commit"), percent(e.Prior))
		switch {
		case e.Excluded != "":
			v.Why = "cannot be the cause: " + oneLine(e.Excluded, sentenceLimit)
		case e.Prior == 1:
			v.Why = plural(int64(e.Commits), "commit") + "; likeliest by its time"
		}
		views = append(views, v)
	}
	return views
}

// basisWords says what a confidence is made of.
func basisWords(b *selfheal.Basis) string {
	if b == nil {
		return ""
	}
	words := fmt.Sprintf("%s the first candidate, %s other commits, %s the outside world, %s something else",
		percent(b.Leading), percent(b.Others), percent(b.Outside), percent(b.Unknown))
	if b.Evidence != "" {
		words += "; its evidence is " + oneLine(string(b.Evidence), titleLimit)
	}
	return words
}

// furtherView is an incident of the same deploy with another cause.
type furtherView struct {
	ID      string
	Titles  []string // of its errors
	Verdict *verdictView
	Repair  string
}

func newFurtherViews(incidents []*selfheal.Incident, index signatures) []furtherView {
	var views []furtherView
	for _, i := range incidents {
		v := furtherView{ID: oneLine(i.ID, titleLimit)}
		if i.Judged != nil {
			v.Verdict = newVerdictView(i.Judged)
		}
		for _, a := range i.Opened.Assessment.Anomalies {
			if s, known := index[a.Signature]; known {
				v.Titles = append(v.Titles, oneLine(s.Title, titleLimit))
			}
		}
		switch {
		case i.PullRequest != nil:
			v.Repair = oneLine("pull request "+i.PullRequest.URL, sentenceLimit)
		case i.Repair != nil && i.Repair.Failure != "":
			v.Repair = oneLine("not repaired: "+i.Repair.Failure, sentenceLimit)
		case i.Decision != nil:
			v.Repair = oneLine(actionWords(i.Decision.Action)+": "+i.Decision.Reason, sentenceLimit)
		}
		views = append(views, v)
	}
	return views
}
