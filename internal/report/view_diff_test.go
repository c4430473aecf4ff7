package report

import (
	"fmt"
	"strings"
	"testing"

	"selfheal"
)

// hunkOf reads a hunk from lines with their sign; numbers count from start on both sides.
func hunkOf(start int, lines ...string) selfheal.Hunk {
	h := selfheal.Hunk{OldStart: start, NewStart: start}
	oldLine, newLine := start, start
	for _, text := range lines {
		l := selfheal.HunkLine{Op: selfheal.LineOp(text[:1]), Text: text[1:]}
		if l.Op != selfheal.LineAdded {
			l.Old, oldLine = oldLine, oldLine+1
		}
		if l.Op != selfheal.LineDeleted {
			l.New, newLine = newLine, newLine+1
		}
		h.Lines = append(h.Lines, l)
	}
	return h
}

func changed(path string, hunks ...selfheal.Hunk) selfheal.FileChange {
	return selfheal.FileChange{Path: path, Hunks: hunks}
}

// drawnDiff writes what is shown, one line each, the culprit with an arrow.
func drawnDiff(d *diffView) string {
	if d == nil {
		return "none"
	}
	var lines []string
	for _, l := range d.Lines {
		arrow := " "
		if l.Marked {
			arrow = ">"
		}
		lines = append(lines, fmt.Sprintf("%s%d%s%s", arrow, l.Number(), l.Op, l.Text))
	}
	return strings.Join(lines, "\n")
}

func TestCulpritDiff(t *testing.T) {
	t.Parallel()
	const head, base, commit = "head", "base", "c1"
	f := func(name string, own, net []selfheal.FileChange, c selfheal.Culprit, want string) {
		t.Helper()
		judged := &selfheal.Judged{Change: selfheal.Change{
			Base: base, Head: head, Files: net, Commits: []selfheal.Commit{{ID: commit, Files: own}},
		}}
		c.Commit = commit
		if got := drawnDiff(culpritDiff(judged, c)); got != want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", name, got, want)
		}
	}
	own := []selfheal.FileChange{changed("a.go", hunkOf(10, " x", "-old", "+new", " y"))}
	moved := []selfheal.FileChange{changed("a.go", hunkOf(20, " x", "-old", "+new", " y"))}
	added := selfheal.Culprit{Path: "a.go", Revision: head, Start: 11, Quote: "new"}
	const shown = " 10 x\n 11-old\n>11+new\n 12 y"

	f("added line", own, nil, added, shown)
	f("quote may differ in indentation", own, nil, selfheal.Culprit{Path: "a.go", Revision: head, Start: 11, Quote: "\tnew "}, shown)
	f("deleted line", own, nil, selfheal.Culprit{Path: "a.go", Revision: base, Start: 11, Quote: "old"}, " 10 x\n>11-old\n 11+new\n 12 y")
	f("net change knows the moved number", own, moved, selfheal.Culprit{Path: "a.go", Revision: head, Start: 21, Quote: "new"},
		" 20 x\n 21-old\n>21+new\n 22 y")
	f("the text is the last resort", own, nil, selfheal.Culprit{Path: "a.go", Revision: head, Start: 99, Quote: "new"}, shown)
	f("context line in a changed hunk", own, nil, selfheal.Culprit{Path: "a.go", Revision: head, Start: 12, Quote: "y"},
		" 10 x\n 11-old\n 11+new\n>12 y")
	f("other file", own, nil, selfheal.Culprit{Path: "b.go", Revision: head, Start: 11, Quote: "new"}, "none")
	f("other text", own, nil, selfheal.Culprit{Path: "a.go", Revision: head, Start: 11, Quote: "newer"}, "none")
	f("no path", own, nil, selfheal.Culprit{Revision: head, Start: 11, Quote: "new"}, "none")
	f("no line", own, nil, selfheal.Culprit{Path: "a.go", Revision: head, Quote: "new"}, "none")
	f("renamed file", []selfheal.FileChange{{Path: "b.go", OldPath: "a.go", Hunks: own[0].Hunks}}, nil, added, shown)
}

func TestCulpritDiffIsCut(t *testing.T) {
	t.Parallel()
	var lines []string
	for n := range 50 {
		lines = append(lines, fmt.Sprintf("+line %d", n))
	}
	judged := &selfheal.Judged{Change: selfheal.Change{Files: []selfheal.FileChange{changed("a.go", hunkOf(1, lines...))}}}
	d := culpritDiff(judged, selfheal.Culprit{Path: "a.go", Revision: "head", Start: 21, Quote: "line 20"})
	if d == nil || len(d.Lines) != 2*diffContext+1 || !d.Lines[diffContext].Marked {
		t.Fatalf("got\n%s", drawnDiff(d))
	}
}

func TestPatchLines(t *testing.T) {
	t.Parallel()
	lines, more := patchLines("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n same\n", 5)
	var ops strings.Builder
	for _, l := range lines {
		ops.WriteString(string(l.Op))
	}
	if got, want := ops.String(), "   -+"; got != want || more != 1 {
		t.Errorf("got %q and %d more, want %q and 1 more", got, more, want)
	}
	if lines, more := patchLines("", 5); lines != nil || more != 0 {
		t.Errorf("empty patch: got %v, %d", lines, more)
	}
}
