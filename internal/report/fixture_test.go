package report_test

import (
	"math"
	"time"

	"selfheal"
)

// The story that most fixtures tell: a shop whose pricing table lost its
// default region, seen from the report's end.
const (
	base     = "a41f0c9be2d7753810f6e2b94d1c8a7730e5f912"
	head     = "3f9c2a1b7d04e6a8c5b19f20d37e6a4418bb02c6"
	culprit  = "8c1d0f22aa9e417b6d53c0e8f19ab2467d5e3310"
	docsOnly = "51b7e6d20c4f9a83e1d2b5c6a7f8091e2d3c4b5a"
	retry    = "d09a7c55e1f84b32a6c7d8e9f0a1b2c3d4e5f607"
	fixed    = "77ab90c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f678"
	merged   = "e2f1d0c9b8a79687766554433221100ffeeddccb"

	lookup  = selfheal.SignatureID("g2-5b0e77c2d1a94f36")
	quote   = selfheal.SignatureID("g2-90cc1e4fa27b3d58")
	timeout = selfheal.SignatureID("g2-1f2e3d4c5b6a7988")
)

func clockTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

var (
	deployed  = clockTime("2026-11-22T02:40:10Z")
	generated = clockTime("2026-11-22T03:58:31Z")
)

func deploy() selfheal.Deploy {
	return selfheal.Deploy{
		Service: "shop", Environment: "production", Revision: head, Previous: base, Time: deployed,
		Status: selfheal.DeploySucceeded, By: "release-bot", URL: "https://ci.example.com/deploys/4711",
	}
}

func window() selfheal.Window {
	from := deployed.Truncate(time.Minute)
	return selfheal.Window{
		Baseline: selfheal.Interval{From: from.AddDate(0, 0, -7), To: from},
		Watched:  selfheal.Interval{From: from, To: from.Add(time.Hour)},
		Observability: selfheal.Observability{
			Baseline: selfheal.Coverage{Streams: 7, Bytes: 184_203_112, Records: 1_203_441, Signatures: 38},
			Watched: selfheal.Coverage{
				Streams: 1, Bytes: 1_310_044, Records: 7_204, Signatures: 31,
				Revisions: map[string]int64{head: 7_180, base: 24},
			},
			Notes: []selfheal.Problem{{
				Code: selfheal.ProblemOldRevision, Detail: "24 records of the window came from the previous revision a41f0c9be2; they were left out",
			}},
		},
	}
}

// wave makes buckets around a mean, the same ones every time.
func wave(n int, mean float64) []int64 {
	buckets := make([]int64, n)
	for at := range buckets {
		x := math.Sin(float64(at)*0.9) + math.Sin(float64(at)*2.3+1)
		buckets[at] = int64(math.Max(0, math.Round(mean*(1+0.6*x))))
	}
	return buckets
}

func chartOf(before, after []int64) selfheal.Chart {
	w := window()
	return selfheal.Chart{
		Baseline: selfheal.ChartSpan{From: w.Baseline.From, Step: selfheal.Duration(time.Hour), Buckets: before},
		Watched:  selfheal.ChartSpan{From: w.Watched.From, Step: selfheal.Duration(time.Minute), Buckets: after},
	}
}

func newError() selfheal.Anomaly {
	after := wave(60, 2.6)
	copy(after, []int64{0, 0, 0, 1, 0, 1, 1})
	return selfheal.Anomaly{
		Signature: lookup, Kind: selfheal.AnomalyNew, Severity: selfheal.SeverityError,
		Observed: 155, Instances: 3, Serving: 8, Traces: 149, Expected: 0, PValue: 3e-40, QValue: 1e-38, Ratio: selfheal.Ratio{Estimate: 0, Low: 412},
		Onset: deployed.Add(3 * time.Minute), Detected: deployed.Add(8 * time.Minute),
		Why:   "It occurred 155 times in the hour after the deploy, in 54 different minutes, and never in the 7 days before.",
		Chart: chartOf(wave(168, 0), after),
	}
}

