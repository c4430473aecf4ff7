package gitea

import (
	"context"
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

// Self implements [hosted.People].
func (a *api) Self(ctx context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.self != "" {
		return a.self, nil
	}
	var answer user
	err := a.get(ctx, "/user", nil, &answer)
	if httpx.Status(err) == http.StatusForbidden {
		err = nil // the token may not read its user
	}
	a.self = answer.Login
	return a.self, err
}

// Author implements [hosted.People].
func (a *api) Author(ctx context.Context, commit string) (string, error) {
	var answer struct {
		Author *user `json:"author"`
	}
	err := a.get(ctx, a.repo+"/git/commits/"+url.PathEscape(commit), url.Values{"stat": {"false"}, "files": {"false"}, "verification": {"false"}}, &answer)
	if answer.Author == nil {
		return "", absent(err)
	}
	return answer.Author.Login, absent(err)
}

// CanWrite implements [hosted.People]: those who can be assigned are those who may write.
func (a *api) CanWrite(ctx context.Context, name string) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.writers == nil {
		var answer []user
		if err := a.get(ctx, a.repo+"/assignees", nil, &answer); err != nil {
			return false, err
		}
		a.writers = []string{}
		for _, u := range answer {
			a.writers = append(a.writers, u.Login)
		}
	}
	return slices.Contains(a.writers, name), nil
}

// RequestReview implements [hosted.People].
func (a *api) RequestReview(ctx context.Context, p hosted.Pull, names []string) error {
	people, teams := []string{}, []string{}
	for _, name := range names {
		if _, team, ok := strings.Cut(name, "/"); ok {
			teams = append(teams, team)
		} else {
			people = append(people, name)
		}
	}
	return a.send(ctx, http.MethodPost, a.path(p.Number, "/requested_reviewers"), map[string]any{"reviewers": people, "team_reviewers": teams}, nil)
}

// Comment implements [hosted.People].
func (a *api) Comment(ctx context.Context, p hosted.Pull, text string) error {
	return a.send(ctx, http.MethodPost, a.repo+"/issues/"+number(p.Number)+"/comments", map[string]any{"body": text}, nil)
}

// remark is a comment of any kind.
type remark struct {
	ID        int64     `json:"id"`
	User      *user     `json:"user"`
	Body      string    `json:"body"`
	Created   time.Time `json:"created_at"`
	Submitted time.Time `json:"submitted_at"` // of a review
	State     string    `json:"state"`        // of a review
	Path      string    `json:"path"`
	Line      int       `json:"position"`
}

// Comments implements [hosted.People].
func (a *api) Comments(ctx context.Context, p hosted.Pull, since time.Time) ([]selfheal.Review, error) {
	var below []remark
	query := url.Values{"since": {since.UTC().Format(time.RFC3339)}}
	if err := a.get(ctx, a.repo+"/issues/"+number(p.Number)+"/comments", query, &below); err != nil {
		return nil, err
	}
	var all []selfheal.Review
	for _, r := range below {
		all = append(all, r.review("comment", r.Created))
	}
	for page := 1; page <= maxPages; page++ {
		var reviews []remark
		if err := a.get(ctx, a.path(p.Number, "/reviews"), url.Values{"page": {number(page)}, "limit": {number(pageSize)}}, &reviews); err != nil {
			return nil, err
		}
		for _, r := range reviews {
			if r.State == "REQUEST_REVIEW" || r.State == "PENDING" || r.Submitted.Before(since) {
				continue
			}
			all = append(all, r.review("review", r.Submitted))
			var lines []remark
			if err := a.get(ctx, a.path(p.Number, "/reviews/"+strconv.FormatInt(r.ID, 10)+"/comments"), nil, &lines); err != nil {
				return nil, err
			}
			for _, line := range lines {
				all = append(all, line.review("line", line.Created))
			}
		}
		if len(reviews) == 0 {
			break
		}
	}
	return all, nil
}

func (r remark) review(kind string, at time.Time) selfheal.Review {
	own := selfheal.Review{
		ID: kind + "-" + strconv.FormatInt(r.ID, 10), Time: at.UTC(), Text: r.Body, Path: r.Path, Line: r.Line,
		Rejects: kind == "review" && r.State == "REQUEST_CHANGES",
	}
	if r.User != nil {
		own.Author = r.User.Login
	}
	return own
}
