package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/inspect"
	"selfheal/internal/report"
)

type groupOptions struct {
	files   []string
	format  string
	records bool
	exact   bool
	follow  bool
	diff    bool
	modules []string
	logs    string // format of the logs
	since   string
	until   string
	by      string
	sort    string
	level   string
	limit   int

	view  inspect.View
	field inspect.Field // of --by
}

// defaultRows is how many rows a text shows when nobody asked for another number.
const defaultRows = 50

func newGroupCommand(env *Environment) *cobra.Command {
	var o groupOptions
	c := &cobra.Command{
		Use:   "group FILE...",
		Short: "List the signatures in log files: which errors there are, and how often",
		Long: `group reads logs in any format it knows (plain text, JSON lines, logfmt; gzip or
zstd; - is standard input) and prints every signature with its count, most
frequent first. Signatures that differ only in places where the evidence shows a
value, such as the names of users, are one row; --exact keeps them apart.

With --records it prints one JSON line per record instead: file, line,
signature, kind, title.

With --by it has a column of counts for each service or revision.

With --diff it compares two inputs: what is new, gone, more and less.

With --follow it goes on reading: on a terminal a table that updates in place,
else a line for each new signature and the table at the end.

--since and --until take RFC 3339, a date, a date with a time of day (both UTC),
or how long ago it was (90s, 2h, 7d). A line without a time, as those of a stack
trace, is as old as the line before it; where no line before it states one, it
is kept, and the report says so.

group only looks: its exit code is 0 whatever the logs hold.`,
		Example: `  selfheal group /var/log/shop/*.log
  kubectl logs deploy/shop | selfheal group -
  kubectl logs -f deploy/shop | selfheal group --follow
  selfheal group --level error --since 2h --by revision app.log
  selfheal group --diff before.log after.log
  selfheal group --records app.log.gz | jq -r .signature | sort | uniq -c`,
		Args: usageArgs(func(c *cobra.Command, args []string) error {
			if o.follow {
				return nil
			}
			return cobra.MinimumNArgs(1)(c, args)
		}),
		RunE: func(c *cobra.Command, args []string) error {
			o.files = args
			if err := o.validate(c); err != nil {
				return err
			}
			return runGroup(c.Context(), env, o)
		},
	}
	o.flags(c)
	c.AddCommand(newGroupExplainCommand(env))
	return c
}

func (o *groupOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.format, "format", "text", "text or json")
	f.BoolVar(&o.records, "records", false, "print one JSON line per record")
	f.BoolVar(&o.exact, "exact", false, "keep signatures apart that differ only in values")
	f.BoolVar(&o.follow, "follow", false, "go on reading: standard input, or files as they grow and are rotated")
	f.BoolVar(&o.diff, "diff", false, "compare two inputs, each a file, a pattern or -")
	f.StringVar(&o.since, "since", "", "leave out what is older: a time, a date, or how long ago")
	f.StringVar(&o.until, "until", "", "leave out what is not older: a time, a date, or how long ago")
	f.StringVar(&o.by, "by", "", "a column of counts for each service or revision")
	f.StringVar(&o.sort, "sort", string(inspect.OrderCount), "count, first, last or severity")
	f.StringVar(&o.level, "level", "", "least severity: trace, debug, info, warn, error or fatal")
	f.IntVar(&o.limit, "limit", defaultRows, "most rows of a text, 0 for all; JSON has all unless this is given")
	f.StringArrayVar(&o.modules, "module", nil, "package or module prefix of the service's own code (repeatable)")
	f.StringVar(&o.logs, "log-format", "", "what the logs are read as: "+app.LogFormats+" (default: found line by line)")
}

func (o *groupOptions) validate(c *cobra.Command) (err error) {
	if err := textOrJSON(o.format); err != nil {
		return err
	}
	if err := o.exclude(c); err != nil {
		return err
	}
	if o.diff && len(o.files) != 2 {
		return selfheal.Usagef("e.g. selfheal group --diff before.log after.log; quote a pattern that names several files",
			"--diff compares two inputs, and there are %d", len(o.files))
	}
	if o.limit < 0 {
		return selfheal.Usagef("use 0 for all", "--limit must not be negative")
	}
	if o.view.Limit = o.limit; o.format == "json" && !c.Flags().Changed("limit") {
		o.view.Limit = 0
	}
	if o.view.Sort, err = inspect.ParseOrder(o.sort); err != nil {
		return err
	}
	if o.level != "" {
		if o.view.Level, err = inspect.ParseLevel(o.level); err != nil {
			return err
		}
	}
	if o.by != "" {
		o.field, err = inspect.ParseField(o.by)
	}
	return err
}

