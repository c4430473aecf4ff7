package cli

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"selfheal"
	"selfheal/internal/report"
)

// workflow is a run of GitHub Actions that is told what came out.
type workflow struct {
	env *Environment
	in  inputs
}

// Bounds that GitHub sets: a summary has 1 MiB, a step ten annotations of a kind.
const (
	maxSummary     = 1000 << 10
	maxAnnotations = 10
	maxAnnotation  = 2000 // characters of one
)

// tell writes the report to the log, the summary, the outputs and the annotations.
// r is nil where there is nothing to report, as of a build that succeeded.
func (g *workflow) tell(r *report.Report, file string, code int) error {
	if err := g.outputs(r, file, code); err != nil || r == nil {
		return err
	}
	if g.in("mode") != modeBuild { // which has told it already
		if err := g.log(*r); err != nil {
			return err
		}
	}
	g.annotate(r)
	return g.summary(*r)
}

// nonce is a word that no log text can hold.
func nonce() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails, see crypto/rand
	return hex.EncodeToString(random)
}

// log writes the report for people. What looks like a command in it, the runner
// is told to overlook.
func (g *workflow) log(r report.Report) error {
	var b bytes.Buffer
	if err := report.Text(&b, r, report.TextOptions{}); err != nil {
		return err
	}
	word := nonce()
	_, err := fmt.Fprintf(g.env.Out, "::stop-commands::%s\n%s\n::%s::\n", word, b.Bytes(), word)
	return err
}

// outputs writes the action's outputs.
func (g *workflow) outputs(r *report.Report, file string, code int) error {
	verdict, confidence, culprit, pullRequest := "", "", "", ""
	if r == nil {
		file = ""
		if code == 0 {
			verdict = string(selfheal.StatusClean)
		}
	} else {
		verdict = string(r.Status)
		if r.Incident != nil && r.Incident.Verdict() != nil {
			confidence = strconv.FormatFloat(r.Incident.Verdict().Confidence, 'f', 2, 64)
		}
		if found := blames(r); len(found) > 0 {
			culprit = found[0].commit
		}
		if r.Incident != nil && r.Incident.PullRequest != nil {
			pullRequest = r.Incident.PullRequest.URL
		}
	}
	var b strings.Builder
	for _, o := range [][2]string{
		{"verdict", strings.ReplaceAll(verdict, "_", "-")}, {"exit-code", strconv.Itoa(code)}, {"confidence", confidence},
		{"culprit", culprit}, {"report", file}, {"pull-request", pullRequest},
	} {
		b.WriteString(output(o[0], o[1]))
	}
	return appendTo(g.env.Getenv("GITHUB_OUTPUT"), b.String())
}

// output is one output in the form that takes any value, which cannot end it.
func output(name, value string) string {
	end := "end-" + nonce()
	return fmt.Sprintf("%s<<%s\n%s\n%s\n", name, end, report.Visible(value), end)
}

// summary appends the report to the summary of the step.
func (g *workflow) summary(r report.Report) error {
	var b bytes.Buffer
	if err := report.Markdown(&b, r); err != nil {
		return err
	}
	text := b.String()
	if len(text) > maxSummary {
		text = strings.ToValidUTF8(text[:maxSummary], "") + "\n\nThe rest is in the report.\n"
	}
	return appendTo(g.env.Getenv("GITHUB_STEP_SUMMARY"), text+"\n")
}

// appendTo appends to a file that the runner reads; without one there is nobody to tell.
func appendTo(file, text string) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("tell the workflow: %w", err)
	}
	if _, err := f.WriteString(text); err != nil {
		_ = f.Close() // the first error counts
		return fmt.Errorf("tell the workflow: %w", err)
	}
	return f.Close()
}

// annotate marks the lines that are to blame; where there is none, the judgement
// is an annotation of the run.
func (g *workflow) annotate(r *report.Report) {
	kind := map[selfheal.Status]string{selfheal.StatusRegression: "error", selfheal.StatusInconclusive: "warning", selfheal.StatusCannotObserve: "warning"}[r.Status]
	found := blames(r)
	for _, b := range found[:min(len(found), maxAnnotations)] {
		if b.path == "" || kind == "" {
			continue
		}
		place := map[string]string{"file": path.Join(g.in("repository"), b.path), "line": strconv.Itoa(max(1, b.line))}
		g.say("error", place, "to blame: "+selfheal.ShortRevision(b.commit), b.reason)
		kind = "notice"
	}
	if kind != "" {
		g.say(kind, nil, "selfheal: "+strings.ReplaceAll(string(r.Status), "_", " "), strings.TrimSpace(r.Headline+" "+r.Next))
	}
	repairs := g.in("repair") != "" && g.in("repair") != "none" && g.in("dry-run") != "true"
	if token := g.env.Getenv("GITHUB_TOKEN"); repairs && token != "" && token == g.env.Getenv("WORKFLOW_TOKEN") {
		g.say("notice", nil, "selfheal: no checks will run on its pull request",
			"It is opened with GITHUB_TOKEN, and GitHub starts no workflow for what that token does. Give the input token an App's token to have the checks run, see docs/action.md.")
	}
}

// say writes one workflow command. Everything in it is hostile.
func (g *workflow) say(kind string, place map[string]string, title, text string) {
	properties := []string{"title=" + property(title)}
	for _, name := range []string{"file", "line"} {
		if value := place[name]; value != "" {
			properties = append(properties, name+"="+property(value))
		}
	}
	// There is nobody to tell that nobody can be told.
	_, _ = fmt.Fprintf(g.env.Out, "::%s %s::%s\n", kind, strings.Join(properties, ","), data(clipped(report.Visible(text), maxAnnotation)))
}

// data and property escape as the runner unescapes
// (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
func data(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(strings.ToValidUTF8(text, "\uFFFD"))
}

func property(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(clipped(report.Visible(text), maxAnnotation)))
}
