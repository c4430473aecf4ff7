// Package openswe has a user's Open SWE write fixes, over the REST API of the
// Agent Server that it runs on (LangGraph's, in the cloud, self-hosted, or a
// developer's): a thread per assignment, one run in it, polling, a webhook where
// one is configured, and the pull request that the run opened.
//
// In goes an assignment, out comes the pull request, or why there is none. The
// thread's id follows from the assignment, so that any process finds the run that
// another one began; no second is begun. Nothing that the agent says is believed:
// the caller checks what it pushed.
package openswe

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// DefaultTimeout is how long a run may take: Open SWE asks its agent to come to
// an end after 45 minutes.
const DefaultTimeout = time.Hour

// Config is what a [Client] needs. URL, Repository and Forge are required.
type Config struct {
	URL        string       // of the Agent Server
	APIKey     httpx.Secret // a LangSmith API key; empty where the server asks for none
	Tenant     string       // workspace of a key that belongs to an organisation
	Assistant  string       // "agent" by default
	Source     string       // on whose behalf Open SWE takes the run to be; "schedule" by default
	User       string       // GitHub login as whom Open SWE acts; empty: its App
	Model      string       // as Open SWE calls it; empty: its own choice
	Effort     string       // of the model; needed with Model
	Timeout    time.Duration
	Webhook    Webhook
	Repository string                 // owner/name
	Forge      selfheal.Contributions // where the pull request is looked up

	HTTP  *http.Client
	Clock selfheal.Clock
	Sleep func(context.Context, time.Duration) error
	Scrub func(string) string
}

// Webhook is how the server tells that a run ended. Polling goes on beside it:
// what is lost on the way costs a minute.
type Webhook struct {
	URL    string       // that the server can reach; empty for none
	Token  httpx.Secret // is added to URL, and demanded of whoever calls
	Listen string       // address that this process listens on while a run goes
}

// Validate says everything that is wrong, each with a hint.
func (c Config) Validate() error {
	all := []error{address("url", c.URL)}
	if owner, name, ok := strings.Cut(c.Repository, "/"); !ok || owner == "" || name == "" || strings.Contains(name, "/") {
		all = append(all, selfheal.Usagef("set forge.repository to owner/name", "Open SWE works on repositories of GitHub, and %q names none", c.Repository))
	}
	if c.Forge == nil {
		all = append(all, selfheal.Usagef("set forge.kind to github", "the forge cannot bring in what Open SWE pushes"))
	}
	if (c.Model == "") != (c.Effort == "") {
		all = append(all, selfheal.Usagef("e.g. model: anthropic:claude-opus-5 and effort: high", "model and effort belong together"))
	}
	if c.Timeout < 0 {
		all = append(all, selfheal.Usagef("e.g. 1h", "timeout must be positive"))
	}
	return errors.Join(append(all, c.Webhook.validate()...)...)
}

func (w Webhook) validate() []error {
	if w == (Webhook{}) {
		return nil
	}
	all := []error{address("webhook.url", w.URL)}
	if w.Listen == "" || len(w.Token) < 16 {
		all = append(all, selfheal.Usagef("anybody could call it otherwise", "webhook needs listen, and a token of 16 characters or more"))
	}
	return all
}

func address(name, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		return selfheal.Usagef("write it as https://host, without user, password and query", "%s is not the address of a server", name)
	}
	return nil
}

// Client is a [selfheal.Delegate]. It is safe for concurrent use.
type Client struct {
	config Config
	http   *httpx.Client
	hooks  *hooks
}

var _ selfheal.Delegate = (*Client)(nil)

// New makes a client; what Validate refuses is refused here too.
func New(c Config) (*Client, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.complete()
	header := http.Header{"User-Agent": {"selfheal"}, "Accept": {"application/json"}}
	if c.Tenant != "" {
		header.Set("X-Tenant-Id", c.Tenant)
	}
	client, err := httpx.New(httpx.Config{
		Base: c.URL, Name: "Open SWE", Header: header, Scrub: c.Scrub, HTTP: c.HTTP, Clock: c.Clock, Sleep: c.Sleep,
		Authorize: func(_ context.Context, h http.Header) error {
			if c.APIKey != "" {
				h.Set("X-Api-Key", string(c.APIKey))
			}
			return nil
		},
	})
	return &Client{config: c, http: client, hooks: newHooks(c.Webhook.Token)}, err
}

func (c Config) complete() Config {
	if c.Assistant == "" {
		c.Assistant = "agent"
	}
	if c.Source == "" {
		c.Source = "schedule"
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	scrub := c.Scrub
	c.Scrub = func(text string) string {
		if scrub != nil {
			text = scrub(text)
		}
		for _, secret := range []httpx.Secret{c.APIKey, c.Webhook.Token} {
			if secret != "" {
				text = strings.ReplaceAll(text, string(secret), "[redacted:token]")
			}
		}
		return text
	}
	return c
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
