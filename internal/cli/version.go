package cli

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCommand(env *Environment) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of selfheal",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info, _ := debug.ReadBuildInfo()
			goVersion := ""
			if info != nil {
				goVersion = info.GoVersion
			}
			_, err := fmt.Fprintf(env.Out, "selfheal %s (%s)\n", version(), goVersion)
			return err
		},
	}
}

// version is the module version, or the commit that the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return "devel-" + setting.Value[:min(10, len(setting.Value))]
		}
	}
	return "devel"
}
