//go:build unix

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// drain is how long the output of processes that outlive the shell is waited for.
const drain = 500 * time.Millisecond

func run(ctx context.Context, c Command, env []string) (Result, error) {
	limited, cancel := withTimeout(ctx, c.Timeout)
	defer cancel()
	out := newCapture(c.MaxOutput)
	cmd := exec.CommandContext(limited, "/bin/sh", "-c", c.Shell)
	cmd.Dir, cmd.Env = c.Dir, env
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	cmd.WaitDelay = drain

	started := time.Now()
	if err := cmd.Start(); err != nil {
		return Result{}, unavailable(err)
	}
	err := cmd.Wait()
	// What the shell left running in the background would hold files and ports.
	_ = killGroup(cmd.Process.Pid)
	if ctx.Err() != nil {
		return Result{}, fmt.Errorf("run command: %w", context.Cause(ctx))
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) && limited.Err() == nil {
		return Result{}, unavailable(err)
	}
	return Result{
		ExitCode: exitCode(cmd.ProcessState), TimedOut: limited.Err() != nil,
		Took: time.Since(started), Output: out.String(), Written: out.written,
	}, nil
}

func withTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// killGroup kills a process and all that it started, unless they left its group.
func killGroup(leader int) error {
	err := syscall.Kill(-leader, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
