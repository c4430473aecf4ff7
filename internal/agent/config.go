package agent

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// Provider is whose API a model is asked by.
type Provider string

// The providers.
const (
	OpenAI     Provider = "openai"     // and whatever else speaks its chat completions, with a url
	Azure      Provider = "azure"      // OpenAI's API, version 1, of a resource
	Ollama     Provider = "ollama"     // OpenAI's API of Ollama
	VLLM       Provider = "vllm"       // OpenAI's API of vLLM
	OpenRouter Provider = "openrouter" // OpenAI's API of OpenRouter
	Claude     Provider = "claude"     // Anthropic's Messages API
	Gemini     Provider = "gemini"     // Google's generateContent
	Script     Provider = "script"     // plays a file
)

// Providers lists all of them.
func Providers() []Provider {
	return []Provider{OpenAI, Azure, Ollama, VLLM, OpenRouter, Claude, Gemini, Script}
}

// endpoints are the bases that need not be written down.
func (p Provider) endpoint() string {
	switch p {
	case OpenAI:
		return "https://api.openai.com/v1"
	case Ollama:
		return "http://localhost:11434/v1"
	case OpenRouter:
		return "https://openrouter.ai/api/v1"
	case Claude:
		return "https://api.anthropic.com"
	case Gemini:
		return "https://generativelanguage.googleapis.com/v1beta"
	}
	return ""
}

// Prices of a model, in dollars for a million tokens.
type Prices struct {
	// Input is what a million tokens cost that the model reads.
	Input float64 `yaml:"input" json:"input"`
	// Output is what a million tokens cost that the model writes.
	Output float64 `yaml:"output" json:"output"`
}

// of gives what a call costs, in dollars.
func (p Prices) of(in, out int64) float64 {
	return (float64(in)*p.Input + float64(out)*p.Output) / 1e6
}

// ModelConfig is one model that may be asked.
type ModelConfig struct {
	Name      string // how roles refer to it
	Provider  Provider
	Model     string // as the provider calls it
	URL       string // base of the API; empty: the provider's own
	APIKey    httpx.Secret
	Prices    *Prices       // nil: not known
	Timeout   time.Duration // of one request; 0: DefaultTimeout
	MaxOutput int64         // tokens of one answer; 0: DefaultMaxOutput
	Path      string        // file or folder of a Script
}

// What a zero means.
const (
	DefaultTimeout   = 3 * time.Minute
	DefaultMaxOutput = 4096
)

// DefaultBudget limits a task where nothing else does.
func DefaultBudget() selfheal.Budget {
	return selfheal.Budget{Turns: 20, TokensIn: 400_000, TokensOut: 20_000, Dollars: 1, Time: selfheal.Duration(10 * time.Minute)}
}

// free tells of a model that costs nothing without saying so.
func (m ModelConfig) free() bool { return m.Provider == Ollama || m.Provider == Script }

func (m ModelConfig) prices() Prices {
	if m.Prices == nil {
		return Prices{}
	}
	return *m.Prices
}

// Validate says everything that is wrong, each with a hint. It never quotes what may be a secret.
func (m ModelConfig) Validate() error {
	var wrong []error
	say := func(hint, format string, args ...any) { wrong = append(wrong, selfheal.Usagef(hint, format, args...)) }
	if !validName.MatchString(m.Name) {
		say("letters, digits, -, _ and . only", "name is missing or not a name: %q", m.Name)
	}
	if !slices.Contains(Providers(), m.Provider) {
		say(fmt.Sprintf("one of %v", Providers()), "no such provider: %q", m.Provider)
	}
	switch {
	case m.Provider == Script && m.Path == "":
		say("name the file or folder with its turns", "path is missing")
	case m.Provider != Script && m.Path != "":
		say("leave it out", "path is for provider script only")
	case m.Provider != Script:
		wrong = append(wrong, m.validAddress()...)
	}
	if m.Provider != Script && m.Model == "" {
		say("write it as the provider does", "model is missing")
	}
	if p := m.Prices; p != nil && (p.Input < 0 || p.Output < 0) {
		say("dollars for a million tokens", "prices must not be negative")
	}
	if m.Timeout < 0 || m.MaxOutput < 0 {
		say("leave them out for the defaults", "timeout and max_output must not be negative")
	}
	if strings.ContainsFunc(string(m.APIKey), func(c rune) bool { return c <= ' ' || c > '~' }) {
		say("look for a line break or a space in the variable", "api_key has characters that no key has")
	}
	return errors.Join(wrong...)
}

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (m ModelConfig) validAddress() []error {
	address := m.base()
	u, err := url.Parse(address)
	switch {
	case address == "":
		return []error{selfheal.Usagef("write the base of the API, e.g. http://localhost:8000/v1", "url is missing")}
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return []error{selfheal.Usagef("write the base of the API, e.g. http://localhost:8000/v1", "url is not an http or https address")}
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return []error{selfheal.Usagef("give the key as api_key: ${env:NAME}", "url has a password, a query or a fragment")}
	case u.Scheme == "http" && !private(u.Hostname()):
		return []error{selfheal.Usagef("use https", "source code, and the key, would be sent over the open network in clear")}
	}
	return nil
}

func (m ModelConfig) base() string {
	if m.URL != "" {
		return strings.TrimRight(m.URL, "/")
	}
	return m.Provider.endpoint()
}

// private tells of a host that is reached without leaving one's own network.
func private(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(host, ".") {
		return true // localhost, or the name of a container
	}
	return slices.ContainsFunc([]string{".localhost", ".local", ".internal", ".lan", ".svc"}, func(zone string) bool { return strings.HasSuffix(host, zone) })
}

// Config of a [Harness].
type Config struct {
	Models []ModelConfig
	Roles  map[string][]string // role to names of models, in the order in which they are asked
	Budget selfheal.Budget     // what a task does not limit itself
	Dir    string              // where transcripts are kept
}

// Validate says everything that is wrong, each with a hint.
func (c Config) Validate() error {
	var wrong []error
	known := map[string]ModelConfig{}
	for i, m := range c.Models {
		if err := m.Validate(); err != nil {
			wrong = append(wrong, fmt.Errorf("models[%d]: %w", i, err))
		}
		if _, twice := known[m.Name]; twice {
			wrong = append(wrong, selfheal.Usagef("give each its own", "models[%d]: the name %q is taken", i, m.Name))
		}
		known[m.Name] = m
	}
	for role, names := range c.Roles {
		for _, name := range names {
			m, ok := known[name]
			switch {
			case !ok:
				wrong = append(wrong, selfheal.Usagef("add it to models", "agent.roles.%s: no model %q", role, name))
			case c.Budget.Dollars > 0 && m.Prices == nil && !m.free():
				wrong = append(wrong, selfheal.Usagef("write its prices in dollars for a million tokens, 0 if it costs nothing; or set agent.budget.dollars to 0",
					"agent.roles.%s: %q has no prices, so its cost cannot be limited", role, name))
			}
		}
	}
	b := c.Budget
	if b.Turns < 0 || b.TokensIn < 0 || b.TokensOut < 0 || b.Dollars < 0 || b.Time < 0 {
		wrong = append(wrong, selfheal.Usagef("0 means no limit", "agent.budget: no limit may be negative"))
	}
	return errors.Join(wrong...)
}
