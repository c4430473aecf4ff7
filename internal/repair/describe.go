package repair

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	"selfheal"
	"selfheal/internal/markdown"
)

//go:embed body.md.tmpl
var bodyText string

// bodyTemplate is parsed once; it is never changed.
var bodyTemplate = template.Must(template.New("body").Funcs(template.FuncMap{
	"text": plain, "code": code, "cell": cell, "fence": markdown.Fence,
	"short": selfheal.ShortRevision, "oneline": func(text string) string { return shorten(oneLine(text), 4*maxQuote) }, "decimal": decimal, "times": times,
	"ratio": ratio, "when": when, "ended": ended, "took": rounded,
	"command":  func(text string) string { return shorten(text, maxCommand) },
	"sentence": func(text string) string { return strings.TrimSuffix(text, ".") + "." },
}).Parse(bodyText))

// Bounds of the description: forges refuse bodies beyond 65536 characters, and
// readers stop long before.
const (
	maxErrors      = 10
	maxCommand     = 1000 // characters of one that is shown in full
	maxExhibits    = 12
	maxBodyNotes   = 25
	maxQuote       = 300      // characters of one quoted text
	maxHunkLines   = 60       // of the culprit
	maxHunkBytes   = 6 << 10  // of the culprit
	maxProofOutput = 2 << 10  // of each command
	maxProofs      = 12       // commands that are shown
	maxBody        = 60 << 10 // bytes; beyond it the outputs go
)

// Describe writes the pull request: a title of at most 72 characters, and a
// Markdown body that says what broke since when, which lines are blamed on what
// evidence, what was executed and what was not. All text from logs, the
// repository and commands is quoted. The body's last line is the incident's mark.
func Describe(in Input, r selfheal.Repair) (title, body string) {
	v := newView(in, r)
	body = v.render()
	if len(body) > maxBody {
		v.Outputs = nil
		if v.Repair.Written != nil {
			short := *v.Repair.Written
			short.Output, v.Repair.Written = "", &short
		}
		body = v.render()
	}
	return v.Title, body
}

// view is what the template shows.
type view struct {
	Title      string
	Repair     selfheal.Repair
	Deploy     selfheal.Deploy
	Verdict    selfheal.Verdict
	BuildFails bool
	Extent     string
	Onset      time.Time // of the first error
	Errors     []errorRow
	MoreErrors int
	Culprit    selfheal.Commit
	Hunk       string
	For        []selfheal.Exhibit
	Against    []selfheal.Exhibit
	Proofs     []selfheal.Proof // what did not come out as expected first
	MoreProofs int
	Outputs    []selfheal.Proof // of Proofs, those that printed something
	Notes      []string
	Commands   []string // that show the failure
	Charts     []string // of the first errors, ready to be fenced
	Spent      selfheal.Duration
	Mechanical bool // the branch only takes back: nothing on it was written
	Mark       string
}

// errorRow is one signature with its numbers.
type errorRow struct {
	selfheal.Anomaly
	Title string
}

func newView(in Input, r selfheal.Repair) view {
	verdict := in.verdict()
	v := view{
		Repair: r, Deploy: in.deploy(), Verdict: verdict, Extent: in.extent(),
		BuildFails: in.deploy().Status == selfheal.DeployBuildFailed,
		Proofs:     ordered(r.Proofs), Notes: notes(in, r), Mark: selfheal.Mark(in.Incident.Key),
	}
	v.Proofs, v.MoreProofs = atMost(v.Proofs, maxProofs)
	v.Outputs = outputs(v.Proofs)
	v.Commands, _ = atMost(in.Incident.Opened.Intent.Replay, maxProofs)
	if verdict.Culprit != nil {
		v.Culprit, _ = in.commit(verdict.Culprit.Commit)
		v.Hunk = culpritHunk(v.Culprit, *verdict.Culprit)
	}
	v.Title = revertSubject(v.Culprit.Subject)
	if r.Authored() {
		v.Title = in.fixTitle()
	}
	v.Errors, v.Onset = errorRows(in)
	v.Errors, v.MoreErrors = atMost(v.Errors, maxErrors)
	v.Charts = charts(v.Errors)
	for _, p := range r.Proofs {
		v.Spent += p.Took
	}
	v.Mechanical = !r.Authored()
	exhibits, _ := atMost(verdict.Exhibits, maxExhibits)
	for _, e := range exhibits {
		if e.Weight >= 0 {
			v.For = append(v.For, e)
		} else {
			v.Against = append(v.Against, e)
		}
	}
	return v
}

