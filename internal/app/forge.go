package app

import (
	"context"
	"path/filepath"
	"strings"

	"selfheal"
	"selfheal/internal/config"
	"selfheal/internal/forge/local"
)

// Forge opens the local forge of the repository, and makes it when there is none.
func (a *App) Forge(ctx context.Context) (*local.Forge, error) {
	return local.New(ctx, local.Config{
		Dir:   filepath.Join(a.stateDir, "forge", repositoryName(a.repository.Directory())+".git"),
		Store: a.store, Clock: a.settings.Clock,
	})
}

// forge gives the forge that the settings name. What is wrong with a forge on a
// server is found out when it is needed: a check that proposes nothing needs no token.
func (a *App) forge(ctx context.Context) selfheal.Forge {
	settled, err := a.forgeSettings(ctx)
	if err != nil {
		return unusableForge{err}
	}
	if settled.Kind == config.ForgeLocal {
		return ownForge{a}
	}
	forge, err := settled.Open(a.settings.Getenv, a.redactor.String, a.settings.Clock)
	if err != nil {
		return unusableForge{err}
	}
	return forge
}

// forgeSettings are those of the file, the command's choice over them, and what
// the repository's remote tells of the rest.
func (a *App) forgeSettings(ctx context.Context) (config.Forge, error) {
	settings := a.config.Forge
	if kind := a.settings.Forge; kind != "" {
		if kind != settings.Kind {
			settings.URL, settings.Repository, settings.Token, settings.App = "", "", "", nil // of another forge
		}
		settings.Kind = kind
	}
	if err := settings.Validate(); err != nil {
		return settings, err
	}
	return settings.Settled(a.remote(ctx, settings.Remote))
}

// remote is the address of a git remote; empty when there is none.
func (a *App) remote(ctx context.Context, name string) string {
	if name == "" {
		name = "origin"
	}
	out, err := a.repository.Run(ctx, "config", "--get", "remote."+name+".url")
	if err != nil {
		return "" // git says so by failing
	}
	return strings.TrimSpace(string(out))
}

// unusableForge fails with what is wrong with the settings.
type unusableForge struct{ err error }

func (f unusableForge) Push(context.Context, string, string, string) error { return f.err }

func (f unusableForge) OpenPullRequest(context.Context, selfheal.PullRequest) (selfheal.PullRequest, error) {
	return selfheal.PullRequest{}, f.err
}

func (f unusableForge) PullRequest(context.Context, string) (selfheal.PullRequest, error) {
	return selfheal.PullRequest{}, f.err
}

func (f unusableForge) ClosePullRequest(context.Context, string, string) error { return f.err }

// ownForge is the local forge, made when the first pull request needs it: most
// checks end without one, and the forge holds a copy of the history.
type ownForge struct{ app *App }

var (
	_ selfheal.Forge             = ownForge{}
	_ selfheal.Merger            = ownForge{}
	_ selfheal.PullRequestLister = ownForge{}
	_ selfheal.BranchReplacer    = ownForge{}
)

// ready opens the forge and brings its target branch up to date. Where pull
// requests were merged on the forge, the target stays as it is.
func (f ownForge) ready(ctx context.Context) (*local.Forge, error) {
	forge, err := f.app.Forge(ctx)
	if err != nil {
		return nil, err
	}
	target, err := f.app.target(ctx)
	if err != nil {
		return nil, err
	}
	tip, err := f.app.repository.Resolve(ctx, target)
	if err != nil {
		return nil, err
	}
	err = forge.Push(ctx, f.app.repository.Directory(), tip, target)
	if err != nil && selfheal.CodeOf(err) != selfheal.CodeConflict {
		return nil, err
	}
	return forge, nil
}

func (f ownForge) Push(ctx context.Context, dir, commit, branch string) error {
	forge, err := f.ready(ctx)
	if err != nil {
		return err
	}
	return forge.Push(ctx, dir, commit, branch)
}

func (f ownForge) ReplaceBranch(ctx context.Context, dir, commit, branch string, ours []string) error {
	forge, err := f.ready(ctx)
	if err != nil {
		return err
	}
	return forge.ReplaceBranch(ctx, dir, commit, branch, ours)
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

func (f ownForge) PullRequests(ctx context.Context, limit int) ([]selfheal.PullRequest, error) {
	forge, err := f.app.Forge(ctx)
	if err != nil {
		return nil, err
	}
	return forge.PullRequests(ctx, limit)
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
