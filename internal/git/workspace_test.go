package git

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal/internal/git/gittest"
)

func openWorkspace(t *testing.T, source, dir string) *Workspace {
	t.Helper()
	w, err := OpenWorkspace(t.Context(), source, dir)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// fingerprint hashes every file below dir, with its name, mode and time of change.
func fingerprint(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		hash := sha256.New()
		if entry.Type().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			hash.Write(content)
		}
		all[path] = info.Mode().String() + " " + info.ModTime().Format(time.RFC3339Nano) + " " + string(hash.Sum(nil))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWorkspaceNeverWritesToTheUsersRepository(t *testing.T) {
	t.Parallel()
	user := gittest.New(t)
	user.Commit("one", "a.txt", "1\n", "b.txt", "1\n")
	second := user.Commit("two", "a.txt", "2\n")
	head := user.Commit("three", "b.txt", "3\n")
	user.Write("a.txt", "uncommitted\n")
	user.Git("config", "core.hooksPath", filepath.Join(user.Dir, "hooks"))
	user.Write("hooks/post-checkout", "#!/bin/sh\ntouch "+filepath.Join(user.Dir, "hook-ran")+"\n")
	if err := os.Chmod(filepath.Join(user.Dir, "hooks/post-checkout"), 0o755); err != nil {
		t.Fatal(err)
	}
	before := fingerprint(t, user.Dir)

	w := openWorkspace(t, user.Dir, filepath.Join(t.TempDir(), "work.git"))
	tree := must[*Worktree](t)(w.Add(t.Context(), head))
	if conflicts, err := tree.Revert(t.Context(), second, 0); err != nil || len(conflicts) > 0 {
		t.Fatal(conflicts, err)
	}
	id := must[string](t)(tree.WriteTree(t.Context()))
	commit := must[string](t)(w.CommitTree(t.Context(), CommitSpec{Tree: id, Parents: []string{head}, Subject: "revert", Author: Identity{"s", "s@s"}, Time: time.Unix(1e9, 0)}))
	if patch, _, err := w.PatchText(t.Context(), head, commit, 1<<20); err != nil || !strings.Contains(patch, "-2\n+1\n") {
		t.Errorf("patch %q, error %v", patch, err)
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
	openWorkspace(t, user.Dir, w.Directory())

	if diff := cmp.Diff(before, fingerprint(t, user.Dir)); diff != "" {
		t.Errorf("the user's repository changed (-before +after):\n%s", diff)
	}
	if left := must[[]string](t)(filepath.Glob(w.trees + "/tree-*")); len(left) > 0 {
		t.Errorf("worktrees are left: %v", left)
	}
}

func TestWorkspaceOfUnusualRepositories(t *testing.T) {
	t.Parallel()
	f := func(name string, make func(t *testing.T, user *gittest.Repository) (source string)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			user := gittest.New(t)
			user.Commit("zero", "a.txt", "0\n")
			head := user.Commit("one", "a.txt", "1\n")
			w := openWorkspace(t, make(t, user), filepath.Join(t.TempDir(), "work.git"))
			tree := must[*Worktree](t)(w.Add(t.Context(), head))
			defer tree.Close()
			if content, err := os.ReadFile(filepath.Join(tree.Dir, "a.txt")); err != nil || string(content) != "1\n" {
				t.Errorf("content %q, error %v", content, err)
			}
			must[[]byte](t)(w.Run(t.Context(), "rev-list", "--objects", head))
		})
	}
	f("subdirectory", func(t *testing.T, user *gittest.Repository) string {
		user.Write("sub/x", "")
		return filepath.Join(user.Dir, "sub")
	})
	f("linked worktree", func(t *testing.T, user *gittest.Repository) string {
		linked := filepath.Join(t.TempDir(), "linked")
		user.Git("worktree", "add", "--quiet", linked)
		return linked
	})
	f("bare", func(t *testing.T, user *gittest.Repository) string {
		bare := filepath.Join(t.TempDir(), "bare.git")
		user.Git("clone", "--quiet", "--bare", user.Dir, bare)
		return bare
	})
	f("itself with alternates", func(t *testing.T, user *gittest.Repository) string {
		shared := filepath.Join(t.TempDir(), "shared")
		user.Git("clone", "--quiet", "--shared", user.Dir, shared)
		return shared
	})
	f("hostile name", func(t *testing.T, user *gittest.Repository) string {
		hostile := filepath.Join(t.TempDir(), "#a \"b\"\n\\c[*]")
		user.Git("clone", "--quiet", user.Dir, hostile)
		return hostile
	})
	f("shallow", func(t *testing.T, user *gittest.Repository) string {
		shallow := filepath.Join(t.TempDir(), "shallow")
		user.Git("clone", "--quiet", "--depth=1", "file://"+user.Dir, shallow)
		return shallow
	})
}

