package config

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/hook"
	"selfheal/internal/httpx"
)

// Hook is one way to learn of deploys: a sender of webhooks, at /hooks/NAME, or a platform that is asked.
type Hook struct {
	// Name is the end of the address that the sender posts to: small letters, digits and dashes.
	Name string `yaml:"name" json:"name"`
	// From is who tells of deploys: generic, cdevents, github, gitlab, gitea (Forgejo too), argocd or flagger send webhooks; langsmith and kubernetes are asked.
	From string `yaml:"from" json:"from" jsonschema:"enum=generic,enum=cdevents,enum=github,enum=gitlab,enum=gitea,enum=argocd,enum=flagger,enum=langsmith,enum=kubernetes"`
	// Verify is how the sender proves who it is: hmac (X-Hub-Signature-256), standard (Standard Webhooks), token (X-Gitlab-Token) or bearer; by default what is usual for it.
	Verify string `yaml:"verify" json:"verify,omitempty" jsonschema:"enum=hmac,enum=standard,enum=token,enum=bearer"`
	// Secret is what the proof is made with, at least 16 characters, as a reference to an environment variable.
	Secret Secret `yaml:"secret" json:"secret,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// OldSecret is accepted too, while senders are given a new one.
	OldSecret Secret `yaml:"old_secret" json:"old_secret,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// Service is the service where the sender names none.
	Service string `yaml:"service" json:"service,omitempty"`
	// Environment is the environment where the sender names none.
	Environment string `yaml:"environment" json:"environment,omitempty"`
	// Deploys say which events are deploys of what; the first that matches wins. Without any, every deployment is one of the service and the environment that the sender names. Workflows and pushes are deploys only by such a rule.
	Deploys []HookRule `yaml:"deploys" json:"deploys,omitempty"`

	// URL is the control plane of LangSmith; https://api.host.langchain.com by default.
	URL string `yaml:"url" json:"url,omitempty"`
	// APIKey is LangSmith's key as a reference to an environment variable.
	APIKey Secret `yaml:"api_key" json:"api_key,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// Workspace is the ID of LangSmith's workspace, which keys of an organization need.
	Workspace string `yaml:"workspace" json:"workspace,omitempty"`
	// Deployment is the ID of the deployment of LangSmith.
	Deployment string `yaml:"deployment" json:"deployment,omitempty"`
	// Every is how often LangSmith is asked; 0 means 30s.
	Every selfheal.Duration `yaml:"every" json:"every,omitempty" jsonschema:"type=string"`
	// Namespace is the namespace of Kubernetes that is watched; all by default.
	Namespace string `yaml:"namespace" json:"namespace,omitempty"`
	// Selector chooses objects of Kubernetes by labels, which deployments and their pods must carry.
	Selector string `yaml:"selector" json:"selector,omitempty"`
}

// HookRule says which events are deploys of which service. The patterns are of what the sender says; * stands for anything but a slash.
type HookRule struct {
	// Repository is a pattern of owner/name.
	Repository string `yaml:"repository" json:"repository,omitempty"`
	// Environment is a pattern of the environment, or of the namespace of Kubernetes.
	Environment string `yaml:"environment" json:"environment,omitempty"`
	// Service is a pattern of the application, canary, or Kubernetes deployment.
	Service string `yaml:"service" json:"service,omitempty"`
	// Workflow is a pattern of the workflow whose success is a deploy.
	Workflow string `yaml:"workflow" json:"workflow,omitempty"`
	// Branch is a pattern of the branch; without workflow, a push to it is a deploy.
	Branch string `yaml:"branch" json:"branch,omitempty"`
	// AsService is what the service is called here.
	AsService string `yaml:"as_service" json:"as_service,omitempty"`
	// AsEnvironment is what the environment is called here.
	AsEnvironment string `yaml:"as_environment" json:"as_environment,omitempty"`
	// Image takes the revision from the tag of the image whose name matches, for Argo CD and Kubernetes.
	Image string `yaml:"image" json:"image,omitempty"`
	// Serves says that what is pushed serves soon, so that the push begins the watching.
	Serves bool `yaml:"serves" json:"serves,omitempty"`
}

// The senders that are asked.
const (
	HookLangSmith  = "langsmith"
	HookKubernetes = "kubernetes"
)

const defaultLangSmith = "https://api.host.langchain.com"

// Polled tells whether the platform is asked rather than listened to.
func (h Hook) Polled() bool { return h.From == HookLangSmith || h.From == HookKubernetes }

func (h Hook) rules() []hook.Rule {
	var all []hook.Rule
	for _, r := range h.Deploys {
		all = append(all, hook.Rule(r))
	}
	return all
}

// receiver is the hook as the receiver wants it; secret reads a reference.
func (h Hook) receiver(secret func(string, Secret) string) hook.Hook {
	made := hook.Hook{
		Name: h.Name, Dialect: hook.Dialect(h.From), Scheme: hook.Scheme(h.Verify),
		Service: h.Service, Environment: h.Environment, Rules: h.rules(),
	}
	for _, each := range []struct {
		key       string
		reference Secret
	}{{"secret", h.Secret}, {"old_secret", h.OldSecret}} {
		if each.reference != "" {
			made.Secrets = append(made.Secrets, httpx.Secret(secret(each.key, each.reference)))
		}
	}
	return made
}

// assumedSecret stands for any secret where settings are checked without the environment.
const assumedSecret = "a secret that is long enough"

// validateHooks says everything that is wrong with the hooks.
func (c Config) validateHooks() error {
	var all []error
	names := map[string]bool{}
	for i, h := range c.Hooks {
		section := fmt.Sprintf("hooks[%d]", i)
		if names[h.Name] {
			all = append(all, below(section, selfheal.Usagef("give each its own name", "another hook is called %s", h.Name)))
		}
		names[h.Name] = true
		all = append(all, below(section, h.Validate()))
	}
	return errors.Join(all...)
}

// Validate says everything that is wrong, as far as it can be known without the environment.
func (h Hook) Validate() error {
	all := []error{h.Secret.validate("secret"), h.OldSecret.validate("old_secret"), h.APIKey.validate("api_key"), h.foreign()}
	switch h.From {
	case HookLangSmith:
		if h.APIKey == "" {
			all = append(all, selfheal.Usagef("write api_key: ${env:LANGSMITH_API_KEY}", "langsmith needs api_key"))
		}
		_, err := h.LangSmith(func(string) string { return assumedSecret }, nil)
		all = append(all, err)
	case HookKubernetes:
		for _, r := range h.rules() {
			all = append(all, r.Validate())
		}
	default:
		if !slices.Contains(hook.Dialects(), h.From) {
			return errors.Join(append(all, selfheal.Usagef("use "+strings.Join(append(hook.Dialects(), HookLangSmith, HookKubernetes), ", "), "no such sender: %q", h.From))...)
		}
		all = append(all, h.receiver(func(string, Secret) string { return assumedSecret }).Validate())
	}
	return errors.Join(all...)
}

// foreign says which settings are of other senders: whoever writes them expects something of them.
func (h Hook) foreign() error {
	langsmith, kubernetes := h.From == HookLangSmith, h.From == HookKubernetes
	return foreignSettings(h.From, []setting{
		{"verify", h.Verify != "", !h.Polled()}, {"secret", h.Secret != "", !h.Polled()}, {"old_secret", h.OldSecret != "", !h.Polled()},
		{"deploys", len(h.Deploys) > 0, !langsmith},
		{"url", h.URL != "", langsmith}, {"api_key", h.APIKey != "", langsmith}, {"workspace", h.Workspace != "", langsmith},
		{"deployment", h.Deployment != "", langsmith}, {"every", h.Every != 0, langsmith},
		{"namespace", h.Namespace != "", kubernetes}, {"selector", h.Selector != "", kubernetes},
	})
}

// setting is one setting of a section that has several kinds.
type setting struct {
	name    string
	set, of bool // of: it belongs to the kind
}

func foreignSettings(kind string, all []setting) error {
	var wrong []error
	for _, s := range all {
		if s.set && !s.of {
			wrong = append(wrong, selfheal.Usagef("leave it out", "%s has no %s", kind, s.name))
		}
	}
	return errors.Join(wrong...)
}

// Receivers gives the hooks that are listened to, with their secrets read from the environment.
func (c Config) Receivers(getenv func(string) string) ([]hook.Hook, error) {
	var all []hook.Hook
	var wrong []error
	for i, h := range c.Hooks {
		if h.Polled() {
			continue
		}
		made := h.receiver(func(key string, s Secret) string {
			value, err := s.resolve(key, getenv)
			wrong = append(wrong, below(fmt.Sprintf("hooks[%d]", i), err))
			return value
		})
		all = append(all, made)
	}
	return all, errors.Join(wrong...)
}

// LangSmith gives the settings of the poller of a hook from langsmith. scrub
// removes secrets from what the platform says; nil for none.
func (h Hook) LangSmith(getenv func(string) string, scrub func(string) string) (hook.LangSmithConfig, error) {
	key, err := h.APIKey.resolve("api_key", getenv)
	if err != nil {
		return hook.LangSmithConfig{}, err
	}
	address := h.URL
	if address == "" {
		address = defaultLangSmith
	}
	client, err := httpx.New(httpx.Config{
		Base: address, Name: "LangSmith", Scrub: scrub,
		Authorize: func(_ context.Context, header http.Header) error {
			header.Set("X-Api-Key", key)
			if h.Workspace != "" {
				header.Set("X-Tenant-Id", h.Workspace)
			}
			return nil
		},
	})
	if err != nil {
		return hook.LangSmithConfig{}, err
	}
	made := hook.LangSmithConfig{Client: client, Deployment: h.Deployment, Service: h.Service, Environment: h.Environment}
	_, err = hook.NewLangSmith(made)
	return made, err
}

// Period is how often a platform is asked.
func (h Hook) Period() time.Duration {
	if h.Every <= 0 {
		return 30 * time.Second
	}
	return time.Duration(h.Every)
}

// Kubernetes gives the settings of the watcher of a hook from kubernetes; its client is still to be set.
func (h Hook) Kubernetes() hook.KubernetesConfig {
	return hook.KubernetesConfig{Namespace: h.Namespace, Selector: h.Selector, Environment: h.Environment, Rules: h.rules()}
}
