// Package loki reads logs from Grafana Loki by its HTTP API.
//
// In go a LogQL query and an interval; out come the entries page by page, and
// counts per minute that Loki makes itself.
package loki

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
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
	defaultQuery = `{service_name="{service}"}`
	defaultLimit = 1000
	mostAtOnce   = 5000 // Loki's own limit, unless configured otherwise (max_entries_limit_per_query)
	// horizon is how far back an open interval begins: Loki refuses queries of more than 30 days and an hour (max_query_length).
	horizon   = 30 * 24 * time.Hour
	rangePath = "/loki/api/v1/query_range"
)

// Config of a [Source]. Connection.URL is required.
type Config struct {
	backend.Connection
	// Tenant is sent as X-Scope-OrgID; empty for none.
	Tenant string
	// Query is LogQL with the places {service} and {environment}; by default what has the service's name in the label service_name.
	Query string
	// Fields say which labels hold what.
	Fields fields.Names
	// Limit is how many entries are asked for at once; 1000 by default.
	Limit int
}

// Source reads from Loki.
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
	if !strings.Contains(c.Query, "{") {
		return nil, selfheal.Usagef(`write a selector such as {app="shop"}`, "the query of the source is no LogQL: %q", c.Query)
	}
	if c.Limit <= 0 {
		c.Limit = defaultLimit
	}
	header := c.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	// Without it labels of the stream and of the entry come mixed up.
	header.Set("X-Loki-Response-Encoding-Flags", "categorize-labels")
	if c.Tenant != "" {
		header.Set("X-Scope-OrgID", c.Tenant)
	}
	c.Header = header
	client, err := backend.Open(c.Connection, "Loki", nil)
	if err != nil {
		return nil, err
	}
	return &Source{config: c, client: client, mapper: fields.Mapper{Names: c.Fields}}, nil
}

// query is the LogQL for q. Only entries with a level that is known to be less
// severe are left out.
func (s *Source) query(q selfheal.Query) (string, error) {
	text, err := backend.Expand(s.config.Query, q, backend.InQuotes)
	if below := fields.Below(q.Least); err == nil && len(below) > 0 {
		text += fmt.Sprintf(` | %s!~"(?i)%s"`, s.mapper.LevelField("level"), strings.Join(below, "|"))
	}
	return text, err
}

// Read implements [selfheal.Source].
func (s *Source) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	text, err := s.query(q)
	if err != nil {
		return err
	}
	pages := backend.ByTime{Client: s.client, Limit: s.config.Limit, Most: max(mostAtOnce, s.config.Limit), Fetch: func(ctx context.Context, from, to time.Time, limit int) ([]backend.Item, error) {
		return s.page(ctx, text, from, to, limit)
	}}
	return pages.Read(ctx, s.config.Interval(q.Interval, horizon), yield)
}

// answer is what Loki gives to all queries.
type answer[T any] struct {
	Status string `json:"status"`
	Data   *struct {
		Type   string `json:"resultType"`
		Result *[]T   `json:"result"`
	} `json:"data"`
	kind string
}

// Check implements [backend.Checked].
func (a *answer[T]) Check() error {
	if a.Status != "success" || a.Data == nil || a.Data.Result == nil || a.Data.Type != a.kind {
		return errors.New("there is no result of the kind " + a.kind)
	}
	return nil
}

type stream struct {
	Labels map[string]string `json:"stream"`
	Values []value           `json:"values"`
}

// value is [time, line] or [time, line, {"structuredMetadata": {...}, "parsed": {...}}].
type value struct {
	at     time.Time
	line   string
	fields map[string]string
}

// UnmarshalJSON implements [json.Unmarshaler].
func (v *value) UnmarshalJSON(text []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return err
	}
	if len(parts) < 2 {
		return errors.New("an entry without time or line")
	}
	var nanoseconds string
	if err := json.Unmarshal(parts[0], &nanoseconds); err != nil {
		return err
	}
	n, err := strconv.ParseInt(nanoseconds, 10, 64)
	if err != nil {
		return err
	}
	v.at = time.Unix(0, n).UTC()
	if err := json.Unmarshal(parts[1], &v.line); err != nil {
		return err
	}
	var more struct {
		Metadata map[string]string `json:"structuredMetadata"`
		Parsed   map[string]string `json:"parsed"`
	}
	if len(parts) > 2 {
		if err := json.Unmarshal(parts[2], &more); err != nil {
			return err
		}
	}
	v.fields = make(map[string]string)
	maps.Copy(v.fields, more.Parsed)
	maps.Copy(v.fields, more.Metadata)
	return nil
}

