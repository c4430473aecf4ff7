// Package victorialogs reads logs from VictoriaLogs by its HTTP API.
//
// In go a LogsQL query and an interval; out come the entries page by page, and
// counts per minute that VictoriaLogs makes itself. Its answers are lines of JSON,
// and no lines when there is nothing: what they hold is believed only when it is
// as much as VictoriaLogs counts.
package victorialogs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/fields"
)

const (
	defaultQuery = `"service.name":="{service}"`
	defaultLimit = 1000
	mostAtOnce   = 50_000 // entries of one page, where so many share one instant
	queryPath    = "/select/logsql/query"
	// timeFormat has all nine digits: a time without them means the whole second to VictoriaLogs.
	timeFormat = "2006-01-02T15:04:05.000000000Z"
)

// Config of a [Source]. Connection.URL is required.
type Config struct {
	backend.Connection
	// Query is LogsQL with the places {service} and {environment}; by default what has the service's name in the field service.name.
	Query string
	// Fields say which fields hold what.
	Fields fields.Names
	// Limit is how many entries are asked for at once; 1000 by default.
	Limit int
}

// Source reads from VictoriaLogs.
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
	if c.Query == "" {
		c.Query = defaultQuery
	}
	if c.Limit <= 0 {
		c.Limit = defaultLimit
	}
	client, err := backend.Open(c.Connection, "VictoriaLogs", nil)
	if err != nil {
		return nil, err
	}
	return &Source{config: c, client: client, mapper: fields.Mapper{Names: c.Fields}}, nil
}

// query is the LogsQL for q. What is known to be less severe than asked for is left
// out; what has no level stays.
func (s *Source) query(q selfheal.Query) (string, error) {
	text, err := backend.Expand(s.config.Query, q, backend.InQuotes)
	if err != nil {
		return "", err
	}
	if below := fields.Below(q.Least); len(below) > 0 {
		text += fmt.Sprintf(` | filter !%s:~"(?i)^(%s)$"`, strconv.Quote(s.mapper.LevelField("level")), strings.Join(below, "|"))
	}
	return text, nil
}

// Read implements [selfheal.Source]. VictoriaLogs counts first, and must give at
// least as many entries: rows of a stream that is new are counted for some seconds
// before a query gives them, and an answer that was cut off between two lines looks whole.
func (s *Source) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	text, err := s.query(q)
	if err != nil {
		return err
	}
	q.Interval = s.config.Interval(q.Interval, 0)
	there, err := s.count(ctx, text, q.Interval.From, q.Interval.To)
	if err != nil {
		return err
	}
	given := 0
	pages := backend.ByTime{Client: s.client, Limit: s.config.Limit, Most: max(mostAtOnce, s.config.Limit), Fetch: func(ctx context.Context, from, to time.Time, limit int) ([]backend.Item, error) {
		return s.page(ctx, text, from, to, limit)
	}}
	err = pages.Read(ctx, q.Interval, func(e *selfheal.Entry) error {
		given++
		return yield(e)
	})
	if err == nil && given < there {
		err = s.client.Lost("try again in some seconds: a stream that is new cannot be read at once", fmt.Sprintf("counts %d entries, but gave %d", there, given))
	}
	return err
}

// arguments of a request about [from, to); VictoriaLogs takes both ends in.
func arguments(query string, from, to time.Time) url.Values {
	return url.Values{"query": {query}, "start": {from.UTC().Format(timeFormat)}, "end": {to.Add(-1).UTC().Format(timeFormat)}}
}

func (s *Source) page(ctx context.Context, query string, from, to time.Time, limit int) ([]backend.Item, error) {
	body, err := s.client.Bytes(ctx, queryPath, arguments(fmt.Sprintf("%s | sort by (_time) limit %d", query, limit), from, to))
	if err != nil {
		return nil, err
	}
	var items []backend.Item
	for line := range bytes.Lines(body) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		item, err := s.item(line)
		if err != nil {
			return nil, s.client.Wrong(err)
		}
		items = append(items, item)
	}
	return items, nil
}

