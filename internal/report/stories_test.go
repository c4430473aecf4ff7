package report_test

import (
	"encoding/json"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/report"
)

// incident folds events, so that a fixture cannot hold what the journal could not.
func incident(t testing.TB, events ...selfheal.Event) *selfheal.Incident {
	t.Helper()
	i, err := selfheal.Fold(deploy().Key(), events)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func event(t testing.TB, after time.Duration, kind selfheal.EventType, payload any) selfheal.Event {
	t.Helper()
	e, err := selfheal.NewEvent(deployed.Add(after), "selfheal check", kind, payload)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func opened(t testing.TB, a selfheal.Assessment) selfheal.Event {
	return event(t, 61*time.Minute, selfheal.EventIncidentOpened, selfheal.Opened{ID: "shop-3f9c2a1b7d", Assessment: a, Target: "main"})
}

func judged(t testing.TB, v selfheal.Verdict, c selfheal.Change) selfheal.Event {
	return event(t, 61*time.Minute+2*time.Second, selfheal.EventVerdictReached, selfheal.Judged{Verdict: v, Change: c})
}

func regression(t testing.TB) report.Report {
	pr := pullRequest()
	done := pr
	done.State, done.Merged = selfheal.PullRequestMerged, merged
	prepared := repair()
	prepared.Proofs = nil
	fix := deploy()
	fix.Revision, fix.Previous = merged, head
	i := incident(t, opened(t, assessment()), judged(t, verdict(), change()),
		event(t, 61*time.Minute+3*time.Second, selfheal.EventDecisionMade, selfheal.Decision{
			Action: selfheal.ActionRevert, Reason: "one commit is to blame, nothing later depends on it, and it can be taken back by itself",
			Vetoes: []selfheal.Veto{{Action: selfheal.ActionRollBack, Rule: "migration-in-change", Reason: "the change holds a migration that the previous revision does not know"}},
		}),
		event(t, 62*time.Minute, selfheal.EventRepairPrepared, prepared),
		event(t, 62*time.Minute+11*time.Second, selfheal.EventRepairProven, repair()),
		event(t, 63*time.Minute, selfheal.EventPullRequestOpened, pr),
		event(t, 65*time.Minute, selfheal.EventPullRequestMerged, done),
		event(t, 66*time.Minute, selfheal.EventFixDeployed, selfheal.FixDeployed{Deploy: fix}),
		event(t, 77*time.Minute, selfheal.EventOutcomeRecorded, outcome()),
		event(t, 77*time.Minute, selfheal.EventIncidentClosed, selfheal.Closed{Reason: "healed"}),
	)
	r := report.New("0.1.0", generated, assessment(), i)
	r.Places = []report.Place{
		{Label: "html", Path: "out/report.html"}, {Label: "json", Path: "out/report.json"},
		{Label: "store", Path: "out/selfheal.db"}, {Label: "pull request", Path: pr.URL},
	}
	return r
}

func clean(testing.TB) report.Report {
	a := assessment()
	a.Anomalies, a.SetAside, a.Asked, a.Signatures, a.Related = nil, a.SetAside[1:], a.SetAside[:1], a.Signatures[2:], nil
	return report.New("0.1.0", generated, a, nil)
}

func cannotObserve(testing.TB) report.Report {
	a := assessment()
	a.Anomalies, a.SetAside, a.Signatures, a.Related, a.Tested = nil, nil, nil, nil, 0
	a.Window.Observability.Watched = selfheal.Coverage{Streams: 1, Revisions: map[string]int64{base: 412}, Records: 412}
	a.Window.Observability.Problems = []selfheal.Problem{{
		Code: selfheal.ProblemRevisionMissing, Detail: "none of the 412 records of the window comes from 3f9c2a1b7d; all come from a41f0c9be2",
		Hint: "Check that the new revision serves traffic, and that its logs are among the files of --window.",
	}}
	return report.New("0.1.0", generated, a, nil)
}

func notCaused(t testing.TB) report.Report {
	a := assessment()
	outage := aside()[0]
	outage.Silence, outage.Chart, outage.PValue = "", chartOf(wave(168, 12), wave(60, 5)), 1e-12
	outage.Onset = deployed.Add(-21 * time.Minute)
	a.Anomalies, a.SetAside, a.Signatures, a.Related = []selfheal.Anomaly{outage}, nil, []selfheal.Signature{timeoutSignature()}, nil
	c := change()
	c.Commits, c.Files = c.Commits[:1], nil
	return report.New("0.1.0", generated, a, incident(t, opened(t, a), judged(t, selfheal.Verdict{
		Cause: selfheal.NotCaused, Confidence: 0.995, Signatures: []selfheal.SignatureID{timeout},
		Reason: "The change holds nothing that runs, and the errors began before the deploy.",
		Exhibits: []selfheal.Exhibit{
			{Kind: selfheal.ExhibitNothingRuns, Weight: -8, Text: "All 2 changed files are documentation."},
			{Kind: selfheal.ExhibitEarlyOnset, Weight: -3.2, Signature: timeout, Text: "It began 21 minutes before the deploy."},
		},
		Candidates: []selfheal.Candidate{{Commit: docsOnly, Subject: "docs: explain regions", Score: -8}},
		Irrelevant: []string{"1 commit touches only docs, tests, CI or comments"},
	}, c), event(t, 62*time.Minute, selfheal.EventDecisionMade, selfheal.Decision{Action: selfheal.ActionTell, Reason: "the deploy is not the cause"})))
}

func inconclusive(t testing.TB) report.Report {
	a := assessment()
	a.Anomalies, a.SetAside = a.Anomalies[1:], nil
	v := verdict()
	v.Cause, v.Confidence, v.Culprit = selfheal.Inconclusive, 0.48, nil
	v.Reason = "Two commits could have done it and nothing in the logs tells them apart."
	v.WouldHelp = "A stack trace of the warning, or one request to replay (--replay)."
	v.Candidates[0].Probability, v.Candidates[1].Probability = 0.48, 0.41
	v.Exhibits = v.Exhibits[2:]
	return report.New("0.1.0", generated, a, incident(t, opened(t, a), judged(t, v, change())))
}

func buildFailure(t testing.TB) report.Report {
	const id = selfheal.SignatureID("g2-b0b1b2b3b4b5b6b7")
	a := selfheal.Assessment{
		Deploy: deploy(), Tested: 1,
		Anomalies: []selfheal.Anomaly{{
			Signature: id, Kind: selfheal.AnomalyBuild, Severity: selfheal.SeverityError, Observed: 1,
			Why: "The build of 3f9c2a1b7d failed with it; the build of a41f0c9be2 did not.",
		}},
		Signatures: []selfheal.Signature{{
			ID: id, Kind: selfheal.KindBuild, Severity: selfheal.SeverityError, Title: "undefined: settings.DefaultRegion",
			Sample: selfheal.Sample{Stream: "build.log", Line: 88, Text: "internal/pricing/region.go:31:21: t.settings.DefaultRegion undefined (type Settings has no field or method DefaultRegion)"},
		}},
	}
	a.Deploy.Status = selfheal.DeployBuildFailed
	v := selfheal.Verdict{
		Cause: selfheal.Caused, Confidence: 0.999, Signatures: []selfheal.SignatureID{id},
		Reason:  "The compiler points at a line that this commit wrote.",
		Culprit: &selfheal.Culprit{Commit: culprit, Path: "internal/pricing/region.go", Revision: head, Start: 31, End: 31, Quote: "\t\treturn t.settings.DefaultRegion"},
		Exhibits: []selfheal.Exhibit{{Kind: selfheal.ExhibitBuildLine, Weight: 6, Signature: id, Text: "The compiler points at a changed line.",
			Observed: "internal/pricing/region.go:31:21", Commit: culprit, Path: "internal/pricing/region.go", Revision: head, Line: 31, Quote: "\t\treturn t.settings.DefaultRegion"}},
		Candidates: []selfheal.Candidate{{Commit: culprit, Subject: "pricing: read the default region from the settings", Score: 6, Probability: 0.999}},
	}
	failed := repair()
	failed.Proofs, failed.Commit, failed.Patch = nil, "", ""
	failed.Failure = "the revert of 8c1d0f22aa conflicts with d09a7c55e1 in internal/pricing/region.go"
	return report.New("0.1.0", generated, a, incident(t, opened(t, a), judged(t, v, change()),
		event(t, 62*time.Minute, selfheal.EventDecisionMade, selfheal.Decision{Action: selfheal.ActionRevert, Reason: "one commit is to blame"}),
		event(t, 63*time.Minute, selfheal.EventRepairFailed, failed)))
}

// fixtures are all kinds of reports, by name.
func fixtures(t testing.TB) map[string]report.Report {
	return map[string]report.Report{
		"regression": regression(t), "clean": clean(t), "cannot-observe": cannotObserve(t),
		"not-caused": notCaused(t), "inconclusive": inconclusive(t), "build-failure": buildFailure(t),
	}
}

// decoded reads a JSON document back.
func decoded[T any](t testing.TB, document []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(document, &value); err != nil {
		t.Fatalf("not JSON: %v", err)
	}
	return value
}
