package report

import (
	"fmt"
	"math"
	"strings"

	"selfheal"
)

// verdictView is who is blamed, and on what grounds.
type verdictView struct {
	Finding    string // "this deploy is the cause, 97 % sure"
	Reason     string
	Culprit    *culpritView
	For        []exhibitView // strongest first
	Against    []exhibitView // strongest first
	Candidates []candidateView
	Doubt      *fact  // what would settle or overturn it
	Agent      *fact  // what a model contributed, and its cost
	Irrelevant string // "3 commits touch only docs, tests, CI or comments"
	Basis      string // what the confidence is made of
	Trial      *trialView
	Deploys    []exposureView // when more than one was examined
}

type culpritView struct {
	Commit  string // abbreviated
	Subject string
	Author  string
	Date    string
	Place   string // path:line
	Quote   string
	Within  string // the commit of a merge that wrote the line
	Diff    *diffView
}

type exhibitView struct {
	Weight   string // +4.2
	Kind     string
	Text     string
	Observed string // quote from the error
	Place    string // path:line @ revision
	Quote    string // quote from the code
}

type candidateView struct {
	Commit      string
	Subject     string
	Probability float64 // 0 to 1
	Percent     string
	Culprit     bool
}

func newVerdictView(judged *selfheal.Judged) *verdictView {
	verdict := judged.Verdict
	v := &verdictView{
		Finding: sureWords(verdict), Reason: oneLine(verdict.Reason, sentenceLimit),
	}
	if verdict.WouldHelp != "" {
		label := "overturned by"
		if verdict.Cause == selfheal.Inconclusive {
			label = "settled by"
		}
		doubt := newFact(label, verdict.WouldHelp)
		v.Doubt = &doubt
	}
	if a := verdict.Agent; a != nil {
		contributed := newFact("agent", agentWords(*a))
		v.Agent = &contributed
	}
	for _, e := range verdict.Exhibits {
		if e.Weight < 0 {
			v.Against = append(v.Against, newExhibitView(e))
		} else {
			v.For = append(v.For, newExhibitView(e))
		}
	}
	blamed := ""
	if verdict.Culprit != nil {
		blamed = verdict.Culprit.Commit
		v.Culprit = newCulpritView(judged, *verdict.Culprit)
	}
	for _, c := range verdict.Candidates {
		v.Candidates = append(v.Candidates, candidateView{
			Commit: oneLine(selfheal.ShortRevision(c.Commit), titleLimit), Subject: oneLine(candidateSubject(c), titleLimit),
			Probability: min(1, max(0, c.Probability)), Percent: percent(c.Probability), Culprit: c.Commit == blamed,
		})
	}
	v.Irrelevant = oneLine(strings.Join(verdict.Irrelevant, "; "), sentenceLimit)
	v.Basis, v.Trial, v.Deploys = basisWords(verdict.Basis), newTrialView(verdict.Trial), newExposureViews(verdict.Deploys)
	return v
}

// candidateSubject says what a commit is and when it came, where that is not with this deploy.
func candidateSubject(c selfheal.Candidate) string {
	subject := c.Subject
	if c.Undone {
		subject = "(taken away) " + subject
	}
	switch {
	case c.Back == 1:
		subject += " (the deploy before)"
	case c.Back > 1:
		subject += fmt.Sprintf(" (%d deploys before)", c.Back)
	}
	return subject
}

// agentWords says what a model did to a verdict, and what that cost.
func agentWords(a selfheal.Contribution) string {
	text := fmt.Sprintf("%s: %s", a.Effect, strings.TrimRight(a.Text, "."))
	if moved := a.Effect == selfheal.AgentRaised || a.Effect == selfheal.AgentLowered; moved && a.Before != selfheal.Inconclusive {
		text = fmt.Sprintf("%s; the rules alone said %s, %s sure", text, strings.ReplaceAll(string(a.Before), "_", " "), percent(a.Confidence))
	}
	if a.Usage.Turns == 0 && a.Usage.TokensIn == 0 {
		return text
	}
	text += fmt.Sprintf(". Cost: %s; dossier of about %d tokens", a.Usage, a.Dossier)
	if a.Model != "" {
		text += "; model " + a.Model
	}
	return text
}

func newExhibitView(e selfheal.Exhibit) exhibitView {
	v := exhibitView{
		Weight: weightWords(e.Weight),
		Kind:   oneLine(strings.ReplaceAll(string(e.Kind), "-", " "), titleLimit),
		Text:   oneLine(e.Text, sentenceLimit), Observed: oneLine(e.Observed, sentenceLimit),
		Quote: oneLine(strings.TrimSpace(e.Quote), sentenceLimit),
	}
	if e.Path != "" {
		v.Place = location(e.Path, e.Line)
		if e.Revision != "" {
			v.Place += " at " + selfheal.ShortRevision(e.Revision)
		}
		v.Place = oneLine(v.Place, titleLimit)
	}
	return v
}

// weightWords writes a weight with its sign, and never more than nine characters.
func weightWords(w float64) string {
	if math.Abs(w) < 1000 {
		return fmt.Sprintf("%+.1f", w)
	}
	return fmt.Sprintf("%+.2g", w)
}

func newCulpritView(judged *selfheal.Judged, c selfheal.Culprit) *culpritView {
	v := &culpritView{
		Commit: oneLine(selfheal.ShortRevision(c.Commit), titleLimit),
		Quote:  oneLine(strings.TrimSpace(c.Quote), sentenceLimit),
		Diff:   culpritDiff(judged, c),
	}
	if c.Within != "" {
		v.Within = "of the merge, commit " + oneLine(selfheal.ShortRevision(c.Within), titleLimit) + " wrote the line"
	}
	if c.Path != "" {
		v.Place = oneLine(location(c.Path, c.Start), titleLimit)
	}
	if commit := findCommit(judged, c.Commit); commit != nil {
		v.Subject = oneLine(commit.Subject, titleLimit)
		v.Author = oneLine(commit.Author, titleLimit)
		if !commit.Time.IsZero() {
			v.Date = minuteUTC(commit.Time)
		}
	}
	return v
}
