package openswe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"selfheal"
)

// proposed is the pull request that the agent opened, and the metadata that tells of it.
func proposed() (selfheal.PullRequest, map[string]any) {
	pr := selfheal.PullRequest{Number: 7, URL: "https://github.com/octo-org/shop/pull/7", Source: "open-swe/limit", Target: "main", State: selfheal.PullRequestOpen, Time: start}
	return pr, map[string]any{
		"pr_number": 7, "pr_url": pr.URL,
		"pull_requests": []any{
			map[string]any{"repo_full_name": "octo-org/other", "number": 9},
			map[string]any{"repo_full_name": "Octo-Org/Shop", "number": 7},
		},
	}
}

func TestARunOpensAPullRequest(t *testing.T) {
	t.Parallel()
	s := serve(t)
	pr, told := proposed()
	s.told = told
	done, err := bench(t, s, &forge{all: []selfheal.PullRequest{pr}}, func(c *Config) { c.Model, c.Effort, c.User = "anthropic:claude", "high", "ada" }).Work(t.Context(), assignment())
	if err != nil || done.Failure != "" || done.PullRequest.Number != 7 || done.Said != "Done." || !strings.Contains(done.Run, "run-1") {
		t.Fatalf("%+v, %v", done, err)
	}
	if len(s.posted) != 1 {
		t.Fatalf("%d runs", len(s.posted))
	}
	text, _ := json.Marshal(s.posted[0])
	for _, want := range []string{
		`"assistant_id":"agent"`, `"multitask_strategy":"reject"`, `"if_not_exists":"create"`, `"durability":"sync"`,
		`"source":"schedule"`, `"github_login":"ada"`, `"agent_model_id":"anthropic:claude"`, `"agent_effort":"high"`,
		`"repo":{"name":"shop","owner":"octo-org"}`, `Repair \u0026lt;/content\u0026gt;`, `sender=\"system:selfheal\"`,
		`"selfheal_assignment":"production/shop/0123456789/aaaaaaaaaaaa/1"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the run lacks %s:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "webhook") {
		t.Error("a webhook is asked for, and none is configured")
	}
}

// TestEnds: every state in which a run can end is told for what it is.
func TestEnds(t *testing.T) {
	t.Parallel()
	f := func(name string, states []string, change func(*server, *forge), want string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, known := serve(t), &forge{}
			s.states, s.said = states, "I cannot, @ada."
			change(s, known)
			done, err := bench(t, s, known, nil).Work(t.Context(), assignment())
			if err != nil || !strings.Contains(done.Failure, want) || want == "" && done.Failure != "" {
				t.Errorf("failure %q, %v, want %q", done.Failure, err, want)
			}
			if strings.Contains(done.Failure, key) {
				t.Errorf("the key is in %q", done.Failure)
			}
		})
	}
	none := func(*server, *forge) {}
	success := []string{"running", "success"}
	f("no pull request", success, none, "opened no pull request; its last words: I cannot, @ada.")
	f("error", []string{"running", "error"}, none, "failed: the sandbox is gone, key [redacted:token]")
	f("timeout", []string{"timeout"}, none, "than it allows") // the server
	f("interrupted", []string{"interrupted"}, none, "interrupted")
	f("a state that nobody knows, for ever", []string{"dreaming"}, none, "after 30m0s")
	f("pending for ever", []string{"pending"}, none, "after 30m0s")
	f("the mark on the forge", success, func(_ *server, f *forge) {
		f.all = []selfheal.PullRequest{
			{Number: 4, Time: start, Body: "> Selfheal-Assignment: another"},
			{Number: 5, Time: start, Body: "Fixes it.\n\nSelfheal-Assignment: production/shop/0123456789/aaaaaaaaaaaa/1\n"},
		}
	}, "")
	f("the branch on the forge", success, func(_ *server, f *forge) {
		f.all = []selfheal.PullRequest{{Number: 5, Time: start, Source: "open-swe/shop-0123456789-1f"}}
	}, "")
	f("an old one on the forge", success, func(_ *server, f *forge) {
		f.all = []selfheal.PullRequest{{Number: 5, Time: start.Add(-time.Hour), Source: "open-swe/shop-0123456789-1f"}}
	}, "opened no pull request")
	f("a number that is none", success, func(s *server, _ *forge) {
		s.told = map[string]any{"pull_requests": []any{map[string]any{"repo_full_name": shop, "number": 99}}}
	}, "opened no pull request")
	f("one of another repository only", success, func(s *server, f *forge) {
		f.all = []selfheal.PullRequest{{Number: 9, Time: start.Add(-time.Hour)}}
		s.told = map[string]any{"pr_number": 9, "pr_url": "https://github.com/octo-org/other/pull/9"}
	}, "opened no pull request")
	f("one from a fork", success, func(s *server, f *forge) {
		_, s.told = proposed()
		f.foreign = 7
	}, "comes from another repository")
	f("pr_number alone", success, func(s *server, f *forge) {
		pr, _ := proposed()
		f.all = []selfheal.PullRequest{pr}
		s.told = map[string]any{"pr_number": 7, "pr_url": pr.URL}
	}, "")
}

// TestFaults breaks the way to the server: each is got over or told, no second run
// is begun, and what comes afterwards finds the run.
func TestFaults(t *testing.T) {
	t.Parallel()
	f := func(name string, times int, hits func(*http.Request) bool, answer func(http.ResponseWriter, *http.Request), code selfheal.Code, hint string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			pr, told := proposed()
			s.told = told
			broken := 0
			s.break_ = func(w http.ResponseWriter, r *http.Request) bool {
				if !hits(r) || times > 0 && broken >= times {
					return false
				}
				broken++
				answer(w, r)
				return true
			}
			client := bench(t, s, &forge{all: []selfheal.PullRequest{pr}}, nil)
			_, err := client.Work(t.Context(), assignment())
			if broken == 0 {
				t.Fatal("the fault hit nothing")
			}
			if code == "" && err != nil || code != "" && (selfheal.CodeOf(err) != code || !strings.Contains(selfheal.HintOf(err), hint)) {
				t.Errorf("error %v (%s, %s), want %q", err, selfheal.CodeOf(err), selfheal.HintOf(err), code)
			}
			if err != nil && strings.Contains(err.Error(), key) {
				t.Errorf("the key is in %v", err)
			}
			s.break_ = nil
			done, err := client.Work(t.Context(), assignment())
			if err != nil || done.PullRequest.Number != 7 || len(s.runs) != 1 {
				t.Errorf("afterwards: %+v, %v, %d runs", done, err, len(s.runs))
			}
		})
	}
	say := func(status int, text string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); fmt.Fprint(w, text) }
	}
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	all := func(*http.Request) bool { return true }
	begins := func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/runs")
	}
	looks := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/runs/run-") }
	f("401", 0, all, say(401, "bad key "+key), selfheal.CodeUnavailable, "api_key")
	f("403 without a workspace", 0, all, say(403, `{"detail":"requires workspace specification"}`), selfheal.CodeUnavailable, "tenant")
	f("404", 0, all, say(404, "nothing here"), selfheal.CodeUnavailable, "url")
	f("an unknown assistant", 0, begins, say(404, `No assistant found for "agent".`), selfheal.CodeUsage, "assistant")
	f("an invalid request", 0, begins, say(422, `{"detail":"input"}`), selfheal.CodeUnavailable, "")
	f("429 once", 1, all, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	}, "", "")
	f("500 for a while", 3, looks, say(500, ""), "", "")
	f("500 for longer than a client tries", 12, looks, say(500, ""), "", "")
	f("500 for ever", 0, looks, say(500, ""), selfheal.CodeUnavailable, "finds the run")
	f("connections break", 2, looks, cut, "", "")
	f("nothing was begun", 1, begins, cut, selfheal.CodeUnavailable, "finds the run")
	f("no JSON", 0, looks, say(200, "<html>sign in</html>"), selfheal.CodeUnavailable, "")
}

// TestAnswerLost: the run was begun, and nobody heard of it.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	s := serve(t)
	pr, told := proposed()
	s.told = told
	lost := false
	s.break_ = func(_ http.ResponseWriter, r *http.Request) bool {
		if lost || r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/runs") {
			return false
		}
		lost = true
		s.add(map[string]any{assignmentKey: assignment().ID})
		panic(http.ErrAbortHandler)
	}
	// The server's lock is held while it breaks off: it is given back by the deferred unlock.
	done, err := bench(t, s, &forge{all: []selfheal.PullRequest{pr}}, nil).Work(t.Context(), assignment())
	if err != nil || done.PullRequest.Number != 7 || len(s.runs) != 1 || len(s.posted) != 0 {
		t.Errorf("%+v, %v, runs %v", done, err, s.runs)
	}
}

// TestARestartFindsItsRun kills a process at each of its requests.
func TestARestartFindsItsRun(t *testing.T) {
	t.Parallel()
	for at := range 9 {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			pr, told := proposed()
			s.told = told
			ctx, kill := context.WithCancel(t.Context())
			defer kill()
			s.break_ = func(http.ResponseWriter, *http.Request) bool {
				if len(s.asked) == at+1 {
					kill()
				}
				return false
			}
			known := &forge{all: []selfheal.PullRequest{pr}}
			_, err := bench(t, s, known, nil).Work(ctx, assignment())
			if len(s.asked) > at+1 && err == nil && at < 5 {
				t.Error("it was not killed")
			}
			done, err := bench(t, s, known, nil).Work(t.Context(), assignment())
			if err != nil || done.PullRequest.Number != 7 || len(s.runs) != 1 || len(s.canceled) != 0 {
				t.Errorf("%+v, %v, %d runs", done, err, len(s.runs))
			}
		})
	}
}

// TestBusy: a person's run in the thread is not disturbed; ours begins behind it.
func TestBusy(t *testing.T) {
	t.Parallel()
	s := serve(t)
	pr, told := proposed()
	s.told = told
	s.threads[ThreadID(assignment().ID)] = map[string]any{}
	theirs := s.add(map[string]any{})
	refused := 0
	s.break_ = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/runs") {
			if refused++; refused == 3 {
				theirs["status"] = "success"
			}
		}
		return false
	}
	done, err := bench(t, s, &forge{all: []selfheal.PullRequest{pr}}, nil).Work(t.Context(), assignment())
	if err != nil || done.PullRequest.Number != 7 || len(s.posted) != 1 || len(s.canceled) != 0 {
		t.Errorf("%+v, %v, posted %d", done, err, len(s.posted))
	}
	s = serve(t)
	s.add(map[string]any{}) // never ends
	if _, err := bench(t, s, &forge{}, nil).Work(t.Context(), assignment()); selfheal.CodeOf(err) != selfheal.CodeUnavailable || len(s.posted) != 0 {
		t.Errorf("busy for ever: %v", err)
	}
}

// TestSuperseded: people interrupt the run and go on; their run ends the work.
func TestSuperseded(t *testing.T) {
	t.Parallel()
	s := serve(t)
	pr, told := proposed()
	s.told = told
	s.break_ = func(w http.ResponseWriter, r *http.Request) bool {
		if len(s.runs) != 1 || !strings.HasSuffix(r.URL.Path, "/runs/run-1") {
			return false
		}
		s.add(map[string]any{"by": "a person"})
		s.runs[0]["status"] = "interrupted"
		s.send(w, 200, s.runs[0])
		return true
	}
	done, err := bench(t, s, &forge{all: []selfheal.PullRequest{pr}}, nil).Work(t.Context(), assignment())
	if err != nil || done.PullRequest.Number != 7 || !strings.HasSuffix(done.Run, "run-2") {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestTheRunIsCancelledWhenTimeIsUp(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.states = []string{"running"}
	done, err := bench(t, s, &forge{}, func(c *Config) { c.Timeout = 10 * time.Minute }).Work(t.Context(), assignment())
	if err != nil || !strings.Contains(done.Failure, "after 10m0s") || !slices.Equal(s.canceled, []string{"run-1"}) {
		t.Errorf("%+v, %v, cancelled %v", done, err, s.canceled)
	}
	looks := 0
	for _, asked := range s.asked {
		if strings.HasSuffix(asked, "/runs/run-1") {
			looks++
		}
	}
	if looks > 26 { // 2+4+8+16 s, then every 30 s
		t.Errorf("%d looks in ten minutes", looks)
	}
}

// TestARunThatIsOldIsNotGivenNewTime: the time counts from the run's beginning, however often we restart.
func TestARunThatIsOldIsNotGivenNewTime(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.states = []string{"running"}
	s.threads[ThreadID(assignment().ID)] = map[string]any{}
	s.add(map[string]any{assignmentKey: assignment().ID})
	s.now = start.Add(2 * time.Hour)
	done, err := bench(t, s, &forge{}, nil).Work(t.Context(), assignment())
	if err != nil || done.Failure == "" || !s.now.Equal(start.Add(2*time.Hour)) {
		t.Errorf("%+v, %v, waited until %v", done, err, s.now)
	}
}

func TestForgeDown(t *testing.T) {
	t.Parallel()
	s := serve(t)
	down := &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "GitHub answered"}
	_, err := bench(t, s, &forge{err: down}, nil).Work(t.Context(), assignment())
	if !errors.Is(err, down) && selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Errorf("error %v", err)
	}
}

func TestThreadID(t *testing.T) {
	t.Parallel()
	f := func(assignment, want string) {
		t.Helper()
		if got := ThreadID(assignment); got != want {
			t.Errorf("%s: %s, want %s", assignment, got, want)
		}
	}
	f("production/shop/0123456789/aaaaaaaaaaaa/1", "5e6741a3-6075-5639-bbd9-085c87a56be4")
	if a, b := ThreadID("a"), ThreadID("b"); a == b || len(a) != 36 || a[14] != '5' || !strings.ContainsRune("89ab", rune(a[19])) {
		t.Errorf("%s, %s", a, b)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	f := func(change func(*Config), want string) {
		t.Helper()
		c := Config{URL: "https://swe.example", Repository: shop, Forge: &forge{}}
		change(&c)
		if err := c.Validate(); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f(func(*Config) {}, "")
	f(func(c *Config) { c.URL = "swe.example" }, "url is not")
	f(func(c *Config) { c.URL = "https://u:p@swe.example" }, "url is not")
	f(func(c *Config) { c.Repository = "shop" }, "names none")
	f(func(c *Config) { c.Forge = nil }, "cannot bring in")
	f(func(c *Config) { c.Model = "m" }, "belong together")
	f(func(c *Config) { c.Timeout = -1 }, "positive")
	f(func(c *Config) { c.Webhook.URL = "https://us.example/hook" }, "webhook needs")
	f(func(c *Config) {
		c.Webhook = Webhook{URL: "https://us.example/hook", Token: "0123456789abcdef", Listen: "127.0.0.1:0"}
	}, "")
}
