package hosted

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"selfheal"
	"selfheal/internal/httpx"
)

// ErrExists says that a pull request of the same branch is open already.
var ErrExists = errors.New("a pull request of this branch is open already")

// looks bounds how often the forge is looked at again because it changed meanwhile.
const looks = 3

// OpenPullRequest creates the pull request, or updates the open one with the same
// mark. The source branch must have been pushed. One that was closed unmerged
// gives CodeRefused; one that was merged with the very same commit is given back
// as it is, since a run that was cut off may ask again after people acted.
func (f *Forge) OpenPullRequest(ctx context.Context, pr selfheal.PullRequest) (selfheal.PullRequest, error) {
	if err := f.complete(ctx, &pr); err != nil {
		return selfheal.PullRequest{}, err
	}
	for look := 1; ; look++ {
		p, err := f.open(ctx, pr)
		if err == nil || look == looks || !errors.Is(err, ErrExists) {
			return p.PullRequest, err
		}
	}
}

func (f *Forge) open(ctx context.Context, pr selfheal.PullRequest) (Pull, error) {
	old, err := f.bySource(ctx, pr)
	switch {
	case err != nil:
		return Pull{}, err
	case old.Number == 0: // the first one of this branch
		if err := f.rejectedElsewhere(ctx, pr); err != nil {
			return Pull{}, err
		}
	case old.State == selfheal.PullRequestClosed:
		return Pull{}, rejected(old)
	case old.State == selfheal.PullRequestMerged && old.Commit == pr.Commit:
		return old, nil
	case old.State == selfheal.PullRequestOpen:
		return f.bringUp(ctx, old, pr)
	}
	made, err := f.create(ctx, pr)
	if err != nil {
		return Pull{}, err
	}
	return f.equip(ctx, made, pr)
}

// rejectedElsewhere refuses what people rejected under another branch's name.
func (f *Forge) rejectedElsewhere(ctx context.Context, pr selfheal.PullRequest) error {
	other, err := f.find(ctx, pr.Mark)
	switch {
	case selfheal.CodeOf(err) == selfheal.CodeNotFound:
		return nil
	case err != nil:
		return err
	case other.State == selfheal.PullRequestClosed:
		return rejected(other)
	}
	return nil
}

// supersede closes the open pull requests of earlier attempts, which had other branches.
func (f *Forge) supersede(ctx context.Context, p Pull) error {
	var earlier []Pull
	err := f.config.API.List(ctx, "", func(other Pull) bool {
		if ours(other, p.Mark) && other.State == selfheal.PullRequestOpen && other.Source != p.Source {
			earlier = append(earlier, other)
		}
		return true
	})
	if err != nil {
		return err
	}
	for _, old := range earlier {
		if err := f.say(ctx, old, "Superseded by "+p.URL); err != nil {
			return err
		}
		if err := f.config.API.Close(ctx, old); err != nil {
			return err
		}
	}
	return nil
}

// bySource finds the newest pull request of the branch, which is the incident's:
// its name holds the incident's. The mark has the last word, where there is one.
func (f *Forge) bySource(ctx context.Context, pr selfheal.PullRequest) (Pull, error) {
	all, err := f.allBySource(ctx, pr)
	if err != nil || len(all) == 0 {
		return Pull{}, err
	}
	if open, err := f.single(ctx, all); err != nil || open.Number != 0 {
		return open, err
	}
	return foremost(all), nil
}

// allBySource lists the pull requests of the branch, newest first.
func (f *Forge) allBySource(ctx context.Context, pr selfheal.PullRequest) ([]Pull, error) {
	var all []Pull
	err := f.config.API.List(ctx, pr.Source, func(p Pull) bool {
		if !p.Foreign && p.Source == pr.Source && (carries(p.Body, pr.Mark) || !strings.Contains(p.Body, markBegin)) {
			p.Mark, p.Paths, p.Blamed = pr.Mark, pr.Paths, pr.Blamed
			all = append(all, p)
		}
		return true
	})
	slices.SortFunc(all, func(a, b Pull) int { return b.Number - a.Number })
	return all, err
}

