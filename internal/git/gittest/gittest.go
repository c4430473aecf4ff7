// Package gittest builds small real git repositories for tests, with fixed
// authors and dates so that commit ids are the same on every machine.
package gittest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Repository is a repository with a work tree in a temporary directory.
type Repository struct {
	Dir string

	t       testing.TB
	commits int
}

// start is the time of the first commit; each next one is a minute later.
var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// New makes an empty repository on branch main.
func New(t testing.TB) *Repository {
	t.Helper()
	r := &Repository{Dir: t.TempDir(), t: t}
	r.Git("init", "--quiet", "--initial-branch=main")
	return r
}

// Git runs git in the work tree and gives its output; the test ends when it fails.
func (r *Repository) Git(args ...string) string {
	r.t.Helper()
	when := start.Add(time.Duration(r.commits) * time.Minute).Format(time.RFC3339)
	cmd := exec.Command("git", args...)
	cmd.Dir = r.Dir
	cmd.Env = append(os.Environ(),
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "LC_ALL=C",
		"GIT_AUTHOR_NAME=Example Author", "GIT_AUTHOR_EMAIL=author@example.com", "GIT_AUTHOR_DATE="+when,
		"GIT_COMMITTER_NAME=Example Author", "GIT_COMMITTER_EMAIL=author@example.com", "GIT_COMMITTER_DATE="+when,
	)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimRight(string(out), "\n")
}

// Write creates or replaces a file; it is not committed.
func (r *Repository) Write(path, content string) {
	r.t.Helper()
	full := filepath.Join(r.Dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o750); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// Remove deletes a file; the deletion is not committed.
func (r *Repository) Remove(path string) {
	r.t.Helper()
	if err := os.Remove(filepath.Join(r.Dir, filepath.FromSlash(path))); err != nil {
		r.t.Fatal(err)
	}
}

// Commit writes the files (path, content, path, content, ...), commits
// everything in the work tree, and gives the commit's full id.
func (r *Repository) Commit(subject string, files ...string) string {
	r.t.Helper()
	if len(files)%2 != 0 {
		r.t.Fatal(fmt.Errorf("gittest: path without content: %q", files[len(files)-1]))
	}
	for i := 0; i < len(files); i += 2 {
		r.Write(files[i], files[i+1])
	}
	r.commits++
	r.Git("add", "--all")
	r.Git("commit", "--quiet", "--allow-empty", "--message", subject)
	return r.Git("rev-parse", "HEAD")
}

// Merge merges a branch with a merge commit and gives its full id.
func (r *Repository) Merge(branch, subject string) string {
	r.t.Helper()
	r.commits++
	r.Git("merge", "--quiet", "--no-ff", "--message", subject, branch)
	return r.Git("rev-parse", "HEAD")
}
