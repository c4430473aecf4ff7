package report

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"selfheal"
)

// How much of each long list a terminal gets; the files hold everything.
const (
	textSampleLines = 6
	textFrames      = 6
	textExhibits    = 6
	textCandidates  = 5
	textOutputLines = 4
	textSetAside    = 8
)

func (p *printer) report(v view) {
	p.top(v)
	if len(v.Compared) > 0 {
		p.section("compared")
		p.facts(2, v.Compared)
	}
	for at, a := range v.Anomalies {
		p.anomaly(fmt.Sprintf("%d  %s", at+1, a.Kind), a)
	}
	if v.Verdict != nil {
		p.verdict(v.Verdict)
	}
	if v.Decision != nil {
		p.decision(v.Decision)
	}
	if v.Repair != nil {
		p.repair(v.Repair)
	}
	if v.PullRequest != nil {
		p.pullRequest(v.PullRequest)
	}
	if v.Outcome != nil {
		p.outcome(v.Outcome)
	}
	for _, f := range v.Further {
		p.further(f)
	}
	for _, a := range v.Asked {
		p.anomaly("asked  "+a.Answer, a)
	}
	p.setAside(v.SetAside)
	p.unseen(v.Unseen)
	p.timeline(v.Timeline)
	if len(v.Places) > 0 {
		p.section("files")
		p.places(2, v.Places)
	}
	p.blank()
	p.line(p.faint(fit(v.Colophon, p.width)))
}

// top is the part that has to be enough for a reader who stops after it.
func (p *printer) top(v view) {
	badge := " " + fit(v.Word, p.width/3) + " "
	tone := p.tone(v.Tone)
	l := label{tone(p.badge(badge)) + "  ", lipgloss.Width(badge) + 2}
	p.hang(l, v.Subject+": "+v.Headline, p.bold)
	if v.Next != "" {
		p.hang(p.label(1, "next", l.width-1, tone), v.Next, p.plain)
	}
}

func (p *printer) anomaly(heading string, a anomalyView) {
	p.section(heading)
	color := p.bad
	if !a.Flagged {
		color = p.neutral
	}
	p.paragraph(2, a.Title, color)
	p.paragraph(2, strings.TrimSpace(a.ID+"  "+a.Severity), p.faint)
	p.paragraph(2, a.Why, p.plain)
	p.items(2, a.Facts)
	if a.Chart != nil {
		p.blank()
		p.chart(2, a.Chart)
	}
	if len(a.Sample) > 0 {
		p.blank()
		p.paragraph(2, strings.TrimSuffix(a.Which+", "+a.Source, ", "), p.faint)
		p.verbatim(4, a.Sample, textSampleLines, p.plain)
	}
	p.frames(a.Frames)
	p.related(a.Related)
}

func (p *printer) related(all []relatedView) {
	if len(all) == 0 {
		return
	}
	p.line("  " + p.faint("related"))
	for _, r := range all {
		p.hang(p.label(4, r.Similarity, 6, p.faint), r.Title+"  "+r.ID, p.plain)
	}
}

// frames shows the service's own frames, and all when it has none of its own.
func (p *printer) frames(all []frameView) {
	var own []frameView
	for _, f := range all {
		if f.InApp {
			own = append(own, f)
		}
	}
	if len(own) == 0 {
		own = all
	}
	if len(own) == 0 {
		return
	}
	p.line("  " + p.faint("frames"))
	for _, f := range own[:min(textFrames, len(own))] {
		room := p.width - 4
		place := fit(f.Place, room/2)
		function := fit(f.Function, room-lipgloss.Width(place)-2)
		p.line("    " + function + "  " + p.code(place))
	}
	p.more(4, len(own)-textFrames, "frame")
}

