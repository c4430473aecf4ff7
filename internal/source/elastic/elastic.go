// Package elastic reads logs from Elasticsearch and OpenSearch by their HTTP API.
//
// In go an index, a query and an interval; out come the documents page by page, and
// counts per minute that the store makes itself. Pages go on by time, which both
// stores and all their versions can do, rather than by a point in time that each of
// them opens in another way. What shards could not give, an index that does not
// exist and a search that ran out of time are errors.
package elastic

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/fields"
)

const (
	defaultIndex = "logs-*"
	defaultQuery = `service.name:"{service}"`
	defaultTime  = "@timestamp"
	defaultLimit = 1000
	mostAtOnce   = 10_000 // the stores' own limit, unless configured otherwise (index.max_result_window)
	// timeFormat is what times are asked in, and given in.
	timeFormat = "strict_date_optional_time_nanos"
)

// Config of a [Source]. Connection.URL is required.
type Config struct {
	backend.Connection
	// Index is the index, alias, data stream or pattern to search; logs-* by default.
	Index string
	// Query is in the language of query_string (Lucene's), with the places {service} and {environment}; by default what has the service's name in the field service.name.
	Query string
	// TimeField holds an entry's time; @timestamp by default.
	TimeField string
	// Fields say which fields hold what.
	Fields fields.Names
	// Limit is how many entries are asked for at once; 1000 by default.
	Limit int
}

// Source reads from Elasticsearch or OpenSearch.
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
	c.Index, c.Query, c.TimeField = cmp.Or(c.Index, defaultIndex), cmp.Or(c.Query, defaultQuery), cmp.Or(c.TimeField, defaultTime)
	if strings.ContainsAny(c.Index, "/?#") {
		return nil, selfheal.Usagef("write a name or a pattern such as logs-shop-*", "not the name of an index: %q", c.Index)
	}
	if c.Limit <= 0 {
		c.Limit = defaultLimit
	}
	client, err := backend.Open(c.Connection, "Elasticsearch", func(h http.Header, token httpx.Secret) { h.Set("Authorization", "ApiKey "+string(token)) })
	if err != nil {
		return nil, err
	}
	return &Source{config: c, client: client, mapper: fields.Mapper{Names: c.Fields}}, nil
}

// object is a JSON object that is sent.
type object = map[string]any

// search is a query for [from, to). Entries whose level is known to be less severe
// than asked for are left out.
func (s *Source) search(q selfheal.Query, from, to time.Time) (object, error) {
	text, err := backend.Expand(s.config.Query, q, backend.InQuotes)
	if err != nil {
		return nil, err
	}
	boolean := object{"filter": []object{
		{"range": object{s.config.TimeField: object{"gte": from.UTC().Format(time.RFC3339Nano), "lt": to.UTC().Format(time.RFC3339Nano), "format": timeFormat}}},
		{"query_string": object{"query": text}},
	}}
	if below := fields.Below(q.Least); len(below) > 0 {
		spelled := below
		for _, each := range below {
			spelled = append(spelled, strings.ToUpper(each), strings.ToUpper(each[:1])+each[1:])
		}
		boolean["must_not"] = []object{{"terms": object{s.mapper.LevelField("log.level"): spelled}}}
	}
	return object{"bool": boolean}, nil
}

// Read implements [selfheal.Source].
func (s *Source) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	i := s.config.Interval(q.Interval, 0)
	pages := backend.ByTime{Client: s.client, Limit: s.config.Limit, Most: max(mostAtOnce, s.config.Limit), Fetch: func(ctx context.Context, from, to time.Time, limit int) ([]backend.Item, error) {
		return s.page(ctx, q, from, to, limit)
	}}
	return pages.Read(ctx, i, yield)
}

// result is what the stores give to a search.
type result struct {
	TimedOut *bool `json:"timed_out"`
	Shards   *struct {
		Total  int `json:"total"`
		Failed int `json:"failed"`
	} `json:"_shards"`
	Hits *struct {
		Hits *[]hit `json:"hits"`
	} `json:"hits"`
	Aggregations struct {
		Steps *struct {
			Buckets []struct {
				Key   int64 `json:"key"` // milliseconds
				Count int64 `json:"doc_count"`
			} `json:"buckets"`
		} `json:"steps"`
	} `json:"aggregations"`
}

type hit struct {
	Index  string              `json:"_index"`
	ID     string              `json:"_id"`
	Source json.RawMessage     `json:"_source"`
	Fields map[string][]string `json:"fields"`
}

// Check implements [backend.Checked].
func (r *result) Check() error {
	if r.TimedOut == nil || r.Shards == nil || r.Hits == nil || r.Hits.Hits == nil {
		return errors.New("there are no hits")
	}
	return nil
}

