package cli

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/report"
)

type incidentsOptions struct {
	store, format string
	limit         int
}

func newIncidentsCommand(env *Environment) *cobra.Command {
	var o incidentsOptions
	c := &cobra.Command{
		Use:   "incidents",
		Short: "List the incidents that the store knows, newest first",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return runIncidents(c.Context(), env, o) },
	}
	f := c.Flags()
	f.StringVar(&o.store, "store", "", "file that holds the journal (default: in the user's state directory)")
	f.StringVar(&o.format, "format", "text", "text or json")
	f.IntVar(&o.limit, "limit", 50, "list at most this many; 0 for all")
	return c
}

func runIncidents(ctx context.Context, env *Environment, o incidentsOptions) (err error) {
	if err := textOrJSON(o.format); err != nil {
		return err
	}
	a, err := env.open(ctx, app.Settings{StorePath: o.store, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	incidents, err := a.Incidents(ctx, o.limit)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return writeJSON(env, incidents)
	}
	return report.Incidents(env.Out, incidents, report.TextOptions{Width: env.Width, Color: env.Color})
}

// textOrJSON rejects every other format.
func textOrJSON(format string) error {
	if format != "text" && format != "json" {
		return selfheal.Usagef("use text or json", "unknown format %q", format)
	}
	return nil
}

func writeJSON(env *Environment, v any) error {
	encoder := json.NewEncoder(env.Out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
