//go:build unix

package pipeline_test

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/pipeline"
	"selfheal/internal/repair"
)

// writesFix repairs the world as its revert would, and leaves a mark that no other run leaves.
const writesFix = `sed 's/len(list)/position/' prices/find.go > new && mv new prices/find.go && date +%s%N > NOTES`

// withAgent gives a pipeline and a request that has a command write the fix.
func withAgent(t *testing.T, w *world, run string, strategies ...string) (*pipeline.Pipeline, pipeline.Request) {
	t.Helper()
	p := w.open(t, unwrapped)
	p.Agent = &repair.Agent{
		Run: run, Timeout: 30 * time.Second, Random: rand.Reader,
	}
	p.Guards = repair.Guards{MaxLines: repair.DefaultMaxLines, MaxFiles: repair.DefaultMaxFiles}
	request := w.request()
	request.Intent.Strategies = strategies
	// Prints the panic until it is repaired: only then does its failure show the error.
	request.Intent.Replay = []string{`grep -q 'position]' prices/find.go || { echo 'panic: runtime error: index out of range [0] with length 0'; echo 'prices.Find'; exit 1; }`}
	return p, request
}

func repaired(t *testing.T, w *world, p *pipeline.Pipeline, request pipeline.Request) *selfheal.Incident {
	t.Helper()
	assessment, err := p.Assess(t.Context(), w.plan(), w.sources())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.forge.Push(t.Context(), w.repository.Dir, w.head, "main"); err != nil && selfheal.CodeOf(err) != selfheal.CodeConflict {
		t.Fatal(err)
	}
	incident, err := p.Open(t.Context(), assessment, request)
	if err != nil {
		t.Fatal(err)
	}
	next, err := p.Run(t.Context(), incident.Key)
	if err != nil {
		t.Fatal(err)
	}
	return next.Incident
}

func tried(r *selfheal.Repair) []string {
	var names []string
	for _, t := range r.Tried {
		names = append(names, t.Strategy)
	}
	return names
}

func TestACommandRepairs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, request := withAgent(t, w, writesFix, "command")
	i := repaired(t, w, p, request)
	if i.Stage != selfheal.StageProposed || i.Repair.Strategy != repair.StrategyCommand || i.PullRequest.Draft || len(i.Repair.Proofs) != 3 {
		t.Errorf("stage %s, repair %+v", i.Stage, i.Repair)
	}
}

func TestTheNextStrategyIsTried(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, request := withAgent(t, w, writesFix, "revert", "command")
	request.Intent.Verify = []string{"test -f NOTES || grep -q 'len(list)' prices/find.go"} // what the revert breaks
	i := repaired(t, w, p, request)
	if i.Stage != selfheal.StageProposed || i.Repair.Strategy != repair.StrategyCommand || !slices.Equal(tried(i.Repair), []string{"revert"}) {
		t.Errorf("stage %s, repair %+v", i.Stage, i.Repair)
	}
}

func TestNoStrategyIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, request := withAgent(t, w, "rm go.mod; exit 1", "command", "revert")
	request.Intent.Verify = []string{"grep -q 'len(list)' prices/find.go"}
	i := repaired(t, w, p, request)
	if i.PullRequest != nil || !slices.Equal(tried(i.Repair), []string{"command", "revert"}) {
		t.Errorf("stage %s, repair %+v", i.Stage, i.Repair)
	}
	for _, want := range []string{"no repair: command: the command gave up with exit code 1; revert: on the branch the command"} {
		if !strings.Contains(i.Closed, want) {
			t.Errorf("closed %q, want %q", i.Closed, want)
		}
	}
}

// Where a revert is not allowed, a command may go forward.
func TestACommandRepairsWhatCannotBeReverted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "migrations/0002.sql", "ALTER TABLE prices ADD region text;\n")
	p, request := withAgent(t, w, writesFix, "revert", "command")
	i := repaired(t, w, p, request)
	if i.Decision.Action != selfheal.ActionFixForward || i.Stage != selfheal.StageProposed || i.Repair.Strategy != repair.StrategyCommand || len(i.Repair.Tried) > 0 {
		t.Errorf("decision %+v, stage %s, repair %+v", i.Decision, i.Stage, i.Repair)
	}
}

// A process that is killed after the command and before the journal pays for it once.
func TestACommandIsPaidOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, request := withAgent(t, w, writesFix, "command")
	reaper := &reaper{at: -1}
	p.Store = mortalStore{p.Store, reaper}
	assessment, err := p.Assess(t.Context(), w.plan(), w.sources())
	if err != nil {
		t.Fatal(err)
	}
	incident, err := p.Open(t.Context(), assessment, request)
	if err != nil {
		t.Fatal(err)
	}
	reaper.at = reaper.seen + 2 // behind verdict and decision: the repair
	if _, err := p.Run(t.Context(), incident.Key); !errors.Is(err, errKilled) {
		t.Fatalf("error %v", err)
	}
	kept := w.attempts(t, p, w.repository.Dir)
	if len(kept) != 1 {
		t.Fatalf("attempts %v", kept)
	}
	w.clock.advance(time.Minute) // the dead process's lease ends
	again, _ := withAgent(t, w, writesFix, "command")
	i := repaired(t, w, again, request)
	if got := w.attempts(t, again, w.repository.Dir); !slices.Equal(got, kept) || i.Stage != selfheal.StageProposed {
		t.Errorf("stage %s, attempts %v, then %v", i.Stage, kept, got)
	}
}

// attempts are the runs of commands that are kept, as commits.
func (w *world) attempts(t *testing.T, p *pipeline.Pipeline, dir string) []string {
	t.Helper()
	workspace, err := p.Work.Workspace(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	out, err := workspace.Run(t.Context(), "for-each-ref", "--format=%(objectname)", "refs/selfheal-attempts/")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}
