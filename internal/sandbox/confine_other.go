//go:build !linux

package sandbox

import (
	"context"
	"runtime"
)

// Reexec does nothing on this operating system; see the one for Linux.
func Reexec() {}

// rungs has one that says why there are none.
func rungs() []rung {
	return []rung{{"namespaces", func(context.Context, Command) (Result, error) {
		return Result{}, &unableError{
			reason: "commands are confined on Linux only, and this is " + runtime.GOOS,
			hint:   "run selfheal on Linux or in a virtual machine with Linux, or accept the risk with --unsafe-no-sandbox",
		}
	}}}
}

func features() []Feature {
	return []Feature{{Name: "operating system", Why: runtime.GOOS + "; Linux is needed"}}
}

func confinementOf(string) string { return ConfinementNone }

// probeRung asks the rung why it does not work.
func probeRung(ctx context.Context, r rung, _ string) ([]Escape, error) {
	_, err := r.run(ctx, Command{})
	return nil, err
}
