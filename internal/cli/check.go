package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
)

type checkOptions struct {
	app.CheckRequest
	config, store, repairBy, deployedAt string
	agent                               bool
	logs                                string // format of the logs
	forge                               string
	output                              outputOptions
}

// unsafeVariable does the same as --unsafe-no-sandbox where it is 1, for machines on which nothing can be confined.
const unsafeVariable = "SELFHEAL_UNSAFE_NO_SANDBOX"

func newCheckCommand(env *Environment) *cobra.Command {
	var o checkOptions
	c := &cobra.Command{
		Use:   "check",
		Short: "Judge a deploy from log files and a repository",
		Long: `check compares the logs of before and after a deploy, says which errors appeared
or rose, and which commit and line between the two revisions did it. With
--repair revert it prepares a branch that takes the culprit back, proves it with
your commands, and opens a pull request: on the forge that selfheal.yaml or
--forge names, else on the local one. With --repair command a command of yours, such
as a coding agent, writes a fix instead, which guards look through.

Logs may be plain text, JSON lines or logfmt, gzip or zstd; - is standard input.
A build that failed is judged from its output with --build-log instead.

An error that shows late may be an earlier deploy's: --lookback examines those too.
Where the evidence does not decide, a --replay command is run at the candidates to
find the one at which it begins to fail; with --prove it is run in any case.

` + exitCodes,
		Example: `  selfheal check --base v1.4.0 --head v1.5.0 --baseline 'logs/week/*.log' --window logs/after.log
  selfheal check --base v1.4.0 --head v1.5.0 --baseline week.log.gz --window after.log \
      --repair revert --verify 'make test'
  selfheal check --base v1.4.0 --head v1.5.0 --baseline week.log --window after.log --why g2-57939d18
  selfheal check --base main~1 --head main --build-log build.log`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runCheck(c.Context(), env, c, o) },
	}
	f := c.Flags()
	f.StringVar(&o.Repository, "repo", ".", "repository of the service")
	f.StringVar(&o.Base, "base", "", "revision that served before the deploy")
	f.StringVar(&o.Head, "head", "HEAD", "revision that was deployed")
	f.StringArrayVar(&o.Baseline, "baseline", nil, "log files of before the deploy, patterns allowed (repeatable)")
	f.StringArrayVar(&o.Window, "window", nil, "log files of after the deploy, patterns allowed (repeatable)")
	f.StringVar(&o.BuildLog, "build-log", "", "output of the build that failed, instead of --baseline and --window")
	f.StringVar(&o.deployedAt, "deployed-at", "", "when the new revision began to serve, RFC 3339 (default: first record of the window)")
	f.DurationVar(&o.Planned, "watch-for", 0, "how long the deploy is going to be watched, when it is judged before that (default: to the window's end)")
	f.StringArrayVar(&o.Why, "why", nil, "signature, or the beginning of its id, of which to say why it counts or does not (repeatable)")
	f.StringVar(&o.Service, "service", "", "name of the service (default: from selfheal.yaml, else the repository's name)")
	f.StringVar(&o.Environment, "environment", "", "where it is deployed (default: from selfheal.yaml, else production)")
	f.StringVar(&o.repairBy, "repair", "none", "what to do about a regression: none, revert, command (repair.command of selfheal.yaml), agent (models of agent.roles.fix), or auto (repair.strategies)")
	commandFlags(f, &o.CommandRequest)
	causeFlags(f, &o.CauseRequest)
	f.StringVar(&o.forge, "forge", "", forgeUsage)
	f.BoolVar(&o.DryRun, "dry-run", false, "do everything but push and open a pull request")
	f.StringVar(&o.logs, "log-format", "", "what the logs are read as: "+app.LogFormats+" (default: found line by line)")
	f.BoolVar(&o.agent, "agent", false, "let the models of agent.roles.triage have a second look at what the rules leave open")
	f.StringVar(&o.config, "config", "", "configuration file (default: selfheal.yaml of the repository)")
	f.StringVar(&o.store, "store", "", "file that holds the journal (default: in the user's state directory)")
	o.output.flags(f)
	return c
}

func runCheck(ctx context.Context, env *Environment, c *cobra.Command, o checkOptions) (err error) {
	if err := o.validate(c); err != nil {
		return err
	}
	o.Repair = o.repairBy != "none"
	if o.repairBy != "none" && o.repairBy != "auto" {
		o.Strategies = []string{o.repairBy}
	}
	o.Stdin = env.In
	o.Command = "check"
	a, err := env.open(ctx, app.Settings{
		Repository: o.Repository, ConfigPath: o.config, StorePath: o.store, LogFormat: o.logs, Forge: o.forge, Agent: o.agent,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	settleUnsafe(env, &o.CommandRequest)
	result, err := a.Check(ctx, o.CheckRequest)
	env.progressDone()
	if err != nil {
		return err
	}
	if err := o.output.write(env, result); err != nil {
		return err
	}
	return judged(result.Status)
}

func (o *checkOptions) validate(c *cobra.Command) error {
	if o.Base == "" {
		return selfheal.Usagef("name the revision that served before, e.g. --base v1.4.0", "--base is missing")
	}
	if o.BuildLog != "" {
		if len(o.Baseline)+len(o.Window) > 0 {
			return selfheal.Usagef("a build that failed served nothing, so it has no logs of its own", "--build-log excludes --baseline and --window")
		}
	} else if len(o.Baseline) == 0 || len(o.Window) == 0 {
		return selfheal.Usagef("see selfheal check --help for an example", "--baseline and --window are both needed (or --build-log)")
	}
	if o.BuildLog != "" && len(o.Why) > 0 {
		return selfheal.Usagef("in a build that failed every error counts", "--build-log excludes --why")
	}
	if o.Planned < 0 {
		return selfheal.Usagef("e.g. --watch-for 1h", "--watch-for must be positive")
	}
	if !slices.Contains([]string{"none", "revert", "command", "agent", "auto"}, o.repairBy) {
		return selfheal.Usagef("use --repair none, revert, command, agent or auto", "unknown repair %q", o.repairBy)
	}
	if stdins := countStdin(o.Baseline) + countStdin(o.Window) + countStdin([]string{o.BuildLog}); stdins > 1 {
		return selfheal.Usagef("put one of them into a file", "standard input can be read only once")
	}
	var err error
	if o.DeployedAt, err = parseDeployedAt(o.deployedAt); err != nil {
		return err
	}
	if err := validateCause(c.Flags(), o.CauseRequest, o.CommandRequest); err != nil {
		return err
	}
	return o.output.validate()
}

func countStdin(patterns []string) int {
	n := 0
	for _, pattern := range patterns {
		if pattern == "-" {
			n++
		}
	}
	return n
}
