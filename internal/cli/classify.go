package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"selfheal/internal/app"
	"selfheal/internal/report"
)

type classifyOptions struct {
	repository, config, store, base, head, format string
}

func newClassifyCommand(env *Environment) *cobra.Command {
	var o classifyOptions
	c := &cobra.Command{
		Use:   "classify",
		Short: "Print what the files of a change are, and which rule says so",
		Long: `classify prints the class of every file that changed between two revisions, or of
all files of one, and the rule that gave it. Only files with a part in what is
deployed can be blamed. selfheal.yaml may say better: triage.classes.`,
		Example: `  selfheal classify --base v1.4.0 --head v1.5.0
  selfheal classify --format json | jq -r '.[] | select(.class == "runtime") | .path'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runClassify(c.Context(), env, o) },
	}
	f := c.Flags()
	f.StringVar(&o.repository, "repo", ".", "repository of the service")
	f.StringVar(&o.base, "base", "", "first revision of the change (default: all files of --head)")
	f.StringVar(&o.head, "head", "HEAD", "last revision of the change")
	f.StringVar(&o.config, "config", "", "configuration file (default: selfheal.yaml of the repository)")
	f.StringVar(&o.store, "store", "", "file that holds the journal (default: in the user's state directory)")
	f.StringVar(&o.format, "format", "text", "text or json")
	return c
}

func runClassify(ctx context.Context, env *Environment, o classifyOptions) (err error) {
	if err := textOrJSON(o.format); err != nil {
		return err
	}
	a, err := env.open(ctx, app.Settings{
		Repository: o.repository, ConfigPath: o.config, StorePath: o.store,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	files, err := a.Classify(ctx, o.base, o.head)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return writeJSON(env, files)
	}
	rows := make([]report.FileRow, len(files))
	for i, f := range files {
		rows[i] = report.FileRow{Path: f.Path, Class: string(f.Class), Rule: f.Rule, Blamed: f.Blamed}
	}
	return report.Files(env.Out, rows, report.TextOptions{Width: env.Width, Color: env.Color})
}
