package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/cloudwatch"
	"selfheal/internal/source/datadog"
	"selfheal/internal/source/docker"
	"selfheal/internal/source/elastic"
	"selfheal/internal/source/exec"
	"selfheal/internal/source/fields"
	"selfheal/internal/source/file"
	"selfheal/internal/source/journald"
	"selfheal/internal/source/kubernetes"
	"selfheal/internal/source/langsmith"
	"selfheal/internal/source/loki"
	"selfheal/internal/source/sentryapi"
	"selfheal/internal/source/victorialogs"
	"selfheal/internal/suggest"
)

// Source says where the logs of the service are read. Each kind has keys of its own; docs/sources.md has an example of each.
type Source struct {
	// Kind is where the logs are: file, exec, journald, docker, kubernetes, loki, victorialogs, elasticsearch, opensearch, datadog, cloudwatch, sentry or langsmith.
	Kind string `yaml:"kind" json:"kind,omitempty" jsonschema:"enum=file,enum=exec,enum=journald,enum=docker,enum=kubernetes,enum=loki,enum=victorialogs,enum=elasticsearch,enum=opensearch,enum=datadog,enum=cloudwatch,enum=sentry,enum=langsmith"`
	// URL is the root of the store's API, e.g. http://localhost:3100; services on the internet and Docker have one by default.
	URL string `yaml:"url" json:"url,omitempty"`
	// Query selects the logs of the service, in the store's own language; {service} and {environment} stand for their names.
	Query string `yaml:"query" json:"query,omitempty"`
	// Token is the store's token or API key as a reference to an environment variable, e.g. ${env:LOKI_TOKEN}.
	Token Secret `yaml:"token" json:"token,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// User is sent with password as basic authentication.
	User string `yaml:"user" json:"user,omitempty"`
	// Password is a reference to an environment variable, e.g. ${env:LOKI_PASSWORD}.
	Password Secret `yaml:"password" json:"password,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// Headers are sent with every request, e.g. AccountID for a tenant of VictoriaLogs. Secrets do not belong here.
	Headers map[string]string `yaml:"headers" json:"headers,omitempty"`
	// Timeout is the longest that one request, or the command, may take.
	Timeout selfheal.Duration `yaml:"timeout" json:"timeout,omitempty" jsonschema:"type=string"`
	// Limit is how many entries are asked for at once.
	Limit int `yaml:"limit" json:"limit,omitempty"`
	// Fields say which fields of the entries hold what, where their names are unusual.
	Fields fields.Names `yaml:"fields" json:"fields,omitzero"`

	// Files are names or globs of log files, relative to the repository (file).
	Files []string `yaml:"files" json:"files,omitempty"`
	// Command is a program and its arguments, which no shell reads; {service}, {environment}, {from}, {to}, {from_unix} and {to_unix} stand for what is asked for (exec).
	Command []string `yaml:"command" json:"command,omitempty"`
	// Units are units of systemd; {service}.service by default (journald).
	Units []string `yaml:"units" json:"units,omitempty"`
	// Matches are conditions such as CONTAINER_NAME=shop (journald).
	Matches []string `yaml:"matches" json:"matches,omitempty"`
	// Args are further arguments of journalctl (journald).
	Args []string `yaml:"args" json:"args,omitempty"`
	// Labels select containers; com.docker.compose.service={service} by default (docker).
	Labels []string `yaml:"labels" json:"labels,omitempty"`
	// Name is the name of the container, or a part of it (docker).
	Name string `yaml:"name" json:"name,omitempty"`
	// Kubeconfig is the path of the kubeconfig file; by default $KUBECONFIG, the pod's own service account, or ~/.kube/config (kubernetes).
	Kubeconfig string `yaml:"kubeconfig" json:"kubeconfig,omitempty"`
	// Context is the context of the kubeconfig file; the current one by default (kubernetes).
	Context string `yaml:"context" json:"context,omitempty"`
	// Namespace is where the pods are; that of the context by default (kubernetes).
	Namespace string `yaml:"namespace" json:"namespace,omitempty"`
	// Selector selects pods by their labels; app.kubernetes.io/name={service} by default (kubernetes).
	Selector string `yaml:"selector" json:"selector,omitempty"`
	// Container is the only container of the pods that is read; all by default (kubernetes).
	Container string `yaml:"container" json:"container,omitempty"`
	// RevisionLabel is the label of pods that states the revision; app.kubernetes.io/version by default, then the tag of the image (kubernetes).
	RevisionLabel string `yaml:"revision_label" json:"revision_label,omitempty"`
	// Tenant is sent as X-Scope-OrgID (loki).
	Tenant string `yaml:"tenant" json:"tenant,omitempty"`
	// Index is the index or pattern to search; logs-* by default (elasticsearch, opensearch).
	Index string `yaml:"index" json:"index,omitempty"`
	// TimeField holds the time of an entry; @timestamp by default (elasticsearch, opensearch).
	TimeField string `yaml:"time_field" json:"time_field,omitempty"`
	// AppKey is the application key; ${env:DD_APP_KEY} by default (datadog).
	AppKey Secret `yaml:"app_key" json:"app_key,omitempty" jsonschema:"pattern=^[$][{]env:[A-Za-z_][A-Za-z0-9_]*[}]$"`
	// Indexes are those to search; all by default (datadog).
	Indexes []string `yaml:"indexes" json:"indexes,omitempty"`
	// Region is the AWS region; $AWS_REGION by default (cloudwatch).
	Region string `yaml:"region" json:"region,omitempty"`
	// Group is the log group, e.g. /ecs/{service} (cloudwatch).
	Group string `yaml:"group" json:"group,omitempty"`
	// Streams is the beginning of the names of the log streams to read; all by default (cloudwatch).
	Streams string `yaml:"streams" json:"streams,omitempty"`
	// Organization is the slug of the organization (sentry).
	Organization string `yaml:"organization" json:"organization,omitempty"`
	// Project is the slug of the project; {service} by default (sentry).
	Project string `yaml:"project" json:"project,omitempty"`
	// Deployment is the id or name of the deployment; {service} by default (langsmith).
	Deployment string `yaml:"deployment" json:"deployment,omitempty"`
	// Workspace is the id of the workspace, which keys of a whole organization need (langsmith).
	Workspace string `yaml:"workspace" json:"workspace,omitempty"`
}

