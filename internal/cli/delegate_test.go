//go:build unix

package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/cli"
	"selfheal/internal/forge/forgetest/fake"
	"selfheal/internal/forge/github/githubtest"
	"selfheal/internal/git/gittest"
	"selfheal/internal/repair/openswe/openswetest"
	"selfheal/internal/sandbox"
)

// shopGit makes the sample repository of the stories.
func shopGit(t *testing.T) (r *gittest.Repository, base, head string) {
	t.Helper()
	r = gittest.New(t)
	for _, c := range shopHistory {
		var files []string
		for name, content := range c.files {
			files = append(files, name, content)
		}
		head = r.Commit(c.message, files...)
		if base == "" {
			base = head
		}
	}
	return r, base, head
}

// pullsOf takes the pull requests of an agent for a forge.
func pullsOf(t *testing.T, f **fake.Forge) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Head, Base, Title, Body string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		(*f).Lock()
		defer (*f).Unlock()
		p := (*f).Add(&fake.Pull{Title: asked.Title, Body: asked.Body, Source: asked.Head, Target: asked.Base, Author: "open-swe[bot]"})
		_ = json.NewEncoder(w).Encode(map[string]any{"number": p.Number, "url": fmt.Sprintf("https://github.example/%s/pull/%d", githubtest.Repository, p.Number)})
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// logsOf writes logs in which checkouts fail since the deploy.
func logsOf(t *testing.T, dir string) (before, after string) {
	t.Helper()
	var week, hour strings.Builder
	at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for ; at.Day() < 9; at = at.Add(3 * time.Minute) {
		fmt.Fprintf(&week, `{"time":%q,"level":"INFO","msg":"order %d placed"}`+"\n", at.Format(time.RFC3339), at.Unix())
	}
	for end := at.Add(time.Hour); at.Before(end); at = at.Add(time.Minute) {
		fmt.Fprintf(&hour, `{"time":%q,"level":"INFO","msg":"order %d placed"}`+"\n", at.Format(time.RFC3339), at.Unix())
		fmt.Fprintf(&hour, `{"time":%q,"level":"ERROR","msg":"checkout failed","err":"no price for sku-%d in region \"web\""}`+"\n", at.Format(time.RFC3339), at.Minute())
	}
	before, after = filepath.Join(dir, "before.log"), filepath.Join(dir, "after.log")
	for name, text := range map[string]string{before: week.String(), after: hour.String()} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return before, after
}

// TestOpenSWERepairs goes the whole way with a real Agent Server: from the logs to
// a pull request of selfheal's own, on a stand-in for GitHub, and back again.
func TestOpenSWERepairs(t *testing.T) {
	t.Parallel()
	r, base, head := shopGit(t)
	var f *fake.Forge
	server := fake.Start(t, r.Dir, githubtest.Repository,
		func(made *fake.Forge) http.Handler { f = made; return (&githubtest.API{Forge: made}).Handler() },
		func(testing.TB, string) selfheal.Forge { return nil })
	agent := openswetest.Start(t, openswetest.Agent{
		Forge: pullsOf(t, &f), Remote: server.Remote(), File: "prices/prices.go", Content: strings.Replace(shopPrices("eu"), "package prices\n", "// Package prices finds prices.\npackage prices\n", 1),
	})
	state := t.TempDir()
	settings := filepath.Join(state, "selfheal.yaml")
	text := fmt.Sprintf("forge: {kind: github, url: %q, repository: %s, reviewers: none}\nrepair:\n  open_swe: {url: %q, api_key: \"${env:AGENT_KEY}\"}\n", server.URL(), githubtest.Repository, agent)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	before, after := logsOf(t, state)
	variables := map[string]string{"AGENT_KEY": "k-4711-0815", "GITHUB_TOKEN": fake.Token, "XDG_STATE_HOME": state}
	if !sandbox.Detect(t.Context(), "").Confined() {
		variables["SELFHEAL_UNSAFE_NO_SANDBOX"] = "1"
	}
	for range 2 { // the second time everything is there
		var out, problems bytes.Buffer
		code := cli.Run(context.Background(), cli.Environment{
			Args: []string{
				"check", "--repo", r.Dir, "--base", base, "--head", head, "--baseline", before, "--window", after, "--service", "shop", "--config", settings,
				"--repair", "open-swe", "--replay", "go run ./cmd/smoke", "--verify", "go vet ./...",
			},
			In: strings.NewReader(""), Out: &out, Err: &problems, Clock: time.Now,
			Getenv: func(name string) string {
				if value, set := variables[name]; set {
					return value
				}
				return os.Getenv(name)
			},
		})
		if code != 10 || !strings.Contains(out.String(), "Review and merge pull request #2") {
			t.Fatalf("code %d:\n%s\n%s", code, out.String(), problems.String())
		}
	}
	f.Lock()
	defer f.Unlock()
	if len(f.Pulls) != 2 {
		t.Fatalf("%d pull requests", len(f.Pulls))
	}
	theirs, ours := f.Pulls[0], f.Pulls[1]
	if !theirs.Closed || !strings.HasPrefix(theirs.Source, "open-swe/shop-") {
		t.Errorf("the agent's: %+v", theirs)
	}
	if ours.Closed || ours.Draft || !strings.HasPrefix(ours.Source, "selfheal/shop-") || !strings.Contains(ours.Body, "written by a coding agent elsewhere") || strings.Contains(ours.Body, "k-4711") {
		t.Errorf("selfheal's: %+v", ours)
	}
	if got, _ := f.File(ours.Source, "prices/prices.go"); !strings.HasPrefix(got, "// Package prices finds prices.") {
		t.Errorf("the branch holds:\n%s", got)
	}
}
