package git

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// MergeTree merges two commits and gives the id of the merged tree, or the
// paths that conflict. Nothing refers to the tree yet.
func (w *Workspace) MergeTree(ctx context.Context, ours, theirs string) (tree string, conflicts []string, err error) {
	if err := plainRevisions(ours, theirs); err != nil {
		return "", nil, err
	}
	out, err := w.Run(ctx, "merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs)
	lines := splitNUL(out)
	code, ran := exitCode(err)
	switch {
	case err == nil && len(lines) == 1:
		return lines[0], nil, nil
	case ran && code == 1 && len(lines) > 1:
		return "", lines[1:], nil
	case ran && code > 1:
		return w.mergeInWorktree(ctx, ours, theirs) // git before 2.38 has no --write-tree
	}
	return "", nil, wrap("merge", err)
}

// mergeInWorktree is MergeTree by way of a checkout.
func (w *Workspace) mergeInWorktree(ctx context.Context, ours, theirs string) (tree string, conflicts []string, err error) {
	t, err := w.Add(ctx, ours)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	_, mergeErr := t.Run(ctx, "merge", "--quiet", "--no-commit", "--no-ff", "--no-verify", theirs)
	if _, ran := exitCode(mergeErr); ran {
		conflicts, err = t.unmerged(ctx)
		if err == nil && len(conflicts) > 0 {
			return "", conflicts, nil
		}
	}
	if mergeErr != nil {
		return "", nil, wrap("merge", mergeErr)
	}
	tree, err = t.WriteTree(ctx)
	return tree, nil, err
}

// MergeFile makes the changes from base to theirs in ours and gives the result;
// clean is false when they touch lines that ours changed too, or when a side is binary.
func (w *Workspace) MergeFile(ctx context.Context, ours, base, theirs []byte) (merged []byte, clean bool, err error) {
	dir, err := os.MkdirTemp("", "selfheal-merge-*")
	if err != nil {
		return nil, false, wrap("merge file", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for name, content := range map[string][]byte{"ours": ours, "base": base, "theirs": theirs} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return nil, false, wrap("merge file", err)
		}
	}
	merged, err = w.RunWith(ctx, Options{Directory: dir}, "merge-file", "-p", "-q", "ours", "base", "theirs")
	if _, ran := exitCode(err); ran {
		return nil, false, nil
	}
	return merged, err == nil, wrap("merge file", err)
}

// PatchText gives the unified difference between two commits as git prints it,
// with binary files named only; cut says that it was longer than limit bytes
// and ends in the middle.
func (r *Repository) PatchText(ctx context.Context, base, head string, limit int) (patch string, cut bool, err error) {
	if err := plainRevisions(base, head); err != nil {
		return "", false, err
	}
	var text []byte
	read := func(stdout io.Reader) error {
		var err error
		text, err = io.ReadAll(io.LimitReader(stdout, int64(limit)+1))
		if err == nil && len(text) > limit {
			return errCut
		}
		return err
	}
	args := append([]string{"diff"}, diffOptions[:]...)
	err = r.stream(ctx, Options{}, read, append(args, "--no-full-index", "--abbrev=10", "--end-of-options", base, head)...)
	if errors.Is(err, errCut) {
		return string(text[:limit]), true, nil
	}
	return string(text), false, wrap("read patch", err)
}

var errCut = errors.New("longer than the limit")
