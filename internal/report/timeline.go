package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"selfheal"
)

// timeline merges what the logs tell with what selfheal did, oldest first.
func timeline(a selfheal.Assessment, i *selfheal.Incident) []Moment {
	moments := observed(a)
	if i != nil {
		for _, e := range i.Events {
			moments = append(moments, Moment{e.Time.UTC(), e.Actor, what(e)})
		}
	}
	slices.SortStableFunc(moments, func(a, b Moment) int { return a.Time.Compare(b.Time) })
	return moments
}

// observed dates the deploy and every anomaly.
func observed(a selfheal.Assessment) []Moment {
	moments := []Moment{}
	add := func(t time.Time, format string, args ...any) {
		if !t.IsZero() {
			moments = append(moments, Moment{Time: t.UTC(), What: fmt.Sprintf(format, args...)})
		}
	}
	add(a.Deploy.Time, "%s", deployMoment(a.Deploy))
	titles := newSignatures(a, nil)
	for _, anomaly := range a.Anomalies {
		title := titles.title(anomaly.Signature)
		add(anomaly.Onset, "onset: %s", title)
		add(anomaly.Detected, "evidence sufficed: %s", title)
	}
	return moments
}

func deployMoment(d selfheal.Deploy) string {
	text := selfheal.ShortRevision(d.Revision)
	switch d.Status {
	case selfheal.DeployBuildFailed:
		return "the build of " + text + by(d.By) + " failed"
	case selfheal.DeployFailed:
		return text + " was deployed" + by(d.By) + " and never became healthy"
	default:
		return text + " was deployed" + by(d.By)
	}
}

func by(who string) string {
	if who == "" {
		return ""
	}
	return " by " + who
}

// what says in words what an event of an incident's stream records. A payload
// that cannot be read leaves the bare type: the journal may be damaged, or newer.
func what(e selfheal.Event) string {
	switch e.Type {
	case selfheal.EventIncidentOpened:
		return told(e, func(p selfheal.Opened) string {
			return fmt.Sprintf("opened incident %s with %s", p.ID, plural(int64(len(p.Assessment.Anomalies)), "anomaly"))
		})
	case selfheal.EventIncidentReassessed:
		return told(e, func(p selfheal.Opened) string {
			return "assessed again: " + plural(int64(len(p.Assessment.Anomalies)), "anomaly")
		})
	case selfheal.EventIntentChanged:
		return told(e, intentMoment)
	case selfheal.EventVerdictReached:
		return told(e, func(p selfheal.Judged) string { return judgedMoment(&p) })
	case selfheal.EventDecisionMade:
		return told(e, func(p selfheal.Decision) string { return "decided to " + actionWords(p.Action) })
	case selfheal.EventRepairPrepared:
		return told(e, func(p selfheal.Repair) string { return "prepared " + p.Strategy + " on branch " + p.Branch })
	case selfheal.EventRepairProven:
		return told(e, provenMoment)
	case selfheal.EventRepairFailed:
		return told(e, func(p selfheal.Repair) string { return "could not repair: " + p.Failure })
	case selfheal.EventPullRequestOpened:
		return told(e, func(p selfheal.PullRequest) string { return fmt.Sprintf("opened pull request #%d", p.Number) })
	case selfheal.EventFeedbackReceived:
		return told(e, feedbackMoment)
	case selfheal.EventFeedbackAnswered:
		return told(e, func(p selfheal.Feedback) string { return "answered: " + sentence(p.Answer) })
	case selfheal.EventPullRequestMerged:
		return told(e, func(p selfheal.PullRequest) string {
			return fmt.Sprintf("pull request #%d was merged as %s", p.Number, selfheal.ShortRevision(p.Merged))
		})
	case selfheal.EventPullRequestRejected:
		return told(e, func(p selfheal.PullRequest) string {
			return fmt.Sprintf("pull request #%d was closed without a merge", p.Number)
		})
	case selfheal.EventFixDeployed:
		return told(e, func(p selfheal.FixDeployed) string {
			return "the fix was deployed as " + selfheal.ShortRevision(p.Deploy.Revision)
		})
	case selfheal.EventOutcomeRecorded:
		return told(e, func(p selfheal.Outcome) string { return string(p.State) + ": " + sentence(p.Reason) })
	case selfheal.EventIncidentClosed:
		return told(e, func(p selfheal.Closed) string { return "closed: " + sentence(p.Reason) })
	default:
		return string(e.Type)
	}
}

func feedbackMoment(f selfheal.Feedback) string {
	var words []string
	if f.Checks != nil {
		words = append(words, plural(int64(len(f.Checks.Failed)), "check")+" of the pull request failed")
	}
	for _, r := range f.Reviews {
		words = append(words, r.Author+" wrote to selfheal")
	}
	return strings.Join(words, ", ")
}

func told[T any](e selfheal.Event, words func(T) string) string {
	payload, err := selfheal.Decode[T](e)
	if err != nil {
		return string(e.Type)
	}
	return words(payload)
}

func intentMoment(p selfheal.Intent) string {
	switch {
	case !p.Repair:
		return "was asked to stop at the verdict"
	case p.DryRun:
		return "was asked to repair, as a dry run"
	}
	return "was asked to repair"
}

func judgedMoment(judged *selfheal.Judged) string {
	verdict := judged.Verdict
	text := "verdict: " + sureWords(verdict)
	if verdict.Culprit != nil {
		text += ", " + commitPhrase(judged, verdict.Culprit)
	}
	return text
}

func provenMoment(repair selfheal.Repair) string {
	asExpected := int64(0)
	for _, proof := range repair.Proofs {
		if proof.AsExpected() {
			asExpected++
		}
	}
	return fmt.Sprintf("ran %s, %d as expected", plural(int64(len(repair.Proofs)), "proof"), asExpected)
}

// sureWords is the verdict with its probability. That of an inconclusive one is
// left out: being sure of not knowing tells nobody anything.
func sureWords(v selfheal.Verdict) string {
	if v.Cause != selfheal.Caused && v.Cause != selfheal.NotCaused {
		return causeWords(v.Cause)
	}
	words := causeWords(v.Cause)
	if v.Cause == selfheal.Caused && len(v.Candidates) > 0 && v.Candidates[0].Back > 0 {
		words = "an earlier deploy is the cause"
	}
	return words + ", " + percent(v.Confidence) + " sure"
}

func causeWords(c selfheal.Cause) string {
	switch c {
	case selfheal.Caused:
		return "this deploy is the cause"
	case selfheal.NotCaused:
		return "this deploy is not the cause"
	default:
		return "inconclusive"
	}
}

func actionWords(a selfheal.Action) string {
	switch a {
	case selfheal.ActionFixForward:
		return "fix forward"
	case selfheal.ActionRevert:
		return "revert"
	case selfheal.ActionRollBack:
		return "roll back"
	case selfheal.ActionHold:
		return "hold"
	case selfheal.ActionTell:
		return "tell people only"
	}
	return string(a)
}

// signatures finds a signature by id, in the assessment or in the incident's own.
type signatures map[selfheal.SignatureID]selfheal.Signature

func newSignatures(a selfheal.Assessment, i *selfheal.Incident) signatures {
	index := signatures{}
	if i != nil {
		for _, s := range i.Opened.Assessment.Signatures {
			index[s.ID] = s
		}
	}
	for _, s := range a.Signatures {
		index[s.ID] = s
	}
	return index
}

// title is the signature's title, or its id when nothing else is known of it.
func (s signatures) title(id selfheal.SignatureID) string {
	return cmp.Or(s[id].Title, string(id))
}
