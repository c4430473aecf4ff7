// Package local is a forge on the own disk: a bare git repository, pull requests
// kept in a store, and each pull request as a Markdown file that shows what a
// forge's page would. It needs no server, account or network.
//
// In go branches and pull requests, out come merge commits in the bare
// repository. People take part with plain git: a branch that somebody merged
// into its target and pushed counts as merged.
package local

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/forge/ref"
	"selfheal/internal/git"
)

var (
	_ selfheal.Forge             = (*Forge)(nil)
	_ selfheal.Merger            = (*Forge)(nil)
	_ selfheal.PullRequestLister = (*Forge)(nil)
	_ selfheal.BranchReplacer    = (*Forge)(nil)
)

// Config is what a [Forge] needs. Dir and Store are required.
type Config struct {
	// Dir is the bare repository. It is made when it does not exist.
	Dir string
	// Pulls is the directory of the rendered pull requests; by default Dir with
	// ".pulls" in place of ".git".
	Pulls string
	// Store keeps the pull requests.
	Store selfheal.PullRequestStore
	// Clock dates pull requests and merges; by default the system's.
	Clock selfheal.Clock
	// Identity is the author of merge commits; by default "selfheal".
	Identity git.Identity
}

// Forge is a forge on the own disk. It is safe for use by many goroutines and processes.
type Forge struct {
	config     Config
	name       string // of this forge in the store
	repository *git.Workspace
}

// New opens the forge, and makes its repository when there is none.
func New(ctx context.Context, config Config) (*Forge, error) {
	if config.Dir == "" || config.Store == nil {
		return nil, &selfheal.Error{Code: selfheal.CodeInternal, Op: "open local forge", Message: "Dir and Store are required"}
	}
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, unavailable("open local forge", err)
	}
	config.Dir = dir
	if config.Pulls == "" {
		config.Pulls = strings.TrimSuffix(dir, ".git") + ".pulls"
	}
	if config.Pulls, err = filepath.Abs(config.Pulls); err != nil {
		return nil, unavailable("open local forge", err)
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.Identity == (git.Identity{}) {
		config.Identity = git.Identity{Name: "selfheal", Email: "selfheal@localhost"}
	}
	repository, err := git.OpenBare(ctx, dir, "sha1")
	if err != nil {
		return nil, err
	}
	return &Forge{config: config, name: "local:" + dir, repository: repository}, nil
}

// Directory is the bare repository.
func (f *Forge) Directory() string { return f.config.Dir }

// PullRequests lists the pull requests, newest first, at most limit (0: all).
func (f *Forge) PullRequests(ctx context.Context, limit int) ([]selfheal.PullRequest, error) {
	list, err := f.config.Store.PullRequests(ctx, f.name)
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	for i := range list {
		list[i].URL = f.page(list[i].Number)
	}
	return list, err
}

// PullRequest finds the newest pull request with a mark. An open one whose
// branch somebody merged by hand is recorded as merged first.
func (f *Forge) PullRequest(ctx context.Context, mark string) (selfheal.PullRequest, error) {
	pr, err := f.find(ctx, mark)
	if err != nil || pr.State != selfheal.PullRequestOpen {
		return pr, err
	}
	merged, err := f.mergedAs(ctx, pr)
	if err != nil || merged == "" {
		return pr, err
	}
	return f.finish(ctx, pr, merged)
}

// find reads the newest pull request with a mark from the store.
func (f *Forge) find(ctx context.Context, mark string) (selfheal.PullRequest, error) {
	pr, err := f.config.Store.PullRequestByMark(ctx, f.name, mark)
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	pr.URL = f.page(pr.Number)
	return pr, nil
}

// OpenPullRequest creates the pull request or updates the open one with the same
// mark. The source branch must have been pushed. One that was closed unmerged
// gives CodeRefused; one that was merged with the very same commit is given back
// as it is, since a run that was cut off may ask again after people acted.
func (f *Forge) OpenPullRequest(ctx context.Context, pr selfheal.PullRequest) (selfheal.PullRequest, error) {
	if err := f.complete(ctx, &pr); err != nil {
		return selfheal.PullRequest{}, err
	}
	opened, err := f.open(ctx, pr)
	if selfheal.CodeOf(err) == selfheal.CodeConflict {
		return f.open(ctx, pr) // somebody closed or merged it meanwhile: look again, once
	}
	return opened, err
}