func rise() selfheal.Anomaly {
	return selfheal.Anomaly{
		Signature: quote, Kind: selfheal.AnomalyRise, Severity: selfheal.SeverityWarn,
		Observed: 96, Expected: 7.9, PValue: 2.4e-9, QValue: 4e-8, Ratio: selfheal.Ratio{Estimate: 12.1, Low: 7.7, High: 19.4},
		Onset: deployed.Add(4 * time.Minute), Detected: deployed.Add(14 * time.Minute),
		Why:   "It rose from 7.9 per hour, the baseline's rate at this hour of day, to 96 per hour.",
		Chart: chartOf(wave(168, 8), wave(60, 1.6)),
	}
}

func lookupSignature() selfheal.Signature {
	return selfheal.Signature{
		ID: lookup, Kind: selfheal.KindException, Severity: selfheal.SeverityError,
		Title:    "pricing.ErrNoRegion: no price table for region <str>",
		Template: "pricing.ErrNoRegion\nshop/internal/pricing.(*Table).Lookup\nshop/internal/cart.(*Service).Total",
		First:    deployed.Add(3 * time.Minute), Last: deployed.Add(59 * time.Minute),
		Sample: selfheal.Sample{
			Time: deployed.Add(59 * time.Minute), Revision: head, Stream: "logs/after.log", Line: 7188,
			Text: "2026-11-22T03:39:10Z ERROR cart total failed tenant=acme-eu error=\"no price table for region \\\"\\\"\"\n" +
				"goroutine 4411 [running]:\nshop/internal/pricing.(*Table).Lookup(0xc0001a2000, {0x0, 0x0})\n\t/src/internal/pricing/region.go:44 +0x1d4",
			Exceptions: []selfheal.Exception{{
				Type: "pricing.ErrNoRegion", Message: "no price table for region \"\"",
				Frames: []selfheal.Frame{
					{Function: "shop/internal/pricing.(*Table).Lookup", File: "/src/internal/pricing/region.go", Line: 44, InApp: true},
					{Function: "shop/internal/cart.(*Service).Total", File: "/src/internal/cart/service.go", Line: 118, InApp: true},
					{Function: "net/http.(*conn).serve", File: "/usr/local/go/src/net/http/server.go", Line: 2044},
				},
			}},
		},
	}
}

func quoteSignature() selfheal.Signature {
	return selfheal.Signature{
		ID: quote, Kind: selfheal.KindMessage, Severity: selfheal.SeverityWarn,
		Title: "quote incomplete: tenant <str> got <num> of <num> prices", Template: "quote incomplete: tenant <str> got <num> of <num> prices",
		Sample: selfheal.Sample{
			Time: deployed.Add(58 * time.Minute), Stream: "logs/after.log", Line: 7102, Revision: head,
			Text: "2026-11-22T03:38:41Z WARN quote incomplete: tenant acme-eu got 0 of 3 prices",
		},
	}
}

func timeoutSignature() selfheal.Signature {
	return selfheal.Signature{
		ID: timeout, Kind: selfheal.KindMessage, Severity: selfheal.SeverityError,
		Title: "payment provider: context deadline exceeded after <dur>", Template: "payment provider: context deadline exceeded after <dur>",
		Sample: selfheal.Sample{Text: "2026-11-22T03:21:00Z ERROR payment provider: context deadline exceeded after 3.0s"},
	}
}

func aside() []selfheal.Anomaly {
	return []selfheal.Anomaly{
		{
			Signature: timeout, Kind: selfheal.AnomalyRise, Observed: 310, Expected: 12, Ratio: selfheal.Ratio{Estimate: 26, Low: 20, High: 33},
			Silence: selfheal.SilenceSharedCause, Why: "It rose with 4 other signatures of the payment provider, 21 minutes before the deploy.",
		},
		{
			Signature: "g2-00aa11bb22cc33dd", Kind: selfheal.AnomalyNew, Observed: 1,
			Silence: selfheal.SilenceTransient, Why: "It occurred once.",
		},
	}
}

func assessment() selfheal.Assessment {
	return selfheal.Assessment{
		Deploy: deploy(), Window: window(), Anomalies: []selfheal.Anomaly{newError(), rise()}, SetAside: aside(), Tested: 41,
		Power:      "A new error that occurs at least every 5 minutes would have been seen, and a threefold rise of anything above 20 per hour.",
		Signatures: []selfheal.Signature{lookupSignature(), quoteSignature(), timeoutSignature()},
		Related: map[selfheal.SignatureID][]selfheal.Relation{
			quote: {{Signature: lookup, Title: lookupSignature().Title, Similarity: 0.71}, {Signature: "g2-77ab77ab77ab77ab", Title: "no offer for <num> articles", Similarity: 0.58}},
		},
	}
}