func arguments(query string, from, to time.Time) url.Values {
	return url.Values{"query": {query}, "start": {strconv.FormatInt(from.UnixNano(), 10)}, "end": {strconv.FormatInt(to.UnixNano(), 10)}, "direction": {"forward"}}
}

func (s *Source) page(ctx context.Context, query string, from, to time.Time, limit int) ([]backend.Item, error) {
	values := arguments(query, from, to)
	values.Set("limit", strconv.Itoa(limit))
	found := answer[stream]{kind: "streams"}
	if err := s.client.Get(ctx, rangePath, values, &found); err != nil {
		return nil, err
	}
	var items []backend.Item
	for _, each := range *found.Data.Result {
		name := nameOf(each.Labels)
		for _, v := range each.Values {
			items = append(items, s.item(name, each.Labels, v))
		}
	}
	return items, nil
}

// nameOf writes the labels of a stream as LogQL does.
func nameOf(labels map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		parts = append(parts, key+"="+strconv.Quote(labels[key]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// item makes an entry. What Loki found out about the level of a text by itself says
// no more than the text does: an entry with nothing else stays a line.
func (s *Source) item(name string, labels map[string]string, v value) backend.Item {
	key := backend.KeyOf(name, v.line)
	detected := fields.Severity(v.fields["detected_level"])
	delete(v.fields, "detected_level")
	v.fields["message"] = v.line
	e := fields.Mapper{Names: s.names()}.Entry(fields.Document{Stream: name, Time: v.at, Fields: v.fields, Labels: labels})
	if e.Origin.Severity == selfheal.SeverityUnspecified && detected > selfheal.SeverityInfo {
		e.Origin.Severity = detected
	}
	return backend.Item{Time: v.at, Key: key, Entry: e}
}

// names are the configured ones; the message of Loki's entries is their line.
func (s *Source) names() fields.Names {
	n := s.config.Fields
	n.Message = "message"
	return n
}

// labelsAnswer is what Loki gives when it is asked for its labels.
type labelsAnswer struct {
	Status string `json:"status"`
}

// Check implements [backend.Checked].
func (a *labelsAnswer) Check() error {
	if a.Status != "success" {
		return errors.New("no success")
	}
	return nil
}

// Probe implements [selfheal.Prober].
func (s *Source) Probe(ctx context.Context) error {
	return s.client.Get(ctx, "/loki/api/v1/labels", nil, &labelsAnswer{})
}

// Skew implements [selfheal.Clocked].
func (s *Source) Skew(ctx context.Context) (time.Duration, error) {
	return s.client.Skew(ctx, s.Probe)
}

type sample struct {
	Values [][2]any `json:"values"` // seconds, and a number as text
}

// Volume implements [selfheal.Volumer]. Loki evaluates at whole steps, and counts the
// range that ends then, its end included but not its beginning: moved by a
// millisecond, it is the step that ends then. (By a nanosecond, Loki 3.7 counts nothing.)
// So entries of a step's last millisecond count to the next, unless they are at its very beginning.
func (s *Source) Volume(ctx context.Context, q selfheal.Query, step time.Duration) (selfheal.Series, error) {
	var series selfheal.Series
	q.Least = selfheal.SeverityUnspecified
	text, err := s.query(q)
	if err != nil {
		return series, err
	}
	i := s.config.Interval(q.Interval, horizon)
	values := arguments(fmt.Sprintf("sum(count_over_time(%s[%ds] offset 1ms))", text, int(step.Seconds())), i.From.Truncate(step).Add(step), i.To.Add(step-1).Truncate(step))
	values.Set("step", strconv.Itoa(int(step.Seconds())))
	found := answer[sample]{kind: "matrix"}
	if err := s.client.Get(ctx, rangePath, values, &found); err != nil {
		return series, err
	}
	for _, each := range *found.Data.Result {
		for _, v := range each.Values {
			seconds, isNumber := v[0].(float64)
			count, isText := v[1].(string)
			n, err := strconv.ParseInt(count, 10, 64)
			if !isNumber || !isText || err != nil {
				return selfheal.Series{}, s.client.Wrong(errors.New("a count that is none"))
			}
			series.Add(selfheal.MinuteOf(time.Unix(int64(seconds), 0).Add(-step)), n)
		}
	}
	return series, nil
}
