package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"selfheal"
)

// repairWays are what --repair may say of a deploy's regression.
var repairWays = []string{"none", "revert", "agent", "command", "open-swe", "github-copilot", "auto"}

func repairFlag(f *pflag.FlagSet, by *string) {
	f.StringVar(by, "repair", "none", "what to do about a regression: none, revert, agent (models of agent.roles.fix), command (repair.command of selfheal.yaml), open-swe, github-copilot (those of repair), or auto (repair.strategies)")
}

func validateRepair(by string) error {
	if !slices.Contains(repairWays, by) {
		ways := strings.Join(repairWays[:len(repairWays)-1], ", ") + " or " + repairWays[len(repairWays)-1]
		return selfheal.Usagef("use --repair "+ways, "unknown repair %q", by)
	}
	return nil
}

// strategiesOf gives the one strategy that --repair names; none where the configuration decides.
func strategiesOf(by string) []string {
	if by == "none" || by == "auto" {
		return nil
	}
	return []string{by}
}
