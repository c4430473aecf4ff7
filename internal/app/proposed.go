package app

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"selfheal"
)

// PullRequests lists what was proposed on the forge, newest first, at most limit (0: all).
func (a *App) PullRequests(ctx context.Context, limit int) ([]selfheal.PullRequest, error) {
	forge := a.forge(ctx)
	if unusable, ok := forge.(unusableForge); ok {
		return nil, unusable.err
	}
	return forge.(selfheal.PullRequestLister).PullRequests(ctx, limit)
}

// Proposed is a pull request and what its forge knows besides.
type Proposed struct {
	selfheal.PullRequest
	Incident string            `json:"incident,omitempty"` // its id, where the store knows it
	Checks   *selfheal.Checks  `json:"checks,omitempty"`
	Reviews  []selfheal.Review `json:"reviews,omitempty"`
}

// PullRequest finds a pull request by number, or by the id or key of its incident.
func (a *App) PullRequest(ctx context.Context, id string) (Proposed, error) {
	pr, err := a.proposed(ctx, id)
	if err != nil {
		return Proposed{}, err
	}
	found := Proposed{PullRequest: pr}
	if incident, err := a.incident(ctx, keyOf(pr.Mark)); err == nil {
		found.Incident = incident.ID
	}
	forge := a.forge(ctx)
	if checker, ok := forge.(selfheal.Checker); ok {
		checks, err := checker.Checks(ctx, pr)
		if err != nil {
			return Proposed{}, err
		}
		found.Checks = &checks
	}
	if reader, ok := forge.(selfheal.ReviewReader); ok {
		if found.Reviews, err = reader.Reviews(ctx, pr, pr.Time); err != nil {
			return Proposed{}, err
		}
	}
	return found, nil
}

func (a *App) proposed(ctx context.Context, id string) (selfheal.PullRequest, error) {
	all, err := a.PullRequests(ctx, 0)
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	number, _ := strconv.Atoi(strings.TrimPrefix(id, "#"))
	at := slices.IndexFunc(all, func(pr selfheal.PullRequest) bool { return pr.Number == number })
	if at < 0 {
		if incident, err := a.incident(ctx, id); err == nil {
			at = slices.IndexFunc(all, func(pr selfheal.PullRequest) bool { return pr.Mark == selfheal.Mark(incident.Key) })
		}
	}
	if at < 0 {
		return selfheal.PullRequest{}, selfheal.Usagef("run selfheal pr list", "no pull request %q", id)
	}
	return all[at], nil
}

// MergePullRequest merges one on the local forge and takes its incident on.
func (a *App) MergePullRequest(ctx context.Context, id, by string) (selfheal.PullRequest, error) {
	return a.answer(ctx, id, "merge", func(forge selfheal.Merger, pr selfheal.PullRequest) error {
		_, err := forge.MergePullRequest(ctx, pr.Mark, by)
		return err
	})
}

// RejectPullRequest closes one on the local forge unmerged and takes its incident on.
func (a *App) RejectPullRequest(ctx context.Context, id, reason string) (selfheal.PullRequest, error) {
	return a.answer(ctx, id, "reject", func(_ selfheal.Merger, pr selfheal.PullRequest) error {
		return a.forge(ctx).ClosePullRequest(ctx, pr.Mark, reason)
	})
}

// answer does what a reviewer does, where selfheal's commands are how to do it.
func (a *App) answer(ctx context.Context, id, verb string, act func(selfheal.Merger, selfheal.PullRequest) error) (selfheal.PullRequest, error) {
	pr, err := a.proposed(ctx, id)
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	forge := a.forge(ctx)
	merger, ok := forge.(selfheal.Merger)
	if !ok {
		return selfheal.PullRequest{}, selfheal.Usagef("do it there: "+pr.URL, "selfheal does not %s pull requests on a forge that people use", verb)
	}
	if err := act(merger, pr); err != nil {
		return selfheal.PullRequest{}, err
	}
	if incident, err := a.incident(ctx, keyOf(pr.Mark)); err == nil {
		p, err := a.Pipeline(ctx, "pr "+verb)
		if err != nil {
			return selfheal.PullRequest{}, err
		}
		if _, err := a.run(ctx, p, incident.Key); err != nil {
			return selfheal.PullRequest{}, err
		}
	}
	return forge.PullRequest(ctx, pr.Mark)
}

// keyOf is the incident of a mark.
func keyOf(mark string) string {
	begin, end, _ := strings.Cut(selfheal.Mark("\x00"), "\x00")
	return strings.TrimSuffix(strings.TrimPrefix(mark, begin), end)
}
