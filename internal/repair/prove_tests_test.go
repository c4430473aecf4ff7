package repair

import (
	"slices"
	"strings"
	"testing"

	"selfheal"
)

func TestNewFailures(t *testing.T) {
	t.Parallel()
	f := func(before, after string, want ...string) {
		t.Helper()
		if got := newFailures(before, after); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f("--- FAIL: TestA (0.00s)\n", "--- FAIL: TestA (0.01s)\n--- FAIL: TestB (0.00s)\n", "TestB")
	f("--- FAIL: TestA (0.00s)\n", "--- FAIL: TestA (0.01s)\n")
	f("FAILED a/test_x.py::test_a\n", "FAILED a/test_x.py::test_b\n", "a/test_x.py::test_b")
	f("FAIL: test_a (shop.Shop)\n", "ERROR: test_b (shop.Shop)\n", "test_b (shop.Shop)")
	f("not ok 1 - finds\n", "not ok 1 - finds\nnot ok 2 - adds\n", "adds")
	f("make: error\n", "--- FAIL: TestB (0.00s)\n") // nothing is known of before
}

// Added tests prove something when they fail on the deployed code by the error, and
// not when they print its words themselves.
func TestAddedTestsReproduce(t *testing.T) {
	t.Parallel()
	f := func(name, test, want string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := repairable(t, "echo good > state; printf '%s' '"+test+"' > extra_test.py")
			in.Incident.Opened.Intent.Replay = nil
			in.Incident.Opened.Intent.Verify = []string{"test ! -f extra_test.py || { echo the state is `cat state`; . ./extra_test.py; }"}
			in.Shows = func(output string) bool { return strings.Contains(output, "the state is bad") }
			r, err := Prove(t.Context(), in, prepareCommand(t, in))
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(r.Proofs, func(p selfheal.Proof) bool { return p.Name == proofReproduction })
			switch {
			case want == "" && !r.Proven():
				t.Errorf("not proven: %+v", r)
			case want != "" && (r.Proven() || !strings.Contains(strings.Join(r.Notes, "\n"), want) && (at < 0 || !strings.Contains(r.Proofs[at].Unlike, want))):
				t.Errorf("want %q: %+v", want, r)
			}
		})
	}
	f("fails by the error", "grep good state", "")
	f("passes before too", "test -f state", "do not reproduce")
	f("holds the words", "grep good state # the state is bad", "words of the error themselves")
}

func TestAllowedPaths(t *testing.T) {
	t.Parallel()
	g := Guards{AllowPaths: []string{".github/workflows/", "go.sum", "a_test.go", "*.pem"}}
	f := func(want bool, r Refusal) {
		t.Helper()
		if got := g.allows(r); got != want {
			t.Errorf("%s: allowed %v", r, got)
		}
	}
	f(true, Refusal{Guard: GuardForbiddenPath, Path: ".github/workflows/ci.yml"})
	f(true, Refusal{Guard: GuardLockfileOnly, Path: "go.sum"})
	f(false, Refusal{Guard: GuardForbiddenPath, Path: "Makefile"})
	f(false, Refusal{Guard: GuardTestDeleted, Path: "a_test.go"})
	f(false, Refusal{Guard: GuardSecretAdded, Path: "go.sum"})
	f(false, Refusal{Guard: GuardForbiddenPath, Path: "x.pem", Never: true})
}
