// Package langsmith reads the server and build logs of LangSmith Deployments by the
// control plane's HTTP API.
//
// In go a deployment and an interval; out come the logs of each revision that could
// run then, oldest revision first, each entry with the commit that it was built from.
// The endpoints of the logs are not in the public API description: fields that are
// missing there are tolerated, answers of another shape are not.
package langsmith

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/fields"
)

const (
	defaultURL   = "https://api.host.langchain.com"
	defaultLimit = 100
	mostAtOnce   = 1000
	perPage      = 100 // revisions that are listed at once
	maxListed    = 10  // pages of them
	// pace is the time between two requests: no limit of the control plane is published.
	pace = time.Second
)

// Config of a [Source].
type Config struct {
	// Connection.URL is https://api.host.langchain.com by default, that of the EU https://eu.api.host.langchain.com, of an installation of one's own https://HOST/api-host. Connection.Token is the API key.
	backend.Connection
	// Workspace is sent as X-Tenant-Id: keys of a whole organization need it.
	Workspace string
	// Deployment is the deployment's id or name, with the places {service} and {environment}; {service} by default.
	Deployment string
	// Limit is how many entries are asked for at once; 100 by default.
	Limit int
}

// Source reads from LangSmith.
type Source struct {
	config Config
	client *backend.Client
}

var (
	_ selfheal.Source  = (*Source)(nil)
	_ selfheal.Prober  = (*Source)(nil)
	_ selfheal.Clocked = (*Source)(nil)
)

// New makes a Source. Nothing is asked before it is read.
func New(c Config) (*Source, error) {
	if c.URL == "" {
		c.URL = defaultURL
	}
	if c.Deployment == "" {
		c.Deployment = "{service}"
	}
	if c.Token == "" {
		return nil, selfheal.Usagef("set source.token to ${env:LANGSMITH_API_KEY}", "LangSmith needs an API key")
	}
	if c.Limit <= 0 {
		c.Limit = defaultLimit
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	c.Header = c.Header.Clone()
	if c.Header == nil {
		c.Header = http.Header{}
	}
	if c.Workspace != "" {
		c.Header.Set("X-Tenant-Id", c.Workspace)
	}
	client, err := backend.Open(c.Connection, "LangSmith", func(h http.Header, token httpx.Secret) { h.Set("X-Api-Key", string(token)) })
	if err != nil {
		return nil, err
	}
	return &Source{config: c, client: client}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// list is a page of something.
type list[T any] struct {
	Resources *[]T `json:"resources"`
}

// Check implements [backend.Checked].
func (l *list[T]) Check() error {
	if l.Resources == nil {
		return errors.New("there are no resources")
	}
	return nil
}

type deployment struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type revision struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created_at"`
	Status  string    `json:"status"`
	Source  struct {
		Commit string `json:"repo_commit_sha"`
		Image  string `json:"image_uri"`
	} `json:"source_revision_config"`
}

// name is what a revision is known by elsewhere.
func (r revision) name() string {
	for _, name := range []string{r.Source.Commit, r.Source.Image} {
		if name != "" {
			return name
		}
	}
	return r.ID
}

// ran tells whether a revision may have server logs.
func (r revision) ran() bool {
	switch r.Status {
	case "CREATE_FAILED", "BUILD_FAILED", "SKIPPED", "CREATING", "QUEUED", "AWAITING_BUILD", "BUILDING":
		return false
	}
	return true
}

var identifier = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// deployment finds the id of the deployment.
func (s *Source) deployment(ctx context.Context, q selfheal.Query) (string, error) {
	name, err := backend.Expand(s.config.Deployment, q, func(name string) string { return name })
	if err != nil || identifier.MatchString(name) {
		return name, err
	}
	var found list[deployment]
	if err := s.client.Get(ctx, "/v2/deployments", url.Values{"name_contains": {name}, "limit": {"100"}}, &found); err != nil {
		return "", err
	}
	for _, d := range *found.Resources {
		if d.Name == name && d.ID != "" {
			return d.ID, nil
		}
	}
	return "", s.client.Lost("check source.deployment, and source.workspace", "has no deployment "+name)
}

// revisions lists those that could run in an interval, oldest first.
func (s *Source) revisions(ctx context.Context, deployment string, i selfheal.Interval) ([]revision, error) {
	var all []revision
	for offset := 0; offset < maxListed*perPage; offset += perPage {
		var page list[revision]
		path := "/v2/deployments/" + url.PathEscape(deployment) + "/revisions"
		if err := s.client.Get(ctx, path, url.Values{"limit": {strconv.Itoa(perPage)}, "offset": {strconv.Itoa(offset)}}, &page); err != nil {
			return nil, err
		}
		for _, r := range *page.Resources {
			if r.ID == "" || r.Created.IsZero() {
				return nil, s.client.Wrong(errors.New("a revision without id or created_at"))
			}
			if !r.Created.Before(i.To) || !r.ran() {
				continue
			}
			all = append(all, r)
			if !r.Created.After(i.From) && r.Status == "DEPLOYED" {
				slices.Reverse(all)
				return all, nil // what is older was replaced before the interval began
			}
		}
		if len(*page.Resources) < perPage {
			slices.Reverse(all)
			return all, nil
		}
		if err := s.config.Sleep(ctx, pace); err != nil {
			return nil, err
		}
	}
	return nil, s.client.Lost("ask for a shorter time", "lists more revisions than are read")
}

// Read implements [selfheal.Source].
func (s *Source) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	i := s.config.Interval(q.Interval, 0)
	id, err := s.deployment(ctx, q)
	if err != nil {
		return err
	}
	revisions, err := s.revisions(ctx, id, i)
	if err != nil {
		return err
	}
	if len(revisions) == 0 {
		return s.client.Lost("wait until a revision is deployed", "has no revision that could run then")
	}
	for _, r := range revisions {
		if err := s.logs(ctx, id, r, "deploy_logs", i, yield); err != nil {
			return err
		}
	}
	return nil
}

