// Package sandbox runs shell commands (tests, builds, replays) on code that
// nobody has reviewed: everything that executes a repository's code goes
// through [Run].
//
// In goes a command and a directory, out come its exit code, the first and last
// part of its output, and how it was confined. On Linux the command sees a file
// system of its own: the system's programs and the toolchains read-only, the
// working copy, fresh /tmp and home. It sees no other process, has no network
// unless it is given, no privileges to gain, and an environment without
// secrets; memory, processes, disk and time are limited, and nothing that it
// starts outlives it.
//
// The confinement is a ladder: namespaces that this program makes itself (by
// running itself again, see [Reexec]), else bubblewrap, else docker where an
// image was named. Where no rung holds, [Policy] says whether the command is
// refused. docs/sandbox.md says what is not confined.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"selfheal"
)

// defaultMaxOutput is kept of a command's output where nothing else is said.
const defaultMaxOutput = 64 << 10

// Policy says what happens where a command cannot be confined.
type Policy int

const (
	// Require refuses to run a command that cannot be confined.
	Require Policy = iota
	// Unsafe never confines. It is what --unsafe-no-sandbox asks for.
	Unsafe
)

// How a command was confined, as Result.Confinement says it.
const (
	ConfinementLandlock   = "namespaces+landlock"
	ConfinementNamespaces = "namespaces" // a kernel without Landlock: everything else holds
	ConfinementBubblewrap = "bubblewrap"
	ConfinementDocker     = "docker"
	ConfinementNone       = "none"
)

// Command is one command to run.
type Command struct {
	Dir   string // where it runs, and all that it can change; must exist
	Shell string // as given to sh -c
	// Timeout ends the command; 0 means none but that of the context.
	Timeout time.Duration
	// Env is added to the clean environment ("NAME=value") and wins over it.
	Env []string
	// MaxOutput is how many bytes of output are kept, half from the start and
	// half from the end; 0 means 64 KiB.
	MaxOutput int

	Policy Policy
	// Network leaves the machine's network to the command. Without it there is
	// a loopback interface and nothing else.
	Network bool
	// ReadOnly are further files and directories that the command may read, at
	// the paths where they are. Name only what the code under test cannot have
	// chosen.
	ReadOnly []string
	Limits   Limits
	// Image is the container image for the docker rung, with the repository's
	// toolchain in it; docker is not tried without one.
	Image string
}

// Result is how a command ended.
type Result struct {
	ExitCode int  // 128 plus the signal's number when a signal ended it, as shells say it
	TimedOut bool // it was killed because Timeout passed
	Took     time.Duration
	Output   string // standard output and error as they came, the middle left out when too long
	Written  int64  // bytes that the command wrote

	Confinement string // one of the Confinement constants
	Unconfined  string // why Confinement is none; empty otherwise
	Network     bool   // the command could use the machine's network
	Exceeded    string // the limit for which it was killed: memory, processes or disk; empty when none
}

// Run runs a command to its end. An exit code other than 0 is no error; errors
// are CodeRefused where it may not run here, CodeUnavailable when it cannot be
// started, and the context's when that ends.
func Run(ctx context.Context, c Command) (Result, error) {
	dir, err := filepath.Abs(c.Dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return Result{}, unavailable(err)
	}
	c.Dir = dir
	if c.MaxOutput <= 0 {
		c.MaxOutput = defaultMaxOutput
	}
	if c.Policy == Unsafe {
		return unconfined(ctx, c)
	}
	result, err := confined(ctx, c)
	if unable, ok := errors.AsType[*unableError](err); ok {
		return Result{}, refused(unable)
	}
	return result, err
}

// unconfined runs a command as the calling user, in an empty home of its own.
func unconfined(ctx context.Context, c Command) (Result, error) {
	home, err := os.MkdirTemp("", "selfheal-home-*")
	if err != nil {
		return Result{}, unavailable(err)
	}
	defer removeHome(home)
	result, err := run(ctx, c, environment(os.Getenv, c.Dir, home, home, c.Env))
	result.Confinement, result.Unconfined, result.Network = ConfinementNone, "the sandbox was switched off", true
	return result, err
}

// confined runs a command on the first rung that holds, or gives an *unableError.
func confined(ctx context.Context, c Command) (Result, error) {
	var reasons []error
	for _, r := range rungs() {
		result, err := r.run(ctx, c)
		if unable, ok := errors.AsType[*unableError](err); !ok {
			return result, err
		} else if unable.final {
			return Result{}, err
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", r.name, err))
	}
	return Result{}, &unableError{reason: joined(reasons), hint: hintOf(reasons)}
}

// rung is one way to confine.
type rung struct {
	name string
	run  func(context.Context, Command) (Result, error)
}

// unableError says why a command was not confined; it has not been started.
type unableError struct {
	reason string
	hint   string
	final  bool // it is the command that cannot be confined, on no rung
}

func (e *unableError) Error() string { return e.reason }

func joined(reasons []error) string {
	texts := make([]string, len(reasons))
	for i, reason := range reasons {
		texts[i] = reason.Error()
	}
	return strings.Join(texts, "; ")
}

// hintOf is the first hint: the first rung is the one to make work.
func hintOf(reasons []error) string {
	for _, reason := range reasons {
		if unable, ok := errors.AsType[*unableError](reason); ok && unable.hint != "" {
			return unable.hint
		}
	}
	return ""
}

func refused(e *unableError) error {
	hint := e.hint
	if hint == "" {
		hint = "run selfheal sandbox check to see what is missing"
	}
	return &selfheal.Error{
		Code: selfheal.CodeRefused, Op: "run command",
		Message: "the command cannot be confined here (" + e.reason + ")", Hint: hint,
	}
}

func unavailable(err error) error {
	return &selfheal.Error{
		Code: selfheal.CodeUnavailable, Op: "run command", Err: err,
		Message: "the command could not be started", Hint: "check that sh exists, and the space on the disk of temporary files",
	}
}
