package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/pipeline/live"
	"selfheal/internal/report"
	"selfheal/internal/server"
)

type watchOptions struct {
	app.WatchRequest
	repository, config, store   string
	repairBy, deployedAt, until string
	forge, logs                 string
	agent                       bool
	server                      string
	output                      outputOptions
}

func newWatchCommand(env *Environment) *cobra.Command {
	var o watchOptions
	c := &cobra.Command{
		Use:   "watch",
		Short: "Watch a deploy while it serves",
		Long: `watch reads the logs of a service from the source that selfheal.yaml names, learns
from the week before the deploy what is usual, and looks again and again at what is
logged since. It answers as soon as the evidence suffices, and else when the window
is over: clean only if the new revision was seen to log about as much as usual, from
a source that answered.

The baseline is kept, so that the next watch reads only what is new. A watch that was
cut off goes on when the same command is given again, or with --resume.

` + exitCodes,
		Example: `  selfheal watch --service api --environment prod --revision "$(git rev-parse HEAD)" --previous v1.4.0
  selfheal watch --revision HEAD --window 30m --until clean --repair revert --verify 'make test'
  selfheal watch --resume`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runWatch(c.Context(), env, c, o) },
	}
	f := c.Flags()
	f.StringVar(&o.repository, "repo", ".", "repository of the service")
	f.StringVar(&o.Service, "service", "", "name of the service (default: from selfheal.yaml, else the repository's name)")
	f.StringVar(&o.Environment, "environment", "", "where it is deployed (default: from selfheal.yaml, else production)")
	f.StringVar(&o.Revision, "revision", "", "revision that was deployed")
	f.StringVar(&o.Previous, "previous", "", "revision that served before (default: the one that was watched last)")
	f.StringVar(&o.deployedAt, "deployed-at", "", "when the new revision began to serve, RFC 3339 (default: now)")
	f.DurationVar(&o.Window, "window", time.Hour, "how long to watch at most")
	f.DurationVar(&o.Every, "every", 15*time.Second, "how often to look")
	f.DurationVar(&o.Baseline, "baseline", 7*24*time.Hour, "how much before the deploy is compared with")
	f.StringVar(&o.until, "until", "answer", "when to stop: answer (a regression, or the window's end), clean (as answer, or as soon as the deploy can be called clean), window (the window's end)")
	f.StringVar(&o.server, "server", "", "address of selfheal serve, which is told of the deploy and watches it (token in SELFHEAL_TOKEN, scopes ingest and read)")
	f.BoolVar(&o.Resume, "resume", false, "go on with the watch of this service that was cut off")
	repairFlag(f, &o.repairBy)
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

func runWatch(ctx context.Context, env *Environment, c *cobra.Command, o watchOptions) (err error) {
	if err := o.validate(c); err != nil {
		return err
	}
	if o.server != "" {
		return followWatch(ctx, env, o)
	}
	o.Repair = o.repairBy != "none"
	o.Strategies, o.Command = strategiesOf(o.repairBy), "watch"
	a, err := env.open(ctx, app.Settings{
		Repository: o.repository, ConfigPath: o.config, StorePath: o.store, LogFormat: o.logs, Forge: o.forge, Agent: o.agent,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	settleUnsafe(env, &o.CommandRequest)
	ticker := newTicker(env)
	o.See = ticker.see
	result, err := a.Watch(ctx, o.WatchRequest)
	env.progressDone()
	if err != nil {
		return err
	}
	if err := o.output.write(env, result); err != nil {
		return err
	}
	return judged(result.Status)
}

// followWatch has a server watch the deploy.
func followWatch(ctx context.Context, env *Environment, o watchOptions) error {
	result, err := app.FollowDeploy(ctx, app.DeployRequest{
		Server: o.server, Token: env.Getenv("SELFHEAL_TOKEN"), Service: o.Service, Environment: o.Environment,
		Revision: o.Revision, Previous: o.Previous, Time: o.DeployedAt,
	}, o.Every, func(w server.Watched) {
		env.progress("%s is being watched for %s", w.Key, w.Window)
	})
	env.progressDone()
	if err != nil {
		return err
	}
	if err := o.output.write(env, result); err != nil {
		return err
	}
	return judged(result.Status)
}

func (o *watchOptions) validate(c *cobra.Command) error {
	switch {
	case o.Resume && (o.Revision != "" || o.Previous != "" || o.deployedAt != ""):
		return selfheal.Usagef("leave --revision, --previous and --deployed-at out", "--resume goes on with what was begun")
	case !o.Resume && o.Revision == "":
		return selfheal.Usagef(`name the revision that was deployed, e.g. --revision "$(git rev-parse HEAD)"`, "--revision is missing")
	case o.Window < 5*time.Minute || o.Window > 7*24*time.Hour:
		return selfheal.Usagef("e.g. --window 1h", "--window must be from 5 minutes to 7 days")
	case o.Every < time.Second || o.Every > o.Window:
		return selfheal.Usagef("e.g. --every 15s", "--every must be from 1 second to the window's length")
	case o.Baseline < time.Hour || o.Baseline > 28*24*time.Hour:
		return selfheal.Usagef("e.g. --baseline 168h", "--baseline must be from 1 hour to 28 days")
	case !slices.Contains([]string{"answer", "clean", "window"}, o.until):
		return selfheal.Usagef("use --until answer, clean or window", "cannot watch until %q", o.until)
	}
	o.UntilClean, o.WholeWindow = o.until == "clean", o.until == "window"
	if err := validateRepair(o.repairBy); err != nil {
		return err
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

// ticker shows what is seen while a deploy is watched: on a terminal in one line that
// is drawn anew, elsewhere in a line whenever something changed, and every few minutes.
type ticker struct {
	env  *Environment
	last string    // what the last line said, without its figures
	at   time.Time // of the last line
}

// quiet is the longest time without a line where there is no terminal: some CI
// systems end jobs that print nothing.
const quiet = 5 * time.Minute

func newTicker(env *Environment) *ticker { return &ticker{env: env} }

func (t *ticker) see(l live.Look) {
	line, state := report.LookLine(l.Elapsed, l.Planned, l.Assessment)
	if t.env.Progress {
		t.env.progress("%s", line)
		return
	}
	if state == t.last && l.Time.Sub(t.at) < quiet {
		return
	}
	t.last, t.at = state, l.Time
	t.env.message("%s %s", l.Time.UTC().Format("15:04:05"), line)
}
