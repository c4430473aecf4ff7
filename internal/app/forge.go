package app

import (
	"context"
	"path/filepath"

	"selfheal"
	"selfheal/internal/forge/local"
)

// Forge opens the local forge of the repository, and makes it when there is none.
func (a *App) Forge(ctx context.Context) (*local.Forge, error) {
	return local.New(ctx, local.Config{
		Dir:   filepath.Join(a.stateDir, "forge", repositoryName(a.repository.Directory())+".git"),
		Store: a.store, Clock: a.settings.Clock,
	})
}

// ownForge is the local forge, made when the first pull request needs it: most
// checks end without one, and the forge holds a copy of the history.
type ownForge struct{ app *App }

var (
	_ selfheal.Forge  = ownForge{}
	_ selfheal.Merger = ownForge{}
)

// Push brings the target branch up to date before it publishes a branch against
// it. Where pull requests were merged on the forge, the target stays as it is.
func (f ownForge) Push(ctx context.Context, dir, commit, branch string) error {
	forge, err := f.app.Forge(ctx)
	if err != nil {
		return err
	}
	target, err := f.app.target(ctx)
	if err != nil {
		return err
	}
	tip, err := f.app.repository.Resolve(ctx, target)
	if err != nil {
		return err
	}
	if err := forge.Push(ctx, f.app.repository.Directory(), tip, target); err != nil && selfheal.CodeOf(err) != selfheal.CodeConflict {
		return err
	}
	return forge.Push(ctx, dir, commit, branch)
}

func (f ownForge) OpenPullRequest(ctx context.Context, pr selfheal.PullRequest) (selfheal.PullRequest, error) {
	forge, err := f.app.Forge(ctx)
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	return forge.OpenPullRequest(ctx, pr)
}

func (f ownForge) PullRequest(ctx context.Context, mark string) (selfheal.PullRequest, error) {
	forge, err := f.app.Forge(ctx)
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	return forge.PullRequest(ctx, mark)
}

func (f ownForge) ClosePullRequest(ctx context.Context, mark, reason string) error {
	forge, err := f.app.Forge(ctx)
	if err != nil {
		return err
	}
	return forge.ClosePullRequest(ctx, mark, reason)
}

func (f ownForge) MergePullRequest(ctx context.Context, mark, by string) (selfheal.PullRequest, error) {
	forge, err := f.app.Forge(ctx)
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	return forge.MergePullRequest(ctx, mark, by)
}
