package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
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

// pull is the part of a pull request that is needed.
type pull struct {
	Number int    `json:"number"`
	NodeID string `json:"node_id"`
	URL    string `json:"html_url"`
	State  string `json:"state"`
	Title  string `json:"title"`
	Body   string `json:"body"`
	Draft  bool   `json:"draft"`
	User   user   `json:"user"`
	Labels []struct {
		Name string `json:"name"`
	} `json:"labels"`
	Reviewers []user `json:"requested_reviewers"`
	Teams     []struct {
		Slug string `json:"slug"`
	} `json:"requested_teams"`
	Head    branch     `json:"head"`
	Base    branch     `json:"base"`
	Created time.Time  `json:"created_at"`
	Merged  *time.Time `json:"merged_at"`
	Commit  *string    `json:"merge_commit_sha"`
}

type user struct {
	Login string `json:"login"`
}

type branch struct {
	Ref  string `json:"ref"`
	SHA  string `json:"sha"`
	Repo *struct {
		ID int64 `json:"id"`
	} `json:"repo"` // nil when the repository was deleted
}

func (a *api) pull(p pull) hosted.Pull {
	own := hosted.Pull{
		ID: p.NodeID, Author: p.User.Login,
		Foreign: p.Head.Repo == nil || p.Base.Repo == nil || p.Head.Repo.ID != p.Base.Repo.ID,
		PullRequest: selfheal.PullRequest{
			Number: p.Number, URL: p.URL, Title: p.Title, Body: p.Body, Draft: p.Draft,
			Source: p.Head.Ref, Target: p.Base.Ref, Commit: p.Head.SHA, Time: p.Created.UTC(), State: selfheal.PullRequestOpen,
		},
	}
	for _, label := range p.Labels {
		own.Labels = append(own.Labels, label.Name)
	}
	for _, reviewer := range p.Reviewers {
		own.Reviewers = append(own.Reviewers, reviewer.Login)
	}
	for _, team := range p.Teams {
		own.Reviewers = append(own.Reviewers, a.own+"/"+team.Slug)
	}
	switch {
	case p.Merged != nil:
		own.State = selfheal.PullRequestMerged
		if p.Commit != nil {
			own.Merged = *p.Commit
		}
	case p.State == "closed":
		own.State = selfheal.PullRequestClosed
	}
	return own
}

// List implements [hosted.Pulls].
func (a *api) List(ctx context.Context, source string, yield func(hosted.Pull) bool) error {
	query := url.Values{"state": {"all"}, "sort": {"created"}, "direction": {"desc"}, "per_page": {strconv.Itoa(pageSize)}}
	if source != "" {
		query.Set("head", a.own+":"+source)
	}
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		var answer []pull
		if err := a.get(ctx, a.repo+"/pulls", query, &answer); err != nil {
			return err
		}
		for _, p := range answer {
			if !yield(a.pull(p)) {
				return nil
			}
		}
		if len(answer) < pageSize {
			return nil
		}
	}
	return nil
}

func (a *api) path(number int, below string) string {
	return a.repo + "/pulls/" + strconv.Itoa(number) + below
}

// Get implements [hosted.Pulls].
func (a *api) Get(ctx context.Context, number int) (hosted.Pull, error) {
	var answer pull
	err := a.get(ctx, a.path(number, ""), nil, &answer)
	return a.pull(answer), err
}

// Create implements [hosted.Pulls]. Where a repository's plan has no drafts, the
// pull request is opened as ready for review, which its state then says.
func (a *api) Create(ctx context.Context, p hosted.Pull) (hosted.Pull, error) {
	body := map[string]any{"title": p.Title, "body": p.Body, "head": p.Source, "base": p.Target, "draft": p.Draft}
	made, err := a.create(ctx, body)
	if p.Draft && refuses(err, "draft") {
		body["draft"] = false
		made, err = a.create(ctx, body)
	}
	if refuses(err, "already exists") {
		return hosted.Pull{}, errors.Join(hosted.ErrExists, err)
	}
	return made, err
}

func (a *api) create(ctx context.Context, body map[string]any) (hosted.Pull, error) {
	var answer pull
	_, err := a.http.JSON(ctx, httpx.Request{Method: http.MethodPost, Path: a.repo + "/pulls", Body: body}, &answer)
	return a.pull(answer), err
}

// refuses tells whether GitHub found what it was sent to be wrong, and says a word of why.
func refuses(err error, word string) bool {
	e, ok := errors.AsType[*httpx.StatusError](err)
	return ok && e.Status == http.StatusUnprocessableEntity && strings.Contains(strings.ToLower(e.Message), word)
}

