package gitea

import (
	"context"
	"os"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/forge/forgetest"
	"selfheal/internal/forge/gitea/giteatest"
	"selfheal/internal/forge/owners"
	"selfheal/internal/httpx"
)

// server is the real Gitea of this package's tests; nil where there is none.
var server *giteatest.Server

func TestMain(m *testing.M) {
	os.Exit(giteatest.Run(func(s *giteatest.Server) int {
		server = s
		return m.Run()
	}))
}

func start(t *testing.T, dir, review string) forgetest.Hosted {
	t.Helper()
	return server.Repository(t, dir, func(t testing.TB, url, name string) selfheal.Forge {
		forge, err := New(Config{
			URL: url, Repository: name, Token: httpx.Secret(server.Token()), Review: review,
			Sleep: func(ctx context.Context, d time.Duration) error {
				select { // the server is real, and takes its time
				case <-ctx.Done():
					return context.Cause(ctx)
				case <-time.After(min(d, time.Second)):
					return nil
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return forge
	})
}

func TestForge(t *testing.T) {
	t.Parallel()
	giteatest.Need(t, server)
	forgetest.RunHosted(t, owners.Gitea.Places()[0], "limit[.]txt @"+forgetest.Writer+"\nother[.]txt @"+forgetest.Stranger+"\n", start)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	giteatest.Need(t, server)
	forgetest.RunFaults(t, server.Token(), start)
}

func TestKills(t *testing.T) {
	t.Parallel()
	giteatest.Need(t, server)
	forgetest.RunKills(t, start)
}

func TestClosingKills(t *testing.T) {
	t.Parallel()
	giteatest.Need(t, server)
	forgetest.RunClosingKills(t, start)
}
