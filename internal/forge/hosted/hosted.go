// Package hosted is what all forges that are servers have in common: how a branch
// is pushed, how the pull request of an incident is found again, when it is
// updated, opened or refused, whom to ask for a review, and what of the comments
// is addressed to selfheal. What differs between forges is behind [API].
//
// In go branches and pull requests; out comes at most one open pull request per
// incident. Nothing is kept here: the forge itself is the memory, and a run that
// was cut off is finished by doing it again.
package hosted

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/forge/owners"
	"selfheal/internal/forge/ref"
)

// API is what differs between forges. Errors are those of httpx; what is absent
// where absence is an answer is told by an empty value, not by an error.
type API interface {
	Pulls
	People
	Content
}

// Pulls reads and changes pull requests.
type Pulls interface {
	// List calls yield for pull requests, newest first, until it returns false.
	// source, if given, is the branch they come from; the forge may ignore it.
	List(ctx context.Context, source string, yield func(Pull) bool) error
	// Get gives one pull request.
	Get(ctx context.Context, number int) (Pull, error)
	// Create opens one. [ErrExists] in the chain says that one of this branch is open.
	Create(ctx context.Context, p Pull) (Pull, error)
	// Update changes title, body and draft to those of p.
	Update(ctx context.Context, p Pull) (Pull, error)
	// Close closes it unmerged.
	Close(ctx context.Context, p Pull) error
	// Label adds labels, which are made where they do not exist.
	Label(ctx context.Context, p Pull, labels []string) error
}

// People is who a forge knows, and what they say.
type People interface {
	// Self is the name under which the forge knows this program; empty when it does not say.
	Self(ctx context.Context) (string, error)
	// Author is the name of the author of a commit; empty when the forge knows none.
	Author(ctx context.Context, commit string) (string, error)
	// CanWrite tells whether somebody may write to the repository.
	CanWrite(ctx context.Context, name string) (bool, error)
	// RequestReview asks people, or teams ("org/team"), for a review.
	RequestReview(ctx context.Context, p Pull, names []string) error
	// Comment writes below the pull request.
	Comment(ctx context.Context, p Pull, text string) error
	// Comments lists what was written at or after a time: below it, in reviews and at lines.
	Comments(ctx context.Context, p Pull, since time.Time) ([]selfheal.Review, error)
}

// Content is what is in the repository.
type Content interface {
	// Tip is the commit that a branch is at; empty when there is no such branch.
	Tip(ctx context.Context, branch string) (string, error)
	// File is the content of a file; nil when there is none.
	File(ctx context.Context, branch, path string) ([]byte, error)
	// Checks tells what the checks say of a commit of a pull request.
	Checks(ctx context.Context, p Pull) (selfheal.Checks, error)
}

// Pull is a pull request as a forge has it.
type Pull struct {
	selfheal.PullRequest        // Mark and Notes are empty
	ID                   string // by which some APIs know it instead of by Number
	Author               string
	Foreign              bool // it comes from another repository: from a stranger, perhaps
}

// Config is what a [Forge] needs. Name, API, Remote and Credentials are required.
type Config struct {
	Name   string // of the forge, for people: "GitHub"
	API    API
	Remote string // address that git pushes to, without a secret
	// Credentials are the user and password that git pushes with.
	Credentials func(ctx context.Context) (user, password string, err error)
	// Review says who is asked for a review: "codeowners", "blame", "none", or
	// names that are separated by commas.
	Review string
	Owners owners.Dialect
	// Labels are added to those that a pull request comes with.
	Labels []string
	// NoDraft opens every pull request as ready for review.
	NoDraft bool
	Scrub   func(string) string                        // removes secrets from what git prints; nil for none
	Sleep   func(context.Context, time.Duration) error // between attempts to push; nil for real
}

// Forge is a forge behind an API. It is safe for concurrent use, by many processes.
type Forge struct {
	config Config
}

