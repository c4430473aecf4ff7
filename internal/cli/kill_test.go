package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"selfheal/internal/git/gittest"
	"selfheal/internal/report"
)

// killRounds is how often the process is killed, each time a little later.
const killRounds = 8

// TestKillProcess: kill -9 of the real process at any moment, and a second run,
// end with one incident and one pull request, and the repository is untouched.
func TestKillProcess(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: killing processes takes a while")
	}
	repository, args := killable(t)
	whole := time.Now()
	if r := checkOnce(t, args, t.TempDir()); r.Incident.PullRequest == nil {
		t.Fatalf("the unkilled run opens no pull request: %s", r.Headline)
	}
	length := time.Since(whole)
	refs := repository.Git("for-each-ref")
	for round := range killRounds {
		after := length * time.Duration(round) / killRounds
		t.Run(fmt.Sprintf("after %d of %d", round, killRounds), func(t *testing.T) {
			t.Parallel()
			state := t.TempDir()
			killed := start(args, state)
			time.AfterFunc(after, func() { _ = killed.Process.Kill() }) // it may have ended by itself
			_ = killed.Wait()
			r := checkOnce(t, args, state)
			if pr := r.Incident.PullRequest; pr == nil || pr.Number != 1 {
				t.Errorf("the second run did not end with pull request 1: %+v", pr)
			}
			out, err := exec.Command("selfheal", "incidents", "--format", "json", "--store", filepath.Join(state, "selfheal.db")).Output()
			if err != nil || strings.Count(string(out), `"stage": "proposed"`) != 1 {
				t.Errorf("not one proposed incident: %v\n%s", err, out)
			}
		})
	}
	t.Cleanup(func() {
		if now := repository.Git("for-each-ref"); now != refs {
			t.Errorf("the user's repository changed:\n%s\n%s", refs, now)
		}
	})
}

// killable makes a repository whose third commit makes it panic where the logs say so,
// and the arguments of a check of it.
func killable(t *testing.T) (*gittest.Repository, []string) {
	t.Helper()
	const file = "package prices\n\nvar lists = map[string][]int{}\n\n// Find gives a price.\nfunc Find(region string, position int) int {\n\tlist := lists[region]\n\treturn list[%s]\n}\n"
	r := gittest.New(t)
	base := r.Commit("prices: find", "go.mod", "module example.com/shop\n\ngo 1.21\n", "prices/find.go", fmt.Sprintf(file, "position"))
	r.Commit("docs", "docs/operations.md", "restart\n")
	r.Commit("prices: count from the end", "prices/find.go", fmt.Sprintf(file, "len(list)"))
	head := r.Commit("readme", "README.md", "# shop\n")

	logs := t.TempDir()
	deployed := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	var week, after bytes.Buffer
	for at := deployed.Add(-7 * 24 * time.Hour); at.Before(deployed); at = at.Add(time.Minute) {
		fmt.Fprintf(&week, `{"time":%q,"level":"INFO","msg":"order placed"}`+"\n", at.Format(time.RFC3339))
	}
	for at := deployed; at.Before(deployed.Add(time.Hour)); at = at.Add(time.Minute) {
		fmt.Fprintf(&after, `{"time":%q,"level":"ERROR","msg":"panic: runtime error: index out of range [0] with length 0\n\ngoroutine 7 [running]:\nexample.com/shop/prices.Find(...)\n\t/src/prices/find.go:8 +0x1d\n"}`+"\n", at.Format(time.RFC3339))
	}
	for name, content := range map[string][]byte{"week.log": week.Bytes(), "after.log": after.Bytes()} {
		if err := os.WriteFile(filepath.Join(logs, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return r, []string{"check", "--repo", r.Dir, "--base", base, "--head", head,
		"--baseline", filepath.Join(logs, "week.log"), "--window", filepath.Join(logs, "after.log"),
		"--repair", "revert", "--verify", "test -f prices/find.go", "--format", "json"}
}

func start(args []string, state string) *exec.Cmd {
	command := exec.Command("selfheal", append(args, "--store", filepath.Join(state, "selfheal.db"))...)
	command.Stdout, command.Stderr = &bytes.Buffer{}, &bytes.Buffer{}
	if err := command.Start(); err != nil {
		panic(err) // the test binary is not on the PATH: nothing can be tested
	}
	return command
}

func checkOnce(t *testing.T, args []string, state string) report.Report {
	t.Helper()
	command := start(args, state)
	err := command.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 10 {
		t.Fatalf("not exit code 10: %v\n%s", err, command.Stderr)
	}
	var r report.Report
	if err := json.Unmarshal(command.Stdout.(*bytes.Buffer).Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Incident == nil {
		t.Fatal("no incident")
	}
	return r
}