func (p *printer) verdict(v *verdictView) {
	p.section("verdict")
	p.paragraph(2, strings.TrimSpace(v.Finding+". "+v.Reason), p.plain)
	var more []fact
	if v.Basis != "" {
		more = append(more, fact{Label: "made of", Value: v.Basis})
	}
	if v.Doubt != nil {
		more = append(more, *v.Doubt)
	}
	if v.Agent != nil {
		more = append(more, *v.Agent)
	}
	p.facts(2, more)
	if v.Culprit != nil {
		p.culprit(v.Culprit)
	}
	if len(v.For)+len(v.Against) > 0 {
		p.section("evidence")
		p.exhibits("for", v.For, p.neutral)
		p.exhibits("against", v.Against, p.unsure)
	}
	if v.Trial != nil {
		p.trial(v.Trial)
	}
	p.candidates(v)
	if len(v.Deploys) > 0 {
		p.exposures(v.Deploys)
	}
}

func (p *printer) culprit(c *culpritView) {
	p.section("culprit")
	p.paragraph(2, strings.TrimSpace("commit "+c.Commit+"  "+c.Subject), p.bold)
	p.paragraph(2, strings.Trim(c.Author+", "+c.Date, ", "), p.faint)
	p.paragraph(2, c.Within, p.plain)
	if c.Place != "" {
		p.paragraph(2, c.Place, p.code)
	}
	switch {
	case c.Diff != nil:
		p.diff(2, c.Diff)
	case c.Quote != "":
		p.paragraph(4, c.Quote, p.plain)
	}
}

// diff prints line numbers, the sign and the text; the culprit gets an arrow.
func (p *printer) diff(indent int, d *diffView) {
	margin := strings.Repeat(" ", indent)
	digits := 1
	for _, l := range d.Lines {
		digits = max(digits, len(fmt.Sprint(l.Number())))
	}
	if d.Section != "" {
		p.line(margin + strings.Repeat(" ", digits+4) + p.faint(fit(d.Section, p.width-indent-digits-4)))
	}
	for _, l := range d.Lines {
		arrow := "  "
		if l.Marked {
			arrow = "▶ "
		}
		text := fit(string(l.Op)+" "+l.Text, p.width-indent-digits-3)
		p.line(margin + p.bad(arrow) + p.faint(fmt.Sprintf("%*d ", digits, l.Number())) + p.diffInk(l)(text))
	}
}

func (p *printer) diffInk(l diffLine) ink {
	color := p.plain
	switch l.Op {
	case selfheal.LineAdded:
		color = p.added
	case selfheal.LineDeleted:
		color = p.deleted
	default:
	}
	if !l.Marked {
		return color
	}
	return func(s string) string { return p.bold(color(s)) }
}

func (p *printer) exhibits(side string, all []exhibitView, color ink) {
	for _, e := range all[:min(textExhibits, len(all))] {
		l := p.label(2, side, 9, color)
		weight := fmt.Sprintf("%5s", e.Weight)
		l = label{l.text + p.bold(weight), l.width + len(weight)}.gap(2)
		p.hang(l, e.Kind+": "+e.Text, p.plain)
		if e.Observed != "" {
			p.hang(p.label(l.width, "seen", 6, p.faint), e.Observed, p.plain)
		}
		if e.Place != "" || e.Quote != "" {
			p.hang(p.label(l.width, "code", 6, p.faint), strings.TrimSpace(e.Place+"  "+e.Quote), p.code)
		}
	}
	p.more(11, len(all)-textExhibits, "exhibit")
}

func (p *printer) candidates(v *verdictView) {
	if len(v.Candidates) == 0 {
		return
	}
	const columns = 16
	p.section("candidates")
	for _, c := range v.Candidates[:min(textCandidates, len(v.Candidates))] {
		color := p.plain
		if c.Culprit {
			color = p.bold
		}
		head := fmt.Sprintf("  %9s  ", c.Percent)
		filled := strings.Repeat("█", int(c.Probability*columns+0.5))
		head += p.bad(filled) + p.faint(strings.Repeat("·", columns-lipgloss.Width(filled))) + "  "
		p.line(head + color(fit(c.Commit+"  "+c.Subject, p.width-15-columns)))
	}
	p.more(2, len(v.Candidates)-textCandidates, "commit")
	p.paragraph(2, v.Irrelevant, p.faint)
}