// Update implements [hosted.Pulls].
func (a *api) Update(ctx context.Context, p hosted.Pull) (hosted.Pull, error) {
	var answer pull
	_, err := a.http.JSON(ctx, httpx.Request{
		Method: http.MethodPatch, Path: a.path(p.Number, ""), Body: map[string]any{"title": p.Title, "body": p.Body}, Repeatable: true,
	}, &answer)
	if err != nil || answer.Draft == p.Draft {
		return a.pull(answer), err
	}
	if err := a.setDraft(ctx, answer.NodeID, p.Draft); err != nil {
		return hosted.Pull{}, err
	}
	return a.Get(ctx, p.Number)
}

// setDraft is what REST has no call for.
func (a *api) setDraft(ctx context.Context, node string, draft bool) error {
	mutation := "markPullRequestReadyForReview"
	if draft {
		mutation = "convertPullRequestToDraft"
	}
	var answer struct {
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	_, err := a.http.JSON(ctx, httpx.Request{Method: http.MethodPost, Path: "/graphql", Repeatable: true, Body: map[string]any{
		"query":     fmt.Sprintf("mutation($id: ID!) { %s(input: {pullRequestId: $id}) { clientMutationId } }", mutation),
		"variables": map[string]any{"id": node},
	}}, &answer)
	if err == nil && len(answer.Errors) > 0 && !strings.Contains(strings.ToLower(answer.Errors[0].Message), "draft") {
		return &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "change draft", Message: "GitHub refuses: " + answer.Errors[0].Message}
	}
	return err
}

// Close implements [hosted.Pulls].
func (a *api) Close(ctx context.Context, p hosted.Pull) error {
	_, err := a.http.Do(ctx, httpx.Request{Method: http.MethodPatch, Path: a.path(p.Number, ""), Body: map[string]any{"state": "closed"}, Repeatable: true})
	return err
}

// Label implements [hosted.Pulls].
func (a *api) Label(ctx context.Context, p hosted.Pull, labels []string) error {
	_, err := a.http.Do(ctx, httpx.Request{
		Method: http.MethodPost, Path: a.repo + "/issues/" + strconv.Itoa(p.Number) + "/labels", Body: map[string]any{"labels": labels}, Repeatable: true,
	})
	return err
}

// Checks implements [hosted.Content]: check runs and, beside them, the older statuses.
func (a *api) Checks(ctx context.Context, p hosted.Pull) (selfheal.Checks, error) {
	var runs struct {
		Runs []struct {
			Name       string `json:"name"`
			Status     string `json:"status"`
			Conclusion string `json:"conclusion"`
			URL        string `json:"html_url"`
			Output     struct {
				Title string `json:"title"`
			} `json:"output"`
		} `json:"check_runs"`
	}
	path := a.repo + "/commits/" + url.PathEscape(p.Commit)
	err := a.get(ctx, path+"/check-runs", url.Values{"per_page": {"100"}, "filter": {"latest"}}, &runs)
	if err != nil && httpx.Status(err) != http.StatusForbidden { // not every token may read them
		return selfheal.Checks{}, err
	}
	var combined struct {
		Statuses []struct {
			Context     string `json:"context"`
			State       string `json:"state"`
			URL         string `json:"target_url"`
			Description string `json:"description"`
		} `json:"statuses"`
	}
	err = a.get(ctx, path+"/status", url.Values{"per_page": {"100"}}, &combined)
	if err != nil && httpx.Status(err) != http.StatusForbidden {
		return selfheal.Checks{}, err
	}
	tally := hosted.Tally{}
	for _, r := range runs.Runs {
		state := selfheal.ChecksPending
		switch {
		case r.Status != "completed":
		case slices.Contains([]string{"success", "neutral", "skipped"}, r.Conclusion):
			state = selfheal.ChecksPassed
		default:
			state = selfheal.ChecksFailed
		}
		tally.Add(state, selfheal.Check{Name: r.Name, URL: r.URL, Text: r.Output.Title})
	}
	for _, s := range combined.Statuses {
		state := map[string]selfheal.CheckState{"success": selfheal.ChecksPassed, "pending": selfheal.ChecksPending}[s.State]
		if state == "" {
			state = selfheal.ChecksFailed
		}
		tally.Add(state, selfheal.Check{Name: s.Context, URL: s.URL, Text: s.Description})
	}
	return tally.Checks(), nil
}
