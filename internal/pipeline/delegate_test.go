//go:build unix

package pipeline_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/pipeline"
	"selfheal/internal/repair"
)

// agency is a coding agent elsewhere, and the forge that it pushes to: the user's
// repository itself, where its branch lies.
type agency struct {
	selfheal.Forge
	w       *world
	answer  selfheal.Delegated
	asked   []selfheal.Assignment
	closed  []string
	closing error
	away    error // of the agent
}

func (a *agency) Work(_ context.Context, asked selfheal.Assignment) (selfheal.Delegated, error) {
	a.asked = append(a.asked, asked)
	return a.answer, a.away
}

func (a *agency) Contribution(context.Context, int) (selfheal.PullRequest, error) {
	return a.answer.PullRequest, nil
}

func (a *agency) Contributed(context.Context, time.Time) ([]selfheal.PullRequest, error) {
	return nil, nil
}

func (a *agency) FetchContribution(_ context.Context, _ string, pr selfheal.PullRequest) (tip, target string, err error) {
	resolve := func(branch string) string { return strings.TrimSpace(a.w.repository.Git("rev-parse", branch)) }
	if pr.Source == "gone" {
		return "", "", selfheal.NotFoundf("", "gone")
	}
	return resolve(pr.Source), resolve(pr.Target), nil
}

func (a *agency) CloseContribution(_ context.Context, pr selfheal.PullRequest, reason string) error {
	a.closed = append(a.closed, fmt.Sprint(pr.Number, " ", reason))
	return a.closing
}

// withAgency gives a pipeline whose agent has pushed a branch that begins at main,
// which is ahead of what is deployed.
func withAgency(t *testing.T, w *world, files ...string) (*agency, *pipeline.Pipeline, pipeline.Request) {
	t.Helper()
	a := &agency{w: w}
	p, request := withAgent(t, w, "false", "open-swe")
	w.repository.Commit("later: not deployed", "later.txt", "1\n")
	w.repository.Git("checkout", "--quiet", "-b", "open-swe/fix")
	w.repository.Commit("fix", files...)
	w.repository.Git("checkout", "--quiet", "main")
	w.repository.Commit("later still", "later.txt", "2\n")
	a.answer = selfheal.Delegated{
		Run: "thread 1", Took: time.Minute, Said: "Opened it, @ada.",
		PullRequest: selfheal.PullRequest{Number: 7, URL: "https://forge.example/pull/7", Source: "open-swe/fix", Target: "main", State: selfheal.PullRequestOpen, Body: "hostile"},
	}
	a.Forge = p.Forge
	p.Forge = a
	p.Delegates = map[string]pipeline.Delegation{"open-swe": {Delegate: a, Guards: repair.Guards{MaxLines: 400, MaxFiles: 20}}}
	return a, p, request
}

var fixed = []string{"prices/find.go", fmt.Sprintf(findFile, "position")}

func TestAnAgentElsewhereRepairs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, p, request := withAgency(t, w, fixed...)
	i := repaired(t, w, p, request)
	if i.Stage != selfheal.StageProposed || i.Repair.Strategy != repair.StrategyOpenSWE || i.PullRequest.Draft || !i.Repair.Proven() {
		t.Fatalf("stage %s, %s, repair %+v", i.Stage, i.Closed, i.Repair)
	}
	if strings.Contains(i.Repair.Patch, "later.txt") || !strings.Contains(i.Repair.Patch, "+\treturn list[position]") {
		t.Errorf("the branch holds more or less than the fix:\n%s", i.Repair.Patch)
	}
	if !strings.HasPrefix(i.PullRequest.Source, "selfheal/") || i.Repair.Base != w.head {
		t.Errorf("branch %s on %s", i.PullRequest.Source, i.Repair.Base)
	}
	if len(a.closed) != 1 || !strings.HasPrefix(a.closed[0], "7 What this changes is proposed by "+i.PullRequest.URL) {
		t.Errorf("closed %q", a.closed)
	}
	for _, want := range []string{"written by a coding agent elsewhere", "`https://forge.example/pull/7`", "Opened it, @ada."} {
		if !strings.Contains(i.PullRequest.Body, want) {
			t.Errorf("the description lacks %q:\n%s", want, i.PullRequest.Body)
		}
	}
	task := a.asked[0]
	for _, want := range []string{task.Revision, task.Branch, task.Mark(), "index out of range", "At most 400 lines in 20 files"} {
		if !strings.Contains(task.Task, want) {
			t.Errorf("the task lacks %q:\n%s", want, task.Task)
		}
	}
	if task.Revision != w.head || !strings.HasPrefix(task.ID, i.Key+"/") || !task.Carries("x\n"+task.Mark()+"\n") || task.Carries("> "+task.Mark()) {
		t.Errorf("assignment %+v", task)
	}
}

