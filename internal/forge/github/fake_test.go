package github

import (
	"context"
	"net/http"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/forge/forgetest"
	"selfheal/internal/forge/forgetest/fake"
	"selfheal/internal/forge/github/githubtest"
	"selfheal/internal/forge/owners"
)

const repo = githubtest.Repository

func start(t *testing.T, dir, review string) forgetest.Hosted {
	t.Helper()
	description := openAPI(t)
	return fake.Start(t, dir, repo,
		func(f *fake.Forge) http.Handler {
			return (&githubtest.API{Forge: f, Check: description.checker(t)}).Handler()
		},
		func(t testing.TB, url string) selfheal.Forge {
			forge, err := New(Config{
				URL: url, API: url + "/api/v3", Repository: repo, Token: fake.Token, Review: review,
				Sleep: func(context.Context, time.Duration) error { return nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			return forge
		})
}

func TestForge(t *testing.T) {
	t.Parallel()
	forgetest.RunHosted(t, owners.GitHub.Places()[0], "* @"+forgetest.Stranger+"\n/limit.txt @"+forgetest.Writer+"\n", start)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	forgetest.RunFaults(t, fake.Token, start)
}

func TestKills(t *testing.T) {
	t.Parallel()
	forgetest.RunKills(t, start)
}

func TestClosingKills(t *testing.T) {
	t.Parallel()
	forgetest.RunClosingKills(t, start)
}
