package hook

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/httpx"
)

var update = flag.Bool("update", false, "rewrite golden files")

const secret = "0123456789abcdef0123"

// received is when everything arrives: a minute after most payloads happened.
var received = time.Date(2026, 5, 1, 12, 1, 30, 0, time.UTC)

func clock() time.Time { return received }

// headers are what a sender sets besides its proof.
func headers(file string) http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	name := strings.TrimSuffix(file, ".json")
	switch {
	case strings.HasPrefix(name, "github_"):
		h.Set("X-GitHub-Event", eventName(name, "github_"))
		h.Set("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
	case strings.HasPrefix(name, "gitea_"):
		h.Set("X-Gitea-Event", eventName(name, "gitea_"))
		h.Set("X-GitHub-Event", eventName(name, "gitea_"))
	case strings.HasPrefix(name, "gitlab_"):
		h.Set("X-Gitlab-Event", "Deployment Hook")
	case name == "cdevents_structured":
		h.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
	case name == "cdevents_batch":
		h.Set("Content-Type", "application/cloudevents-batch+json")
	case name == "cdevents_deployed":
		h.Set("Content-Type", "application/cdevents+json")
		h.Set("ce-specversion", "1.0")
		h.Set("ce-type", "dev.cdevents.service.deployed.0.3.0")
	}
	return h
}

func eventName(name, prefix string) string {
	for _, known := range []string{"deployment_status", "workflow_run", "push", "ping"} {
		if strings.HasPrefix(strings.TrimPrefix(name, prefix), known) {
			return known
		}
	}
	return "unknown"
}

// hookFor is a hook as a user would configure it for a payload.
func hookFor(dialect string) Hook {
	h := Hook{Name: dialect, Dialect: Dialect(dialect), Secrets: []httpx.Secret{secret}}
	switch h.Dialect {
	case Generic:
		h.Service, h.Environment = "shop", "production"
	case GitHub:
		h.Rules = []Rule{
			{Repository: "octo-org/shop", Environment: "prod*", AsService: "checkout", AsEnvironment: "production"},
			{Repository: "octo-org/shop", Workflow: "Deploy", Branch: "main", AsEnvironment: "production"},
			{Repository: "octo-org/shop", Branch: "main", AsEnvironment: "production"},
		}
	case Gitea:
		h.Environment = "production"
		h.Rules = []Rule{{Workflow: "deploy.yaml"}, {Branch: "main", Serves: true}}
	case ArgoCD:
		h.Rules = []Rule{{Service: "shop", Environment: "shop-production", AsEnvironment: "production", Image: "ghcr.io/octo-org/*"}}
	}
	return h
}

// prove makes a request that the hook's secret signs.
func prove(h Hook, header http.Header, body []byte) http.Header {
	switch h.scheme() {
	case SchemeHMAC:
		header.Set("X-Hub-Signature-256", "sha256="+hexMAC(secret, body))
	case SchemeBearer:
		header.Set("Authorization", "Bearer "+secret)
	case SchemeToken:
		name := tokenHeader
		if h.Dialect == GitLab {
			name = "X-Gitlab-Token"
		}
		header.Set(name, secret)
	}
	return header
}

// TestPayloads reads one delivery of each sender and kind as they document it.
func TestPayloads(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/payloads/*.json")
	if err != nil || len(files) < 25 {
		t.Fatalf("%d payloads, %v", len(files), err)
	}
	got := map[string]Reading{}
	for _, file := range files {
		base := filepath.Base(file)
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dialect, _, _ := strings.Cut(base, "_")
		h := hookFor(dialect)
		r, err := New(Config{Hooks: []Hook{h}, Clock: clock}, nil)
		if err != nil {
			t.Fatal(err)
		}
		reading, err := r.Read(t.Context(), h.Name, prove(h, headers(base), body), body)
		if err != nil {
			t.Errorf("%s: %v", base, err)
		}
		got[base] = reading
	}
	text, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/payloads.golden.json", append(text, '\n'))
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s (-want +got):\n%s", file, cmp.Diff(string(want), string(got)))
	}
}

// TestCanonical holds the most important readings down in the test itself.
func TestCanonical(t *testing.T) {
	t.Parallel()
	const revision = "2f1c9d0b7a6e4f5d8c3b2a190807f6e5d4c3b2a1"
	f := func(file, service string, phase selfheal.Phase, wantRevision, at string) {
		t.Helper()
		body, err := os.ReadFile("testdata/payloads/" + file)
		if err != nil {
			t.Fatal(err)
		}
		dialect, _, _ := strings.Cut(file, "_")
		h := hookFor(dialect)
		r, err := New(Config{Hooks: []Hook{h}, Clock: clock}, nil)
		if err != nil {
			t.Fatal(err)
		}
		reading, err := r.Read(t.Context(), h.Name, prove(h, headers(file), body), body)
		if err != nil || len(reading.Announcements) != 1 {
			t.Errorf("%s: %+v, %v", file, reading, err)
			return
		}
		a := reading.Announcements[0]
		if a.Deploy.Service != service || a.Deploy.Environment != "production" || a.Phase != phase || a.Deploy.Revision != wantRevision || a.Deploy.Time.Format(time.RFC3339) != at {
			t.Errorf("%s: %+v", file, a)
		}
	}
	f("github_deployment_status_success.json", "checkout", selfheal.PhaseServing, revision, "2026-05-01T12:00:00Z")
	f("github_workflow_run_success.json", "shop", selfheal.PhaseServing, revision, "2026-05-01T12:00:30Z")
	f("github_push.json", "shop", selfheal.PhaseBuilding, revision, "2026-05-01T11:58:10Z")
	f("gitea_push.json", "shop", selfheal.PhaseServing, revision, "2026-05-01T12:01:30Z")
	f("gitlab_deployment_success.json", "shop", selfheal.PhaseServing, revision, "2026-05-01T12:00:00Z")
	f("gitlab_deployment_failed.json", "shop", selfheal.PhaseFailed, "2f1c9d0b", "2026-05-01T12:00:00Z")
	f("cdevents_deployed.json", "shop", selfheal.PhaseServing, "2f1c9d0", "2026-05-01T12:00:00Z")
	f("cdevents_batch.json", "shop", selfheal.PhaseServing, revision, "2026-05-01T12:00:00Z")
	f("argocd_healthy.json", "shop", selfheal.PhaseServing, "2f1c9d0", "2026-05-01T12:00:40Z")
	f("argocd_failed.json", "shop", selfheal.PhaseFailed, "2f1c9d0", "2026-05-01T12:00:40Z")
	f("flagger_failed.json", "shop", selfheal.PhaseRolledBack, "2f1c9d0", "2026-05-01T12:00:00Z")
	f("generic_minimal.json", "shop", selfheal.PhaseServing, revision, "2026-05-01T12:01:30Z")
}
