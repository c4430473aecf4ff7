package cli

import (
	"fmt"
	"strings"

	"selfheal"
	"selfheal/internal/demo"
	"selfheal/internal/report"
)

// wrongAnswer says in which way a report differs from what is true of the
// scenario; empty when every claim of it is right.
func wrongAnswer(truth demo.Truth, r report.Report) string {
	if r.Status != truth.Status {
		return fmt.Sprintf("the deploy is judged %s, and is %s", r.Status, truth.Status)
	}
	for _, anomaly := range r.Assessment.Anomalies {
		if text := signatureText(r.Assessment, anomaly.Signature); truth.Status == selfheal.StatusRegression && containsAny(text, truth.Noise) {
			return "flagged what is not the deploy's doing: " + text
		}
	}
	if truth.Culprit == "" {
		return ""
	}
	return wrongBlame(truth, r.Incident)
}

func wrongBlame(truth demo.Truth, i *selfheal.Incident) string {
	if i == nil || i.Verdict() == nil || i.Verdict().Culprit == nil {
		return "no culprit was named"
	}
	culprit := i.Verdict().Culprit
	if culprit.Commit != truth.Culprit {
		return fmt.Sprintf("blamed commit %s, and it was %s", selfheal.ShortRevision(culprit.Commit), selfheal.ShortRevision(truth.Culprit))
	}
	if culprit.Path != truth.Path || strings.TrimSpace(culprit.Quote) != strings.TrimSpace(truth.Line) {
		return fmt.Sprintf("blamed %s:%d %q, and it was %s %q", culprit.Path, culprit.Start, culprit.Quote, truth.Path, truth.Line)
	}
	if i.Repair == nil || !i.Repair.Proven() {
		return "the revert was not proven"
	}
	if i.PullRequest == nil || i.PullRequest.State != selfheal.PullRequestMerged {
		return "the pull request was not merged"
	}
	if i.Outcome == nil || i.Outcome.State != selfheal.OutcomeHealed {
		return "production does not show that the fix healed"
	}
	return ""
}

func signatureText(a selfheal.Assessment, id selfheal.SignatureID) string {
	for _, s := range a.Signatures {
		if s.ID == id {
			return s.Title + "\n" + s.Sample.Text
		}
	}
	return ""
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
