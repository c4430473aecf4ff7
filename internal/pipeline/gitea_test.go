package pipeline_test

import (
	"path/filepath"
	"strings"
	"testing"

	"selfheal"
	"selfheal/internal/forge/forgetest"
	"selfheal/internal/forge/gitea"
	"selfheal/internal/forge/gitea/giteatest"
	"selfheal/internal/httpx"
	"selfheal/internal/pipeline"
	"selfheal/internal/repair"
)

// onGitea is a world whose repository is on a real Gitea.
func onGitea(t *testing.T) (*world, *giteatest.Repository) {
	t.Helper()
	giteatest.Need(t, realGitea)
	w := newWorld(t)
	return w, realGitea.Repository(t, w.repository.Dir, func(t testing.TB, url, name string) selfheal.Forge {
		forge, err := gitea.New(gitea.Config{URL: url, Repository: name, Token: httpx.Secret(realGitea.Token()), Review: "blame"})
		if err != nil {
			t.Fatal(err)
		}
		return forge
	})
}

// machine is a pipeline on another machine: nothing is known there but what the forge knows.
func machine(t *testing.T, w *world, on *giteatest.Repository) *pipeline.Pipeline {
	t.Helper()
	other := *w
	other.state = t.TempDir()
	return other.open(t, func(s selfheal.Store, _ selfheal.Forge) (selfheal.Store, selfheal.Forge) { return s, on.Open(t) })
}

// judge takes the world from its logs as far as it goes by itself.
func judge(t *testing.T, w *world, p *pipeline.Pipeline) *selfheal.Incident {
	t.Helper()
	assessment, err := p.Assess(t.Context(), w.plan(), w.sources())
	if err != nil {
		t.Fatal(err)
	}
	incident, err := p.Open(t.Context(), assessment, w.request())
	if err != nil {
		t.Fatal(err)
	}
	return run(t, p, incident.Key).Incident
}

