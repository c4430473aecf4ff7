package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
)

type checkOptions struct {
	app.CheckRequest
	config, store, repairBy, deployedAt string
	agent                               bool
	logs                                string // format of the logs
	timeout                             time.Duration
	output                              outputOptions
}

func newCheckCommand(env *Environment) *cobra.Command {
	var o checkOptions
	c := &cobra.Command{
		Use:   "check",
		Short: "Judge a deploy from log files and a repository",
		Long: `check compares the logs of before and after a deploy, says which errors appeared
or rose, and which commit and line between the two revisions did it. With
--repair revert it prepares a branch that takes the culprit back, proves it with
your commands, and opens a pull request on the local forge.

Logs may be plain text, JSON lines or logfmt, gzip or zstd; - is standard input.
A build that failed is judged from its output with --build-log instead.

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
	f.StringVar(&o.repairBy, "repair", "none", "what to do about a regression: none or revert")
	f.StringArrayVar(&o.Verify, "verify", nil, "shell command that must succeed on the repaired revision (repeatable)")
	f.StringArrayVar(&o.Replay, "replay", nil, "shell command that must fail on the deployed revision and succeed on the repaired one (repeatable)")
	f.DurationVar(&o.timeout, "timeout", 0, "longest run of one --verify or --replay command (default 10m)")
	f.BoolVar(&o.Network, "network", false, "let --verify and --replay commands use the network")
	f.BoolVar(&o.Unsafe, "unsafe-no-sandbox", false, "do not confine --verify and --replay commands, whatever the repository's code does")
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
	o.Repair = o.repairBy == "revert"
	o.Timeout = o.timeout
	o.Stdin = env.In
	o.Command = "check"
	a, err := env.open(ctx, app.Settings{
		Repository: o.Repository, ConfigPath: o.config, StorePath: o.store, LogFormat: o.logs, Agent: o.agent,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if o.Unsafe {
		fmt.Fprintln(env.Err, "selfheal: WARNING: --unsafe-no-sandbox: the repository's code runs with everything that you may do")
	}
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
	if o.repairBy != "none" && o.repairBy != "revert" {
		return selfheal.Usagef("use --repair none or --repair revert", "unknown repair %q", o.repairBy)
	}
	if stdins := countStdin(o.Baseline) + countStdin(o.Window) + countStdin([]string{o.BuildLog}); stdins > 1 {
		return selfheal.Usagef("put one of them into a file", "standard input can be read only once")
	}
	if o.deployedAt != "" {
		at, err := time.Parse(time.RFC3339, o.deployedAt)
		if err != nil {
			return selfheal.Usagef("e.g. --deployed-at 2026-11-23T14:05:00Z", "--deployed-at is not an RFC 3339 time: %q", o.deployedAt)
		}
		o.DeployedAt = at.UTC()
	}
	if c.Flags().Changed("timeout") && o.timeout <= 0 {
		return selfheal.Usagef("", "--timeout must be positive")
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
