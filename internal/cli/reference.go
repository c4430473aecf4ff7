package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Reference writes the reference of all commands as Markdown: what --help says.
func Reference(w io.Writer) error {
	root := newRootCommand(&Environment{})
	root.InitDefaultCompletionCmd()
	_, err := fmt.Fprintf(w, "# Commands\n\nGenerated from the program (`make generate`); the same as `--help`.\n")
	if err != nil {
		return err
	}
	return reference(w, root)
}

func reference(w io.Writer, c *cobra.Command) error {
	if c.Runnable() && c.Name() != "help" && c.Parent().Name() != "completion" {
		description := c.Long
		if description == "" {
			description = c.Short
		}
		if _, err := fmt.Fprintf(w, "\n## %s\n\n```\n%s\n\n%s\n```\n", c.CommandPath(), description, strings.TrimRight(c.UsageString(), "\n")); err != nil {
			return err
		}
	}
	for _, sub := range c.Commands() {
		if err := reference(w, sub); err != nil {
			return err
		}
	}
	return nil
}
