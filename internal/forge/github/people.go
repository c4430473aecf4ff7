package github

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
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
	var err error
	if a.app != nil {
		a.self, err = a.app.self(ctx)
		return a.self, err
	}
	var answer user
	err = a.get(ctx, "/user", nil, &answer)
	if status := httpx.Status(err); status == http.StatusForbidden {
		err = nil // a token that is nobody's, as that of a workflow
	}
	a.self = answer.Login
	return a.self, err
}

// Author implements [hosted.People].
func (a *api) Author(ctx context.Context, commit string) (string, error) {
	var answer struct {
		Author *user `json:"author"`
	}
	err := a.get(ctx, a.repo+"/commits/"+url.PathEscape(commit), url.Values{"per_page": {"1"}}, &answer)
	if httpx.Status(err) == http.StatusUnprocessableEntity {
		err = nil // GitHub does not know the commit
	}
	if answer.Author == nil || strings.HasSuffix(answer.Author.Login, "[bot]") {
		return "", absent(err)
	}
	return answer.Author.Login, nil
}

// CanWrite implements [hosted.People].
func (a *api) CanWrite(ctx context.Context, name string) (bool, error) {
	var answer struct {
		Permission string `json:"permission"` // admin, write, read or none
	}
	err := a.get(ctx, a.repo+"/collaborators/"+url.PathEscape(name)+"/permission", nil, &answer)
	return answer.Permission == "admin" || answer.Permission == "write", absent(err)
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
	_, err := a.http.Do(ctx, httpx.Request{
		Method: http.MethodPost, Path: a.path(p.Number, "/requested_reviewers"), Repeatable: true,
		Body: map[string]any{"reviewers": people, "team_reviewers": teams},
	})
	return err
}

// Comment implements [hosted.People].
func (a *api) Comment(ctx context.Context, p hosted.Pull, text string) error {
	_, err := a.http.Do(ctx, httpx.Request{
		Method: http.MethodPost, Path: a.repo + "/issues/" + strconv.Itoa(p.Number) + "/comments", Body: map[string]any{"body": text},
	})
	return err
}

// remark is a comment of any of the three kinds.
type remark struct {
	ID        int64     `json:"id"`
	User      *user     `json:"user"`
	Body      string    `json:"body"`
	Created   time.Time `json:"created_at"`
	Submitted time.Time `json:"submitted_at"` // of a review
	State     string    `json:"state"`        // of a review
	Path      string    `json:"path"`
	Line      int       `json:"line"`
}

// Comments implements [hosted.People].
func (a *api) Comments(ctx context.Context, p hosted.Pull, since time.Time) ([]selfheal.Review, error) {
	var all []selfheal.Review
	from := url.Values{"since": {since.UTC().Format(time.RFC3339)}}
	for _, kind := range []struct {
		name, path string
		query      url.Values
	}{
		{"comment", a.repo + "/issues/" + strconv.Itoa(p.Number) + "/comments", from},
		{"line", a.path(p.Number, "/comments"), from},
		{"review", a.path(p.Number, "/reviews"), url.Values{}},
	} {
		remarks, err := a.remarks(ctx, kind.path, kind.query)
		if err != nil {
			return nil, err
		}
		for _, r := range remarks {
			all = append(all, r.review(kind.name))
		}
	}
	return all, nil
}

func (a *api) remarks(ctx context.Context, path string, query url.Values) ([]remark, error) {
	var all []remark
	query.Set("per_page", strconv.Itoa(pageSize))
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		var answer []remark
		if err := a.get(ctx, path, query, &answer); err != nil {
			return nil, err
		}
		all = append(all, answer...)
		if len(answer) < pageSize {
			break
		}
	}
	return all, nil
}

func (r remark) review(kind string) selfheal.Review {
	own := selfheal.Review{
		ID: kind + "-" + strconv.FormatInt(r.ID, 10), Time: r.Created.UTC(), Text: r.Body, Path: r.Path, Line: r.Line,
		Rejects: r.State == "CHANGES_REQUESTED",
	}
	if r.User != nil {
		own.Author = r.User.Login
	}
	if kind == "review" {
		own.Time = r.Submitted.UTC()
	}
	return own
}

// File implements [hosted.Content].
func (a *api) File(ctx context.Context, branch, path string) ([]byte, error) {
	var answer struct {
		Content  string `json:"content"`
		Encoding string `json:"encoding"`
	}
	err := a.get(ctx, a.repo+"/contents/"+segments(path), url.Values{"ref": {branch}}, &answer)
	if err != nil || answer.Encoding != "base64" {
		return nil, absent(err)
	}
	return base64.StdEncoding.DecodeString(strings.ReplaceAll(answer.Content, "\n", ""))
}
