//go:build unix

package openswe

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/git/gittest"
	"selfheal/internal/repair/openswe/openswetest"
)

// origin is a bare repository, and pull requests that anybody may open.
type origin struct {
	*httptest.Server
	dir string
	mu  sync.Mutex
	all []selfheal.PullRequest
}

func newOrigin(t *testing.T, r *gittest.Repository) *origin {
	t.Helper()
	o := &origin{dir: filepath.Join(t.TempDir(), "origin.git")}
	r.Git("clone", "--quiet", "--bare", r.Dir, o.dir)
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Head, Base, Title, Body string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		pr := selfheal.PullRequest{
			Number: len(o.all) + 1, Title: asked.Title, Body: asked.Body, Source: asked.Head, Target: asked.Base,
			State: selfheal.PullRequestOpen, Time: time.Now(),
		}
		pr.URL = fmt.Sprintf("https://forge.example/%s/pull/%d", shop, pr.Number)
		o.all = append(o.all, pr)
		_ = json.NewEncoder(w).Encode(map[string]any{"number": pr.Number, "url": pr.URL})
	}))
	t.Cleanup(o.Close)
	return o
}

func (o *origin) Contribution(_ context.Context, number int) (selfheal.PullRequest, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if number < 1 || number > len(o.all) {
		return selfheal.PullRequest{}, selfheal.NotFoundf("", "none")
	}
	return o.all[number-1], nil
}

func (o *origin) Contributed(_ context.Context, since time.Time) ([]selfheal.PullRequest, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []selfheal.PullRequest
	for i := len(o.all) - 1; i >= 0 && !o.all[i].Time.Before(since); i-- {
		all = append(all, o.all[i])
	}
	return all, nil
}

func (*origin) FetchContribution(context.Context, string, selfheal.PullRequest) (tip, target string, err error) {
	return "", "", nil
}

func (*origin) CloseContribution(context.Context, selfheal.PullRequest, string) error { return nil }

// TestAgentServer works with LangGraph's own server and an agent that behaves as
// Open SWE does.
func TestAgentServer(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Commit("begin", "limit.txt", "10\n")
	broken := r.Commit("set the limit", "limit.txt", "0\n")
	o := newOrigin(t, r)
	url := openswetest.Start(t, openswetest.Agent{Forge: o.URL, Remote: o.dir, File: "limit.txt", Content: "10\n"})
	open := func(change func(*Config)) *Client {
		c := Config{URL: url, Repository: shop, Forge: o, Timeout: time.Minute, Sleep: func(ctx context.Context, d time.Duration) error {
			return sleep(ctx, min(d, 100*time.Millisecond))
		}}
		if change != nil {
			change(&c)
		}
		client, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	asked := func(name string) selfheal.Assignment {
		a := assignment()
		a.ID, a.Revision, a.Branch = "production/shop/"+name+"/1", broken, "open-swe/shop-"+name
		a.Task = "Work on a branch named `" + a.Branch + "` and say `" + a.Mark() + "`. <&> behaviour=" + name
		return a
	}
	wantPull := func(t *testing.T, done selfheal.Delegated, err error, a selfheal.Assignment) {
		t.Helper()
		if err != nil || done.PullRequest.Source != a.Branch || !strings.Contains(done.Said, "Opened") {
			t.Fatalf("%+v, %v", done, err)
		}
		if got := strings.TrimSpace(r.Git("--git-dir", o.dir, "show", a.Branch+":limit.txt")); got != "10" {
			t.Errorf("the branch holds %q", got)
		}
	}
	t.Run("the pull request stands in the metadata", func(t *testing.T) {
		a := asked("fix")
		done, err := open(nil).Work(t.Context(), a)
		wantPull(t, done, err, a)
		again, err := open(nil).Work(t.Context(), a)
		if err != nil || again.PullRequest.Number != done.PullRequest.Number || again.Run != done.Run {
			t.Errorf("asked again: %+v, %v", again, err)
		}
	})
	t.Run("the pull request is found on the forge", func(t *testing.T) {
		a := asked("silent")
		done, err := open(nil).Work(t.Context(), a)
		wantPull(t, done, err, a)
	})
	t.Run("the server calls", func(t *testing.T) {
		address := free(t)
		a := asked("called")
		done, err := open(func(c *Config) {
			c.Webhook = Webhook{URL: "http://" + address + "/hook", Token: token, Listen: address}
			c.Sleep = func(ctx context.Context, _ time.Duration) error { return sleep(ctx, 30*time.Second) }
		}).Work(t.Context(), a)
		wantPull(t, done, err, a)
	})
	f := func(name, want string, timeout time.Duration) {
		t.Run(name, func(t *testing.T) {
			done, err := open(func(c *Config) { c.Timeout = timeout }).Work(t.Context(), asked(name))
			if err != nil || !strings.Contains(done.Failure, want) {
				t.Errorf("%+v, %v", done, err)
			}
		})
	}
	f("decline", "opened no pull request; its last words: I could not reproduce it.", time.Minute)
	f("fail", "failed: the sandbox is gone", time.Minute)
	f("hang", "had not come to an end after 2s", 2*time.Second)
	t.Run("a run that was stopped stays stopped", func(t *testing.T) {
		done, err := open(nil).Work(t.Context(), asked("hang"))
		if err != nil || done.Failure == "" {
			t.Errorf("%+v, %v", done, err)
		}
	})
	t.Run("a restart finds the run", func(t *testing.T) {
		a := asked("slow")
		ctx, kill := context.WithCancel(t.Context())
		first := open(func(c *Config) {
			c.Sleep = func(context.Context, time.Duration) error { kill(); return context.Canceled } // in the middle of the run
		})
		if _, err := first.Work(ctx, a); err == nil {
			t.Fatal("it was not killed")
		}
		done, err := open(nil).Work(t.Context(), a)
		wantPull(t, done, err, a)
		runs, err := first.runs(t.Context(), ThreadID(a.ID))
		if err != nil || len(runs) != 1 {
			t.Errorf("runs %v, %v", runs, err)
		}
	})
	t.Run("an unknown assistant", func(t *testing.T) {
		_, err := open(func(c *Config) { c.Assistant = "nobody" }).Work(t.Context(), asked("assistant"))
		if selfheal.CodeOf(err) != selfheal.CodeUsage || !strings.Contains(selfheal.HintOf(err), "assistant") {
			t.Errorf("%v (%s)", err, selfheal.HintOf(err))
		}
	})
}
