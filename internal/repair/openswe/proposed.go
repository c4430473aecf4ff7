package openswe

import (
	"context"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// looks is how often the pull request of a run that succeeded is looked for: what
// tells of it may be a little behind.
const looks = 3

// skew is how far the clocks of the server and of the forge may be apart.
const skew = 5 * time.Minute

// proposed finds the pull request of a run: by the thread's metadata, else by its
// mark or branch on the forge; failure says why there is none.
func (w *work) proposed(ctx context.Context, t thread) (pr selfheal.PullRequest, failure string, err error) {
	for look := 1; ; look++ {
		pr, failure, err = w.told(ctx, t)
		if err == nil && pr.Number == 0 {
			var found selfheal.PullRequest
			if found, err = w.searched(ctx, t); found.Number != 0 {
				return found, "", nil
			}
		}
		if err != nil || pr.Number != 0 {
			return pr, "", err
		}
		if look == looks {
			break
		}
		if err := w.config.Sleep(ctx, firstPause); err != nil {
			return pr, "", err
		}
		if t, err = w.Client.thread(ctx, w.thread); err != nil {
			return pr, "", err
		}
	}
	if failure != "" {
		return pr, failure, nil
	}
	failure = "Open SWE opened no pull request"
	if said := httpx.OneLine(w.config.Scrub(t.last()), maxSaid); said != "" {
		failure += "; its last words: " + said
	}
	return pr, failure, nil
}

// told looks up what the metadata names, the last first. A number there is a
// claim: what it leads to must be a pull request of the repository's own branches.
func (w *work) told(ctx context.Context, t thread) (pr selfheal.PullRequest, failure string, err error) {
	for _, number := range w.numbers(t) {
		pr, err := w.config.Forge.Contribution(ctx, number)
		switch code := selfheal.CodeOf(err); {
		case err == nil:
			return pr, "", nil
		case code == selfheal.CodeNotFound:
		case code == selfheal.CodeRefused:
			failure = "the pull request of Open SWE comes from another repository, so it is not looked at"
		default:
			return pr, "", err
		}
	}
	return pr, failure, nil
}

// numbers are the pull requests of the repository that the metadata names, the last first.
func (w *work) numbers(t thread) []int {
	var all []int
	for _, p := range slices.Backward(t.Metadata.Pulls) {
		if p.Number > 0 && strings.EqualFold(p.Repository, w.config.Repository) {
			all = append(all, p.Number)
		}
	}
	if n := t.Metadata.Number; len(all) == 0 && n > 0 && strings.Contains(strings.ToLower(t.Metadata.URL), "/"+strings.ToLower(w.config.Repository)+"/pull/") {
		all = append(all, n)
	}
	return all
}

// searched looks on the forge for what carries the mark, or comes from the branch
// that the agent was told.
func (w *work) searched(ctx context.Context, t thread) (selfheal.PullRequest, error) {
	since := t.Created
	if since.IsZero() {
		since = w.run.Created
	}
	all, err := w.config.Forge.Contributed(ctx, since.Add(-skew))
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	for _, pr := range all {
		if pr.Source == w.a.Branch || w.a.Carries(pr.Body) {
			return pr, nil
		}
	}
	return selfheal.PullRequest{}, nil
}
