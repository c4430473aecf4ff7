package report

import (
	"fmt"
	"strings"
)

func (p *printer) decision(d *decisionView) {
	p.section("decision")
	action := d.Action
	if d.DryRun {
		action += " (dry run)"
	}
	p.paragraph(2, action+": "+d.Reason, p.plain)
	for _, veto := range d.Vetoes {
		p.hang(p.label(2, "not "+veto.Action, 13, p.unsure).gap(2), veto.Rule+": "+veto.Reason, p.plain)
	}
}

func (p *printer) repair(r *repairView) {
	p.section("repair")
	p.paragraph(2, r.Summary, p.bold)
	p.facts(2, r.Facts)
	if r.Failure != "" {
		p.hang(p.label(2, "failed", 10, p.bad), r.Failure, p.plain)
	}
	for _, note := range r.Notes {
		p.hang(p.label(2, "note", 10, p.faint), note, p.plain)
	}
	for _, proof := range r.Proofs {
		p.proof(proof)
	}
}

// proof prints the output only of what did not end as expected: the rest is noise at 3 a.m.
func (p *printer) proof(proof proofView) {
	mark := label{"  " + p.good("✓") + " ", 4}
	if !proof.AsExpected {
		mark.text = "  " + p.bad("✗") + " "
	}
	p.hang(mark, fmt.Sprintf("%s: on %s it had %s, and %s", proof.Name, proof.Tree, proof.Wanted, proof.Got), p.plain)
	p.hang(label{"    " + p.faint("$ "), 6}, proof.Command, p.code)
	if !proof.AsExpected {
		tail := proof.Output[max(0, len(proof.Output)-textOutputLines):]
		p.verbatim(6, tail, textOutputLines, p.faint)
	}
}

func (p *printer) pullRequest(pr *pullRequestView) {
	p.section("pull request")
	p.paragraph(2, pr.Title, p.bold)
	p.facts(2, pr.Facts)
}

func (p *printer) outcome(o *outcomeView) {
	p.section("outcome")
	p.hang(p.label(2, strings.ToUpper(o.State), 0, p.tone(o.Tone)).gap(2), o.Reason, p.plain)
	p.facts(2, []fact{o.Watched})
	for _, row := range o.Rows {
		mark := label{"  " + p.good("✓") + " ", 4}
		if !row.Healed {
			mark.text = "  " + p.bad("✗") + " "
		}
		p.hang(mark, row.Title, p.plain)
		p.paragraph(4, row.Numbers, p.faint)
	}
}

// gap adds spaces behind a label.
func (l label) gap(columns int) label {
	return label{l.text + strings.Repeat(" ", columns), l.width + columns}
}

func (p *printer) setAside(all []asideView) {
	if len(all) == 0 {
		return
	}
	p.section("looked at and set aside")
	for _, a := range all[:min(textSetAside, len(all))] {
		p.hang(p.label(2, a.Ratio, 8, p.faint), a.Title, p.plain)
		p.paragraph(10, a.explanation(), p.faint)
	}
	p.more(2, len(all)-textSetAside, "signature")
}

func (p *printer) unseen(limits []limitView) {
	if len(limits) == 0 {
		return
	}
	p.section("what could not be seen")
	for _, l := range limits {
		color := p.faint
		if l.Blocks {
			color = p.unsure
		}
		p.hang(p.label(2, l.Label, 18, color).gap(2), l.Detail, p.plain)
		if l.Hint != "" {
			p.paragraph(22, l.Hint, p.faint)
		}
	}
}

func (p *printer) timeline(moments []momentView) {
	if len(moments) == 0 {
		return
	}
	p.section("timeline, UTC")
	for _, m := range moments {
		if m.Day != "" {
			p.line("  " + p.faint(m.Day))
		}
		text := m.What
		if m.Actor != "" {
			text = m.Actor + ": " + text
		}
		p.hang(p.label(2, m.Clock, 10, p.faint), text, p.plain)
	}
}
