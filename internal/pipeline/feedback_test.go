package pipeline_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/pipeline"
)

// talking is a forge at which checks run and people write.
type talking struct {
	selfheal.Forge
	failing map[string]bool // commits
	written []selfheal.Review
	said    []string
}

func (f *talking) Checks(_ context.Context, pr selfheal.PullRequest) (selfheal.Checks, error) {
	if f.failing[pr.Commit] {
		return selfheal.Checks{State: selfheal.ChecksFailed, Commit: pr.Commit, Failed: []selfheal.Check{{Name: "build"}}}, nil
	}
	return selfheal.Checks{State: selfheal.ChecksPassed, Commit: pr.Commit}, nil
}

func (f *talking) Reviews(_ context.Context, _ selfheal.PullRequest, since time.Time) ([]selfheal.Review, error) {
	var all []selfheal.Review
	for _, r := range f.written {
		if !r.Time.Before(since) {
			all = append(all, r)
		}
	}
	return all, nil
}

func (f *talking) Comment(_ context.Context, _ selfheal.PullRequest, text string) error {
	f.said = append(f.said, text)
	return nil
}

func (f *talking) ReplaceBranch(ctx context.Context, dir, commit, branch string, ours []string) error {
	return f.Forge.(selfheal.BranchReplacer).ReplaceBranch(ctx, dir, commit, branch, ours)
}

// discussed is a world with an open pull request on a forge that talks.
func discussed(t *testing.T, also ...string) (*world, *pipeline.Pipeline, *talking, *selfheal.Incident) {
	t.Helper()
	w := newWorld(t, also...)
	f := &talking{failing: map[string]bool{}}
	p := w.open(t, func(s selfheal.Store, forge selfheal.Forge) (selfheal.Store, selfheal.Forge) {
		f.Forge = forge
		return s, f
	})
	incident := judge(t, w, p)
	if incident.Stage != selfheal.StageProposed {
		t.Fatalf("stopped at %s", incident.Stage)
	}
	return w, p, f, incident
}

func (f *talking) write(w *world, text string, writer bool) {
	f.written = append(f.written, selfheal.Review{ID: text, Author: "ada", Time: w.clock.Now(), Text: text, Writer: writer, Addressed: true})
}

func kinds(i *selfheal.Incident) []selfheal.EventType {
	var all []selfheal.EventType
	for _, e := range i.Events {
		all = append(all, e.Type)
	}
	return all
}

// TestRedChecksLeadToAnotherAttempt: the narrower branch takes the place of the
// first, in the same pull request; when that is red too, that is said, once.
func TestRedChecksLeadToAnotherAttempt(t *testing.T) {
	t.Parallel()
	w, p, f, first := discussed(t, "prices/also.go", "package prices\n")
	f.failing[first.Repair.Commit] = true
	next := run(t, p, first.Key)
	second := next.Incident
	if second.Stage != selfheal.StageProposed || second.Repair.Attempt != 2 || second.Repair.Commit == first.Repair.Commit ||
		second.PullRequest.Number != first.PullRequest.Number || second.PullRequest.Commit != second.Repair.Commit {
		t.Fatalf("%s, attempt %d, %+v", second.Stage, second.Repair.Attempt, second.PullRequest)
	}
	if second.Repair.Branch != first.Repair.Branch || pullRequests(t, w) != 1 {
		t.Errorf("branch %s, %d pull requests", second.Repair.Branch, pullRequests(t, w))
	}
	if !strings.Contains(second.PullRequest.Body, "Only what the commit did to") {
		t.Error("the text is that of the first attempt")
	}
	f.failing[second.Repair.Commit] = true
	for range 2 {
		next = run(t, p, first.Key)
	}
	if next.Incident.Stage != selfheal.StageProposed || len(f.said) != 1 || !strings.Contains(f.said[0], "Checks failed: `build`. No other attempt is made: no other way is left") {
		t.Errorf("%s, said %q", next.Incident.Stage, f.said)
	}
	if next.Incident.Repair.Attempt != 2 || next.Waiting == "" {
		t.Errorf("attempt %d, waiting %q", next.Incident.Repair.Attempt, next.Waiting)
	}
}

func TestNothingNarrowerIsSaid(t *testing.T) {
	t.Parallel()
	_, p, f, first := discussed(t)
	f.failing[first.Repair.Commit] = true
	next := run(t, p, first.Key)
	if next.Incident.Repair.Attempt != 1 || len(f.said) != 1 || !strings.Contains(f.said[0], "the same again") {
		t.Errorf("attempt %d, said %q", next.Incident.Repair.Attempt, f.said)
	}
}

// TestAttemptThatFailsItsProofKeepsTheFirst: what is worse is not pushed.
func TestAttemptThatFailsItsProofKeepsTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "prices/also.go", "package prices\n")
	f := &talking{failing: map[string]bool{}}
	p := w.open(t, func(s selfheal.Store, forge selfheal.Forge) (selfheal.Store, selfheal.Forge) {
		f.Forge = forge
		return s, f
	})
	assessment, err := p.Assess(t.Context(), w.plan(), w.sources())
	if err != nil {
		t.Fatal(err)
	}
	request := w.request()
	// It succeeds with all of the culprit, and with nothing of it.
	request.Intent.Verify = []string{"test ! -e prices/also.go || grep -q 'len(list)' prices/find.go"}
	incident, err := p.Open(t.Context(), assessment, request)
	if err != nil {
		t.Fatal(err)
	}
	first := run(t, p, incident.Key).Incident
	f.failing[first.Repair.Commit] = true
	next := run(t, p, incident.Key)
	if next.Incident.Stage != selfheal.StageProposed || next.Incident.Repair.Commit != first.Repair.Commit || len(f.said) != 1 {
		t.Errorf("%s, attempt %d, said %q", next.Incident.Stage, next.Incident.Repair.Attempt, f.said)
	}
}

func TestWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	f := func(name, text string, writer bool, check func(*testing.T, *talking, *selfheal.Incident)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p, forge, first := discussed(t, "prices/also.go", "package prices\n")
			forge.write(w, text, writer)
			var last *selfheal.Incident
			for range 2 {
				last = run(t, p, first.Key).Incident
			}
			check(t, forge, last)
		})
	}
	f("close", "I know better.\n/selfheal close", true, func(t *testing.T, _ *talking, i *selfheal.Incident) {
		if i.Stage != selfheal.StageClosed || !strings.Contains(i.Closed, "rejected") {
			t.Errorf("%s: %s", i.Stage, i.Closed)
		}
	})
	f("retry", "/selfheal retry please", true, func(t *testing.T, _ *talking, i *selfheal.Incident) {
		if i.Stage != selfheal.StageProposed || i.Repair.Attempt != 2 {
			t.Errorf("%s, attempt %d", i.Stage, i.Repair.Attempt)
		}
	})
	f("anything else", "@heal-bot rewrite it in Rust; /selfheal close", true, func(t *testing.T, forge *talking, i *selfheal.Incident) {
		if i.Stage != selfheal.StageProposed || len(forge.said) != 1 || !strings.Contains(forge.said[0], "/selfheal retry") {
			t.Errorf("%s, said %q", i.Stage, forge.said)
		}
	})
	f("a stranger", "/selfheal close", false, func(t *testing.T, forge *talking, i *selfheal.Incident) {
		if i.Stage != selfheal.StageProposed || len(forge.said) != 0 || slices.Contains(kinds(i), selfheal.EventFeedbackReceived) {
			t.Errorf("%s, said %q, events %v", i.Stage, forge.said, kinds(i))
		}
	})
}
