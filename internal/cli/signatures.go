package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/report"
)

type signaturesOptions struct {
	app.OverrideRequest
	repository, config, store, format string
}

func newSignaturesCommand(env *Environment) *cobra.Command {
	var o signaturesOptions
	c := &cobra.Command{
		Use:   "signatures",
		Short: "Say which signatures are one error, which never count, and what they are called",
		Long: `signatures lists what is known of a service's signatures beyond their ids: what
people said, and what its logs taught. With a subcommand you say something; it is
journalled, it holds for every later judgement of the service in all its
environments, and it is kept when selfheal is upgraded.

ID is what selfheal check or selfheal group prints, or its beginning. It is looked
for in the deploys that were judged, or in the files that --logs names.`,
		Example: `  selfheal signatures
  selfheal signatures ignore g2-3f9c2a --reason "the health checker's own noise"
  selfheal signatures merge g2-77ab --into g2-3f9c`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runSignatures(c.Context(), env, o) },
	}
	f := c.PersistentFlags()
	f.StringVar(&o.repository, "repo", ".", "repository of the service")
	f.StringVar(&o.Service, "service", "", "name of the service (default: from selfheal.yaml, else the repository's name)")
	f.StringVar(&o.config, "config", "", "configuration file (default: selfheal.yaml of the repository)")
	f.StringVar(&o.store, "store", "", "file that holds the journal (default: in the user's state directory)")
	f.StringArrayVar(&o.Logs, "logs", nil, "log files to look for ID in, patterns allowed (repeatable)")
	f.StringVar(&o.Reason, "reason", "", "why, in your words")
	c.Flags().StringVar(&o.format, "format", "text", "text or json")
	for _, sub := range signatureCommands(env, &o) {
		sub.Args = usageArgs(sub.Args)
		c.AddCommand(sub)
	}
	return c
}

func signatureCommands(env *Environment, o *signaturesOptions) []*cobra.Command {
	say := func(action selfheal.OverrideAction, use, short string, arguments int) *cobra.Command {
		return &cobra.Command{
			Use: use, Short: short, Args: cobra.ExactArgs(arguments),
			RunE: func(c *cobra.Command, args []string) error {
				o.Action, o.ID = action, args[0]
				if arguments > 1 {
					o.Title = args[1]
				}
				return runOverride(c.Context(), env, *o)
			},
		}
	}
	merge := say(selfheal.OverrideMerge, "merge ID", "Count a signature as another one", 1)
	merge.Flags().StringVar(&o.Into, "into", "", "the signature that stands for both")
	return []*cobra.Command{
		merge,
		say(selfheal.OverrideSplit, "split ID", "Keep a signature apart from what the logs made one with it", 1),
		say(selfheal.OverrideIgnore, "ignore ID", "Never count a signature against a deploy", 1),
		say(selfheal.OverrideRename, "rename ID TITLE", "Give a signature a title", 2),
		say(selfheal.OverrideReset, "reset ID", "Take back all that was said about a signature", 1),
	}
}

func (o *signaturesOptions) open(ctx context.Context, env *Environment) (*app.App, error) {
	return env.open(ctx, app.Settings{
		Repository: o.repository, ConfigPath: o.config, StorePath: o.store,
	})
}

func runSignatures(ctx context.Context, env *Environment, o signaturesOptions) (err error) {
	if err := textOrJSON(o.format); err != nil {
		return err
	}
	a, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	known, err := a.Identities(ctx, o.Service)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return writeJSON(env, known)
	}
	return report.IdentitiesText(env.Out, known, report.TextOptions{Width: env.Width, Color: env.Color})
}

func runOverride(ctx context.Context, env *Environment, o signaturesOptions) (err error) {
	if o.Action == selfheal.OverrideMerge && o.Into == "" {
		return selfheal.Usagef("e.g. selfheal signatures merge g2-77ab --into g2-3f9c", "--into is missing")
	}
	if o.Action == selfheal.OverrideRename && o.Title == "" {
		return selfheal.Usagef("to take a title back: selfheal signatures reset ID", "the title is empty")
	}
	a, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	o.Stdin = env.In
	signature, err := a.Override(ctx, o.OverrideRequest)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Out, "%s %s: %s\n", o.Action, signature.ID, report.Visible(signature.Title))
	return nil
}