func regionHunk() selfheal.Hunk {
	return selfheal.Hunk{
		OldStart: 24, OldLines: 10, NewStart: 24, NewLines: 11, Section: "func (t *Table) region(tenant Tenant) string",
		Lines: []selfheal.HunkLine{
			{Op: " ", Old: 24, New: 24, Text: "// region of a tenant; tenants from before regions existed have none."},
			{Op: " ", Old: 25, New: 25, Text: "func (t *Table) region(tenant Tenant) string {"},
			{Op: " ", Old: 26, New: 26, Text: "\tif tenant.Region != \"\" {"},
			{Op: " ", Old: 27, New: 27, Text: "\t\treturn tenant.Region"},
			{Op: " ", Old: 28, New: 28, Text: "\t}"},
			{Op: "-", Old: 29, Text: "\treturn \"eu-central\""},
			{Op: "+", New: 29, Text: "\t// The default now comes from the configuration."},
			{Op: "+", New: 30, Text: "\tif region := t.settings.DefaultRegion; region != \"\" || t.strict {"},
			{Op: "+", New: 31, Text: "\t\treturn t.settings.DefaultRegion"},
			{Op: "+", New: 32, Text: "\t}"},
			{Op: "+", New: 33, Text: "\treturn \"\""},
			{Op: " ", Old: 30, New: 34, Text: "}"},
			{Op: " ", Old: 31, New: 35, Text: ""},
			{Op: " ", Old: 32, New: 36, Text: "// Lookup gives the price of an article in a region."},
		},
	}
}

func change() selfheal.Change {
	region := selfheal.FileChange{
		Path: "internal/pricing/region.go", Status: selfheal.FileModified, Class: selfheal.ClassRuntime, Hunks: []selfheal.Hunk{regionHunk()},
	}
	return selfheal.Change{
		Base: base, Head: head, Files: []selfheal.FileChange{region},
		Commits: []selfheal.Commit{
			{ID: docsOnly, Author: "Docs Author", Time: deployed.Add(-50 * time.Hour), Subject: "docs: explain regions"},
			{ID: culprit, Author: "Example Author", Time: deployed.Add(-9 * time.Hour), Subject: "pricing: read the default region from the settings",
				Files: []selfheal.FileChange{region}},
			{ID: retry, Author: "Payment Author", Time: deployed.Add(-5 * time.Hour), Subject: "payment: retry twice"},
		},
	}
}

func verdict() selfheal.Verdict {
	return selfheal.Verdict{
		Cause: selfheal.Caused, Confidence: 0.97, Signatures: []selfheal.SignatureID{lookup, quote},
		Reason:  "Since the deploy, tenants without a region get an empty one, and the price table has no entry for it.",
		Culprit: &selfheal.Culprit{Commit: culprit, Path: "internal/pricing/region.go", Revision: head, Start: 33, End: 33, Quote: "\treturn \"\""},
		Exhibits: []selfheal.Exhibit{
			{Kind: selfheal.ExhibitFrameInFile, Weight: 4.2, Signature: lookup, Text: "The innermost frame of the service lies in a file that the commit changed.",
				Observed: "shop/internal/pricing.(*Table).Lookup", Commit: culprit, Path: "internal/pricing/region.go", Revision: head, Line: 44,
				Quote: "\t\treturn 0, fmt.Errorf(\"%w %q\", ErrNoRegion, region)"},
			{Kind: selfheal.ExhibitCallHop, Weight: 2.1, Signature: lookup, Text: "The failing function calls a function that the commit changed.",
				Commit: culprit, Path: "internal/pricing/region.go", Revision: head, Line: 33, Quote: "\treturn \"\""},
			{Kind: selfheal.ExhibitExternalWords, Weight: -0.7, Signature: quote, Text: "The message could also describe an incomplete answer of a supplier.",
				Observed: "got 0 of 3 prices"},
		},
		Candidates: []selfheal.Candidate{
			{Commit: culprit, Subject: "pricing: read the default region from the settings", Score: 6.3, Probability: 0.97},
			{Commit: retry, Subject: "payment: retry twice", Score: 0.4, Probability: 0.03},
			{Commit: docsOnly, Subject: "docs: explain regions", Score: -9, Probability: 0},
		},
		Irrelevant: []string{"1 commit touches only docs, tests, CI or comments"},
		Basis:      &selfheal.Basis{Leading: 0.9645, Others: 0.0301, Outside: 0.0012, Unknown: 0.0042},
		Deploys: []selfheal.Exposure{
			{Revision: head, Time: deployed, Commits: 3, Prior: 1},
			{Revision: base, Time: deployed.Add(-26 * time.Hour), Back: 1, Commits: 9, Prior: 0.0064},
			{Revision: docsOnly, Time: deployed.Add(-30 * time.Hour), Back: 2, Excluded: "nothing that it brought serves any more"},
		},
		Trial: trial(),
	}
}