// BuildLog gives the entries of the build of a revision, by its id or the commit that
// it was built from, oldest first; CodeNotFound when there is no such revision.
func (s *Source) BuildLog(ctx context.Context, q selfheal.Query, name string, yield func(*selfheal.Entry) error) error {
	id, err := s.deployment(ctx, q)
	if err != nil {
		return err
	}
	var found list[revision]
	if err := s.client.Get(ctx, "/v2/deployments/"+url.PathEscape(id)+"/revisions", url.Values{"limit": {strconv.Itoa(perPage)}}, &found); err != nil {
		return err
	}
	for _, r := range *found.Resources {
		if r.ID == name || r.Source.Commit == name {
			return s.logs(ctx, id, r, "build_logs", s.config.Interval(selfheal.Interval{}, 0), yield)
		}
	}
	return selfheal.NotFoundf("check the revision", "LangSmith knows no revision %s of the deployment", name)
}

type answer struct {
	Logs *[]struct {
		ID      string          `json:"id"`
		Time    json.RawMessage `json:"timestamp"` // milliseconds, or a text
		Level   string          `json:"level"`
		Message string          `json:"message"`
	} `json:"logs"`
}

// Check implements [backend.Checked].
func (a *answer) Check() error {
	if a.Logs == nil {
		return errors.New("there are no logs")
	}
	return nil
}

func (s *Source) logs(ctx context.Context, deployment string, r revision, kind string, i selfheal.Interval, yield func(*selfheal.Entry) error) error {
	path := "/v1/projects/" + url.PathEscape(deployment) + "/revisions/" + url.PathEscape(r.ID) + "/" + kind
	pages := backend.ByTime{Client: s.client, Limit: s.config.Limit, Most: max(mostAtOnce, s.config.Limit), Fetch: func(ctx context.Context, from, to time.Time, limit int) ([]backend.Item, error) {
		if err := s.config.Sleep(ctx, pace); err != nil {
			return nil, err
		}
		var a answer
		question := map[string]any{"order": "asc", "limit": limit, "start_time": from.UTC().Format(time.RFC3339Nano), "end_time": to.UTC().Format(time.RFC3339Nano)}
		if err := s.client.Post(ctx, path, nil, question, &a); err != nil {
			return nil, err
		}
		return s.items(a, r, from, to)
	}}
	return pages.Read(ctx, i, yield)
}

func (s *Source) items(a answer, r revision, from, to time.Time) ([]backend.Item, error) {
	var items []backend.Item
	for _, l := range *a.Logs {
		at, err := timeOf(l.Time)
		if err != nil {
			return nil, s.client.Wrong(err)
		}
		if early := from.Sub(at); early > 0 && early < time.Millisecond || at.Equal(to) {
			continue // its times are milliseconds, and its end may be taken in
		}
		key := l.ID
		if key == "" {
			key = backend.KeyOf(l.Level, l.Message)
		}
		level := l.Level
		if strings.EqualFold(level, "info") {
			level = "" // which every line has that states none, those of stack traces too
		}
		d := fields.Document{Stream: "revision/" + r.ID, Time: at, Fields: map[string]string{"message": l.Message}, Labels: map[string]string{"level": level, "service.version": r.name()}}
		items = append(items, backend.Item{Time: at, Key: key, Entry: fields.Mapper{}.Entry(d)})
	}
	return items, nil
}

// timeOf reads milliseconds since 1970, or RFC 3339 with or without a zone.
func timeOf(raw json.RawMessage) (time.Time, error) {
	var ms float64
	if json.Unmarshal(raw, &ms) == nil && ms > 0 {
		return time.UnixMilli(int64(ms)).UTC(), nil
	}
	text, _ := fields.Text(raw)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, errors.New("an entry without a timestamp")
}

// Probe implements [selfheal.Prober].
func (s *Source) Probe(ctx context.Context) error {
	return s.client.Get(ctx, "/v2/deployments", url.Values{"limit": {"1"}}, &list[deployment]{})
}

// Skew implements [selfheal.Clocked].
func (s *Source) Skew(ctx context.Context) (time.Duration, error) {
	return s.client.Skew(ctx, s.Probe)
}
