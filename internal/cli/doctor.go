package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/report"
)

type doctorOptions struct {
	repository, config, store, format string
}

func newDoctorCommand(env *Environment) *cobra.Command {
	var o doctorOptions
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check what selfheal needs: git, repository, store, sandbox, models",
		Long: `doctor says for each thing that selfheal needs what was checked, what was found, and
what to do where it does not hold. Every model that has a role is asked for one
word, which costs some thirty tokens; the line says how much that was.

Exit codes:
  0   everything that is configured works
  1   something does not; its line has a hint
  2   wrong usage`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runDoctor(c.Context(), env, o) },
	}
	f := c.Flags()
	f.StringVar(&o.repository, "repo", ".", "repository of the service")
	f.StringVar(&o.config, "config", "", "configuration file (default: selfheal.yaml of the repository)")
	f.StringVar(&o.store, "store", "", "file that holds the journal (default: in the user's state directory)")
	f.StringVar(&o.format, "format", "text", "text or json")
	return c
}

func runDoctor(ctx context.Context, env *Environment, o doctorOptions) error {
	if !slices.Contains([]string{"text", "json"}, o.format) {
		return selfheal.Usagef("use text or json", "unknown format %q", o.format)
	}
	found := app.Doctor(ctx, app.Settings{
		Repository: o.repository, ConfigPath: o.config, StorePath: o.store,
		Getenv: env.Getenv, Clock: env.Clock, Version: version(), Progress: env.progress,
	})
	env.progressDone()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := writeFindings(env.Out, found, o.format); err != nil {
		return err
	}
	wrong := 0
	for _, f := range found {
		if f.State == app.StateFailed {
			wrong++
		}
	}
	if wrong > 0 {
		return &selfheal.Error{Code: selfheal.CodeUnavailable, Message: fmt.Sprintf("%d of %d checks failed", wrong, len(found)), Hint: "the lines above say what to do"}
	}
	return nil
}

func writeFindings(w io.Writer, found []app.Finding, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(found)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range found {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.State, report.Visible(f.Check), report.Visible(f.Found))
		if f.Hint != "" {
			fmt.Fprintf(table, "\t\thint: %s\n", report.Visible(f.Hint))
		}
	}
	return table.Flush()
}
