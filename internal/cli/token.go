package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"selfheal/internal/token"
)

func newTokenCommand(env *Environment) *cobra.Command {
	var scopes []string
	c := &cobra.Command{
		Use:   "token NAME",
		Short: "Make a token for selfheal serve",
		Long: `token prints a new token, which is shown only this once, and the lines by which
selfheal serve knows it: only its hash is kept.

Scopes: ingest sends logs and deploys in, read sees what is known, operate decides
about incidents. None includes another.`,
		Example: `  selfheal token ci --scope ingest
  selfheal token oncall --scope read --scope operate`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return runToken(env, args[0], scopes) },
	}
	c.Flags().StringArrayVar(&scopes, "scope", nil, "what it may be used for: ingest, read or operate (repeatable)")
	return c
}

func runToken(env *Environment, name string, scopes []string) error {
	secret, hash := token.New()
	t := token.Token{Name: name, Hash: hash}
	for _, scope := range scopes {
		t.Scopes = append(t.Scopes, token.Scope(scope))
	}
	if err := t.Validate(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.Out, `%s

# add to selfheal.yaml:
serve:
  tokens:
    - name: %q
      hash: %s
      scopes: [%s]
`, secret, name, hash, strings.Join(scopes, ", "))
	return err
}
