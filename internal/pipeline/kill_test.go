package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/pipeline"
)

// killed is what a process "dies" of in these tests.
var errKilled = errors.New("killed")

// reaper kills the process at one of its effects on the outside: every append to
// the journal, push and pull request is one, and each can be died of before and
// after it took place. From then on nothing the process does has any effect:
// like after kill -9, not even leases are given back.
type reaper struct {
	at   int // which effect; negative: none
	seen int
	late bool // after the effect instead of before it
	dead bool
}

// effect runs f, or dies around it.
func (r *reaper) effect(f func() error) error {
	if r.dead {
		return errKilled
	}
	r.seen++
	if r.seen-1 != r.at {
		return f()
	}
	r.dead = true
	if r.late {
		_ = f() // whoever would learn of the result is dead
	}
	return errKilled
}

type mortalStore struct {
	selfheal.Store
	*reaper
}

func (s mortalStore) Append(ctx context.Context, stream string, version int, events ...selfheal.Event) error {
	return s.effect(func() error { return s.Store.Append(ctx, stream, version, events...) })
}

func (s mortalStore) Lease(ctx context.Context, name, holder string, ttl time.Duration) (func(context.Context) error, error) {
	if s.dead {
		return nil, errKilled
	}
	release, err := s.Store.Lease(ctx, name, holder, ttl)
	return func(ctx context.Context) error {
		if s.dead {
			return errKilled
		}
		return release(ctx)
	}, err
}

type mortalForge struct {
	selfheal.Forge
	*reaper
}

func (f mortalForge) Push(ctx context.Context, dir, commit, branch string) error {
	return f.effect(func() error { return f.Forge.Push(ctx, dir, commit, branch) })
}

func (f mortalForge) OpenPullRequest(ctx context.Context, pr selfheal.PullRequest) (opened selfheal.PullRequest, err error) {
	err = f.effect(func() (err error) { opened, err = f.Forge.OpenPullRequest(ctx, pr); return err })
	return opened, err
}

func (f mortalForge) MergePullRequest(ctx context.Context, mark, by string) (merged selfheal.PullRequest, err error) {
	err = f.effect(func() (err error) {
		merged, err = f.Forge.(selfheal.Merger).MergePullRequest(ctx, mark, by)
		return err
	})
	return merged, err
}

func (r *reaper) wrap(s selfheal.Store, f selfheal.Forge) (selfheal.Store, selfheal.Forge) {
	return mortalStore{s, r}, mortalForge{f, r}
}

// story is what must be the same however often the process was killed.
type story struct {
	Stage     selfheal.Stage
	Culprit   selfheal.Culprit
	Action    selfheal.Action
	Commit    string
	Proofs    []string
	Number    int
	Merged    string
	Outcome   selfheal.OutcomeState
	EventKind []selfheal.EventType
}

func storyOf(i *selfheal.Incident) story {
	s := story{
		Stage: i.Stage, Culprit: *i.Judged.Verdict.Culprit, Action: i.Decision.Action, Commit: i.Repair.Commit,
		Number: i.PullRequest.Number, Merged: i.PullRequest.Merged, Outcome: i.Outcome.State,
	}
	for _, p := range i.Repair.Proofs {
		s.Proofs = append(s.Proofs, fmt.Sprintf("%s at %s: %t", p.Command, p.Revision, p.AsExpected()))
	}
	for _, e := range i.Events {
		s.EventKind = append(s.EventKind, e.Type)
	}
	return s
}

// TestKillAtEveryEffect: a kill before or after any effect, and a second run,
// end in the same place, with one pull request.
func TestKillAtEveryEffect(t *testing.T) {
	t.Parallel()
	whole := &reaper{at: -1}
	w := newWorld(t)
	incident, err := w.live(t.Context(), w.open(t, whole.wrap))
	if err != nil {
		t.Fatal(err)
	}
	want := storyOf(incident)
	if want.Stage != selfheal.StageClosed || want.Outcome != selfheal.OutcomeHealed || want.Culprit.Commit != w.culprit {
		t.Fatalf("the unkilled run did not heal: %+v", want)
	}
	if whole.seen < 12 {
		t.Fatalf("only %d effects: the test does not see them all", whole.seen)
	}
	for at := range whole.seen {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("effect %d, late %t", at, late), func(t *testing.T) {
				t.Parallel()
				killAndResume(t, at, late, want)
			})
		}
	}
}

func killAndResume(t *testing.T, at int, late bool, want story) {
	w := newWorld(t)
	death := &reaper{at: at, late: late}
	if _, err := w.live(t.Context(), w.open(t, death.wrap)); !errors.Is(err, errKilled) {
		t.Fatalf("not killed: %v", err)
	}
	w.clock.advance(time.Minute) // the dead process's lease runs out
	incident, err := w.live(t.Context(), w.open(t, unwrapped))
	if err != nil {
		t.Fatal(err)
	}
	got := storyOf(incident)
	// The clock stands elsewhere in the second run, and with it the merge commit's date.
	got.Merged, want.Merged = "", ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("another end (-unkilled +killed):\n%s", diff)
	}
	if n := pullRequests(t, w); n != 1 {
		t.Errorf("%d pull requests", n)
	}
}

func pullRequests(t *testing.T, w *world) int {
	t.Helper()
	all, err := w.forge.PullRequests(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// TestTwoAtOnce: two processes at one incident do its work once.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type result struct {
		next pipeline.Next
		err  error
	}
	results := make(chan result)
	for range 2 {
		p := w.open(t, unwrapped)
		go func() {
			for {
				assessment, err := p.Assess(t.Context(), w.plan(), w.sources())
				if err != nil {
					results <- result{err: err}
					return
				}
				incident, err := p.Open(t.Context(), assessment, w.request())
				if err != nil {
					results <- result{err: err}
					return
				}
				next, err := p.Run(t.Context(), incident.Key)
				if selfheal.CodeOf(err) != selfheal.CodeConflict {
					results <- result{next, err}
					return
				}
			}
		}()
	}
	for range 2 {
		r := <-results
		if r.err != nil {
			t.Error(r.err)
		} else if r.next.Incident.Stage != selfheal.StageProposed {
			t.Errorf("stopped at %s", r.next.Incident.Stage)
		}
	}
	if n := pullRequests(t, w); n != 1 {
		t.Errorf("%d pull requests", n)
	}
}
