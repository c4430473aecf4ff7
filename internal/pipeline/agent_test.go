package pipeline_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/agent"
	"selfheal/internal/pipeline"
	"selfheal/internal/redact"
	"selfheal/internal/repair"
)

// labelled is a forge at which people put labels on.
type labelled struct {
	talking
	labels []string
}

func (f *labelled) RefreshPullRequest(ctx context.Context, pr selfheal.PullRequest) (selfheal.PullRequest, error) {
	current, err := f.PullRequest(ctx, pr.Mark)
	current.Labels = append(current.Labels, f.labels...)
	return current, err
}

// scripted is a model that plays turns.
func scripted(t *testing.T, dir, turns string) selfheal.Model {
	t.Helper()
	path := filepath.Join(t.TempDir(), "turns.yaml")
	if err := os.WriteFile(path, []byte(turns), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := agent.New(agent.Config{
		Dir: dir, Models: []agent.ModelConfig{{Name: "script", Provider: "script", Path: path, Prices: &agent.Prices{Input: 1, Output: 1}}},
		Roles: map[string][]string{"fix": {"script"}}, Budget: selfheal.Budget{Turns: 12},
	}, redact.New().String)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// goodTurns look, repair, check and submit.
const goodTurns = `
- expect: ["count from the end", "panic: runtime error"]
  absent: ["hunter2hunter2"]
  calls:
  - {name: read_file, arguments: {path: prices/find.go}}
  - {name: git_log, arguments: {path: prices/find.go}}
- expect: ["list[len(list)]"]
  calls:
  - {name: edit_file, arguments: {path: prices/find.go, old: "list[len(list)]", new: "list[position]"}}
  - {name: run_check, arguments: {number: 1}}
  usage: {in: 1000000, out: 10}
- expect: ["exit code 0"]
  calls:
  - {name: submit_fix, arguments: {summary: "takes the position again", root_cause: "the index is the length", reproduction: "by the replay"}}
`

// answering is what the agent does about a comment.
const answering = `
- expect: ["please refuse unknown regions", "list[position]"]
  calls:
  - {name: edit_file, arguments: {path: prices/find.go, old: "// Find gives", new: "// Find gives, for known regions,"}}
- calls:
  - {name: submit_fix, arguments: {summary: "says which regions"}}
`

// byAgent gives a pipeline and a request that has the built-in agent write the fix.
func byAgent(t *testing.T, w *world, turns string) (*pipeline.Pipeline, pipeline.Request) {
	t.Helper()
	p, request := withAgent(t, w, "false", "agent")
	p.Agent, p.Fixer = nil, scripted(t, filepath.Join(w.state, "transcripts"), turns)
	return p, request
}

func TestTheAgentRepairs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, request := byAgent(t, w, goodTurns)
	i := repaired(t, w, p, request)
	if i.Stage != selfheal.StageProposed || i.Repair.Strategy != repair.StrategyAgent || i.PullRequest.Draft {
		t.Fatalf("stage %s, closed %q, repair %+v", i.Stage, i.Closed, i.Repair)
	}
	if a := i.Repair.Agent; a == nil || a.Usage.Turns != 3 || a.Usage.Dollars < 1 || a.Transcript == "" {
		t.Errorf("agent %+v", a)
	}
	for _, want := range []string{"a language model", "the index is the length", "3 turns"} {
		if !strings.Contains(i.PullRequest.Body, want) {
			t.Errorf("the body lacks %q:\n%s", want, i.PullRequest.Body)
		}
	}
}

// An agent that was killed goes on where it was: the edits are there again.
func TestAKilledAgentGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := strings.Replace(goodTurns, "- expect: [\"exit code 0\"]", "- expect: [\"is never shown\"]", 1)
	p, request := byAgent(t, w, first)
	path := filepath.Join(t.TempDir(), "turns.yaml") // both runs play the same file: the transcript knows it by its path
	write := func(text string) selfheal.Model {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := agent.New(agent.Config{Dir: filepath.Join(w.state, "transcripts"), Models: []agent.ModelConfig{{Name: "script", Provider: "script", Path: path}},
			Roles: map[string][]string{"fix": {"script"}}}, redact.New().String)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	p.Fixer = write(first)
	if i := repaired(t, w, p, request); !strings.Contains(i.Closed, "no model could be asked") {
		t.Fatalf("stage %s, closed %q", i.Stage, i.Closed)
	}
	p.Fixer = write(goodTurns)
	request.Intent.Timeout++ // asked once more
	i := repaired(t, w, p, request)
	if i.Stage != selfheal.StageProposed || i.Repair.Agent.Usage.Turns != 3 || !strings.Contains(i.Repair.Patch, "+\treturn list[position]") {
		t.Errorf("stage %s, closed %q, repair %+v", i.Stage, i.Closed, i.Repair)
	}
}

// What people write to the pull request in their own words is a second commit.
func TestACommentIsASecondCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, request := byAgent(t, w, goodTurns)
	chat := &labelled{talking: talking{Forge: p.Forge}}
	p.Forge = chat
	i := repaired(t, w, p, request)
	if i.Stage != selfheal.StageProposed {
		t.Fatalf("stage %s, closed %q", i.Stage, i.Closed)
	}
	chat.written = []selfheal.Review{{ID: "1", Author: "ada", Time: w.clock.Now(), Writer: true, Addressed: true, Text: "@selfheal please refuse unknown regions"}}
	p.Fixer = scripted(t, filepath.Join(w.state, "transcripts"), answering)
	next := run(t, p, i.Key)
	second := next.Incident.Repair
	if second.Attempt != 2 || next.Incident.Stage != selfheal.StageProposed || second.Agent == nil || next.Incident.PullRequest.Number != i.PullRequest.Number {
		t.Fatalf("stage %s, answer %+v, repair %+v", next.Incident.Stage, next.Incident.Feedback, second)
	}
	workspace, err := p.Work.Workspace(t.Context(), w.repository.Dir)
	if err != nil {
		t.Fatal(err)
	}
	out, err := workspace.Run(t.Context(), "rev-list", w.head+".."+second.Commit)
	if err != nil || len(strings.Fields(string(out))) != 2 || !strings.Contains(string(out), i.Repair.Commit) {
		t.Errorf("commits %s, error %v", out, err)
	}
}

