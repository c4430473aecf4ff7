package cli

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/report"
)

// outputOptions says how a report is written, and where.
type outputOptions struct {
	format, out string
}

var formats = []string{"text", "json", "markdown", "sarif", "html"}

func (o *outputOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.format, "format", "text", "text, json, markdown, sarif or html")
	f.StringVarP(&o.out, "out", "o", "", "write the report to this file instead of standard output")
}

func (o *outputOptions) validate() error {
	if !slices.Contains(formats, o.format) {
		return selfheal.Usagef("use one of "+strings.Join(formats, ", "), "unknown format %q", o.format)
	}
	return nil
}

// write renders the report as a whole before a byte of it is written, so that a
// file is either complete or untouched.
func (o *outputOptions) write(env *Environment, r report.Report) error {
	var b bytes.Buffer
	toFile := o.out != "" && o.out != "-"
	if err := render(&b, r, o.format, env, !toFile); err != nil {
		return err
	}
	if toFile {
		return app.WriteFile(o.out, b.Bytes())
	}
	_, err := env.Out.Write(b.Bytes())
	return err
}

func render(w io.Writer, r report.Report, format string, env *Environment, terminal bool) error {
	switch format {
	case "json":
		return report.JSON(w, r)
	case "markdown":
		return report.Markdown(w, r)
	case "sarif":
		return report.SARIF(w, r)
	case "html":
		return report.HTML(w, r)
	}
	return report.Text(w, r, report.TextOptions{Width: env.Width, Color: env.Color && terminal})
}
