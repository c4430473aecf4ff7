package cli

import (
	"github.com/spf13/cobra"

	"selfheal"
)

func newDrillCommand(env *Environment) *cobra.Command {
	var o backtestOptions
	c := &cobra.Command{
		Use:   "drill",
		Short: "Put faults into a copy of the service's counts, and see which are found",
		Long: `drill takes moments at random from the service's own logs, puts one fault after
the other into a copy of its counts (new errors, rises, messages that go silent,
blips that should stay silent), and scores what detection says: precision, recall,
and how long it takes.

` + backtestExitCodes,
		Example: `  selfheal drill --logs 'logs/*.log.gz'
  selfheal drill --logs 'logs/*.log.gz' --trials 100 --config new.yaml --min-recall 80 --min-precision 90`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Random < 1 {
				return selfheal.Usagef("", "--trials must be at least 1")
			}
			return runBacktest(c.Context(), env, c, o)
		},
	}
	o.flags(c.Flags())
	c.Flags().IntVar(&o.Random, "trials", 50, "moments that each fault is tried at")
	c.Flags().Float64Var(&o.Bounds.Precision, "min-precision", 0, "percent of the flags that must be of faults; fewer end with exit code 10")
	return c
}