// The kinds of sources.
const (
	SourceFile          = "file"
	SourceExec          = "exec"
	SourceJournald      = "journald"
	SourceDocker        = "docker"
	SourceKubernetes    = "kubernetes"
	SourceLoki          = "loki"
	SourceVictoriaLogs  = "victorialogs"
	SourceElasticsearch = "elasticsearch"
	SourceOpenSearch    = "opensearch"
	SourceDatadog       = "datadog"
	SourceCloudWatch    = "cloudwatch"
	SourceSentry        = "sentry"
	SourceLangSmith     = "langsmith"
)

// stores are the keys of all log stores that are asked by HTTP with a query.
const stores = "url query token user password headers timeout limit fields "

// sourceKeys are the keys of each kind.
var sourceKeys = map[string]string{
	SourceFile:          "files",
	SourceExec:          "command timeout",
	SourceJournald:      "units matches args timeout",
	SourceDocker:        "url labels name timeout",
	SourceKubernetes:    "kubeconfig context namespace selector container revision_label timeout",
	SourceLoki:          stores + "tenant",
	SourceVictoriaLogs:  stores,
	SourceElasticsearch: stores + "index time_field",
	SourceOpenSearch:    stores + "index time_field",
	SourceDatadog:       "url query token app_key indexes timeout limit fields",
	SourceCloudWatch:    "url query region group streams timeout limit",
	SourceSentry:        "url token organization project timeout",
	SourceLangSmith:     "url token workspace deployment timeout limit",
}

// Configured tells whether anything is said of a source.
func (s Source) Configured() bool { return !reflect.ValueOf(s).IsZero() }

