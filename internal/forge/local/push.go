package local

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/forge/ref"
	"selfheal/internal/git"
)

// Push publishes a commit of the repository at dir under a branch name. A branch
// moves forward only: one with commits that the new one lacks is CodeConflict.
func (f *Forge) Push(ctx context.Context, dir, commit, branch string) error {
	return f.push(ctx, dir, commit, branch, nil)
}

// ReplaceBranch moves a branch whose tip is one of ours.
func (f *Forge) ReplaceBranch(ctx context.Context, dir, commit, branch string, ours []string) error {
	if !strings.HasPrefix(branch, "selfheal/") {
		return &selfheal.Error{Code: selfheal.CodeRefused, Op: "replace branch", Message: "not a branch of selfheal's own: " + ref.Quoted(branch)}
	}
	return f.push(ctx, dir, commit, branch, ours)
}

func (f *Forge) push(ctx context.Context, dir, commit, branch string, ours []string) error {
	if err := ref.CheckBranch(branch); err != nil {
		return err
	}
	if err := ref.CheckCommit(commit); err != nil {
		return err
	}
	if err := f.fetch(ctx, dir, commit); err != nil {
		return err
	}
	tip, err := f.tip(ctx, branch)
	if err != nil || tip == commit {
		return err
	}
	if tip != "" && !slices.Contains(ours, tip) {
		ahead, err := f.repository.IsAncestor(ctx, tip, commit)
		if err != nil {
			return unavailable("push", err)
		}
		if !ahead {
			return conflict("push", "branch "+branch+" has other commits")
		}
	}
	return f.move(ctx, branch, tip, commit)
}

// fetch copies a commit and its history into the bare repository. The program
// at the other end is told to serve commits that no branch of it contains, and
// to write nothing.
func (f *Forge) fetch(ctx context.Context, dir, commit string) error {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return unavailable("push", err)
	}
	_, err = f.repository.Run(ctx, "-c", "protocol.file.allow=always", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
		"--no-recurse-submodules", "--update-shallow", "--no-auto-gc",
		"--upload-pack=git -c uploadpack.allowAnySHA1InWant=true upload-pack", "--", absolute, commit)
	if err != nil {
		return unavailable("push "+selfheal.ShortRevision(commit), err)
	}
	return nil
}

// tip is the commit of a branch; empty when there is no such branch.
func (f *Forge) tip(ctx context.Context, branch string) (string, error) {
	out, err := f.repository.Run(ctx, "rev-parse", "--verify", "--quiet", "refs/heads/"+branch+"^{commit}")
	if failed, ok := errors.AsType[*git.CommandError](err); ok && failed.ExitCode == 1 {
		return "", nil
	}
	if err != nil {
		return "", unavailable("read branch "+branch, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// move sets a branch if it is still where the caller saw it; "" means that it did not exist.
func (f *Forge) move(ctx context.Context, branch, from, to string) error {
	if from == "" {
		from = strings.Repeat("0", len(to))
	}
	_, err := f.repository.Run(ctx, "update-ref", "refs/heads/"+branch, to, from)
	if _, failed := errors.AsType[*git.CommandError](err); !failed {
		return err
	}
	if now, tipErr := f.tip(ctx, branch); tipErr == nil && now == to {
		return nil // somebody else did the same
	}
	return &selfheal.Error{
		Code: selfheal.CodeConflict, Op: "move branch " + branch, Err: err,
		Message: "somebody else moved it at the same time, or its name clashes with another branch", Hint: "run the same command again",
	}
}

func conflict(op, message string) error {
	return &selfheal.Error{Code: selfheal.CodeConflict, Op: op, Message: message}
}
