package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/report"
)

// The files that GitLab is told to pick up.
const (
	qualityFile   = "gl-code-quality-report.json"
	variablesFile = "selfheal.env"
)

func newCIGitLabCommand(env *Environment) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "gitlab REPORT",
		Short: "Turn a report into what GitLab shows in merge requests",
		Long: `gitlab reads a report that was written with --format json, and writes
` + qualityFile + `, which marks the line that is to blame in merge
requests (artifacts:reports:codequality), and ` + variablesFile + `, which gives later jobs
SELFHEAL_VERDICT, SELFHEAL_CONFIDENCE, SELFHEAL_CULPRIT and SELFHEAL_PULL_REQUEST
(artifacts:reports:dotenv).`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return runCIGitLab(env, args[0], dir) },
	}
	c.Flags().StringVar(&dir, "dir", ".", "folder that the files are written to")
	return c
}

// finding is an entry of a code quality report
// (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format).
type finding struct {
	Description string   `json:"description"`
	CheckName   string   `json:"check_name"`
	Fingerprint string   `json:"fingerprint"`
	Severity    string   `json:"severity"`
	Location    location `json:"location"`
}

type location struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
	} `json:"lines"`
}

func runCIGitLab(env *Environment, file, dir string) error {
	r, err := readReport(file)
	if err != nil {
		return err
	}
	if r == nil {
		return selfheal.Usagef("selfheal check and watch write one with --format json --out FILE", "there is no report at %s", file)
	}
	text, err := json.MarshalIndent(findings(r), "", "  ")
	if err != nil {
		return fmt.Errorf("encode findings: %w", err)
	}
	if err := app.WriteFile(filepath.Join(dir, qualityFile), append(text, '\n')); err != nil {
		return err
	}
	if err := app.WriteFile(filepath.Join(dir, variablesFile), []byte(variables(r))); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Out, "%s and %s are written\n", qualityFile, variablesFile)
	return err
}

// findings are the lines that are to blame.
func findings(r *report.Report) []finding {
	all := []finding{}
	for _, b := range blames(r) {
		if b.path == "" {
			continue
		}
		sum := sha256.Sum256([]byte(b.commit + "\x00" + b.path + "\x00" + strconv.Itoa(b.line)))
		f := finding{
			Description: report.Visible(b.reason), CheckName: "selfheal", Severity: "critical",
			Fingerprint: hex.EncodeToString(sum[:16]), Location: location{Path: b.path},
		}
		f.Location.Lines.Begin = max(1, b.line)
		all = append(all, f)
	}
	return all
}

// variables are those that later jobs get; no value has a line end in it.
func variables(r *report.Report) string {
	values := [][2]string{{"VERDICT", strings.ReplaceAll(string(r.Status), "_", "-")}, {"EXIT_CODE", strconv.Itoa(r.ExitCode)}}
	if i := r.Incident; i != nil && i.Verdict() != nil {
		values = append(values, [2]string{"CONFIDENCE", strconv.FormatFloat(i.Verdict().Confidence, 'f', 2, 64)})
	}
	if found := blames(r); len(found) > 0 {
		values = append(values, [2]string{"CULPRIT", found[0].commit})
	}
	if i := r.Incident; i != nil && i.PullRequest != nil {
		values = append(values, [2]string{"PULL_REQUEST", i.PullRequest.URL})
	}
	var b strings.Builder
	for _, v := range values {
		fmt.Fprintf(&b, "SELFHEAL_%s=%s\n", v[0], strings.Join(strings.Fields(report.Visible(v[1])), ""))
	}
	return b.String()
}
