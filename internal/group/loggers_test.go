package group

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal/internal/group/decode"
)

// TestLoggersGolden shows how the output of real loggers is understood. The
// program that wrote the samples of a folder lies beside them.
func TestLoggersGolden(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/loggers/*/golden.txt")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, folder := range folders {
		folder = filepath.Dir(folder)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			samples, err := filepath.Glob(folder + "/*.log")
			if err != nil || len(samples) == 0 {
				t.Fatalf("no samples: %v", err)
			}
			var out strings.Builder
			for _, sample := range samples {
				log, err := os.ReadFile(sample)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&out, "%s\n", strings.TrimSuffix(filepath.Base(sample), ".log"))
				for _, r := range readAll(testGrouper(), splitEvents(log)) {
					describe(&out, &r)
				}
			}
			golden(t, folder+"/golden.txt", out.String())
		})
	}
}

// splitEvents undoes what is not one event a line. A stream does so itself; the result is the same.
func splitEvents(log []byte) []byte {
	var s decode.Splitter
	var out []byte
	for line := range bytes.SplitSeq(bytes.TrimSuffix(log, []byte("\n")), []byte("\n")) {
		if !s.Take(line) {
			out = append(append(out, line...), '\n')
			continue
		}
		for event := s.Next(); event != nil; event = s.Next() {
			out = append(append(out, event...), '\n')
		}
	}
	if event := s.Close(); event != nil {
		out = append(append(out, event...), '\n')
	}
	return out
}

// describe writes what became of an event, in one line and one more for each exception.
func describe(out *strings.Builder, r *signed) {
	at := "--"
	if !r.Time.IsZero() {
		at = r.Time.Format("2006-01-02T15:04:05.999999") + " " + r.Zone
	}
	fmt.Fprintf(out, "  %s %s %q", at, r.Severity, r.Message)
	for _, v := range []struct{ name, value string }{{"service", r.Service}, {"revision", r.Revision}, {"instance", r.Instance}, {"trace", r.TraceID}} {
		if v.value != "" {
			fmt.Fprintf(out, " %s=%s", v.name, v.value)
		}
	}
	out.WriteByte('\n')
	for _, x := range r.Exceptions {
		fmt.Fprintf(out, "    %s: %s", x.Type, x.Message)
		if len(x.Frames) > 0 {
			fmt.Fprintf(out, " at %s, one of %d", x.Frames[0].Function, len(x.Frames))
		}
		out.WriteByte('\n')
	}
}

// TestStreamChangesFormat: a program prints a banner, then logs, then dies in its runtime's words.
func TestStreamChangesFormat(t *testing.T) {
	t.Parallel()
	log := `   ___ shop 1.4.0
starting on :8080
{"level":"warn","time":"2026-11-23T09:10:13Z","message":"slow order"}
level=error ts=2026-11-23T09:10:14Z msg="order lost" err=gone
E1123 09:10:15.000000       7 order.go:12] order lost
2026-11-23 09:10:16,000 - shop - ERROR - order lost
{"cut":"in the mid
<11>Nov 23 09:10:17 web-1 shop[7]: order lost
panic: order lost

goroutine 1 [running]:
main.main()
	/srv/shop/main.go:7 +0x1d
exit status 2
{"level":"info","time":"2026-11-23T09:10:18Z","message":"back"}
`
	var out strings.Builder
	for _, r := range readAll(testGrouper(), []byte(log)) {
		fmt.Fprintf(&out, "%d %s %q\n", r.Number, r.Severity, r.Message)
	}
	want := `1 UNSPECIFIED "   ___ shop 1.4.0"
2 UNSPECIFIED "starting on :8080"
3 WARN "slow order"
4 ERROR "order lost: gone"
5 ERROR "order lost"
6 ERROR "order lost"
7 UNSPECIFIED "{\"cut\":\"in the mid"
8 ERROR "order lost"
9 FATAL "panic: order lost"
15 INFO "back"
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
