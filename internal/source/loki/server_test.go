package loki

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/sourcetest"
)

const configuration = `
auth_enabled: false
server: {http_listen_address: HOST, http_listen_port: PORT, grpc_listen_address: HOST, grpc_listen_port: 0, log_level: error}
common:
  instance_addr: HOST
  path_prefix: DIR
  storage: {filesystem: {chunks_directory: DIR/chunks, rules_directory: DIR/rules}}
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
ingester: {lifecycler: {min_ready_duration: 0s}}
schema_config:
  configs: [{from: 2020-10-24, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]
limits_config: {ingestion_rate_mb: 100, ingestion_burst_size_mb: 100, discover_log_levels: true}
analytics: {reporting_enabled: false}
`

// server is a running Loki.
type server struct{ url string }

// startServer runs the Loki that SELFHEAL_LOKI names.
func startServer(t *testing.T) server {
	t.Helper()
	return server{sourcetest.Server(t, "SELFHEAL_LOKI", "/ready", func(host, port, dir string) []string {
		file := filepath.Join(dir, "loki.yaml")
		text := strings.NewReplacer("HOST", host, "PORT", port, "DIR", dir).Replace(configuration)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"-config.file=" + file}
	})}
}

// push stores streams, each with [time, line] or [time, line, metadata].
func (s server) push(t *testing.T, streams ...map[string]any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"streams": streams})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(s.url+"/loki/api/v1/push", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		t.Fatal(response.Status)
	}
}

func labelled(values [][]any, labels ...string) map[string]any {
	all := map[string]string{}
	for i := 0; i < len(labels); i += 2 {
		all[labels[i]] = labels[i+1]
	}
	return map[string]any{"stream": all, "values": values}
}

func at(t time.Time, line string, metadata ...map[string]string) []any {
	v := []any{strconv.FormatInt(t.UnixNano(), 10), line}
	for _, m := range metadata {
		v = append(v, m)
	}
	return v
}

func TestRealServer(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	base := time.Now().Add(-10 * time.Minute).Truncate(time.Minute) // what is older cannot be read until Loki has written it out
	runs := 0
	t.Run("conformance", func(t *testing.T) {
		sourcetest.Run(t, sourcetest.Harness{
			Text: true,
			New: func(t *testing.T, streams map[string][]string) selfheal.Source {
				runs++
				app := fmt.Sprintf("run-%d", runs)
				for _, name := range slices.Sorted(maps.Keys(streams)) {
					var values [][]any
					for i, line := range streams[name] {
						values = append(values, at(base.Add(time.Duration(i)*time.Microsecond), line))
					}
					if len(values) > 0 {
						s.push(t, labelled(values, "app", app, "pod", name))
					}
				}
				return open(t, Config{Connection: sourcetest.Connection(s.url), Query: `{app="` + app + `"}`, Limit: 2})
			},
			Broken: func(t *testing.T) selfheal.Source {
				return open(t, Config{Connection: sourcetest.Connection("http://127.0.0.1:1"), Query: `{app="a"}`})
			},
		})
	})
	t.Run("every entry once", func(t *testing.T) { s.everyEntryOnce(t, base) })
	t.Run("levels and volumes", func(t *testing.T) { s.levelsAndVolumes(t, base) })
	t.Run("a query that is none", func(t *testing.T) {
		err := open(t, Config{Connection: backend.Connection{URL: s.url}, Query: `{app=`}).Read(t.Context(), selfheal.Query{}, func(*selfheal.Entry) error { return nil })
		if selfheal.CodeOf(err) != selfheal.CodeUnavailable || !strings.Contains(err.Error(), "parse error") {
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

func (s server) everyEntryOnce(t *testing.T, base time.Time) {
	pods := map[string][][]any{}
	var want []string
	for i := range 3000 {
		text := fmt.Sprintf("event %d", i)
		pod := fmt.Sprint("pod-", i%3)
		pods[pod] = append(pods[pod], at(base.Add(time.Duration(i/70)*time.Nanosecond), text))
		want = append(want, text)
	}
	for pod, values := range pods {
		s.push(t, labelled(values, "app", "many", "pod", pod))
	}
	var got []string
	last := map[string]time.Time{}
	source := open(t, Config{Connection: backend.Connection{URL: s.url}, Query: `{app="many"}`, Limit: 50})
	err := source.Read(t.Context(), selfheal.Query{Interval: selfheal.Interval{From: base, To: base.Add(time.Second)}}, func(e *selfheal.Entry) error {
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
}

func (s server) levelsAndVolumes(t *testing.T, base time.Time) {
	s.push(t, labelled([][]any{
		at(base, "one", map[string]string{"level": "INFO"}), at(base.Add(time.Second), "two", map[string]string{"level": "debug"}),
		at(base.Add(time.Minute-time.Millisecond), "three"), at(base.Add(time.Minute), "four", map[string]string{"level": "Error", "service_version": "1.4.0"}),
		at(base.Add(3*time.Minute), "out"),
	}, "service_name", "shop"))
	source := open(t, Config{Connection: backend.Connection{URL: s.url}})
	q := selfheal.Query{Service: "shop", Interval: selfheal.Interval{From: base, To: base.Add(3 * time.Minute)}, Least: selfheal.SeverityWarn}
	var got []string
	if err := source.Read(t.Context(), q, func(e *selfheal.Entry) error {
		got = append(got, e.Origin.Service+"/"+e.Origin.Revision+" "+string(e.Line))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"shop/ three", `shop/1.4.0 {"level":"Error","message":"four"}`}, got); diff != "" {
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
}
