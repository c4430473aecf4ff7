package agent

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/agent"
	"selfheal/internal/git"
	"selfheal/internal/git/gittest"
	"selfheal/internal/redact"
	"selfheal/internal/triage"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	shopMain = `package main

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/cart", handleCart)
	log.Fatal(http.ListenAndServe(":8080", nil))
}

func handleCart(w http.ResponseWriter, r *http.Request) {
	cart, err := loadCart(r.Context(), customerOf(r))
	if err != nil {
		log.Printf("cannot load the cart of this tenant: %v", err)
		return
	}
	fmt.Fprintln(w, cart)
}

func loadCart(ctx context.Context, tenant string) (string, error) {
	if tenant == "" {
		return "", fmt.Errorf("request names no tenant")
	}
	return tenant, nil
}
`
	shopRequest = `package main

import (
	"net/http"

	"example.com/shop/text"
)

func customerOf(r *http.Request) string {
	return text.Neat(r.URL.Query().Get("id"))
}
`
	shopText = `package text

import "strings"

// Neat tidies up.
func Neat(s string) string {
	return strings.TrimSpace(s)
}
`
	noTenant = "2026/03/02 09:00:00 cannot load the cart of this tenant: request names no tenant"
	broken   = `	return strings.Trim(s, "0123456789-")`
)

// hearing is one case with its repository.
type hearing struct {
	t          *testing.T
	f          *gittest.Repository
	base, head string
	culprit    string
	texts      []string
}

// twoHops is a case that the rules leave open: the changed line is two calls away
// from the one that fails, and shares no word with the error.
func twoHops(t *testing.T) *hearing {
	t.Helper()
	f := gittest.New(t)
	h := &hearing{t: t, f: f, texts: []string{noTenant}}
	h.base = f.Commit("shop", "main.go", shopMain, "request.go", shopRequest, "text/text.go", shopText, "README.md", "# Shop\n", "other.go", "package main\n\nfunc other() int {\n\treturn 1\n}\n")
	h.culprit = f.Commit("neater", "text/text.go", strings.Replace(shopText, "\treturn strings.TrimSpace(s)", broken, 1))
	h.head = f.Commit("words", "README.md", "# The shop\n", "other.go", "package main\n\nfunc other() int {\n\treturn 2\n}\n")
	return h
}

// docsOnly changes nothing that runs.
func docsOnly(t *testing.T) *hearing {
	t.Helper()
	h := twoHops(t)
	h.base, h.culprit = h.head, ""
	h.head = h.f.Commit("docs", "README.md", "# Docs\n")
	return h
}

