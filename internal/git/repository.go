package git

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"selfheal"
)

// Repository is a git repository, bare or with a work tree. It holds no open
// files and may be used concurrently.
type Repository struct {
	dir  string
	bare bool
}

// The oldest git that understands every option used here ("blame --first-parent"
// counts lines rightly since then).
const (
	minimumMajor = 2
	minimumMinor = 30
)

var versionPattern = regexp.MustCompile(`git version (\d+)\.(\d+)`)

// Open checks that dir lies in a git repository and that a usable git command is
// there. It gives CodeUsage when either is not so.
func Open(ctx context.Context, dir string) (*Repository, error) {
	if err := checkVersion(ctx); err != nil {
		return nil, err
	}
	r := &Repository{dir: dir}
	out, err := r.Run(ctx, "rev-parse", "--is-bare-repository")
	if err != nil {
		return nil, notRepository(ctx, dir, err)
	}
	r.bare = strings.TrimSpace(string(out)) == "true"
	if r.bare {
		return r, nil
	}
	// From a subdirectory, some commands see only what is below it.
	out, err = r.Run(ctx, "rev-parse", "--show-toplevel")
	if top := strings.TrimRight(string(out), "\r\n"); err == nil && top != "" {
		r.dir = top
	}
	return r, nil
}

func notRepository(ctx context.Context, dir string, err error) error {
	if ctx.Err() != nil {
		return err
	}
	var e *CommandError
	if errors.As(err, &e) && strings.Contains(e.Stderr, "dubious ownership") {
		return &selfheal.Error{
			Code: selfheal.CodeUsage, Op: "open repository", Err: err,
			Message: fmt.Sprintf("%s belongs to another user, and git refuses to read it", dir),
			Hint:    "run as its owner, or: git config --global --add safe.directory " + dir,
		}
	}
	return &selfheal.Error{
		Code: selfheal.CodeUsage, Op: "open repository", Err: err,
		Message: dir + " is not a git repository",
		Hint:    "give the directory of a clone with --repo",
	}
}

func checkVersion(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "git", "version")
	cmd.Env = environment(nil)
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return fmt.Errorf("git version: %w", context.Cause(ctx))
	}
	if err != nil {
		return &selfheal.Error{
			Code: selfheal.CodeUsage, Op: "open repository", Err: err,
			Message: "the git command cannot be run", Hint: "install git 2.30 or newer and put it on PATH",
		}
	}
	return usableVersion(string(out))
}

// usableVersion refuses what is older than the minimum; an unreadable version passes.
func usableVersion(text string) error {
	m := versionPattern.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	if major > minimumMajor || (major == minimumMajor && minor >= minimumMinor) {
		return nil
	}
	return selfheal.Usagef("install git 2.30 or newer", "git %d.%d is too old", major, minor)
}

// Directory is the root of the work tree, or the directory of a bare repository.
func (r *Repository) Directory() string { return r.dir }

// IsBare tells whether the repository has no work tree.
func (r *Repository) IsBare() bool { return r.bare }

// IsShallow tells whether the history was cut off when it was cloned.
func (r *Repository) IsShallow(ctx context.Context) (bool, error) {
	out, err := r.Run(ctx, "rev-parse", "--is-shallow-repository")
	return strings.TrimSpace(string(out)) == "true", err
}

// IsDirty tells whether tracked files of the work tree differ from HEAD. A bare repository never is.
func (r *Repository) IsDirty(ctx context.Context) (bool, error) {
	if r.bare {
		return false, nil
	}
	out, err := r.Run(ctx, "status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty")
	return len(out) > 0, err
}
