//go:build unix

package repair

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

// call is one thing that a scripted agent does.
type call struct {
	tool string
	args map[string]any
}

// scripted is a model that makes calls, however they are answered, until the task is
// submitted; a call for which cut says so is the last, as if the process was killed.
type scripted struct {
	calls  []call
	turns  int // at most; 20 by default
	cut    int // of which call nothing comes back; 0 for none
	said   []string
	shown  string
	failed error
}

func (s *scripted) Run(ctx context.Context, task selfheal.Task) (selfheal.Answer, error) {
	answer := selfheal.Answer{Model: "scripted", Stopped: selfheal.StopSilent}
	for _, section := range task.Evidence {
		s.shown += section.Title + "\n" + section.Text + "\n"
	}
	if s.failed != nil {
		return answer, s.failed
	}
	tools := map[string]selfheal.Tool{task.Submit.Name: task.Submit}
	for _, tool := range task.Tools {
		tools[tool.Name] = tool
	}
	for i, c := range s.calls {
		if answer.Usage.Turns++; s.turns > 0 && answer.Usage.Turns > s.turns {
			answer.Stopped = selfheal.StopTurns
			return answer, nil
		}
		text, err := json.Marshal(c.args)
		if err != nil {
			return answer, err
		}
		out, err := tools[c.tool].Run(ctx, text)
		if err != nil {
			out = "refused: " + err.Error()
		}
		s.said = append(s.said, out)
		if s.cut > 0 && i+1 == s.cut {
			return answer, context.Canceled
		}
		if c.tool == task.Submit.Name && err == nil {
			answer.Stopped, answer.JSON = selfheal.StopSubmitted, text
			return answer, nil
		}
	}
	return answer, nil
}

func rewrite(path, old, replaced string) call {
	return call{"edit_file", map[string]any{"path": path, "old": old, "new": replaced}}
}

func create(path, content string) call {
	return call{"create_file", map[string]any{"path": path, "content": content}}
}

func submit() call {
	return call{"submit_fix", map[string]any{"summary": "the state is good again", "root_cause": "it was bad", "not_done": "nothing"}}
}

func fixer(m selfheal.Model) Fixer {
	return Fixer{Model: m, Guards: Guards{MaxLines: DefaultMaxLines, MaxFiles: DefaultMaxFiles}}
}

func prepareAgent(t *testing.T, in Input, m selfheal.Model) selfheal.Repair {
	t.Helper()
	r, err := PrepareAgent(t.Context(), in, fixer(m), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAgentFixes(t *testing.T) {
	t.Parallel()
	in := repairable(t, "")
	in.Incident.Opened.Intent.Verify = []string{"test -f state_test.go"}
	m := &scripted{calls: []call{
		{"list_files", map[string]any{"folder": ""}}, {"read_file", map[string]any{"path": "state"}},
		{"search", map[string]any{"text": "bad"}}, {"history", map[string]any{"path": "state"}},
		{"run_check", map[string]any{"number": 1}},
		rewrite("state", "bad", "good"),
		{"run_check", map[string]any{"number": 1}}, {"diff", map[string]any{}}, submit(),
	}}
	r := prepareAgent(t, in, m)
	if r.Failure != "" || r.Strategy != StrategyAgent || r.Usage == nil || r.Usage.Turns != 9 {
		t.Fatalf("failure %q, repair %+v; said %q", r.Failure, r, m.said)
	}
	if !strings.HasPrefix(m.said[4], "exit code 1") || !strings.HasPrefix(m.said[6], "exit code 0") {
		t.Errorf("the check said %q before the edit and %q after it", m.said[4], m.said[6])
	}
	if got := files(t, in, r.Commit)["state"]; got != "good\n" {
		t.Errorf("state is %q on the branch", got)
	}
	for _, told := range []string{"the state is <word>", "Run the tests.", "grep good state"} {
		if !strings.Contains(m.shown, told) {
			t.Errorf("the agent is not shown %q", told)
		}
	}
	proven, err := Prove(t.Context(), in, r)
	if err != nil || !proven.Proven() {
		t.Errorf("proofs %+v, error %v; want it proven", proven.Proofs, err)
	}
}

// What a lazy, a wrong and a malicious agent does ends in a named guard or limit, and
// in no branch.
func TestAgentThatIsStopped(t *testing.T) {
	t.Parallel()
	fix := rewrite("state", "bad", "good")
	f := func(name string, m *scripted, said, failure string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := repairable(t, "")
			r := prepareAgent(t, in, m)
			if r.Commit != "" || !strings.Contains(r.Failure, failure) {
				t.Errorf("commit %q, failure %q; want %q", r.Commit, r.Failure, failure)
			}
			if all := strings.Join(m.said, "\n"); !strings.Contains(all, said) {
				t.Errorf("it was told %q, want %q in it", all, said)
			}
		})
	}
	const silent = "came to no fix (no answer)"
	f("claims success", &scripted{calls: []call{submit()}}, "nothing was changed", silent)
	f("gives up", &scripted{}, "", silent)
	f("loops for ever", &scripted{turns: 5, calls: repeated(call{"list_files", map[string]any{}}, 50)}, "state", "came to no fix (turn limit)")
	f("weakens the test", &scripted{calls: []call{fix, rewrite("state_test.go", `t.Fatal("bad")`, `_ = 1`), submit()}}, GuardTestWeakened, silent)
	f("empties the test", &scripted{calls: []call{fix, rewrite("state_test.go", "func TestState", "func helper"), submit()}}, "refused by test-", silent)
	f("edits the workflows", &scripted{calls: []call{fix, rewrite(".github/workflows/ci.yml", "on: push", "on: never"), submit()}}, GuardForbiddenPath, silent)
	f("adds a secret", &scripted{calls: []call{fix, create("key.txt", "AKIA"+"IOSFODNN7EXAMPLF\naws_secret_access_key = "+strings.Repeat("wJalrXUtnFEMI7", 3)+"\n"), submit()}}, GuardSecretAdded, silent)
	f("writes what it may not see", &scripted{calls: []call{rewrite("state", "bad", "[redacted:token]"), submit()}}, GuardSecretAdded, silent)
	f("writes outside", &scripted{calls: []call{create("../outside", "x"), create("/etc/passwd", "x"), create("a/../../x", "x"), submit()}}, GuardOutside, silent)
	f("writes a hook", &scripted{calls: []call{create(".git/hooks/pre-commit", "x"), create("sub/.GIT/config", "x"), submit()}}, GuardOutside, silent)
	f("changes too much", &scripted{calls: []call{create("many.txt", strings.Repeat("line\n", 2000)), submit()}}, GuardTooLarge, silent)
	f("cannot be asked", &scripted{failed: &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "no answer"}}, "", "no model could be asked")
}

