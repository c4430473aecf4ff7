package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/report"
)

// exited ends a command with the exit code of the command that it ran.
type exited int

func (e exited) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

type buildOptions struct {
	app.CheckRequest
	config, store, repairBy string
	report                  outputOptions
}

func newBuildCommand(env *Environment) *cobra.Command {
	var o buildOptions
	c := &cobra.Command{
		Use:   "build [flags] -- COMMAND [ARGUMENT]...",
		Short: "Run a build, and say what broke it when it fails",
		Long: `build runs a command, such as docker build, as if selfheal were not there: its
output appears unchanged, signals are handed on, and its exit code is that of
build, 128 and the number of the signal when one ended it. Of a build that
succeeds, the revision is remembered.

When it fails, build says on standard error what failed (the step, its line in
the Dockerfile, the errors of the compiler or package manager), which commit
since the last green build did it, or that no commit did: a registry that is
down or a disk that is full is not the change's fault, and building again is the
remedy. With --repair revert it prepares a branch without the culprit, proves it
by the same command, and opens a pull request on the local forge.

It understands BuildKit (plain and rawjson), the classic builder of docker,
buildah, podman and make, and commands that are none of these. What it does not
understand is shown by its last lines. Trouble of its own is a warning and never
changes the exit code.

The command gets standard input as it is; its output goes through a pipe, so that
programs which look for a terminal print without colours and progress bars.

Exit codes:
  that of the command; 126 or 127 when it cannot be run
  2    wrong usage of selfheal, before anything is run`,
		Example: `  selfheal build -- docker build -t shop .
  selfheal build --service shop -- buildctl build --frontend dockerfile.v0 --local context=. --local dockerfile=.
  selfheal build --base v1.4.0 --report build.json --format json -- make image
  selfheal build --repair revert -- go build ./...`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error { return runBuild(c.Context(), env, o, args) },
	}
	f := c.Flags()
	f.SetInterspersed(false)
	f.StringVar(&o.Repository, "repo", ".", "repository of what is built")
	f.StringVar(&o.Base, "base", "", "revision that the change is counted from (default: the last green build)")
	f.StringVar(&o.Service, "service", "", "name of the service (default: from selfheal.yaml, else the repository's name)")
	f.StringVar(&o.Environment, "environment", "", "where it is to be deployed (default: from selfheal.yaml, else production)")
	f.StringVar(&o.repairBy, "repair", "none", "what to do about a failure that a commit caused: none or revert")
	f.StringArrayVar(&o.Verify, "verify", nil, "shell command that must succeed on the repaired revision (repeatable)")
	f.StringArrayVar(&o.Replay, "replay", nil, "shell command that must fail on the built revision and succeed on the repaired one (repeatable; default: the build command)")
	f.DurationVar(&o.Timeout, "timeout", 0, "longest run of one --verify or --replay command (default 10m)")
	f.BoolVar(&o.Network, "network", false, "let --verify and --replay commands use the network")
	f.BoolVar(&o.Unsafe, "unsafe-no-sandbox", false, "do not confine --verify and --replay commands; a client of a docker daemon needs this")
	f.BoolVar(&o.DryRun, "dry-run", false, "do everything but push and open a pull request")
	f.StringVar(&o.report.out, "report", "", "write a report to this file when the build fails")
	f.StringVar(&o.report.format, "format", "json", "of the report: text, json, sarif or html")
	f.StringVar(&o.config, "config", "", "configuration file (default: selfheal.yaml of the repository)")
	f.StringVar(&o.store, "store", "", "file that holds the journal (default: in the user's state directory)")
	return c
}

func (o *buildOptions) validate(args []string) error {
	if len(args) == 0 {
		return selfheal.Usagef("e.g. selfheal build -- docker build .", "there is no command to run")
	}
	if o.repairBy != "none" && o.repairBy != "revert" {
		return selfheal.Usagef("use --repair none or --repair revert", "unknown repair %q", o.repairBy)
	}
	if o.Timeout < 0 {
		return selfheal.Usagef("", "--timeout must be positive")
	}
	return o.report.validate()
}

