package gitlab

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
)

// developer is the lowest access level that may push to branches.
const developer = 30

// Self implements [hosted.People].
func (a *api) Self(ctx context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.self != "" {
		return a.self, nil
	}
	var answer user
	err := a.get(ctx, "/user", nil, &answer)
	a.self = answer.Username
	return a.self, err
}

// Author implements [hosted.People]. GitLab tells the address of a commit's author
// and not who that is; a user is found by the address where it is public.
func (a *api) Author(ctx context.Context, commit string) (string, error) {
	var answer struct {
		Email string `json:"author_email"`
	}
	err := a.get(ctx, a.project+"/repository/commits/"+url.PathEscape(commit), nil, &answer)
	if err != nil || answer.Email == "" {
		return "", absent(err)
	}
	var users []user
	if err := a.get(ctx, "/users", url.Values{"search": {answer.Email}, "active": {"true"}}, &users); err != nil || len(users) != 1 {
		return "", err // none, or nobody knows which
	}
	return users[0].Username, nil
}

// id is the number of a user; 0 when there is none of this name.
func (a *api) id(ctx context.Context, name string) (int64, error) {
	a.mu.Lock()
	known := a.ids[name]
	a.mu.Unlock()
	if known != 0 {
		return known, nil
	}
	var users []user
	if err := a.get(ctx, "/users", url.Values{"username": {name}}, &users); err != nil || len(users) == 0 {
		return 0, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ids[name] = users[0].ID
	return users[0].ID, nil
}

// CanWrite implements [hosted.People].
func (a *api) CanWrite(ctx context.Context, name string) (bool, error) {
	id, err := a.id(ctx, name)
	if err != nil || id == 0 {
		return false, err
	}
	var answer struct {
		Level int `json:"access_level"`
	}
	err = a.get(ctx, a.project+"/members/all/"+strconv.FormatInt(id, 10), nil, &answer)
	return answer.Level >= developer, absent(err)
}

// RequestReview implements [hosted.People]. GitLab takes the whole list of
// reviewers, by number; groups cannot be asked.
func (a *api) RequestReview(ctx context.Context, p hosted.Pull, names []string) error {
	var ids []int64
	for _, name := range slices.Concat(p.Reviewers, names) {
		id, err := a.id(ctx, name)
		if err != nil {
			return err
		}
		if id == 0 {
			return selfheal.NotFoundf("", "GitLab has no user %s", name)
		}
		ids = append(ids, id)
	}
	return a.send(ctx, http.MethodPut, a.path(p.Number, ""), map[string]any{"reviewer_ids": ids}, nil)
}

// Comment implements [hosted.People].
func (a *api) Comment(ctx context.Context, p hosted.Pull, text string) error {
	return a.send(ctx, http.MethodPost, a.path(p.Number, "/notes"), map[string]any{"body": quiet(text)}, nil)
}

// Comments implements [hosted.People].
func (a *api) Comments(ctx context.Context, p hosted.Pull, since time.Time) ([]selfheal.Review, error) {
	var all []selfheal.Review
	query := url.Values{"order_by": {"created_at"}, "sort": {"desc"}, "per_page": {number(pageSize)}}
	for page := 1; page <= maxPages; page++ {
		query.Set("page", number(page))
		var answer []note
		if err := a.get(ctx, a.path(p.Number, "/notes"), query, &answer); err != nil {
			return nil, err
		}
		for _, n := range answer {
			if n.Created.Before(since) {
				return all, nil
			}
			if r, ok := n.review(); ok {
				all = append(all, r)
			}
		}
		if len(answer) < pageSize {
			break
		}
	}
	return all, nil
}

// note is a comment, or what GitLab itself says.
type note struct {
	ID       int64     `json:"id"`
	Author   *user     `json:"author"`
	Body     string    `json:"body"`
	System   bool      `json:"system"`
	Created  time.Time `json:"created_at"`
	Position *struct {
		Path string `json:"new_path"`
		Line int    `json:"new_line"`
	} `json:"position"`
}

func (n note) review() (selfheal.Review, bool) {
	own := selfheal.Review{ID: "note-" + strconv.FormatInt(n.ID, 10), Time: n.Created.UTC(), Text: n.Body}
	if n.Author != nil {
		own.Author = n.Author.Username
	}
	if n.Position != nil {
		own.Path, own.Line = n.Position.Path, n.Position.Line
	}
	if n.System {
		// GitLab says by a note of its own that somebody asked for changes.
		own.Rejects = strings.HasPrefix(n.Body, "requested changes")
		return own, own.Rejects
	}
	return own, true
}
