package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/sourcetest"
)

// fake answers as Datadog does, three events at a time.
type fake []sourcetest.Line

func (f fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Filter struct{ From, To string }
		Page   struct {
			Limit  int
			Cursor string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Header.Get("DD-API-KEY") == "" || r.Header.Get("DD-APPLICATION-KEY") == "" {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	from, _ := strconv.ParseInt(q.Filter.From, 10, 64)
	to, _ := strconv.ParseInt(q.Filter.To, 10, 64)
	skip, _ := strconv.Atoi(q.Page.Cursor)
	data, after, at := []any{}, "", 0
	for i, line := range f {
		if ms := line.Time.UnixMilli(); ms < from || ms > to {
			continue
		}
		if at++; at <= skip {
			continue
		}
		if len(data) == q.Page.Limit {
			after = strconv.Itoa(skip + len(data))
			break
		}
		data = append(data, map[string]any{"id": fmt.Sprint(i), "type": "log", "attributes": map[string]any{"timestamp": line.Time.Format(time.RFC3339Nano), "message": line.Text, "status": "info"}})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data, "meta": map[string]any{"status": "done", "page": map[string]any{"after": after}}})
}

func open(t *testing.T, c Config) *Source {
	t.Helper()
	c.Token, c.AppKey = "key", "app key"
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

func TestPartsAreNoResults(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"data":[],"meta":{"status":"timeout"}}`,
		`{"data":[],"meta":{"status":"done","warnings":[{"code":"unknown_index","title":"no such index","detail":"x"}]}}`,
		`{"data":[{"id":"1"}],"meta":{"status":"done"}}`,
	} {
		s := open(t, Config{Connection: sourcetest.Answering(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }), Query: "*"})
		if err := s.Read(t.Context(), selfheal.Query{}, func(*selfheal.Entry) error { return nil }); selfheal.CodeOf(err) != selfheal.CodeUnavailable {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestLimitIsObeyed(t *testing.T) {
	t.Parallel()
	asked := 0
	c := sourcetest.Answering(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			w.Header().Set("X-RateLimit-Reset", "90")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		fmt.Fprint(w, `{"data":[],"meta":{"status":"done"}}`)
	})
	sleep, waited := c.Sleep, time.Duration(0)
	c.Sleep = func(ctx context.Context, d time.Duration) error { waited += d; return sleep(ctx, d) }
	if err := open(t, Config{Connection: c}).Probe(t.Context()); err != nil || waited < 90*time.Second {
		t.Errorf("waited %s: %v", waited, err)
	}
}

func TestItem(t *testing.T) {
	t.Parallel()
	s := open(t, Config{})
	f := func(attributes, want string, origin selfheal.Origin) {
		t.Helper()
		e := event{ID: "1"}
		if err := json.Unmarshal([]byte(attributes), &e.Attributes); err != nil {
			t.Fatal(err)
		}
		item, err := s.item(e)
		if err != nil || string(item.Entry.Line) != want {
			t.Errorf("%s\n gave %s, %v\n want %s", attributes, item.Entry.Line, err, want)
			return
		}
		if diff := cmp.Diff(&origin, item.Entry.Origin); diff != "" {
			t.Errorf("%s: origin (-want +got):\n%s", attributes, diff)
		}
	}
	f(`{"timestamp":"2026-11-23T09:10:00.123Z","message":"  at f","status":"info","service":"shop","host":"web-1","tags":["version:1.4.0","env:prod"]}`,
		"  at f", selfheal.Origin{Service: "shop", Revision: "1.4.0", Instance: "web-1"})
	f(`{"timestamp":"2026-11-23T09:10:00.123Z","message":"lost","status":"error","service":"shop","attributes":{"error":{"kind":"E","stack":"E: x\n at f"},"order":7}}`,
		`{"exception.type":"E","exception.stacktrace":"E: x\n at f","level":"error","message":"lost","order":"7"}`, selfheal.Origin{Service: "shop", Severity: selfheal.SeverityError})
}

func TestVolume(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)
	s := open(t, Config{Connection: sourcetest.Answering(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"meta":{"status":"done"},"data":{"buckets":[{"by":{},"computes":{"c0":[{"time":"2026-11-23T09:10:00.000Z","value":5},{"time":"2026-11-23T09:11:00.000Z","value":0}]}}]}}`)
	}), Query: "*"})
	series, err := s.Volume(t.Context(), selfheal.Query{}, time.Minute)
	if diff := cmp.Diff([]selfheal.Count{{Minute: selfheal.MinuteOf(base), N: 5}}, series.Counts); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := New(Config{}); selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("without keys: %v", err)
	}
}