// exclude rejects flags that say nothing together.
func (o *groupOptions) exclude(c *cobra.Command) error {
	for _, rule := range []struct{ flag, others, hint string }{
		{"records", "diff follow by sort level limit format", "--records prints every record in its order; filter its lines with jq"},
		{"follow", "diff by since until format", "run selfheal group without --follow on what was logged so far"},
		{"diff", "by sort", "--diff lists what is worst first"},
	} {
		if !c.Flags().Changed(rule.flag) {
			continue
		}
		for other := range strings.FieldsSeq(rule.others) {
			if c.Flags().Changed(other) {
				return selfheal.Usagef(rule.hint, "--%s excludes --%s", rule.flag, other)
			}
		}
	}
	return nil
}

// request reads the flags that say what is read.
func (o *groupOptions) request(env *Environment) (inspect.Request, error) {
	r := inspect.Request{Files: o.files, Modules: o.modules, Stdin: env.In, Clock: env.Clock, Exact: o.exact}
	var err error
	if r.Format, err = app.ParseLogFormat(o.logs); err != nil {
		return r, err
	}
	for _, end := range []struct {
		flag, text string
		at         *time.Time
	}{{"--since", o.since, &r.Interval.From}, {"--until", o.until, &r.Interval.To}} {
		if end.text == "" {
			continue
		}
		at, err := inspect.ParseMoment(end.flag, end.text, env.Clock())
		if err != nil {
			return r, err
		}
		*end.at = at
	}
	if i := r.Interval; !i.From.IsZero() && !i.To.IsZero() && !i.From.Before(i.To) {
		return r, selfheal.Usagef("exchange the two", "--since (%s) is not before --until (%s)", i.From.Format(time.RFC3339), i.To.Format(time.RFC3339))
	}
	return r, nil
}

func runGroup(ctx context.Context, env *Environment, o groupOptions) error {
	request, err := o.request(env)
	switch {
	case err != nil:
		return err
	case o.records:
		return writeRecords(ctx, env, request)
	case o.diff:
		return runGroupDiff(ctx, env, o, request)
	case o.follow:
		return runGroupFollow(ctx, env, o, request)
	}
	var table report.SignatureTable
	if o.by != "" {
		table, err = inspect.TableBy(ctx, request, o.view, o.field, o.columns())
	} else {
		table, err = inspect.Table(ctx, request, o.view)
	}
	if err != nil {
		return err
	}
	if o.format == "json" {
		return writeJSON(env, table)
	}
	return report.Signatures(env.Out, table, textOptions(env))
}

// columns is how many values have a column of their own: in a text as many as can be read.
func (o *groupOptions) columns() int {
	const readable = 6
	if o.format == "json" {
		return 0
	}
	return readable
}

func textOptions(env *Environment) report.TextOptions {
	return report.TextOptions{Width: env.Width, Color: env.Color}
}

func runGroupDiff(ctx context.Context, env *Environment, o groupOptions, request inspect.Request) error {
	if countStdin(o.files) > 1 {
		return selfheal.Usagef("put one of them into a file", "standard input can be read only once")
	}
	diff, err := inspect.Diff(ctx, request, o.view, o.files[0], o.files[1])
	if err != nil {
		return err
	}
	if o.format == "json" {
		return writeJSON(env, diff)
	}
	return report.SignaturesDiff(env.Out, diff, textOptions(env))
}

// recordLine is what --records prints of one record.
type recordLine struct {
	File      string                 `json:"file"`
	Line      int64                  `json:"line"`
	Signature selfheal.SignatureID   `json:"signature"`
	Kind      selfheal.SignatureKind `json:"kind"`
	Title     string                 `json:"title"`
}

func writeRecords(ctx context.Context, env *Environment, request inspect.Request) error {
	out := bufio.NewWriterSize(env.Out, 1<<16)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	err := inspect.Records(ctx, request, func(r inspect.Record) error {
		return encoder.Encode(recordLine{r.File, r.Line, r.Signature.ID, r.Signature.Kind, r.Signature.Title})
	})
	if err != nil {
		return err
	}
	return out.Flush()
}
