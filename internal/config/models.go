package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"selfheal"
	"selfheal/internal/agent"
	"selfheal/internal/httpx"
)

// Model is one model that an agent may ask.
type Model struct {
	// Name is how agent.roles refer to it.
	Name string `yaml:"name" json:"name"`
	// Provider is whose API is spoken: openai (and whatever else speaks its chat completions, with a url), azure, ollama, vllm, openrouter, claude, gemini, or script, which plays a file.
	Provider agent.Provider `yaml:"provider" json:"provider" jsonschema:"enum=openai,enum=azure,enum=ollama,enum=vllm,enum=openrouter,enum=claude,enum=gemini,enum=script"`
	// Model is the model, as the provider calls it.
	Model string `yaml:"model" json:"model,omitempty"`
	// URL is the base of the API; by default the provider's own. Azure and vLLM need it, e.g. https://NAME.openai.azure.com/openai/v1 and http://localhost:8000/v1.
	URL string `yaml:"url" json:"url,omitempty"`
	// APIKey is the provider's key as a reference to an environment variable, e.g. ${env:OPENAI_API_KEY}; leave it out where none is needed.
	APIKey Secret `yaml:"api_key" json:"api_key,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// Prices are what a million tokens cost, in dollars. Needed while agent.budget.dollars limits the cost, except for ollama and script.
	Prices *agent.Prices `yaml:"prices" json:"prices,omitempty"`
	// Timeout is the longest that one request may take; 0 means 3m.
	Timeout selfheal.Duration `yaml:"timeout" json:"timeout,omitempty" jsonschema:"type=string"`
	// MaxOutput is the most tokens of one answer; 0 means 4096.
	MaxOutput int64 `yaml:"max_output" json:"max_output,omitempty"`
	// Path is the file or folder that a script plays, relative to selfheal.yaml.
	Path string `yaml:"path" json:"path,omitempty"`
}

// Agent configures who works on what, and what that may cost.
type Agent struct {
	// Roles name the models that may be asked, in this order: when one fails, the next goes on.
	Roles Roles `yaml:"roles" json:"roles,omitzero"`
	// Budget limits every task. At a limit the task stops, and says so. A limit of 0 is none.
	Budget selfheal.Budget `yaml:"budget" json:"budget,omitzero"`
}

// Roles are the kinds of work that models do.
type Roles struct {
	// Triage are the models that have a second look at a verdict.
	Triage []string `yaml:"triage" json:"triage,omitempty"`
	// Fix are the models that write a fix.
	Fix []string `yaml:"fix" json:"fix,omitempty"`
}

// validateAgent says everything that is wrong with models and roles.
func (c Config) validateAgent() error {
	var wrong []error
	for i, m := range c.Models {
		if err := m.APIKey.Validate(); err != nil {
			wrong = append(wrong, below(fmt.Sprintf("models[%d]", i), err))
		}
	}
	wrong = append(wrong, c.agent("", func(s Secret) string { return string(s.assumed()) }).Validate())
	if c.Triage.Agent && len(c.Agent.Roles.Triage) == 0 {
		wrong = append(wrong, selfheal.Usagef("name models in order under agent.roles.triage", "triage.agent is on, and no model has the role"))
	}
	return errors.Join(wrong...)
}

// AgentConfig gives the settings of the harness, with keys read from the environment.
// Transcripts are kept in dir; scripts are relative to base.
func (c Config) AgentConfig(dir, base string, getenv func(string) string) (agent.Config, error) {
	var missing []error
	settings := c.agent(base, func(s Secret) string {
		key, err := s.Resolve(getenv)
		if err != nil {
			missing = append(missing, below("models", err))
		}
		return key
	})
	settings.Dir = dir
	if err := errors.Join(missing...); err != nil {
		return settings, err
	}
	return settings, settings.Validate()
}

func (c Config) agent(base string, resolve func(Secret) string) agent.Config {
	settings := agent.Config{Budget: c.Agent.Budget, Roles: map[string][]string{"triage": c.Agent.Roles.Triage, "fix": c.Agent.Roles.Fix}}
	for _, m := range c.Models {
		path := m.Path
		if path != "" && base != "" && !filepath.IsAbs(path) {
			path = filepath.Join(base, path)
		}
		settings.Models = append(settings.Models, agent.ModelConfig{
			Name: m.Name, Provider: m.Provider, Model: m.Model, URL: m.URL, APIKey: httpx.Secret(resolve(m.APIKey)), Prices: m.Prices,
			Timeout: time.Duration(m.Timeout), MaxOutput: m.MaxOutput, Path: path,
		})
	}
	return settings
}
