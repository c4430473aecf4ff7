package hook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// Dialect is whose events a hook understands.
type Dialect string

// The dialects.
const (
	Generic  Dialect = "generic"  // selfheal's own JSON, for whatever can run curl
	CDEvents Dialect = "cdevents" // CDEvents 0.3 to 0.5, as CloudEvents (binary, structured, batch) or plain
	GitHub   Dialect = "github"   // deployment_status, workflow_run and push
	GitLab   Dialect = "gitlab"   // the deployment hook
	Gitea    Dialect = "gitea"    // workflow_run and push; Forgejo too
	ArgoCD   Dialect = "argocd"   // a notification that holds the Application
	Flagger  Dialect = "flagger"  // the event webhook
)

// Dialects are all dialects, as users write them.
func Dialects() []string {
	return []string{string(Generic), string(CDEvents), string(GitHub), string(GitLab), string(Gitea), string(ArgoCD), string(Flagger)}
}

// Scheme is how a sender proves who it is.
type Scheme string

// The schemes.
const (
	SchemeHMAC     Scheme = "hmac"     // X-Hub-Signature-256: sha256= and the hex HMAC-SHA256 of the body
	SchemeStandard Scheme = "standard" // Standard Webhooks: id, time and body are signed, and the time is checked
	SchemeToken    Scheme = "token"    // X-Gitlab-Token; of Flagger, which can send no header, ?token= in the address
	SchemeBearer   Scheme = "bearer"   // Authorization: Bearer
)

// schemes are what each dialect's senders can do; the first is assumed.
func (d Dialect) schemes() []Scheme {
	switch d {
	case Generic, CDEvents:
		return []Scheme{SchemeBearer, SchemeHMAC, SchemeStandard}
	case GitHub, Gitea:
		return []Scheme{SchemeHMAC}
	case GitLab:
		return []Scheme{SchemeToken, SchemeStandard}
	case ArgoCD:
		return []Scheme{SchemeBearer}
	case Flagger:
		return []Scheme{SchemeToken, SchemeBearer}
	}
	return nil
}

// Hook is one sender that is listened to, at /hooks/NAME.
type Hook struct {
	Name    string
	Dialect Dialect
	// Scheme is how the sender proves who it is; empty for what is usual for the dialect.
	Scheme Scheme
	// Secrets are what the proof is made with. Any of them will do, so that they can be exchanged.
	Secrets []httpx.Secret
	// Service and Environment stand in where the sender names none.
	Service, Environment string
	// Rules say which events are deploys of what. Without any, every deployment is
	// one of the service and the environment that the sender names.
	Rules []Rule
}

const minSecret = 16 // characters; below, a secret can be guessed

var hookName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Validate says everything that is wrong with a hook.
func (h Hook) Validate() error {
	var all []error
	if !hookName.MatchString(h.Name) {
		all = append(all, selfheal.Usagef("use small letters, digits and dashes: it is the end of /hooks/NAME", "%q is no name for a hook", h.Name))
	}
	known := h.Dialect.schemes()
	if known == nil {
		return errors.Join(append(all, selfheal.Usagef("use "+strings.Join(Dialects(), ", "), "no such sender: %q", h.Dialect))...)
	}
	if h.Scheme != "" && !slices.Contains(known, h.Scheme) {
		all = append(all, selfheal.Usagef(fmt.Sprintf("use %v", known), "%s cannot prove itself by %q", h.Dialect, h.Scheme))
	}
	if len(h.Secrets) == 0 {
		all = append(all, selfheal.Usagef("anybody could announce a deploy: make one with openssl rand -hex 32", "hook %s has no secret", h.Name))
	}
	for _, s := range h.Secrets {
		if len(s) < minSecret {
			all = append(all, selfheal.Usagef("make one with openssl rand -hex 32", "the secret of hook %s is shorter than %d characters", h.Name, minSecret))
		}
	}
	for i, rule := range h.Rules {
		if err := rule.Validate(); err != nil {
			all = append(all, fmt.Errorf("rule %d: %w", i+1, err))
		}
	}
	return errors.Join(all...)
}

func (h Hook) scheme() Scheme {
	if h.Scheme != "" {
		return h.Scheme
	}
	return h.Dialect.schemes()[0]
}

const (
	defaultMaxBody   = 2 << 20 // GitHub sends up to 25 MB, of pushes with many files; deploys are small
	defaultTolerance = 5 * time.Minute
)

// Config is what a [Receiver] needs.
type Config struct {
	Hooks []Hook
	// Resolve tells which revision serves, for senders that do not say it (Flagger);
	// nil leaves their events out. CodeNotFound says that none does.
	Resolve func(ctx context.Context, service, environment string) (revision string, err error)

	MaxBody   int64          // bytes, 2 MiB by default
	Tolerance time.Duration  // how far a signed time may be off, 5 min by default
	Clock     selfheal.Clock // by default the system's
}

// Receiver takes in webhooks. It is safe for concurrent use.
type Receiver struct {
	config Config
	hooks  map[string]Hook
	sink   func(context.Context, selfheal.Announcement) error
}

var _ http.Handler = (*Receiver)(nil)

// New makes a receiver that hands what it understands to sink. With nil of sink
// the announcement is kept; any error means that the sender is to send it again.
func New(c Config, sink func(context.Context, selfheal.Announcement) error) (*Receiver, error) {
	if c.MaxBody <= 0 {
		c.MaxBody = defaultMaxBody
	}
	if c.Tolerance <= 0 {
		c.Tolerance = defaultTolerance
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	r := &Receiver{config: c, hooks: map[string]Hook{}, sink: sink}
	for _, h := range c.Hooks {
		if err := h.Validate(); err != nil {
			return nil, err
		}
		if _, twice := r.hooks[h.Name]; twice {
			return nil, selfheal.Usagef("give each its own name", "two hooks are called %s", h.Name)
		}
		r.hooks[h.Name] = h
	}
	return r, nil
}
