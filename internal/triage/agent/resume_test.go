package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/agent"
	"selfheal/internal/redact"
)

// TestTheSameQuestionIsPaidOnce: a step of the pipeline that is repeated after a crash
// finds its answer in the transcript, and asks nobody.
func TestTheSameQuestionIsPaidOnce(t *testing.T) {
	t.Parallel()
	h := twoHops(t)
	in := h.input()
	dir := t.TempDir()
	path := filepath.Join(dir, "play.yaml")
	judge := func(script string) selfheal.Verdict {
		t.Helper()
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(script, "CULPRIT", h.culprit)), 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := agent.New(agent.Config{
			Models: []agent.ModelConfig{{Name: "scripted", Provider: agent.Script, Path: path}},
			Roles:  map[string][]string{Role: {"scripted"}}, Dir: filepath.Join(dir, "transcripts"),
		}, redact.New().String)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Judge(t.Context(), m, in)
		if err != nil {
			t.Fatal(err)
		}
		v.Agent.Usage.Time = 0
		return v
	}
	first := judge(answer("line", "6") + answer())
	if first.Cause != selfheal.Caused || first.Agent.Usage.Turns != 2 {
		t.Fatalf("%s, %+v", first.Cause, first.Agent)
	}
	again := judge("- errors: [{message: nobody may be asked}]")
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("(-first +again):\n%s", diff)
	}
}

// FuzzSubmission: whatever a model submits, it is refused or blames a commit that was deployed.
func FuzzSubmission(f *testing.F) {
	f.Add([]byte(`{"cause":"caused","confidence":1e999}`))
	f.Add([]byte(`{"cause":"caused","confidence":1,"mechanism":"m","commit":"aaaaaaaaaaaa","path":"x.go","revision":"new","line":-1,"quote":"x","citations":[{"kind":"log","quote":"request names no tenant"}]}`))
	f.Add([]byte(`{"cause":"not_caused","confidence":1,"mechanism":"m","citations":[{"kind":"log","quote":"names no tenant"}]}`))
	f.Add([]byte(`{"citations":[{},{"kind":"log"}]} trailing`))
	in := Input{Verdict: selfheal.Verdict{Cause: selfheal.Inconclusive, Candidates: []selfheal.Candidate{{Commit: strings.Repeat("a", 40), Probability: 0.1}}}}
	in.Change.Commits = []selfheal.Commit{{ID: strings.Repeat("a", 40)}}
	in.Signatures = []selfheal.Signature{{ID: "s", Sample: selfheal.Sample{Text: noTenant}}}
	f.Fuzz(func(t *testing.T, text []byte) {
		if strings.Contains(string(text), `"code"`) {
			return // would read a repository
		}
		s, err := (&court{in: in}).check(t.Context(), text)
		if err != nil {
			return
		}
		if s.Cause == selfheal.Caused {
			t.Fatalf("a commit without files was blamed by %s", text)
		}
		if v, _ := merge(in.Verdict, s); v.Cause != selfheal.Inconclusive {
			t.Fatalf("%s became %s", text, v.Cause)
		}
	})
}
