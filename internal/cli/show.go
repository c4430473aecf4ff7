package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"selfheal/internal/app"
)

type showOptions struct {
	store  string
	output outputOptions
}

func newShowCommand(env *Environment) *cobra.Command {
	var o showOptions
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show one incident: what happened, why, and what was done about it",
		Long: `show prints the report of one incident as the store knows it now. ID is what
selfheal incidents prints, or its beginning when that is unambiguous.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return runShow(c.Context(), env, args[0], o) },
	}
	c.Flags().StringVar(&o.store, "store", "", "file that holds the journal (default: in the user's state directory)")
	o.output.flags(c.Flags())
	return c
}

func runShow(ctx context.Context, env *Environment, id string, o showOptions) (err error) {
	if err := o.output.validate(); err != nil {
		return err
	}
	a, err := env.open(ctx, app.Settings{StorePath: o.store, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	result, err := a.Show(ctx, id)
	if err != nil {
		return err
	}
	return o.output.write(env, result)
}
