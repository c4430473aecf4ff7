package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/config"
)

func TestParseRemote(t *testing.T) {
	t.Parallel()
	f := func(remote, kind, url, repository string) {
		t.Helper()
		got, ok := config.ParseRemote(remote)
		want := config.Place{Kind: kind, URL: url, Repository: repository}
		if diff := cmp.Diff(want, got); diff != "" || ok != (repository != "") {
			t.Errorf("%s, known %t (-want +got):\n%s", remote, ok, diff)
		}
	}
	f("https://github.com/octo-org/shop.git", "github", "https://github.com", "octo-org/shop")
	f("https://ada:secret@github.com/octo-org/shop", "github", "https://github.com", "octo-org/shop")
	f("git@github.com:octo-org/shop.git", "github", "https://github.com", "octo-org/shop")
	f("ssh://git@ssh.github.com:443/octo-org/shop.git", "github", "https://github.com", "octo-org/shop")
	f("ssh://git@gitlab.example.com:2222/group/sub/shop.git", "gitlab", "https://gitlab.example.com", "group/sub/shop")
	f("https://codeberg.org/o/r", "gitea", "https://codeberg.org", "o/r")
	f("http://127.0.0.1:3000/o/r.git", "", "http://127.0.0.1:3000", "o/r")
	f("git@forge.example.com:o/r", "", "https://forge.example.com", "o/r")
	f("/srv/git/shop.git", "", "", "")
	f("../shop", "", "", "")
	f("file:///srv/git/shop.git", "", "", "")
	f("https://github.com/only", "", "", "")
	f("https://github.com/a/../../b", "", "", "")
	f("C:\\repos\\shop", "", "", "")
	f("", "", "", "")
}

func TestForgeSettled(t *testing.T) {
	t.Parallel()
	f := func(in config.Forge, remote, kind, url, repository, wrong string) {
		t.Helper()
		got, err := in.Settled(remote)
		if wrong != "" {
			if err == nil || selfheal.CodeOf(err) != selfheal.CodeUsage || !strings.Contains(err.Error(), wrong) {
				t.Errorf("%+v with %q: error %v, want %q", in, remote, err, wrong)
			}
			return
		}
		if err != nil || got.Kind != kind || got.URL != url || got.Repository != repository {
			t.Errorf("%+v with %q: %+v, error %v", in, remote, got, err)
		}
	}
	const remote = "git@github.com:octo-org/shop.git"
	f(config.Forge{}, remote, "local", "", "", "")
	f(config.Forge{Labels: []string{"x"}}, remote, "local", "", "", "")
	f(config.Forge{Kind: "github"}, remote, "github", "https://github.com", "octo-org/shop", "")
	f(config.Forge{Token: "${env:T}"}, remote, "github", "https://github.com", "octo-org/shop", "")
	f(config.Forge{Token: "${env:T}", Repository: "a/b"}, remote, "github", "https://github.com", "a/b", "")
	f(config.Forge{URL: "https://gitlab.example.com", Repository: "a/b"}, "", "gitlab", "https://gitlab.example.com", "a/b", "")
	f(config.Forge{Token: "${env:T}"}, "git@forge.example.com:o/r", "", "", "", "cannot be told")
	f(config.Forge{Token: "${env:T}"}, "/srv/r", "", "", "", "no remote")
	f(config.Forge{Kind: "gitea", URL: "https://x.example"}, "", "", "", "", "no remote")
}

func TestForgeOpen(t *testing.T) {
	t.Parallel()
	env := map[string]string{"GITHUB_TOKEN": "t", "GITEA_TOKEN": "t"}
	f := func(in config.Forge, wrong string) {
		t.Helper()
		_, err := in.Open(func(name string) string { return env[name] }, nil, nil)
		if wrong == "" && err != nil || wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)) {
			t.Errorf("%+v: error %v, want %q", in, err, wrong)
		}
	}
	f(config.Forge{Kind: "github", URL: "https://github.com", Repository: "a/b"}, "")
	f(config.Forge{Kind: "gitea", URL: "https://x.example", Repository: "a/b"}, "")
	f(config.Forge{Kind: "gitea", URL: "http://x.example", Repository: "a/b"}, "in clear")
	f(config.Forge{Kind: "gitlab", URL: "https://x.example", Repository: "a/b"}, "GITLAB_TOKEN, which is not set")
	f(config.Forge{Kind: "github", URL: "https://github.com", Repository: "a/b", App: &config.ForgeApp{ID: "1", KeyFile: "/nowhere"}}, "no such file")
}

func TestForgeSectionIsChecked(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		_, err := config.Parse("selfheal.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error()+selfheal.HintOf(err), "ghp_") {
			t.Errorf("the error shows the token: %v", err)
		}
	}
	f("forge: {kind: bitbucket}", "bitbucket")
	f("forge: {token: ghp_abcdefghijklmnopqrstuvwxyz0123456789}", "token holds something else")
	f("forge: {url: http://git.example.com}", "in clear")
	f("forge: {url: 'https://u:p@git.example.com'}", "more than host and path")
	f("forge: {repository: shop}", "not the name")
	f("forge: {app: {id: '1'}}", "key_file")
	f("forge: {tokn: x}", "tokn")
}
