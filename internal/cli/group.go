package cli

import (
	"bufio"
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/report"
)

type groupOptions struct {
	files   []string
	format  string
	records bool
	modules []string
}

func newGroupCommand(env *Environment) *cobra.Command {
	var o groupOptions
	c := &cobra.Command{
		Use:   "group FILE...",
		Short: "List the signatures in log files: which errors there are, and how often",
		Long: `group reads logs in any format it knows (plain text, JSON lines, logfmt; gzip or
zstd; - is standard input) and prints every signature with its count and its
newest sample, most frequent first.

With --records it prints one JSON line per record instead: file, line,
signature, kind, title.`,
		Example: `  selfheal group /var/log/shop/*.log
  kubectl logs deploy/shop | selfheal group -
  selfheal group --records app.log.gz | jq -r .signature | sort | uniq -c`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.files = args
			return runGroup(c.Context(), env, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", "text", "text or json")
	f.BoolVar(&o.records, "records", false, "print one JSON line per record")
	f.StringArrayVar(&o.modules, "module", nil, "package or module prefix of the service's own code (repeatable)")
	return c
}

func runGroup(ctx context.Context, env *Environment, o groupOptions) error {
	if err := textOrJSON(o.format); err != nil {
		return err
	}
	request := app.GroupRequest{Files: o.files, Modules: o.modules, Stdin: env.In, Clock: env.Clock}
	if o.records {
		return writeRecords(ctx, env, request)
	}
	signatures, err := app.Group(ctx, request)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return writeJSON(env, signatures)
	}
	return report.Signatures(env.Out, signatures, report.TextOptions{Width: env.Width, Color: env.Color})
}

// recordLine is what --records prints of one record.
type recordLine struct {
	File      string                 `json:"file"`
	Line      int64                  `json:"line"`
	Signature selfheal.SignatureID   `json:"signature"`
	Kind      selfheal.SignatureKind `json:"kind"`
	Title     string                 `json:"title"`
}

func writeRecords(ctx context.Context, env *Environment, request app.GroupRequest) error {
	out := bufio.NewWriterSize(env.Out, 1<<16)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	err := app.Records(ctx, request, func(r app.GroupedRecord) error {
		return encoder.Encode(recordLine{r.File, r.Line, r.Signature.ID, r.Signature.Kind, r.Signature.Title})
	})
	if err != nil {
		return err
	}
	return out.Flush()
}
