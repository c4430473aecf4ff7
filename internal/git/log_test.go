package git_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/git/gittest"
)

// summary renders a file change on one line: status, names, lines.
func summary(f selfheal.FileChange) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", f.Status, f.Path)
	if f.OldPath != "" {
		fmt.Fprintf(&b, " from %s", f.OldPath)
	}
	if f.Binary {
		b.WriteString(" binary")
	}
	if f.Elided {
		b.WriteString(" elided")
	}
	for _, h := range f.Hunks {
		for _, l := range h.Lines {
			if l.Op != selfheal.LineContext {
				fmt.Fprintf(&b, " %s%d/%d:%s", l.Op, l.Old, l.New, l.Text)
			}
		}
	}
	return b.String()
}

func summaries(files []selfheal.FileChange) []string {
	var out []string
	for _, f := range files {
		out = append(out, summary(f))
	}
	return out
}

func TestLogReadsEveryKindOfChange(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	long := "1\n2\n3\n4\n5\n6\n7\n8\n"
	f.Commit("root\n\nwith a body\n\x01and control", "a.txt", "one\ntwo\n", "move.txt", long, "gone.txt", "bye\n", "run.sh", "x\n")
	f.Commit("modify", "a.txt", "one\nTWO\n")
	f.Git("mv", "move.txt", "moved name.txt")
	f.Commit("rename")
	f.Remove("gone.txt")
	f.Commit("delete")
	f.Commit("empty")
	f.Commit("binary", "b.bin", "\x00\x01\x02")
	f.Git("update-index", "--chmod=+x", "run.sh")
	f.Git("commit", "--quiet", "-m", "mode")
	f.Git("checkout", "--quiet", "run.sh")
	f.Commit("no newline", "a.txt", "one\nTWO\nthree")
	f.Commit("crlf", "a.txt", "one\r\nTWO\nthree")
	f.Commit("looks like a patch", "evil.txt", "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")
	f.Commit("strange \"name\"", "ta\tb\"é\xff.txt", "x\n")
	head := f.Git("rev-parse", "HEAD")

	commits, err := open(t, f.Dir).Log(context.Background(), "", head)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	var order []string
	for _, c := range commits {
		order = append(order, c.Subject)
		got[c.Subject] = summaries(c.Files)
	}
	wantOrder := []string{"root", "modify", "rename", "delete", "empty", "binary", "mode", "no newline", "crlf", "looks like a patch", "strange \"name\""}
	if diff := cmp.Diff(wantOrder, order); diff != "" {
		t.Fatal(diff)
	}
	delete(got, "root")
	want := map[string][]string{
		"modify":             {"modified a.txt -2/0:two +0/2:TWO"},
		"rename":             {"renamed moved name.txt from move.txt"},
		"delete":             {"deleted gone.txt -1/0:bye"},
		"empty":              nil,
		"binary":             {"added b.bin binary"},
		"mode":               {"modified run.sh"},
		"no newline":         {"modified a.txt +0/3:three"},
		"crlf":               {"modified a.txt -1/0:one +0/1:one"},
		"looks like a patch": {"added evil.txt +0/1:diff --git a/x b/x +0/2:--- a/x +0/3:+++ b/x +0/4:@@ -1 +1 @@ +0/5:-a +0/6:+b"},
		"strange \"name\"":   {"added ta\tb\"é\xff.txt +0/1:x"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	root := commits[0]
	if root.Body != "with a body\n\x01and control" || len(root.Files) != 4 || len(root.Parents) != 0 || root.Author != "Example Author" {
		t.Errorf("root = %+v", root)
	}
	if !root.Time.Equal(time.Date(2026, time.March, 2, 9, 1, 0, 0, time.UTC)) {
		t.Errorf("time = %v", root.Time)
	}
}

func TestLogFollowsFirstParents(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	base := f.Commit("base", "a.txt", "one\n")
	f.Git("switch", "--quiet", "-c", "topic")
	f.Commit("inner 1", "t.txt", "1\n")
	f.Commit("inner 2", "t.txt", "1\n2\n")
	f.Git("switch", "--quiet", "main")
	f.Commit("mainline", "a.txt", "two\n")
	head := f.Merge("topic", "merge topic")

	r := open(t, f.Dir)
	commits, err := r.Log(context.Background(), base, head)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range commits {
		got = append(got, fmt.Sprintf("%s %d %s", c.Subject, len(c.Parents), summaries(c.Files)))
	}
	want := []string{
		"mainline 1 [modified a.txt -1/0:one +0/1:two]",
		"merge topic 2 [added t.txt +0/1:1 +0/2:2]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	blamed, err := r.Blame(context.Background(), base, head, "t.txt", 1, 0)
	if err != nil || len(blamed) != 2 || blamed[0].Commit != head || blamed[1].Commit != head || blamed[0].Old {
		t.Errorf("Blame of merged lines = %+v, %v", blamed, err)
	}
}

func TestDiffIsNet(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	base := f.Commit("base", "a.txt", "one\n")
	f.Commit("there", "a.txt", "two\n", "b.txt", "x\n")
	f.Remove("b.txt")
	head := f.Commit("and back", "a.txt", "one\n", "c.txt", "y\n")
	r := open(t, f.Dir)
	files, err := r.Diff(context.Background(), base, head)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"added c.txt +0/1:y"}, summaries(files)); diff != "" {
		t.Error(diff)
	}
	files, err = r.Diff(context.Background(), "", base)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"added a.txt +0/1:one"}, summaries(files)); diff != "" {
		t.Error(diff)
	}
}

