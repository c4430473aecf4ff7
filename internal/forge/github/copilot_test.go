package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/forge/forgetest"
	"selfheal/internal/forge/forgetest/fake"
	"selfheal/internal/forge/github/githubtest"
	"selfheal/internal/git/gittest"
)

// copilotAPI is a GitHub with issues, and with Copilot, which works while time passes.
type copilotAPI struct {
	*githubtest.API
	t        *testing.T
	mu       sync.Mutex
	now      time.Time
	issues   []*issueOf
	able     bool // Copilot can be assigned
	silent   bool // and GitHub drops it all the same
	break_   func(w http.ResponseWriter, r *http.Request) bool
	posted   []map[string]any
	work     func(*copilotAPI, *issueOf) // what Copilot does at each look at an assigned issue
	pulls    map[int][]map[string]any    // timelines of pull requests
	requests []string
}

type issueOf struct {
	number    int
	body      string
	author    string
	state     string
	reason    string
	assignees []string
	events    []map[string]any
	looks     int
}

func (c *copilotAPI) render1(i *issueOf) map[string]any {
	assignees := []any{}
	for _, name := range i.assignees {
		assignees = append(assignees, map[string]any{"login": name})
	}
	return map[string]any{
		"number": i.number, "html_url": fmt.Sprintf("https://github.example/%s/issues/%d", repo, i.number), "state": i.state, "body": i.body,
		"user": map[string]any{"login": i.author}, "assignees": assignees, "created_at": c.now,
	}
}

// handler answers for issues; the rest is what every GitHub of these tests answers.
func (c *copilotAPI) handler() http.Handler {
	others := c.Handler()
	mux := http.NewServeMux()
	at := "/api/v3/repos/" + repo + "/issues"
	mux.HandleFunc("GET "+at, c.listIssues)
	mux.HandleFunc("POST "+at, func(w http.ResponseWriter, r *http.Request) {
		body := githubtest.Decode(r)
		c.posted = append(c.posted, body)
		text, _ := body["body"].(string)
		githubtest.Send(w, 201, c.render1(c.add(fake.Bot, text)))
	})
	with := func(handle func(http.ResponseWriter, *http.Request, *issueOf)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(r.PathValue("n"))
			for _, i := range c.issues {
				if i.number == n {
					handle(w, r, i)
					return
				}
			}
			githubtest.Send(w, 200, c.pulls[n])
		}
	}
	mux.HandleFunc("GET "+at+"/{n}", with(func(w http.ResponseWriter, _ *http.Request, i *issueOf) { githubtest.Send(w, 200, c.render1(i)) }))
	mux.HandleFunc("PATCH "+at+"/{n}", with(func(w http.ResponseWriter, r *http.Request, i *issueOf) {
		body := githubtest.Decode(r)
		i.state, _ = body["state"].(string)
		i.reason, _ = body["state_reason"].(string)
		githubtest.Send(w, 200, c.render1(i))
	}))
	mux.HandleFunc("POST "+at+"/{n}/assignees", with(func(w http.ResponseWriter, _ *http.Request, i *issueOf) {
		if c.able && !c.silent {
			i.assignees = []string{"Copilot"}
		}
		githubtest.Send(w, 201, c.render1(i))
	}))
	mux.HandleFunc("GET "+at+"/{n}/timeline", with(func(w http.ResponseWriter, _ *http.Request, i *issueOf) {
		if len(i.assignees) > 0 && c.work != nil {
			i.looks++
			c.work(c, i)
		}
		githubtest.Send(w, 200, i.events)
	}))
	mux.HandleFunc("POST /api/v3/graphql", func(w http.ResponseWriter, r *http.Request) {
		actors := []any{map[string]any{"login": forgetest.Writer}}
		if c.able {
			actors = append(actors, map[string]any{"login": "copilot-swe-agent"})
		}
		if query, _ := githubtest.Decode(r)["query"].(string); !strings.Contains(query, "suggestedActors(capabilities: [CAN_BE_ASSIGNED]") {
			c.t.Errorf("query %s", query)
		}
		githubtest.Send(w, 200, map[string]any{"data": map[string]any{"repository": map[string]any{"suggestedActors": map[string]any{"nodes": actors}}}})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.requests = append(c.requests, r.Method+" "+r.URL.Path)
		if c.break_ != nil && c.break_(w, r) {
			return
		}
		if _, pattern := mux.Handler(r); pattern == "" {
			others.ServeHTTP(w, r)
			return
		}
		if r.Header.Get("Authorization") != "Bearer "+fake.Token {
			githubtest.Fail(w, http.StatusUnauthorized, "Bad credentials")
			return
		}
		if c.Check != nil {
			c.Check(r)
		}
		mux.ServeHTTP(w, r)
	})
}

