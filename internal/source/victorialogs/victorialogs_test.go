package victorialogs

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/sourcetest"
)

var limitPipe = regexp.MustCompile(`limit (\d+)$`)

// fake answers as VictoriaLogs does, to the queries that the source asks.
type fake []sourcetest.Line

func (f fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from, _ := time.Parse(time.RFC3339Nano, r.FormValue("start"))
	to, _ := time.Parse(time.RFC3339Nano, r.FormValue("end"))
	var found []sourcetest.Line
	for _, line := range f {
		if !line.Time.Before(from) && !line.Time.After(to) {
			found = append(found, line)
		}
	}
	query := r.FormValue("query")
	if strings.HasSuffix(query, "| stats count() n") {
		fmt.Fprintf(w, "{\"n\":%q}\n", strconv.Itoa(len(found)))
		return
	}
	if m := limitPipe.FindStringSubmatch(query); m != nil {
		limit, _ := strconv.Atoi(m[1])
		found = found[:min(limit, len(found))]
	}
	for _, line := range found {
		row, _ := json.Marshal(map[string]string{"_time": line.Time.Format(time.RFC3339Nano), "_stream": `{app="shop"}`, "app": "shop", "_msg": line.Text})
		fmt.Fprintf(w, "%s\n", row)
	}
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
		Store:  func(lines []sourcetest.Line) http.Handler { return fake(lines) },
		IsPage: func(r *http.Request) bool { return !strings.HasSuffix(r.FormValue("query"), "| stats count() n") },
		New: func(t *testing.T, c backend.Connection) selfheal.Source {
			return open(t, Config{Connection: c, Limit: 3})
		},
	})
}

func TestItem(t *testing.T) {
	t.Parallel()
	s := open(t, Config{Connection: backend.Connection{URL: "http://localhost:9428"}})
	f := func(line, want string, origin selfheal.Origin) {
		t.Helper()
		item, err := s.item([]byte(line))
		if err != nil {
			t.Errorf("%s: %v", line, err)
			return
		}
		if got := string(item.Entry.Line); got != want {
			t.Errorf("%s\n gave %s\n want %s", line, got, want)
		}
		if diff := cmp.Diff(&origin, item.Entry.Origin); diff != "" {
			t.Errorf("%s: origin (-want +got):\n%s", line, diff)
		}
	}
	f(`{"_time":"2026-11-23T09:10:00.5Z","_stream":"{}","_msg":"lost"}`, "lost", selfheal.Origin{})
	f(`{"_time":"2026-11-23T09:10:00Z","_stream":"{pod=\"web-1\",\"app\"=\"shop\",level=\"error\"}","pod":"web-1","app":"shop","level":"error","_msg":"\tat a.b(C.java:3)"}`,
		"\tat a.b(C.java:3)", selfheal.Origin{Service: "shop", Instance: "web-1", Severity: selfheal.SeverityError})
	f(`{"_time":"2026-11-23T09:10:00Z","_msg":"lost","severity_text":"ERROR","service.name":"shop","service.version":"1.4.0","exception.type":"E","exception.stacktrace":"E: gone\n at f","order":"7"}`,
		`{"exception.type":"E","exception.stacktrace":"E: gone\n at f","level":"ERROR","message":"lost","order":"7"}`,
		selfheal.Origin{Service: "shop", Revision: "1.4.0", Severity: selfheal.SeverityError})
	for _, line := range []string{`{}`, `{"_time":"soon"}`, `{"_time":7}`, `[]`, `{"_time":"2026-11-23T09:10:00Z"`} {
		if _, err := s.item([]byte(line)); err == nil {
			t.Errorf("%s is taken for an entry", line)
		}
	}
}

func TestRowsAreKnownAgain(t *testing.T) {
	t.Parallel()
	s := open(t, Config{Connection: backend.Connection{URL: "http://localhost:9428"}})
	key := func(line string) string {
		item, err := s.item([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		return item.Key
	}
	a := key(`{"_time":"2026-11-23T09:10:00Z","_msg":"lost","order":"7"}`)
	if key(`{"order":"7","_msg":"lost","_time":"2026-11-23T09:10:00Z"}`) != a {
		t.Error("the order of fields makes another row")
	}
	if key(`{"_time":"2026-11-23T09:10:00Z","_msg":"lost","order":"8"}`) == a || key(`{"_time":"2026-11-23T09:10:00Z","_msg":"los","torder":"7"}`) == a {
		t.Error("another row has the same key")
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	f := func(template string, q selfheal.Query, want string) {
		t.Helper()
		s := open(t, Config{Connection: backend.Connection{URL: "http://localhost:9428"}, Query: template})
		got, err := s.query(q)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", template, got, want)
		}
	}
	f("", selfheal.Query{Service: `a"b\`}, `"service.name":="a\"b\\"`)
	f("{app={service}} env:{environment}", selfheal.Query{Service: "shop", Environment: "prod"}, "{app=shop} env:prod")
	f("*", selfheal.Query{Least: selfheal.SeverityDebug}, `* | filter !"level":~"(?i)^(trace|trace2|trace3|trace4|verbose)$"`)
	f("", selfheal.Query{}, "error: the query of the source asks for the service, which is not known")
	f("", selfheal.Query{Service: "a\nb"}, "error: the name of the service has control characters")
}

func FuzzItem(f *testing.F) {
	f.Add([]byte(`{"_time":"2026-11-23T09:10:00.5Z","_stream":"{a=\"b\",c=`), `{a="b"}`)
	s, err := New(Config{Connection: backend.Connection{URL: "http://localhost:9428"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line []byte, stream string) {
		if item, err := s.item(line); err == nil && (item.Entry == nil || item.Time.IsZero() && !strings.Contains(string(line), "0001")) {
			t.Errorf("%q gave %+v", line, item)
		}
		labelNames(stream)
	})
}
