package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/report"
)

func newCICommand(env *Environment) *cobra.Command {
	c := &cobra.Command{
		Use:   "ci",
		Short: "Put a judgement where a CI system shows it",
		Args:  cobra.NoArgs,
	}
	c.AddCommand(newCIGitHubCommand(env), newCIGitLabCommand(env))
	for _, sub := range c.Commands() {
		sub.Args = usageArgs(sub.Args)
	}
	return c
}

func newCIGitHubCommand(env *Environment) *cobra.Command {
	var program string
	c := &cobra.Command{
		Use:   "github",
		Short: "Do what the GitHub Action was asked for, and tell the workflow",
		Long: `github is what the steps of action.yml run. It reads the action's inputs from
INPUT_... variables, runs check, watch or build with them, and writes the
outputs, a summary of the step, and an annotation on the line that is to blame,
to the places that GITHUB_OUTPUT and GITHUB_STEP_SUMMARY name. docs/action.md
lists the inputs.

Text from logs and repositories is escaped wherever the runner of GitHub would
take it for a command.

Exit codes:
  0    nothing that the input fail-on lists
  that of check, watch or build otherwise; 2 for inputs that cannot be right`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runCIGitHub(c.Context(), env, program) },
	}
	c.Flags().StringVar(&program, "program", "", "selfheal that is run (default: this one)")
	return c
}

// inputs are those of the action.
type inputs func(name string) string

