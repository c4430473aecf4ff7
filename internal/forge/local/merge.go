package local

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"selfheal"
	"selfheal/internal/forge/ref"
	"selfheal/internal/git"
)

// MergePullRequest merges the open pull request with a mark by a merge commit
// and gives it back merged; one that is merged already comes back as it is.
// Changes that do not fit together are CodeConflict, a closed one is CodeRefused.
func (f *Forge) MergePullRequest(ctx context.Context, mark, by string) (selfheal.PullRequest, error) {
	pr, err := f.PullRequest(ctx, mark)
	if err != nil || pr.State == selfheal.PullRequestMerged {
		return pr, err
	}
	if pr.State == selfheal.PullRequestClosed {
		return pr, &selfheal.Error{
			Code: selfheal.CodeRefused, Op: "merge pull request",
			Message: "pull request " + strconv.Itoa(pr.Number) + " was closed without being merged",
		}
	}
	target, err := f.tip(ctx, pr.Target)
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	if target == "" {
		return selfheal.PullRequest{}, selfheal.NotFoundf(
			"push it to "+f.config.Dir+" first", "the forge has no branch %s to merge into", pr.Target)
	}
	merged, err := f.merge(ctx, pr, target, by)
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	if err := f.move(ctx, pr.Target, target, merged); err != nil {
		return selfheal.PullRequest{}, err
	}
	return f.finish(ctx, pr, merged)
}

// merge makes the merge commit, to which nothing refers yet.
func (f *Forge) merge(ctx context.Context, pr selfheal.PullRequest, target, by string) (string, error) {
	tree, conflicts, err := f.repository.MergeTree(ctx, target, pr.Commit)
	if err != nil {
		return "", unavailable("merge pull request", err)
	}
	if len(conflicts) > 0 {
		return "", conflict("merge pull request", fmt.Sprintf("branches %s and %s both changed %s", pr.Source, pr.Target, ref.Quoted(strings.Join(conflicts, ", "))))
	}
	return f.repository.CommitTree(ctx, git.CommitSpec{
		Tree: tree, Parents: []string{target, pr.Commit},
		Subject: "Merge pull request " + strconv.Itoa(pr.Number) + " from " + pr.Source,
		Body:    pr.Title,
		Trailers: []git.Trailer{
			{Key: "Merged-By", Value: by},
		},
		Author: f.config.Identity, Time: f.config.Clock(),
	})
}

// mergedAs gives the commit by which the pull request's commit came into the
// target; empty when it did not. A run that was cut off after moving the branch
// finds its merge this way, and so does a merge made by hand.
func (f *Forge) mergedAs(ctx context.Context, pr selfheal.PullRequest) (string, error) {
	target, err := f.tip(ctx, pr.Target)
	if err != nil || target == "" {
		return "", err
	}
	contained, err := f.repository.IsAncestor(ctx, pr.Commit, target)
	if err != nil || !contained {
		return "", err
	}
	out, err := f.repository.Run(ctx, "rev-list", "--first-parent", "--ancestry-path", "--parents", "--reverse", pr.Commit+".."+target, "--")
	if err != nil {
		return "", unavailable("find the merge", err)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	ids := strings.Fields(first) // the oldest commit of the target that contains the branch, then its parents
	if len(ids) < 2 || ids[1] == pr.Commit {
		return pr.Commit, nil // the target was moved to the branch itself
	}
	return ids[0], nil
}

// finish records a merge.
func (f *Forge) finish(ctx context.Context, pr selfheal.PullRequest, merged string) (selfheal.PullRequest, error) {
	pr.State, pr.Merged = selfheal.PullRequestMerged, merged
	return f.save(ctx, pr)
}