// glance bounds how long the start of a build waits for git.
const glance = 10 * time.Second

func runBuild(ctx context.Context, env *Environment, o buildOptions, args []string) error {
	if err := o.validate(args); err != nil {
		return err
	}
	o.Repair, o.Command = o.repairBy == "revert", "build"
	if o.Repair && len(o.Verify)+len(o.Replay) == 0 {
		o.Replay = []string{shellCommand(args)}
	}
	looking, stop := context.WithTimeout(ctx, glance)
	checkout, lookErr := app.ReadCheckout(looking, o.Repository)
	stop()
	run, err := app.RunBuild(app.Command{Args: args, In: env.In, Out: env.Out, Err: env.Err, Terminal: env.Progress || env.Width > 0}, env.Clock)
	if err != nil {
		tellStart(env, err)
		return exited(run.ExitCode)
	}
	request := app.BuildRequest{CheckRequest: o.CheckRequest, Args: args, Checkout: checkout, Took: run.Took, Output: run.Output, Failure: run.Failure}
	switch {
	case run.Broken:
		warn(env, errors.New("the output could not be read; please report this"))
	case ctx.Err() != nil:
		warn(env, errors.New("interrupted, so the build is not judged"))
	default:
		if lookErr != nil {
			slog.Debug("the checkout was not read", "error", lookErr)
		}
		judgeBuild(ctx, env, o, request)
	}
	return exited(run.ExitCode)
}

// judgeBuild does what is left to do after a build. Nothing that goes wrong here
// is the build's affair, not even a defect of selfheal.
func judgeBuild(ctx context.Context, env *Environment, o buildOptions, r app.BuildRequest) {
	defer func() {
		if p := recover(); p != nil {
			warn(env, fmt.Errorf("selfheal failed while it looked at the build: %v", p))
		}
	}()
	green := len(r.Failure.Errors) == 0
	a, err := env.open(ctx, app.Settings{Repository: o.Repository, ConfigPath: o.config, StorePath: o.store})
	if err != nil {
		warn(env, err)
		if !green {
			tellBuild(env, app.BuildReport{Failure: r.Failure}, o)
		}
		return
	}
	defer func() {
		if err := a.Close(); err != nil {
			warn(env, err)
		}
	}()
	if green {
		if err := a.BuildSucceeded(ctx, r); err != nil {
			warn(env, err)
		}
		return
	}
	b, err := a.BuildFailed(ctx, r)
	env.progressDone()
	if err != nil {
		warn(env, err)
	}
	tellBuild(env, b, o)
	if o.report.out != "" {
		if err := o.report.write(env, b.Report); err != nil {
			warn(env, err)
		}
	}
}

func warn(env *Environment, err error) {
	env.progressDone()
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	fmt.Fprintf(env.Err, "selfheal: WARNING: %s\n", report.Visible(text))
	if hint := selfheal.HintOf(err); hint != "" {
		fmt.Fprintf(env.Err, "  hint: %s\n", report.Visible(hint))
	}
}

// tellStart says that the command could not be started.
func tellStart(env *Environment, err error) {
	fmt.Fprintf(env.Err, "selfheal: %s\n", report.Visible(err.Error()))
	if hint := selfheal.HintOf(err); hint != "" {
		fmt.Fprintf(env.Err, "  hint: %s\n", report.Visible(hint))
	}
}

// shellCommand writes arguments as a shell reads them.
func shellCommand(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		if arg == "" || strings.ContainsAny(arg, " \t\n\"'`$\\|&;<>()*?[]#~=%!{}") {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		quoted[i] = arg
	}
	return strings.Join(quoted, " ")
}

// home abbreviates the user's home folder in a path.
func (env *Environment) home(p string) string {
	if home := env.Getenv("HOME"); home != "" && strings.HasPrefix(p, home+string(os.PathSeparator)) {
		return "~" + p[len(home):]
	}
	return p
}