var (
	_ selfheal.Forge                = (*Forge)(nil)
	_ selfheal.PullRequestLister    = (*Forge)(nil)
	_ selfheal.PullRequestRefresher = (*Forge)(nil)
	_ selfheal.BranchReplacer       = (*Forge)(nil)
	_ selfheal.Commenter            = (*Forge)(nil)
	_ selfheal.Checker              = (*Forge)(nil)
	_ selfheal.ReviewReader         = (*Forge)(nil)
)

// New makes a forge of an API.
func New(c Config) *Forge {
	if c.Scrub == nil {
		c.Scrub = func(text string) string { return text }
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	return &Forge{config: c}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Name is what people call the forge.
func (f *Forge) Name() string { return f.config.Name }

// prefix is what the names of selfheal's own branches begin with.
const prefix = "selfheal/"

// ours tells whether a pull request was made by selfheal for the incident of a
// mark. A mark can be written by anybody: only what comes from a branch of
// selfheal's own, in the same repository, is trusted.
func ours(p Pull, mark string) bool {
	return !p.Foreign && strings.HasPrefix(p.Source, prefix) && carries(p.Body, mark)
}

const markBegin = "<!-- selfheal-incident:"

// markOf is the last mark that stands on a line of its own, as selfheal writes it
// at the end: what stands above may be quoted from logs.
func markOf(body string) string {
	var mark string
	for line := range strings.Lines(body) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, markBegin) {
			mark = line
		}
	}
	return mark
}

// carries tells whether a body has the mark.
func carries(body, mark string) bool { return mark != "" && markOf(body) == mark }

// marked gives the pull request with the mark that its body carries, if any.
func marked(p Pull) (selfheal.PullRequest, bool) {
	mark := markOf(p.Body)
	if mark == "" || !ours(p, mark) {
		return selfheal.PullRequest{}, false
	}
	p.Mark = mark
	return p.PullRequest, true
}

// PullRequest finds the newest pull request with a mark.
func (f *Forge) PullRequest(ctx context.Context, mark string) (selfheal.PullRequest, error) {
	p, err := f.find(ctx, mark)
	return p.PullRequest, err
}

func (f *Forge) find(ctx context.Context, mark string) (Pull, error) {
	var found []Pull
	err := f.config.API.List(ctx, "", func(p Pull) bool {
		if ours(p, mark) {
			p.Mark = mark
			found = append(found, p)
		}
		// Behind a closed one may be the one that it was a double of.
		return len(found) == 0 || found[len(found)-1].State == selfheal.PullRequestClosed
	})
	if err != nil {
		return Pull{}, err
	}
	if len(found) == 0 {
		return Pull{}, selfheal.NotFoundf("", "%s has no pull request of this incident", f.config.Name)
	}
	return foremost(found), nil
}

// foremost picks the pull request that counts: the open one, else the newest. A
// closed one beside one that was merged with the same commit was a double.
func foremost(found []Pull) Pull {
	slices.SortFunc(found, func(a, b Pull) int { return b.Number - a.Number })
	for _, p := range found {
		if p.State == selfheal.PullRequestOpen {
			return p
		}
	}
	for _, p := range found {
		if p.State == selfheal.PullRequestMerged && p.Commit == found[0].Commit {
			return p
		}
	}
	return found[0]
}

// RefreshPullRequest gives a pull request as it stands now.
func (f *Forge) RefreshPullRequest(ctx context.Context, pr selfheal.PullRequest) (selfheal.PullRequest, error) {
	p, err := f.get(ctx, pr)
	return p.PullRequest, err
}