func (c *copilotAPI) listIssues(w http.ResponseWriter, r *http.Request) {
	all := []any{}
	for _, i := range slices.Backward(c.issues) {
		if i.author == r.URL.Query().Get("creator") {
			all = append(all, c.render1(i))
		}
	}
	githubtest.Send(w, 200, all)
}

func (c *copilotAPI) add(author, body string) *issueOf {
	i := &issueOf{number: 100 + len(c.issues), author: author, body: body, state: "open"}
	if c.able && !c.silent {
		i.assignees = []string{"Copilot"}
	}
	c.issues = append(c.issues, i)
	return i
}

// opens is Copilot opening a pull request for an issue.
func (c *copilotAPI) opens(i *issueOf, author string) *fake.Pull {
	p := c.Add(&fake.Pull{Title: "[WIP] Fix", Body: fmt.Sprintf("Fixes #%d", i.number), Source: "copilot/fix-1", Target: "main", Author: author, Draft: true})
	i.events = append(i.events, map[string]any{"event": "cross-referenced", "actor": map[string]any{"login": author}, "source": map[string]any{
		"type": "issue", "issue": map[string]any{
			"number": p.Number, "pull_request": map[string]any{}, "user": map[string]any{"login": author}, "repository": map[string]any{"full_name": repo},
		},
	}})
	return p
}

// says adds to the timeline of a pull request.
func (c *copilotAPI) says(number int, what string) {
	c.pulls[number] = append(c.pulls[number], map[string]any{"event": what, "actor": map[string]any{"login": "Copilot"}})
}

// works opens a pull request at the second look, and is done at the fourth.
func works(c *copilotAPI, i *issueOf) {
	switch i.looks {
	case 2:
		c.says(c.opens(i, "Copilot").Number, "copilot_work_started")
	case 4:
		p := c.Pulls[len(c.Pulls)-1]
		c.says(p.Number, "copilot_work_finished")
		p.Title = "Fix the limit"
	}
}

