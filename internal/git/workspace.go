package git

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"selfheal/internal/atomicfile"

	"selfheal"
)

// Workspace is a bare repository of selfheal's own, in which commits are made
// and trees are checked out.
//
// Commands in a workspace see no configuration of the user or the system, so
// that no signing, filter or merge driver of theirs takes part, and so that the
// same input makes the same commit everywhere.
type Workspace struct {
	*Repository
	trees string // directory of the worktrees
}

// OpenWorkspace opens the workspace at dir for the user's repository at source,
// or makes it. The user's repository is only ever read: its objects are borrowed
// (git's "alternates"), and no reference, index, configuration or worktree entry
// is written there. Should the user prune objects that commits in the workspace
// build on, those cannot be read until the objects are back.
func OpenWorkspace(ctx context.Context, source, dir string) (*Workspace, error) {
	user, err := Open(ctx, source)
	if err != nil {
		return nil, err
	}
	objects, err := user.gitPath(ctx, "objects")
	if err != nil {
		return nil, wrap("open workspace", err)
	}
	shallow, err := user.gitPath(ctx, "shallow")
	if err != nil {
		return nil, wrap("open workspace", err)
	}
	format, err := user.ObjectFormat(ctx)
	if err != nil {
		return nil, wrap("open workspace", err)
	}
	w, err := OpenBare(ctx, dir, format)
	if err != nil {
		return nil, err
	}
	err = errors.Join(borrowObjects(w.dir, objects), copyBorders(w.dir, shallow))
	return w, wrap("open workspace", err)
}

// OpenBare opens the workspace at dir, which borrows from no other, or makes an
// empty one; format is git's object format, "sha1" or "sha256". Worktrees that a
// killed process left behind are removed.
func OpenBare(ctx context.Context, dir, format string) (*Workspace, error) {
	if err := checkVersion(ctx); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, wrap("open workspace", err)
	}
	if err := initBare(ctx, dir, format); err != nil {
		return nil, err
	}
	w := &Workspace{Repository: &Repository{dir: dir, bare: true}, trees: strings.TrimSuffix(dir, ".git") + ".trees"}
	return w, wrap("remove stale worktrees", w.removeStale(ctx))
}

// initBare makes an empty bare repository at dir unless one is there. It appears
// in one step, so that neither a kill nor another process that does the same
// leaves half of one.
func initBare(ctx context.Context, dir, format string) error {
	if isBare(dir) {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return unwritable(dir, err)
	}
	temporary, err := os.MkdirTemp(parent, ".new-*")
	if err != nil {
		return unwritable(dir, err)
	}
	r := &Repository{dir: temporary, bare: true}
	_, err = r.RunWith(ctx, Options{Env: isolated[:]}, "init", "--quiet", "--bare", "--template=",
		"--initial-branch=main", "--object-format="+format, ".")
	if err == nil {
		err = os.Rename(temporary, dir)
	}
	if err == nil {
		return nil
	}
	err = errors.Join(err, os.RemoveAll(temporary))
	if isBare(dir) {
		return nil // another process was faster
	}
	return unwritable(dir, err)
}

func isBare(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "HEAD"))
	return err == nil
}

func unwritable(dir string, err error) error {
	return &selfheal.Error{
		Code: selfheal.CodeUnavailable, Op: "make repository", Err: err,
		Message: dir + " cannot be made", Hint: "check the directory's permissions and the space on its disk",
	}
}

// isolated keeps the configuration of users and the system out, and pins who
// commits where nothing else says so.
var isolated = [...]string{
	"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_SYSTEM=" + os.DevNull, "GIT_CONFIG_GLOBAL=" + os.DevNull,
	"GIT_ATTR_NOSYSTEM=1", "HOME=" + os.DevNull, "XDG_CONFIG_HOME=" + os.DevNull,
	"GIT_AUTHOR_NAME=selfheal", "GIT_AUTHOR_EMAIL=selfheal@localhost",
	"GIT_COMMITTER_NAME=selfheal", "GIT_COMMITTER_EMAIL=selfheal@localhost",
}

// gitPath is where a file of the repository lies; worktrees of one repository share most.
func (r *Repository) gitPath(ctx context.Context, name string) (string, error) {
	out, err := r.Run(ctx, "rev-parse", "--git-path", name)
	if err != nil {
		return "", err
	}
	path := strings.TrimSuffix(strings.TrimSuffix(string(out), "\n"), "\r")
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.dir, path)
	}
	return filepath.Abs(path)
}

// ObjectFormat is how objects are hashed: "sha1" or "sha256".
func (r *Repository) ObjectFormat(ctx context.Context) (string, error) {
	out, err := r.Run(ctx, "rev-parse", "--show-object-format")
	return strings.TrimSpace(string(out)), err
}

// borrowObjects points the repository at dir to another's objects.
func borrowObjects(dir, objects string) error {
	line := quoteAlternate(filepath.ToSlash(objects)) + "\n"
	return replaceFile(filepath.Join(dir, "objects", "info", "alternates"), []byte(line))
}

// copyBorders tells the repository at dir where a shallow clone's history ends.
func copyBorders(dir, shallow string) error {
	borders, err := os.ReadFile(shallow)
	if err == nil && completed(dir, borders) {
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = os.Remove(filepath.Join(dir, "shallow"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, "shallow"), borders)
}

// replaceFile writes a file in one step, unless it is there already: another
// process may be reading it.
func replaceFile(path string, content []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(path, content, 0o600)
}

// quoteAlternate quotes a path as git reads it in the list of alternates, where
// a line feed would end the path.
func quoteAlternate(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
}

// Run runs git in the workspace without the user's configuration.
func (w *Workspace) Run(ctx context.Context, args ...string) ([]byte, error) {
	return w.RunWith(ctx, Options{}, args...)
}

// RunWith is [Workspace.Run] with options.
func (w *Workspace) RunWith(ctx context.Context, options Options, args ...string) ([]byte, error) {
	options.Env = append(isolated[:len(isolated):len(isolated)], options.Env...)
	return w.Repository.RunWith(ctx, options, args...)
}
