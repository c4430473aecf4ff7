package config

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/channel"
	"selfheal/internal/channel/chat"
	"selfheal/internal/channel/email"
	"selfheal/internal/channel/outbound"
	"selfheal/internal/channel/slack"
	"selfheal/internal/channel/terminal"
	"selfheal/internal/channel/webhook"
	"selfheal/internal/httpx"
)

// Channel is one way to tell people.
type Channel struct {
	// Name is what the channel is called in logs.
	Name string `yaml:"name" json:"name"`
	// Kind is terminal, webhook, slack, email, or chat (Discord, Teams, Mattermost, Matrix, Telegram, ntfy and others, by shoutrrr).
	Kind string `yaml:"kind" json:"kind" jsonschema:"enum=terminal,enum=webhook,enum=slack,enum=email,enum=chat"`
	// Severity is the least that is told: info, warn, error or fatal; everything by default. What becomes of an incident that was told of is told always.
	Severity string `yaml:"severity" json:"severity,omitempty" jsonschema:"enum=info,enum=warn,enum=error,enum=fatal"`
	// Services are patterns of the services that it is told of; all by default.
	Services []string `yaml:"services" json:"services,omitempty"`
	// Environments are patterns of the environments; all by default.
	Environments []string `yaml:"environments" json:"environments,omitempty"`
	// Notices are the occasions: regression, pull-request, rolled-back, healed, cannot-observe, inconclusive; all by default.
	Notices []string `yaml:"notices" json:"notices,omitempty" jsonschema:"enum=regression,enum=pull-request,enum=rolled-back,enum=healed,enum=cannot-observe,enum=inconclusive"`
	// Burst is how many notices are told within per; 0 means 10. What is more is told in one summary.
	Burst int `yaml:"burst" json:"burst,omitempty"`
	// Per is the time that burst is of; 0 means 10m.
	Per selfheal.Duration `yaml:"per" json:"per,omitempty" jsonschema:"type=string"`

	// URL is where a webhook is posted to.
	URL string `yaml:"url" json:"url,omitempty"`
	// Secret signs webhooks: whsec_ and base64, or at least 16 characters, as a reference to an environment variable.
	Secret Secret `yaml:"secret" json:"secret,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// Token is Slack's bot token as a reference to an environment variable.
	Token Secret `yaml:"token" json:"token,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// Channel is the ID of Slack's channel.
	Channel string `yaml:"channel" json:"channel,omitempty"`
	// SigningSecret is that of the Slack app, as a reference to an environment variable; with it, messages have buttons.
	SigningSecret Secret `yaml:"signing_secret" json:"signing_secret,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// Snooze is what Slack's snooze button puts off; 0 means 4h.
	Snooze selfheal.Duration `yaml:"snooze" json:"snooze,omitempty" jsonschema:"type=string"`
	// Address is that of a chat service as shoutrrr writes it, as a reference to an environment variable.
	Address Secret `yaml:"address" json:"address,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// Server is the mail server, host:port; port 587 by default.
	Server string `yaml:"server" json:"server,omitempty"`
	// Encryption of mail is starttls, tls, or none (to this machine only); by default starttls, on port 465 tls.
	Encryption string `yaml:"encryption" json:"encryption,omitempty" jsonschema:"enum=starttls,enum=tls,enum=none"`
	// Username is that of the mail server.
	Username string `yaml:"username" json:"username,omitempty"`
	// Password is that of the mail server, as a reference to an environment variable.
	Password Secret `yaml:"password" json:"password,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// From is the sender of mail.
	From string `yaml:"from" json:"from,omitempty"`
	// To are the recipients of mail.
	To []string `yaml:"to" json:"to,omitempty"`
}

var channelKinds = []string{"terminal", "webhook", "slack", "email", "chat"}

var severities = map[string]selfheal.Severity{
	"": selfheal.SeverityUnspecified, "info": selfheal.SeverityInfo, "warn": selfheal.SeverityWarn, "error": selfheal.SeverityError, "fatal": selfheal.SeverityFatal,
}

// Surroundings are what channels need of the running process.
type Surroundings struct {
	Getenv   func(string) string
	Threads  slack.Threads // nil remembers within the process only
	Terminal io.Writer
	Colour   bool // Terminal understands ANSI colours
	Clock    selfheal.Clock
}

// validateChannels says everything that is wrong with the channels.
func (c Config) validateChannels() error {
	var all []error
	names := map[string]bool{}
	for i, each := range c.Channels {
		section := fmt.Sprintf("channels[%d]", i)
		if names[each.Name] {
			all = append(all, below(section, selfheal.Usagef("give each its own name", "another channel is called %s", each.Name)))
		}
		names[each.Name] = true
		all = append(all, below(section, each.Validate()))
	}
	return errors.Join(all...)
}

// Validate says everything that is wrong, as far as it can be known without the environment.
func (c Channel) Validate() error {
	all := []error{c.foreign()}
	for key, secret := range c.secrets() {
		all = append(all, secret.validate(key))
	}
	if c.Name == "" {
		all = append(all, selfheal.Usagef("any word will do", "the channel has no name"))
	}
	if _, known := severities[c.Severity]; !known {
		all = append(all, selfheal.Usagef("use info, warn, error or fatal", "no such severity: %q", c.Severity))
	}
	for _, kind := range c.Notices {
		if !slices.Contains(channel.Kinds(), kind) {
			all = append(all, selfheal.Usagef("use "+strings.Join(channel.Kinds(), ", "), "no such notice: %q", kind))
		}
	}
	if c.Burst < 0 || c.Per < 0 || c.Snooze < 0 {
		all = append(all, selfheal.Usagef("leave it out for the default", "burst, per or snooze is negative"))
	}
	if !slices.Contains(channelKinds, c.Kind) {
		return errors.Join(append(all, selfheal.Usagef("use "+strings.Join(channelKinds, ", "), "no such kind: %q", c.Kind))...)
	}
	if err := errors.Join(all...); err != nil {
		return err
	}
	if c.Kind == "chat" {
		if c.Address == "" { // what it says is known only when it is read
			return selfheal.Usagef("write address: ${env:CHAT_ADDRESS}", "the chat has no address")
		}
		return nil
	}
	route, err := c.Route(Surroundings{Getenv: func(string) string { return assumedSecret }, Terminal: io.Discard})
	if err != nil {
		return err
	}
	_, err = channel.New([]channel.Route{route}, channel.Options{})
	return err
}

func (c Channel) secrets() map[string]Secret {
	return map[string]Secret{"secret": c.Secret, "token": c.Token, "signing_secret": c.SigningSecret, "address": c.Address, "password": c.Password}
}

// foreign says which settings are of other kinds.
func (c Channel) foreign() error {
	post, chatty, mail, talk := c.Kind == "webhook", c.Kind == "slack", c.Kind == "email", c.Kind == "chat"
	return foreignSettings(c.Kind, []setting{
		{"url", c.URL != "", post}, {"secret", c.Secret != "", post}, {"token", c.Token != "", chatty}, {"channel", c.Channel != "", chatty},
		{"signing_secret", c.SigningSecret != "", chatty}, {"snooze", c.Snooze != 0, chatty}, {"address", c.Address != "", talk},
		{"server", c.Server != "", mail}, {"encryption", c.Encryption != "", mail}, {"username", c.Username != "", mail},
		{"password", c.Password != "", mail}, {"from", c.From != "", mail}, {"to", len(c.To) > 0, mail},
	})
}

// Routes opens all channels.
func (c Config) Routes(s Surroundings) ([]channel.Route, error) {
	var all []channel.Route
	var wrong []error
	for i, each := range c.Channels {
		route, err := each.Route(s)
		wrong = append(wrong, below(fmt.Sprintf("channels[%d]", i), err))
		all = append(all, route)
	}
	return all, errors.Join(wrong...)
}

// Route opens the channel. A variable that is not set is CodeUsage.
func (c Channel) Route(s Surroundings) (channel.Route, error) {
	opened, err := c.open(s)
	if err != nil {
		return channel.Route{}, err
	}
	route := channel.Route{
		Name: c.Name, Channel: opened, Least: severities[c.Severity], Services: c.Services, Environments: c.Environments,
		Burst: c.Burst, Per: time.Duration(c.Per),
	}
	for _, kind := range c.Notices {
		route.Kinds = append(route.Kinds, selfheal.NoticeKind(kind))
	}
	return route, nil
}

func (c Channel) open(s Surroundings) (selfheal.Channel, error) {
	secrets := map[string]httpx.Secret{}
	for key, reference := range c.secrets() {
		value, err := reference.resolve(key, s.Getenv)
		if err != nil {
			return nil, err
		}
		secrets[key] = httpx.Secret(value)
	}
	client := outbound.Client{Clock: s.Clock}
	switch c.Kind {
	case "terminal":
		return terminal.New(s.Terminal, s.Colour), nil
	case "webhook":
		return made(webhook.New(webhook.Config{URL: httpx.Secret(c.URL), Secret: secrets["secret"], Client: client, Clock: s.Clock}))
	case "slack":
		return made(slack.New(slack.Config{
			Token: secrets["token"], Channel: c.Channel, Threads: s.Threads, Buttons: c.SigningSecret != "", Snooze: time.Duration(c.Snooze), Client: client,
		}))
	case "email":
		return made(email.New(email.Config{
			Server: c.Server, Encryption: email.Encryption(c.Encryption), Username: c.Username, Password: secrets["password"], From: c.From, To: c.To, Clock: s.Clock,
		}))
	case "chat":
		return made(chat.New(secrets["address"]))
	}
	return nil, fmt.Errorf("channel %q is served by nobody", c.Kind)
}

// made keeps an error from becoming a channel that is not nil and does not work.
func made[T selfheal.Channel](c T, err error) (selfheal.Channel, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

// SlackSigningSecrets reads the signing secrets of the Slack apps whose buttons are to be heard.
func (c Config) SlackSigningSecrets(getenv func(string) string) ([]httpx.Secret, error) {
	var all []httpx.Secret
	var wrong []error
	for i, each := range c.Channels {
		secret, err := each.SigningSecret.resolve("signing_secret", getenv)
		wrong = append(wrong, below(fmt.Sprintf("channels[%d]", i), err))
		if secret != "" && !slices.Contains(all, httpx.Secret(secret)) {
			all = append(all, httpx.Secret(secret))
		}
	}
	return all, errors.Join(wrong...)
}