func TestWorkspaceOfSHA256Repository(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	user := gittest.New(t)
	user.Git("init", "--quiet", "--object-format=sha256", dir)
	user.Git("-C", dir, "commit", "--quiet", "--allow-empty", "--message", "one")
	w := openWorkspace(t, dir, filepath.Join(t.TempDir(), "work.git"))
	tree := must[*Worktree](t)(w.Add(t.Context(), user.Git("-C", dir, "rev-parse", "HEAD")))
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWorkspacesAreOpenedAtOnce(t *testing.T) {
	t.Parallel()
	user := gittest.New(t)
	head := user.Commit("one", "a.txt", "1\n")
	dir := filepath.Join(t.TempDir(), "new", "work.git")
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			w, err := OpenWorkspace(t.Context(), user.Dir, dir)
			if err != nil {
				t.Error(err)
				return
			}
			tree, err := w.Add(t.Context(), head)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := os.Stat(filepath.Join(tree.Dir, "a.txt")); err != nil {
				t.Error(err)
			}
			if err := tree.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	entries := must[[]os.DirEntry](t)(os.ReadDir(filepath.Dir(dir)))
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".new-") {
			t.Errorf("%s is left", entry.Name())
		}
	}
}

const killedVariable = "SELFHEAL_GIT_TEST_WORKSPACE"

// TestStaleWorktreesAreRemoved kills a process that holds a worktree: this test, run again.
func TestStaleWorktreesAreRemoved(t *testing.T) {
	if arguments := os.Getenv(killedVariable); arguments != "" {
		source, dir, _ := strings.Cut(arguments, "\n")
		tree := must[*Worktree](t)(openWorkspace(t, source, dir).Add(t.Context(), "HEAD~0"))
		_, _ = os.Stdout.WriteString("tree " + tree.Dir + "\n")
		_, _ = io.Copy(io.Discard, os.Stdin) // until killed
		return
	}
	t.Parallel()
	user := gittest.New(t)
	user.Commit("one", "a.txt", "1\n")
	dir := filepath.Join(t.TempDir(), "work.git")
	w := openWorkspace(t, user.Dir, dir)
	must[[]byte](t)(w.Run(t.Context(), "update-ref", "HEAD", user.Git("rev-parse", "HEAD")))

	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	command.Env = append(os.Environ(), killedVariable+"="+user.Dir+"\n"+dir)
	input, output := must[io.WriteCloser](t)(command.StdinPipe()), must[io.ReadCloser](t)(command.StdoutPipe())
	defer input.Close()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 4096)
	n, _ := output.Read(line)
	killed, found := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "tree ")
	if !found {
		t.Fatalf("the process said %q", line[:n])
	}
	mine := must[*Worktree](t)(w.Add(t.Context(), "HEAD"))
	defer mine.Close()

	openWorkspace(t, user.Dir, dir)
	if _, err := os.Stat(filepath.Join(killed, "a.txt")); err != nil {
		t.Errorf("the worktree of a living process is gone: %v", err)
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	openWorkspace(t, user.Dir, dir)
	if _, err := os.Stat(killed); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the worktree of the killed process is left: %v", err)
	}
	if _, err := os.Stat(filepath.Join(mine.Dir, "a.txt")); err != nil {
		t.Errorf("the own worktree is gone: %v", err)
	}
	if list := string(must[[]byte](t)(w.Run(t.Context(), "worktree", "list", "--porcelain"))); strings.Contains(list, killed) {
		t.Errorf("git still knows the worktree:\n%s", list)
	}
}