// atMost cuts a list and tells how many are left out.
func atMost[T any](list []T, limit int) (shown []T, left int) {
	if len(list) <= limit {
		return list, 0
	}
	return list[:limit], len(list) - limit
}

func (v view) render() string {
	var b strings.Builder
	if err := bodyTemplate.Execute(&b, v); err != nil {
		// The template and its data are the program's own: only a defect gets here.
		return "The description could not be written: " + markdown.Text(err.Error()) + "\n\n" + v.Mark + "\n"
	}
	return unmarked(strings.TrimSuffix(strings.TrimRight(b.String(), "\n"), v.Mark)) + v.Mark + "\n"
}

// unmarked breaks what looks like one of selfheal's marks in quoted text, by a
// character that nobody sees: by marks, pull requests and comments are found again.
func unmarked(text string) string {
	return strings.ReplaceAll(text, "<!-- selfheal-", "<!-\u200b- selfheal-")
}

// errorRows joins the anomalies with the names of their signatures, and tells when the first began.
func errorRows(in Input) (rows []errorRow, onset time.Time) {
	titles := map[selfheal.SignatureID]string{}
	for _, s := range in.Incident.Opened.Assessment.Signatures {
		titles[s.ID] = s.Title
	}
	for _, a := range in.errors() {
		title := titles[a.Signature]
		if title == "" {
			title = string(a.Signature)
		}
		rows = append(rows, errorRow{a, title})
		if !a.Onset.IsZero() && (onset.IsZero() || a.Onset.Before(onset)) {
			onset = a.Onset
		}
	}
	return rows, onset
}

// ordered puts the proofs that a reader must see first.
func ordered(proofs []selfheal.Proof) []selfheal.Proof {
	return slices.SortedStableFunc(slices.Values(proofs), func(a, b selfheal.Proof) int {
		switch {
		case a.AsExpected() == b.AsExpected():
			return 0
		case a.AsExpected():
			return 1
		}
		return -1
	})
}

// outputs cuts what the commands printed to what is shown.
func outputs(proofs []selfheal.Proof) []selfheal.Proof {
	var shown []selfheal.Proof
	for _, p := range proofs {
		if strings.TrimSpace(p.Output) != "" {
			p.Output = lastLines(p.Output, maxProofOutput)
			shown = append(shown, p)
		}
	}
	return shown
}

// notes says what was left out, and what nobody has shown yet.
func notes(in Input, r selfheal.Repair) []string {
	all := slices.Clone(r.Notes)
	if len(all) > maxBodyNotes {
		all = append(all[:maxBodyNotes], fmt.Sprintf("%d more notes are kept with the incident.", len(r.Notes)-maxBodyNotes))
	}
	for _, tried := range r.Tried {
		all = append(all, fmt.Sprintf("Tried before and given up: %s, since %s.", tried.Strategy, shorten(tried.Reason, 2*maxQuote)))
	}
	if a := r.Agent; a != nil {
		if a.NotDone != "" {
			all = append(all, "The agent says that it did not do: "+shorten(oneLine(a.NotDone), 2*maxQuote))
		}
		refused, _ := atMost(a.Refused, maxShownRefusals)
		for _, why := range refused {
			all = append(all, "Refused to the agent on the way: "+shorten(why, maxQuote))
		}
	}
	executed := func(name string) bool {
		return slices.ContainsFunc(r.Proofs, func(p selfheal.Proof) bool { return p.Name == name })
	}
	if !executed(proofVerify) {
		all = append(all, "No verify command says anything about the branch: nobody knows whether it builds and passes its tests.")
	}
	if !executed(proofReplay) && !executed(proofReproduction) {
		all = append(all, "No replay command was given: that the error is gone was not shown by execution.")
	}
	for _, p := range r.Proofs {
		if p.Unlike != "" && p.Want == wantFail {
			all = append(all, fmt.Sprintf("The command %q fails on the deployed revision, but %s: that the branch repairs this error was not shown by execution.", shorten(p.Command, 200), p.Unlike))
		}
	}
	if help := in.verdict().WouldHelp; help != "" {
		all = append(all, help)
	}
	return append(all, "Merged is not healed: whether the error is gone in production shows once this is deployed.")
}

