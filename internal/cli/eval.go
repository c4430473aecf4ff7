package cli

import (
	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
)

type evalOptions struct {
	repositories string
	placebos     bool
	lookback     int
}

func newEvalCommand(env *Environment) *cobra.Command {
	var o evalOptions
	c := &cobra.Command{
		Use:   "eval FOLDER...",
		Short: "Score triage on labelled cases of your own",
		Long: `eval judges labelled cases and prints how often the culprit is first, among the
first three and five, its mean reciprocal rank, how often the line is right, how many
blames and acquittals are right, how many are inconclusive, how often an error is
blamed on a change that has nothing to do with it, what the confidences are worth,
and the time it took.

A case is a folder in FOLDER with window.log (what was printed after the deploy),
baseline.log (before it, may be empty) and case.json:

  {"id": "...", "repo": "owner/name", "deploy_from": "COMMIT", "deploy_to": "COMMIT",
   "signature_regex": "marks the error that is asked about",
   "label": {"verdict": "caused" or "not_caused", "culprit": "COMMIT or null",
     "spots": [{"file": "...", "side": "new" or "old", "start": 1, "end": 1, "loose": false}]}}

The label is only ever read to score.`,
		Example: `  selfheal eval cases/ --repositories mirrors/`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if o.repositories == "" {
				return selfheal.Usagef("name the folder with the git repositories, each as OWNER+NAME", "--repositories is missing")
			}
			return app.Eval(c.Context(), env.Out, args, o.repositories, o.placebos, o.lookback)
		},
	}
	c.Flags().StringVar(&o.repositories, "repositories", "", "folder of git repositories named OWNER+NAME")
	c.Flags().BoolVar(&o.placebos, "placebos", true, "also judge each error with the changes of other cases of its repository, which cannot have caused it")
	c.Flags().IntVar(&o.lookback, "lookback", 0, "also judge each case with so many unrelated earlier deploys in front, which must not change the answer")
	return c
}
