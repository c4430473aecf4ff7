package cli_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"selfheal/internal/cli"
	"selfheal/internal/sandbox"
)

// TestMain lets the test binary act as the program itself, so that stories run
// real processes.
func TestMain(m *testing.M) {
	sandbox.Reexec()
	testscript.Main(tests{m}, map[string]func(){
		"selfheal": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			os.Exit(cli.Run(ctx, cli.Standard(time.Now)))
		},
	})
}

// TestScripts runs the stories in testdata/script: what a user types, and what
// must come back. Commands beside testscript's own:
//
//	action CODE NAME=VALUE...      run the steps of action.yml with inputs, and require the exit code of the step
//	                               that judges; the log, outputs and summary are in the files log, output and summary
//	exits CODE COMMAND...          run a command and require its exit code
//	shop DIR                       make the sample repository: v1 is good, v2 has a commit that breaks checkouts
//	gitlab CODE NAME=VALUE...      run the script of docs/ci/gitlab.yml with variables
//	log FILE FROM FOR EVERY LEVEL MESSAGE [ERR]
//	                               append JSON log lines; {n} in the texts is a running number, \n and \t are what they are in Go
//	fill FILE BYTES TEXT           append TEXT again and again, BYTES in all, without a line ending
//	smalldisk DIR KIB              mount a disk of that size (condition [mount] says whether that is possible)
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, "state"))
			e.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
			e.Setenv("NO_COLOR", "1")
			recipe, err := filepath.Abs(filepath.Join("..", "..", "docs", "ci", "check.sh"))
			if err != nil {
				return err
			}
			e.Setenv("CHECK", recipe)
			if !sandbox.Detect(context.Background(), "").Confined() { // the stories about confinement are skipped
				e.Setenv("SELFHEAL_UNSAFE_NO_SANDBOX", "1")
			}
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOFLAGS", "GOPROXY"} {
				if value, err := exec.Command("go", "env", name).Output(); err == nil {
					e.Setenv(name, strings.TrimSpace(string(value)))
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"action":    action,
			"gitlab":    gitlab,
			"exits":     exits,
			"shop":      shop,
			"log":       logLines,
			"fill":      fill,
			"smalldisk": smallDisk,
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "mount":
				return mountable(t), nil
			case "confined":
				return confined(t), nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want := number(ts, args[0])
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

// shop makes a repository in which one of three commits between v1 and v2
// changes a default that the error message of a failed lookup names.
func shop(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: shop DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	for i, c := range shopHistory {
		for name, content := range c.files {
			path := filepath.Join(dir, filepath.FromSlash(name))
			ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
			ts.Check(os.WriteFile(path, []byte(content), 0o644))
		}
		if i == 0 {
			git(ts, dir, i, "init", "-q", "-b", "main")
		}
		git(ts, dir, i, "add", "-A")
		git(ts, dir, i, "commit", "-q", "-m", c.message)
		if c.tag != "" {
			git(ts, dir, i, "tag", c.tag)
		}
	}
}

func git(ts *testscript.TestScript, dir string, day int, args ...string) {
	command := exec.Command("git", append([]string{"-C", dir}, args...)...)
	date := fmt.Sprintf("2026-02-%02dT12:00:00Z", day+1)
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Example Author", "GIT_AUTHOR_EMAIL=author@example.com", "GIT_AUTHOR_DATE="+date,
		"GIT_COMMITTER_NAME=Example Author", "GIT_COMMITTER_EMAIL=author@example.com", "GIT_COMMITTER_DATE="+date)
	if out, err := command.CombinedOutput(); err != nil {
		ts.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func logLines(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 6 || len(args) > 7 {
		ts.Fatalf("usage: log FILE FROM FOR EVERY LEVEL MESSAGE [ERR]")
	}
	from, err := time.Parse(time.RFC3339, args[1])
	ts.Check(err)
	length, err := time.ParseDuration(args[2])
	ts.Check(err)
	every, err := time.ParseDuration(args[3])
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	ts.Check(err)
	w := bufio.NewWriter(f)
	n := 0
	for at := from; at.Before(from.Add(length)); at = at.Add(every) {
		n++
		texts := strings.NewReplacer("{n}", strconv.Itoa(n), `\n`, "\n", `\t`, "\t")
		fill := func(s string) string { return strconv.Quote(texts.Replace(s)) }
		fmt.Fprintf(w, `{"time":%q,"level":%q,"msg":%s`, at.Format(time.RFC3339), args[4], fill(args[5]))
		if len(args) == 7 {
			fmt.Fprintf(w, `,"err":%s`, fill(args[6]))
		}
		fmt.Fprintln(w, "}")
	}
	ts.Check(w.Flush())
	ts.Check(f.Close())
}

func fill(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: fill FILE BYTES TEXT")
	}
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	ts.Check(err)
	w := bufio.NewWriter(f)
	for left := number(ts, args[1]); left > 0; {
		piece := args[2][:min(left, len(args[2]))]
		_, err := w.WriteString(piece)
		ts.Check(err)
		left -= len(piece)
	}
	ts.Check(w.Flush())
	ts.Check(f.Close())
}

func smallDisk(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: smalldisk DIR KIB")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(mountDisk(dir, args[1]))
	ts.Defer(func() { _ = exec.Command("umount", "-l", dir).Run() })
}

// confined tells whether this machine can confine commands.
func confined(t *testing.T) bool {
	found := sandbox.Detect(t.Context(), "")
	if !found.Confined() {
		t.Logf("SKIPPED: the story about confined commands: %s", found.Rungs[0].Why)
	}
	return found.Confined()
}

func mountDisk(dir, kib string) error {
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+kib+"k", "tmpfs", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("mount: %w: %s", err, out)
	}
	return nil
}

// mountable tells whether this process may mount a disk: root on Linux.
func mountable(t *testing.T) bool {
	dir := t.TempDir()
	if err := mountDisk(dir, "64"); err != nil {
		t.Logf("SKIPPED: the story about a full disk: %v", err)
		return false
	}
	return exec.Command("umount", "-l", dir).Run() == nil
}
