package hosted

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"selfheal"
	"selfheal/internal/forge/ref"
	"selfheal/internal/git"
	"selfheal/internal/httpx"
)

var _ selfheal.Contributions = (*Forge)(nil)

// Contribution gives a pull request of the repository's own branches, whoever opened it.
func (f *Forge) Contribution(ctx context.Context, number int) (selfheal.PullRequest, error) {
	p, err := f.config.API.Get(ctx, number)
	switch {
	case err != nil && httpx.Status(err) != http.StatusNotFound:
		return selfheal.PullRequest{}, err
	case err != nil || p.Number != number:
		return selfheal.PullRequest{}, selfheal.NotFoundf("", "%s has no pull request %d", f.config.Name, number)
	case p.Foreign:
		return selfheal.PullRequest{}, &selfheal.Error{
			Code: selfheal.CodeRefused, Op: "look at pull request " + strconv.Itoa(number),
			Message: "it comes from another repository", Hint: "let the agent push to a branch of " + f.config.Remote,
		}
	}
	return p.PullRequest, nil
}

// Contributed lists the pull requests of the repository's own branches that were
// opened at or after a time, newest first.
func (f *Forge) Contributed(ctx context.Context, since time.Time) ([]selfheal.PullRequest, error) {
	var all []selfheal.PullRequest
	err := f.config.API.List(ctx, "", func(p Pull) bool {
		if p.Time.Before(since) {
			return false
		}
		if !p.Foreign {
			all = append(all, p.PullRequest)
		}
		return true
	})
	return all, err
}

// FetchContribution fetches the branch of a pull request and its target. Both
// are kept under references of the repository at dir that no other pull request has.
func (f *Forge) FetchContribution(ctx context.Context, dir string, pr selfheal.PullRequest) (tip, target string, err error) {
	for _, branch := range []string{pr.Source, pr.Target} {
		if err := ref.CheckBranch(branch); err != nil {
			return "", "", err
		}
	}
	repository, err := git.Open(ctx, dir)
	if err != nil {
		return "", "", err
	}
	p := &pushing{forge: f, repository: repository, branch: pr.Source}
	kept := "refs/selfheal-contributions/" + strconv.Itoa(pr.Number)
	err = p.persist(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, pushTime)
		defer cancel()
		_, err := p.run(ctx, "fetch", "--quiet", "--no-tags", "--recurse-submodules=no", "--refmap=", "--", f.config.Remote,
			"+refs/heads/"+pr.Source+":"+kept+"/source", "+refs/heads/"+pr.Target+":"+kept+"/target")
		return err
	})
	if err != nil {
		return "", "", err
	}
	if tip, err = repository.Resolve(ctx, kept+"/source"); err != nil {
		return "", "", err
	}
	target, err = repository.Resolve(ctx, kept+"/target")
	return tip, target, err
}

// CloseContribution closes a pull request of somebody else's unmerged.
func (f *Forge) CloseContribution(ctx context.Context, pr selfheal.PullRequest, reason string) error {
	p, err := f.config.API.Get(ctx, pr.Number)
	if err != nil || p.State != selfheal.PullRequestOpen {
		return err
	}
	if p.Foreign || p.Source != pr.Source {
		return selfheal.NotFoundf("", "pull request %d of %s is another one now", pr.Number, f.config.Name)
	}
	if err := f.say(ctx, p, reason); err != nil {
		return err
	}
	return f.config.API.Close(ctx, p)
}
