package group

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

func TestBuildErrors(t *testing.T) {
	t.Parallel()
	f := func(log string, want ...string) {
		t.Helper()
		g := New(Options{Build: true})
		readAll(g, []byte(log))
		var got []string
		for _, s := range g.Signatures() {
			if s.Kind != selfheal.KindBuild {
				continue
			}
			line := s.Severity.String() + " " + s.Title
			for _, x := range s.Sample.Exceptions {
				for _, frame := range x.Frames {
					line += fmt.Sprintf(" @ %s:%d", frame.File, frame.Line)
				}
			}
			got = append(got, line)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", log, diff)
		}
	}

	f("# example.com/app\n./main.go:6:2: declared and not used: x\ninternal/a/b.go:7: undefined: y",
		"ERROR declared and not used: x @ main.go:6", "ERROR undefined: y @ internal/a/b.go:7")
	f("#8 [3/4] RUN go build\n#8 36.30 ./main.go:7:14: undefined: z\n36.30 ./main.go:9:1: undefined: z\n#8 ERROR: process did not complete: exit code: 1",
		"ERROR undefined: z @ main.go:9")
	f("src/app.ts(3,5): error TS2345: Argument of type 'string' is wrong.", "ERROR TS2345: Argument of type 'string' is wrong. @ src/app.ts:3")
	f("Shop.java:12: error: cannot find symbol\n    int x = y;\n            ^\n1 error", "ERROR cannot find symbol @ Shop.java:12")
	f("[ERROR] /src/Shop.java:[12,5] cannot find symbol", "ERROR cannot find symbol @ /src/Shop.java:12")
	f("error[E0308]: mismatched types\n --> src/main.rs:3:5\n  |\n3 |     x\n", "ERROR error[E0308]: mismatched types @ src/main.rs:3")
	f("--- FAIL: TestTotal (0.00s)\n    shop_test.go:9: got 1, want 2\nFAIL", "ERROR test failed: TestTotal")
	f("main.c:3:5: warning: unused variable 'x'\nSuccessfully built 1a2b3c")
}

func TestRuntimeLogIsNoBuildLog(t *testing.T) {
	t.Parallel()
	g := testGrouper()
	readAll(g, []byte("2026/11/23 09:00:00 main.go:12: listening"))
	if s := g.Signature(0); s.Kind != selfheal.KindMessage {
		t.Errorf("kind %s", s.Kind)
	}
}
