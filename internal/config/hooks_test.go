package config_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"selfheal"
	"selfheal/internal/config"
	"selfheal/internal/hook"
)

// environment knows one secret by every name.
func environment(string) string { return "0123456789abcdef0123" }

func TestHooks(t *testing.T) {
	t.Parallel()
	c, err := config.Parse("selfheal.yaml", []byte(`
hooks:
  - name: github
    from: github
    secret: ${env:GITHUB_WEBHOOK_SECRET}
    old_secret: ${env:GITHUB_WEBHOOK_SECRET_OLD}
    deploys:
      - {repository: octo-org/shop, environment: "prod*", as_service: shop, as_environment: production}
      - {repository: octo-org/cart, branch: main, as_environment: production, serves: true}
  - {name: ci, from: generic, verify: standard, secret: "${env:CI_SECRET}", service: shop, environment: production}
  - {name: cluster, from: kubernetes, namespace: store, selector: app=shop, environment: production}
  - {name: agents, from: langsmith, api_key: "${env:LANGSMITH_API_KEY}", deployment: d-1, service: agent, environment: production, every: 20s}
`))
	if err != nil {
		t.Fatal(err)
	}
	hooks, err := c.Receivers(environment)
	if err != nil || len(hooks) != 2 || len(hooks[0].Secrets) != 2 || hooks[0].Rules[1].Branch != "main" || !hooks[0].Rules[1].Serves || hooks[1].Scheme != hook.SchemeStandard {
		t.Errorf("%+v, %v", hooks, err)
	}
	if _, err := hook.New(hook.Config{Hooks: hooks}, nil); err != nil {
		t.Error(err)
	}
	if k := c.Hooks[2].Kubernetes(); k.Namespace != "store" || k.Selector != "app=shop" || k.Environment != "production" {
		t.Errorf("%+v", k)
	}
	if c.Hooks[3].Period().String() != "20s" || c.Hooks[2].Period().String() != "30s" {
		t.Errorf("%s", c.Hooks[3].Period())
	}
	if strings.Contains(fmt.Sprintf("%+v %#v", hooks, hooks), "0123456789abcdef") {
		t.Error("a secret is printed")
	}
	if _, err := c.Receivers(func(string) string { return "" }); err == nil || !strings.Contains(err.Error(), "hooks[0]") || !strings.Contains(err.Error(), "GITHUB_WEBHOOK_SECRET, which is not set") {
		t.Errorf("unset: %v", err)
	}
}

func TestLangSmithHook(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != environment("") || r.Header.Get("X-Tenant-Id") != "w-1" {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprint(w, `{"resources":[]}`)
	}))
	t.Cleanup(s.Close)
	h := config.Hook{Name: "x", From: "langsmith", URL: s.URL, APIKey: "${env:KEY}", Workspace: "w-1", Deployment: "d", Service: "agent", Environment: "production"}
	settings, err := h.LangSmith(environment, nil)
	if err != nil {
		t.Fatal(err)
	}
	poller, err := hook.NewLangSmith(settings)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := poller.Poll(t.Context()); err != nil {
		t.Error(err)
	}
}

// refuses is a file that is not valid, for a reason.
func refuses(t *testing.T, text, want string) {
	t.Helper()
	_, err := config.Parse("selfheal.yaml", []byte(text))
	if err == nil || selfheal.CodeOf(err) != selfheal.CodeUsage || !strings.Contains(err.Error(), want) {
		t.Errorf("%s\nerror %v, want %q", text, err, want)
	}
}

func TestHooksAreChecked(t *testing.T) {
	t.Parallel()
	f := func(hook, want string) { t.Helper(); refuses(t, "hooks: [{"+hook+"}]", want) }
	f(`name: x, from: jenkins`, `no such sender: "jenkins"`)
	f(`name: x, from: github`, "has no secret")
	f(`name: x, from: github, secret: hunter2hunter2hunter2`, "something else than ${env:NAME}")
	f(`name: "a/b", from: github, secret: "${env:S}"`, "is no name for a hook")
	f(`name: x, from: github, secret: "${env:S}", verify: bearer`, "cannot prove itself")
	f(`name: x, from: github, secret: "${env:S}", deployment: d`, "github has no deployment")
	f(`name: x, from: github, secret: "${env:S}", deploys: [{repository: "["}]`, "is no pattern")
	f(`name: x, from: github, secret: "${env:S}", deploys: [{as_service: "a b"}]`, "is no name")
	f(`name: x, from: kubernetes, secret: "${env:S}"`, "kubernetes has no secret")
	f(`name: x, from: langsmith, service: a, environment: b, deployment: d`, "needs api_key")
	f(`name: x, from: langsmith, service: a, environment: b, api_key: "${env:S}"`, "deployment's ID")
	f(`name: x, from: github, secrets: "${env:S}"`, "secrets")
	refuses(t, `hooks: [{name: x, from: kubernetes}, {name: x, from: kubernetes}]`, "another hook is called x")
}