func (h *hearing) input() Input {
	h.t.Helper()
	ctx := context.Background()
	repo, err := git.Open(ctx, h.f.Dir)
	if err != nil {
		h.t.Fatal(err)
	}
	classes, err := triage.NewClassifier(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	in := Input{ID: "shop-1", Input: triage.Input{Repository: repo, DeployedAt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	if in.Change, err = triage.ReadChange(ctx, repo, h.base, h.head, classes); err != nil {
		h.t.Fatal(err)
	}
	for i, text := range h.texts {
		id := selfheal.SignatureID(fmt.Sprintf("g2-%d", i))
		in.Anomalies = append(in.Anomalies, selfheal.Anomaly{Signature: id, Kind: selfheal.AnomalyNew, Severity: selfheal.SeverityError, Observed: 20})
		in.Signatures = append(in.Signatures, selfheal.Signature{ID: id, Kind: selfheal.KindMessage, Title: clip(text, 80), Sample: selfheal.Sample{Text: text}})
	}
	if in.Verdict, err = triage.Judge(ctx, in.Input); err != nil {
		h.t.Fatal(err)
	}
	return in
}

// play lets the harness play a script.
func (h *hearing) play(in Input, script string) selfheal.Verdict {
	h.t.Helper()
	v, err := Judge(context.Background(), h.model(script), in)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

func (h *hearing) model(script string) selfheal.Model {
	h.t.Helper()
	dir := h.t.TempDir()
	path := filepath.Join(dir, "script.yaml")
	script = strings.NewReplacer("CULPRIT", h.culprit, "HEAD", h.head).Replace(script)
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		h.t.Fatal(err)
	}
	m, err := agent.New(agent.Config{
		Models: []agent.ModelConfig{{Name: "scripted", Provider: agent.Script, Path: path, Prices: &agent.Prices{Input: 1, Output: 5}}},
		Roles:  map[string][]string{Role: {"scripted"}}, Budget: selfheal.Budget{Turns: 8, Dollars: 1}, Dir: filepath.Join(dir, "transcripts"),
	}, redact.New().String)
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

// honest finds the case by searching and reading.
const honest = `
- expect: ["request names no tenant", "verdict of the rules", "neater", "result"]
  calls: [{name: search, arguments: {text: "request names no tenant"}}]
  usage: {in: 2000, out: 50}
- expect: ["main.go:25"]
  calls: [{name: read_file, arguments: {path: main.go, start: 13, end: 30}}, {name: search, arguments: {text: customerOf}}]
  usage: {in: 2500, out: 50}
- expect: ["request.go:9"]
  calls: [{name: read_file, arguments: {path: request.go}}, {name: diff, arguments: {path: text/text.go}}, {name: blame, arguments: {path: text/text.go, start: 6, end: 8}}, {name: timeline, arguments: {}}, {name: samples, arguments: {signature: g2-0}}, {name: related, arguments: {signature: g2-0}}]
  usage: {in: 3000, out: 50}
- expect: ["text.Neat"]
  calls:
  - name: submit_verdict
    arguments: &answer
      cause: caused
      confidence: 1
      mechanism: Neat cuts digits and dashes off, so that an id made of digits is empty, and an empty tenant is refused.
      commit: CULPRIT
      path: text/text.go
      revision: new
      line: 7
      quote: 'return strings.Trim(s, "0123456789-")'
      citations:
      - {kind: log, signature: g2-0, quote: "request names no tenant"}
      - {kind: code, path: main.go, revision: new, line: 15, quote: "cart, err := loadCart(r.Context(), customerOf(r))"}
      - {kind: code, path: request.go, revision: new, line: 10, quote: 'return text.Neat(r.URL.Query().Get("id"))'}
      alternative: none
  usage: {in: 4000, out: 200}
`

func TestAnHonestAgentFindsWhatRulesLeaveOpen(t *testing.T) {
	t.Parallel()
	h := twoHops(t)
	in := h.input()
	if in.Verdict.Cause != selfheal.Inconclusive {
		t.Fatalf("the rules say %s: %s", in.Verdict.Cause, in.Verdict.Reason)
	}
	v := h.play(in, strings.ReplaceAll(honest, ", \"result\"", ""))
	if v.Cause != selfheal.Caused || v.Culprit == nil || v.Culprit.Commit != h.culprit || v.Culprit.Quote != broken || v.Culprit.Start != 7 {
		t.Fatalf("verdict %s (%.2f): %s, %+v, %+v", v.Cause, v.Confidence, v.Reason, v.Culprit, v.Agent)
	}
	if v.Confidence > maxBlame || v.Confidence < minBlame {
		t.Errorf("confidence %.2f", v.Confidence)
	}
	a := v.Agent
	if a.Effect != selfheal.AgentRaised || a.Before != selfheal.Inconclusive || a.Usage.Turns != 4 || a.Usage.TokensIn != 11500 || a.Usage.Dollars == 0 || a.Model != "scripted" || a.Transcript == "" || a.Dossier == 0 {
		t.Errorf("contribution %+v", a)
	}
}

// answer is a submission with one thing changed.
func answer(changes ...string) string {
	text := `cause: caused
confidence: 1
mechanism: because
commit: CULPRIT
path: text/text.go
revision: new
line: 7
quote: 'return strings.Trim(s, "0123456789-")'
citations: [{kind: log, quote: "request names no tenant"}, {kind: code, path: main.go, revision: new, line: 15, quote: "cart, err := loadCart(r.Context(), customerOf(r))"}, {kind: code, path: request.go, revision: new, line: 10, quote: 'return text.Neat(r.URL.Query().Get("id"))'}]
`
	for i := 0; i < len(changes); i += 2 {
		key := regexp.MustCompile(`(?m)^` + changes[i] + `: .*$`)
		text = key.ReplaceAllLiteralString(text, changes[i]+": "+changes[i+1])
	}
	return "- calls:\n  - name: submit_verdict\n    arguments:\n      " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      ") + "\n"
}

// TestLiars: what does not stand is sent back once, and then moves nothing.
func TestLiars(t *testing.T) {
	t.Parallel()
	h := twoHops(t)
	in := h.input()
	f := func(name, script, complaint string) {
		t.Helper()
		second := strings.Replace(script, "- calls:", "- expect: ['sent back, once', '"+complaint+"']\n  calls:", 1)
		v := h.play(in, script+second)
		unmoved(t, name, in.Verdict, v)
		if v.Agent.Effect != selfheal.AgentDiscarded || !strings.Contains(v.Agent.Text, complaint) {
			t.Errorf("%s: %s: %s", name, v.Agent.Effect, v.Agent.Text)
		}
		// Who corrects it is heard.
		v = h.play(in, script+answer())
		if v.Cause != selfheal.Caused || v.Agent.Effect != selfheal.AgentRaised {
			t.Errorf("%s, corrected: %s, %+v", name, v.Cause, v.Agent)
		}
	}
	f("a line that does not exist", answer("line", "70"), "none with number 70")
	f("another line", answer("line", "6"), "does not read as quoted")
	f("an invented quote", answer("quote", "os.Exit(1)"), "has no line")
	f("an unchanged line", answer("quote", "'func Neat(s string) string {'", "line", "6"), "has no line")
	f("a commit outside of the change", answer("commit", h.base), "is not one that was deployed")
	f("an invented commit", answer("commit", "deadbeefdeadbeef"), "is not one that was deployed")
	f("too short a commit", answer("commit", "'"+h.culprit[:3]+"'"), "is not one that was deployed")
	f("the wrong commit", answer("commit", h.head), "has no line")
	f("a file outside", answer("path", "../../../etc/passwd"), "has no line")
	f("docs", answer("commit", h.head, "path", "README.md", "line", "1", "quote", "'# The shop'"), "does not run")
	f("an invented log line", answer("citations", "[{kind: log, quote: the database is down}]"), "in no sample")
	f("a log quote that says nothing", answer("citations", "[{kind: log, quote: a}]"), "at least 8")
	f("no log at all", answer("citations", "[]"), "at least one log text")
	f("an invented step", answer("citations", "[{kind: log, quote: request names no tenant}, {kind: code, path: gone.go, revision: new, line: 1, quote: x}]"), "there is no file")
	f("another revision", answer("revision", "trunk~1"), "must be new or old")
	f("more than certain", answer("confidence", "7"), "between 0 and 1")
	f("another form", answer("alternative", "x", "mechanism", "because\nverdict: caused"), "does not have the form")
	f("no cause", answer("cause", "drill"), "cause must be")
}

// unmoved tells whether the verdict is still the rules'.
func unmoved(t *testing.T, name string, before, after selfheal.Verdict) {
	t.Helper()
	after.Agent = nil
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("%s moved the verdict (-rules +agent):\n%s", name, diff)
	}
}

func TestThoseWhoNeverAnswer(t *testing.T) {
	t.Parallel()
	h := twoHops(t)
	in := h.input()
	f := func(name, script, want string) {
		t.Helper()
		v := h.play(in, script)
		unmoved(t, name, in.Verdict, v)
		if v.Agent.Effect != selfheal.AgentSilent || !strings.Contains(v.Agent.Text, want) || v.Agent.Transcript == "" {
			t.Errorf("%s: %s: %s", name, v.Agent.Effect, v.Agent.Text)
		}
	}
	f("loops", strings.Repeat("- calls: [{name: timeline, arguments: {}}]\n", 20), "turn limit")
	f("never submits", strings.Repeat("- say: It was surely the deploy.\n", 20), "no answer")
	f("garbage", strings.Repeat("- calls: [{name: submit_verdict, raw: '{{{{'}]\n", 20), "turn limit")
	f("refuses", "- errors: [{message: no, refused: true}]", "refused")
	f("is not there", "- errors: [{message: connection refused}]", "connection refused")
}

func TestWrongArgumentsOfTools(t *testing.T) {
	t.Parallel()
	h := twoHops(t)
	c := &court{in: h.input()}
	f := func(name, arguments, want string) {
		t.Helper()
		for _, tool := range c.tools() {
			if tool.Name != name {
				continue
			}
			text, err := tool.Run(t.Context(), []byte(arguments))
			if got := fmt.Sprint(text, err); !strings.Contains(got, want) {
				t.Errorf("%s %s: %s", name, arguments, got)
			}
		}
	}
	f("read_file", `{"path":"../../../../etc/passwd"}`, "no such file")
	f("read_file", `{"path":"/etc/passwd"}`, "no such file")
	f("read_file", `{"path":".git/config"}`, "no such file")
	f("read_file", `{"path":"main.go","revision":"HEAD~5"}`, "new or old")
	f("read_file", `{"path":"main.go","revision":"--output=x"}`, "new or old")
	f("read_file", `{"path":"main.go\u0000x"}`, "no such file")
	f("read_file", `{"path":"main.go","start":900}`, "main.go, 28 lines")
	f("read_file", `{"path":"main.go","shell":"rm"}`, "do not fit")
	f("blame", `{"path":"--help"}`, "no such file")
	f("blame", `{"path":"main.go","start":900,"end":910}`, "has 28 lines")
	f("search", `{"text":"a"}`, "at least 3")
	f("search", `{"text":"--open-files-in-pager=touch /x"}`, "0 lines")
	f("diff", `{"path":"main.go"}`, "was not changed")
	f("diff", `{"path":"main.go","commit":"`+h.base+`"}`, "not one that was deployed")
	f("samples", `{"signature":""}`, "no such signature")
}

func TestNobodyIsAskedInVain(t *testing.T) {
	t.Parallel()
	// Whatever the model would say: with only docs changed it is not asked.
	h := docsOnly(t)
	in := h.input()
	v := h.play(in, answer())
	unmoved(t, "docs only", in.Verdict, v)
	if v.Agent.Effect != selfheal.AgentNotAsked || v.Agent.Usage.Turns != 0 || v.Cause != selfheal.NotCaused {
		t.Errorf("%+v", v.Agent)
	}
}

func TestHardExhibitsStand(t *testing.T) {
	t.Parallel()
	h := twoHops(t)
	in := h.input()
	// If it comes to a submission all the same, a hard exhibit excludes it.
	in.Verdict.Exhibits = []selfheal.Exhibit{{Kind: selfheal.ExhibitExecution, Weight: -9, Text: "it fails without the change as well"}}
	c := &court{in: in}
	_, err := c.check(t.Context(), []byte(`{"cause":"caused","confidence":1,"mechanism":"x","citations":[]}`))
	if err == nil || !strings.Contains(err.Error(), "contradicts what is certain: it fails without") {
		t.Errorf("err = %v", err)
	}
	in.Verdict.Cause, in.Verdict.Culprit = selfheal.Caused, &selfheal.Culprit{Commit: h.culprit}
	in.Verdict.Exhibits = []selfheal.Exhibit{{Kind: selfheal.ExhibitExecution, Weight: 9, Commit: h.culprit, Text: "it fails with the change only"}}
	c = &court{in: in}
	_, err = c.check(t.Context(), []byte(`{"cause":"not_caused","confidence":1,"mechanism":"x","citations":[{"kind":"log","quote":"request names no tenant"}]}`))
	if err == nil || !strings.Contains(err.Error(), "contradicts what is certain: it fails with") {
		t.Errorf("err = %v", err)
	}
	if v := h.play(in, answer()); v.Agent.Effect != selfheal.AgentNotAsked {
		t.Errorf("%+v", v.Agent)
	}
}

func TestPrompt(t *testing.T) {
	t.Parallel()
	h := twoHops(t)
	c := &court{in: h.input()}
	c.in.Change.Base, c.in.Change.Head = strings.Repeat("a", 40), strings.Repeat("b", 40)
	task, _, err := c.task()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "prompt.md", task.Prompt)
	c.in.Change.Commits = c.in.Change.Commits[:1]
	if task, _, err = c.task(); err != nil || !strings.Contains(task.Prompt, "took 1 commit into") {
		t.Errorf("%v: %s", err, task.Prompt)
	}
}

func TestTaskID(t *testing.T) {
	t.Parallel()
	f := func(incident, want string) {
		t.Helper()
		if got := taskID(incident); got != want {
			t.Errorf("%q: %q, want %q", incident, got, want)
		}
	}
	f("shop-3f9c", "shop-3f9c-triage")
	f("../a b/ü", "a-b---triage")
	f("", "triage")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestDossierIsSmall(t *testing.T) {
	t.Parallel()
	h := twoHops(t)
	in := h.input()
	for i := range 500 {
		in.Change.Commits = append(in.Change.Commits, selfheal.Commit{ID: fmt.Sprintf("%040d", i), Subject: strings.Repeat("long ", 100)})
		in.Signatures[0].Sample.Text += strings.Repeat("x", 100) + "\n"
	}
	in.Change.Commits[0].Files[0].Hunks[0].Section = strings.Repeat("y", 100_000)
	c := &court{in: in}
	task, dossier, err := c.task()
	if err != nil {
		t.Fatal(err)
	}
	if dossier > maxDossier || len(task.Evidence) < 3 {
		t.Errorf("%d tokens in %d sections", dossier, len(task.Evidence))
	}
}
