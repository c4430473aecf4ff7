package gitea

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/forge/hosted"
	"selfheal/internal/httpx"
)

const (
	pageSize = 50 // what Gitea gives at most, unless it is configured otherwise
	maxPages = 20
)

// draftPrefix begins the title of a draft, and draftTitle matches what Gitea takes
// for one (its setting WORK_IN_PROGRESS_PREFIXES; these are the defaults).
const draftPrefix = "WIP: "

var draftTitle = regexp.MustCompile(`(?i)^(?:WIP:|\[WIP\])\s*`)

// pull is the part of a pull request that is needed.
type pull struct {
	Number int    `json:"number"`
	URL    string `json:"html_url"`
	State  string `json:"state"`
	Title  string `json:"title"`
	Body   string `json:"body"`
	User   *user  `json:"user"`
	Labels []struct {
		Name string `json:"name"`
	} `json:"labels"`
	Reviewers []user     `json:"requested_reviewers"`
	Teams     []team     `json:"requested_reviewers_teams"`
	Head      branch     `json:"head"`
	Base      branch     `json:"base"`
	Created   *time.Time `json:"created_at"`
	Merged    bool       `json:"merged"`
	Commit    *string    `json:"merge_commit_sha"`
}

type user struct {
	Login string `json:"login"`
}

type team struct {
	Name string `json:"name"`
}

type branch struct {
	Ref    string `json:"ref"`
	SHA    string `json:"sha"`
	RepoID int64  `json:"repo_id"`
}

func (p pull) own() hosted.Pull {
	own := hosted.Pull{
		Foreign: p.Head.RepoID != p.Base.RepoID || p.Head.RepoID == 0,
		PullRequest: selfheal.PullRequest{
			Number: p.Number, URL: p.URL, Title: draftTitle.ReplaceAllString(p.Title, ""), Body: p.Body, Draft: draftTitle.MatchString(p.Title),
			Source: p.Head.Ref, Target: p.Base.Ref, Commit: p.Head.SHA, State: selfheal.PullRequestOpen,
		},
	}
	if p.User != nil {
		own.Author = p.User.Login
	}
	if p.Created != nil {
		own.Time = p.Created.UTC()
	}
	for _, label := range p.Labels {
		own.Labels = append(own.Labels, label.Name)
	}
	for _, reviewer := range p.Reviewers {
		own.Reviewers = append(own.Reviewers, reviewer.Login)
	}
	switch {
	case p.Merged:
		own.State = selfheal.PullRequestMerged
		if p.Commit != nil {
			own.Merged = *p.Commit
		}
	case p.State == "closed":
		own.State = selfheal.PullRequestClosed
	}
	// A branch that was deleted leaves "refs/pull/N/head" as the name.
	own.Source = strings.TrimPrefix(own.Source, "refs/heads/")
	return own
}

// List implements [hosted.Pulls].
func (a *api) List(ctx context.Context, _ string, yield func(hosted.Pull) bool) error {
	query := url.Values{"state": {"all"}, "limit": {number(pageSize)}}
	for page := 1; page <= maxPages; page++ {
		query.Set("page", number(page))
		var answer []pull
		if err := a.get(ctx, a.repo+"/pulls", query, &answer); err != nil {
			return err
		}
		for _, p := range answer {
			if !yield(p.own()) {
				return nil
			}
		}
		if len(answer) == 0 {
			return nil
		}
	}
	return nil
}

func (a *api) path(n int, below string) string { return a.repo + "/pulls/" + number(n) + below }

// Get implements [hosted.Pulls].
func (a *api) Get(ctx context.Context, n int) (hosted.Pull, error) {
	var answer pull
	err := a.get(ctx, a.path(n, ""), nil, &answer)
	return answer.own(), err
}

// Create implements [hosted.Pulls].
func (a *api) Create(ctx context.Context, p hosted.Pull) (hosted.Pull, error) {
	var answer pull
	err := a.send(ctx, http.MethodPost, a.repo+"/pulls", map[string]any{
		"title": hosted.WithPrefix(draftPrefix, p.Title, p.Draft), "body": p.Body, "head": p.Source, "base": p.Target,
	}, &answer)
	if httpx.Status(err) == http.StatusConflict {
		err = errors.Join(hosted.ErrExists, err)
	}
	return answer.own(), err
}

// Update implements [hosted.Pulls].
func (a *api) Update(ctx context.Context, p hosted.Pull) (hosted.Pull, error) {
	var answer pull
	err := a.send(ctx, http.MethodPatch, a.path(p.Number, ""), map[string]any{
		"title": hosted.WithPrefix(draftPrefix, p.Title, p.Draft), "body": p.Body,
	}, &answer)
	return answer.own(), err
}

// Close implements [hosted.Pulls].
func (a *api) Close(ctx context.Context, p hosted.Pull) error {
	return a.send(ctx, http.MethodPatch, a.path(p.Number, ""), map[string]any{"state": "closed"}, nil)
}

// label is a label of the repository.
type label struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// labelColor is that of labels that are made, as "#rrggbb".
const labelColor = "#1f6feb"

// Label implements [hosted.Pulls]. Gitea knows labels by number, and makes none by itself.
func (a *api) Label(ctx context.Context, p hosted.Pull, labels []string) error {
	known, err := a.labels(ctx)
	if err != nil {
		return err
	}
	var ids []int64
	for _, name := range labels {
		at := slices.IndexFunc(known, func(l label) bool { return l.Name == name })
		if at >= 0 {
			ids = append(ids, known[at].ID)
			continue
		}
		var made label
		if err := a.send(ctx, http.MethodPost, a.repo+"/labels", map[string]any{"name": name, "color": labelColor}, &made); err != nil {
			return err
		}
		ids = append(ids, made.ID)
	}
	return a.send(ctx, http.MethodPost, a.repo+"/issues/"+number(p.Number)+"/labels", map[string]any{"labels": ids}, nil)
}

func (a *api) labels(ctx context.Context) ([]label, error) {
	var all []label
	for page := 1; page <= maxPages; page++ {
		var answer []label
		if err := a.get(ctx, a.repo+"/labels", url.Values{"page": {number(page)}, "limit": {number(pageSize)}}, &answer); err != nil {
			return nil, err
		}
		if all = append(all, answer...); len(answer) == 0 {
			break
		}
	}
	return all, nil
}
