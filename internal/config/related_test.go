package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/config"
	"selfheal/internal/embed"
)

const withProviders = `
related:
  embeddings:
    url: https://api.openai.com/v1
    model: text-embedding-3-small
    api_key: ${env:OPENAI_API_KEY}
    max_texts: 200
    similarity: 0.6
    timeout: 10s
  labels:
    url: http://localhost:11434/v1
    model: llama3.2:1b
    max_clusters: 3
`

func TestRelated(t *testing.T) {
	t.Parallel()
	c, err := config.Parse("selfheal.yaml", []byte(withProviders))
	if err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"OPENAI_API_KEY": "key-0123456789"}
	getenv := func(name string) string { return environment[name] }
	embeddings, err := c.Related.Embeddings.Config(getenv)
	if err != nil {
		t.Fatal(err)
	}
	want := embed.Config{URL: "https://api.openai.com/v1", Model: "text-embedding-3-small", APIKey: "key-0123456789", MaxTexts: 200, Timeout: 10 * time.Second}
	if embeddings != want || c.Related.Embeddings.Similarity != 0.6 {
		t.Errorf("got %+v", embeddings)
	}
	labels, err := c.Related.Labels.Config(getenv)
	if err != nil || labels != (embed.LabelerConfig{URL: "http://localhost:11434/v1", Model: "llama3.2:1b", MaxClusters: 3}) {
		t.Errorf("got %+v, %v", labels, err)
	}
	if text := fmt.Sprintf("%+v %#v", *c.Related.Embeddings, embeddings); strings.Contains(text, "0123456789") {
		t.Errorf("the key is printed: %s", text)
	}
	delete(environment, "OPENAI_API_KEY")
	if _, err := c.Related.Embeddings.Config(getenv); selfheal.CodeOf(err) != selfheal.CodeUsage || !strings.Contains(fmt.Sprint(err), "OPENAI_API_KEY, which is not set") {
		t.Errorf("a variable that is not set: %v", err)
	}
	environment["OPENAI_API_KEY"] = "two\nlines"
	if _, err := c.Related.Embeddings.Config(getenv); selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("a key with a line break: %v", err)
	}
}

func TestRelatedIsOff(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "related:\n", "related: {}\n", "related:\n  embeddings:\n"} {
		c, err := config.Parse("selfheal.yaml", []byte(text))
		if err != nil || c.Related.Embeddings != nil || c.Related.Labels != nil {
			t.Errorf("%q: %+v, %v", text, c.Related, err)
		}
	}
}

func TestRelatedErrors(t *testing.T) {
	t.Parallel()
	const secret = "AKIAIOSFODNN7EXAMPLF"
	f := func(text string, want ...string) {
		t.Helper()
		c, err := config.Parse("selfheal.yaml", []byte(text))
		if err == nil || selfheal.CodeOf(err) != selfheal.CodeUsage {
			t.Errorf("%v for:\n%s", err, text)
			return
		}
		full := err.Error() + "\nhint: " + selfheal.HintOf(err)
		for _, part := range want {
			if !strings.Contains(full, part) {
				t.Errorf("the error lacks %q:\n%s", part, full)
			}
		}
		if strings.Contains(full+fmt.Sprintf("%+v%+v", c, c.Related.Embeddings), secret) {
			t.Errorf("the secret is shown: %s", full)
		}
	}
	const complete = "url: http://localhost:11434/v1, model: m"
	f("related: {embeddings: {model: m}}\n", "related.embeddings: url is missing", "hint: write the base")
	f("related: {embeddings: {url: 'http://localhost:1/v1'}}\n", "related.embeddings: model is missing")
	f("related: {embeddings: {}}\n", "related.embeddings: url is missing", "related.embeddings: model is missing")
	f("related: {labels: {"+complete+"}}\n", "related.labels needs", "hint: configure related.embeddings")
	f("related: {embeddings: {"+complete+", api_key: "+secret+"}}\n", "related.embeddings: api_key", "hint: put the key in an environment variable")
	f("related: {embeddings: {"+complete+", api_key: '${env:A}"+secret+"'}}\n", "api_key")
	f("related:\n  embeddings:\n    api_kye: "+secret+"\n", "selfheal.yaml:3:", `did you mean "api_key"?`)
	f("related: {embeddings: {url: 'http://api.openai.com/v1', model: m, api_key: '${env:A}'}}\n", "in clear", "hint: use https")
	f("related: {embeddings: {"+complete+", max_texts: -1}}\n", "related.embeddings: max_texts")
	f("related: {embeddings: {"+complete+", similarity: 1.2}}\n", "related.embeddings: similarity")
	f("related: {embeddings: {"+complete+", timeout: soon}}\n", "selfheal.yaml:1:", "not a duration")
	f("related: {embeddings: {"+complete+"}, labels: {"+complete+", max_clusters: 99999}}\n", "related.labels: max_clusters")
	f("related: {embedings: {}}\n", `did you mean "embeddings"?`)
}