func (f *Forge) open(ctx context.Context, pr selfheal.PullRequest) (selfheal.PullRequest, error) {
	old, err := f.PullRequest(ctx, pr.Mark)
	switch {
	case err != nil && selfheal.CodeOf(err) != selfheal.CodeNotFound:
		return selfheal.PullRequest{}, err
	case err != nil: // the first one
	case old.State == selfheal.PullRequestClosed:
		return selfheal.PullRequest{}, rejected(old)
	case old.State == selfheal.PullRequestMerged && old.Commit == pr.Commit:
		return old, nil
	case old.State == selfheal.PullRequestOpen:
		pr.Number, pr.Time = old.Number, old.Time
	}
	return f.save(ctx, pr)
}

// complete checks what the caller gave and adds what the forge knows better.
func (f *Forge) complete(ctx context.Context, pr *selfheal.PullRequest) error {
	if pr.Mark == "" {
		return &selfheal.Error{Code: selfheal.CodeInternal, Op: "open pull request", Message: "a pull request needs a mark"}
	}
	for _, branch := range []string{pr.Source, pr.Target} {
		if err := ref.CheckBranch(branch); err != nil {
			return err
		}
	}
	tip, err := f.tip(ctx, pr.Source)
	if err != nil {
		return err
	}
	if tip == "" {
		return selfheal.NotFoundf("push the branch first", "the forge has no branch %s", pr.Source)
	}
	if pr.Commit != "" && pr.Commit != tip {
		return &selfheal.Error{
			Code: selfheal.CodeConflict, Op: "open pull request",
			Message: "branch " + pr.Source + " is at " + selfheal.ShortRevision(tip) + ", not at " + selfheal.ShortRevision(pr.Commit),
		}
	}
	pr.Commit, pr.State, pr.Merged, pr.Number = tip, selfheal.PullRequestOpen, "", 0
	pr.Time = f.config.Clock().UTC()
	return nil
}

func rejected(pr selfheal.PullRequest) error {
	return &selfheal.Error{
		Code: selfheal.CodeRefused, Op: "open pull request",
		Message: "pull request " + strconv.Itoa(pr.Number) + " for the same incident was closed without being merged",
		Hint:    "somebody rejected it: " + pr.URL,
	}
}

// ClosePullRequest closes the open pull request with a mark unmerged. Closing a
// closed one again succeeds; a merged one gives CodeConflict.
func (f *Forge) ClosePullRequest(ctx context.Context, mark, reason string) error {
	pr, err := f.PullRequest(ctx, mark)
	if err != nil {
		return err
	}
	switch pr.State {
	case selfheal.PullRequestClosed:
		return nil
	case selfheal.PullRequestMerged:
		return &selfheal.Error{
			Code: selfheal.CodeConflict, Op: "close pull request",
			Message: "pull request " + strconv.Itoa(pr.Number) + " was merged already",
		}
	}
	pr.State = selfheal.PullRequestClosed
	pr.Body = withComment(pr.Body, "Closed without being merged", reason)
	_, err = f.save(ctx, pr)
	return err
}

// save keeps the pull request and shows it.
func (f *Forge) save(ctx context.Context, pr selfheal.PullRequest) (selfheal.PullRequest, error) {
	pr.URL = ""
	if pr.Number != 0 {
		pr.URL = f.page(pr.Number)
	}
	saved, err := f.config.Store.SavePullRequest(ctx, f.name, pr)
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	saved.URL = f.page(saved.Number)
	return saved, f.render(ctx, saved)
}

// page is the file in which people read a pull request.
func (f *Forge) page(number int) string {
	return filepath.Join(f.config.Pulls, strconv.Itoa(number)+".md")
}

func unavailable(op string, err error) error {
	if _, known := errors.AsType[*selfheal.Error](err); known {
		return err
	}
	return &selfheal.Error{
		Code: selfheal.CodeUnavailable, Op: op, Err: err,
		Message: "the local forge failed", Hint: "check the permissions of its directory and the space on its disk",
	}
}
