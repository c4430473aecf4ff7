package pipeline_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/decide"
	"selfheal/internal/detect"
	"selfheal/internal/forge/local"
	"selfheal/internal/git"
	"selfheal/internal/git/gittest"
	"selfheal/internal/group"
	"selfheal/internal/pipeline"
	"selfheal/internal/store/sqlite"
	"selfheal/internal/triage"
	"selfheal/internal/watch"
)

// deployed is when the second revision began to serve; the week before it is the baseline.
var deployed = time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)

// lines is a source of one stream held in memory.
type lines []string

func (l lines) Read(_ context.Context, _ selfheal.Query, yield func(*selfheal.Entry) error) error {
	for i, line := range l {
		if err := yield(&selfheal.Entry{Stream: "memory", Line: []byte(line), Number: int64(i + 1)}); err != nil {
			return err
		}
	}
	return nil
}

// logged writes a line every so often; {n} in the text is a running number.
func logged(from time.Time, length, every time.Duration, level, text string) lines {
	var all lines
	for at := from; at.Before(from.Add(length)); at = at.Add(every) {
		all = append(all, fmt.Sprintf(`{"time":%q,"level":%q,"msg":%q}`, at.Format(time.RFC3339), level, strings.ReplaceAll(text, "{n}", fmt.Sprint(len(all)))))
	}
	return all
}

// world is a repository with a culprit, its logs, and a store, all real.
type world struct {
	repository *gittest.Repository
	base, head string
	culprit    string
	state      string
	clock      *clock
	forge      *local.Forge // as people see it: nothing kills them
}

// clock moves a millisecond at each look, so that events have an order, and can be set forward.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// findFile looks a price up; the culprit takes the price behind the last one.
const findFile = `package prices

var lists = map[string][]int{"eu": {100}}

// Find gives the price of a position in a region's list.
func Find(region string, position int) int {
	list := lists[region]
	return list[%s]
}
`

// panicked is what the service logs when Find fails.
const panicked = "panic: runtime error: index out of range [0] with length 0\n\ngoroutine {n} [running]:\nexample.com/shop/prices.Find(...)\n\t/src/prices/find.go:8 +0x1d\nmain.main()\n\t/src/main.go:11 +0x2b\n"

// newWorld makes one; also is what the culprit changed besides: path, content, ...
func newWorld(t *testing.T, also ...string) *world {
	t.Helper()
	r := gittest.New(t)
	w := &world{repository: r, state: t.TempDir(), clock: &clock{now: deployed.Add(2 * time.Hour)}}
	w.base = r.Commit("prices: find", "go.mod", "module example.com/shop\n\ngo 1.21\n", "prices/find.go", fmt.Sprintf(findFile, "position"))
	r.Commit("docs: operations", "docs/operations.md", "restart it\n")
	w.culprit = r.Commit("prices: count from the end", append(also, "prices/find.go", fmt.Sprintf(findFile, "len(list)"))...)
	w.head = r.Commit("readme", "README.md", "# shop\n")
	return w
}

// open gives a pipeline over the world's store, with the store and the forge wrapped.
func (w *world) open(t *testing.T, wrap func(selfheal.Store, selfheal.Forge) (selfheal.Store, selfheal.Forge)) *pipeline.Pipeline {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(w.state, "selfheal.db"), sqlite.WithClock(w.clock.Now))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	forge, err := local.New(t.Context(), local.Config{Dir: filepath.Join(w.state, "forge.git"), Store: store, Clock: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	w.forge = forge
	classifier, err := triage.NewClassifier(nil)
	if err != nil {
		t.Fatal(err)
	}
	wrappedStore, wrappedForge := wrap(store, forge)
	return &pipeline.Pipeline{
		Store: wrappedStore, Forge: wrappedForge, Clock: w.clock.Now, Actor: "test", Holder: t.Name() + w.clock.Now().String(),
		Group: group.Options{Modules: []string{"example.com/shop"}}, Detect: detect.DefaultOptions(),
		Policy: decide.DefaultPolicy(), Classifier: classifier, Work: workspaces{w.state}, Scrub: func(s string) string { return s },
	}
}

func unwrapped(s selfheal.Store, f selfheal.Forge) (selfheal.Store, selfheal.Forge) { return s, f }

type workspaces struct{ state string }

func (w workspaces) Workspace(ctx context.Context, dir string) (*git.Workspace, error) {
	return git.OpenWorkspace(ctx, dir, filepath.Join(w.state, "work.git"))
}

func (w *world) plan() watch.Plan {
	return watch.Plan{Deploy: selfheal.Deploy{Service: "shop", Environment: "production", Revision: w.head, Previous: w.base, Time: deployed}}
}

func (w *world) sources() pipeline.Sources {
	const week = 7 * 24 * time.Hour
	return pipeline.Sources{
		Baseline: append(logged(deployed.Add(-week), week, 10*time.Minute, "INFO", "order {n} placed"),
			logged(deployed.Add(-week), week, 5*time.Hour, "WARN", "payment took {n} ms")...),
		Watched: append(logged(deployed, time.Hour, time.Minute, "INFO", "order {n} placed"),
			logged(deployed.Add(2*time.Minute), 58*time.Minute, 2*time.Minute, "ERROR", panicked)...),
	}
}

func (w *world) request() pipeline.Request {
	return pipeline.Request{
		Repository: w.repository.Dir, Target: "main",
		Intent: selfheal.Intent{
			Repair: true, Timeout: selfheal.Duration(time.Minute), Unsafe: unconfinable(),
			Verify: []string{"test -f prices/find.go"}, Replay: []string{"grep -q 'position]' prices/find.go"},
		},
	}
}

// live takes the world from its logs to a closed incident: what a process does,
// and what a person and a deploy do in between. Called again after a kill it goes on.
func (w *world) live(ctx context.Context, p *pipeline.Pipeline) (*selfheal.Incident, error) {
	assessment, err := p.Assess(ctx, w.plan(), w.sources())
	if err != nil {
		return nil, err
	}
	if err := w.forge.Push(ctx, w.repository.Dir, w.head, "main"); err != nil && selfheal.CodeOf(err) != selfheal.CodeConflict {
		return nil, err
	}
	incident, err := p.Open(ctx, assessment, w.request())
	if err != nil {
		return nil, err
	}
	next, err := p.Run(ctx, incident.Key)
	if err != nil {
		return nil, err
	}
	if next.Incident.Stage == selfheal.StageProposed {
		if _, err := p.Forge.(selfheal.Merger).MergePullRequest(ctx, next.Incident.PullRequest.Mark, "a reviewer"); err != nil {
			return nil, err
		}
		if next, err = p.Run(ctx, incident.Key); err != nil {
			return nil, err
		}
	}
	if next.Incident.Stage == selfheal.StageMerged {
		fix := selfheal.Deploy{Service: "shop", Environment: "production", Revision: next.Incident.PullRequest.Merged, Previous: w.head, Time: deployed.Add(2 * time.Hour)}
		after := logged(fix.Time, time.Hour, time.Minute, "INFO", "order {n} placed")
		if err := p.ObserveFix(ctx, incident.Key, fix, after); err != nil {
			return nil, err
		}
		if next, err = p.Run(ctx, incident.Key); err != nil {
			return nil, err
		}
	}
	return next.Incident, nil
}
