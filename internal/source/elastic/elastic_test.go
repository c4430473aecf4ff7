package elastic

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/sourcetest"
)

// question is what the source asks, as far as the fake understands it.
type question struct {
	Size  int `json:"size"`
	Query struct {
		Bool struct {
			Filter []struct {
				Range map[string]struct {
					From time.Time `json:"gte"`
					To   time.Time `json:"lt"`
				} `json:"range"`
			} `json:"filter"`
		} `json:"bool"`
	} `json:"query"`
}

// fake answers as Elasticsearch does.
type fake []sourcetest.Line

func (f fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q question
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.URL.Path != "/logs-*/_search" || r.FormValue("allow_partial_search_results") != "false" {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	hits := []any{}
	for i, line := range f {
		if len(q.Query.Bool.Filter) == 0 || len(hits) >= q.Size {
			break
		}
		times := q.Query.Bool.Filter[0].Range["@timestamp"]
		if !line.Time.Before(times.From) && line.Time.Before(times.To) {
			hits = append(hits, map[string]any{
				"_index": "logs-1", "_id": fmt.Sprint(i), "_source": map[string]any{"message": line.Text, "@timestamp": "as the shipper wrote it"},
				"fields": map[string]any{"@timestamp": []string{line.Time.Format(time.RFC3339Nano)}},
			})
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"took": 1, "timed_out": false, "_shards": map[string]int{"total": 3, "failed": 0}, "hits": map[string]any{"hits": hits}})
}

func open(t *testing.T, c Config) *Source {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

func TestFaults(t *testing.T) {
	t.Parallel()
	sourcetest.RunFaults(t, sourcetest.FaultHarness{
		Store: func(lines []sourcetest.Line) http.Handler { return fake(lines) },
		New: func(t *testing.T, c backend.Connection) selfheal.Source {
			return open(t, Config{Connection: c, Limit: 3})
		},
	})
}

// TestPartsAreNoResults: what Elasticsearch answers with success although it is not all.
func TestPartsAreNoResults(t *testing.T) {
	t.Parallel()
	f := func(name, body string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, Config{Connection: sourcetest.Answering(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }), Query: "*"})
			err := s.Read(t.Context(), selfheal.Query{}, func(*selfheal.Entry) error { return nil })
			if selfheal.CodeOf(err) != selfheal.CodeUnavailable || selfheal.HintOf(err) == "" {
				t.Errorf("Read: %v", err)
			}
			if err := s.Probe(t.Context()); err == nil && name != "a document without a time" {
				t.Error("Probe is content")
			}
			if _, err := s.Volume(t.Context(), selfheal.Query{}, time.Minute); err == nil {
				t.Error("Volume is content")
			}
		})
	}
	f("out of time", `{"timed_out":true,"_shards":{"total":1,"failed":0},"hits":{"hits":[]}}`)
	f("a shard failed", `{"timed_out":false,"_shards":{"total":3,"failed":1},"hits":{"hits":[]}}`)
	f("no index", `{"timed_out":false,"_shards":{"total":0,"failed":0},"hits":{"hits":[]}}`)
	f("a document without a time", `{"timed_out":false,"_shards":{"total":1,"failed":0},"hits":{"hits":[{"_id":"1","_source":{}}]}}`)
}

func TestItem(t *testing.T) {
	t.Parallel()
	s := open(t, Config{Connection: backend.Connection{URL: "http://localhost:9200"}})
	f := func(document, stream, want string, origin selfheal.Origin) {
		t.Helper()
		item, err := s.item(hit{Index: "logs", ID: "1", Source: json.RawMessage(document), Fields: map[string][]string{"@timestamp": {"2026-11-23T09:10:00.123456789Z"}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := item.Entry.Stream + " " + string(item.Entry.Line); got != stream+" "+want {
			t.Errorf("%s\n gave %s\n want %s %s", document, got, stream, want)
		}
		if diff := cmp.Diff(&origin, item.Entry.Origin); diff != "" {
			t.Errorf("%s: origin (-want +got):\n%s", document, diff)
		}
	}
	f(`{"message":"lost","@timestamp":"x","agent":{"type":"filebeat"},"log":{"offset":7,"file":{"path":"/a.log"}},"host":{"name":"web-1"},"tags":["a"]}`,
		"web-1//a.log", "lost", selfheal.Origin{Instance: "web-1"})
	f(`{"message":"lost","log":{"level":"error"},"service":{"name":"shop","version":"1.4.0"},"error":{"type":"E","message":"gone","stack_trace":"E: gone\n at f"},"trace":{"id":"ab"},"order":7}`,
		"logs", `{"exception.type":"E","exception.message":"gone","exception.stacktrace":"E: gone\n at f","level":"error","message":"lost","order":"7"}`,
		selfheal.Origin{Severity: selfheal.SeverityError, Service: "shop", Revision: "1.4.0", TraceID: "ab"})
	f(`{"log":"  at f","stream":"stderr","kubernetes":{"pod_name":"web-1","container_name":"app"}}`, "web-1/app/stderr", "  at f", selfheal.Origin{Instance: "web-1"})
}

func TestVolumeAndLevels(t *testing.T) {
	t.Parallel()
	var asked string
	base := time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)
	s := open(t, Config{Connection: sourcetest.Answering(t, func(w http.ResponseWriter, r *http.Request) {
		var q map[string]any
		_ = json.NewDecoder(r.Body).Decode(&q)
		text, _ := json.Marshal(q)
		asked = r.URL.Path + " " + string(text)
		fmt.Fprintf(w, `{"timed_out":false,"_shards":{"total":1,"failed":0},"hits":{"hits":[]},"aggregations":{"steps":{"buckets":[{"key":%d,"doc_count":5}]}}}`, base.UnixMilli())
	}), Index: "shop-*"})
	q := selfheal.Query{Service: `sh"op`, Interval: selfheal.Interval{From: base, To: base.Add(time.Hour)}, Least: selfheal.SeverityDebug}
	series, err := s.Volume(t.Context(), q, time.Minute)
	if diff := cmp.Diff([]selfheal.Count{{Minute: selfheal.MinuteOf(base), N: 5}}, series.Counts); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if !strings.Contains(asked, `"fixed_interval":"60s"`) || !strings.Contains(asked, `service.name:\"sh\\\"op\"`) || strings.Contains(asked, "must_not") || !strings.HasPrefix(asked, "/shop-*/_search ") {
		t.Errorf("asked %s", asked)
	}
	if err := s.Read(t.Context(), q, func(*selfheal.Entry) error { return nil }); err != nil || !strings.Contains(asked, `"must_not":[{"terms":{"log.level":["trace",`) {
		t.Errorf("%v, asked %s", err, asked)
	}
}
