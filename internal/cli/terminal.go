package cli

import (
	"fmt"
	"os"

	"golang.org/x/term"

	"selfheal/internal/report"
)

// terminal gives the width of a file that is a terminal, else 0, and whether it
// wants colour (https://no-color.org; CLICOLOR_FORCE for pictures of output).
func terminal(f *os.File, getenv func(string) string) (width int, color bool) {
	if getenv("CLICOLOR_FORCE") == "1" {
		color = true
	}
	if !term.IsTerminal(int(f.Fd())) {
		return 0, color
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 40 {
		width = 80
	}
	return width, color || getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// progress shows what is being done, on a terminal only.
func (env *Environment) progress(format string, args ...any) {
	if env.Progress {
		fmt.Fprintf(env.Err, "\r\x1b[K%s", report.Visible(fmt.Sprintf(format, args...)))
	}
}

// progressDone removes the line that progress left.
func (env *Environment) progressDone() {
	if env.Progress {
		fmt.Fprint(env.Err, "\r\x1b[K")
	}
}

// message writes one line for people to standard error.
func (env *Environment) message(format string, args ...any) {
	fmt.Fprintln(env.Err, report.Visible(fmt.Sprintf(format, args...)))
}
