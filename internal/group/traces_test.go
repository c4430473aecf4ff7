package group

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTraces shows how every sample in testdata/traces is read: the events, the
// chain of exceptions, the frames of the service itself. Read the golden files.
func TestTraces(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("testdata/traces/*/record.sh")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, script := range scripts {
		directory := filepath.Dir(script)
		files, err := filepath.Glob(filepath.Join(directory, "*.log"))
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, file := range files {
			log, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "== %s\n", filepath.Base(file))
			for _, r := range readAll(testGrouper(), log) {
				out.WriteString(showRecord(r))
			}
		}
		golden(t, filepath.Join(directory, "golden.txt"), out.String())
	}
}

// showRecord writes an event with its exceptions; of the frames those in-app,
// repeats left out, and the number of others.
func showRecord(r signed) string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d: %s %q\n", r.Number, r.Severity, r.Message)
	for _, x := range r.Exceptions {
		fmt.Fprintf(&b, "  %s: %s\n", x.Type, strings.ReplaceAll(x.Message, "\n", "\\n"))
		others, last := 0, ""
		for _, f := range x.Frames {
			line := fmt.Sprintf("    %s | %s | %s:%d\n", f.Package, f.Function, f.File, f.Line)
			switch {
			case !f.InApp:
				others++
			case line != last:
				b.WriteString(line)
				last = line
			}
		}
		if others > 0 {
			fmt.Fprintf(&b, "    and %d of libraries\n", others)
		}
	}
	return b.String()
}

// TestRebuiltBundle: a bundle that was built anew, with other names and another
// hash, fails as it did; two of its bugs that the runtime tells apart stay two.
func TestRebuiltBundle(t *testing.T) {
	t.Parallel()
	id := func(name string) string {
		log, err := os.ReadFile("testdata/traces/node/" + name + ".log")
		if err != nil {
			t.Fatal(err)
		}
		return string(readAll(testGrouper(), log)[0].ID)
	}
	for _, bug := range []string{"a", "b", "c"} {
		if id("bundle-"+bug) != id("rebuilt-"+bug) {
			t.Errorf("bug %s looks new after the build", bug)
		}
	}
	if id("bundle-a") == id("bundle-b") {
		t.Error("two errors became one")
	}
}
