//go:build !unix

package sandbox

import (
	"context"

	"selfheal"
)

// run refuses: without process groups, what a command starts could not be ended.
func run(context.Context, Command, []string) (Result, error) {
	return Result{}, &selfheal.Error{
		Code: selfheal.CodeRefused, Op: "run command",
		Message: "commands are not run on this operating system",
		Hint:    "run selfheal on Linux or macOS, or without --verify and --replay",
	}
}
