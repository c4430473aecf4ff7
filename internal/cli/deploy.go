package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
)

func newDeployCommand(env *Environment) *cobra.Command {
	var (
		r          app.DeployRequest
		deployedAt string
	)
	c := &cobra.Command{
		Use:   "deploy",
		Short: "Report a deploy to selfheal serve",
		Long: `deploy tells a running selfheal serve that a revision began to serve (or failed, or
was rolled back), so that it is watched. Telling it twice is telling it once.

The token, with the scope ingest, is read from the environment variable SELFHEAL_TOKEN.`,
		Example: `  selfheal deploy --server https://selfheal.example.com --service api --environment prod --revision "$(git rev-parse HEAD)"`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if r.Time, err = parseDeployedAt(deployedAt); err != nil {
				return err
			}
			return runDeploy(c.Context(), env, r)
		},
	}
	f := c.Flags()
	f.StringVar(&r.Server, "server", "", "address of selfheal serve")
	f.StringVar(&r.Service, "service", "", "name of the service")
	f.StringVar(&r.Environment, "environment", "", "where it is deployed")
	f.StringVar(&r.Revision, "revision", "", "revision that was deployed")
	f.StringVar(&r.Previous, "previous", "", "revision that served before (default: the one that is known)")
	f.StringVar(&deployedAt, "deployed-at", "", "when the new revision began to serve, RFC 3339 (default: now)")
	f.StringVar((*string)(&r.Phase), "phase", string(selfheal.PhaseServing), "what happened: serving, failed or rolled-back")
	f.StringVar(&r.By, "by", "", "who or what deployed")
	f.StringVar(&r.URL, "url", "", "page of the deploy")
	return c
}

func runDeploy(ctx context.Context, env *Environment, r app.DeployRequest) error {
	r.Token = env.Getenv("SELFHEAL_TOKEN")
	received, err := app.ReportDeploy(ctx, r)
	if err != nil {
		return err
	}
	if received.Watch {
		_, err = fmt.Fprintf(env.Out, "%s is being watched\n", received.Deploy)
		return err
	}
	_, err = fmt.Fprintf(env.Out, "nothing is watched: %s\n", received.Reason)
	return err
}
