// Package datadog reads logs from Datadog by its HTTP API, version 2.
//
// In go a query and an interval; out come the events page by page, oldest first, and
// counts per minute that Datadog makes itself. A search that ran out of time, or
// that Datadog warns about, is an error.
package datadog

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/fields"
)

const (
	defaultURL   = "https://api.datadoghq.com"
	defaultQuery = `service:"{service}" env:"{environment}"`
	defaultLimit = 1000 // and the most that Datadog gives at once
	horizon      = 15 * 24 * time.Hour
)

// Config of a [Source].
type Config struct {
	// Connection.URL is https://api.datadoghq.com by default; that of other sites is https://api.SITE. Connection.Token is the API key.
	backend.Connection
	// AppKey is the application key, which needs the permission logs_read_data.
	AppKey httpx.Secret
	// Query is in Datadog's search language, with the places {service} and {environment}; by default service and env.
	Query string
	// Indexes are those to search; all by default.
	Indexes []string
	// Fields say which attributes hold what.
	Fields fields.Names
	// Limit is how many events are asked for at once; 1000 by default.
	Limit int
}

// Source reads from Datadog.
type Source struct {
	config Config
	client *backend.Client
	mapper fields.Mapper
}

var (
	_ selfheal.Source  = (*Source)(nil)
	_ selfheal.Prober  = (*Source)(nil)
	_ selfheal.Volumer = (*Source)(nil)
	_ selfheal.Clocked = (*Source)(nil)
)

// New makes a Source. Nothing is asked before it is read.
func New(c Config) (*Source, error) {
	if c.URL == "" {
		c.URL = defaultURL
	}
	if c.Token == "" || c.AppKey == "" {
		return nil, selfheal.Usagef("set both: source.token is the API key, source.app_key the application key", "Datadog needs two keys")
	}
	if c.Query == "" {
		c.Query = defaultQuery
	}
	if c.Limit <= 0 || c.Limit > defaultLimit {
		c.Limit = defaultLimit
	}
	own := http.Client{}
	if c.HTTP != nil {
		own = *c.HTTP
	}
	own.Transport = limits{own.Transport}
	c.HTTP = &own
	client, err := backend.Open(c.Connection, "Datadog", func(h http.Header, token httpx.Secret) {
		h.Set("DD-API-KEY", string(token))
		h.Set("DD-APPLICATION-KEY", string(c.AppKey))
	})
	if err != nil {
		return nil, err
	}
	return &Source{config: c, client: client, mapper: fields.Mapper{Names: c.Fields}}, nil
}

// limits tells in the usual header how long Datadog asks to wait: its own counts
// the seconds until a limit is reset, where others give a time.
type limits struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (l limits) RoundTrip(r *http.Request) (*http.Response, error) {
	next := l.next
	if next == nil {
		next = http.DefaultTransport
	}
	response, err := next.RoundTrip(r)
	if err == nil && response.StatusCode == http.StatusTooManyRequests && response.Header.Get("Retry-After") == "" {
		response.Header.Set("Retry-After", response.Header.Get("X-Ratelimit-Reset"))
	}
	return response, err
}

// object is a JSON object that is sent.
type object = map[string]any

func (s *Source) filter(q selfheal.Query) (object, error) {
	text, err := backend.Expand(s.config.Query, q, backend.InQuotes)
	if err != nil {
		return nil, err
	}
	i := s.config.Interval(q.Interval, horizon)
	filter := object{"query": text, "from": strconv.FormatInt(i.From.UnixMilli(), 10), "to": strconv.FormatInt(i.To.UnixMilli(), 10)}
	if len(s.config.Indexes) > 0 {
		filter["indexes"] = s.config.Indexes
	}
	return filter, nil
}

type page struct {
	Data *[]event `json:"data"`
	Meta *meta    `json:"meta"`
}

type meta struct {
	Status string `json:"status"`
	Page   struct {
		After string `json:"after"`
	} `json:"page"`
	Warnings []struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	} `json:"warnings"`
}

type event struct {
	ID         string `json:"id"`
	Attributes struct {
		Time       time.Time       `json:"timestamp"`
		Message    string          `json:"message"`
		Status     string          `json:"status"`
		Service    string          `json:"service"`
		Host       string          `json:"host"`
		Tags       []string        `json:"tags"`
		Attributes json.RawMessage `json:"attributes"`
	} `json:"attributes"`
}

// Check implements [backend.Checked].
func (p *page) Check() error {
	if p.Data == nil || p.Meta == nil {
		return errors.New("there is no data")
	}
	for _, e := range *p.Data {
		if e.ID == "" || e.Attributes.Time.IsZero() {
			return errors.New("an event without id or timestamp")
		}
	}
	return nil
}

