package config_test

import (
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/config"
)

// contributions is a forge that can bring in what others pushed.
type contributions struct {
	selfheal.Forge
	selfheal.Contributions
}

func TestDelegates(t *testing.T) {
	t.Parallel()
	environment := map[string]string{"KEY": "k", "TOKEN": "0123456789abcdef", "GITHUB_TOKEN": "t"}
	github := config.Forge{Kind: config.ForgeGitHub, URL: "https://github.com", Repository: "octo-org/shop"}
	f := func(text string, forge config.Forge, openSWE, copilot string) {
		t.Helper()
		c, err := config.Parse("selfheal.yaml", []byte("repair:\n  "+text+"\n"))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		s := config.DelegateSurroundings{Forge: forge, Opened: contributions{}, Getenv: func(name string) string { return environment[name] }, Clock: time.Now}
		says := func(open func(config.DelegateSurroundings) (selfheal.Delegate, error), want string) {
			t.Helper()
			made, err := open(s)
			if want == "" && (err != nil || made == nil) || want != "" && (err == nil || made != nil || !strings.Contains(err.Error()+selfheal.HintOf(err), want)) {
				t.Errorf("%s: %v, want %q", text, err, want)
			}
		}
		says(c.Repair.OpenSWE.Open, openSWE)
		says(c.Repair.GitHubCopilot.Open, copilot)
	}
	local := config.Forge{Kind: config.ForgeLocal}
	withApp := github
	withApp.App = &config.ForgeApp{ID: "1", KeyFile: "key.pem"}
	f("open_swe: {url: https://swe.example, api_key: '${env:KEY}', timeout: 30m}", github, "", "")
	f("open_swe: {url: https://swe.example, webhook: {url: https://us.example/hook, token: '${env:TOKEN}', listen: ':8090'}}", github, "", "")
	f("open_swe: {}", github, "not configured", "")
	f("open_swe: {url: swe.example}", github, "not the address", "")
	f("open_swe: {url: https://swe.example, api_key: '${env:ABSENT}'}", github, "ABSENT", "")
	f("open_swe: {url: https://swe.example}", local, "forge.kind", "GitHub only")
	f("github_copilot: {token: '${env:ABSENT}'}", github, "not configured", "ABSENT")
	f("github_copilot: {}", withApp, "not configured", "no App")
	f("github_copilot: {token: '${env:KEY}', model: m, agent: a, timeout: 2h}", withApp, "not configured", "")
}

func TestDelegateSettings(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		_, err := config.Parse("selfheal.yaml", []byte("repair:\n  "+text+"\n"))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "lsv2-secret") {
			t.Errorf("%s: the secret is in %v", text, err)
		}
	}
	f("strategies: [revert, open-swe, github-copilot]", "")
	f("open_swe: {api_key: lsv2-secret}", "repair.open_swe.api_key holds something else")
	f("github_copilot: {token: lsv2-secret}", "repair.github_copilot.token holds something else")
	f("open_swe: {webhook: {url: https://us.example}}", "needs url, token and listen")
	f("open_swe: {timeout: -1s}", "must be positive")
	f("github_copilot: {timeout: -1s}", "must be positive")
	f("open_swe: {key: x}", "key")
}
