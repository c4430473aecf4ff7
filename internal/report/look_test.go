package report_test

import (
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/report"
)

func TestLookLine(t *testing.T) {
	t.Parallel()
	f := func(a selfheal.Assessment, want, state string) {
		t.Helper()
		a.Window.Observability.Watched.Records = 1234
		line, got := report.LookLine(17*time.Minute+40*time.Second, time.Hour, a)
		if line != want || got != state {
			t.Errorf("line  %q\nwant  %q\nstate %q\nwant  %q", line, want, got, state)
		}
	}
	f(selfheal.Assessment{}, "17m of 1h0m, 1,234 records: nothing changed for the worse so far", "nothing changed for the worse so far")

	behind := selfheal.Assessment{}
	behind.Window.Observability.Problems = []selfheal.Problem{{Code: selfheal.ProblemLag, Detail: "the newest record is 5m0s old"}}
	f(behind, "17m of 1h0m, 1,234 records: not seen well: the newest record is 5m0s old", "not seen well: logs-behind")

	broken := selfheal.Assessment{
		Anomalies:  []selfheal.Anomaly{{Signature: "g2-1", Kind: selfheal.AnomalyNew, Chart: selfheal.Chart{Watched: selfheal.ChartSpan{Buckets: []int64{0, 1, 4}}}}},
		Signatures: []selfheal.Signature{{ID: "g2-1", Title: "price list is \x1b[31mempty"}},
	}
	if line, _ := report.LookLine(0, time.Hour, selfheal.Assessment{}); line != "waiting for the first whole minute of 1h0m" {
		t.Errorf("line %q", line)
	}
	line, _ := report.LookLine(time.Minute, time.Hour, broken)
	if !strings.HasPrefix(line, "1m of 1h0m, 0 records: 1 error appeared: price list is ") || strings.Contains(line, "\x1b") || !strings.HasSuffix(line, " .▃█") {
		t.Errorf("line %q", line)
	}
}
