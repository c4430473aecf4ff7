package demo

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfheal"
)

// TestEveryCommit builds the service at every commit of the two scenarios between
// which all archives that change Go files occur, and runs its own tests before
// and after the deploy: they pass, which is how the bug came into production,
// except where the build is meant to fail. All is done in one directory, for the
// build cache's sake.
func TestEveryCommit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	built := make(map[string]bool) // by the state of the Go files
	for _, name := range []Scenario{Regression, BuildFailure} {
		w := makeHistoryOnly(t, name)
		if len(built) == 0 {
			mustGit(t, w.Dir, "clone", "--quiet", "--no-checkout", w.Repository, dir)
		}
		mustGit(t, dir, "fetch", "--quiet", w.Repository, "main")
		fails := false
		for commit := range strings.FieldsSeq(mustGit(t, w.Repository, "rev-list", "--reverse", "HEAD")) {
			fails = fails || (name == BuildFailure && commit == w.Truth.Culprit)
			line, state := "go build ./...", mustGit(t, w.Repository, "ls-tree", "-r", commit, "cmd", "internal")
			if name == Regression && (commit == w.Base || commit == w.Head) {
				line = "go test ./..."
			}
			if built[state] && line != "go test ./..." {
				continue
			}
			built[state] = true
			mustGit(t, dir, "checkout", "--quiet", "--detach", commit)
			out, err := shell(t, dir, line)
			if (err != nil) != fails {
				t.Errorf("%s, commit %s: %v\n%s", name, selfheal.ShortRevision(commit), err, out)
			}
		}
	}
}

func mustGit(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := git(t.Context(), dir, nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestHistory asserts what makes the history look like one: several authors with
// addresses that cannot exist, dates in order over about three weeks, clean state.
func TestHistory(t *testing.T) {
	t.Parallel()
	for _, info := range Scenarios() {
		w := makeHistoryOnly(t, info.Name)
		log := strings.Split(mustGit(t, w.Repository, "log", "--reverse", "--format=%at %ae"), "\n")
		if len(log) < 10 || len(log) > 16 {
			t.Errorf("%s: %d commits", info.Name, len(log))
		}
		if !slices.IsSorted(log) {
			t.Errorf("%s: dates out of order: %v", info.Name, log)
		}
		authors := make(map[string]bool)
		for _, line := range log {
			_, author, _ := strings.Cut(line, " ")
			authors[author] = true
			if !strings.HasSuffix(author, "@example.com") {
				t.Errorf("%s may be somebody's address", author)
			}
		}
		if len(authors) < 4 {
			t.Errorf("%s: authors %v", info.Name, authors)
		}
		if status := mustGit(t, w.Repository, "status", "--porcelain"); status != "" {
			t.Errorf("%s: the work tree is dirty:\n%s", info.Name, status)
		}
		if tag := mustGit(t, w.Repository, "rev-parse", "v1.8.0"); tag != w.Base {
			t.Errorf("%s: the tag is %s, base is %s", info.Name, tag, w.Base)
		}
		if head := mustGit(t, w.Repository, "rev-parse", "main"); head != w.Head {
			t.Errorf("%s: main is %s, head is %s", info.Name, head, w.Head)
		}
		if info.Status != w.Truth.Status {
			t.Errorf("%s: announced %s, truth %s", info.Name, info.Status, w.Truth.Status)
		}
	}
}

// TestEveryArchiveIsUsed keeps the history free of commits that no scenario has.
func TestEveryArchiveIsUsed(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	for _, name := range base() {
		used[name] = true
	}
	for _, s := range scripts() {
		for _, name := range s.commits {
			used[name] = true
		}
		if s.culprit != "" && !slices.Contains(s.commits, s.culprit) {
			t.Errorf("%s: the culprit is not deployed", s.Name)
		}
	}
	entries, err := archives.ReadDir("history")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := strings.TrimSuffix(entry.Name(), ".txtar"); !used[name] {
			t.Errorf("%s is in no scenario", name)
		}
	}
}
