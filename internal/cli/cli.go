// Package cli is the command line: one file per command, each with a newXCommand
// that declares flags and a runX that does the work. In: arguments and streams.
// Out: an exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/report"
)

// Exit codes that are not a judgement about a deploy. See [selfheal.Status.ExitCode] for the others.
const (
	exitFailed = 1 // selfheal itself failed
	exitUsage  = 2 // wrong usage or configuration
)

const exitCodes = `Exit codes:
  0   clean, or something is wrong and this deploy is not the cause
  1   selfheal itself failed
  2   wrong usage or configuration
  10  regression: this deploy made errors appear or rise
  11  inconclusive: something changed, and the evidence does not say why
  12  cannot observe: no judgement is possible, and the report says why`

// Environment is what a command may touch of the process it runs in.
type Environment struct {
	Args   []string // without the program's name
	In     io.Reader
	Out    io.Writer // results
	Err    io.Writer // messages, progress
	Getenv func(string) string
	Clock  selfheal.Clock
	// Width is the columns of Out when it is a terminal, else 0; Color says whether it may be coloured.
	Width int
	Color bool
	// Progress says whether Err is a terminal that progress may be shown on.
	Progress bool
}

// open opens what a command works on, with what every command takes from its environment.
func (env *Environment) open(ctx context.Context, s app.Settings) (*app.App, error) {
	s.Getenv, s.Clock, s.Version, s.Progress = env.Getenv, env.Clock, version(), env.progress
	return app.Open(ctx, s)
}

// Run executes one command and gives the process's exit code.
func Run(ctx context.Context, env Environment) int {
	root := newRootCommand(&env)
	root.SetArgs(env.Args)
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	err := root.ExecuteContext(ctx)
	return exit(env.Err, err)
}

// judged ends a command with the exit code of a status; there is nothing to report.
type judged selfheal.Status

func (j judged) Error() string { return string(j) }

// exit tells the user about an error and gives its exit code.
func exit(w io.Writer, err error) int {
	var (
		status judged
		code   exited
	)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &status):
		return selfheal.Status(status).ExitCode()
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "selfheal: interrupted; run the same command again to go on")
		return exitFailed
	}
	fmt.Fprintf(w, "selfheal: %s\n", report.Visible(err.Error()))
	if hint := selfheal.HintOf(err); hint != "" {
		fmt.Fprintf(w, "  hint: %s\n", report.Visible(hint))
	}
	if selfheal.CodeOf(err) == selfheal.CodeUsage || isFlagError(err) {
		return exitUsage
	}
	return exitFailed
}

// flagError marks what cobra rejects: its errors have no type of their own.
type flagError struct{ error }

func (f flagError) Unwrap() error { return f.error }

func isFlagError(err error) bool {
	var flags flagError
	return errors.As(err, &flags) || strings.HasPrefix(err.Error(), "unknown command")
}

func newRootCommand(env *Environment) *cobra.Command {
	var verbose bool
	root := &cobra.Command{
		Use:   "selfheal",
		Short: "Look after a service once it has been deployed",
		Long: `selfheal says whether a deploy made errors appear or rise, proves which change
did it, prepares a tested revert, and watches until the error is really gone.

Start with:  selfheal demo`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(*cobra.Command, []string) {
			level := slog.LevelWarn
			if verbose {
				level = slog.LevelDebug
			}
			slog.SetDefault(slog.New(slog.NewTextHandler(env.Err, &slog.HandlerOptions{Level: level})))
		},
	}
	root.PersistentFlags().BoolVarP(&verbose, "verbose", "v", false, "log what is done to standard error")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return flagError{selfheal.Usagef("run "+c.CommandPath()+" --help for its flags", "%s", err)}
	})
	root.AddCommand(
		newCheckCommand(env), newWatchCommand(env), newBuildCommand(env), newServeCommand(env), newDeployCommand(env), newTokenCommand(env), newDemoCommand(env), newGroupCommand(env),
		newIncidentsCommand(env), newShowCommand(env), newPRCommand(env), newSignaturesCommand(env), newTriageCommand(env), newClassifyCommand(env),
		newReplayCommand(env), newDrillCommand(env), newEvalCommand(env), newConfigCommand(env), newSandboxCommand(env), newDoctorCommand(env), newCICommand(env), newVersionCommand(env),
	)
	for _, c := range root.Commands() {
		if c.Args != nil {
			c.Args = usageArgs(c.Args)
		}
	}
	return root
}

// usageArgs makes wrong arguments a usage error with a hint, like wrong flags.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return flagError{selfheal.Usagef("run "+c.CommandPath()+" --help for its arguments", "%s", err)}
		}
		return nil
	}
}

// Standard gives the environment of this process.
func Standard(clock selfheal.Clock) Environment {
	env := Environment{Args: os.Args[1:], In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Clock: clock}
	env.Width, env.Color = terminal(os.Stdout, os.Getenv)
	width, _ := terminal(os.Stderr, os.Getenv)
	env.Progress = width > 0
	return env
}
