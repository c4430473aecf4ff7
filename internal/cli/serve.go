package cli

import (
	"context"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"selfheal/internal/app"
)

type serveOptions struct {
	repository, config, store, listen string
}

func newServeCommand(env *Environment) *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Look after services as a process of its own",
		Long: `serve takes in deploys (webhooks, selfheal deploy) and logs (OTLP, or from the source
of each service's selfheal.yaml), watches every deploy, opens and advances incidents,
and tells people. Its API is described at /openapi.yaml.

All that it knows is in its store: it may be stopped or killed at any time and goes
on where it was. Several processes may share a store in Postgres.

It ends with SIGINT or SIGTERM, and reads its configuration again with SIGHUP.`,
		Example: `  selfheal serve
  selfheal serve --config /etc/selfheal/selfheal.yaml --store postgres://selfheal@db/selfheal`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runServe(c.Context(), env, o) },
	}
	f := c.Flags()
	f.StringVar(&o.repository, "repo", ".", "repository of the service, where serve.services names none")
	f.StringVar(&o.config, "config", "", "configuration file (default: selfheal.yaml of the repository)")
	f.StringVar(&o.store, "store", "", "file that holds everything, or a postgres:// address (default: in the user's state directory)")
	f.StringVar(&o.listen, "listen", "", "address to listen on (default: serve.listen, else 127.0.0.1:8420)")
	return c
}

func runServe(ctx context.Context, env *Environment, o serveOptions) error {
	reload := make(chan os.Signal, 1)
	notifyReload(reload)
	defer signal.Stop(reload)
	return app.Serve(ctx, app.Settings{
		Repository: o.repository, ConfigPath: o.config, StorePath: o.store,
		Getenv: env.Getenv, Clock: env.Clock, Version: version(), Progress: env.progress,
	}, app.ServeRequest{
		Listen: o.listen, Reload: reload,
		Listening: func(address string) { env.message("selfheal listens on %s", address) },
	})
}
