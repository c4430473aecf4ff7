//go:build unix

package sandbox

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"selfheal"
)

func start(t *testing.T, c Command) Result {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	result, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// eachWay runs a test confined, where this machine can, and unconfined: what a
// caller sees of a command is the same.
func eachWay(t *testing.T, test func(*testing.T, Policy)) {
	t.Helper()
	t.Run("confined", func(t *testing.T) {
		t.Parallel()
		needConfinement(t)
		test(t, Require)
	})
	t.Run("unconfined", func(t *testing.T) {
		t.Parallel()
		test(t, Unsafe)
	})
}

func needConfinement(t *testing.T) {
	t.Helper()
	_, err := Run(t.Context(), Command{Dir: t.TempDir(), Shell: "true", Policy: Require})
	if selfheal.CodeOf(err) == selfheal.CodeRefused {
		t.Skipf("SKIPPED: commands cannot be confined here: %v", err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, policy Policy) {
		f := func(shell string, wantCode int, wantOutput string) {
			t.Helper()
			got := start(t, Command{Shell: shell, Timeout: time.Minute, Policy: policy})
			if got.ExitCode != wantCode || got.Output != wantOutput || got.TimedOut || got.Exceeded != "" {
				t.Errorf("%s: %+v", shell, got)
			}
		}
		f("echo out; echo err >&2", 0, "out\nerr\n")
		f("exit 3", 3, "")
		f("kill -TERM $$", 143, "")
		f("cat; echo end", 0, "end\n") // no input to wait for
		f("no-such-program 2>/dev/null", 127, "")
		f("test \"$PWD\" = \"$(pwd -P)\" && touch here && ls", 0, "here\n")
	})
}

func TestResultTellsHowItWasConfined(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, policy Policy) {
		got := start(t, Command{Shell: "true", Policy: policy})
		if confined := policy == Require; confined != (got.Confinement != ConfinementNone) || confined == got.Network || confined != (got.Unconfined == "") {
			t.Errorf("%+v", got)
		}
	})
}

func TestEnvironmentIsClean(t *testing.T) {
	t.Setenv("SELFHEAL_SECRET", "hunter2")
	t.Setenv("GIT_DIR", "/nowhere")
	t.Setenv("GOPRIVATE", "example.com/private")
	t.Setenv("GOSUMDB", "sum.example.com https://name:hunter2@sum.example.com")
	outer := os.Getenv("HOME")
	got := start(t, Command{Shell: "env; ls -A $HOME", Env: []string{"EXTRA=1", "LANG=xx"}}).Output
	for _, absent := range []string{"hunter2", "GIT_DIR", "HOME=" + outer + "\n"} {
		if strings.Contains(got, absent) {
			t.Errorf("the command sees %q:\n%s", absent, got)
		}
	}
	for _, present := range []string{"PATH=", "EXTRA=1\n", "LANG=xx\n", "GOPRIVATE=example.com/private\n", "https://sum.example.com\n", "GOCACHE=", "GOMODCACHE="} {
		if !strings.Contains(got, present) {
			t.Errorf("the command does not see %q:\n%s", present, got)
		}
	}
	_, rest, _ := strings.Cut(got, "\nHOME=")
	home, _, _ := strings.Cut(rest, "\n")
	if _, err := os.Stat(home); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the home directory %q is left: %v", home, err)
	}
}

func TestReadOnlyHomeIsRemoved(t *testing.T) {
	t.Parallel()
	got := start(t, Command{Shell: "mkdir -p $HOME/a/b && touch $HOME/a/b/c && chmod -R a-w $HOME/a && echo $HOME"})
	if home := strings.TrimSpace(got.Output); home == "" {
		t.Error("no home")
	} else if _, err := os.Stat(home); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", home, err)
	}
}

// witness is a named pipe in a working copy that tells when the last process that holds it is gone.
type witness struct {
	dir, path string
	end       *os.File
}

func newWitness(t *testing.T, dir string) *witness {
	t.Helper()
	w := &witness{dir: dir, path: filepath.Join(dir, "pipe")}
	if err := syscall.Mkfifo(w.path, 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.end, err = os.OpenFile(w.path, os.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.end.Close() })
	return w
}