// readInputs reads them as a runner gives them to an action, but for the hyphen,
// which no shell takes in a name.
func readInputs(getenv func(string) string) inputs {
	return func(name string) string {
		return strings.TrimSpace(getenv("INPUT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))))
	}
}

// lines are the lines of an input that holds several values.
func (in inputs) lines(name string) []string {
	var all []string
	for line := range strings.Lines(in(name)) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// flags adds a flag for each input that is set, once per line of those that are lists.
func (in inputs) flags(args []string, names ...string) []string {
	for _, name := range names {
		flag, input, _ := strings.Cut(name, "=")
		for _, value := range in.lines(cmp.Or(input, flag)) {
			args = append(args, "--"+flag+"="+value)
		}
	}
	return args
}

// on tells whether a yes-or-no input is yes; CodeUsage for anything else.
func (in inputs) on(name string) (bool, error) {
	switch strings.ToLower(in(name)) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, selfheal.Usagef("use true or false", "%s is %q", name, in(name))
}

// The modes of the action.
const (
	modeCheck = "check"
	modeWatch = "watch"
	modeBuild = "build"
)

// command gives the arguments of the selfheal that does the work; the report goes to a file.
func (in inputs) command(reportFile, head string) ([]string, error) {
	dry, err := in.on("dry-run")
	if err != nil {
		return nil, err
	}
	mode := cmp.Or(in("mode"), modeCheck)
	if !slices.Contains([]string{modeCheck, modeWatch, modeBuild}, mode) {
		return nil, selfheal.Usagef("use check, watch or build", "mode is %q", mode)
	}
	args := in.flags([]string{mode}, "service", "environment", "config", "repair", "verify", "replay", "store")
	if dry {
		args = append(args, "--dry-run")
	}
	switch mode {
	case modeWatch:
		args = in.flags(args, "window")
		args = append(args, "--revision="+cmp.Or(in("revision"), head))
		return append(in.flags(args, "previous"), "--format=json", "--out="+reportFile), in.needs("revision or GITHUB_SHA", cmp.Or(in("revision"), head))
	case modeCheck:
		args = in.flags(args, "repo=repository", "base=previous", "baseline", "window=logs", "build-log", "forge")
		args = append(args, "--head="+cmp.Or(in("revision"), head, "HEAD"), "--format=json", "--out="+reportFile)
		return args, in.needs("previous", in("previous"))
	}
	args = append(in.flags(args, "repo=repository", "base=previous"), "--format=json", "--report="+reportFile)
	return append(args, "--", "sh", "-c", in("run")), in.needs("run", in("run"))
}

func (in inputs) needs(name, value string) error {
	if value == "" {
		return selfheal.Usagef("see docs/action.md for what each mode needs", "the input %s is missing", name)
	}
	return nil
}

// failing are the judgements that fail the step.
func (in inputs) failing() ([]selfheal.Status, error) {
	var all []selfheal.Status
	for name := range strings.FieldsFuncSeq(cmp.Or(in("fail-on"), "regression"), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
		status := selfheal.Status(strings.ReplaceAll(name, "-", "_"))
		switch {
		case name == "never":
		case slices.Contains([]selfheal.Status{selfheal.StatusRegression, selfheal.StatusInconclusive, selfheal.StatusCannotObserve}, status):
			all = append(all, status)
		default:
			return nil, selfheal.Usagef("use regression, inconclusive, cannot-observe, separated by commas, or never", "fail-on has %q", name)
		}
	}
	return all, nil
}

func runCIGitHub(ctx context.Context, env *Environment, program string) (err error) {
	in := readInputs(env.Getenv)
	dir, err := os.MkdirTemp(env.Getenv("RUNNER_TEMP"), "selfheal-report-*")
	if err != nil {
		return fmt.Errorf("make a folder for the report: %w", err)
	}
	file := filepath.Join(dir, "report.json")
	args, err := in.command(file, env.Getenv("GITHUB_SHA"))
	if err != nil {
		return err
	}
	failing, err := in.failing()
	if err != nil {
		return err
	}
	if program == "" {
		if program, err = os.Executable(); err != nil {
			return fmt.Errorf("find this program: %w", err)
		}
	}
	gh := &workflow{env: env, in: in}
	code, err := gh.run(ctx, program, args)
	if err != nil {
		return err
	}
	judgement, err := readReport(file)
	if err != nil {
		return err
	}
	if err := gh.tell(judgement, file, code); err != nil {
		return err
	}
	return in.end(code, judgement, failing)
}

// end gives the exit code of the step. A build's own is kept; a judgement fails
// the step only where that was asked for.
func (in inputs) end(code int, judgement *report.Report, failing []selfheal.Status) error {
	judgedOnly := in("mode") != modeBuild && judgement != nil && code == judgement.Status.ExitCode()
	if code == 0 || judgedOnly && !slices.Contains(failing, judgement.Status) {
		return nil
	}
	return exited(code)
}

// run runs selfheal and gives its exit code.
func (g *workflow) run(ctx context.Context, program string, args []string) (int, error) {
	command := exec.CommandContext(ctx, program, args...)
	command.Stdin, command.Stdout, command.Stderr = g.env.In, g.env.Out, g.env.Err
	err := command.Run()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &ended) && ended.ExitCode() > 0:
		return ended.ExitCode(), nil
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	return 0, fmt.Errorf("run %s: %w", filepath.Base(program), err)
}

// readReport reads a report; nil when none was written, as of a build that succeeds.
func readReport(path string) (*report.Report, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(bytes.TrimSpace(text)) == 0 {
		return nil, nil //nolint:nilnil // that there is none is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	var r report.Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, &selfheal.Error{Code: selfheal.CodeUsage, Op: "read report", Message: path + " is no report of selfheal", Hint: "write it with --format json", Err: err}
	}
	if r.Schema != report.Schema {
		return nil, selfheal.Usagef("write it with --format json, by this version of selfheal", "%s is no report of the version %s", path, report.Schema)
	}
	return &r, nil
}

// blame is one line that a verdict holds responsible.
type blame struct {
	path   string // of the repository
	line   int
	commit string
	reason string
}

// blames are the culprits of a report, the main one first.
func blames(r *report.Report) []blame {
	var all []blame
	for _, i := range append([]*selfheal.Incident{r.Incident}, r.Further...) {
		if i == nil || i.Verdict() == nil {
			continue
		}
		if v := i.Verdict(); v.Cause == selfheal.Caused && v.Culprit != nil {
			all = append(all, blame{v.Culprit.Path, v.Culprit.Start, v.Culprit.Commit, v.Reason})
		}
	}
	return all
}
