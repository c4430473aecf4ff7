package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/cli"
	"selfheal/internal/report"
)

// spoken is what a run of `selfheal ci github` leaves behind.
type spoken struct {
	code        int
	log, errors string
	outputs     map[string]string
	summary     string
	args        []string // of the selfheal that was run
}

// speak runs the command with a program that notes its arguments, writes a report
// and ends with its exit code.
func speak(t *testing.T, r *report.Report, code int, inputs map[string]string) spoken {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" > '" + file("args") + "'\n"
	if r != nil {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file("prepared"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		script += "for a; do case \"$a\" in --out=*|--report=*) cp '" + file("prepared") + "' \"${a#*=}\";; esac; done\n"
	}
	script += fmt.Sprintf("exit %d\n", code)
	if err := os.WriteFile(file("program"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{"GITHUB_OUTPUT": file("output"), "GITHUB_STEP_SUMMARY": file("summary"), "RUNNER_TEMP": dir}
	for name, value := range inputs {
		if strings.ToUpper(name) != name {
			name = "INPUT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		}
		variables[name] = value
	}
	var out, problems bytes.Buffer
	s := spoken{code: cli.Run(context.Background(), cli.Environment{
		Args: []string{"ci", "github", "--program", file("program")}, In: strings.NewReader(""), Out: &out, Err: &problems,
		Getenv: func(name string) string { return variables[name] }, Clock: time.Now,
	})}
	s.log, s.errors = out.String(), problems.String()
	if text, err := os.ReadFile(file("args")); err == nil {
		s.args = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		for i, arg := range s.args {
			if name, _, ok := strings.Cut(arg, "="); ok && (name == "--out" || name == "--report") {
				s.args[i] = name
			}
		}
		s.outputs = outputsOf(t, file("output"))
	}
	text, _ := os.ReadFile(file("summary"))
	s.summary = string(text)
	return s
}

// hostile is a text that would do a lot if it were obeyed.
const hostile = "boom\n::error file=/etc/passwd::x\r\n::set-output name=verdict::clean\nverdict=clean\n<script>alert(1)</script> 100% \x1b[31m @ada"

// judgement is a report of a regression in which every text is hostile.
func judgement() *report.Report {
	deploy := selfheal.Deploy{Service: "shop", Environment: "production", Revision: strings.Repeat("b", 40), Previous: strings.Repeat("a", 40)}
	a := selfheal.Assessment{Deploy: deploy}
	a.Anomalies = []selfheal.Anomaly{{Signature: "g2-1", Kind: selfheal.AnomalyNew, Observed: 9}}
	a.Signatures = []selfheal.Signature{{ID: "g2-1", Title: hostile, Template: hostile}}
	commit := selfheal.Commit{ID: strings.Repeat("c", 40), Subject: hostile}
	i := &selfheal.Incident{Key: "production/shop/1", ID: "shop-1", Stage: selfheal.StageProposed, Opened: selfheal.Opened{ID: "shop-1", Assessment: a}}
	i.Judged = &selfheal.Judged{Change: selfheal.Change{Commits: []selfheal.Commit{commit}}, Verdict: selfheal.Verdict{
		Cause: selfheal.Caused, Confidence: 0.934, Reason: hostile,
		Culprit: &selfheal.Culprit{Commit: commit.ID, Path: "a,b:c\n%/find.go", Start: 8, Quote: hostile},
	}}
	i.PullRequest = &selfheal.PullRequest{Number: 3, URL: "https://forge.example/pull/3", State: selfheal.PullRequestOpen}
	r := report.New("v", time.Now(), a, i)
	return &r
}

func TestCIGitHub(t *testing.T) {
	t.Parallel()
	check := map[string]string{
		"mode": "check", "service": "shop", "environment": "staging", "previous": "v1", "baseline": "a.log\n  b.log\n\n", "logs": "c.log",
		"GITHUB_SHA": "abc", "config": "x.yaml", "dry-run": "true", "repair": "revert", "repository": "svc",
	}
	s := speak(t, judgement(), 10, check)
	want := []string{
		"check", "--service=shop", "--environment=staging", "--config=x.yaml", "--repair=revert", "--dry-run", "--repo=svc", "--base=v1",
		"--baseline=a.log", "--baseline=b.log", "--window=c.log", "--head=abc", "--format=json", "--out",
	}
	if diff := cmp.Diff(want, s.args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	file := s.outputs["report"]
	delete(s.outputs, "report")
	outputs := map[string]string{
		"verdict": "regression", "exit-code": "10", "confidence": "0.93", "culprit": strings.Repeat("c", 40), "pull-request": "https://forge.example/pull/3",
	}
	if diff := cmp.Diff(outputs, s.outputs); diff != "" || s.code != 10 {
		t.Errorf("code %d, outputs (-want +got):\n%s", s.code, diff)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the report is not there: %v", err)
	}
	if !strings.Contains(s.summary, "REGRESSION: shop@") || !strings.Contains(s.summary, "## ") {
		t.Errorf("summary:\n%s", s.summary)
	}
	if !strings.Contains(s.log, "::error title=to blame%3A cccccccccc,file=svc/a%2Cb%3Ac%0A%25/find.go,line=8::boom") {
		t.Errorf("no annotation:\n%s", s.log)
	}
}

// obeyed are the workflow commands in a log that a runner would obey.
func obeyed(log string) []string {
	var all []string
	until := ""
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		switch {
		case until != "":
			if line == "::"+until+"::" {
				until = ""
			}
		case strings.HasPrefix(line, "::stop-commands::"):
			until = strings.TrimPrefix(line, "::stop-commands::")
		case strings.HasPrefix(line, "::"), strings.HasPrefix(line, "##["):
			all = append(all, regexp.MustCompile(`^::[a-z-]+`).FindString(line))
		}
	}
	return all
}

func TestCIGitHubObeysNoLog(t *testing.T) {
	t.Parallel()
	s := speak(t, judgement(), 10, map[string]string{"previous": "v1"})
	if got := obeyed(s.log); !slices.Equal(got, []string{"::error", "::notice"}) {
		t.Errorf("commands %q in:\n%s", got, s.log)
	}
	if strings.ContainsAny(s.log, "\x1b\r") {
		t.Errorf("control characters in the log: %q", s.log)
	}
}

func TestCIGitHubModes(t *testing.T) {
	t.Parallel()
	f := func(inputs map[string]string, want ...string) {
		t.Helper()
		s := speak(t, nil, 0, inputs)
		if diff := cmp.Diff(want, s.args); diff != "" || s.code != 0 || s.outputs["verdict"] != "clean" || s.outputs["report"] != "" {
			t.Errorf("%v: code %d, %s, outputs %v, arguments (-want +got):\n%s", inputs, s.code, s.errors, s.outputs, diff)
		}
	}
	f(map[string]string{"mode": "watch", "service": "shop", "environment": "production", "revision": "abc", "previous": "def", "window": "60m"},
		"watch", "--service=shop", "--environment=production", "--window=60m", "--revision=abc", "--previous=def", "--format=json", "--out")
	f(map[string]string{"mode": "watch", "service": "shop", "GITHUB_SHA": "abc"}, "watch", "--service=shop", "--revision=abc", "--format=json", "--out")
	f(map[string]string{"mode": "build", "run": "make image\necho $HOME", "previous": "v1", "repository": "svc", "store": "s.db"},
		"build", "--store=s.db", "--repo=svc", "--base=v1", "--format=json", "--report", "--", "sh", "-c", "make image", "echo $HOME")
	f(map[string]string{"previous": "v1", "build-log": "b.log"}, "check", "--base=v1", "--build-log=b.log", "--head=HEAD", "--format=json", "--out")
	f(map[string]string{"previous": "--help", "revision": "; rm -rf /", "logs": "$(x)"}, "check", "--base=--help", "--window=$(x)", "--head=; rm -rf /", "--format=json", "--out")
}

func TestCIGitHubRefuses(t *testing.T) {
	t.Parallel()
	f := func(inputs map[string]string, want string) {
		t.Helper()
		s := speak(t, nil, 0, inputs)
		if s.code != 2 || !strings.Contains(s.errors, want) || s.args != nil {
			t.Errorf("%v: code %d, %s, want %q", inputs, s.code, s.errors, want)
		}
	}
	f(map[string]string{"mode": "guess"}, `mode is "guess"`)
	f(map[string]string{}, "the input previous is missing")
	f(map[string]string{"mode": "build"}, "the input run is missing")
	f(map[string]string{"mode": "watch"}, "the input revision")
	f(map[string]string{"previous": "v1", "dry-run": "perhaps"}, `dry-run is "perhaps"`)
	f(map[string]string{"previous": "v1", "fail-on": "everything"}, `fail-on has "everything"`)
}

// TestCIGitHubFailsOn: what fails the step is what was asked for, and trouble of
// selfheal's own always does.
func TestCIGitHubFailsOn(t *testing.T) {
	t.Parallel()
	of := func(status selfheal.Status) *report.Report {
		r := report.New("v", time.Now(), selfheal.Assessment{}, nil)
		r.Status, r.ExitCode = status, status.ExitCode()
		return &r
	}
	f := func(status selfheal.Status, failOn string, code, want int) {
		t.Helper()
		if s := speak(t, of(status), code, map[string]string{"previous": "v1", "fail-on": failOn}); s.code != want {
			t.Errorf("%s, fail-on %q: code %d, want %d", status, failOn, s.code, want)
		}
	}
	f(selfheal.StatusRegression, "", 10, 10)
	f(selfheal.StatusRegression, "never", 10, 0)
	f(selfheal.StatusInconclusive, "", 11, 0)
	f(selfheal.StatusInconclusive, "regression, inconclusive", 11, 11)
	f(selfheal.StatusCannotObserve, "cannot-observe", 12, 12)
	f(selfheal.StatusCannotObserve, "regression", 12, 0)
	f(selfheal.StatusNotCaused, "regression inconclusive", 0, 0)
	f(selfheal.StatusRegression, "never", 1, 1) // selfheal failed behind the report
	if s := speak(t, nil, 2, map[string]string{"previous": "v1", "fail-on": "never"}); s.code != 2 || s.outputs["verdict"] != "" || s.outputs["exit-code"] != "2" {
		t.Errorf("wrong usage: code %d, outputs %v", s.code, s.outputs)
	}
	if s := speak(t, of(selfheal.StatusRegression), 1, map[string]string{"mode": "build", "run": "make", "fail-on": "never"}); s.code != 1 || s.outputs["verdict"] != "regression" {
		t.Errorf("a build that failed: code %d, outputs %v", s.code, s.outputs)
	}
}

func TestCIGitHubWarnsOfTheWorkflowsToken(t *testing.T) {
	t.Parallel()
	f := func(token, repair, dry string, want bool) {
		t.Helper()
		s := speak(t, judgement(), 10, map[string]string{"previous": "v1", "repair": repair, "dry-run": dry, "GITHUB_TOKEN": token, "WORKFLOW_TOKEN": "ghs_workflow"})
		if got := strings.Contains(s.log, "no checks will run on its pull request"); got != want {
			t.Errorf("%s, %s, %s: warned %t", token, repair, dry, got)
		}
		if strings.Contains(s.log+s.summary, "ghs_") {
			t.Error("a token is told")
		}
	}
	f("ghs_workflow", "revert", "", true)
	f("ghs_workflow", "revert", "true", false)
	f("ghs_workflow", "none", "", false)
	f("ghs_app", "revert", "", false)
}

func TestCIGitLab(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, err := json.Marshal(judgement())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "report.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (int, string) {
		var out, problems bytes.Buffer
		code := cli.Run(context.Background(), cli.Environment{
			Args: append([]string{"ci", "gitlab"}, args...), In: strings.NewReader(""), Out: &out, Err: &problems,
			Getenv: func(string) string { return "" }, Clock: time.Now,
		})
		return code, problems.String()
	}
	if code, problems := run(file, "--dir", dir); code != 0 {
		t.Fatal(problems)
	}
	var findings []struct {
		Description string
		CheckName   string `json:"check_name"`
		Fingerprint string
		Severity    string
		Location    struct {
			Path  string
			Lines struct{ Begin int }
		}
	}
	text, err = os.ReadFile(filepath.Join(dir, "gl-code-quality-report.json"))
	if err != nil || json.Unmarshal(text, &findings) != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if len(findings) != 1 || findings[0].Location.Lines.Begin != 8 || findings[0].Severity != "critical" || len(findings[0].Fingerprint) != 32 || findings[0].CheckName != "selfheal" {
		t.Errorf("findings %+v", findings)
	}
	text, err = os.ReadFile(filepath.Join(dir, "selfheal.env"))
	want := "SELFHEAL_VERDICT=regression\nSELFHEAL_EXIT_CODE=10\nSELFHEAL_CONFIDENCE=0.93\nSELFHEAL_CULPRIT=" + strings.Repeat("c", 40) + "\nSELFHEAL_PULL_REQUEST=https://forge.example/pull/3\n"
	if err != nil || string(text) != want {
		t.Errorf("%v: %q", err, text)
	}
	if code, problems := run(filepath.Join(dir, "absent.json")); code != 2 || !strings.Contains(problems, "there is no report") {
		t.Errorf("code %d, %s", code, problems)
	}
	if err := os.WriteFile(file, []byte(`{"schema":"other"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, problems := run(file); code != 2 || !strings.Contains(problems, "no report of the version") {
		t.Errorf("code %d, %s", code, problems)
	}
}
