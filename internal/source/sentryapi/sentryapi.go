// Package sentryapi reads error events from Sentry by its HTTP API.
//
// In go a project and an interval; out comes every event as a structured record with
// its exceptions and their frames, oldest first. Sentry gives events newest first, so
// that those of an interval are held, without what records do not need, until all
// have come.
package sentryapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/source/backend"
)

const (
	defaultURL = "https://sentry.io"
	// maxEvents bounds what is held. Sentry itself drops events above a project's limits.
	maxEvents = 200_000
	horizon   = 90 * 24 * time.Hour
)

// Config of a [Source].
type Config struct {
	// Connection.URL is https://sentry.io by default. Connection.Token is an auth token with the scope project:read.
	backend.Connection
	Organization string // slug
	// Project is the project's slug, with the places {service} and {environment}; {service} by default.
	Project string
}

// Source reads from Sentry.
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
	if c.Project == "" {
		c.Project = "{service}"
	}
	if c.Organization == "" {
		return nil, selfheal.Usagef("set source.organization to its slug", "the source has no organization")
	}
	if c.Token == "" {
		return nil, selfheal.Usagef("set source.token to ${env:SENTRY_AUTH_TOKEN}", "Sentry needs an auth token")
	}
	client, err := backend.Open(c.Connection, "Sentry", nil)
	if err != nil {
		return nil, err
	}
	return &Source{config: c, client: client}, nil
}

// Read implements [selfheal.Source].
func (s *Source) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	i := s.config.Interval(q.Interval, horizon)
	project, err := backend.Expand(s.config.Project, q, func(name string) string { return name })
	if err != nil {
		return err
	}
	path := "/api/0/projects/" + url.PathEscape(s.config.Organization) + "/" + url.PathEscape(project) + "/events/"
	pages := backend.ByToken{Client: s.client, Fetch: func(ctx context.Context, token string) ([]backend.Item, string, error) {
		return s.page(ctx, path, q, i, token)
	}}
	var held []*selfheal.Entry
	err = pages.Read(ctx, i, func(e *selfheal.Entry) error {
		if len(held) == maxEvents {
			return s.client.Lost("ask for a shorter time", fmt.Sprintf("holds more than %d events", maxEvents))
		}
		held = append(held, e)
		return nil
	})
	if err != nil {
		return err
	}
	slices.Reverse(held)
	slices.SortStableFunc(held, func(a, b *selfheal.Entry) int { return a.Time.Compare(b.Time) })
	for _, e := range held {
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

// timeFormat is what Sentry takes: UTC without saying so.
const timeFormat = "2006-01-02T15:04:05.000"

func (s *Source) page(ctx context.Context, path string, q selfheal.Query, i selfheal.Interval, token string) ([]backend.Item, string, error) {
	values := url.Values{"full": {"true"}, "start": {i.From.UTC().Format(timeFormat)}, "end": {i.To.UTC().Add(time.Millisecond - 1).Format(timeFormat)}}
	if token != "" {
		values.Set("cursor", token)
	}
	response, err := s.client.Response(ctx, path, values)
	if err != nil {
		return nil, "", err
	}
	var events []json.RawMessage
	if err := s.client.Decode(response.Body, &events); err != nil {
		return nil, "", err
	}
	if events == nil {
		return nil, "", s.client.Wrong(errors.New("there is no list of events"))
	}
	var items []backend.Item
	for _, raw := range events {
		item, environment, err := itemOf(raw)
		if err != nil {
			return nil, "", s.client.Wrong(err)
		}
		if environment != "" && q.Environment != "" && environment != q.Environment {
			item.Time = time.Time{} // outside of every interval
		}
		items = append(items, item)
	}
	next, err := nextCursor(response.Header)
	if err != nil {
		return nil, "", s.client.Wrong(err)
	}
	return items, next, nil
}

var linkParameter = regexp.MustCompile(`(\w+)="([^"]*)"`)

// nextCursor reads the link to the next page; empty when it says that there is none.
func nextCursor(header http.Header) (string, error) {
	links := header.Get("Link")
	if links == "" {
		return "", errors.New("there is no Link header: whether there is more is not known")
	}
	for link := range strings.SplitSeq(links, ",") {
		parameters := map[string]string{}
		for _, m := range linkParameter.FindAllStringSubmatch(link, -1) {
			parameters[m[1]] = m[2]
		}
		if parameters["rel"] != "next" {
			continue
		}
		if parameters["results"] == "true" && parameters["cursor"] != "" {
			return parameters["cursor"], nil
		}
		return "", nil
	}
	return "", errors.New("there is no link to a next page")
}

// Probe implements [selfheal.Prober].
func (s *Source) Probe(ctx context.Context) error {
	var organization struct {
		Slug string `json:"slug"`
	}
	if err := s.client.Get(ctx, "/api/0/organizations/"+url.PathEscape(s.config.Organization)+"/", nil, &organization); err != nil {
		return err
	}
	if organization.Slug == "" {
		return s.client.Wrong(errors.New("an organization without a slug"))
	}
	return nil
}

// Skew implements [selfheal.Clocked].
func (s *Source) Skew(ctx context.Context) (time.Duration, error) {
	return s.client.Skew(ctx, s.Probe)
}