func TestOversizedDifferencesAreElided(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	base := f.Commit("base", "a.txt", "1\n", "many.txt", strings.Repeat("same\n\n\n\n\n\n\n\n\n", 1200))
	head := f.Commit("huge", "a.txt", "2\n", "huge.txt", strings.Repeat("0123456789abcdef\n", 60_000),
		"many.txt", strings.Repeat("other\n\n\n\n\n\n\n\n\n", 1200), "z.txt", "after\n")
	files, err := open(t, f.Dir).Diff(context.Background(), base, head)
	if err != nil {
		t.Fatal(err)
	}
	byPath := map[string]selfheal.FileChange{}
	for _, file := range files {
		byPath[file.Path] = file
	}
	if huge := byPath["huge.txt"]; !huge.Elided || len(huge.Hunks) != 0 || huge.Status != selfheal.FileAdded {
		t.Errorf("huge.txt: elided %v, %d hunks, %s", huge.Elided, len(huge.Hunks), huge.Status)
	}
	if many := byPath["many.txt"]; !many.Elided || len(many.Hunks) != 1000 {
		t.Errorf("many.txt: elided %v, %d hunks", many.Elided, len(many.Hunks))
	}
	if summary(byPath["a.txt"]) != "modified a.txt -1/0:1 +0/1:2" || summary(byPath["z.txt"]) != "added z.txt +0/1:after" {
		t.Errorf("neighbours: %q, %q", summary(byPath["a.txt"]), summary(byPath["z.txt"]))
	}
}

func TestSubmoduleBumpIsAChange(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	first := f.Commit("first", "a.txt", "one\n")
	second := f.Commit("second", "a.txt", "two\n")
	bump := func(id string) string {
		f.Git("update-index", "--add", "--cacheinfo", "160000,"+id+",module")
		f.Git("commit", "--quiet", "-m", "bump")
		return f.Git("rev-parse", "HEAD")
	}
	base, head := bump(first), bump(second)
	files, err := open(t, f.Dir).Diff(context.Background(), base, head)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"modified module -1/0:Subproject commit " + first + " +0/1:Subproject commit " + second}
	if diff := cmp.Diff(want, summaries(files)); diff != "" {
		t.Error(diff)
	}
}

func TestBlameStopsAtBase(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	base := f.Commit("base", "old.txt", "1\n2\n3\n")
	f.Git("mv", "old.txt", "new.txt")
	changed := f.Commit("change", "new.txt", "1\nTWO\n3\n")
	head := f.Commit("head", "other.txt", "x\n")
	blamed, err := open(t, f.Dir).Blame(context.Background(), base, head, "new.txt", 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range blamed {
		got = append(got, fmt.Sprintln(b.Line, b.Commit == changed, b.Old, b.OriginPath, b.OriginLine))
	}
	want := []string{"1 false true old.txt 1\n", "2 true false new.txt 2\n", "3 false true old.txt 3\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestUserConfigurationDoesNotChangeTheFormat sets what people really have in
// their configuration and expects the same parse.
func TestUserConfigurationDoesNotChangeTheFormat(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	base := f.Commit("base", "a.txt", "one\n")
	head := f.Commit("head", "a.txt", "two\n")
	for _, pair := range [][2]string{
		{"diff.noprefix", "true"}, {"diff.mnemonicPrefix", "true"}, {"color.ui", "always"}, {"diff.renames", "false"},
		{"log.decorate", "full"}, {"diff.context", "0"}, {"log.showSignature", "true"}, {"log.follow", "true"}, {"diff.wordRegex", "."},
		{"log.date", "relative"}, {"format.pretty", "oneline"}, {"diff.algorithm", "patience"}, {"core.quotePath", "true"}, {"log.diffMerges", "combined"},
	} {
		f.Git("config", pair[0], pair[1])
	}
	if err := os.WriteFile(filepath.Join(f.Dir, ".git", "info", "attributes"), []byte("*.txt -diff\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	commits, err := open(t, f.Dir).Log(context.Background(), base, head)
	if err != nil || len(commits) != 1 {
		t.Fatalf("Log = %+v, %v", commits, err)
	}
	// An attribute may still declare the file binary; the change itself is never lost.
	if got := summary(commits[0].Files[0]); got != "modified a.txt binary" {
		t.Errorf("got %q", got)
	}
	if err := os.Remove(filepath.Join(f.Dir, ".git", "info", "attributes")); err != nil {
		t.Fatal(err)
	}
	files, err := open(t, f.Dir).Diff(context.Background(), base, head)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"modified a.txt -1/0:one +0/1:two"}, summaries(files)); diff != "" {
		t.Error(diff)
	}
}