// Validate says everything that is wrong as far as it can be known without the
// environment.
func (s Source) Validate() error {
	if !s.Configured() {
		return nil
	}
	known, ok := sourceKeys[s.Kind]
	if !ok {
		return below("source", s.noSuchKind())
	}
	all := s.foreign(strings.Fields(known))
	all = append(all, s.Token.validate("token"), s.Password.validate("password"), s.AppKey.validate("app_key"))
	if s.Timeout < 0 {
		all = append(all, selfheal.Usagef("leave it out for the default", "timeout is negative"))
	}
	for name := range s.Headers {
		if slices.Contains([]string{"authorization", "cookie", "proxy-authorization"}, strings.ToLower(name)) {
			all = append(all, selfheal.Usagef("use token, or user and password", "headers hold %s: no secret belongs there", name))
		}
	}
	if errors.Join(all...) == nil {
		// What the environment holds is assumed to be there.
		_, err := s.open(sourceSettings{SourceSettings{Getenv: func(string) string { return "" }}, true})
		all = append(all, err)
	}
	return below("source", all...)
}

func (s Source) noSuchKind() error {
	kinds := slices.Sorted(maps.Keys(sourceKeys))
	if s.Kind == "" {
		return selfheal.Usagef("use one of "+strings.Join(kinds, ", "), "kind is missing")
	}
	for _, kind := range kinds {
		if suggest.Distance(s.Kind, kind) < 3 {
			return selfheal.Usagef(fmt.Sprintf("did you mean %q?", kind), "no such kind: %q", s.Kind)
		}
	}
	return selfheal.Usagef("use one of "+strings.Join(kinds, ", "), "no such kind: %q", s.Kind)
}

// foreign reports keys of other kinds.
func (s Source) foreign(known []string) []error {
	var all []error
	value := reflect.ValueOf(s)
	for field, v := range value.Fields() {
		key := field.Tag.Get("yaml")
		if key != "kind" && !v.IsZero() && !slices.Contains(known, key) {
			all = append(all, selfheal.Usagef(s.Kind+" has the keys "+strings.Join(known, ", "), "%s is no key of %s", key, s.Kind))
		}
	}
	return all
}

// SourceSettings are what a source needs beside its section.
type SourceSettings struct {
	Getenv func(string) string
	Scrub  func(string) string // removes secrets from what a store says
	Clock  selfheal.Clock
	Dir    string // that files are relative to, and commands are run in
}

// sourceSettings say, too, whether what the environment holds is assumed to be there.
type sourceSettings struct {
	SourceSettings
	assumed bool
}

