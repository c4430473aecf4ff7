package config

import (
	"errors"
	"time"

	"selfheal"
	"selfheal/internal/forge/github"
	"selfheal/internal/httpx"
	"selfheal/internal/repair/openswe"
)

// OpenSWE configures the strategy open-swe: an Open SWE of the user's own writes the fix.
type OpenSWE struct {
	// URL is the address of the Agent Server that Open SWE runs on, e.g. https://NAME.us.langgraph.app.
	URL string `yaml:"url" json:"url,omitempty"`
	// APIKey is a LangSmith API key as a reference to an environment variable, e.g. ${env:LANGSMITH_API_KEY}; leave it out where the server asks for none.
	APIKey Secret `yaml:"api_key" json:"api_key,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// Tenant is the workspace, where the key belongs to an organisation.
	Tenant string `yaml:"tenant" json:"tenant,omitempty"`
	// Assistant is the graph that writes fixes; agent by default.
	Assistant string `yaml:"assistant" json:"assistant,omitempty"`
	// User is the GitHub login as whom Open SWE acts, one that it knows; by default it acts as its App.
	User string `yaml:"user" json:"user,omitempty"`
	// Model is a model that Open SWE supports, by its name for it; by default its own choice.
	Model string `yaml:"model" json:"model,omitempty"`
	// Effort is the effort of the model, and needed with it.
	Effort string `yaml:"effort" json:"effort,omitempty"`
	// Timeout is the longest that a run may take before it is cancelled; 1h by default.
	Timeout selfheal.Duration `yaml:"timeout" json:"timeout,omitempty" jsonschema:"type=string"`
	// Webhook lets the server tell that a run ended; runs are looked at every half minute in any case.
	Webhook *OpenSWEWebhook `yaml:"webhook" json:"webhook,omitempty"`
}

// OpenSWEWebhook is where the server calls.
type OpenSWEWebhook struct {
	// URL is what the server calls; it must lead to listen.
	URL string `yaml:"url" json:"url"`
	// Token is demanded of whoever calls, as a reference to an environment variable.
	Token Secret `yaml:"token" json:"token" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// Listen is the address that is listened on while a run goes, e.g. :8090.
	Listen string `yaml:"listen" json:"listen"`
}

// GitHubCopilot configures the strategy github-copilot: Copilot's coding agent writes the fix.
type GitHubCopilot struct {
	// Token is that of a user who has Copilot, as a reference to an environment variable; by default the forge's. GitHub takes no App's token and no workflow's.
	Token Secret `yaml:"token" json:"token,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// Model is a model by GitHub's name for it; by default its own choice.
	Model string `yaml:"model" json:"model,omitempty"`
	// Agent is a custom agent of the repository.
	Agent string `yaml:"agent" json:"agent,omitempty"`
	// Timeout is the longest that is waited for it; 1h by default.
	Timeout selfheal.Duration `yaml:"timeout" json:"timeout,omitempty" jsonschema:"type=string"`
}

// validateDelegates says what is wrong as far as it can be known without the
// environment and the forge.
func (r Repair) validateDelegates() error {
	all := []error{r.OpenSWE.APIKey.validate("repair.open_swe.api_key"), r.GitHubCopilot.Token.validate("repair.github_copilot.token")}
	if hook := r.OpenSWE.Webhook; hook != nil {
		all = append(all, hook.Token.validate("repair.open_swe.webhook.token"))
		if hook.URL == "" || hook.Token == "" || hook.Listen == "" {
			all = append(all, errors.New("repair.open_swe.webhook needs url, token and listen"))
		}
	}
	if r.OpenSWE.Timeout < 0 {
		all = append(all, errors.New("repair.open_swe.timeout must be positive"))
	}
	if r.GitHubCopilot.Timeout < 0 {
		all = append(all, errors.New("repair.github_copilot.timeout must be positive"))
	}
	return errors.Join(all...)
}

// DelegateSurroundings are what a delegate is opened with.
type DelegateSurroundings struct {
	Forge  Forge // settled
	Opened selfheal.Forge
	Getenv func(string) string
	Scrub  func(string) string
	Clock  selfheal.Clock
}

// Open makes the delegate of the strategy open-swe.
func (o OpenSWE) Open(s DelegateSurroundings) (selfheal.Delegate, error) {
	if o.URL == "" {
		return nil, selfheal.Usagef("set repair.open_swe.url to the address of its Agent Server", "Open SWE is not configured")
	}
	if s.Forge.Kind != ForgeGitHub {
		return nil, selfheal.Usagef("set forge.kind to github", "Open SWE works on repositories of GitHub only")
	}
	key, err := o.APIKey.resolve("api_key", s.Getenv)
	if err != nil {
		return nil, below("repair.open_swe", err)
	}
	c := openswe.Config{
		URL: o.URL, APIKey: httpx.Secret(key), Tenant: o.Tenant, Assistant: o.Assistant, User: o.User, Model: o.Model, Effort: o.Effort,
		Timeout: time.Duration(o.Timeout), Repository: s.Forge.Repository, Scrub: s.Scrub, Clock: s.Clock,
	}
	c.Forge, _ = s.Opened.(selfheal.Contributions)
	if o.Webhook != nil {
		token, err := o.Webhook.Token.resolve("token", s.Getenv)
		if err != nil {
			return nil, below("repair.open_swe.webhook", err)
		}
		c.Webhook = openswe.Webhook{URL: o.Webhook.URL, Token: httpx.Secret(token), Listen: o.Webhook.Listen}
	}
	made, err := openswe.New(c)
	if err != nil {
		return nil, below("repair.open_swe", err)
	}
	return made, nil
}

// Open makes the delegate of the strategy github-copilot.
func (g GitHubCopilot) Open(s DelegateSurroundings) (selfheal.Delegate, error) {
	if s.Forge.Kind != ForgeGitHub {
		return nil, selfheal.Usagef("set forge.kind to github", "Copilot works on GitHub only")
	}
	reference := g.Token
	if reference == "" && s.Forge.App == nil {
		reference = s.Forge.Token
	}
	if reference == "" && s.Forge.App == nil {
		reference = Secret("${env:" + tokenVariables[ForgeGitHub] + "}")
	}
	if reference == "" {
		return nil, selfheal.Usagef("set repair.github_copilot.token to that of a user who has Copilot", "GitHub lets no App assign issues to Copilot")
	}
	token, err := reference.resolve("token", s.Getenv)
	if err != nil {
		return nil, below("repair.github_copilot", err)
	}
	made, err := github.NewCopilot(github.CopilotConfig{
		Config: github.Config{URL: s.Forge.URL, Repository: s.Forge.Repository, Token: httpx.Secret(token), Scrub: s.Scrub, Clock: s.Clock},
		Model:  g.Model, Agent: g.Agent, Timeout: time.Duration(g.Timeout),
	})
	if err != nil {
		return nil, below("repair.github_copilot", err)
	}
	return made, nil
}
