package cli_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"selfheal"
	"selfheal/internal/demo"
	"selfheal/internal/report"
)

// TestDemo runs every scenario as a user would, and holds the JSON report
// against what is known to be true of it.
func TestDemo(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: the demo builds and runs a service")
	}
	for _, scenario := range demo.Scenarios() {
		t.Run(string(scenario.Name), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "demo")
			r := runDemo(t, "demo", "--scenario", string(scenario.Name), "--dir", dir, "--format", "json")
			if r.Status != scenario.Status {
				t.Errorf("status %s, want %s", r.Status, scenario.Status)
			}
			examine(t, scenario.Name, r)
			for _, name := range []string{"report.html", "report.json"} {
				if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 1000 {
					t.Errorf("%s was not written: %v", name, err)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "world")); err == nil {
				t.Error("the world was left behind without --keep")
			}
		})
	}
}

func runDemo(t *testing.T, args ...string) report.Report {
	t.Helper()
	command := exec.Command("selfheal", args...)
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var r report.Report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// examine checks what is particular to a scenario.
func examine(t *testing.T, name demo.Scenario, r report.Report) {
	t.Helper()
	switch name {
	case demo.Regression, demo.BuildFailure:
		i := r.Incident
		if i.Verdict().Confidence < 0.8 || !i.Repair.Proven() || i.PullRequest.State != selfheal.PullRequestMerged ||
			i.Outcome.State != selfheal.OutcomeHealed || i.Stage != selfheal.StageClosed {
			t.Errorf("not healed: %s, stage %s", r.Headline, i.Stage)
		}
	case demo.Outage:
		if len(r.Assessment.Anomalies) > 0 || len(r.Assessment.SetAside) == 0 || r.Incident != nil {
			t.Errorf("the outage is not set aside: %s", r.Headline)
		}
	case demo.DocsOnly:
		if len(r.Assessment.Anomalies) == 0 || r.Incident.Verdict().Cause != selfheal.NotCaused || r.Incident.PullRequest != nil {
			t.Errorf("the unrelated error is not acquitted: %s", r.Headline)
		}
	}
}

func TestDemoRefuses(t *testing.T) {
	t.Parallel()
	f := func(want string, args ...string) {
		t.Helper()
		out, err := exec.Command("selfheal", append([]string{"demo"}, args...)...).CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 || !strings.Contains(string(out), want) {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	f("no scenario is called", "--scenario", "nosuch")
	f("is not empty", "--dir", ".")
	f("unknown format", "--format", "xml")
}
