// Package cloudwatch reads logs from Amazon CloudWatch Logs by its JSON API.
//
// In go a log group, a filter pattern and an interval; out come the events page by
// page, each log stream in its order. Pages may be empty while there are more;
// throttling is waited for. The time at which CloudWatch took events in is kept
// apart from their own, so that the lag between them can be told.
package cloudwatch

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/fields"
)

// defaultLimit is the most that CloudWatch gives at once.
const defaultLimit = 10_000

// Config of a [Source].
type Config struct {
	// Connection.URL is https://logs.REGION.amazonaws.com by default. Token, User and Password are not used.
	backend.Connection
	Credentials Credentials
	// Region is the AWS region, e.g. eu-central-1.
	Region string
	// Group is the log group, with the places {service} and {environment}, e.g. /ecs/{service}. One with an ARN is of another account.
	Group string
	// Streams is the beginning of the names of the log streams; all by default.
	Streams string
	// Query is a filter pattern of CloudWatch; all events by default.
	Query string
	Limit int // events that are asked for at once; 10000 by default
}

// Source reads from CloudWatch Logs.
type Source struct {
	config Config
	client *backend.Client

	mu  sync.Mutex
	lag time.Duration
}

var (
	_ selfheal.Source  = (*Source)(nil)
	_ selfheal.Prober  = (*Source)(nil)
	_ selfheal.Clocked = (*Source)(nil)
)

var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d+$`)

// New makes a Source. Nothing is asked before it is read.
func New(c Config) (*Source, error) {
	switch {
	case !regionName.MatchString(c.Region):
		return nil, selfheal.Usagef("write it as eu-central-1", "not an AWS region: %q", c.Region)
	case c.Group == "":
		return nil, selfheal.Usagef("set source.group, e.g. /ecs/{service}", "the source has no log group")
	case c.Credentials.AccessKey == "" || c.Credentials.SecretKey == "":
		return nil, selfheal.Usagef("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "there are no AWS credentials")
	}
	if c.URL == "" {
		c.URL = "https://logs." + c.Region + ".amazonaws.com"
	}
	if c.Limit <= 0 || c.Limit > defaultLimit {
		c.Limit = defaultLimit
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	own := http.Client{}
	if c.HTTP != nil {
		own = *c.HTTP
	}
	own.Transport = target{signer{credentials: c.Credentials, region: c.Region, service: "logs", clock: c.Clock, next: own.Transport}}
	c.HTTP, c.Token, c.User, c.Password = &own, "", "", ""
	client, err := backend.Open(c.Connection, "CloudWatch", nil)
	if err != nil {
		return nil, err
	}
	return &Source{config: c, client: client}, nil
}

// target says which call of the API a request is: all have one path.
type target struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t target) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Amz-Target", "Logs_20140328.FilterLogEvents")
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	return t.next.RoundTrip(r)
}

type question struct {
	Group      string `json:"logGroupName,omitempty"`
	Identifier string `json:"logGroupIdentifier,omitempty"`
	Prefix     string `json:"logStreamNamePrefix,omitempty"`
	Pattern    string `json:"filterPattern,omitempty"`
	From       int64  `json:"startTime"` // milliseconds
	To         int64  `json:"endTime"`   // the last millisecond
	Limit      int    `json:"limit"`
	Token      string `json:"nextToken,omitempty"`
}

type page struct {
	Events *[]event `json:"events"`
	Next   string   `json:"nextToken"`
}

type event struct {
	ID       string  `json:"eventId"`
	Stream   string  `json:"logStreamName"`
	Message  *string `json:"message"`
	Time     int64   `json:"timestamp"`
	Ingested int64   `json:"ingestionTime"`
}

// Check implements [backend.Checked].
func (p *page) Check() error {
	if p.Events == nil {
		return errors.New("there are no events")
	}
	for _, e := range *p.Events {
		if e.ID == "" || e.Message == nil || e.Time == 0 {
			return errors.New("an event without id, message or timestamp")
		}
	}
	return nil
}

func (s *Source) question(q selfheal.Query) (question, error) {
	same := func(name string) string { return name }
	var out question
	var err error
	if out.Group, err = backend.Expand(s.config.Group, q, same); err != nil {
		return out, err
	}
	if strings.HasPrefix(out.Group, "arn:") {
		out.Group, out.Identifier = "", out.Group
	}
	if out.Prefix, err = backend.Expand(s.config.Streams, q, same); err != nil {
		return out, err
	}
	if out.Pattern, err = backend.Expand(s.config.Query, q, backend.InQuotes); err != nil {
		return out, err
	}
	i := s.config.Interval(q.Interval, 0)
	out.From, out.To, out.Limit = i.From.UnixMilli(), i.To.Add(time.Millisecond-1).UnixMilli()-1, s.config.Limit
	return out, nil
}

// Read implements [selfheal.Source].
func (s *Source) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	ask, err := s.question(q)
	if err != nil {
		return err
	}
	pages := backend.ByToken{Client: s.client, Fetch: func(ctx context.Context, token string) ([]backend.Item, string, error) {
		ask.Token = token
		var p page
		if err := s.client.Post(ctx, "/", nil, ask, &p); err != nil {
			return nil, "", err
		}
		var items []backend.Item
		for _, e := range *p.Events {
			items = append(items, s.item(e))
		}
		return items, p.Next, nil
	}}
	return pages.Read(ctx, s.config.Interval(q.Interval, 0), yield)
}

func (s *Source) item(e event) backend.Item {
	at := time.UnixMilli(e.Time).UTC()
	s.mu.Lock()
	s.lag = max(s.lag, time.UnixMilli(e.Ingested).Sub(at))
	s.mu.Unlock()
	entry := fields.Mapper{}.Entry(fields.Document{Stream: e.Stream, Time: at, Fields: map[string]string{"message": *e.Message}})
	return backend.Item{Time: at, Key: e.ID, Entry: entry}
}

// Lag is the longest time that CloudWatch took to have an event of all that were read.
func (s *Source) Lag() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lag
}

// Probe implements [selfheal.Prober]. It works only where the group has no place for the service.
func (s *Source) Probe(ctx context.Context) error {
	now := s.config.Clock()
	ask, err := s.question(selfheal.Query{Interval: selfheal.Interval{From: now.Add(-time.Minute), To: now}})
	if err != nil {
		return err
	}
	ask.Limit = 1
	return s.client.Post(ctx, "/", nil, ask, &page{})
}

// Skew implements [selfheal.Clocked].
func (s *Source) Skew(ctx context.Context) (time.Duration, error) {
	return s.client.Skew(ctx, s.Probe)
}