func startCopilot(t *testing.T) (*copilotAPI, func() *Copilot) {
	t.Helper()
	r := gittest.New(t)
	r.Commit("begin", "limit.txt", "10\n")
	c := &copilotAPI{t: t, able: true, work: works, pulls: map[int][]map[string]any{}, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	server := fake.Start(t, r.Dir, repo,
		func(f *fake.Forge) http.Handler {
			c.API = &githubtest.API{Forge: f, Check: openAPI(t).checker(t)}
			return c.handler()
		},
		func(testing.TB, string) selfheal.Forge { return nil })
	server.Push(t, r.Dir, r.Commit("fix", "limit.txt", "11\n"), "copilot/fix-1")
	return c, func() *Copilot {
		made, err := NewCopilot(CopilotConfig{Timeout: 30 * time.Minute, Config: Config{
			URL: server.URL(), API: server.URL() + "/api/v3", Repository: repo, Token: fake.Token,
			Clock: func() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now },
			Sleep: func(ctx context.Context, d time.Duration) error {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.now = c.now.Add(d)
				return ctx.Err()
			},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
}

func asked() selfheal.Assignment {
	return selfheal.Assignment{ID: "production/shop/0123456789/aaaaaaaaaaaa/1", Revision: strings.Repeat("a", 40), Target: "main", Title: "Fix it", Task: "What broke."}
}

func TestCopilot(t *testing.T) {
	t.Parallel()
	c, open := startCopilot(t)
	done, err := open().Work(t.Context(), asked())
	if err != nil || done.Failure != "" || done.PullRequest.Source != "copilot/fix-1" || !strings.HasPrefix(done.Said, "Fix the limit") || done.Run != "issue #100" {
		t.Fatalf("%+v, %v", done, err)
	}
	posted := c.posted[0]
	if fmt.Sprint(posted["assignees"]) != "[copilot-swe-agent[bot]]" || posted["body"] != "What broke.\n\n"+asked().Mark()+"\n" ||
		fmt.Sprint(posted["agent_assignment"]) != "map[base_branch:main custom_agent: custom_instructions: model: target_repo:"+repo+"]" {
		t.Errorf("posted %v", posted)
	}
	if i := c.issues[0]; i.state != "closed" || i.reason != "completed" {
		t.Errorf("the issue is %s, %s", i.state, i.reason)
	}
	again, err := open().Work(t.Context(), asked())
	if err != nil || again.PullRequest.Number != done.PullRequest.Number || len(c.issues) != 1 {
		t.Errorf("asked again: %+v, %v, %d issues", again, err, len(c.issues))
	}
}

// TestCopilotEnds: what else can come of the work.
func TestCopilotEnds(t *testing.T) {
	t.Parallel()
	f := func(name string, change func(*copilotAPI), failure string, issues int) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, open := startCopilot(t)
			change(c)
			done, err := open().Work(t.Context(), asked())
			if err != nil || !strings.Contains(done.Failure, failure) || failure == "" && (done.Failure != "" || done.PullRequest.Number == 0) || len(c.issues) != issues {
				t.Errorf("%+v, %v, %d issues", done, err, len(c.issues))
			}
		})
	}
	f("no Copilot", func(c *copilotAPI) { c.able = false }, "is not there for this repository", 0)
	f("Copilot is dropped silently", func(c *copilotAPI) { c.silent = true }, "did not assign Copilot", 1)
	f("it gives up", func(c *copilotAPI) {
		c.work = func(c *copilotAPI, i *issueOf) {
			if i.looks == 1 {
				c.says(c.opens(i, "Copilot").Number, "copilot_work_finished_failure")
			}
		}
	}, "gave up", 1)
	f("it never begins", func(c *copilotAPI) { c.work = nil }, "after 30m0s", 1)
	f("it never ends", func(c *copilotAPI) {
		c.work = func(c *copilotAPI, i *issueOf) {
			if i.looks == 1 {
				c.says(c.opens(i, "Copilot").Number, "copilot_work_started")
			}
		}
	}, "after 30m0s", 1)
	f("somebody closes the issue", func(c *copilotAPI) {
		c.work = func(_ *copilotAPI, i *issueOf) { i.state = "closed" }
	}, "is closed, and Copilot opened no pull request", 1)
	f("a person's pull request is none of Copilot's", func(c *copilotAPI) {
		c.work = func(c *copilotAPI, i *issueOf) {
			if i.looks == 1 {
				c.opens(i, forgetest.Stranger).Draft = false
			}
		}
	}, "after 30m0s", 1)
	f("without events, ready for review is the end", func(c *copilotAPI) {
		c.work = func(c *copilotAPI, i *issueOf) {
			if i.looks == 1 {
				c.opens(i, "Copilot")
			}
			c.Pulls[0].Draft = i.looks < 3
		}
	}, "", 1)
	f("asking for a review is the end", func(c *copilotAPI) {
		c.work = func(c *copilotAPI, i *issueOf) {
			if i.looks == 1 {
				c.says(c.opens(i, "Copilot").Number, "copilot_work_started")
				c.says(1, "review_requested")
			}
		}
	}, "", 1)
	f("one from a fork", func(c *copilotAPI) {
		c.work = func(c *copilotAPI, i *issueOf) {
			if i.looks == 1 {
				p := c.opens(i, "Copilot")
				p.Foreign, p.Commit = true, strings.Repeat("1", 40)
			}
		}
	}, "from another repository", 1)
	f("a stranger's mark is not trusted", func(c *copilotAPI) {
		c.add(forgetest.Stranger, asked().Mark())
	}, "", 2)
	f("an issue that was made and not assigned", func(c *copilotAPI) {
		c.able = false
		c.add(fake.Bot, "What broke.\n\n"+asked().Mark())
		c.able = true
	}, "", 1)
}

// TestCopilotFaults: no second issue, whatever breaks, and what comes afterwards goes on.
func TestCopilotFaults(t *testing.T) {
	t.Parallel()
	f := func(name string, times int, hits func(*http.Request) bool, do func(*copilotAPI, http.ResponseWriter, *http.Request), code selfheal.Code) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, open := startCopilot(t)
			broken := 0
			c.break_ = func(w http.ResponseWriter, r *http.Request) bool {
				if !hits(r) || times > 0 && broken >= times {
					return false
				}
				broken++
				do(c, w, r)
				return true
			}
			_, err := open().Work(t.Context(), asked())
			if broken == 0 || code == "" && err != nil || code != "" && selfheal.CodeOf(err) != code {
				t.Errorf("broken %d, error %v", broken, err)
			}
			c.break_ = nil
			done, err := open().Work(t.Context(), asked())
			if err != nil || done.PullRequest.Number == 0 || len(c.issues) != 1 || len(c.Pulls) != 1 {
				t.Errorf("afterwards: %+v, %v, %d issues", done, err, len(c.issues))
			}
		})
	}
	say := func(status int, headers ...string) func(*copilotAPI, http.ResponseWriter, *http.Request) {
		return func(_ *copilotAPI, w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			githubtest.Fail(w, status, "no")
		}
	}
	cut := func(*copilotAPI, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	all := func(*http.Request) bool { return true }
	makes := func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/issues")
	}
	f("401", 0, all, say(401), selfheal.CodeUnavailable)
	f("403", 0, makes, say(403), selfheal.CodeUnavailable)
	f("issues are switched off", 0, makes, say(410), selfheal.CodeUnavailable)
	f("429 once", 1, makes, say(429, "Retry-After", "1"), "")
	f("500 twice", 2, func(r *http.Request) bool { return r.Method == http.MethodGet }, say(500), "")
	f("500 for ever", 0, all, say(500), selfheal.CodeUnavailable)
	f("nothing was made", 1, makes, cut, selfheal.CodeUnavailable)
	f("the issue was made and the answer lost", 1, makes, func(c *copilotAPI, _ http.ResponseWriter, r *http.Request) {
		text, _ := githubtest.Decode(r)["body"].(string)
		c.add(fake.Bot, text)
		panic(http.ErrAbortHandler)
	}, "")
	f("a token that is nobody's", 0, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/user") }, say(403), selfheal.CodeUsage)
}