// culpritHunk gives the blamed hunk as a diff; the first of the blamed file when
// no line is blamed, and nothing when the change has no hunks of it.
func culpritHunk(commit selfheal.Commit, blamed selfheal.Culprit) string {
	for _, file := range commit.Files {
		if blamed.Path == "" || file.Path != blamed.Path && file.OldPath != blamed.Path {
			continue
		}
		for _, hunk := range file.Hunks {
			if at, found := blamedLine(hunk, blamed.Quote); found {
				return renderHunk(file, hunk, at)
			}
		}
		if len(file.Hunks) > 0 {
			return renderHunk(file, file.Hunks[0], 0)
		}
	}
	return ""
}

// blamedLine finds the changed line with the quoted text.
func blamedLine(hunk selfheal.Hunk, quote string) (int, bool) {
	at := slices.IndexFunc(hunk.Lines, func(l selfheal.HunkLine) bool {
		return l.Op != selfheal.LineContext && l.Text == quote
	})
	return at, quote != "" && at >= 0
}

// renderHunk writes a hunk as a diff. Of a long one, the part around a line is shown.
func renderHunk(file selfheal.FileChange, hunk selfheal.Hunk, around int) string {
	from := max(0, min(around-maxHunkLines/2, len(hunk.Lines)-maxHunkLines))
	to := min(len(hunk.Lines), from+maxHunkLines)
	old := file.Path
	if file.OldPath != "" {
		old = file.OldPath
	}
	var b strings.Builder
	fmt.Fprintf(&b, "--- a/%s\n+++ b/%s\n@@ -%d,%d +%d,%d @@ %s\n", oneLine(old), oneLine(file.Path),
		hunk.OldStart, hunk.OldLines, hunk.NewStart, hunk.NewLines, shorten(hunk.Section, maxQuote))
	if from > 0 {
		fmt.Fprintf(&b, "[%d lines left out]\n", from)
	}
	for _, line := range hunk.Lines[from:to] {
		if b.Len() > maxHunkBytes {
			break
		}
		b.WriteString(string(line.Op) + shorten(line.Text, maxQuote) + "\n")
	}
	if to < len(hunk.Lines) {
		fmt.Fprintf(&b, "[%d lines left out]\n", len(hunk.Lines)-to)
	}
	return b.String()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// plain, code and cell quote hostile text of bounded length.
func plain(text string) string { return markdown.Text(shorten(text, 4*maxQuote)) }
func code(text string) string  { return markdown.Code(shorten(text, maxQuote)) }
func cell(text string) string  { return markdown.Cell(shorten(text, maxQuote)) }

// ratio writes a rate ratio with its 95 % interval.
func ratio(r selfheal.Ratio) string {
	switch {
	case r.Estimate == 0 && r.Low == 0:
		return "new"
	case r.High == 0:
		return "at least " + decimal(r.Low)
	}
	return fmt.Sprintf("%s (%s to %s)", decimal(r.Estimate), decimal(r.Low), decimal(r.High))
}

func when(t time.Time) string {
	if t.IsZero() {
		return "not dated"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}
