package local

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/git/gittest"
	"selfheal/internal/store/sqlite"
)

var update = flag.Bool("update", false, "rewrite golden files")

func openStore(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func noon() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

func openForge(t *testing.T, dir string) *Forge {
	t.Helper()
	forge, err := New(t.Context(), Config{
		Dir: filepath.Join(dir, "shop.git"), Store: openStore(t, filepath.Join(dir, "store.db")), Clock: noon,
	})
	if err != nil {
		t.Fatal(err)
	}
	return forge
}

// proposal is a forge with one open pull request of hostile content.
type proposal struct {
	*gittest.Repository
	forge *Forge
	pr    selfheal.PullRequest
}

func propose(t *testing.T) *proposal {
	t.Helper()
	p := &proposal{Repository: gittest.New(t), forge: openForge(t, t.TempDir())}
	base := p.Commit("begin", "README.md", "```go\nx\n```\n", "code.txt", "1\n")
	fix := p.Commit("fix", "README.md", "````\n# not a heading \x1b[31m <script>\n````\n", "code.txt", "2\n")
	for branch, commit := range map[string]string{"main": base, "selfheal/fix": fix} {
		if err := p.forge.Push(t.Context(), p.Dir, commit, branch); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	p.pr, err = p.forge.OpenPullRequest(t.Context(), selfheal.PullRequest{
		Mark: selfheal.Mark("prod/shop/1"), Title: "Revert \"<b>x</b> @ada #1 `y`\"", Body: "The body.\n\n" + selfheal.Mark("prod/shop/1") + "\n",
		Source: "selfheal/fix", Target: "main", Commit: fix, Labels: []string{"selfheal", "a`b"}, Draft: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPageOfPullRequest(t *testing.T) {
	t.Parallel()
	p := propose(t)
	golden := func(name string) {
		t.Helper()
		content, err := os.ReadFile(p.pr.URL)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.ReplaceAll(string(content), p.forge.Directory(), "/srv/shop.git")
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	golden("draft.md")
	if _, err := p.forge.MergePullRequest(t.Context(), p.pr.Mark, "Ada"); err != nil {
		t.Fatal(err)
	}
	golden("merged.md")

	p = propose(t)
	if err := p.forge.ClosePullRequest(t.Context(), p.pr.Mark, "not now\n\n# really"); err != nil {
		t.Fatal(err)
	}
	golden("closed.md")

	entries, err := os.ReadDir(filepath.Dir(p.pr.URL))
	if err != nil || len(entries) != 1 {
		t.Errorf("the directory holds %v, error %v", entries, err)
	}
}

func TestMergeByHandIsSeen(t *testing.T) {
	t.Parallel()
	f := func(name string, merge func(p *proposal) string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := propose(t)
			p.Git("fetch", "--quiet", p.forge.Directory(), "main:refs/heads/theirs", "selfheal/fix:refs/heads/fix")
			p.Git("checkout", "--quiet", "theirs")
			want := merge(p)
			p.Commit("later", "later.txt", "x")
			p.Git("push", "--quiet", p.forge.Directory(), "HEAD:main")
			got, err := p.forge.PullRequest(t.Context(), p.pr.Mark)
			if err != nil || got.State != selfheal.PullRequestMerged || got.Merged != want {
				t.Errorf("%s as %s, want %s; error %v", got.State, got.Merged, want, err)
			}
		})
	}
	f("by a merge commit", func(p *proposal) string { return p.Merge("fix", "merge") })
	f("by fast forward", func(p *proposal) string {
		p.Git("merge", "--quiet", "--ff-only", "fix")
		return p.Git("rev-parse", "HEAD")
	})
}

// killedStore fails after the merge was made, as a kill would.
type killedStore struct {
	selfheal.PullRequestStore
	killed bool
}

func (s *killedStore) SavePullRequest(ctx context.Context, forge string, pr selfheal.PullRequest) (selfheal.PullRequest, error) {
	if s.killed {
		return selfheal.PullRequest{}, errors.New("killed")
	}
	return s.PullRequestStore.SavePullRequest(ctx, forge, pr)
}

func TestMergeThatWasCutOffIsFound(t *testing.T) {
	t.Parallel()
	p := propose(t)
	store := &killedStore{PullRequestStore: p.forge.config.Store, killed: true}
	p.forge.config.Store = store
	if _, err := p.forge.MergePullRequest(t.Context(), p.pr.Mark, "Ada"); err == nil {
		t.Fatal("the store was not asked")
	}
	tip, err := p.forge.tip(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	store.killed = false
	got, err := p.forge.MergePullRequest(t.Context(), p.pr.Mark, "Ada")
	if err != nil || got.State != selfheal.PullRequestMerged || got.Merged != tip {
		t.Errorf("%s as %s, want %s; error %v", got.State, got.Merged, tip, err)
	}
}

func TestMergeIntoUnknownTarget(t *testing.T) {
	t.Parallel()
	p := propose(t)
	request := p.pr
	request.Mark, request.Target = selfheal.Mark("prod/shop/2"), "release"
	if _, err := p.forge.OpenPullRequest(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if _, err := p.forge.MergePullRequest(t.Context(), request.Mark, "Ada"); selfheal.CodeOf(err) != selfheal.CodeNotFound {
		t.Errorf("error %v", err)
	}
}

func TestMoveIsCompareAndSwap(t *testing.T) {
	t.Parallel()
	p := propose(t)
	target, err := p.forge.tip(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.forge.move(t.Context(), "main", p.pr.Commit, p.pr.Commit); selfheal.CodeOf(err) != selfheal.CodeConflict {
		t.Errorf("moved from a commit it is not at: %v", err)
	}
	if err := p.forge.move(t.Context(), "main", target, p.pr.Commit); err != nil {
		t.Error(err)
	}
	if err := p.forge.move(t.Context(), "main", target, p.pr.Commit); err != nil {
		t.Errorf("being there already is no conflict: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	store := openStore(t, filepath.Join(dir, "store.db"))
	for code, config := range map[selfheal.Code]Config{
		selfheal.CodeInternal:    {Dir: "", Store: store},
		selfheal.CodeUnavailable: {Dir: filepath.Join(file, "forge.git"), Store: store},
	} {
		if _, err := New(t.Context(), config); selfheal.CodeOf(err) != code {
			t.Errorf("%+v: %v", config, err)
		}
	}
}
