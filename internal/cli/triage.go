package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
)

type triageOptions struct {
	app.TriageRequest
	repository, config, store, deployedAt string
	agent                                 bool
	output                                outputOptions
}

func newTriageCommand(env *Environment) *cobra.Command {
	var o triageOptions
	c := &cobra.Command{
		Use:   "triage",
		Short: "Say which change caused an error that you give",
		Long: `triage examines what changed between two revisions, and says which commit and
which line caused the errors that you give: lines of a log, or a stack trace, in a
file or on standard input (-). Nothing is detected, so whatever you give counts.

With --incident it judges an incident again that selfheal check opened, with
today's program. Nothing is journalled in either case.

An error that shows late may be an earlier deploy's: --lookback examines those too,
--deploy and --deploys name the ones that the journal does not know. With --prove the
--replay and --verify commands are run in the sandbox at the candidates, until it is
clear at which one they begin to fail; without it only when the evidence does not
decide and there is a --replay command.

` + exitCodes,
		Example: `  selfheal triage --base v1.4.0 --head v1.5.0 --error trace.txt
  kubectl logs deploy/shop | grep -A20 Traceback | selfheal triage --base v1.4.0 --head v1.5.0 --error -
  selfheal triage --base v1.4.0 --head v1.5.0 --error trace.txt --prove --replay 'go test ./cart'
  selfheal triage --base v1.4.0 --head v1.5.0 --error trace.txt --deploy v1.3.0@2026-11-20T09:00:00Z \
      --deploy v1.4.0@2026-11-21T09:00:00Z --deployed-at 2026-11-23T09:00:00Z
  selfheal triage --incident shop-3f9c --format html --out verdict.html`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runTriage(c.Context(), env, c, o) },
	}
	f := c.Flags()
	f.StringVar(&o.repository, "repo", ".", "repository of the service")
	f.StringVar(&o.Incident, "incident", "", "incident to judge again")
	f.StringArrayVar(&o.Errors, "error", nil, "file with the errors, patterns allowed; - is standard input (repeatable)")
	f.StringVar(&o.Base, "base", "", "revision that served before the errors")
	f.StringVar(&o.Head, "head", "HEAD", "revision that shows them")
	f.StringVar(&o.deployedAt, "deployed-at", "", "when --head began to serve, RFC 3339")
	commandFlags(f, &o.CommandRequest)
	causeFlags(f, &o.CauseRequest)
	f.StringVar(&o.Service, "service", "", "name of the service (default: from selfheal.yaml, else the repository's name)")
	f.BoolVar(&o.agent, "agent", false, "let the models of agent.roles.triage have a second look at what the rules leave open")
	f.StringVar(&o.config, "config", "", "configuration file (default: selfheal.yaml of the repository)")
	f.StringVar(&o.store, "store", "", "file that holds the journal (default: in the user's state directory)")
	o.output.flags(f)
	return c
}

func runTriage(ctx context.Context, env *Environment, c *cobra.Command, o triageOptions) (err error) {
	if err := o.validate(); err != nil {
		return err
	}
	if err := validateCause(c.Flags(), o.CauseRequest, o.CommandRequest); err != nil {
		return err
	}
	if o.DeployedAt, err = parseDeployedAt(o.deployedAt); err != nil {
		return err
	}
	settleUnsafe(env, &o.CommandRequest)
	o.Stdin = env.In
	a, err := env.open(ctx, app.Settings{
		Repository: o.repository, ConfigPath: o.config, StorePath: o.store, Agent: o.agent,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	result, err := a.Triage(ctx, o.TriageRequest)
	env.progressDone()
	if err != nil {
		return err
	}
	if err := o.output.write(env, result); err != nil {
		return err
	}
	return judged(result.Status)
}

func (o *triageOptions) validate() error {
	switch {
	case o.Incident != "" && (len(o.Errors) > 0 || o.Base != ""):
		return selfheal.Usagef("an incident knows its errors and revisions", "--incident excludes --error and --base")
	case o.Incident == "" && len(o.Errors) == 0:
		return selfheal.Usagef("give --error FILE with --base REVISION, or --incident ID", "nothing to examine")
	case o.Incident == "" && o.Base == "":
		return selfheal.Usagef("name the revision that served before, e.g. --base v1.4.0", "--base is missing")
	}
	return o.output.validate()
}