func repeated(c call, n int) []call {
	all := make([]call, n)
	for i := range all {
		all[i] = c
	}
	return all
}

// The checks that an agent has run reach neither the network nor anything outside.
func TestAgentChecksAreConfined(t *testing.T) {
	t.Parallel()
	if unconfinable() {
		t.Skip("SKIPPED: nothing can be confined on this machine")
	}
	in := repairable(t, "")
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("a secret of the machine"), 0o600); err != nil {
		t.Fatal(err)
	}
	in.Incident.Opened.Intent.Replay = []string{"cat " + outside + "; echo x > " + outside + "; exit 7"}
	m := &scripted{calls: []call{{"run_check", map[string]any{"number": 1}}, {"run_check", map[string]any{"number": 2}}}}
	prepareAgent(t, in, m)
	left, err := os.ReadFile(outside)
	if strings.Contains(m.said[0], "a secret") || !strings.HasPrefix(m.said[0], "exit code 7") || err != nil || string(left) != "a secret of the machine" {
		t.Errorf("the check said %q; outside there is %q, error %v", m.said[0], left, err)
	}
	if !strings.Contains(m.said[1], "there are 1 commands") {
		t.Errorf("a command that nobody configured: %q", m.said[1])
	}
}

// A run that is killed after any call goes on with the edits that it had made, and
// ends in the same commit.
func TestAgentIsKilled(t *testing.T) {
	t.Parallel()
	calls := []call{rewrite("state", "bad", "fine"), create("notes.txt", "why\n"), rewrite("state", "fine", "good"), submit()}
	whole := prepareAgent(t, repairable(t, ""), &scripted{calls: calls})
	if whole.Failure != "" {
		t.Fatal(whole.Failure)
	}
	for cut := 1; cut < len(calls); cut++ {
		t.Run(fmt.Sprint("after call ", cut), func(t *testing.T) {
			t.Parallel()
			in := repairable(t, "")
			prepareAgent(t, in, &scripted{calls: calls, cut: cut})
			// The last call may run a second time.
			again := prepareAgent(t, in, &scripted{calls: calls[cut-1:]})
			if again.Failure != "" {
				t.Fatal(again.Failure)
			}
			if diff := cmp.Diff(files(t, in, again.Commit)["state"], "good\n"); diff != "" || files(t, in, again.Commit)["notes.txt"] != "why\n" {
				t.Errorf("files %v", files(t, in, again.Commit))
			}
		})
	}
}

// Another attempt goes on from the branch that people did not like, and is told what they said.
func TestAgentTriesAgain(t *testing.T) {
	t.Parallel()
	in := repairable(t, "")
	first := prepareAgent(t, in, &scripted{calls: []call{rewrite("state", "bad", "good"), submit()}})
	m := &scripted{calls: []call{create("README.md", "# state\n"), submit()}}
	said := []selfheal.Section{{Title: "What a reviewer said of the last attempt", Text: "please document it"}}
	second, err := PrepareAgent(t.Context(), in, fixer(m), &first, said)
	if err != nil || second.Failure != "" {
		t.Fatalf("failure %q, error %v", second.Failure, err)
	}
	if second.Attempt != 2 || second.Branch != first.Branch || !strings.Contains(m.shown, "please document it") {
		t.Errorf("attempt %d on %s; shown %q", second.Attempt, second.Branch, m.shown)
	}
	out, err := in.Workspace.Run(t.Context(), "rev-list", "--count", first.Base+".."+second.Commit)
	if err != nil || strings.TrimSpace(string(out)) != "2" {
		t.Errorf("%s commits on the branch, error %v; want two", out, err)
	}
	if got := files(t, in, second.Commit); got["state"] != "good\n" || got["README.md"] == "" {
		t.Errorf("files %v", got)
	}
}

func TestReplaceLines(t *testing.T) {
	t.Parallel()
	in := repairable(t, "")
	replace := func(start, end int, first, text string) call {
		return call{"replace_lines", map[string]any{"path": "state_test.go", "start": start, "end": end, "first": first, "new": text}}
	}
	m := &scripted{calls: []call{
		replace(3, 3, "something else", "x"), replace(90, 91, "x", "y"),
		replace(1, 2, "package a", "package a\n\n// State is tested.\n"), rewrite("state", "bad", "good"), submit(),
	}}
	r := prepareAgent(t, in, m)
	if !strings.Contains(m.said[0], "reads otherwise") || !strings.Contains(m.said[1], "lines") || m.said[2] != "done" {
		t.Errorf("it was told %q", m.said)
	}
	if got := files(t, in, r.Commit)["state_test.go"]; !strings.HasPrefix(got, "package a\n\n// State is tested.\nfunc TestState") {
		t.Errorf("failure %q, file %q", r.Failure, got)
	}
}
