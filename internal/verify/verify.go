// Package verify is the last room: it says from counts whether a repair worked.
// Merged is not healed; production has to show it.
//
// In: the assessment of the broken window, and what was logged since the fix
// serves. Out: an Outcome with the numbers per signature. Pure.
package verify

import (
	"fmt"
	"time"

	"gonum.org/v1/gonum/mathext"

	"selfheal"
)

// significance is the probability of calling an error gone by luck.
const significance = 0.05

// Judge compares each flagged signature's rate while it was broken with its rate since the fix.
func Judge(broken selfheal.Assessment, covered []selfheal.SignatureID, fix selfheal.FixDeployed) selfheal.Outcome {
	outcome := selfheal.Outcome{Watched: fix.Window.Watched}
	if len(fix.Window.Observability.Problems) > 0 {
		outcome.State = selfheal.OutcomeUnknown
		outcome.Reason = "after the fix nothing could be observed: " + fix.Window.Observability.Problems[0].Detail
		return outcome
	}
	if broken.Deploy.Status == selfheal.DeployBuildFailed {
		return judgeBuild(outcome, fix)
	}
	exposure := relativeExposure(broken, fix)
	for _, id := range covered {
		if anomaly, found := find(broken, id); found {
			outcome.Signatures = append(outcome.Signatures, recovery(anomaly, fix.Counts[id], exposure))
		}
	}
	outcome.State, outcome.Reason = conclude(outcome.Signatures)
	return outcome
}

// judgeBuild: a build that failed is healed by one that succeeded, and serves.
func judgeBuild(outcome selfheal.Outcome, fix selfheal.FixDeployed) selfheal.Outcome {
	if fix.Deploy.Status != selfheal.DeploySucceeded {
		outcome.State, outcome.Reason = selfheal.OutcomePersisting, "the build of the fix failed too"
		return outcome
	}
	outcome.State = selfheal.OutcomeHealed
	outcome.Reason = fmt.Sprintf("%s was built and serves: %d records since", selfheal.ShortRevision(fix.Deploy.Revision), fix.Records)
	return outcome
}

func find(a selfheal.Assessment, id selfheal.SignatureID) (selfheal.Anomaly, bool) {
	for _, anomaly := range a.Anomalies {
		if anomaly.Signature == id {
			return anomaly, true
		}
	}
	return selfheal.Anomaly{}, false
}

// relativeExposure is how much was seen since the fix per unit of the broken
// window: by time when both are dated, by number of records otherwise.
func relativeExposure(broken selfheal.Assessment, fix selfheal.FixDeployed) float64 {
	before, after := broken.Window.Watched.Duration(), fix.Window.Watched.Duration()
	if before >= time.Minute && after >= time.Minute {
		return float64(after) / float64(before)
	}
	records := broken.Window.Observability.Watched.Records
	if records == 0 {
		return 0
	}
	return float64(fix.Records) / float64(records)
}

// recovery tests whether the rate fell. Given the total of both counts, the
// later one is binomial under "no change" (Przyborowski and Wilenski 1940), so
// the probability of so few is a binomial tail. Healed also requires that what
// is left is no more than twice what the baseline explains.
func recovery(a selfheal.Anomaly, after int64, exposure float64) selfheal.Recovery {
	r := selfheal.Recovery{Signature: a.Signature, Before: a.Observed, After: after, Expected: float64(a.Observed) * exposure, PValue: 1}
	if a.Kind == selfheal.AnomalyDrop {
		return returned(r, a, exposure)
	}
	if exposure <= 0 || a.Observed == 0 {
		return r
	}
	total, share := float64(a.Observed+after), exposure/(1+exposure)
	r.PValue = mathext.RegIncBeta(total-float64(after), float64(after)+1, 1-share)
	r.Healed = r.PValue < significance && float64(after) <= 2*a.Expected*exposure+0.1*r.Expected
	return r
}

// returned tells whether a message that had gone silent is back: at half its usual
// rate or more, and more often than the silence explains.
func returned(r selfheal.Recovery, a selfheal.Anomaly, exposure float64) selfheal.Recovery {
	r.Drop = true
	if exposure <= 0 || r.After == 0 {
		return r
	}
	r.PValue = mathext.RegIncBeta(float64(r.After), float64(a.Observed)+1, exposure/(1+exposure))
	r.Healed = r.PValue < significance && float64(r.After) >= 0.5*a.Expected*exposure
	return r
}

func conclude(signatures []selfheal.Recovery) (selfheal.OutcomeState, string) {
	var healed, weak int
	for _, r := range signatures {
		switch {
		case r.Healed:
			healed++
		case r.After == 0 && !r.Drop:
			weak++
		}
	}
	switch n := len(signatures); {
	case n == 0:
		return selfheal.OutcomeUnknown, "no signature is left to compare"
	case healed == n && signatures[0].Drop:
		return selfheal.OutcomeHealed, fmt.Sprintf("it is logged again: %d since the fix", signatures[0].After)
	case healed == n:
		first := signatures[0]
		return selfheal.OutcomeHealed, fmt.Sprintf("%d since the fix where %.1f would have been expected without it", first.After, first.Expected)
	case healed+weak == n:
		return selfheal.OutcomeUnknown, "the errors are gone, but too little was seen since the fix to say that it is not chance"
	}
	return selfheal.OutcomePersisting, fmt.Sprintf("%d of %d errors still occur", len(signatures)-healed-weak, len(signatures))
}
