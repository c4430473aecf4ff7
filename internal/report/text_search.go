package report

import (
	"fmt"
	"strings"
)

func (p *printer) trial(t *trialView) {
	p.section("execution")
	p.hang(label{"  " + p.faint("$ "), 4}, t.Command, p.code)
	p.paragraph(2, t.Summary, p.plain)
	for _, tree := range t.Trees {
		mark := p.faint("·")
		switch {
		case tree.Fails:
			mark = p.bad("✗")
		case tree.Passes:
			mark = p.good("✓")
		}
		p.hang(label{"  " + mark + " ", 4}, fmt.Sprintf("%-10s  %s", tree.Revision, tree.Result), p.plain)
	}
	p.paragraph(2, t.Rates, p.faint)
	p.paragraph(2, t.Confined, p.unsure)
	if len(t.Excerpt) > 0 {
		p.verbatim(4, t.Excerpt, excerptLines, p.faint)
	}
}

func (p *printer) exposures(all []exposureView) {
	p.section("deploys examined")
	for _, e := range all {
		p.hang(p.label(2, e.Which, 10, p.faint), fmt.Sprintf("%s  %s  %s", e.Revision, e.Time, e.Why), p.plain)
	}
}

// further prints an incident with another cause: what it is about and who did it.
func (p *printer) further(f furtherView) {
	p.section("another cause: incident " + f.ID)
	for _, title := range f.Titles {
		p.paragraph(2, title, p.bad)
	}
	if f.Verdict != nil {
		p.paragraph(2, strings.TrimSpace(f.Verdict.Finding+". "+f.Verdict.Reason), p.plain)
		if f.Verdict.Culprit != nil {
			p.culprit(f.Verdict.Culprit)
		}
	}
	p.paragraph(2, f.Repair, p.plain)
}
