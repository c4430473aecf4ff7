package group

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/group/trace"
)

// FuzzStream: whatever the bytes, nothing panics, no line gets lost, and
// grouping is a function of the log alone.
func FuzzStream(f *testing.F) {
	for name, log := range recordings(f) {
		if len(log) < 4096 && !strings.HasPrefix(name, "java") {
			f.Add(log)
		}
	}
	for _, seed := range []string{"", "\n\n", "  x\n}\n", "{\n}", "panic: \ngoroutine 1 [x]:\n(\n\t:1", "Traceback (most recent call last):\nX", "a.rb:1:in `", "#0 x(1): y", "thread 'x' panicked at '", "\x1b[", "\x1b]0;x",
		"2026-11-23T09:10:13.123456789Z stderr P x\n", `{"log":"x","stream":"stdout"}`, "/a:1\nx\n^\n\nError: x\n    at y (z:1:2)", "Caused by: \n\tat (", "error[E1]: x\n --> a:1:2"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		if len(log) > 1<<16 {
			return
		}
		for _, build := range []bool{false, true} {
			o := testGrouper().options
			o.Build, o.MaxSignatures = build, 20
			scanning := New(o)
			scanning.skeletons.pause = math.MaxInt // what is remembered of earlier messages changes nothing
			first, second := readAll(New(o), log), readAll(scanning, log)
			if len(first) != len(second) {
				t.Fatalf("%d events, then %d", len(first), len(second))
			}
			last := int64(0)
			for i := range first {
				if first[i].ID != second[i].ID {
					t.Fatalf("event %d is %s, then %s", i, first[i].ID, second[i].ID)
				}
				if n := first[i].Number; n != 0 && n < last { // a line may hold a batch of events
					t.Fatalf("event %d begins at line %d, after %d", i, n, last)
				}
				last = max(last, first[i].Number)
			}
			if lines := bytes.Count(log, []byte("\n")) + 1; len(first) > lines+1 {
				t.Fatalf("%d events of %d lines", len(first), lines)
			}
		}
	})
}

var numbers = regexp.MustCompile(`(\.[a-z]+:|line |0x|goroutine |:)(\d+)`)

// TestNumbersNeverChangeATrace: line numbers, columns, addresses and goroutine
// numbers may be anything.
func TestNumbersNeverChangeATrace(t *testing.T) {
	t.Parallel()
	logs := recordings(t)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"go.nil.a.log", "go.closure.a.log", "python.chained.a.log", "node.caused.a.log", "java.chained.a.log", "rust.index.a.log"}).Draw(t, "name")
		add := rapid.IntRange(1, 9).Draw(t, "add")
		moved := numbers.ReplaceAllFunc(logs[name], func(m []byte) []byte { return fmt.Appendf(nil, "%s%d", m, add) })
		if bytes.Equal(moved, logs[name]) {
			t.Fatal("nothing moved")
		}
		a, b := readAll(testGrouper(), logs[name]), readAll(testGrouper(), moved)
		if len(b) != 1 || a[0].ID != b[0].ID {
			t.Fatalf("%s: %v became %v\n%s", name, ids(a), ids(b), moved)
		}
	})
}

// TestFrameNames: what compilers number is no part of a name.
func TestFrameNames(t *testing.T) {
	t.Parallel()
	f := func(pkg, function, want string) {
		t.Helper()
		if got := string(trace.AppendFunction(nil, &selfheal.Frame{Package: pkg, Function: function})); got != want {
			t.Errorf("%s %s: got %q, want %q", pkg, function, got, want)
		}
	}

	f("main", "main.func1.2", "main.main.func")
	f("main", "(*T[...]).Do", "main.T.Do")
	f("main", "Map[go.shape.int]", "main.Map")
	f("main", "serve-fm", "main.serve-fm")
	f("a/b/v2", "Run.gowrap1", "a/b/v2.Run.gowrap")
	f("a.B", "lambda$run$3", "a.B.lambda$run")
	f("a.B$1", "run", "a.B.run")
	f("a.B$$EnhancerBySpring$$1a2b", "run", "a.B.run")
	f("shop", "<anonymous>", "shop.<anonymous>")
	f("", "main::main::{{closure}}", "main::main::{{closure}}")
	f("", "md5sum2", "md5sum2")
}
