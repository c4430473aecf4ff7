package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/report"
)

func TestRehearsalText(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 3, 14, 5, 0, 0, time.UTC)
	r := report.Rehearsal{
		Service: "shop", Interval: selfheal.Interval{From: at.Add(-72 * time.Hour), To: at.Add(2 * time.Hour)}, Records: 102885, Signatures: 6, Undated: 12,
		Deploys: []report.RehearsedDeploy{
			{Time: at, Revision: "3f9c2a1b7d04e6a8", Flagged: []report.RehearsedAnomaly{{Title: "no price for \x1b[31msku", Why: "9 in 5 min", After: selfheal.Duration(5 * time.Minute)}}},
			{Time: at.Add(time.Hour)},
			{Time: at.Add(2 * time.Hour), Skipped: "too late"},
		},
		Alarmed: report.Proportion{Count: 1, Trials: 2, Low: 0.01, High: 0.98}, Skipped: 1,
		Faults: []report.RehearsedFault{
			{Name: "new error, 1 per min", Found: report.Proportion{Count: 3, Trials: 4, Low: 0.2, High: 0.99}, Median: selfheal.Duration(4 * time.Minute), Slowest: selfheal.Duration(9 * time.Minute)},
			{Name: "drop", NotTried: 4},
		},
		Recall: report.Proportion{Count: 3, Trials: 4, Low: 0.2, High: 0.99}, Precision: &report.Proportion{Count: 3, Trials: 3, Low: 0.3, High: 1},
		Missed: []string{"1 of 2 moments were flagged, at most 5 of 100 are allowed"},
	}
	const want = `shop, 2026-10-31 14:05 UTC to 2026-11-03 16:05 UTC: 102,885 records of 6
signatures
12 records without a time could not be used

DEPLOYS AS THEY WERE
  2026-11-03 14:05  3f9c2a1b7d  after 5 min: no price for ␛[31msku (9 in 5 min)
  2026-11-03 15:05              -
  2026-11-03 16:05              skipped: too late

WITHOUT ANY FAULT
  flagged     1 of 2: 50 % (95 %: 1 % to 98 %)
  skipped     1 moment that the logs do not cover from a day before to the end
              of the window

WITH A FAULT IN EACH
  new error, 1 per min  ████████████····  3 of 4  in 4 min (9 of 10: 9 min)
  drop                  ················  not tried: the service logs nothing t…

  recall      3 of 4: 75 % (95 %: 20 % to 99 %)
  precision   3 of 3: over 99 % (95 %: 30 % to over 99 %)

NOT MET: 1 of 2 moments were flagged, at most 5 of 100 are allowed
`
	var b bytes.Buffer
	if err := report.RehearsalText(&b, r, report.TextOptions{Width: 80}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestIdentitiesText(t *testing.T) {
	t.Parallel()
	known := report.Identities{
		Service:   "shop",
		Overrides: []selfheal.Override{{Action: selfheal.OverrideIgnore, Signature: selfheal.Signature{ID: "g2-1", Title: "probe\x00failed"}, Reason: "noise"}},
		Aliases:   []selfheal.Alias{{From: "g2-3", To: "g2-2", Why: "same exception in charge, which moved"}},
		Patterns:  []selfheal.Pattern{{Template: "user <*> not found", Signature: "g2-4"}},
	}
	const want = `Said by people
  ignore g2-1 (probe␀failed): noise
The same error as an older signature
  g2-3 is g2-2: same exception in charge, which moved
Places that hold values
  g2-4 user <*> not found
`
	var b bytes.Buffer
	if err := report.IdentitiesText(&b, known, report.TextOptions{Width: 80}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.Reset()
	if err := report.IdentitiesText(&b, report.Identities{Service: "shop"}, report.TextOptions{}); err != nil || !strings.Contains(b.String(), "nothing is known") {
		t.Errorf("%q, %v", b.String(), err)
	}
}
