package cli

import (
	"bytes"
	"context"
	"errors"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
)

type showOptions struct {
	store      string
	transcript bool
	output     outputOptions
}

func newShowCommand(env *Environment) *cobra.Command {
	var o showOptions
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show one incident: what happened, why, and what was done about it",
		Long: `show prints the report of one incident as the store knows it now. ID is what
selfheal incidents prints, or its beginning when that is unambiguous.

With --transcript it prints what an agent was shown, said and did instead, secrets
removed; as it is kept, a JSON object a line, with --format json.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return runShow(c.Context(), env, args[0], o) },
	}
	c.Flags().StringVar(&o.store, "store", "", "file that holds the journal (default: in the user's state directory)")
	c.Flags().BoolVar(&o.transcript, "transcript", false, "print the transcript of the agent that looked at the verdict")
	o.output.flags(c.Flags())
	return c
}

func runShow(ctx context.Context, env *Environment, id string, o showOptions) (err error) {
	if err := o.output.validate(); err != nil {
		return err
	}
	if o.transcript && o.output.format != "text" && o.output.format != "json" {
		return selfheal.Usagef("use --format text or json", "a transcript has no format %q", o.output.format)
	}
	a, err := env.open(ctx, app.Settings{StorePath: o.store, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if o.transcript {
		return o.writeTranscript(ctx, env, a, id)
	}
	result, err := a.Show(ctx, id)
	if err != nil {
		return err
	}
	return o.output.write(env, result)
}

func (o *showOptions) writeTranscript(ctx context.Context, env *Environment, a *app.App, id string) error {
	var b bytes.Buffer
	if err := a.Transcript(ctx, &b, id, o.output.format); err != nil {
		return err
	}
	if o.output.out != "" && o.output.out != "-" {
		return app.WriteFile(o.output.out, b.Bytes())
	}
	_, err := env.Out.Write(b.Bytes())
	return err
}
