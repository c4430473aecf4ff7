package config_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/config"
)

func parsed(t *testing.T, text string) config.Source {
	t.Helper()
	c, err := config.Parse("selfheal.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return c.Source
}

func TestSourceSection(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"TOKEN": "t0ken", "PASSWORD": "pa55", "DD_API_KEY": "a", "DD_APP_KEY": "b", "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "c",
		"AWS_SECRET_ACCESS_KEY": "d", "SENTRY_AUTH_TOKEN": "e", "LANGSMITH_API_KEY": "f", "KUBERNETES_SERVICE_HOST": "",
	}
	f := func(text, kind, wrong string) {
		t.Helper()
		s, err := parsed(t, "source: "+text).Open(config.SourceSettings{Getenv: func(name string) string { return env[name] }, Clock: time.Now, Dir: "/repository"})
		if wrong == "" && (err != nil || fmt.Sprintf("%T", s) != "*"+kind+".Source") || wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)) {
			t.Errorf("%s: %T, %v, want %s %q", text, s, err, kind, wrong)
		}
	}
	f("{kind: file, files: [logs/*.log]}", "file", "")
	f("{kind: exec, command: [cat, x]}", "exec", "")
	f("{kind: journald}", "journald", "")
	f("{kind: docker}", "docker", "")
	f(`{kind: loki, url: "http://localhost:3100", tenant: a, query: '{app="shop"}', user: u, password: "${env:PASSWORD}"}`, "loki", "")
	f(`{kind: victorialogs, url: "https://logs.example.com", token: "${env:TOKEN}", headers: {AccountID: "1"}, fields: {message: text, revision: sha}}`, "victorialogs", "")
	f(`{kind: elasticsearch, url: "http://localhost:9200", index: shop-*}`, "elastic", "")
	f(`{kind: opensearch, url: "http://localhost:9200"}`, "elastic", "")
	f("{kind: datadog}", "datadog", "")
	f("{kind: cloudwatch, group: '/ecs/{service}'}", "cloudwatch", "")
	f("{kind: sentry, organization: acme}", "sentryapi", "")
	f("{kind: langsmith}", "langsmith", "")
	f("{kind: kubernetes, kubeconfig: /no/such/file}", "", "/no/such/file")
	f(`{kind: loki, url: "http://localhost:3100", token: "${env:NOWHERE}"}`, "", "NOWHERE, which is not set")
	env["DD_APP_KEY"] = ""
	f("{kind: datadog}", "", "DD_APP_KEY, which is not set")
	if _, err := (config.Source{}).Open(config.SourceSettings{}); selfheal.CodeOf(err) != selfheal.CodeUsage || selfheal.HintOf(err) == "" {
		t.Errorf("no section: %v", err)
	}
}

func TestSourceSectionIsChecked(t *testing.T) {
	t.Parallel()
	f := func(text string, want ...string) {
		t.Helper()
		_, err := config.Parse("selfheal.yaml", []byte("source: "+text))
		if selfheal.CodeOf(err) != selfheal.CodeUsage {
			t.Errorf("%s: %v", text, err)
			return
		}
		full := err.Error() + "\nhint: " + selfheal.HintOf(err)
		for _, part := range want {
			if !strings.Contains(full, part) {
				t.Errorf("%s: error lacks %q:\n%s", text, part, full)
			}
		}
		if strings.Contains(full, "s3cr3t") {
			t.Errorf("the error shows the secret: %s", full)
		}
	}
	f("{url: 'http://localhost'}", "kind is missing", "victorialogs")
	f("{kind: lokki}", `no such kind: "lokki"`, `did you mean "loki"?`)
	f("{kind: loki}", "not the address")
	f("{kind: loki, url: 'http://localhost:3100', index: a, region: b}", "index is no key of loki", "region is no key of loki")
	f("{kind: loki, url: 'http://logs.example.com', token: '${env:T}'}", "in clear")
	f("{kind: loki, url: 'https://u:s3cr3t@logs.example.com'}", "more than host and path")
	f("{kind: loki, url: 'https://logs.example.com', token: s3cr3t}", "token holds something else")
	f("{kind: loki, url: 'https://logs.example.com', headers: {Authorization: s3cr3t}}", "no secret belongs there")
	f("{kind: loki, url: 'https://logs.example.com', user: a}", "belong together")
	f("{kind: exec}", "no command")
	f("{kind: file}", "no log files")
	f("{kind: sentry}", "no organization")
	f("{kind: cloudwatch}", "no log group")
	f("{kind: journald, matches: [--rotate]}", "no match")
	f("{kind: docker, timeout: -1s}", "timeout is negative")
	f("{kind: docker, lables: [a]}", "lables", `did you mean "labels"?`)
}

// TestDocumentedSources: every example of docs/sources.md is valid, and there is one for each kind.
func TestDocumentedSources(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/sources.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, block := range strings.Split(string(page), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		if strings.HasPrefix(text, " ") {
			text = "source:\n  kind: loki\n  url: http://localhost:3100\n" + text
		}
		found[parsed(t, text).Kind] = true
	}
	for _, kind := range []string{"file", "exec", "journald", "docker", "kubernetes", "loki", "victorialogs", "elasticsearch", "datadog", "cloudwatch", "sentry", "langsmith"} {
		if !found[kind] {
			t.Errorf("docs/sources.md has no example of %s", kind)
		}
	}
}
