// Package sandbox runs the user's shell commands (tests, builds, replays) on
// code that nobody has reviewed yet.
//
// In goes a command and a directory, out come its exit code and the first and
// last part of its output. The command gets an environment of its own, an empty
// home directory, no input, a time limit, and its own process group, which is
// killed with everything in it when the command ends, in whatever way.
//
// What this version does not confine: the command runs as the same user, can
// read and write every file that user can (Go's build and module caches are
// handed to it on purpose), can use the network, and is not limited in memory
// or disk. A process that leaves the process group (setsid) outlives it. Run
// selfheal itself in a container when the code under test is not trusted.
package sandbox

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"selfheal"
)

// defaultMaxOutput is kept of a command's output where nothing else is said.
const defaultMaxOutput = 64 << 10

// Command is one command to run.
type Command struct {
	Dir   string // where it runs; must exist
	Shell string // as given to sh -c
	// Timeout ends the command; 0 means none but that of the context.
	Timeout time.Duration
	// Env is added to the clean environment ("NAME=value") and wins over it.
	Env []string
	// MaxOutput is how many bytes of output are kept, half from the start and
	// half from the end; 0 means 64 KiB.
	MaxOutput int
}

// Result is how a command ended.
type Result struct {
	ExitCode int  // 128 plus the signal's number when a signal ended it, as shells say it
	TimedOut bool // it was killed because Timeout passed
	Took     time.Duration
	Output   string // standard output and error as they came, the middle left out when too long
	Written  int64  // bytes that the command wrote
}

// Run runs a command to its end. An exit code other than 0 is no error; errors
// are CodeRefused where the system gives no way to run it, CodeUnavailable when
// it cannot be started, and the context's when that ends.
func Run(ctx context.Context, c Command) (Result, error) {
	home, err := os.MkdirTemp("", "selfheal-home-*")
	if err != nil {
		return Result{}, unavailable(err)
	}
	defer removeHome(home)
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return Result{}, unavailable(err)
	}
	if c.MaxOutput <= 0 {
		c.MaxOutput = defaultMaxOutput
	}
	return run(ctx, c, environment(os.Getenv, home, c.Dir, c.Env))
}

func unavailable(err error) error {
	return &selfheal.Error{
		Code: selfheal.CodeUnavailable, Op: "run command", Err: err,
		Message: "the command could not be started", Hint: "check that sh exists, and the space on the disk of temporary files",
	}
}