type counted struct {
	N *string `json:"n"`
}

// Check implements [backend.Checked].
func (c *counted) Check() error {
	if c.N == nil {
		return errors.New("it does not count")
	}
	return nil
}

func (s *Source) count(ctx context.Context, query string, from, to time.Time) (int, error) {
	var answer counted
	if err := s.client.Get(ctx, queryPath, arguments(query+" | stats count() n", from, to), &answer); err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(*answer.N)
	if err != nil {
		return 0, s.client.Wrong(err)
	}
	return n, nil
}

// item reads one line of an answer: a flat object of texts.
func (s *Source) item(line []byte) (backend.Item, error) {
	var document map[string]string
	if err := json.Unmarshal(line, &document); err != nil {
		return backend.Item{}, err
	}
	at, err := time.Parse(time.RFC3339Nano, document["_time"])
	if err != nil {
		return backend.Item{}, errors.New("an entry without _time")
	}
	key := keyOf(document)
	d := fields.Document{Stream: "victorialogs", Time: at, Fields: document, Labels: map[string]string{}}
	if name := document["_stream"]; name != "" && name != "{}" {
		d.Stream = name
	}
	for _, label := range labelNames(d.Stream) {
		if value, ok := document[label]; ok {
			d.Labels[label] = value
			delete(document, label)
		}
	}
	for _, own := range []string{"_time", "_stream", "_stream_id"} {
		delete(document, own)
	}
	return backend.Item{Time: at, Key: key, Entry: s.mapper.Entry(d)}, nil
}

// keyOf names a row by its content, in whatever order VictoriaLogs writes its fields:
// that may change between two pages, when it merges what it has stored.
func keyOf(document map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(document)) {
		parts = append(parts, key, document[key])
	}
	return backend.KeyOf(parts...)
}

// labelNames lists the names of the labels of {a="b",c="d"}.
func labelNames(stream string) []string {
	var names []string
	rest := strings.TrimPrefix(stream, "{")
	for {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			return names
		}
		quoted, err := strconv.QuotedPrefix(after)
		if err != nil {
			return names
		}
		if unquoted, err := strconv.Unquote(name); err == nil {
			name = unquoted
		}
		names = append(names, name)
		rest = strings.TrimPrefix(after[len(quoted):], ",")
	}
}

// Probe implements [selfheal.Prober].
func (s *Source) Probe(ctx context.Context) error {
	now := s.config.Interval(selfheal.Interval{}, 0).To
	_, err := s.count(ctx, "*", now.Add(-time.Second), now)
	return err
}

// Skew implements [selfheal.Clocked].
func (s *Source) Skew(ctx context.Context) (time.Duration, error) {
	return s.client.Skew(ctx, s.Probe)
}

type hits struct {
	Hits *[]struct {
		Timestamps []time.Time `json:"timestamps"`
		Values     []int64     `json:"values"`
	} `json:"hits"`
}

// Check implements [backend.Checked].
func (h *hits) Check() error {
	if h.Hits == nil {
		return errors.New("there are no hits")
	}
	for _, each := range *h.Hits {
		if len(each.Timestamps) != len(each.Values) {
			return errors.New("hits without their times")
		}
	}
	return nil
}

// Volume implements [selfheal.Volumer]. Pipes of the query do not count:
// VictoriaLogs leaves them out when it counts by time.
func (s *Source) Volume(ctx context.Context, q selfheal.Query, step time.Duration) (selfheal.Series, error) {
	var series selfheal.Series
	q.Least = selfheal.SeverityUnspecified
	text, err := s.query(q)
	if err != nil {
		return series, err
	}
	q.Interval = s.config.Interval(q.Interval, 0)
	values := arguments(text, q.Interval.From, q.Interval.To)
	values.Set("step", step.String())
	var answer hits
	if err := s.client.Get(ctx, "/select/logsql/hits", values, &answer); err != nil {
		return series, err
	}
	for _, each := range *answer.Hits {
		for i, at := range each.Timestamps {
			series.Add(selfheal.MinuteOf(at), each.Values[i])
		}
	}
	return series, nil
}