// create opens the pull request. Where nobody knows whether that was done, the
// forge is looked at; where two processes did it at once, the older one stays.
func (f *Forge) create(ctx context.Context, pr selfheal.PullRequest) (Pull, error) {
	made, err := f.config.API.Create(ctx, Pull{PullRequest: pr})
	if err != nil && !httpx.Unanswered(err) {
		return Pull{}, err
	}
	all, lookErr := f.allBySource(ctx, pr)
	if lookErr != nil {
		return Pull{}, errors.Join(err, lookErr)
	}
	first, openErr := f.single(ctx, all)
	switch {
	case openErr != nil:
		return Pull{}, errors.Join(err, openErr)
	case first.Number == 0 && err != nil:
		return Pull{}, err
	case first.Number == 0: // lists may lag behind
		made.Mark, made.Paths, made.Blamed = pr.Mark, pr.Paths, pr.Blamed
		return made, nil
	}
	return first, nil
}

// single gives the oldest open one, and closes the others: each process that
// made one at the same time may have seen its own only.
func (f *Forge) single(ctx context.Context, all []Pull) (Pull, error) {
	var first Pull
	for _, p := range all { // newest first
		if p.State != selfheal.PullRequestOpen {
			continue
		}
		if first.Number != 0 {
			if err := f.config.API.Close(ctx, first); err != nil {
				return Pull{}, fmt.Errorf("close the second of two: %w", err)
			}
		}
		first = p
	}
	return first, nil
}

// bringUp updates an open pull request where it differs from what it should be.
func (f *Forge) bringUp(ctx context.Context, old Pull, pr selfheal.PullRequest) (Pull, error) {
	now := old
	if old.Title != pr.Title || !sameText(old.Body, pr.Body) || old.Draft != pr.Draft {
		old.Title, old.Body, old.Draft = pr.Title, pr.Body, pr.Draft
		var err error
		if now, err = f.config.API.Update(ctx, old); err != nil {
			return Pull{}, err
		}
	}
	return f.equip(ctx, now, pr)
}

// sameText ignores what forges do to line ends and to the last of them.
func sameText(a, b string) bool {
	tidy := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	return tidy(a) == tidy(b)
}

// equip closes what this one supersedes, and adds reviewers and labels. The labels come last and so say that all of it
// was done: a run that was cut off before does it again, and people who send the
// reviewers away are not overruled. Reviewers and labels are not worth failing for.
func (f *Forge) equip(ctx context.Context, p Pull, pr selfheal.PullRequest) (Pull, error) {
	p.Mark, p.Paths, p.Blamed, p.Notes = pr.Mark, pr.Paths, pr.Blamed, slices.Clone(pr.Notes)
	if p.Commit == "" {
		p.Commit = pr.Commit
	}
	var missing []string
	for _, label := range pr.Labels {
		if !slices.Contains(p.Labels, label) {
			missing = append(missing, label)
		}
	}
	if len(missing) == 0 && len(pr.Labels) > 0 {
		return p, nil
	}
	if err := f.supersede(ctx, p); err != nil {
		return Pull{}, err
	}
	p = f.askForReview(ctx, p)
	if len(missing) == 0 {
		return p, nil
	}
	if err := f.config.API.Label(ctx, p, missing); err != nil {
		if ctx.Err() != nil {
			return Pull{}, err
		}
		p.Notes = append(p.Notes, "not labelled: "+err.Error())
		return p, nil
	}
	p.Labels = append(slices.Clip(p.Labels), missing...)
	return p, nil
}

func rejected(p Pull) error {
	return &selfheal.Error{
		Code: selfheal.CodeRefused, Op: "open pull request",
		Message: "pull request " + strconv.Itoa(p.Number) + " for the same incident was closed without being merged",
		Hint:    "somebody rejected it: " + p.URL,
	}
}
