package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// outputLimit is the number of bytes that [Repository.Run] reads of one command.
const outputLimit = 64 << 20

// stderrLimit is how much of a failing command's standard error goes into the error.
const stderrLimit = 4 << 10

// killGrace is how long a command that was cancelled, or has ended, may take to
// close its pipes. On a machine with far more work than processors that is seconds.
const killGrace = 20 * time.Second

// hardening switches off everything by which a repository's or a user's
// configuration could run programs or change the format of what is read.
var hardening = [...]string{
	"--no-pager",
	"-c", "core.hooksPath=/dev/null",
	"-c", "core.fsmonitor=false",
	"-c", "core.quotePath=true", // names stay ASCII in patches, so that unquoting gives back their very bytes
	"-c", "diff.external=",
	"-c", "diff.orderFile=/dev/null",
	"-c", "diff.renames=true",
	"-c", "log.showRoot=true",
	"-c", "log.showSignature=false",
	"-c", "color.ui=false",
	"-c", "protocol.ext.allow=never",
	"-c", "gc.auto=0",
	"-c", "maintenance.auto=false",
}

// Options changes how one command is run.
type Options struct {
	// Directory is where the command runs; empty means the directory the
	// repository was opened with. Worktrees of the repository go here.
	Directory string
	// Env is appended to the hardened environment ("NAME=value").
	Env []string
	// Stdin is given to the command; nil means none.
	Stdin io.Reader
	// Limit caps the bytes read of standard output; 0 means 64 MiB. More is an error.
	Limit int64
}

// CommandError is a git command that ran and failed.
type CommandError struct {
	Args     []string // of git, without the hardening options
	ExitCode int      // -1 when killed by a signal
	Stderr   string   // trimmed and capped
}

// Error names the subcommand and gives what git printed.
func (e *CommandError) Error() string {
	name := "git"
	if len(e.Args) > 0 {
		name += " " + e.Args[0]
	}
	if e.Stderr == "" {
		return fmt.Sprintf("%s: exit code %d", name, e.ExitCode)
	}
	return name + ": " + firstLine(e.Stderr)
}

// Run runs git with args in the repository and returns its standard output.
// A command that fails gives a *[CommandError] in the chain.
func (r *Repository) Run(ctx context.Context, args ...string) ([]byte, error) {
	return r.RunWith(ctx, Options{}, args...)
}

// RunWith is [Repository.Run] with options.
func (r *Repository) RunWith(ctx context.Context, options Options, args ...string) ([]byte, error) {
	limit := options.Limit
	if limit == 0 {
		limit = outputLimit
	}
	var out bytes.Buffer
	err := r.stream(ctx, options, func(stdout io.Reader) error {
		n, err := io.Copy(&out, io.LimitReader(stdout, limit+1))
		if err == nil && n > limit {
			return fmt.Errorf("git %s: more than %d bytes of output", args[0], limit)
		}
		return err
	}, args...)
	return out.Bytes(), err
}

// stream runs git and hands its standard output to consume while it is written.
// When consume returns early the command is killed, and consume's error counts.
func (r *Repository) stream(ctx context.Context, options Options, consume func(io.Reader) error, args ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dir := options.Directory
	if dir == "" {
		dir = r.dir
	}
	cmd := newCommand(ctx, dir, args)
	cmd.Env = append(cmd.Env, options.Env...)
	cmd.Stdin = options.Stdin
	stderr := &cappedBuffer{limit: stderrLimit}
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("git %s: %w", args[0], err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("git %s: %w", args[0], err)
	}
	consumeErr := consume(stdout)
	if consumeErr != nil {
		cancel()
	}
	waitErr := cmd.Wait()
	switch {
	case consumeErr != nil:
		return consumeErr
	case waitErr == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("git %s: %w", args[0], context.Cause(ctx))
	}
	return commandError(waitErr, args, stderr.String())
}

// newCommand prepares a hardened git command in its own process group.
func newCommand(ctx context.Context, dir string, args []string) *exec.Cmd {
	full := make([]string, 0, len(hardening)+len(args)+2)
	full = append(full, "-C", dir)
	full = append(full, hardening[:]...)
	full = append(full, args...)
	cmd := exec.CommandContext(ctx, "git", full...)
	cmd.Env = environment(os.Environ())
	cmd.WaitDelay = killGrace
	killWholeGroup(cmd)
	return cmd
}

// environment keeps the caller's variables except git's own, which could point
// the command at another repository, and pins locale and interaction.
func environment(caller []string) []string {
	env := make([]string, 0, len(caller)+5)
	for _, pair := range caller {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "GIT_") || strings.HasPrefix(name, "LC_") || name == "LANG" || name == "LANGUAGE" {
			continue
		}
		env = append(env, pair)
	}
	return append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_PAGER=cat", "GIT_LITERAL_PATHSPECS=1")
}

func commandError(err error, args []string, stderr string) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("git %s: %w", args[0], err)
	}
	return &CommandError{Args: args, ExitCode: exit.ExitCode(), Stderr: strings.TrimSpace(stderr)}
}

// exitCode gives the exit code of a command that ran and failed.
func exitCode(err error) (int, bool) {
	var e *CommandError
	if !errors.As(err, &e) {
		return 0, false
	}
	return e.ExitCode, true
}

// cappedBuffer keeps the first limit bytes and swallows the rest.
type cappedBuffer struct {
	bytes.Buffer
	limit int
}

func (b *cappedBuffer) Write(p []byte) (int, error) {
	if room := b.limit - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
