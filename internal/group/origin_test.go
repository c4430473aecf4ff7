package group

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

// TestOrigin: what the transport knows of a line holds for the event that it is a
// part of, and what the text states goes before it.
func TestOrigin(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 10, 13, 0, time.UTC)
	origin := &selfheal.Origin{Severity: selfheal.SeverityWarn, Service: "shop", Revision: "1.4.0", Instance: "web-1", TraceID: "abc"}
	f := func(name string, from *selfheal.Origin, lines []string, want ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			emit := func(r *selfheal.Record, _ Index) {
				got = append(got, fmt.Sprintf("%s %s %s/%s/%s/%s %q x%d", r.Time.Format(time.TimeOnly), r.Severity, r.Service, r.Revision, r.Instance, r.TraceID, r.Message, len(r.Exceptions)))
			}
			s := testGrouper().Stream("s")
			for _, line := range lines {
				s.Write(&selfheal.Entry{Line: []byte(line), Time: at, Origin: from}, emit)
			}
			s.Close(emit)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
	f("a plain line", origin, []string{"lost"}, `09:10:13 WARN shop/1.4.0/web-1/abc "lost" x0`)
	f("nothing known", nil, []string{"lost"}, `09:10:13 UNSPECIFIED /// "lost" x0`)
	f("a trace over several lines", origin,
		[]string{"Traceback (most recent call last):", `  File "/app/a.py", line 3, in f`, "    g()", "ValueError: no"},
		`09:10:13 WARN shop/1.4.0/web-1/abc "ValueError: no" x1`)
	f("the text states more", origin, []string{`{"level":"error","msg":"lost","service.version":"2.0.0","time":"2026-11-23T08:00:00Z"}`},
		`08:00:00 ERROR shop/2.0.0/web-1/abc "lost" x0`)
	f("the text states a frame", origin, []string{`2026-11-23T08:00:00.5Z stderr F lost`}, `08:00:00 WARN shop/1.4.0/web-1/abc "lost" x0`)
}
