package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/config"
	"selfheal/internal/redact"
)

// A platform that announces nothing is asked, and what it says is heard.
func TestAskLangSmith(t *testing.T) {
	t.Parallel()
	commit := strings.Repeat("ab", 20)
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != "key-of-the-test" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		if r.URL.Path == "/v2/deployments/d1" {
			fmt.Fprint(w, `{"id":"d1","active_revision_id":"r1"}`)
			return
		}
		fmt.Fprintf(w, `{"resources":[{"id":"r1","status":"DEPLOYED","created_at":"2026-03-09T12:00:00Z","updated_at":"2026-03-09T12:05:00Z","source":"github","source_revision_config":{"repo_commit_sha":%q}}],"offset":0}`, commit)
	}))
	t.Cleanup(platform.Close)
	p := &process{main: &App{redactor: redact.New()}, settings: Settings{Clock: time.Now, Getenv: func(name string) string {
		return map[string]string{"LANGSMITH_API_KEY": "key-of-the-test"}[name]
	}}}
	hooks := []config.Hook{
		{Name: "pushed", From: "generic"},
		{Name: "langsmith", From: "langsmith", URL: platform.URL, APIKey: "${env:LANGSMITH_API_KEY}", Deployment: "d1", Service: "shop", Environment: "production"},
	}
	askers, err := p.askers(config.Config{Hooks: hooks})
	if err != nil || len(askers) != 1 {
		t.Fatalf("%d platforms are asked, error %v; want one", len(askers), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var heard selfheal.Announcement
	enough := errors.New("enough")
	err = askers[0](ctx, func(_ context.Context, a selfheal.Announcement) error {
		heard = a
		cancel()
		return enough
	})
	if err == nil || heard.Deploy.Revision != commit || heard.Deploy.Service != "shop" || heard.Phase != selfheal.PhaseServing {
		t.Errorf("heard %+v, error %v", heard, err)
	}
}