func run(t *testing.T, p *pipeline.Pipeline, key string) pipeline.Next {
	t.Helper()
	next, err := p.Run(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// TestStoryOnGitea: a deploy with a bug leads to one pull request whose branch
// takes the bug back; merged, it waits for the deploy, and then heals.
func TestStoryOnGitea(t *testing.T) {
	t.Parallel()
	w, on := onGitea(t)
	p := machine(t, w, on)
	first := judge(t, w, p)
	if first.Stage != selfheal.StageProposed || first.PullRequest.Number != 1 || first.PullRequest.Draft {
		t.Fatalf("%s, %+v", first.Stage, first.PullRequest)
	}
	w.repository.Git("fetch", "--quiet", on.Remote(), first.Repair.Branch)
	if text := w.repository.Git("show", "FETCH_HEAD:prices/find.go"); !strings.Contains(text, "list[position]") {
		t.Errorf("the branch does not take the bug back:\n%s", text)
	}
	if message := w.repository.Git("log", "-1", "--format=%B", "FETCH_HEAD"); !strings.Contains(message, "\nSigned-off-by: ") || !strings.Contains(message, "\nSelfheal-Incident: ") {
		t.Errorf("the commit lacks its trailers:\n%s", message)
	}
	if got := first.PullRequest.Reviewers; len(got) != 1 || got[0] != "ada" {
		t.Errorf("asked for a review: %v, notes %q", got, first.PullRequest.Notes)
	}

	if again := judge(t, w, p); again.PullRequest.Number != 1 || again.Stage != selfheal.StageProposed {
		t.Errorf("a second run: %s, %+v", again.Stage, again.PullRequest)
	}
	if other := judge(t, w, machine(t, w, on)); other.PullRequest.Number != 1 {
		t.Errorf("another machine opened another: %+v", other.PullRequest)
	}
	listed, err := on.Open(t).(selfheal.PullRequestLister).PullRequests(t.Context(), 0)
	if err != nil || len(listed) != 1 {
		t.Fatalf("%d pull requests, error %v", len(listed), err)
	}

	on.Merge(t, 1)
	next := run(t, p, first.Key)
	if next.Incident.Stage != selfheal.StageMerged || !strings.Contains(next.Waiting, "waits to be deployed") {
		t.Fatalf("%s, waiting %q", next.Incident.Stage, next.Waiting)
	}
	fix := selfheal.Deploy{Service: "shop", Environment: "production", Revision: next.Incident.PullRequest.Merged, Previous: w.head, Time: deployed.Add(2 * 3600e9)}
	if err := p.ObserveFix(t.Context(), first.Key, fix, logged(fix.Time, 3600e9, 60e9, "INFO", "order {n} placed")); err != nil {
		t.Fatal(err)
	}
	if next = run(t, p, first.Key); !next.Done || next.Incident.Outcome.State != selfheal.OutcomeHealed {
		t.Errorf("ended as %+v", next.Incident.Outcome)
	}
}

// TestRejectedOnGitea: what people closed is not opened again, by no machine.
func TestRejectedOnGitea(t *testing.T) {
	t.Parallel()
	w, on := onGitea(t)
	p := machine(t, w, on)
	first := judge(t, w, p)
	on.Reject(t, first.PullRequest.Number)
	if next := run(t, p, first.Key); !next.Done || !strings.Contains(next.Incident.Closed, "rejected") {
		t.Errorf("%s: %s", next.Incident.Stage, next.Incident.Closed)
	}
	if other := judge(t, w, machine(t, w, on)); other.Stage != selfheal.StageClosed || !strings.Contains(other.Closed, "rejected") {
		t.Errorf("another machine: %s: %s", other.Stage, other.Closed)
	}
}

// TestSupersededOnGitea: production healed by another deploy closes what nobody needs.
func TestSupersededOnGitea(t *testing.T) {
	t.Parallel()
	w, on := onGitea(t)
	p := machine(t, w, on)
	first := judge(t, w, p)
	another := w.repository.Commit("prices: another way", "prices/find.go", strings.ReplaceAll(findFile, "%s", "position"))
	fix := selfheal.Deploy{Service: "shop", Environment: "production", Revision: another, Previous: w.head, Time: deployed.Add(2 * 3600e9)}
	if err := p.ObserveFix(t.Context(), first.Key, fix, logged(fix.Time, 3600e9, 60e9, "INFO", "order {n} placed")); err != nil {
		t.Fatal(err)
	}
	if next := run(t, p, first.Key); !next.Done || next.Incident.Outcome.State != selfheal.OutcomeHealed {
		t.Fatalf("ended as %+v", next.Incident.Outcome)
	}
	found, err := on.Open(t).PullRequest(t.Context(), first.PullRequest.Mark)
	if err != nil || found.State != selfheal.PullRequestClosed {
		t.Errorf("%s, error %v", found.State, err)
	}
}

// TestTheAgentOnGitea: from a deploy with a bug to an open pull request whose branch
// repairs it, a second commit after a comment, and the merge.
func TestTheAgentOnGitea(t *testing.T) {
	t.Parallel()
	w, on := onGitea(t)
	byAgent := func(turns string) *pipeline.Pipeline {
		p := machine(t, w, on)
		p.Fixer = scripted(t, filepath.Join(w.state, "transcripts"), turns)
		p.Guards = repair.Guards{MaxLines: repair.DefaultMaxLines, MaxFiles: repair.DefaultMaxFiles}
		return p
	}
	p := byAgent(goodTurns)
	_, request := withAgent(t, w, "false", "agent")
	take := func(p *pipeline.Pipeline) *selfheal.Incident {
		assessment, err := p.Assess(t.Context(), w.plan(), w.sources())
		if err != nil {
			t.Fatal(err)
		}
		incident, err := p.Open(t.Context(), assessment, request)
		if err != nil {
			t.Fatal(err)
		}
		return run(t, p, incident.Key).Incident
	}
	first := take(p)
	if first.Stage != selfheal.StageProposed || first.PullRequest.Number != 1 || first.PullRequest.Draft || first.Repair.Strategy != repair.StrategyAgent {
		t.Fatalf("%s %s, %+v", first.Stage, first.Closed, first.PullRequest)
	}
	w.repository.Git("fetch", "--quiet", on.Remote(), first.Repair.Branch)
	if text := w.repository.Git("show", "FETCH_HEAD:prices/find.go"); !strings.Contains(text, "list[position]") {
		t.Errorf("the branch does not repair it:\n%s", text)
	}
	if again := take(p); again.PullRequest.Number != 1 {
		t.Errorf("a second run: %+v", again.PullRequest)
	}
	if other := take(byAgent(goodTurns)); other.PullRequest.Number != 1 {
		t.Errorf("another machine opened another: %+v", other.PullRequest)
	}

	on.Say(t, 1, forgetest.Writer, "@"+giteatest.Bot+" please refuse unknown regions")
	p.Fixer = scripted(t, filepath.Join(w.state, "transcripts"), answering)
	next := run(t, p, first.Key)
	w.repository.Git("fetch", "--quiet", on.Remote(), first.Repair.Branch)
	if commits := strings.Fields(w.repository.Git("rev-list", w.head+"..FETCH_HEAD")); len(commits) != 2 || next.Incident.Repair.Attempt != 2 {
		t.Errorf("commits %v, attempt %d, feedback %+v", commits, next.Incident.Repair.Attempt, next.Incident.Feedback)
	}

	on.Merge(t, 1)
	if next = run(t, p, first.Key); next.Incident.Stage != selfheal.StageMerged || !strings.Contains(next.Waiting, "waits to be deployed") {
		t.Errorf("%s, waiting %q", next.Incident.Stage, next.Waiting)
	}
}
