package group

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLoggersGolden shows how the output of real loggers is understood;
// testdata/loggers/programs made it.
func TestLoggersGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/loggers/*.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var out strings.Builder
	for _, file := range files {
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s\n", strings.TrimSuffix(filepath.Base(file), ".log"))
		for _, r := range readAll(testGrouper(), log) {
			fmt.Fprintf(&out, "  %s %s %s %q", r.ID, r.Time.Format("2006-01-02T15:04:05.000"), r.Severity, r.Message)
			for _, v := range []struct{ name, value string }{{"zone", r.Zone}, {"service", r.Service}, {"revision", r.Revision}, {"instance", r.Instance}} {
				if v.value != "" {
					fmt.Fprintf(&out, " %s=%s", v.name, v.value)
				}
			}
			for _, x := range r.Exceptions {
				fmt.Fprintf(&out, " [%s: %s at %s:%d]", x.Type, x.Message, x.Frames[0].Function, x.Frames[0].Line)
			}
			out.WriteByte('\n')
		}
	}
	golden(t, "testdata/loggers/golden.txt", out.String())
}
