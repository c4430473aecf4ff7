package loki

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/sourcetest"
)

// fake answers as Loki does.
type fake []sourcetest.Line

func (f fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/loki/api/v1/labels" {
		fmt.Fprint(w, `{"status":"success","data":["app"]}`)
		return
	}
	number := func(key string) int64 { n, _ := strconv.ParseInt(r.FormValue(key), 10, 64); return n }
	values := [][]any{}
	for _, line := range f {
		if at := line.Time.UnixNano(); at >= number("start") && at < number("end") && len(values) < int(number("limit")) {
			values = append(values, []any{strconv.FormatInt(at, 10), line.Text})
		}
	}
	result := []any{}
	if len(values) > 0 {
		result = append(result, map[string]any{"stream": map[string]string{"app": "shop"}, "values": values})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": "streams", "result": result}})
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

func TestItem(t *testing.T) {
	t.Parallel()
	s := open(t, Config{Connection: backend.Connection{URL: "http://localhost:3100"}})
	f := func(labels map[string]string, text, want string, origin selfheal.Origin) {
		t.Helper()
		var v value
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		e := s.item("s", labels, v).Entry
		if got := string(e.Line); got != want {
			t.Errorf("%s\n gave %s\n want %s", text, got, want)
		}
		if diff := cmp.Diff(&origin, e.Origin); diff != "" {
			t.Errorf("%s: origin (-want +got):\n%s", text, diff)
		}
	}
	f(nil, `["1700000000000000000","lost"]`, "lost", selfheal.Origin{})
	f(map[string]string{"service_name": "shop", "pod": "web-1", "level": "warn"}, `["1700000000000000000","  at f",{"structuredMetadata":{"detected_level":"unknown"}}]`,
		"  at f", selfheal.Origin{Service: "shop", Instance: "web-1", Severity: selfheal.SeverityWarn})
	f(nil, `["1700000000000000000","E: no",{"structuredMetadata":{"detected_level":"error"}}]`, "E: no", selfheal.Origin{Severity: selfheal.SeverityError})
	f(nil, `["1700000000000000000","it is info",{"structuredMetadata":{"detected_level":"info"}}]`, "it is info", selfheal.Origin{})
	f(map[string]string{"service_name": "shop"}, `["1700000000000000000","lost",{"structuredMetadata":{"severity_text":"ERROR","exception_type":"E","exception_stacktrace":"E: x\n at f","service_version":"1.4.0","trace_id":"ab"},"parsed":{"order":"7"}}]`,
		`{"exception.type":"E","exception.stacktrace":"E: x\n at f","level":"ERROR","message":"lost","order":"7"}`,
		selfheal.Origin{Service: "shop", Revision: "1.4.0", TraceID: "ab", Severity: selfheal.SeverityError})
	for _, text := range []string{`[]`, `["1"]`, `["soon","x"]`, `[1,"x"]`, `["1",2]`, `["1","x",3]`, `{}`} {
		if err := json.Unmarshal([]byte(text), &value{}); err == nil {
			t.Errorf("%s is taken for an entry", text)
		}
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	f := func(template string, q selfheal.Query, want string) {
		t.Helper()
		got, err := open(t, Config{Connection: backend.Connection{URL: "http://localhost:3100"}, Query: template}).query(q)
		if err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", template, got, err, want)
		}
	}
	f("", selfheal.Query{Service: `a"b`}, `{service_name="a\"b"}`)
	f(`{app="{service}", env="{environment}"} |= "x"`, selfheal.Query{Service: "shop", Environment: "prod", Least: selfheal.SeverityDebug},
		`{app="shop", env="prod"} |= "x" | level!~"(?i)trace|trace2|trace3|trace4|verbose"`)
	if _, err := New(Config{Connection: backend.Connection{URL: "http://localhost:3100"}, Query: "app=shop"}); selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("a query that is none: %v", err)
	}
}

func TestVolume(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)
	var query, start string
	body := fmt.Sprintf(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[%d,"3"],[%d,"4"]]}]}}`, base.Unix()+60, base.Unix()+120)
	s := open(t, Config{Connection: sourcetest.Answering(t, func(w http.ResponseWriter, r *http.Request) {
		query, start = r.FormValue("query"), r.FormValue("start")
		fmt.Fprint(w, body)
	}), Query: `{app="shop"}`})
	q := selfheal.Query{Interval: selfheal.Interval{From: base, To: base.Add(2 * time.Minute)}, Least: selfheal.SeverityError}
	series, err := s.Volume(t.Context(), q, time.Minute)
	minute := selfheal.MinuteOf(base)
	if diff := cmp.Diff([]selfheal.Count{{Minute: minute, N: 3}, {Minute: minute + 1, N: 4}}, series.Counts); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if want := fmt.Sprint(base.Add(time.Minute).UnixNano()); query != `sum(count_over_time({app="shop"}[60s] offset 1ms))` || start != want {
		t.Errorf("asked %s from %s, want %s", query, start, want)
	}
	body = strings.Replace(body, `"3"`, `"many"`, 1)
	if _, err := s.Volume(t.Context(), q, time.Minute); selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Errorf("a count that is none: %v", err)
	}
}
