package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/forge/gitea"
	"selfheal/internal/forge/github"
	"selfheal/internal/forge/gitlab"
	"selfheal/internal/forge/hosted"
	"selfheal/internal/httpx"
)

// Forge says where pull requests are opened. Without it, that is the local forge.
type Forge struct {
	// Kind is local, github, gitlab or gitea (Forgejo too); by default it follows from the address of the repository's remote, where anything else of this section is set, else it is local.
	Kind string `yaml:"kind" json:"kind,omitempty" jsonschema:"enum=local,enum=github,enum=gitlab,enum=gitea"`
	// URL is the address of the forge, e.g. https://github.example.com; by default that of the remote.
	URL string `yaml:"url" json:"url,omitempty"`
	// Repository is owner/name on the forge; by default that of the remote.
	Repository string `yaml:"repository" json:"repository,omitempty"`
	// Remote is the git remote that URL and Repository are taken from; by default origin.
	Remote string `yaml:"remote" json:"remote,omitempty"`
	// Token is the forge's token as a reference to an environment variable; by default ${env:GITHUB_TOKEN}, ${env:GITLAB_TOKEN} or ${env:GITEA_TOKEN}. What it must be allowed to do is in docs/forges.md.
	Token Secret `yaml:"token" json:"token,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// App acts as a GitHub App instead of with a token.
	App *ForgeApp `yaml:"app" json:"app,omitempty"`
	// Labels are added to every pull request, besides "selfheal".
	Labels []string `yaml:"labels" json:"labels,omitempty"`
	// Reviewers is who is asked for a review: codeowners (who owns the changed files, else as blame), blame (who last wrote the blamed lines), none, or names separated by commas.
	Reviewers string `yaml:"reviewers" json:"reviewers,omitempty"`
	// Draft says whether a pull request that was not proven is opened as a draft; yes by default.
	Draft *bool `yaml:"draft" json:"draft,omitempty"`
}

// ForgeApp is an installation of a GitHub App.
type ForgeApp struct {
	// ID is the App's ID or client ID.
	ID string `yaml:"id" json:"id"`
	// KeyFile is the path of the App's private key, a PEM file.
	KeyFile string `yaml:"key_file" json:"key_file"`
	// Installation is the installation's number; by default the one of the repository.
	Installation int64 `yaml:"installation" json:"installation,omitempty"`
}

// The kinds of forges.
const (
	ForgeLocal  = "local"
	ForgeGitHub = "github"
	ForgeGitLab = "gitlab"
	ForgeGitea  = "gitea"
)

// ForgeKinds are all kinds, as users write them.
var ForgeKinds = []string{ForgeLocal, ForgeGitHub, ForgeGitLab, ForgeGitea}

// Validate says everything that is wrong as far as it can be known without the
// environment and the repository.
func (f Forge) Validate() error {
	var all []error
	if f.Kind != "" && !slices.Contains(ForgeKinds, f.Kind) {
		all = append(all, selfheal.Usagef("use "+strings.Join(ForgeKinds, ", "), "no such kind: %q", f.Kind))
	}
	if f.URL != "" {
		all = append(all, hosted.CheckAddress(f.URL))
	}
	if f.Repository != "" {
		all = append(all, hosted.CheckRepository(f.Repository, 0))
	}
	all = append(all, f.Token.validate("token"))
	if f.App != nil && (f.App.ID == "" || f.App.KeyFile == "") {
		all = append(all, selfheal.Usagef("both are on the page of the App's settings", "app needs id and key_file"))
	}
	if f.App != nil && f.Token != "" {
		all = append(all, selfheal.Usagef("leave one of them out", "both token and app are set"))
	}
	if f.App != nil && f.Kind != "" && f.Kind != ForgeGitHub {
		all = append(all, selfheal.Usagef("use token", "app is of GitHub only"))
	}
	return below("forge", all...)
}

// unset tells whether nothing is said of a forge.
func (f Forge) unset() bool {
	return f.Kind == "" && f.URL == "" && f.Repository == "" && f.Remote == "" && f.Token == "" && f.App == nil
}

// Settled gives the section with what it leaves open filled in from the address
// of a git remote. It may be empty where there is no remote.
func (f Forge) Settled(remote string) (Forge, error) {
	if f.Kind == ForgeLocal || f.unset() {
		f.Kind = ForgeLocal
		return f, nil
	}
	found, known := ParseRemote(remote)
	if f.Kind == "" && f.URL != "" {
		u, err := url.Parse(f.URL)
		if err != nil {
			return f, below("forge", selfheal.Usagef("write it as https://host", "url is no address"))
		}
		f.Kind = kindOf(u.Hostname())
	}
	f.Kind = cmp.Or(f.Kind, found.Kind)
	f.URL, f.Repository = cmp.Or(f.URL, found.URL), cmp.Or(f.Repository, found.Repository)
	switch {
	case f.Kind == "" && !known:
		return f, below("forge", selfheal.Usagef("set forge.kind, forge.url and forge.repository", "the repository has no remote that tells which forge it is on"))
	case f.Kind == "":
		return f, below("forge", selfheal.Usagef("set forge.kind to github, gitlab or gitea", "what kind of forge %s is cannot be told from its name", f.URL))
	case f.Repository == "":
		return f, below("forge", selfheal.Usagef("set forge.repository to owner/name", "the repository has no remote that tells its name on the forge"))
	}
	return f, nil
}

// Place is what the address of a remote says.
type Place struct {
	Kind       string // empty when the host's name does not tell
	URL        string // of the forge
	Repository string
}

// scpLike is git@host:owner/name.
var scpLike = regexp.MustCompile(`^(?:[^/@:]+@)?([A-Za-z0-9.-]+):([^/].*)$`)

// ParseRemote reads the address of a git remote in any of its spellings. A user
// and a password in it are left out.
func ParseRemote(remote string) (Place, bool) {
	if m := scpLike.FindStringSubmatch(remote); m != nil && !strings.Contains(remote, "://") {
		return placeAt("https", m[1], m[2])
	}
	u, err := url.Parse(remote)
	if err != nil || u.Host == "" {
		return Place{}, false
	}
	switch u.Scheme {
	case "http", "https":
		return placeAt(u.Scheme, u.Host, u.Path)
	case "ssh", "git", "git+ssh":
		return placeAt("https", u.Hostname(), u.Path) // the port is that of ssh
	}
	return Place{}, false
}

func placeAt(scheme, host, path string) (Place, bool) {
	name := strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	if hosted.CheckRepository(name, 0) != nil {
		return Place{}, false
	}
	hostname, _, _ := strings.Cut(host, ":")
	if hostname == "ssh.github.com" {
		host, hostname = "github.com", "github.com"
	}
	return Place{Kind: kindOf(hostname), URL: scheme + "://" + host, Repository: name}, true
}

// kindOf tells a forge by its name, where that tells.
func kindOf(host string) string {
	switch host {
	case "codeberg.org":
		return ForgeGitea
	case "salsa.debian.org", "invent.kde.org", "gitlab.freedesktop.org":
		return ForgeGitLab
	}
	for label := range strings.SplitSeq(host, ".") {
		switch label {
		case "github":
			return ForgeGitHub
		case "gitlab":
			return ForgeGitLab
		case "gitea", "forgejo":
			return ForgeGitea
		}
	}
	return ""
}

// tokenVariables are where a token is looked for when none is configured.
var tokenVariables = map[string]string{ForgeGitHub: "GITHUB_TOKEN", ForgeGitLab: "GITLAB_TOKEN", ForgeGitea: "GITEA_TOKEN"}

// Open makes the forge of a section that is settled and not local. scrub removes
// secrets from what the forge says.
func (f Forge) Open(getenv func(string) string, scrub func(string) string, clock selfheal.Clock) (*hosted.Forge, error) {
	token, err := f.token(getenv)
	if err != nil {
		return nil, below("forge", err)
	}
	draft := f.Draft == nil || *f.Draft
	var made *hosted.Forge
	switch f.Kind {
	case ForgeGitHub:
		app, appErr := f.app()
		if appErr != nil {
			return nil, below("forge.app", appErr)
		}
		made, err = github.New(github.Config{URL: f.URL, Repository: f.Repository, Token: token, App: app,
			Review: f.Reviewers, Labels: f.Labels, NoDraft: !draft, Scrub: scrub, Clock: clock})
	case ForgeGitLab:
		made, err = gitlab.New(gitlab.Config{URL: f.URL, Repository: f.Repository, Token: token,
			Review: f.Reviewers, Labels: f.Labels, NoDraft: !draft, Scrub: scrub, Clock: clock})
	case ForgeGitea:
		made, err = gitea.New(gitea.Config{URL: f.URL, Repository: f.Repository, Token: token,
			Review: f.Reviewers, Labels: f.Labels, NoDraft: !draft, Scrub: scrub, Clock: clock})
	default:
		return nil, fmt.Errorf("forge: %q is not served by anybody", f.Kind)
	}
	return made, below("forge", err)
}

func (f Forge) token(getenv func(string) string) (httpx.Secret, error) {
	if f.App != nil {
		return "", nil
	}
	reference := f.Token
	if reference == "" {
		reference = Secret("${env:" + tokenVariables[f.Kind] + "}")
	}
	token, err := reference.resolve("token", getenv)
	return httpx.Secret(token), err
}

func (f Forge) app() (github.App, error) {
	if f.App == nil {
		return github.App{}, nil
	}
	key, err := os.ReadFile(f.App.KeyFile)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return github.App{}, selfheal.Usagef("check the path of key_file", "no such file: %s", f.App.KeyFile)
	case err != nil:
		return github.App{}, &selfheal.Error{Code: selfheal.CodeUsage, Op: "read key_file", Message: f.App.KeyFile, Err: err}
	}
	return github.App{ID: f.App.ID, Key: httpx.Secret(key), Installation: f.App.Installation}, nil
}
