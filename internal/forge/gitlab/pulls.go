package gitlab

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/forge/hosted"
	"selfheal/internal/httpx"
)

const (
	pageSize = 100
	maxPages = 10
)

const draftPrefix = "Draft: "

// draftTitle matches what GitLab takes for a draft.
var draftTitle = regexp.MustCompile(`(?i)^(?:draft:|\[draft\]|\(draft\))\s*`)

// request is the part of a merge request that is needed.
type request struct {
	IID       int       `json:"iid"`
	URL       string    `json:"web_url"`
	State     string    `json:"state"` // opened, closed, locked, merged
	Title     string    `json:"title"`
	Body      string    `json:"description"`
	Author    *user     `json:"author"`
	Labels    []string  `json:"labels"`
	Reviewers []user    `json:"reviewers"`
	Source    string    `json:"source_branch"`
	Target    string    `json:"target_branch"`
	From      int64     `json:"source_project_id"`
	To        int64     `json:"target_project_id"`
	SHA       string    `json:"sha"`
	Created   time.Time `json:"created_at"`
	Merge     *string   `json:"merge_commit_sha"`
	Squash    *string   `json:"squash_commit_sha"`
}

type user struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
}

func (r request) own() hosted.Pull {
	own := hosted.Pull{
		Foreign: r.From != r.To || r.From == 0,
		PullRequest: selfheal.PullRequest{
			Number: r.IID, URL: r.URL, Title: draftTitle.ReplaceAllString(r.Title, ""), Body: r.Body, Draft: draftTitle.MatchString(r.Title),
			Source: r.Source, Target: r.Target, Commit: r.SHA, Labels: r.Labels, Time: r.Created.UTC(), State: selfheal.PullRequestOpen,
		},
	}
	if r.Author != nil {
		own.Author = r.Author.Username
	}
	for _, reviewer := range r.Reviewers {
		own.Reviewers = append(own.Reviewers, reviewer.Username)
	}
	switch r.State {
	case "merged":
		own.State, own.Merged = selfheal.PullRequestMerged, r.merged()
	case "closed":
		own.State = selfheal.PullRequestClosed
	}
	return own
}

// merged is the commit by which it came into the target: the merge, else what it
// was squashed to, else, after a fast-forward, the branch's own.
func (r request) merged() string {
	for _, commit := range []*string{r.Merge, r.Squash} {
		if commit != nil && *commit != "" {
			return *commit
		}
	}
	return r.SHA
}

// List implements [hosted.Pulls].
func (a *api) List(ctx context.Context, source string, yield func(hosted.Pull) bool) error {
	query := url.Values{"state": {"all"}, "scope": {"all"}, "order_by": {"created_at"}, "sort": {"desc"}, "per_page": {number(pageSize)}}
	if source != "" {
		query.Set("source_branch", source)
	}
	for page := 1; page <= maxPages; page++ {
		query.Set("page", number(page))
		var answer []request
		if err := a.get(ctx, a.project+"/merge_requests", query, &answer); err != nil {
			return err
		}
		for _, r := range answer {
			if !yield(r.own()) {
				return nil
			}
		}
		if len(answer) < pageSize {
			return nil
		}
	}
	return nil
}

func (a *api) path(n int, below string) string {
	return a.project + "/merge_requests/" + number(n) + below
}

// Get implements [hosted.Pulls].
func (a *api) Get(ctx context.Context, n int) (hosted.Pull, error) {
	var answer request
	err := a.get(ctx, a.path(n, ""), nil, &answer)
	return answer.own(), err
}

// Create implements [hosted.Pulls].
func (a *api) Create(ctx context.Context, p hosted.Pull) (hosted.Pull, error) {
	var answer request
	err := a.send(ctx, http.MethodPost, a.project+"/merge_requests", map[string]any{
		"source_branch": p.Source, "target_branch": p.Target, "title": hosted.WithPrefix(draftPrefix, p.Title, p.Draft),
		"description": quiet(p.Body), "remove_source_branch": true,
	}, &answer)
	if httpx.Status(err) == http.StatusConflict {
		err = errors.Join(hosted.ErrExists, err)
	}
	return answer.own(), err
}

// Update implements [hosted.Pulls].
func (a *api) Update(ctx context.Context, p hosted.Pull) (hosted.Pull, error) {
	var answer request
	err := a.send(ctx, http.MethodPut, a.path(p.Number, ""), map[string]any{
		"title": hosted.WithPrefix(draftPrefix, p.Title, p.Draft), "description": quiet(p.Body),
	}, &answer)
	return answer.own(), err
}

// quickAction matches a line that GitLab would carry out instead of showing:
// https://docs.gitlab.com/user/project/quick_actions/.
var quickAction = regexp.MustCompile(`(?m)^(\s*)/([a-zA-Z_]+)`)

// quiet keeps GitLab from taking text for commands. A mark that nobody sees is
// enough, in code as in prose.
func quiet(text string) string {
	return quickAction.ReplaceAllString(strings.ReplaceAll(text, "\r\n", "\n"), "${1}\u200b/$2")
}

// Close implements [hosted.Pulls].
func (a *api) Close(ctx context.Context, p hosted.Pull) error {
	return a.send(ctx, http.MethodPut, a.path(p.Number, ""), map[string]any{"state_event": "close"}, nil)
}

// Label implements [hosted.Pulls].
func (a *api) Label(ctx context.Context, p hosted.Pull, labels []string) error {
	return a.send(ctx, http.MethodPut, a.path(p.Number, ""), map[string]any{"add_labels": strings.Join(labels, ",")}, nil)
}
