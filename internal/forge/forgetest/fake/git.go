// Package fake is what the stand-ins for forges that cannot be had have in common:
// a repository that is served by git's own HTTP server, and the pull requests,
// people and checks that a forge keeps. The tests of each forge put its API in
// front, as it is documented.
package fake

import (
	"fmt"
	"net/http"
	"net/http/cgi" //nolint:gosec // the hole that the linter means was closed in Go 1.6.3
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository is a bare repository; its users and their passwords are checked.
type repository struct {
	dir     string
	backend http.Handler
}

func newRepository(t testing.TB, source, path string) *repository {
	t.Helper()
	root := t.TempDir()
	r := &repository{dir: filepath.Join(root, filepath.FromSlash(path)+".git")}
	r.git(t, root, "init", "--quiet", "--bare", "--initial-branch=main", r.dir)
	r.git(t, r.dir, "config", "http.receivepack", "true")
	r.git(t, r.dir, "fetch", "--quiet", source, "main:refs/heads/main")
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	r.backend = &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(out)), "git-http-backend"), Dir: root,
		Env:    []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=selfheal", "GIT_CONFIG_NOSYSTEM=1", "HOME=" + root},
		Stderr: nowhere{},
	}
	return r
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

func (r *repository) git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := r.try(dir, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (r *repository) try(dir string, args ...string) (string, error) {
	command := exec.Command("git", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "LC_ALL=C",
		"GIT_AUTHOR_NAME=A Person", "GIT_AUTHOR_EMAIL=person@example.com", "GIT_COMMITTER_NAME=A Person", "GIT_COMMITTER_EMAIL=person@example.com")
	out, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// Tip is where a branch is; empty when there is none.
func (r *repository) tip(branch string) string {
	out, err := r.try(r.dir, "rev-parse", "--verify", "--quiet", "refs/heads/"+branch)
	if err != nil {
		return ""
	}
	return out
}

// merge merges a commit into a branch and gives the merge commit.
func (r *repository) merge(t testing.TB, commit, target string) string {
	t.Helper()
	base := r.tip(target)
	tree := r.git(t, r.dir, "merge-tree", "--write-tree", base, commit)
	merged := r.git(t, r.dir, "commit-tree", tree, "-p", base, "-p", commit, "-m", "Merge")
	r.git(t, r.dir, "update-ref", "refs/heads/"+target, merged, base)
	return merged
}

func (r *repository) protect(t testing.TB) {
	t.Helper()
	hook := "#!/bin/sh\necho 'branch is protected' >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(r.dir, "hooks", "pre-receive"), []byte(hook), 0o700); err != nil { //nolint:gosec // a hook is run
		t.Fatal(err)
	}
}
