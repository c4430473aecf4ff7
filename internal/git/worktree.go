package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Worktree is a checked-out revision in a directory of its own. HEAD is
// detached. Close removes it.
type Worktree struct {
	Dir string // root of the tree

	workspace *Workspace
	lock      *os.File // locked for as long as the process lives, so that others know a stale tree
}

// lockSuffix makes the name of a worktree's lock file from that of its directory.
const lockSuffix = ".lock"

// Add checks out a revision into a new worktree. Files that a filter would
// fetch (Git LFS) stay pointers, and submodules stay empty.
func (w *Workspace) Add(ctx context.Context, revision string) (*Worktree, error) {
	id, err := w.Resolve(ctx, revision)
	if err != nil {
		return nil, err
	}
	t := &Worktree{workspace: w}
	err = w.exclusively(func() error {
		var err error
		if t.lock, err = os.CreateTemp(w.trees, "tree-*"+lockSuffix); err != nil {
			return unwritable(w.trees, err)
		}
		t.Dir = strings.TrimSuffix(t.lock.Name(), lockSuffix)
		if _, err = lockFile(t.lock, false); err != nil {
			return err
		}
		_, err = w.Run(ctx, "worktree", "add", "--quiet", "--no-checkout", "--detach", t.Dir, id)
		return err
	})
	if err == nil {
		_, err = t.Run(ctx, "reset", "--quiet", "--hard")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("check out %s: %w", abbreviate(id), err), t.Close())
	}
	return t, nil
}

// Close removes the worktree and everything in it, also when the context that
// it was made with has ended. A second call does nothing.
func (t *Worktree) Close() error {
	if t.lock == nil {
		return nil
	}
	lock := t.lock
	t.lock = nil
	if err := RemoveAll(t.Dir); err != nil {
		return errors.Join(fmt.Errorf("remove worktree: %w", err), lock.Close())
	}
	return t.workspace.exclusively(func() error { return t.workspace.remove(context.Background(), lock) })
}

// remove deletes the worktree that a lock, which is held, belongs to.
func (w *Workspace) remove(ctx context.Context, lock *os.File) error {
	if err := RemoveAll(strings.TrimSuffix(lock.Name(), lockSuffix)); err != nil {
		return errors.Join(fmt.Errorf("remove worktree: %w", err), lock.Close())
	}
	_, err := w.Run(ctx, "worktree", "prune", "--expire=now")
	return errors.Join(err, lock.Close(), os.Remove(lock.Name()))
}

// removeStale removes the worktrees whose process is gone.
func (w *Workspace) removeStale(ctx context.Context) error {
	if _, err := os.Stat(w.trees); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return w.exclusively(func() error {
		locks, err := filepath.Glob(escapePattern(w.trees) + "/tree-*" + lockSuffix)
		if err != nil {
			return err
		}
		for _, name := range locks {
			if err := w.removeIfStale(ctx, name); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *Workspace) removeIfStale(ctx context.Context, name string) error {
	lock, err := os.OpenFile(name, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // its owner closed it just now
	}
	if err != nil {
		return err
	}
	stale, err := lockFile(lock, false)
	if err != nil || !stale {
		return errors.Join(err, lock.Close())
	}
	return w.remove(ctx, lock)
}

// exclusively runs f while no other process makes or removes worktrees: git's
// own list of them is not safe against that, and between making a lock file and
// locking it a worktree looks as if its owner were gone. It cannot be nested.
func (w *Workspace) exclusively(f func() error) error {
	if err := os.MkdirAll(w.trees, 0o700); err != nil {
		return unwritable(w.trees, err)
	}
	all, err := os.OpenFile(filepath.Join(w.trees, "all"+lockSuffix), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unwritable(w.trees, err)
	}
	if _, err := lockFile(all, true); err != nil {
		return errors.Join(err, all.Close())
	}
	return errors.Join(f(), all.Close())
}

// escapePattern makes a path match only itself in a glob.
func escapePattern(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// RemoveAll removes a directory also when programs left read-only directories
// in it, as a module cache does.
func RemoveAll(dir string) error {
	if err := os.RemoveAll(dir); err == nil {
		return nil
	}
	// What cannot be changed shows as the error of the second attempt.
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = os.Chmod(path, 0o700) //nolint:gosec // a directory needs its x bit to be emptied
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// Run runs git in the worktree.
func (t *Worktree) Run(ctx context.Context, args ...string) ([]byte, error) {
	return t.workspace.RunWith(ctx, Options{Directory: t.Dir}, args...)
}

// Revert takes the changes of a commit back in the work tree and the index;
// nothing is committed. mainline is the parent, from 1, that a merge commit is
// compared with, and 0 for other commits. When later changes are in the way, it
// gives their paths, and the worktree is as it was before.
func (t *Worktree) Revert(ctx context.Context, commit string, mainline int) (conflicts []string, err error) {
	if err := plainRevisions(commit); err != nil {
		return nil, err
	}
	args := []string{"-c", "merge.renames=true", "-c", "rerere.enabled=false", "revert", "--no-commit"}
	if mainline > 0 {
		args = append(args, "--mainline="+strconv.Itoa(mainline))
	}
	_, err = t.Run(ctx, append(args, commit)...)
	if _, ran := exitCode(err); err == nil || !ran {
		return nil, wrap("revert "+abbreviate(commit), err)
	}
	conflicts, listErr := t.unmerged(ctx)
	if listErr != nil || len(conflicts) == 0 {
		return nil, errors.Join(wrap("revert "+abbreviate(commit), err), listErr)
	}
	_, err = t.Run(ctx, "reset", "--quiet", "--hard")
	return conflicts, wrap("take back a conflicting revert", err)
}

// unmerged lists the paths that the index holds in several versions.
func (t *Worktree) unmerged(ctx context.Context) ([]string, error) {
	out, err := t.Run(ctx, "diff", "--name-only", "--diff-filter=U", "-z")
	if err != nil {
		return nil, err
	}
	return splitNUL(out), nil
}

// WriteTree stores the index as a tree and gives its id.
func (t *Worktree) WriteTree(ctx context.Context) (string, error) {
	out, err := t.Run(ctx, "write-tree")
	return strings.TrimSpace(string(out)), wrap("write tree", err)
}

func splitNUL(out []byte) []string {
	text := strings.TrimSuffix(string(out), "\x00")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", op, err)
}
