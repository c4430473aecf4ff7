package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/report"
	"selfheal/internal/sandbox"
)

func newSandboxCommand(env *Environment) *cobra.Command {
	c := &cobra.Command{Use: "sandbox", Short: "Check how this machine confines commands", Args: cobra.NoArgs}
	var format, image string
	check := &cobra.Command{
		Use:   "check",
		Short: "Say whether and how commands are confined here, by trying to escape",
		Long: `check starts a confined process for every way to confine that selfheal knows, and
lets it try to get out: read and write files outside, connect to listeners, see
processes, gain privileges. It says what this machine offers, what was blocked,
and what selfheal would use for commands that execute a repository's code.

Exit codes:
  0   commands are confined here
  1   they cannot be; the hint says what to do
  2   wrong usage`,
		Example: `  selfheal sandbox check
  selfheal sandbox check --image golang:1.26   # try docker too`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return runSandboxCheck(c.Context(), env, format, image) },
	}
	check.Flags().StringVar(&format, "format", "text", "text or json")
	check.Flags().StringVar(&image, "image", "", "container image with which docker is tried")
	c.AddCommand(check)
	return c
}

func runSandboxCheck(ctx context.Context, env *Environment, format, image string) error {
	write := writeCapability
	switch format {
	case "text":
	case "json":
		write = writeCapabilityJSON
	default:
		return selfheal.Usagef("use text or json", "unknown format %q", format)
	}
	found := sandbox.Detect(ctx, image)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := write(env.Out, found); err != nil {
		return err
	}
	if !found.Confined() {
		return &selfheal.Error{Code: selfheal.CodeRefused, Message: "commands cannot be confined on this machine", Hint: found.Hint}
	}
	return nil
}

func writeCapabilityJSON(w io.Writer, c sandbox.Capability) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(c)
}

func writeCapability(w io.Writer, c sandbox.Capability) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name string, yes bool, why string) {
		answer := "no"
		if yes {
			answer = "yes"
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\n", name, answer, report.Visible(why))
	}
	fmt.Fprintln(table, "This machine offers")
	for _, f := range c.Features {
		row(f.Name, f.Available, f.Why)
	}
	fmt.Fprintln(table, "\nWays to confine")
	for _, r := range c.Rungs {
		row(r.Name, r.Usable, r.Why)
	}
	for _, r := range c.Rungs {
		if len(r.Escapes) == 0 {
			continue
		}
		fmt.Fprintf(table, "\nAttempts to escape from %s\n", r.Name)
		for _, e := range r.Escapes {
			answer := "ESCAPED"
			if e.Blocked {
				answer = "blocked"
			}
			fmt.Fprintf(table, "  %s\t%s\t%s\n", e.Attempt, answer, report.Visible(e.Detail))
		}
	}
	fmt.Fprintf(table, "\nUsed for commands: %s\n", c.Confinement)
	return table.Flush()
}
