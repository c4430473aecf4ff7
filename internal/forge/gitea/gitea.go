// Package gitea is the forge Gitea, or Forgejo, by its REST API
// (https://docs.gitea.com/api). A draft is a pull request whose title begins with
// "WIP:".
//
// In go branches and pull requests, out come pull requests; see package hosted
// for what holds on every forge.
package gitea

import (
	"context"
	"encoding/base64"
	"encoding/json"
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

// Config is what a [New] forge needs: URL, Repository and Token.
type Config struct {
	URL        string // https://HOST, with the path that it is served below
	Repository string // owner/name
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
	all := []error{hosted.CheckRepository(c.Repository, 2), hosted.CheckAddress(c.URL)}
	if c.Token == "" {
		all = append(all, selfheal.Usagef("set forge.token to ${env:GITEA_TOKEN}", "Gitea needs a token"))
	}
	return errors.Join(all...)
}

// api is the adapter of Gitea's API.
type api struct {
	http *httpx.Client
	repo string // path of the repository

	mu      sync.Mutex
	self    string
	writers []string // who may write, once asked
}

// New makes the forge; what Validate refuses is refused here too.
func New(c Config) (*hosted.Forge, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.URL = strings.TrimRight(c.URL, "/")
	scrub := func(text string) string {
		if c.Scrub != nil {
			text = c.Scrub(text)
		}
		return strings.ReplaceAll(text, string(c.Token), "[redacted:token]")
	}
	client, err := httpx.New(httpx.Config{
		Base: c.URL + "/api/v1", Name: "Gitea", Scrub: scrub, HTTP: c.HTTP, Clock: c.Clock, Sleep: c.Sleep,
		Header: http.Header{"Accept": {"application/json"}, "User-Agent": {"selfheal"}},
		Authorize: func(_ context.Context, header http.Header) error {
			header.Set("Authorization", "token "+string(c.Token))
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return hosted.New(hosted.Config{
		Name: "Gitea", API: &api{http: client, repo: "/repos/" + c.Repository}, Remote: c.URL + "/" + c.Repository + ".git",
		Credentials: func(context.Context) (string, string, error) { return "selfheal", string(c.Token), nil },
		Review:      c.Review, Owners: owners.Gitea, Labels: c.Labels, NoDraft: c.NoDraft, Scrub: scrub, Sleep: c.Sleep,
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

// Tip implements [hosted.Content]. It asks for the reference, which git has as
// soon as a push is through: of branches, Gitea hears a moment later. Where there
// is none, it is made sure that there is a repository.
func (a *api) Tip(ctx context.Context, branch string) (string, error) {
	var answer json.RawMessage
	if err := absent(a.get(ctx, a.repo+"/git/refs/heads/"+segments(branch), nil, &answer)); err != nil {
		return "", err
	}
	for _, found := range references(answer) {
		if found.Ref == "refs/heads/"+branch {
			return found.Object.SHA, nil
		}
	}
	return "", a.get(ctx, a.repo, nil, nil)
}

// reference is a branch, as git has it.
type reference struct {
	Ref    string `json:"ref"`
	Object struct {
		SHA string `json:"sha"`
	} `json:"object"`
}

// references reads a list, or the one that Gitea gives without a list around it;
// in a list are those that begin alike, too.
func references(answer json.RawMessage) []reference {
	var many []reference
	if json.Unmarshal(answer, &many) == nil {
		return many
	}
	var one reference
	if json.Unmarshal(answer, &one) != nil {
		return nil
	}
	return []reference{one}
}

func segments(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

// File implements [hosted.Content].
func (a *api) File(ctx context.Context, branch, path string) ([]byte, error) {
	var answer struct {
		Content  *string `json:"content"`
		Encoding *string `json:"encoding"`
	}
	err := a.get(ctx, a.repo+"/contents/"+segments(path), url.Values{"ref": {branch}}, &answer)
	if err != nil || answer.Content == nil || answer.Encoding == nil || *answer.Encoding != "base64" {
		return nil, absent(err)
	}
	return base64.StdEncoding.DecodeString(*answer.Content)
}

// Checks implements [hosted.Content].
func (a *api) Checks(ctx context.Context, p hosted.Pull) (selfheal.Checks, error) {
	var answer struct {
		Statuses []struct {
			Context     string `json:"context"`
			Status      string `json:"status"`
			URL         string `json:"target_url"`
			Description string `json:"description"`
		} `json:"statuses"`
	}
	if err := a.get(ctx, a.repo+"/commits/"+url.PathEscape(p.Commit)+"/status", nil, &answer); err != nil {
		return selfheal.Checks{}, err
	}
	var tally hosted.Tally
	for _, s := range answer.Statuses {
		state := selfheal.ChecksFailed
		switch s.Status {
		case "success", "skipped", "warning":
			state = selfheal.ChecksPassed
		case "pending":
			state = selfheal.ChecksPending
		}
		tally.Add(state, selfheal.Check{Name: s.Context, URL: s.URL, Text: s.Description})
	}
	return tally.Checks(), nil
}

func number(n int) string { return strconv.Itoa(n) }
