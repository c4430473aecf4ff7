package otlp_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfheal"
	"selfheal/internal/group"
)

// clients gives the folder of the clients that other people wrote.
func clients(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SELFHEAL_OTEL_CLIENTS")
	if dir == "" {
		t.Skip("SELFHEAL_OTEL_CLIENTS names no folder: run `make otel-clients`, which says how to run this test")
	}
	return dir
}

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// TestJavaScriptSDK: the exporters of the OpenTelemetry SDK for JavaScript, by all three protocols.
func TestJavaScriptSDK(t *testing.T) {
	t.Parallel()
	dir := clients(t)
	for _, kind := range []string{"http", "proto", "grpc"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			url := b.url
			if kind == "grpc" {
				url = "http://" + b.dial(t).Target()
			}
			run(t, dir, "node", "otel.mjs", kind, url)
			if len(b.records) != 4 {
				t.Fatalf("%d records", len(b.records))
			}
			g := group.New(group.Options{})
			var titles []string
			for i := range b.records {
				r := &b.records[i]
				if r.Service != "shop" || r.Revision != "1.2.0" || r.Environment != "prod" || r.Instance != "i-1" || r.Time.IsZero() {
					t.Errorf("got %+v", r)
				}
				g.Stream("").Write(&selfheal.Entry{Record: r}, func(r *selfheal.Record, i group.Index) {
					titles = append(titles, r.Severity.String()+" "+g.Signature(i).Title)
				})
			}
			want := []string{"INFO order <num> placed", "ERROR TypeError: no amount in otel.charge", "WARN slow query", "UNSPECIFIED device.crash"}
			if !slices.Equal(want, titles) {
				t.Errorf("got %q, want %q", titles, want)
			}
		})
	}
}

// TestTelemetrygen: the exporters of the SDK for Go, by the load generator of the collector.
func TestTelemetrygen(t *testing.T) {
	t.Parallel()
	generator := filepath.Join(clients(t), "telemetrygen")
	f := func(kind string, extra ...string) {
		b := setup(t)
		address := strings.TrimPrefix(b.url, "http://")
		if kind == "grpc" {
			address = b.dial(t).Target()
		}
		run(t, t.TempDir(), generator, append([]string{"logs", "--otlp-insecure", "--otlp-endpoint", address, "--rate", "0", "--logs", "1000", "--workers", "2",
			"--service", "shop", "--otlp-attributes", `service.version="1.2.0"`, "--severity-number", "17", "--severity-text", "Error", "--body", "lost the queue"}, extra...)...)
		if len(b.records) != 2000 {
			t.Fatalf("%s: %d records", kind, len(b.records))
		}
		if r := b.records[0]; r.Service != "shop" || r.Revision != "1.2.0" || r.Severity != selfheal.SeverityError || string(r.Message) != "lost the queue" || r.Time.IsZero() {
			t.Errorf("%s: %+v", kind, r)
		}
	}
	f("grpc")
	f("http", "--otlp-http")
}
