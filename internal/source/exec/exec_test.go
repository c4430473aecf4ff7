package exec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/source/sourcetest"
)

func open(t *testing.T, command ...string) *Source {
	t.Helper()
	s, err := New(Config{Command: command})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	sourcetest.Run(t, sourcetest.Harness{
		Single: true,
		New: func(t *testing.T, streams map[string][]string) selfheal.Source {
			name := filepath.Join(t.TempDir(), "log")
			var text strings.Builder
			for _, line := range streams["a"] {
				text.WriteString(line + "\n")
			}
			if err := os.WriteFile(name, []byte(text.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			return open(t, "cat", name)
		},
		Broken: func(t *testing.T) selfheal.Source { return open(t, "sh", "-c", "echo a line; exit 1") },
	})
}

func TestProgram(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 11, 23, 9, 10, 0, 5, time.UTC)
	q := selfheal.Query{Service: "shop; rm -rf /", Environment: "prod", Interval: selfheal.Interval{From: from, To: from.Add(time.Hour)}}
	p, err := open(t, "logs", "-s={service}", "{environment}", "{from}", "{to}", "{from_unix}", "{to_unix}", "{other}").program(q)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"logs", "-s=shop; rm -rf /", "prod", "2026-11-23T09:10:00Z", "2026-11-23T10:10:00Z", "1795425000", "1795428600", "{other}"}
	if diff := cmp.Diff(want, p.Args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	if !strings.Contains(strings.Join(p.Env, "\n"), "SELFHEAL_FROM=2026-11-23T09:10:00Z") {
		t.Errorf("environment: %q", p.Env)
	}
	refused := func(q selfheal.Query, command ...string) {
		t.Helper()
		if _, err := open(t, command...).program(q); selfheal.CodeOf(err) != selfheal.CodeUsage || selfheal.HintOf(err) == "" {
			t.Errorf("%q of %q: %v", command, q.Service, err)
		}
	}
	refused(selfheal.Query{Service: "--all"}, "logs", "{service}")
	refused(selfheal.Query{Service: "a\nb"}, "logs", "-s={service}")
	refused(selfheal.Query{}, "logs", "{service}")
	if _, err := New(Config{}); selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("no command: %v", err)
	}
}