// get reads a pull request by number. The branch is what makes it ours: people may
// rewrite the body, and the mark with it.
func (f *Forge) get(ctx context.Context, pr selfheal.PullRequest) (Pull, error) {
	if pr.Number == 0 {
		return f.find(ctx, pr.Mark)
	}
	p, err := f.config.API.Get(ctx, pr.Number)
	if err != nil {
		return Pull{}, err
	}
	if p.Foreign || p.Source != pr.Source || !ours(p, pr.Mark) && strings.Contains(p.Body, markBegin) {
		return Pull{}, selfheal.NotFoundf("if it was opened on another forge, name that one with --forge", "pull request %d of %s is not of this incident", pr.Number, f.config.Name)
	}
	if p.State == selfheal.PullRequestClosed {
		// It may have been a double, which another process closed.
		if other, err := f.find(ctx, pr.Mark); err == nil {
			p = other
		} else if selfheal.CodeOf(err) != selfheal.CodeNotFound {
			return Pull{}, err
		}
	}
	p.Mark, p.Paths, p.Blamed, p.Notes = pr.Mark, pr.Paths, pr.Blamed, pr.Notes
	return p, nil
}

// PullRequests lists the pull requests that carry a mark, newest first.
func (f *Forge) PullRequests(ctx context.Context, limit int) ([]selfheal.PullRequest, error) {
	var all []selfheal.PullRequest
	err := f.config.API.List(ctx, "", func(p Pull) bool {
		if pr, ok := marked(p); ok {
			all = append(all, pr)
		}
		return limit == 0 || len(all) < limit
	})
	return all, err
}

// ClosePullRequest closes the open pull request with a mark unmerged. Closing a
// closed one again succeeds; a merged one gives CodeConflict.
func (f *Forge) ClosePullRequest(ctx context.Context, mark, reason string) error {
	p, err := f.find(ctx, mark)
	if err != nil {
		return err
	}
	switch p.State {
	case selfheal.PullRequestClosed:
		return nil
	case selfheal.PullRequestMerged:
		return &selfheal.Error{
			Code: selfheal.CodeConflict, Op: "close pull request",
			Message: "pull request " + strconv.Itoa(p.Number) + " was merged already",
		}
	}
	if err := f.say(ctx, p, "Closed without being merged: "+reason); err != nil {
		return err
	}
	return f.config.API.Close(ctx, p)
}

// Checks gives the state of the checks of the branch's tip.
func (f *Forge) Checks(ctx context.Context, pr selfheal.PullRequest) (selfheal.Checks, error) {
	p, err := f.get(ctx, pr)
	if err != nil {
		return selfheal.Checks{}, err
	}
	checks, err := f.config.API.Checks(ctx, p)
	checks.Commit = p.Commit
	return checks, err
}

// complete checks what the caller gave and adds what the forge knows better.
func (f *Forge) complete(ctx context.Context, pr *selfheal.PullRequest) error {
	if pr.Mark == "" || !carries(pr.Body, pr.Mark) {
		return &selfheal.Error{Code: selfheal.CodeInternal, Op: "open pull request", Message: "a pull request needs a mark, on a line of its body"}
	}
	for _, branch := range []string{pr.Source, pr.Target} {
		if err := ref.CheckBranch(branch); err != nil {
			return err
		}
	}
	if !strings.HasPrefix(pr.Source, prefix) {
		return &selfheal.Error{Code: selfheal.CodeRefused, Op: "open pull request", Message: "not a branch of selfheal's own: " + ref.Quoted(pr.Source)}
	}
	tip, err := f.config.API.Tip(ctx, pr.Source)
	if err != nil {
		return err
	}
	if tip == "" {
		return selfheal.NotFoundf("push the branch first", "%s has no branch %s", f.config.Name, pr.Source)
	}
	if pr.Commit != "" && pr.Commit != tip {
		return &selfheal.Error{
			Code: selfheal.CodeConflict, Op: "open pull request",
			Message: "branch " + pr.Source + " is at " + selfheal.ShortRevision(tip) + ", not at " + selfheal.ShortRevision(pr.Commit),
			Hint:    "somebody works on it; it is left alone",
		}
	}
	pr.Commit = tip
	pr.Draft = pr.Draft && !f.config.NoDraft
	for _, label := range f.config.Labels {
		if !slices.Contains(pr.Labels, label) {
			pr.Labels = append(slices.Clip(pr.Labels), label)
		}
	}
	return nil
}