// whole refuses an answer that Datadog itself calls a part.
func (s *Source) whole(m meta) error {
	if m.Status == "timeout" {
		return s.client.Lost("narrow source.query", "ran out of time: the result is only a part")
	}
	if len(m.Warnings) > 0 {
		return s.client.Lost("check source.query and source.indexes", "warns: "+httpx.OneLine(m.Warnings[0].Title+" "+m.Warnings[0].Detail, 200))
	}
	return nil
}

// Read implements [selfheal.Source]. Datadog calls what states no level "info", so
// that nothing is left out by its level.
func (s *Source) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	filter, err := s.filter(q)
	if err != nil {
		return err
	}
	pages := backend.ByToken{Client: s.client, Fetch: func(ctx context.Context, token string) ([]backend.Item, string, error) {
		return s.page(ctx, filter, token)
	}}
	return pages.Read(ctx, s.config.Interval(q.Interval, horizon), yield)
}

func (s *Source) page(ctx context.Context, filter object, token string) ([]backend.Item, string, error) {
	paging := object{"limit": s.config.Limit}
	if token != "" {
		paging["cursor"] = token
	}
	var p page
	if err := s.client.Post(ctx, "/api/v2/logs/events/search", nil, object{"filter": filter, "sort": "timestamp", "page": paging}, &p); err != nil {
		return nil, "", err
	}
	if err := s.whole(*p.Meta); err != nil {
		return nil, "", err
	}
	var items []backend.Item
	for _, e := range *p.Data {
		item, err := s.item(e)
		if err != nil {
			return nil, "", s.client.Wrong(err)
		}
		items = append(items, item)
	}
	return items, p.Meta.Page.After, nil
}

// item makes an entry. Host, service and tags say where an event comes from, as
// labels do; its status is no level of its own while the event states none.
func (s *Source) item(e event) (backend.Item, error) {
	a := e.Attributes
	document := map[string]string{}
	if len(a.Attributes) > 0 && string(a.Attributes) != "null" {
		var err error
		if document, err = fields.Flatten(a.Attributes); err != nil {
			return backend.Item{}, err
		}
	}
	labels := map[string]string{}
	for _, tag := range a.Tags {
		if key, value, ok := strings.Cut(tag, ":"); ok {
			labels[key] = value
		}
	}
	labels["service.name"], labels["service.version"] = a.Service, labels["version"]
	labels["host.name"] = a.Host
	if a.Status != "info" {
		labels["level"] = a.Status
	}
	if document["message"] == "" {
		document["message"] = a.Message
	}
	stream := strings.Trim(a.Host+"/"+labels["container_id"], "/")
	return backend.Item{Time: a.Time, Key: e.ID, Entry: s.mapper.Entry(fields.Document{Stream: stream, Time: a.Time, Fields: document, Labels: labels})}, nil
}

// Probe implements [selfheal.Prober].
func (s *Source) Probe(ctx context.Context) error {
	now := s.config.Interval(selfheal.Interval{}, horizon).To
	q := object{"query": "*", "from": strconv.FormatInt(now.Add(-2*time.Hour).UnixMilli(), 10), "to": strconv.FormatInt(now.UnixMilli(), 10)}
	return s.client.Post(ctx, "/api/v2/logs/events/search", nil, object{"filter": q, "page": object{"limit": 1}}, &page{})
}

// Skew implements [selfheal.Clocked].
func (s *Source) Skew(ctx context.Context) (time.Duration, error) {
	return s.client.Skew(ctx, s.Probe)
}

type aggregate struct {
	Meta meta `json:"meta"`
	Data *struct {
		Buckets []struct {
			Computes map[string][]struct {
				Time  time.Time `json:"time"`
				Value float64   `json:"value"`
			} `json:"computes"`
		} `json:"buckets"`
	} `json:"data"`
}

// Check implements [backend.Checked].
func (a *aggregate) Check() error {
	if a.Data == nil {
		return errors.New("it does not count")
	}
	return nil
}

// Volume implements [selfheal.Volumer].
func (s *Source) Volume(ctx context.Context, q selfheal.Query, step time.Duration) (selfheal.Series, error) {
	var series selfheal.Series
	filter, err := s.filter(q)
	if err != nil {
		return series, err
	}
	var a aggregate
	question := object{"filter": filter, "compute": []object{{"aggregation": "count", "type": "timeseries", "interval": strconv.Itoa(int(step.Minutes())) + "m"}}}
	if err := s.client.Post(ctx, "/api/v2/logs/analytics/aggregate", nil, question, &a); err != nil {
		return series, err
	}
	if err := s.whole(a.Meta); err != nil {
		return series, err
	}
	for _, bucket := range a.Data.Buckets {
		for _, point := range bucket.Computes["c0"] {
			if point.Value > 0 {
				series.Add(selfheal.MinuteOf(point.Time), int64(point.Value))
			}
		}
	}
	return series, nil
}