// Open makes the source of a section that is configured.
func (s Source) Open(settings SourceSettings) (selfheal.Source, error) {
	if !s.Configured() {
		return nil, selfheal.Usagef("add a section source to selfheal.yaml, see docs/sources.md", "no source of logs is configured")
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	made, err := s.open(sourceSettings{settings, false})
	return made, below("source", err)
}

// sourceVariables are where a token is looked for when none is configured.
var sourceVariables = map[string]string{SourceDatadog: "DD_API_KEY", SourceSentry: "SENTRY_AUTH_TOKEN", SourceLangSmith: "LANGSMITH_API_KEY"}

// secret reads a reference, or the variable that stands for a missing one.
func (x sourceSettings) secret(key string, reference Secret, variable string) (httpx.Secret, error) {
	if reference == "" && variable != "" {
		reference = Secret("${env:" + variable + "}")
	}
	if x.assumed {
		return reference.assumed(), nil
	}
	value, err := reference.resolve(key, x.Getenv)
	return httpx.Secret(value), err
}

func (s Source) connection(x sourceSettings) (backend.Connection, error) {
	c := backend.Connection{URL: s.URL, User: s.User, Timeout: time.Duration(s.Timeout), Scrub: x.Scrub, Clock: x.Clock}
	var tokenErr, passwordErr error
	c.Token, tokenErr = x.secret("token", s.Token, sourceVariables[s.Kind])
	c.Password, passwordErr = x.secret("password", s.Password, "")
	if len(s.Headers) > 0 {
		c.Header = http.Header{}
		for name, value := range s.Headers {
			c.Header.Set(name, value)
		}
	}
	return c, errors.Join(tokenErr, passwordErr)
}

// open makes the source.
func (s Source) open(x sourceSettings) (selfheal.Source, error) {
	switch s.Kind {
	case SourceFile:
		return file.New(file.Config{Patterns: s.files(x.Dir)})
	case SourceExec:
		return exec.New(exec.Config{Command: s.Command, Dir: x.Dir, Timeout: time.Duration(s.Timeout), Scrub: x.Scrub, Clock: x.Clock})
	case SourceJournald:
		return journald.New(journald.Config{Units: s.Units, Matches: s.Matches, Args: s.Args, Timeout: time.Duration(s.Timeout), Scrub: x.Scrub})
	}
	c, err := s.connection(x)
	if err != nil {
		return nil, err
	}
	switch s.Kind {
	case SourceDocker:
		return docker.New(docker.Config{Connection: c, Labels: s.Labels, Name: s.Name})
	case SourceKubernetes:
		return s.kubernetes(c, x)
	case SourceLoki:
		return loki.New(loki.Config{Connection: c, Tenant: s.Tenant, Query: s.Query, Fields: s.Fields, Limit: s.Limit})
	case SourceVictoriaLogs:
		return victorialogs.New(victorialogs.Config{Connection: c, Query: s.Query, Fields: s.Fields, Limit: s.Limit})
	case SourceElasticsearch, SourceOpenSearch:
		return elastic.New(elastic.Config{Connection: c, Index: s.Index, Query: s.Query, TimeField: s.TimeField, Fields: s.Fields, Limit: s.Limit})
	case SourceDatadog:
		key, err := x.secret("app_key", s.AppKey, "DD_APP_KEY")
		if err != nil {
			return nil, err
		}
		return datadog.New(datadog.Config{Connection: c, AppKey: key, Query: s.Query, Indexes: s.Indexes, Fields: s.Fields, Limit: s.Limit})
	case SourceCloudWatch:
		return s.cloudwatch(c, x)
	case SourceSentry:
		return sentryapi.New(sentryapi.Config{Connection: c, Organization: s.Organization, Project: s.Project})
	case SourceLangSmith:
		return langsmith.New(langsmith.Config{Connection: c, Workspace: s.Workspace, Deployment: s.Deployment, Limit: s.Limit})
	}
	return nil, s.noSuchKind()
}

func (s Source) files(dir string) []string {
	var all []string
	for _, name := range s.Files {
		if name != "" && !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		all = append(all, name)
	}
	return all
}

// kubernetes finds its credentials when it is opened in earnest.
func (s Source) kubernetes(c backend.Connection, x sourceSettings) (selfheal.Source, error) {
	if x.assumed {
		return nil, nil
	}
	return kubernetes.New(kubernetes.Config{
		Connection: c, Kubeconfig: s.Kubeconfig, Context: s.Context, Namespace: s.Namespace, Selector: s.Selector,
		Container: s.Container, RevisionLabel: s.RevisionLabel, Getenv: x.Getenv,
	})
}

func (s Source) cloudwatch(c backend.Connection, x sourceSettings) (selfheal.Source, error) {
	config := cloudwatch.Config{
		Connection: c, Query: s.Query, Group: s.Group, Streams: s.Streams, Limit: s.Limit,
		Region: cmp.Or(s.Region, x.Getenv("AWS_REGION"), x.Getenv("AWS_DEFAULT_REGION")),
		Credentials: cloudwatch.Credentials{
			AccessKey: httpx.Secret(x.Getenv("AWS_ACCESS_KEY_ID")), SecretKey: httpx.Secret(x.Getenv("AWS_SECRET_ACCESS_KEY")), Session: httpx.Secret(x.Getenv("AWS_SESSION_TOKEN")),
		},
	}
	if x.assumed {
		config.Region = cmp.Or(config.Region, "us-east-1")
		config.Credentials = cloudwatch.Credentials{AccessKey: "assumed", SecretKey: "assumed"}
	}
	return cloudwatch.New(config)
}
