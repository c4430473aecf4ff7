package victorialogs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/sourcetest"
)

// server is a running VictoriaLogs, and how many rows it was given.
type server struct {
	url  string
	rows int
}

// startServer runs the VictoriaLogs that SELFHEAL_VICTORIALOGS names.
func startServer(t *testing.T) *server {
	t.Helper()
	return &server{url: sourcetest.Server(t, "SELFHEAL_VICTORIALOGS", "/health", func(host, port, dir string) []string {
		return []string{"-storageDataPath=" + dir, "-httpListenAddr=" + host + ":" + port, "-retentionPeriod=100y"}
	})}
}

// push stores rows and makes them visible.
func (s *server) push(t *testing.T, rows ...map[string]string) {
	t.Helper()
	var body bytes.Buffer
	for _, row := range rows {
		line, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		body.Write(append(line, '\n'))
	}
	response, err := http.Post(s.url+"/insert/jsonline?_stream_fields=app,pod&_time_field=_time&_msg_field=_msg", "application/stream+json", &body)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode >= 300 {
		t.Fatal(response.Status)
	}
	s.rows += len(rows)
	s.settle(t)
}

// settle waits until all rows can be read. They are counted after about a second,
// and given once their stream is known. (By a filter of streams, a new stream can be
// missed for ten seconds more: VictoriaLogs keeps what such a filter found.)
func (s *server) settle(t *testing.T) {
	t.Helper()
	source := open(t, Config{Connection: sourcetest.Connection(s.url), Query: "app:*"})
	n := 0
	var err error
	all := sourcetest.Eventually(30*time.Second, func() bool {
		n = 0
		err = source.Read(t.Context(), selfheal.Query{}, func(*selfheal.Entry) error { n++; return nil })
		return n == s.rows
	})
	if !all {
		t.Fatalf("%d of %d rows can be seen: %v", n, s.rows, err)
	}
}

func row(at time.Time, app, pod, text string, more ...string) map[string]string {
	r := map[string]string{"_time": at.Format(time.RFC3339Nano), "app": app, "pod": pod, "_msg": text}
	for i := 0; i < len(more); i += 2 {
		r[more[i]] = more[i+1]
	}
	return r
}

func TestRealServer(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	base := time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)
	runs := 0
	t.Run("conformance", func(t *testing.T) {
		sourcetest.Run(t, sourcetest.Harness{
			Text: true,
			New: func(t *testing.T, streams map[string][]string) selfheal.Source {
				runs++
				app := fmt.Sprintf("run-%d", runs)
				var rows []map[string]string
				for name, lines := range streams {
					for i, line := range lines {
						rows = append(rows, row(base.Add(time.Duration(i)*time.Microsecond), app, name, line))
					}
				}
				s.push(t, rows...)
				return open(t, Config{Connection: backend.Connection{URL: s.url}, Query: `app:="` + app + `"`, Limit: 2})
			},
			Broken: func(t *testing.T) selfheal.Source {
				return open(t, Config{Connection: sourcetest.Connection("http://127.0.0.1:1"), Query: "*"})
			},
		})
	})
	t.Run("every entry once", func(t *testing.T) { s.everyEntryOnce(t, base) })
	t.Run("levels and volumes", func(t *testing.T) { s.levelsAndVolumes(t, base) })
	t.Run("a query that is none", func(t *testing.T) {
		err := open(t, Config{Connection: backend.Connection{URL: s.url}, Query: `{app=`}).Read(t.Context(), selfheal.Query{}, func(*selfheal.Entry) error { return nil })
		if selfheal.CodeOf(err) != selfheal.CodeUnavailable || !strings.Contains(err.Error(), "refused the query") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("clock", func(t *testing.T) {
		skew, err := open(t, Config{Connection: backend.Connection{URL: s.url}}).Skew(t.Context())
		if err != nil || skew.Abs() > 2*time.Second {
			t.Errorf("the clock of this machine is %s ahead of itself: %v", skew, err)
		}
	})
}

// everyEntryOnce reads many entries of few instants, from several streams, in small pages.
func (s *server) everyEntryOnce(t *testing.T, base time.Time) {
	var rows []map[string]string
	var want []string
	for i := range 5000 {
		text := fmt.Sprintf("event %d", i)
		rows = append(rows, row(base.Add(time.Duration(i/70)*time.Nanosecond), "many", fmt.Sprint("pod-", i%3), text))
		want = append(want, text)
	}
	s.push(t, rows...)
	var got []string
	source := open(t, Config{Connection: backend.Connection{URL: s.url}, Query: `app:="many"`, Limit: 50})
	interval := selfheal.Interval{From: base, To: base.Add(time.Second)}
	last := map[string]time.Time{}
	err := source.Read(t.Context(), selfheal.Query{Interval: interval}, func(e *selfheal.Entry) error {
		got = append(got, string(e.Line))
		if e.Time.Before(last[e.Stream]) {
			t.Errorf("%s goes back from %s to %s", e.Stream, last[e.Stream], e.Time)
		}
		last[e.Stream] = e.Time
		return nil
	})
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); err != nil || diff != "" || len(last) != 3 {
		t.Errorf("%v, %d streams (-want +got):\n%s", err, len(last), diff)
	}
	part := selfheal.Interval{From: base.Add(10), To: base.Add(20)}
	n := 0
	if err := source.Read(t.Context(), selfheal.Query{Interval: part}, func(*selfheal.Entry) error { n++; return nil }); err != nil || n != 700 {
		t.Errorf("ten nanoseconds hold %d entries, want 700: %v", n, err)
	}
}

func (s *server) levelsAndVolumes(t *testing.T, base time.Time) {
	s.push(t,
		row(base, "shop", "a", "one", "level", "INFO"), row(base.Add(time.Second), "shop", "a", "two", "level", "debug"),
		row(base.Add(time.Minute-1), "shop", "a", "three"), row(base.Add(time.Minute), "shop", "a", "four", "level", "Error"),
		row(base.Add(3*time.Minute), "shop", "a", "out"))
	source := open(t, Config{Connection: backend.Connection{URL: s.url}, Query: `app:="{service}"`})
	q := selfheal.Query{Service: "shop", Interval: selfheal.Interval{From: base, To: base.Add(3 * time.Minute)}, Least: selfheal.SeverityWarn}
	var got []string
	if err := source.Read(t.Context(), q, func(e *selfheal.Entry) error { got = append(got, string(e.Line)); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"three", `{"level":"Error","message":"four"}`}, got); diff != "" {
		t.Errorf("at least warnings (-want +got):\n%s", diff)
	}
	series, err := source.Volume(t.Context(), q, time.Minute)
	minute := selfheal.MinuteOf(base)
	if diff := cmp.Diff([]selfheal.Count{{Minute: minute, N: 3}, {Minute: minute + 1, N: 1}}, series.Counts); err != nil || diff != "" {
		t.Errorf("volume: %v (-want +got):\n%s", err, diff)
	}
	if err := source.Probe(t.Context()); err != nil {
		t.Errorf("Probe: %v", err)
	}
	err = open(t, Config{Connection: backend.Connection{URL: s.url}, Query: `app:="nobody"`}).Read(t.Context(), q, func(*selfheal.Entry) error { return nil })
	if err != nil {
		t.Errorf("nothing there: %v", err)
	}
}