// hold is the shell command by which the shell, and all that it starts later, holds the pipe.
func (w *witness) hold() string { return "exec 3>'" + w.path + "'; " }

// gone waits until nobody holds the pipe, and fails when somebody does for long.
func (w *witness) gone(t *testing.T) {
	t.Helper()
	if err := w.end.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, w.end); err != nil {
		t.Errorf("a process lives: %v", err)
	}
}

func TestTimeoutKillsGrandchildren(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, policy Policy) {
		w := newWitness(t, t.TempDir())
		shell := w.hold() + "sh -c 'sleep 1000 & sleep 1000'; echo never"
		got := start(t, Command{Dir: w.dir, Shell: shell, Timeout: 500 * time.Millisecond, Policy: policy})
		if !got.TimedOut || got.ExitCode != 137 || strings.Contains(got.Output, "never") {
			t.Errorf("%+v", got)
		}
		w.gone(t)
	})
}

func TestBackgroundProcessesEndWithTheCommand(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, policy Policy) {
		f := func(shell string, wantCode int) {
			t.Helper()
			w := newWitness(t, t.TempDir())
			got := start(t, Command{Dir: w.dir, Shell: w.hold() + shell, Timeout: time.Minute, Policy: policy})
			if got.ExitCode != wantCode || got.TimedOut || got.Took > 30*time.Second {
				t.Errorf("%s: %+v", shell, got)
			}
			w.gone(t)
		}
		f("sleep 1000 & echo end", 0) // keeps the output open
		f("sleep 1000 >/dev/null 2>&1 & exit 4", 4)
	})
}

func TestCancelIsAnError(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, policy Policy) {
		ctx, cancel := context.WithCancelCause(t.Context())
		lost := errors.New("lost the lease")
		dir := t.TempDir()
		held := newWitness(t, dir)
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			if line, err := waitForLine(held.end); err != nil || line != "running" {
				t.Errorf("the command said %q, error %v", line, err)
			}
			cancel(lost)
		}()
		shell := held.hold() + "echo running >&3; sleep 1000"
		if _, err := Run(ctx, Command{Dir: dir, Shell: shell, Policy: policy}); !errors.Is(err, lost) {
			t.Errorf("error %v", err)
		}
		<-stopped
		held.gone(t)
	})
}

// waitForLine reads a line from a pipe whose writer may not be there yet.
func waitForLine(pipe *os.File) (string, error) {
	if err := pipe.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return "", err
	}
	for {
		line, err := bufio.NewReader(pipe).ReadString('\n')
		if line != "" || !errors.Is(err, io.EOF) {
			return strings.TrimSpace(line), err
		}
		runtime.Gosched()
	}
}

func TestCannotStart(t *testing.T) {
	t.Parallel()
	_, err := Run(t.Context(), Command{Dir: filepath.Join(t.TempDir(), "missing"), Shell: "true"})
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Errorf("error %v", err)
	}
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	got := start(t, Command{Shell: "echo first; head -c 3000000 /dev/zero; echo; echo last", MaxOutput: 1000, Timeout: time.Minute})
	if len(got.Output) > 1100 || !strings.HasPrefix(got.Output, "first\n") || !strings.HasSuffix(got.Output, "\nlast\n") {
		t.Errorf("%d bytes: %.20q", len(got.Output), got.Output)
	}
	if got.Written != 3000012 || !strings.Contains(got.Output, "[2999012 bytes left out]") {
		t.Errorf("%d bytes were written", got.Written)
	}
}

// However the output is cut into writes, what is kept is its start and its end.
func TestCaptureKeepsStartAndEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 12).Draw(t, "limit")
		c := newCapture(2 * limit)
		var all []byte
		for _, chunk := range rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 30)).Draw(t, "chunks") {
			all = append(all, chunk...)
			_, _ = c.Write(chunk)
		}
		want := string(all)
		if len(all) > 2*limit {
			want = string(all[:limit]) + "\n[" + strconv.Itoa(len(all)-2*limit) + " bytes left out]\n" + string(all[len(all)-limit:])
		}
		if got := c.String(); got != want {
			t.Fatalf("kept %q, want %q", got, want)
		}
	})
}
