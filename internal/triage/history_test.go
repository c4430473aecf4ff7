package triage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/git/gittest"
)

// TestHistoryAgreesWithGit edits a file at random, renames it midway, and
// compares every line's origin with git blame, and every followed line's text
// with the file it is said to stand in.
func TestHistoryAgreesWithGit(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	random := rand.New(rand.NewPCG(1, 2))
	f := gittest.New(t)
	var lines []string
	fresh := 0
	edit := func() string {
		for range 1 + random.IntN(4) {
			at := random.IntN(len(lines) + 1)
			switch n := min(random.IntN(6), len(lines)-at); {
			case random.IntN(2) == 0 || n == 0:
				for range 1 + random.IntN(5) {
					fresh++
					lines = slices.Insert(lines, at, fmt.Sprintf("value%d := compute(%d)", fresh, fresh))
				}
			default:
				lines = slices.Delete(lines, at, at+n)
			}
		}
		return strings.Join(lines, "\n") + "\n"
	}
	for range 12 {
		edit()
	}
	base := f.Commit("base", "a.go", edit())
	path := "a.go"
	for i := range 20 {
		if i == 9 {
			f.Git("mv", "a.go", "b.go")
			path = "b.go"
		}
		f.Commit(fmt.Sprintf("edit %d", i), path, edit())
	}
	head := f.Git("rev-parse", "HEAD")
	repo, c := change(t, f, base, head)
	h := newHistory(c.Commits)

	blamed, err := repo.Blame(ctx, base, head, "b.go", 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blamed {
		commit, young := h.origin(place{"b.go", b.Line})
		if young == b.Old || young && c.Commits[commit].ID != b.Commit {
			t.Errorf("line %d: origin %d (in the change: %v), git says %s (older: %v)", b.Line, commit, young, b.Commit, b.Old)
		}
	}
	checked := 0
	for _, e := range h.edits() {
		if e.at.line == 0 {
			continue
		}
		revision := head
		if e.op == selfheal.LineDeleted {
			revision = base
		}
		ok, err := quoteHolds(ctx, repo, revision, e.at.path, e.at.line, shorten(e.text))
		if err != nil || !ok {
			t.Errorf("%q is not at %s:%d of %s (%v)", e.text, e.at.path, e.at.line, revision, err)
		}
		checked++
	}
	if checked < 30 {
		t.Errorf("only %d edits could be followed", checked)
	}
}

func hunk(oldStart, oldLines, newStart, newLines int, ops string) selfheal.Hunk {
	h := selfheal.Hunk{OldStart: oldStart, OldLines: oldLines, NewStart: newStart, NewLines: newLines}
	before, after := oldStart, newStart
	for _, op := range ops {
		l := selfheal.HunkLine{Op: selfheal.LineOp(op)}
		if op != '+' {
			l.Old = before
			before++
		}
		if op != '-' {
			l.New = after
			after++
		}
		h.Lines = append(h.Lines, l)
	}
	return h
}

func TestForwardAndBackward(t *testing.T) {
	t.Parallel()
	f := &selfheal.FileChange{Status: selfheal.FileModified, Hunks: []selfheal.Hunk{
		hunk(3, 4, 3, 6, " -++ + "), // keeps 3, 5 and 6, drops 4
		hunk(20, 0, 23, 2, "++"),
	}}
	type mapped struct {
		line int
		ok   bool
	}
	want := map[int]mapped{1: {1, true}, 3: {3, true}, 4: {0, false}, 5: {6, true}, 6: {8, true}, 10: {12, true}, 20: {22, true}, 21: {25, true}}
	got := map[int]mapped{}
	for line := range want {
		n, ok := forward(f, line)
		if !ok {
			n = 0
		}
		got[line] = mapped{n, ok}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mapped{})); diff != "" {
		t.Error(diff)
	}
}

// TestMappingsAreInverse checks on random hunks that a line that is kept comes back to itself.
func TestMappingsAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := &selfheal.FileChange{Status: selfheal.FileModified}
		before, after := 1, 1
		for range rapid.IntRange(0, 5).Draw(t, "hunks") {
			gap := rapid.IntRange(1, 10).Draw(t, "gap")
			before, after = before+gap, after+gap
			ops := rapid.StringOfN(rapid.RuneFrom([]rune(" +-")), 1, 12, -1).Draw(t, "ops")
			oldLines, newLines := len(ops)-strings.Count(ops, "+"), len(ops)-strings.Count(ops, "-")
			oldStart, newStart := before, after
			h := hunk(oldStart, oldLines, newStart, newLines, ops)
			if oldLines == 0 {
				h.OldStart--
			}
			if newLines == 0 {
				h.NewStart--
			}
			f.Hunks = append(f.Hunks, h)
			before, after = before+oldLines, after+newLines
		}
		for line := 1; line < before+10; line++ {
			there, ok := forward(f, line)
			if !ok {
				continue
			}
			if back, ok := backward(f, there); !ok || back != line {
				t.Fatalf("line %d goes to %d and comes back as %d (%v)", line, there, back, ok)
			}
		}
	})
}

func TestMovedAndTrivialLines(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	base := f.Commit("base", "a.go", "package a\n\nfunc A() {\n\tfirst(1, 2, 3)\n\tsecond(4)\n\tthird(5)\n}\n")
	head := f.Commit("move", "a.go", "package a\n\n// A does.\nfunc A() {\n\tsecond(4)\n\tthird(5)\n\n\tfirst(1, 2, 3)\n}\n")
	_, c := change(t, f, base, head)
	for _, e := range newHistory(c.Commits).edits() {
		if !strings.Contains(e.text, "first") {
			t.Errorf("edit %q is not substantive", e.text)
		}
		if !e.moved {
			t.Errorf("edit %q is not marked as moved", e.text)
		}
	}
}
