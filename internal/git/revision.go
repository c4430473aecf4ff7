package git

import (
	"context"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"selfheal"
	"selfheal/internal/suggest"
)

// maxSuggestions bounds the names that a hint offers.
const maxSuggestions = 3

var fullID = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// Resolve gives the full commit id of a revision: a branch, tag, abbreviated id
// or any other expression of git. An unknown revision gives CodeUsage with a
// hint that names similar branches and tags.
func (r *Repository) Resolve(ctx context.Context, revision string) (string, error) {
	if err := plainRevisions(revision); err != nil || revision == "" {
		return "", notRevision(revision)
	}
	out, err := r.Run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	id := strings.TrimSpace(string(out))
	if err == nil && fullID.MatchString(id) {
		return id, nil
	}
	if _, ran := exitCode(err); err != nil && !ran {
		return "", fmt.Errorf("resolve %q: %w", revision, err)
	}
	return "", &selfheal.Error{
		Code:    selfheal.CodeUsage,
		Message: fmt.Sprintf("unknown revision %q", revision), Hint: r.unknownHint(ctx, revision),
	}
}

// plainRevisions refuses what git could take for an option. Not every
// subcommand of every supported version knows --end-of-options.
func plainRevisions(revisions ...string) error {
	for _, revision := range revisions {
		if strings.HasPrefix(revision, "-") || strings.ContainsAny(revision, "\x00\n") {
			return notRevision(revision)
		}
	}
	return nil
}

func notRevision(revision string) error {
	return selfheal.Usagef("give a branch, a tag or a commit id", "%q is not a revision", revision)
}

// unknownHint says what the caller may have meant, or why the commit may be missing.
func (r *Repository) unknownHint(ctx context.Context, revision string) string {
	var hints []string
	if shallow, err := r.IsShallow(ctx); err == nil && shallow {
		hints = append(hints, "the clone is shallow: run git fetch --unshallow --tags")
	}
	if names := r.similarNames(ctx, revision); len(names) > 0 {
		hints = append(hints, "did you mean "+strings.Join(names, ", ")+"?")
	}
	if len(hints) > 0 {
		return strings.Join(hints, "; ")
	}
	return "run git fetch --tags, or give a branch, a tag or a commit id"
}

// similarNames lists the branches and tags that are closest to name.
func (r *Repository) similarNames(ctx context.Context, name string) []string {
	out, err := r.Run(ctx, "for-each-ref", "--sort=-creatordate", "--count=2000", "--format=%(refname:short)",
		"refs/heads", "refs/tags", "refs/remotes")
	if err != nil {
		return nil
	}
	limit := max(1, len(name)/3)
	type scored struct {
		name     string
		distance int
	}
	var close []scored
	for ref := range strings.FieldsSeq(string(out)) {
		short := ref[strings.LastIndexByte(ref, '/')+1:]
		d := min(suggest.Distance(name, ref), suggest.Distance(name, short))
		if d <= limit {
			close = append(close, scored{ref, d})
		}
	}
	sort.SliceStable(close, func(i, j int) bool { return close[i].distance < close[j].distance })
	var names []string
	for _, s := range close[:min(len(close), maxSuggestions)] {
		names = append(names, s.name)
	}
	return names
}

// IsAncestor tells whether ancestor is reachable from descendant (or is the same commit).
func (r *Repository) IsAncestor(ctx context.Context, ancestor, descendant string) (bool, error) {
	if err := plainRevisions(ancestor, descendant); err != nil {
		return false, err
	}
	_, err := r.Run(ctx, "merge-base", "--is-ancestor", ancestor, descendant)
	if code, ran := exitCode(err); ran && code == 1 {
		return false, nil
	}
	return err == nil, err
}

// MergeBase gives the best common ancestor, or CodeUsage when the histories are unrelated.
func (r *Repository) MergeBase(ctx context.Context, a, b string) (string, error) {
	if err := plainRevisions(a, b); err != nil {
		return "", err
	}
	out, err := r.Run(ctx, "merge-base", a, b)
	if code, ran := exitCode(err); ran && code == 1 {
		hint := "check that both revisions belong to the same project"
		if shallow, shallowErr := r.IsShallow(ctx); shallowErr == nil && shallow {
			hint = "the clone is shallow: run git fetch --unshallow"
		}
		return "", selfheal.Usagef(hint, "%s and %s have no common history", abbreviate(a), abbreviate(b))
	}
	return strings.TrimSpace(string(out)), err
}

// CurrentBranch gives the branch that HEAD is on; empty when HEAD is detached.
func (r *Repository) CurrentBranch(ctx context.Context) (string, error) {
	out, err := r.Run(ctx, "symbolic-ref", "--quiet", "--short", "HEAD")
	if code, ran := exitCode(err); ran && code == 1 {
		return "", nil
	}
	return strings.TrimSpace(string(out)), err
}

// DefaultBranch gives the branch that changes are merged into: the remote's
// HEAD where known, else main or master, else the current branch. CodeNotFound when there is none.
func (r *Repository) DefaultBranch(ctx context.Context) (string, error) {
	out, err := r.Run(ctx, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
	if name := strings.TrimPrefix(strings.TrimSpace(string(out)), "origin/"); err == nil && name != "" {
		return name, nil
	}
	for _, name := range []string{"main", "master"} {
		if _, err := r.Run(ctx, "show-ref", "--verify", "--quiet", "refs/heads/"+name); err == nil {
			return name, nil
		}
	}
	name, err := r.CurrentBranch(ctx)
	if err == nil && name == "" {
		err = selfheal.NotFoundf("name the branch explicitly", "the repository has no default branch")
	}
	return name, err
}

func abbreviate(id string) string {
	if fullID.MatchString(id) {
		return id[:10]
	}
	return id
}