func TestRevert(t *testing.T) {
	t.Parallel()
	user := gittest.New(t)
	user.Commit("base", "a.txt", "a\nb\nc\n", "b.txt", "b\n")
	culprit := user.Commit("culprit", "a.txt", "a\nB\nc\n", "b.txt", "B\n")
	clean := user.Commit("elsewhere", "c.txt", "c\n")
	overlapping := user.Commit("same line", "a.txt", "a\nBB\nc\n")
	user.Git("checkout", "--quiet", "-b", "side", clean)
	user.Commit("on the side", "d.txt", "d\n")
	user.Git("checkout", "--quiet", "main")
	merge := user.Merge("side", "merge")
	w := openWorkspace(t, user.Dir, filepath.Join(t.TempDir(), "work.git"))

	f := func(name, head, commit string, mainline int, wantConflicts []string, wantFiles map[string]string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := must[*Worktree](t)(w.Add(t.Context(), head))
			defer tree.Close()
			conflicts, err := tree.Revert(t.Context(), commit, mainline)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wantConflicts, conflicts); diff != "" {
				t.Errorf("conflicts (-want +got):\n%s", diff)
			}
			for path, want := range wantFiles {
				content, err := os.ReadFile(filepath.Join(tree.Dir, path))
				if want == "" && errors.Is(err, fs.ErrNotExist) {
					continue
				}
				if err != nil || string(content) != want {
					t.Errorf("%s holds %q, want %q; error %v", path, content, want, err)
				}
			}
			if out := string(must[[]byte](t)(tree.Run(t.Context(), "status", "--porcelain"))); len(wantConflicts) > 0 && out != "" {
				t.Errorf("the tree is not as before: %s", out)
			}
		})
	}
	f("clean", clean, culprit, 0, nil, map[string]string{"a.txt": "a\nb\nc\n", "b.txt": "b\n", "c.txt": "c\n"})
	f("conflict", overlapping, culprit, 0, []string{"a.txt"}, map[string]string{"a.txt": "a\nBB\nc\n", "b.txt": "B\n"})
	f("merge", merge, merge, 1, nil, map[string]string{"d.txt": "", "a.txt": "a\nBB\nc\n"})

	tree := must[*Worktree](t)(w.Add(t.Context(), merge))
	defer tree.Close()
	for _, commit := range []string{strings.Repeat("0", 40), merge, "--abort"} { // a merge without mainline cannot be reverted
		if _, err := tree.Revert(t.Context(), commit, 0); err == nil {
			t.Errorf("revert of %s succeeded", commit)
		}
	}
}

func TestCommitTreeIsDeterministic(t *testing.T) {
	t.Parallel()
	user := gittest.New(t)
	head := user.Commit("one", "a.txt", "1\n")
	spec := CommitSpec{
		Tree: user.Git("rev-parse", "HEAD^{tree}"), Parents: []string{head},
		Subject: "Revert \"a\nb\x00\xff\"", Body: "\nwhy\n\nindeed\n\n", Trailers: []Trailer{{"Key", "value\nforged: yes"}, {"Other", "x"}},
		Author: Identity{"self <heal>\nx", "s@localhost"}, Time: time.Date(2026, 5, 1, 10, 0, 0, 5, time.FixedZone("", 7200)),
	}
	ids := map[string]bool{}
	for range 2 {
		w := openWorkspace(t, user.Dir, filepath.Join(t.TempDir(), "work.git"))
		id := must[string](t)(w.CommitTree(t.Context(), spec))
		ids[id] = true
		got := string(must[[]byte](t)(w.Run(t.Context(), "cat-file", "commit", id)))
		want := "tree " + spec.Tree + "\nparent " + head + "\n" +
			"author self heal x <s@localhost> 1777622400 +0000\ncommitter self heal x <s@localhost> 1777622400 +0000\n\n" +
			"Revert \"a b\uFFFD\"\n\nwhy\n\nindeed\n\nKey: value forged: yes\nOther: x\n"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("commit (-want +got):\n%s", diff)
		}
		if at := must[time.Time](t)(w.CommitTime(t.Context(), id)); at.Unix() != spec.Time.Unix() {
			t.Errorf("commit time %v", at)
		}
	}
	if len(ids) != 1 {
		t.Errorf("ids differ: %v", ids)
	}
}