// TestCopilotKills kills a process at each of its requests.
func TestCopilotKills(t *testing.T) {
	t.Parallel()
	for at := range 14 {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			c, open := startCopilot(t)
			ctx, kill := context.WithCancel(t.Context())
			defer kill()
			c.break_ = func(http.ResponseWriter, *http.Request) bool {
				if len(c.requests) == at+1 {
					kill()
				}
				return false
			}
			_, _ = open().Work(ctx, asked()) // it dies; nobody learns of how
			c.break_ = nil
			done, err := open().Work(t.Context(), asked())
			if err != nil || done.PullRequest.Number == 0 || len(c.issues) != 1 || len(c.Pulls) != 1 {
				t.Errorf("%+v, %v, %d issues", done, err, len(c.issues))
			}
		})
	}
}

func TestNewCopilot(t *testing.T) {
	t.Parallel()
	_, err := NewCopilot(CopilotConfig{Config: Config{Repository: repo, App: App{ID: "1", Key: "k"}}})
	if selfheal.CodeOf(err) != selfheal.CodeUsage || !strings.Contains(err.Error(), "no App") {
		t.Errorf("an App: %v", err)
	}
	if _, err := NewCopilot(CopilotConfig{Config: Config{Repository: repo, Token: "t"}, Timeout: -1}); selfheal.CodeOf(err) != selfheal.CodeUsage {
		t.Errorf("a negative time: %v", err)
	}
	if _, err := NewCopilot(CopilotConfig{Config: Config{Repository: repo}}); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("no token: %v", err)
	}
}
