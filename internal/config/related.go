package config

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"selfheal"
	"selfheal/internal/embed"
	"selfheal/internal/httpx"
)

// Related configures which signatures are called related beyond the words they
// share. Both parts are off unless they are there, and send redacted templates only.
type Related struct {
	// Embeddings asks a provider of an OpenAI-compatible API how near signatures are in meaning. Off when absent.
	Embeddings *Embeddings `yaml:"embeddings" json:"embeddings,omitempty"`
	// Labels asks a small model of an OpenAI-compatible API for a caption of each cluster. Off when absent; needs embeddings.
	Labels *Labels `yaml:"labels" json:"labels,omitempty"`
}

// Embeddings configures the provider of embeddings.
type Embeddings struct {
	// URL is the base of the provider's API, e.g. http://localhost:11434/v1 for Ollama.
	URL string `yaml:"url" json:"url"`
	// Model is an embedding model, as the provider calls it, e.g. nomic-embed-text.
	Model string `yaml:"model" json:"model"`
	// APIKey is the provider's key as a reference to an environment variable, e.g. ${env:OPENAI_API_KEY}; leave it out where none is needed.
	APIKey Secret `yaml:"api_key" json:"api_key,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// MaxTexts is the most templates that one run may send; 0 means 500.
	MaxTexts int `yaml:"max_texts" json:"max_texts,omitempty"`
	// Similarity is the cosine from which two signatures belong to one cluster, above 0 and at most 1; 0 means 0.85. What suits depends on the model.
	Similarity float64 `yaml:"similarity" json:"similarity,omitempty"`
	// Timeout is the longest that one request may take; 0 means 30s.
	Timeout selfheal.Duration `yaml:"timeout" json:"timeout,omitempty" jsonschema:"type=string"`
}

// Labels configures the model that labels clusters.
type Labels struct {
	// URL is the base of the provider's API, e.g. http://localhost:11434/v1 for Ollama.
	URL string `yaml:"url" json:"url"`
	// Model is a chat model, as the provider calls it; a small one will do.
	Model string `yaml:"model" json:"model"`
	// APIKey is the provider's key as a reference to an environment variable, e.g. ${env:OPENAI_API_KEY}; leave it out where none is needed.
	APIKey Secret `yaml:"api_key" json:"api_key,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// MaxClusters is the most labels that one run may ask for; 0 means 10.
	MaxClusters int `yaml:"max_clusters" json:"max_clusters,omitempty"`
}

// Validate says everything that is wrong.
func (r Related) Validate() error {
	var all []error
	if e := r.Embeddings; e != nil {
		all = append(all, below("related.embeddings", e.settings().Validate(), e.APIKey.Validate(), e.similarity()))
	}
	if l := r.Labels; l != nil {
		all = append(all, below("related.labels", l.settings().Validate(), l.APIKey.Validate()))
		if r.Embeddings == nil {
			all = append(all, selfheal.Usagef("configure related.embeddings too", "related.labels needs clusters to label"))
		}
	}
	return errors.Join(all...)
}

// below says of errors in which section they are, and keeps each with its hint.
func below(section string, found ...error) error {
	var all []error
	for _, err := range found {
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			all = append(all, below(section, many.Unwrap()...))
		} else if err != nil {
			all = append(all, fmt.Errorf("%s: %w", section, err))
		}
	}
	return errors.Join(all...)
}

func (e *Embeddings) similarity() error {
	if e.Similarity >= 0 && e.Similarity <= 1 {
		return nil
	}
	return selfheal.Usagef("leave it out for the default", "similarity is %g, not between 0 and 1", e.Similarity)
}

// Config gives the settings of the client, with the key read from the environment.
func (e *Embeddings) Config(getenv func(string) string) (embed.Config, error) {
	key, err := e.APIKey.Resolve(getenv)
	if err != nil {
		return embed.Config{}, below("related.embeddings", err)
	}
	c := e.settings()
	c.APIKey = httpx.Secret(key)
	return c, below("related.embeddings", c.Validate())
}

// settings are those that need no environment. A key is assumed where one is
// referred to, so that it is known at once when it would be sent in clear.
func (e *Embeddings) settings() embed.Config {
	return embed.Config{URL: e.URL, Model: e.Model, APIKey: e.APIKey.assumed(), MaxTexts: e.MaxTexts, Timeout: time.Duration(e.Timeout)}
}

// Config gives the settings of the labeler, with the key read from the environment.
func (l *Labels) Config(getenv func(string) string) (embed.LabelerConfig, error) {
	key, err := l.APIKey.Resolve(getenv)
	if err != nil {
		return embed.LabelerConfig{}, below("related.labels", err)
	}
	c := l.settings()
	c.APIKey = httpx.Secret(key)
	return c, below("related.labels", c.Validate())
}

func (l *Labels) settings() embed.LabelerConfig {
	return embed.LabelerConfig{URL: l.URL, Model: l.Model, APIKey: l.APIKey.assumed(), MaxClusters: l.MaxClusters}
}

// Secret refers to a secret that the file does not hold: ${env:NAME}. It is safe
// to print: what is no reference is never kept.
type Secret string

// noReference stands for whatever was written instead of a reference.
const noReference Secret = "[not a reference]"

var reference = regexp.MustCompile(`^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$`)

// UnmarshalText keeps a reference, and forgets anything else: it may be the secret.
// Validate says so later; an error here would show the line.
func (s *Secret) UnmarshalText(text []byte) error {
	switch {
	case len(text) == 0:
		*s = ""
	case reference.Match(text):
		*s = Secret(text)
	default:
		*s = noReference
	}
	return nil
}

// Validate refuses what is no reference.
func (s Secret) Validate() error { return s.validate("api_key") }

func (s Secret) validate(key string) error {
	if s == "" || reference.MatchString(string(s)) {
		return nil
	}
	return selfheal.Usagef("put the key in an environment variable and write ${env:NAME}", "%s holds something else than ${env:NAME}", key)
}

// Resolve reads the secret; none where there is no reference. A variable that is
// not set is CodeUsage.
func (s Secret) Resolve(getenv func(string) string) (string, error) {
	return s.resolve("api_key", getenv)
}

func (s Secret) resolve(key string, getenv func(string) string) (string, error) {
	if err := s.validate(key); err != nil || s == "" {
		return "", err
	}
	name := reference.FindStringSubmatch(string(s))[1]
	secret := getenv(name)
	if secret == "" {
		return "", selfheal.Usagef("set it, or leave "+key+" out", "%s refers to %s, which is not set", key, name)
	}
	return secret, nil
}

func (s Secret) assumed() httpx.Secret {
	if s == "" {
		return ""
	}
	return "assumed"
}
