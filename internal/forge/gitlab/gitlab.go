// Package gitlab is the forge GitLab, gitlab.com or self-managed, by its REST API
// (https://docs.gitlab.com/api/rest/). A merge request is a pull request here; a
// draft is one whose title begins with "Draft:".
//
// In go branches and pull requests, out come pull requests; see package hosted
// for what holds on every forge.
package gitlab

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/forge/hosted"
	"selfheal/internal/forge/owners"
	"selfheal/internal/httpx"
)

// Config is what a [New] forge needs: Repository and Token.
type Config struct {
	URL        string // https://gitlab.com by default
	Repository string // group/name, or group/subgroup/name
	Token      httpx.Secret

	Review  string // see hosted.Config
	Labels  []string
	NoDraft bool

	HTTP  *http.Client
	Clock selfheal.Clock
	Sleep func(context.Context, time.Duration) error
	Scrub func(string) string
}

// Validate says everything that is wrong, each with a hint.
func (c Config) Validate() error {
	all := []error{hosted.CheckRepository(c.Repository, 0)}
	if c.URL != "" {
		all = append(all, hosted.CheckAddress(c.URL))
	}
	if c.Token == "" {
		all = append(all, selfheal.Usagef("set forge.token to ${env:GITLAB_TOKEN}", "GitLab needs a token"))
	}
	return errors.Join(all...)
}

// api is the adapter of GitLab's API.
type api struct {
	http    *httpx.Client
	project string // path of the project

	mu   sync.Mutex
	self string
	ids  map[string]int64 // of users, by name
}

// New makes the forge; what Validate refuses is refused here too.
func New(c Config) (*hosted.Forge, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.URL == "" {
		c.URL = "https://gitlab.com"
	}
	c.URL = strings.TrimRight(c.URL, "/")
	scrub := func(text string) string {
		if c.Scrub != nil {
			text = c.Scrub(text)
		}
		return strings.ReplaceAll(text, string(c.Token), "[redacted:token]")
	}
	client, err := httpx.New(httpx.Config{
		Base: c.URL + "/api/v4", Name: "GitLab", Scrub: scrub, HTTP: c.HTTP, Clock: c.Clock, Sleep: c.Sleep,
		Header: http.Header{"Accept": {"application/json"}, "User-Agent": {"selfheal"}},
		Authorize: func(_ context.Context, header http.Header) error {
			header.Set("Private-Token", string(c.Token))
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	a := &api{http: client, project: "/projects/" + url.PathEscape(c.Repository), ids: map[string]int64{}}
	return hosted.New(hosted.Config{
		Name: "GitLab", API: a, Remote: c.URL + "/" + c.Repository + ".git",
		Credentials: func(context.Context) (string, string, error) { return "oauth2", string(c.Token), nil },
		Review:      c.Review, Owners: owners.GitLab, Labels: c.Labels, NoDraft: c.NoDraft, Scrub: scrub, Sleep: c.Sleep,
	}), nil
}

func (a *api) get(ctx context.Context, path string, query url.Values, answer any) error {
	_, err := a.http.JSON(ctx, httpx.Request{Method: http.MethodGet, Path: path, Query: query}, answer)
	return err
}

func (a *api) send(ctx context.Context, method, path string, body, answer any) error {
	_, err := a.http.JSON(ctx, httpx.Request{Method: method, Path: path, Body: body, Repeatable: method != http.MethodPost}, answer)
	return err
}

// absent makes no error of what is not there.
func absent(err error) error {
	if httpx.Status(err) == http.StatusNotFound {
		return nil
	}
	return err
}

// Tip implements [hosted.Content]. Where there is no branch, it is made sure that
// there is a project.
func (a *api) Tip(ctx context.Context, branch string) (string, error) {
	var answer struct {
		Commit struct {
			ID string `json:"id"`
		} `json:"commit"`
	}
	err := absent(a.get(ctx, a.project+"/repository/branches/"+url.PathEscape(branch), nil, &answer))
	if err != nil || answer.Commit.ID != "" {
		return answer.Commit.ID, err
	}
	return "", a.get(ctx, a.project, nil, nil)
}

// File implements [hosted.Content].
func (a *api) File(ctx context.Context, branch, path string) ([]byte, error) {
	response, err := a.http.Do(ctx, httpx.Request{
		Method: http.MethodGet, Path: a.project + "/repository/files/" + url.PathEscape(path) + "/raw", Query: url.Values{"ref": {branch}},
	})
	return response.Body, absent(err)
}

// Checks implements [hosted.Content].
func (a *api) Checks(ctx context.Context, p hosted.Pull) (selfheal.Checks, error) {
	var answer []struct {
		Name         string `json:"name"`
		Status       string `json:"status"`
		URL          string `json:"target_url"`
		Description  string `json:"description"`
		AllowFailure bool   `json:"allow_failure"`
	}
	path := a.project + "/repository/commits/" + url.PathEscape(p.Commit) + "/statuses"
	if err := a.get(ctx, path, url.Values{"per_page": {"100"}}, &answer); err != nil {
		return selfheal.Checks{}, err
	}
	var tally hosted.Tally
	for _, s := range answer {
		state := selfheal.ChecksPending
		switch {
		case s.Status == "success", s.Status == "skipped", s.Status == "manual", s.AllowFailure:
			state = selfheal.ChecksPassed
		case s.Status == "failed", s.Status == "canceled":
			state = selfheal.ChecksFailed
		}
		tally.Add(state, selfheal.Check{Name: s.Name, URL: s.URL, Text: s.Description})
	}
	return tally.Checks(), nil
}

func number(n int) string { return strconv.Itoa(n) }
