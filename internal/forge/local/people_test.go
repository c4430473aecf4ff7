package local

import (
	"testing"

	"selfheal"
	"selfheal/internal/forge/forgetest"
	"selfheal/internal/git/gittest"
)

// server is the local forge with people who use plain git and selfheal's commands.
type server struct {
	t   *testing.T
	dir string
}

func (s server) Open(testing.TB) selfheal.Forge { return openForge(s.t, s.dir) }
func (s server) Remote() string                 { return openForge(s.t, s.dir).Directory() }

func (s server) markOf(t testing.TB, number int) string {
	t.Helper()
	all, err := openForge(s.t, s.dir).PullRequests(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, pr := range all {
		if pr.Number == number {
			return pr.Mark
		}
	}
	t.Fatalf("no pull request %d", number)
	return ""
}

func (s server) Merge(t testing.TB, number int) {
	t.Helper()
	if _, err := openForge(s.t, s.dir).MergePullRequest(t.Context(), s.markOf(t, number), "Ada"); err != nil {
		t.Fatal(err)
	}
}

func (s server) Reject(t testing.TB, number int) {
	t.Helper()
	if err := openForge(s.t, s.dir).ClosePullRequest(t.Context(), s.markOf(t, number), "no"); err != nil {
		t.Fatal(err)
	}
}

func (s server) Push(t testing.TB, dir, commit, branch string) {
	t.Helper()
	user := gittest.New(t)
	user.Git("-C", dir, "push", "--quiet", "--force", s.Remote(), commit+":refs/heads/"+branch)
}

func TestForge(t *testing.T) {
	t.Parallel()
	forgetest.Run(t, func(t *testing.T, source string) forgetest.Server {
		s := server{t, t.TempDir()}
		user := gittest.New(t)
		main := user.Git("-C", source, "rev-parse", "refs/heads/main")
		if err := openForge(t, s.dir).Push(t.Context(), source, main, "main"); err != nil {
			t.Fatal(err)
		}
		return s
	})
}
