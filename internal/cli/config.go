package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"selfheal/internal/config"
	"selfheal/internal/report"
)

func newConfigCommand(env *Environment) *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Check selfheal.yaml, or print its JSON Schema", Args: cobra.NoArgs}
	c.AddCommand(&cobra.Command{
		Use:   "check [FILE]",
		Short: "Say everything that is wrong with a configuration file",
		Args:  usageArgs(cobra.MaximumNArgs(1)),
		RunE:  func(_ *cobra.Command, args []string) error { return runConfigCheck(env, args) },
	}, &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of selfheal.yaml, for editors",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := env.Out.Write(config.Schema)
			return err
		},
	})
	return c
}

func runConfigCheck(env *Environment, args []string) error {
	path := config.FileName
	if len(args) > 0 {
		path = args[0]
	}
	if _, err := config.Load(path); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.Out, "%s: ok\n", report.Visible(path))
	return err
}