// The label ends selfheal's work on a pull request.
func TestTheLabelKeepsSelfhealAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, request := byAgent(t, w, goodTurns)
	chat := &labelled{talking: talking{Forge: p.Forge}}
	p.Forge = chat
	i := repaired(t, w, p, request)
	chat.labels = []string{pipeline.LabelOff}
	chat.written = []selfheal.Review{{ID: "1", Author: "ada", Time: w.clock.Now(), Writer: true, Addressed: true, Text: "@selfheal again"}}
	if next := run(t, p, i.Key); next.Incident.Repair.Attempt != 1 || !strings.Contains(next.Waiting, "no-selfheal") {
		t.Errorf("waiting %q, attempt %d", next.Waiting, next.Incident.Repair.Attempt)
	}
}

// Each brake stops, says which it is and until when.
func TestBrakes(t *testing.T) {
	t.Parallel()
	f := func(name string, limits pipeline.Limits, want string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p, request := byAgent(t, w, goodTurns)
			first := repaired(t, w, p, request)
			if first.Stage != selfheal.StageProposed {
				t.Fatalf("stage %s", first.Stage)
			}
			if limits.Failures > 0 {
				if _, err := p.Run(t.Context(), first.Key); err != nil {
					t.Fatal(err)
				}
				if err := w.forge.ClosePullRequest(t.Context(), first.PullRequest.Mark, "no"); err != nil {
					t.Fatal(err)
				}
				run(t, p, first.Key)
			}
			p.Limits = limits
			plan := w.plan()
			plan.Deploy.Environment = "staging"
			assessment, err := p.Assess(t.Context(), plan, w.sources())
			if err != nil {
				t.Fatal(err)
			}
			second, err := p.Open(t.Context(), assessment, request)
			if err != nil {
				t.Fatal(err)
			}
			next := run(t, p, second.Key)
			if got := next.Waiting + next.Incident.Closed; next.Incident.PullRequest != nil || !strings.Contains(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			all, err := p.Brakes(t.Context())
			if err != nil || len(all) != 1 || !all[0].On {
				t.Errorf("brakes %+v, error %v", all, err)
			}
		})
	}
	until := deployed.Add(26 * time.Hour).Format("until 2006-01-02T15:04")
	f("per day", pipeline.Limits{PullRequestsPerDay: 1}, `"pull requests per day" is on: 1 of 1, `+until)
	f("open", pipeline.Limits{OpenPullRequests: 1}, `"open pull requests" is on: 1 of 1, until one of them is merged or closed`)
	f("money", pipeline.Limits{DollarsPerDay: 0.5}, `"dollars per day" is on: `+fmt.Sprint(1)) // 1.00xxx of 0.5
	f("breaker", pipeline.Limits{Failures: 1, Pause: time.Hour}, `"failures in a row" is on: 1 of 1, `+deployed.Add(3*time.Hour).Format("until 2006-01-02T15:04"))
}