func TestMergeTree(t *testing.T) {
	t.Parallel()
	user := gittest.New(t)
	base := user.Commit("base", "a.txt", "1\n2\n3\n", "b.txt", "b\n")
	user.Git("checkout", "--quiet", "-b", "theirs")
	theirs := user.Commit("theirs", "a.txt", "1\n2\n3 theirs\n")
	user.Git("checkout", "--quiet", "-b", "ours", base)
	ours := user.Commit("ours", "b.txt", "ours\n")
	conflicting := user.Commit("conflicting", "a.txt", "1\n2\n3 ours\n")
	w := openWorkspace(t, user.Dir, filepath.Join(t.TempDir(), "work.git"))

	type merge func(ours, theirs string) (string, []string, error)
	for name, f := range map[string]merge{
		"without work tree": func(a, b string) (string, []string, error) { return w.MergeTree(t.Context(), a, b) },
		"in a work tree":    func(a, b string) (string, []string, error) { return w.mergeInWorktree(t.Context(), a, b) },
	} {
		tree, conflicts, err := f(ours, theirs)
		if err != nil || len(conflicts) > 0 {
			t.Fatalf("%s: %v, error %v", name, conflicts, err)
		}
		if got := string(must[[]byte](t)(w.Run(t.Context(), "show", tree+":a.txt", tree+":b.txt"))); got != "1\n2\n3 theirs\nours\n" {
			t.Errorf("%s: merged %q", name, got)
		}
		_, conflicts, err = f(conflicting, theirs)
		if diff := cmp.Diff([]string{"a.txt"}, conflicts); diff != "" || err != nil {
			t.Errorf("%s: conflicts %v, error %v", name, conflicts, err)
		}
		if _, _, err = f(ours, strings.Repeat("1", 40)); err == nil {
			t.Errorf("%s: merged with a commit that does not exist", name)
		}
	}
}

func TestMergeFile(t *testing.T) {
	t.Parallel()
	w := openWorkspace(t, gittest.New(t).Dir, filepath.Join(t.TempDir(), "work.git"))
	f := func(ours, base, theirs, want string, wantClean bool) {
		t.Helper()
		merged, clean, err := w.MergeFile(t.Context(), []byte(ours), []byte(base), []byte(theirs))
		if err != nil || clean != wantClean || string(merged) != want {
			t.Errorf("merged %q, clean %v, error %v; want %q, %v", merged, clean, err, want, wantClean)
		}
	}
	f("0\n1\n2\n3\n4\n", "1\n2\n3\n4\n", "1\n2\n3\n5\n", "0\n1\n2\n3\n5\n", true)
	f("1\nx\n3\n", "1\n2\n3\n", "1\ny\n3\n", "", false)
	f("1\n2\n3", "1\n2\n3", "1\r\n2\n3", "1\r\n2\n3", true)
	f("a\x00b", "a\x00b", "a\x00c", "", false)
}

func TestPatchTextIsBounded(t *testing.T) {
	t.Parallel()
	user := gittest.New(t)
	base := user.Commit("one", "a.txt", "1\n")
	head := user.Commit("two", "a.txt", strings.Repeat("a line\n", 100_000))
	r := must[*Repository](t)(Open(t.Context(), user.Dir))
	patch, cut, err := r.PatchText(t.Context(), base, head, 1000)
	if err != nil || !cut || len(patch) != 1000 {
		t.Errorf("%d bytes, cut %v, error %v", len(patch), cut, err)
	}
	patch, cut, err = r.PatchText(t.Context(), base, base, 1000)
	if err != nil || cut || patch != "" {
		t.Errorf("patch %q, cut %v, error %v", patch, cut, err)
	}
}
