package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/report"
)

// backtestOptions are what replay and drill have in common.
type backtestOptions struct {
	app.BacktestRequest
	repository, config, store, format string
	alarms                            float64
}

func (o *backtestOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.repository, "repo", ".", "repository of the service, for its settings")
	f.StringVar(&o.config, "config", "", "configuration file with the settings to try (default: selfheal.yaml of the repository)")
	f.StringVar(&o.store, "store", "", "file that holds the journal (default: in the user's state directory)")
	f.StringVar(&o.Service, "service", "", "name of the service (default: from selfheal.yaml, else the repository's name)")
	f.StringArrayVar(&o.Logs, "logs", nil, "log files of at least a day and a window, better of weeks; patterns allowed (repeatable)")
	f.DurationVar(&o.Window, "window", time.Hour, "how long each deploy is watched")
	f.DurationVar(&o.Baseline, "baseline", 7*24*time.Hour, "how far back the baseline reaches at most")
	f.Uint64Var(&o.Seed, "seed", 1, "of the faults; the same seed gives the same faults")
	f.Float64Var(&o.alarms, "max-alarms", 0, "per 100 moments without a fault; more end with exit code 10")
	f.Float64Var(&o.Bounds.Recall, "min-recall", 0, "percent of the faults that must be found; fewer end with exit code 10")
	f.StringVar(&o.format, "format", "text", "text or json")
}

const backtestExitCodes = `Exit codes: 0 done, and no bound is missed; 10 a bound that was given is missed;
1 selfheal itself failed; 2 wrong usage or configuration.`

func newReplayCommand(env *Environment) *cobra.Command {
	var o backtestOptions
	c := &cobra.Command{
		Use:   "replay",
		Short: "Judge past deploys with today's settings: what would have been flagged, and what found",
		Long: `replay judges the service's own past deploys from its logs: what would have been
flagged and when, how many alarms that makes per 100 deploys, and which faults
would have been found, had they been in these deploys. Faults are put into a copy
of the counts.

The deploys are those that selfheal judged before, those of --deploys FILE (a time
and a revision per line), or one --every so often, as if it had been deployed then.

` + backtestExitCodes,
		Example: `  git log --first-parent --format='%cI %H' main > deploys.txt
  selfheal replay --logs 'logs/*.log.gz' --deploys deploys.txt --last 50
  selfheal replay --logs 'logs/*.log.gz' --every 6h --config new.yaml --max-alarms 5`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runBacktest(c.Context(), env, c, o) },
	}
	o.flags(c.Flags())
	c.Flags().StringVar(&o.Deploys, "deploys", "", "file with the deploys: an RFC 3339 time and a revision per line, or JSON lines")
	c.Flags().DurationVar(&o.Every, "every", 0, "take a deploy to have happened so often, instead")
	c.Flags().IntVar(&o.Last, "last", 0, "at most so many deploys, the newest ones; 0 for all")
	return c
}

func runBacktest(ctx context.Context, env *Environment, c *cobra.Command, o backtestOptions) (err error) {
	if err := o.validate(c); err != nil {
		return err
	}
	o.Stdin = env.In
	a, err := env.open(ctx, app.Settings{
		Repository: o.repository, ConfigPath: o.config, StorePath: o.store,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	result, err := a.Backtest(ctx, o.BacktestRequest)
	env.progressDone()
	if err != nil {
		return err
	}
	if o.format == "json" {
		err = writeJSON(env, result)
	} else {
		err = report.RehearsalText(env.Out, result, report.TextOptions{Width: env.Width, Color: env.Color})
	}
	if err == nil && len(result.Missed) > 0 {
		return judged(selfheal.StatusRegression)
	}
	return err
}

func (o *backtestOptions) validate(c *cobra.Command) error {
	if len(o.Logs) == 0 {
		return selfheal.Usagef("e.g. --logs 'logs/*.log'", "--logs is missing")
	}
	if o.Deploys != "" && o.Every > 0 {
		return selfheal.Usagef("give one of them", "--deploys and --every exclude each other")
	}
	for _, d := range []struct {
		name  string
		value time.Duration
		least time.Duration
	}{{"window", o.Window, 5 * time.Minute}, {"baseline", o.Baseline, 24 * time.Hour}, {"every", o.Every, time.Minute}} {
		if c.Flags().Changed(d.name) && d.value < d.least {
			return selfheal.Usagef("", "--%s must be at least %s", d.name, d.least)
		}
	}
	if c.Flags().Changed("max-alarms") {
		o.Bounds.Alarms = &o.alarms
	}
	return textOrJSON(o.format)
}
