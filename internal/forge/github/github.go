// Package github is the forge GitHub, github.com or Enterprise Server, by its
// REST API (https://docs.github.com/en/rest); only what REST lacks, changing a
// draft, is asked by GraphQL. It acts as a GitHub App or with a token.
//
// In go branches and pull requests, out come pull requests; see package hosted
// for what holds on every forge.
package github

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/forge/hosted"
	"selfheal/internal/forge/owners"
	"selfheal/internal/httpx"
)

// apiVersion is the version of the REST API that is spoken.
const apiVersion = "2022-11-28"

// Config is what a [Forge] needs: Repository, and Token or App.
type Config struct {
	URL        string // https://github.com by default; https://HOST for Enterprise Server
	API        string // root of the API; by default it follows from URL
	Repository string // owner/name
	Token      httpx.Secret
	App        App

	Review  string // see hosted.Config
	Labels  []string
	NoDraft bool

	HTTP  *http.Client
	Clock selfheal.Clock
	Sleep func(context.Context, time.Duration) error
	Scrub func(string) string
}

// App says as which installation of a GitHub App to act.
type App struct {
	ID           string       // App ID or client ID
	Key          httpx.Secret // private key, PEM
	Installation int64        // 0: the one of the repository
}

// Validate says everything that is wrong, each with a hint.
func (c Config) Validate() error {
	all := []error{hosted.CheckRepository(c.Repository, 2)}
	for _, address := range []string{c.URL, c.API} {
		if address != "" {
			all = append(all, hosted.CheckAddress(address))
		}
	}
	switch {
	case c.Token == "" && c.App.ID == "":
		all = append(all, selfheal.Usagef("set forge.token to ${env:GITHUB_TOKEN}, or forge.app", "GitHub needs a token or an App"))
	case c.Token != "" && c.App.ID != "":
		all = append(all, selfheal.Usagef("leave one of them out", "both a token and an App are configured"))
	case c.App.ID != "" && c.App.Key == "":
		all = append(all, selfheal.Usagef("set forge.app.key_file", "the App has no private key"))
	}
	if c.App.Key != "" {
		_, err := parseKey(c.App.Key)
		all = append(all, err)
	}
	return errors.Join(all...)
}

// api is the adapter of GitHub's API.
type api struct {
	http *httpx.Client
	repo string // path of the repository
	own  string // owner
	app  *installation

	mu   sync.Mutex
	self string
}

// New makes the forge; what Validate refuses is refused here too.
func New(c Config) (*hosted.Forge, error) {
	a, token, err := connect(&c)
	if err != nil {
		return nil, err
	}
	return hosted.New(hosted.Config{
		Name: "GitHub", API: a, Remote: c.URL + "/" + c.Repository + ".git",
		Credentials: func(ctx context.Context) (string, string, error) {
			t, err := token(ctx)
			return "x-access-token", t, err
		},
		Review: c.Review, Owners: owners.GitHub, Labels: c.Labels, NoDraft: c.NoDraft, Scrub: c.scrub(), Sleep: c.Sleep,
	}), nil
}

// connect checks and completes the settings, and makes the adapter of the API and
// what gives the token.
func connect(c *Config) (*api, func(context.Context) (string, error), error) {
	if err := c.Validate(); err != nil {
		return nil, nil, err
	}
	if c.URL == "" {
		c.URL = "https://github.com"
	}
	c.URL = strings.TrimRight(c.URL, "/")
	if c.API == "" {
		c.API = apiOf(c.URL)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	owner, name, _ := strings.Cut(c.Repository, "/")
	a := &api{repo: "/repos/" + owner + "/" + name, own: owner}
	settings := httpx.Config{
		Base: c.API, Name: "GitHub", Scrub: c.scrub(), HTTP: c.HTTP, Clock: c.Clock, Sleep: c.Sleep,
		Header: http.Header{"Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {apiVersion}, "User-Agent": {"selfheal"}},
	}
	secret := c.Token
	token := func(context.Context) (string, error) { return string(secret), nil }
	if c.App.ID != "" {
		var err error
		if a.app, err = newInstallation(*c, settings, name, a.repo); err != nil {
			return nil, nil, err
		}
		token = a.app.token
	}
	settings.Authorize = bearer(token)
	var err error
	a.http, err = httpx.New(settings)
	return a, token, err
}

func (c Config) scrub() func(string) string {
	return func(text string) string {
		if c.Scrub != nil {
			text = c.Scrub(text)
		}
		if c.Token != "" {
			text = strings.ReplaceAll(text, string(c.Token), "[redacted:token]")
		}
		return text
	}
}

// apiOf is where the API of an address is: Enterprise Server has it below /api/v3.
func apiOf(address string) string {
	if u, err := url.Parse(address); err == nil && (u.Host == "github.com" || u.Host == "www.github.com") {
		return "https://api.github.com"
	}
	return address + "/api/v3"
}

func bearer(token func(context.Context) (string, error)) func(context.Context, http.Header) error {
	return func(ctx context.Context, header http.Header) error {
		t, err := token(ctx)
		if err != nil {
			return err
		}
		header.Set("Authorization", "Bearer "+t)
		return nil
	}
}

func (a *api) get(ctx context.Context, path string, query url.Values, answer any) error {
	_, err := a.http.JSON(ctx, httpx.Request{Method: http.MethodGet, Path: path, Query: query}, answer)
	return err
}

// absent makes no error of what is not there.
func absent(err error) error {
	if status := httpx.Status(err); status == http.StatusNotFound {
		return nil
	}
	return err
}

// Tip implements [hosted.Content].
func (a *api) Tip(ctx context.Context, branch string) (string, error) {
	var answer struct {
		Object struct {
			SHA string `json:"sha"`
		} `json:"object"`
	}
	err := a.get(ctx, a.repo+"/git/ref/heads/"+segments(branch), nil, &answer)
	return answer.Object.SHA, a.exists(ctx, absent(err), answer.Object.SHA)
}

// exists tells a branch that is not there from a repository that is not: GitHub
// answers 404 for both, and for what a token may not see.
func (a *api) exists(ctx context.Context, err error, found string) error {
	if err != nil || found != "" {
		return err
	}
	return a.get(ctx, a.repo, nil, nil)
}

// segments escapes the parts of a path.
func segments(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}
