package cli

import (
	"context"

	"github.com/spf13/cobra"

	"selfheal/internal/app"
	"selfheal/internal/inspect"
	"selfheal/internal/report"
)

func newGroupExplainCommand(env *Environment) *cobra.Command {
	var o groupOptions
	c := &cobra.Command{
		Use:   "explain ID FILE...",
		Short: "Say why lines are one signature: masks, frames, and what keeps others apart",
		Long: `explain reads the same files as group and says of one signature what it reads
like, what each mask stood for, which signatures were put together, which frames
of a stack trace belong to it and why the others do not, and what keeps the
nearest other signatures apart. The beginning of an id is enough.`,
		Example: `  selfheal group explain g2-3f9c2a app.log
  kubectl logs deploy/shop | selfheal group explain g2-3f9c2a -`,
		Args: usageArgs(cobra.MinimumNArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			o.files = args[1:]
			return runGroupExplain(c.Context(), env, o, args[0])
		},
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", "text", "text or json")
	f.BoolVar(&o.exact, "exact", false, "keep signatures apart that differ only in values")
	f.StringVar(&o.since, "since", "", "leave out what is older: a time, a date, or how long ago")
	f.StringVar(&o.until, "until", "", "leave out what is not older: a time, a date, or how long ago")
	f.StringArrayVar(&o.modules, "module", nil, "package or module prefix of the service's own code (repeatable)")
	f.StringVar(&o.logs, "log-format", "", "what the logs are read as: "+app.LogFormats+" (default: found line by line)")
	return c
}

func runGroupExplain(ctx context.Context, env *Environment, o groupOptions, id string) error {
	if err := textOrJSON(o.format); err != nil {
		return err
	}
	request, err := o.request(env)
	if err != nil {
		return err
	}
	explanation, err := inspect.Explain(ctx, request, id)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return writeJSON(env, explanation)
	}
	return report.ExplainSignature(env.Out, explanation, textOptions(env))
}
