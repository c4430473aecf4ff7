package git_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/git/gittest"
)

func open(t *testing.T, dir string) *git.Repository {
	t.Helper()
	r, err := git.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOpenRefusesWhatIsNoRepository(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		_, err := git.Open(context.Background(), dir)
		if selfheal.CodeOf(err) != selfheal.CodeUsage || selfheal.HintOf(err) == "" {
			t.Errorf("Open(%q) = %v (code %s, hint %q)", dir, err, selfheal.CodeOf(err), selfheal.HintOf(err))
		}
	}
}

func TestOpenFromSubdirectoryReadsTheWholeTree(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	head := f.Commit("first", "a/b/c.txt", "needle\n", "top.txt", "needle\n")
	r := open(t, filepath.Join(f.Dir, "a", "b"))
	matches, err := r.Grep(context.Background(), head, "needle")
	if err != nil {
		t.Fatal(err)
	}
	want := []git.Match{{Path: "a/b/c.txt", Line: 1, Text: "needle"}, {Path: "top.txt", Line: 1, Text: "needle"}}
	if diff := cmp.Diff(want, matches); diff != "" {
		t.Error(diff)
	}
	blamed, err := r.Blame(context.Background(), "", head, "top.txt", 1, 1)
	if err != nil || len(blamed) != 1 || blamed[0].Commit != head {
		t.Errorf("Blame = %+v, %v", blamed, err)
	}
}

func TestOpenBareRepository(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	head := f.Commit("first", "a.txt", "one\n")
	bare := filepath.Join(t.TempDir(), "bare.git")
	f.Git("clone", "--quiet", "--bare", f.Dir, bare)
	r := open(t, bare)
	if !r.IsBare() {
		t.Error("IsBare = false")
	}
	content, err := r.File(context.Background(), head, "a.txt")
	if err != nil || string(content) != "one\n" {
		t.Errorf("File = %q, %v", content, err)
	}
	if dirty, err := r.IsDirty(context.Background()); dirty || err != nil {
		t.Errorf("IsDirty = %v, %v", dirty, err)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := gittest.New(t)
	head := f.Commit("first", "a.txt", "one\n")
	f.Git("tag", "-a", "v1.4.0", "-m", "release")
	r := open(t, f.Dir)
	for _, revision := range []string{"main", "v1.4.0", "HEAD", head, head[:12]} {
		if got, err := r.Resolve(ctx, revision); got != head || err != nil {
			t.Errorf("Resolve(%q) = %q, %v", revision, got, err)
		}
	}
	refused := func(revision, hint string) {
		t.Helper()
		_, err := r.Resolve(ctx, revision)
		if selfheal.CodeOf(err) != selfheal.CodeUsage || !strings.Contains(selfheal.HintOf(err), hint) {
			t.Errorf("Resolve(%q) = %v, hint %q", revision, err, selfheal.HintOf(err))
		}
	}
	refused("v1.4.1", "did you mean v1.4.0?")
	refused("man", "did you mean main?")
	refused("nothing-like-it", "git fetch --tags")
	refused("--output=/tmp/x", "give a branch")
	refused("-h", "give a branch")
	refused("", "give a branch")
	refused("main\nmain", "give a branch")
	refused("HEAD:a.txt", "")
}

func TestRevisionsAreNeverOptions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := gittest.New(t)
	head := f.Commit("first", "a.txt", "one\n")
	r := open(t, f.Dir)
	target := filepath.Join(t.TempDir(), "written")
	evil := "--output=" + target
	calls := map[string]func() error{
		"log head":    func() error { _, err := r.Log(ctx, "", evil); return err },
		"log base":    func() error { _, err := r.Log(ctx, evil, head); return err },
		"diff":        func() error { _, err := r.Diff(ctx, evil, head); return err },
		"files":       func() error { _, err := r.ListFiles(ctx, evil); return err },
		"blame":       func() error { _, err := r.Blame(ctx, "", evil, "a.txt", 1, 1); return err },
		"grep":        func() error { _, err := r.Grep(ctx, evil, "x"); return err },
		"ancestor":    func() error { _, err := r.IsAncestor(ctx, evil, head); return err },
		"merge base":  func() error { _, err := r.MergeBase(ctx, head, evil); return err },
		"resolve":     func() error { _, err := r.Resolve(ctx, evil); return err },
		"file":        func() error { _, err := r.File(ctx, evil, "a.txt"); return err },
		"file at nul": func() error { _, err := r.File(ctx, head, "a.txt\nx"); return err },
	}
	for name, call := range calls {
		if call() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("a revision was taken for an option")
	}
}

func TestShallowCloneIsExplained(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := gittest.New(t)
	first := f.Commit("first", "a.txt", "one\n")
	f.Commit("second", "a.txt", "two\n")
	shallow := filepath.Join(t.TempDir(), "shallow")
	f.Git("clone", "--quiet", "--depth=1", "file://"+f.Dir, shallow)
	r := open(t, shallow)
	if is, err := r.IsShallow(ctx); !is || err != nil {
		t.Errorf("IsShallow = %v, %v", is, err)
	}
	_, err := r.Resolve(ctx, first)
	if !strings.Contains(selfheal.HintOf(err), "git fetch --unshallow") {
		t.Errorf("hint = %q", selfheal.HintOf(err))
	}
}

