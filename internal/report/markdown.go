package report

import (
	"fmt"
	"io"
	"strings"

	"selfheal/internal/markdown"
)

// Markdown writes the verdict as a document for an issue, a chat or a wiki: what
// is wrong, who did it and on what grounds. Hostile text keeps no markup.
func Markdown(w io.Writer, r Report) error {
	v := newView(r)
	d := &document{}
	d.line("## %s: %s", markdown.Text(v.Word), markdown.Text(v.Subject))
	d.line("%s", markdown.Text(v.Headline))
	if v.Next != "" {
		d.line("**Next:** %s", markdown.Text(v.Next))
	}
	d.anomalies(v.Anomalies)
	if v.Verdict != nil {
		d.verdict("Verdict", v.Verdict)
	}
	for _, f := range v.Further {
		if f.Verdict != nil {
			d.verdict("Another cause: incident "+f.ID, f.Verdict)
		}
	}
	d.line("<sub>%s</sub>", markdown.Text(v.Colophon))
	return write(w, []byte(strings.TrimRight(d.b.String(), "\n")+"\n"))
}

// document collects paragraphs.
type document struct{ b strings.Builder }

func (d *document) line(format string, args ...any) { fmt.Fprintf(&d.b, format+"\n\n", args...) }

func (d *document) item(format string, args ...any) { fmt.Fprintf(&d.b, "- "+format+"\n", args...) }

func (d *document) end() { d.b.WriteString("\n") }

func (d *document) anomalies(all []anomalyView) {
	if len(all) == 0 {
		return
	}
	d.line("### Signatures")
	for _, a := range all {
		d.item("%s (%s): %s", markdown.Code(a.Title), markdown.Code(a.ID), markdown.Text(a.Why))
	}
	d.end()
}

func (d *document) verdict(heading string, v *verdictView) {
	d.line("### %s", markdown.Text(heading))
	d.line("**%s.** %s", markdown.Text(v.Finding), markdown.Text(v.Reason))
	if v.Basis != "" {
		d.line("Made of: %s.", markdown.Text(v.Basis))
	}
	if c := v.Culprit; c != nil {
		d.line("Culprit: commit %s %s", markdown.Code(c.Commit), markdown.Text(strings.TrimSpace(c.Subject+" "+c.Author)))
		if c.Within != "" {
			d.line("%s", markdown.Text(c.Within))
		}
		if c.Place != "" {
			d.line("%s", markdown.Code(c.Place))
			d.b.WriteString(markdown.Fence("text", c.Quote) + "\n")
		}
	}
	d.exhibits("For", v.For)
	d.exhibits("Against", v.Against)
	if v.Trial != nil {
		d.trial(v.Trial)
	}
	d.candidates(v)
	if v.Irrelevant != "" {
		d.line("Found irrelevant: %s.", markdown.Text(v.Irrelevant))
	}
	if v.Doubt != nil {
		d.line("**%s:** %s", markdown.Text(v.Doubt.Label), markdown.Text(v.Doubt.Value))
	}
}

func (d *document) exhibits(side string, all []exhibitView) {
	if len(all) == 0 {
		return
	}
	d.line("#### %s", side)
	for _, e := range all {
		d.item("%s %s: %s", e.Weight, markdown.Text(e.Kind), markdown.Text(e.Text))
		if e.Observed != "" {
			d.b.WriteString("  - seen " + markdown.Code(e.Observed) + "\n")
		}
		if e.Place != "" {
			d.b.WriteString(strings.TrimRight("  - code "+markdown.Code(e.Place)+" "+markdown.Code(e.Quote), " ") + "\n")
		}
	}
	d.end()
}

func (d *document) trial(t *trialView) {
	d.line("#### Execution")
	d.line("%s %s", markdown.Code(t.Command), markdown.Text(t.Summary))
	d.b.WriteString("| revision | runs |\n|---|---|\n")
	for _, tree := range t.Trees {
		fmt.Fprintf(&d.b, "| %s | %s |\n", markdown.Cell(tree.Revision), markdown.Text(tree.Result))
	}
	d.end()
	if t.Rates != "" {
		d.line("%s", markdown.Text(t.Rates))
	}
	if t.Confined != "" {
		d.line("%s", markdown.Text(t.Confined))
	}
	if len(t.Excerpt) > 0 {
		d.b.WriteString(markdown.Fence("text", strings.Join(t.Excerpt, "\n")) + "\n")
	}
}

func (d *document) candidates(v *verdictView) {
	if len(v.Candidates) > 0 {
		d.line("#### Candidates")
		d.b.WriteString("| probability | commit | subject |\n|---|---|---|\n")
		for _, c := range v.Candidates[:min(textCandidates, len(v.Candidates))] {
			fmt.Fprintf(&d.b, "| %s | %s | %s |\n", markdown.Text(c.Percent), markdown.Cell(c.Commit), markdown.Text(c.Subject))
		}
		d.end()
		if more := len(v.Candidates) - textCandidates; more > 0 {
			d.line("… and %s more", plural(int64(more), "commit"))
		}
	}
	if len(v.Deploys) > 0 {
		d.line("#### Deploys examined")
		for _, e := range v.Deploys {
			d.item("%s: %s, %s, %s", markdown.Text(e.Which), markdown.Code(e.Revision), markdown.Text(e.Time), markdown.Text(e.Why))
		}
		d.end()
	}
}