func repair() selfheal.Repair {
	return selfheal.Repair{
		Attempt: 1, Strategy: "revert", Branch: "selfheal/shop-3f9c2a1b7d-default-region", Base: head, Commit: fixed, Reverts: []string{culprit},
		Patch: "--- a/internal/pricing/region.go\n+++ b/internal/pricing/region.go\n@@ -28,6 +28,2 @@\n \t}\n-\treturn \"\"\n+\treturn \"eu-central\"\n",
		Proofs: []selfheal.Proof{
			{Name: "verify", Command: "go test ./...", Revision: fixed, Want: "pass", Took: selfheal.Duration(8300 * time.Millisecond), Output: "ok  \tshop/internal/pricing\t0.41s\n"},
			{Name: "replay", Command: "./replay.sh acme-eu", Revision: head, Want: "fail", ExitCode: 22, Took: selfheal.Duration(1200 * time.Millisecond), Output: "HTTP 500\n"},
			{Name: "replay", Command: "./replay.sh acme-eu", Revision: fixed, Want: "pass", Took: selfheal.Duration(900 * time.Millisecond), Output: "HTTP 200\n"},
		},
	}
}

func pullRequest() selfheal.PullRequest {
	return selfheal.PullRequest{
		Number: 1, Title: "Revert \"pricing: read the default region from the settings\"", URL: "https://forge.example.com/shop/pulls/1",
		Source: "selfheal/shop-3f9c2a1b7d-default-region", Target: "main", Commit: fixed, State: selfheal.PullRequestOpen, Time: deployed.Add(63 * time.Minute),
	}
}

func outcome() selfheal.Outcome {
	from := deployed.Truncate(time.Minute).Add(66 * time.Minute)
	return selfheal.Outcome{
		State: selfheal.OutcomeHealed, Reason: "Both errors are gone since the fix serves.",
		Watched: selfheal.Interval{From: from, To: from.Add(10 * time.Minute)},
		Signatures: []selfheal.Recovery{
			{Signature: lookup, Before: 155, After: 0, Expected: 25.8, PValue: 6.2e-12, Healed: true},
			{Signature: quote, Before: 96, After: 1, Expected: 16, PValue: 1.9e-6, Healed: true},
		},
	}
}

// trial is what running the checkout of a cart showed at the culprit and around it.
func trial() *selfheal.Trial {
	const printed = "--- FAIL: TestCheckout (0.01s)\n    checkout_test.go:31: region lookup failed: unknown region \"\"\nFAIL\n"
	run := func(revision string, outcome selfheal.TrialOutcome, code int, output string) selfheal.TrialRun {
		return selfheal.TrialRun{Revision: revision, Outcome: outcome, ExitCode: code, Took: selfheal.Duration(2 * time.Second), Output: output, Confinement: "namespaces+landlock"}
	}
	return &selfheal.Trial{
		Command: "go test -run TestCheckout ./checkout", Reproduction: selfheal.ReproducedSame, Signatures: []selfheal.SignatureID{lookup},
		Decided: true, Ended: "the answer is clear", FailureRate: 0.96, FlakeRate: 0.04, Took: selfheal.Duration(9 * time.Second),
		Runs: []selfheal.TrialRun{
			run(head, selfheal.TrialFails, 1, printed), run(base, selfheal.TrialPasses, 0, "ok\n"), run(culprit, selfheal.TrialFails, 1, printed),
			run(docsOnly, selfheal.TrialSkipped, 125, "no such package\n"), run(culprit, selfheal.TrialFails, 1, printed),
		},
	}
}