func TestBranches(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := gittest.New(t)
	base := f.Commit("first", "a.txt", "one\n")
	f.Git("switch", "--quiet", "-c", "topic")
	topic := f.Commit("topic", "b.txt", "one\n")
	r := open(t, f.Dir)
	if got, err := r.CurrentBranch(ctx); got != "topic" || err != nil {
		t.Errorf("CurrentBranch = %q, %v", got, err)
	}
	if got, err := r.DefaultBranch(ctx); got != "main" || err != nil {
		t.Errorf("DefaultBranch = %q, %v", got, err)
	}
	f.Git("switch", "--quiet", "--detach")
	if got, err := r.CurrentBranch(ctx); got != "" || err != nil {
		t.Errorf("CurrentBranch when detached = %q, %v", got, err)
	}
	ancestor := func(a, b string, want bool) {
		t.Helper()
		if got, err := r.IsAncestor(ctx, a, b); got != want || err != nil {
			t.Errorf("IsAncestor(%s, %s) = %v, %v", a, b, got, err)
		}
	}
	ancestor(base, topic, true)
	ancestor(topic, topic, true)
	ancestor(topic, base, false)
	if got, err := r.MergeBase(ctx, "main", "topic"); got != base || err != nil {
		t.Errorf("MergeBase = %q, %v", got, err)
	}
	f.Git("switch", "--quiet", "--orphan", "other")
	f.Commit("unrelated", "c.txt", "one\n")
	if _, err := r.MergeBase(ctx, "main", "other"); selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("MergeBase of unrelated histories = %v", err)
	}
}

func TestIsDirty(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := gittest.New(t)
	f.Commit("first", "a.txt", "one\n")
	r := open(t, f.Dir)
	f.Write("untracked.txt", "x")
	if dirty, err := r.IsDirty(ctx); dirty || err != nil {
		t.Errorf("IsDirty with an untracked file = %v, %v", dirty, err)
	}
	f.Write("a.txt", "two\n")
	if dirty, err := r.IsDirty(ctx); !dirty || err != nil {
		t.Errorf("IsDirty = %v, %v", dirty, err)
	}
}

// TestNothingOfTheRepositoryRuns arms every mechanism by which configuration
// could start a program and reads the repository in every way.
func TestNothingOfTheRepositoryRuns(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := gittest.New(t)
	base := f.Commit("first", "a.bin", "one\n", ".gitattributes", "*.bin diff=evil filter=evil\n")
	head := f.Commit("second", "a.bin", "two\n")
	marker := filepath.Join(t.TempDir(), "ran")
	script := filepath.Join(t.TempDir(), "evil.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ntouch "+marker+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"core.fsmonitor", "diff.external", "diff.evil.command", "diff.evil.textconv", "core.pager"} {
		f.Git("config", key, script)
	}
	r := open(t, f.Dir)
	if _, err := r.Log(ctx, base, head); err != nil {
		t.Error(err)
	}
	if files, err := r.Diff(ctx, base, head); err != nil || len(files) != 1 || len(files[0].Hunks) != 1 {
		t.Errorf("Diff = %+v, %v", files, err)
	}
	if _, err := r.Grep(ctx, head, "two"); err != nil {
		t.Error(err)
	}
	if _, err := r.Blame(ctx, base, head, "a.bin", 1, 1); err != nil {
		t.Error(err)
	}
	if _, err := r.IsDirty(ctx); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("a program named by the repository's configuration ran")
	}
}

func TestCancelledContextStopsGit(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	head := f.Commit("first", "a.txt", "one\n")
	r := open(t, f.Dir)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Log(ctx, "", head); !errors.Is(err, context.Canceled) {
		t.Errorf("Log = %v", err)
	}
}

func TestRunCapsOutput(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	head := f.Commit("first", "a.txt", strings.Repeat("x", 10_000))
	r := open(t, f.Dir)
	_, err := r.RunWith(context.Background(), git.Options{Limit: 100}, "cat-file", "blob", head+":a.txt")
	if err == nil || !strings.Contains(err.Error(), "more than 100 bytes") {
		t.Errorf("RunWith = %v", err)
	}
	_, err = r.Run(context.Background(), "rev-parse", "--verify", "no-such-thing")
	var e *git.CommandError
	if !errors.As(err, &e) || e.ExitCode != 128 || e.Stderr == "" {
		t.Errorf("Run = %v", err)
	}
}

func TestReadBlobs(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	head := f.Commit("first", "a.txt", "one\n", "big.txt", strings.Repeat("x", 100), "empty.txt", "", "with space.txt", "s\n")
	r := open(t, f.Dir)
	var got []string
	names := []string{head + ":a.txt", head + ":missing", head + ":big.txt", head + ":empty.txt", "broken\nname", head + ":with space.txt"}
	err := r.ReadBlobs(context.Background(), names, 50, func(i int, content []byte, ok bool) error {
		got = append(got, fmt.Sprintf("%d %q %v", i, content, ok))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`0 "one\n" true`, `1 "" false`, `2 "" false`, `3 "" true`, `4 "" false`, `5 "s\n" true`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	stop := errors.New("stop")
	err = r.ReadBlobs(context.Background(), names, 50, func(int, []byte, bool) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("ReadBlobs = %v, want the callback's error", err)
	}
}

func TestListFilesSkipsSubmodules(t *testing.T) {
	t.Parallel()
	f := gittest.New(t)
	first := f.Commit("first", "a.txt", "one\n", "dir/é.txt", "2\n")
	f.Git("update-index", "--add", "--cacheinfo", "160000,"+first+",module")
	f.Git("commit", "--quiet", "-m", "module")
	r := open(t, f.Dir)
	entries, err := r.ListFiles(context.Background(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprintf("%s %d", e.Path, e.Size))
	}
	if diff := cmp.Diff([]string{"a.txt 4", "dir/é.txt 2"}, got); diff != "" {
		t.Error(diff)
	}
}
