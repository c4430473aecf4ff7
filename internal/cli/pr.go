package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"selfheal/internal/app"
	"selfheal/internal/report"
)

const forgeUsage = "local, github, gitlab or gitea (default: from selfheal.yaml, else local)"

type prOptions struct {
	repository, config, store, forge, format string
	limit                                    int
	by, reason                               string
}

func newPRCommand(env *Environment) *cobra.Command {
	c := &cobra.Command{
		Use:   "pr",
		Short: "Look at the pull requests that selfheal opened, and answer those on the local forge",
		Long: `pr lists and shows the pull requests that selfheal opened, on any forge. On the
local forge, which has no pages to click on, it merges and rejects them too.

NUMBER is that of the pull request, or the id of its incident.`,
		Args: cobra.NoArgs,
	}
	c.AddCommand(newPRListCommand(env), newPRShowCommand(env), newPRMergeCommand(env), newPRRejectCommand(env), newPRBrakesCommand(env))
	for _, sub := range c.Commands() {
		sub.Args = usageArgs(sub.Args)
	}
	return c
}

func (o *prOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.repository, "repo", ".", "repository of the service")
	f.StringVar(&o.config, "config", "", "configuration file (default: selfheal.yaml of the repository)")
	f.StringVar(&o.store, "store", "", "file that holds the journal (default: in the user's state directory)")
	f.StringVar(&o.forge, "forge", "", forgeUsage)
	f.StringVar(&o.format, "format", "text", "text or json")
}

func newPRListCommand(env *Environment) *cobra.Command {
	var o prOptions
	c := &cobra.Command{
		Use: "list", Short: "List the pull requests that selfheal opened, newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withForge(c.Context(), env, o, func(ctx context.Context, a *app.App) error { return runPRList(ctx, env, a, o) })
		},
	}
	o.flags(c.Flags())
	c.Flags().IntVar(&o.limit, "limit", 50, "list at most this many; 0 for all")
	return c
}

func newPRShowCommand(env *Environment) *cobra.Command {
	var o prOptions
	c := &cobra.Command{
		Use: "show NUMBER", Short: "Show one pull request: its text, its checks, what people say", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withForge(c.Context(), env, o, func(ctx context.Context, a *app.App) error { return runPRShow(ctx, env, a, args[0], o) })
		},
	}
	o.flags(c.Flags())
	return c
}

func newPRMergeCommand(env *Environment) *cobra.Command {
	var o prOptions
	c := &cobra.Command{
		Use: "merge NUMBER", Short: "Merge one on the local forge", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withForge(c.Context(), env, o, func(ctx context.Context, a *app.App) error { return runPRMerge(ctx, env, a, args[0], o) })
		},
	}
	o.flags(c.Flags())
	c.Flags().StringVar(&o.by, "by", "", "who merges it, for the merge commit (default: $USER)")
	return c
}

func newPRRejectCommand(env *Environment) *cobra.Command {
	var o prOptions
	c := &cobra.Command{
		Use: "reject NUMBER", Short: "Close one on the local forge without merging it; it is not opened again", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withForge(c.Context(), env, o, func(ctx context.Context, a *app.App) error { return runPRReject(ctx, env, a, args[0], o) })
		},
	}
	o.flags(c.Flags())
	c.Flags().StringVar(&o.reason, "reason", "rejected by hand", "why, for those who find it later")
	return c
}

func newPRBrakesCommand(env *Environment) *cobra.Command {
	var o prOptions
	c := &cobra.Command{
		Use: "brakes", Short: "Show how the limits on repairing stand (repair.limits)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withForge(c.Context(), env, o, func(ctx context.Context, a *app.App) error { return runPRBrakes(ctx, env, a, o) })
		},
	}
	o.flags(c.Flags())
	return c
}

// withForge opens the application around one of the commands.
func withForge(ctx context.Context, env *Environment, o prOptions, run func(context.Context, *app.App) error) (err error) {
	if err := textOrJSON(o.format); err != nil {
		return err
	}
	a, err := env.open(ctx, app.Settings{Repository: o.repository, ConfigPath: o.config, StorePath: o.store, Forge: o.forge})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return run(ctx, a)
}

func runPRList(ctx context.Context, env *Environment, a *app.App, o prOptions) error {
	all, err := a.PullRequests(ctx, o.limit)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return writeJSON(env, all)
	}
	return report.PullRequests(env.Out, all, report.TextOptions{Width: env.Width, Color: env.Color})
}

func runPRShow(ctx context.Context, env *Environment, a *app.App, id string, o prOptions) error {
	found, err := a.PullRequest(ctx, id)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return writeJSON(env, found)
	}
	return report.PullRequest(env.Out, report.Proposal{
		PullRequest: found.PullRequest, Incident: found.Incident, Checks: found.Checks, Reviews: found.Reviews,
	}, report.TextOptions{Width: env.Width, Color: env.Color})
}

func runPRMerge(ctx context.Context, env *Environment, a *app.App, id string, o prOptions) error {
	by := o.by
	if by == "" {
		by = env.Getenv("USER")
	}
	if strings.TrimSpace(by) == "" {
		by = "somebody"
	}
	merged, err := a.MergePullRequest(ctx, id, by)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return writeJSON(env, merged)
	}
	_, err = fmt.Fprintf(env.Out, "Merged pull request #%d as %s. Deploy it; whether it heals shows in production.\n", merged.Number, merged.Merged)
	return err
}

func runPRReject(ctx context.Context, env *Environment, a *app.App, id string, o prOptions) error {
	closed, err := a.RejectPullRequest(ctx, id, o.reason)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return writeJSON(env, closed)
	}
	_, err = fmt.Fprintf(env.Out, "Closed pull request #%d without merging it. It is not opened again.\n", closed.Number)
	return err
}

func runPRBrakes(ctx context.Context, env *Environment, a *app.App, o prOptions) error {
	all, err := a.Brakes(ctx)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return writeJSON(env, all)
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(env.Out, "No limits are set.")
		return err
	}
	table := tabwriter.NewWriter(env.Out, 0, 0, 2, ' ', 0)
	for _, b := range all {
		state := "off"
		if b.On {
			state = "on"
		}
		if b.On && !b.Until.IsZero() {
			state += " until " + b.Until.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%.4g of %.4g\t%s\n", b.Name, b.Used, b.Limit, state)
	}
	return table.Flush()
}