// ask sends a search and refuses what is only a part of its result.
func (s *Source) ask(ctx context.Context, question object) (*result, error) {
	var r result
	path := "/" + url.PathEscape(s.config.Index) + "/_search"
	if err := s.client.Post(ctx, path, url.Values{"allow_partial_search_results": {"false"}}, question, &r); err != nil {
		return nil, err
	}
	switch {
	case *r.TimedOut:
		return nil, s.client.Lost("narrow source.query", "ran out of time: the result is only a part")
	case r.Shards.Failed > 0:
		return nil, s.client.Lost("try again later; nothing is lost", fmt.Sprintf("could not search %d of %d shards", r.Shards.Failed, r.Shards.Total))
	case r.Shards.Total == 0:
		return nil, s.client.Lost("check source.index", "has no index "+s.config.Index)
	}
	return &r, nil
}

func (s *Source) page(ctx context.Context, q selfheal.Query, from, to time.Time, limit int) ([]backend.Item, error) {
	query, err := s.search(q, from, to)
	if err != nil {
		return nil, err
	}
	r, err := s.ask(ctx, object{
		"size": limit, "query": query, "track_total_hits": false,
		"sort":            []object{{s.config.TimeField: object{"order": "asc"}}},
		"docvalue_fields": []object{{"field": s.config.TimeField, "format": timeFormat}},
	})
	if err != nil {
		return nil, err
	}
	items := make([]backend.Item, 0, len(*r.Hits.Hits))
	for _, h := range *r.Hits.Hits {
		item, err := s.item(h)
		if err != nil {
			return nil, s.client.Wrong(err)
		}
		if early := from.Sub(item.Time); early > 0 && early < time.Millisecond {
			continue // times are kept to the millisecond, and so is the beginning of the range
		}
		items = append(items, item)
	}
	return items, nil
}

func (s *Source) item(h hit) (backend.Item, error) {
	times := h.Fields[s.config.TimeField]
	if h.ID == "" || len(times) == 0 {
		return backend.Item{}, errors.New("a document without id or " + s.config.TimeField)
	}
	at, err := time.Parse(time.RFC3339Nano, times[0])
	if err != nil {
		return backend.Item{}, err
	}
	document, err := fields.Flatten(h.Source)
	if err != nil {
		return backend.Item{}, err
	}
	delete(document, s.config.TimeField)
	d := fields.Document{Stream: streamOf(document, h.Index), Time: at, Fields: document, Labels: shipped(document)}
	return backend.Item{Time: at, Key: h.Index + "/" + h.ID, Entry: s.mapper.Entry(d)}, nil
}

// streamOf names where a document was written: a container, pod or host, as shippers note it.
func streamOf(document map[string]string, index string) string {
	var parts []string
	for _, keys := range [][]string{
		{"kubernetes.pod.name", "kubernetes.pod_name", "k8s.pod.name", "host.name", "host.hostname", "service.instance.id"},
		{"container.id", "kubernetes.container.name", "kubernetes.container_name", "container.name"},
		{"log.file.path", "stream"},
	} {
		for _, key := range keys {
			if v := document[key]; v != "" {
				parts = append(parts, v)
				break
			}
		}
	}
	if len(parts) == 0 {
		return index
	}
	return strings.Join(parts, "/")
}

// shipped takes out of a document what its shipper added: that says where an entry
// comes from, as labels do.
func shipped(document map[string]string) map[string]string {
	labels := map[string]string{}
	for key, value := range document {
		group, _, nested := strings.Cut(key, ".")
		switch group {
		case "agent", "ecs", "input", "data_stream", "kubernetes", "container", "docker", "cloud", "k8s", "orchestrator":
			if !nested {
				continue
			}
		case "host":
		case "stream":
			if nested {
				continue
			}
		case "@version", "tags":
		case "log":
			if key != "log.offset" && !strings.HasPrefix(key, "log.file.") && key != "log.flags" {
				continue
			}
		default:
			continue
		}
		labels[key] = value
		delete(document, key)
	}
	return labels
}

// Probe implements [selfheal.Prober].
func (s *Source) Probe(ctx context.Context) error {
	_, err := s.ask(ctx, object{"size": 0, "track_total_hits": false})
	return err
}

// Skew implements [selfheal.Clocked]. Elasticsearch sends no Date; a proxy before it does.
func (s *Source) Skew(ctx context.Context) (time.Duration, error) {
	return s.client.Skew(ctx, s.Probe)
}

// Volume implements [selfheal.Volumer].
func (s *Source) Volume(ctx context.Context, q selfheal.Query, step time.Duration) (selfheal.Series, error) {
	var series selfheal.Series
	q.Least = selfheal.SeverityUnspecified
	i := s.config.Interval(q.Interval, 0)
	query, err := s.search(q, i.From, i.To)
	if err != nil {
		return series, err
	}
	r, err := s.ask(ctx, object{
		"size": 0, "query": query, "track_total_hits": false,
		"aggs": object{"steps": object{"date_histogram": object{"field": s.config.TimeField, "fixed_interval": fmt.Sprintf("%ds", int(step.Seconds())), "min_doc_count": 1}}},
	})
	if err != nil {
		return series, err
	}
	if r.Aggregations.Steps == nil {
		return series, s.client.Wrong(errors.New("it does not count"))
	}
	for _, bucket := range r.Aggregations.Steps.Buckets {
		series.Add(selfheal.MinuteOf(time.UnixMilli(bucket.Key)), bucket.Count)
	}
	return series, nil
}