// TestWhatAnAgentElsewhereCannot: nothing is believed that the agent says.
func TestWhatAnAgentElsewhereCannot(t *testing.T) {
	t.Parallel()
	f := func(name string, files []string, change func(*agency, *pipeline.Pipeline, *pipeline.Request), want string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a, p, request := withAgency(t, w, files...)
			change(a, p, &request)
			i := repaired(t, w, p, request)
			if i.PullRequest != nil || !strings.Contains(i.Closed, want) || len(a.closed) > 0 {
				t.Errorf("stage %s, closed %q, want %q", i.Stage, i.Closed, want)
			}
		})
	}
	none := func(*agency, *pipeline.Pipeline, *pipeline.Request) {}
	f("what a guard refuses", append([]string{".github/workflows/ci.yml", "on: push\n"}, fixed...), none,
		"in https://forge.example/pull/7, what Open SWE changed is refused by forbidden-path")
	f("what does not repair", []string{"prices/find.go", fmt.Sprintf(findFile, "len(list)+1")}, none, "on the branch the command")
	f("what changes nothing", []string{"later.txt", "1\n", "empty.txt", ""}, func(a *agency, _ *pipeline.Pipeline, _ *pipeline.Request) {
		a.answer.PullRequest.Source = "main"
	}, "changes nothing")
	f("a branch that is gone", fixed, func(a *agency, _ *pipeline.Pipeline, _ *pipeline.Request) { a.answer.PullRequest.Source = "gone" }, "is gone")
	f("one that was merged", fixed, func(a *agency, _ *pipeline.Pipeline, _ *pipeline.Request) {
		a.answer.PullRequest.State = selfheal.PullRequestMerged
	}, "was merged before anything was proven")
	f("one that was closed", fixed, func(a *agency, _ *pipeline.Pipeline, _ *pipeline.Request) {
		a.answer.PullRequest.State = selfheal.PullRequestClosed
	}, "was closed")
	f("none", fixed, func(a *agency, _ *pipeline.Pipeline, _ *pipeline.Request) {
		a.answer = selfheal.Delegated{Failure: "Open SWE opened no pull request"}
	}, "opened no pull request")
	f("a dry run", fixed, func(_ *agency, _ *pipeline.Pipeline, r *pipeline.Request) { r.Intent.DryRun = true }, "a dry run asks no agent elsewhere")
	f("an agent that is not configured", fixed, func(_ *agency, p *pipeline.Pipeline, _ *pipeline.Request) { p.Delegates = nil }, "Open SWE is not configured")
	f("a forge that cannot", fixed, func(a *agency, p *pipeline.Pipeline, _ *pipeline.Request) { p.Forge = a.Forge }, "the forge cannot bring in")
	f("what does not fit any more", []string{"later.txt", "1\nand a line\n"}, none, "does not fit on the deployed revision: later.txt")
}

// Where the agent's own pull request cannot be closed, the reader learns of it.
func TestTheirPullRequestStaysOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, p, request := withAgency(t, w, fixed...)
	a.closing = &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "403"}
	i := repaired(t, w, p, request)
	if i.Stage != selfheal.StageProposed || len(i.PullRequest.Notes) != 1 || !strings.Contains(i.PullRequest.Notes[0], "is still open beside it: 403") {
		t.Errorf("stage %s, notes %q", i.Stage, i.PullRequest.Notes)
	}
}

// An agent that is away does not keep the next strategy from its turn; asked alone,
// it is asked again by the next run.
func TestAnAgentElsewhereIsAway(t *testing.T) {
	t.Parallel()
	away := &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "Open SWE cannot be reached"}
	w := newWorld(t)
	a, p, request := withAgency(t, w, fixed...)
	a.away = away
	request.Intent.Strategies = []string{"open-swe", "revert"}
	i := repaired(t, w, p, request)
	if i.Stage != selfheal.StageProposed || !strings.HasPrefix(i.Repair.Strategy, repair.StrategyRevert) || len(i.Repair.Tried) != 1 || !strings.Contains(i.Repair.Tried[0].Reason, "cannot be reached") {
		t.Errorf("stage %s, %s, repair %+v", i.Stage, i.Closed, i.Repair)
	}
	w = newWorld(t)
	a, p, request = withAgency(t, w, fixed...)
	a.away = away
	assessment, err := p.Assess(t.Context(), w.plan(), w.sources())
	if err != nil {
		t.Fatal(err)
	}
	incident, err := p.Open(t.Context(), assessment, request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Run(t.Context(), incident.Key); selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Fatalf("error %v", err)
	}
	a.away = nil
	if i := repaired(t, w, p, request); i.Stage != selfheal.StageProposed || i.Repair.Strategy != repair.StrategyOpenSWE || a.asked[0].ID != a.asked[1].ID {
		t.Errorf("afterwards: stage %s, %s", i.Stage, i.Closed)
	}
}
