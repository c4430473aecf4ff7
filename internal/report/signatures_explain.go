package report

import (
	"fmt"
	"io"
	"strings"

	"charm.land/lipgloss/v2"

	"selfheal"
)

// SignatureExplanation says why lines are one signature.
type SignatureExplanation struct {
	Row      SignatureRow         `json:"row"`
	Pattern  string               `json:"pattern"`           // the template; "<*>" where the signatures put together differ
	Members  []SignatureMember    `json:"members,omitempty"` // what was put together, most frequent first; none when nothing was
	Places   []ExplainedPlace     `json:"places,omitempty"`  // the masks of the pattern, in order
	Aligned  int                  `json:"aligned,omitempty"` // records that were laid beside the pattern
	Lines    []ExplainedLine      `json:"lines,omitempty"`   // some records
	Chain    []ExplainedException `json:"exceptions,omitempty"`
	Nearest  []NearSignature      `json:"nearest,omitempty"`
	Compared int                  `json:"compared"` // other signatures of its kind
}

// SignatureMember is one of the signatures that were put together.
type SignatureMember struct {
	ID       selfheal.SignatureID `json:"id"`
	Template string               `json:"template"`
	Count    int64                `json:"count"`
}

// ExplainedPlace is one mask of a pattern and what stood there.
type ExplainedPlace struct {
	Mask   string   `json:"mask"`
	Values []string `json:"values"`         // different ones, as seen
	More   bool     `json:"more,omitempty"` // there are further ones
}

// ExplainedLine is one record beside the pattern.
type ExplainedLine struct {
	File   string           `json:"file"`
	Line   int64            `json:"line"`
	Pieces []ExplainedPiece `json:"pieces"`
}

// ExplainedPiece is a part of a record's message and the part of the pattern that it was taken for.
type ExplainedPiece struct {
	Template string `json:"template,omitempty"`
	Text     string `json:"text,omitempty"`
	Mask     bool   `json:"mask,omitempty"`
}

// ExplainedException is one link of the chain in the newest record.
type ExplainedException struct {
	Type   string           `json:"type"`
	Frames []ExplainedFrame `json:"frames,omitempty"`
}

// ExplainedFrame is one frame, and what the identity makes of it.
type ExplainedFrame struct {
	Function string `json:"function"` // as it stands in the identity: normalised
	Place    string `json:"place,omitempty"`
	Identity bool   `json:"identity"` // belongs to the identity
	Why      string `json:"why"`
}

// NearSignature is another signature that reads much the same.
type NearSignature struct {
	ID         selfheal.SignatureID `json:"id"`
	Title      string               `json:"title"`
	Count      int64                `json:"count"`
	Similarity float64              `json:"similarity"` // share of the words that both have
	Here       string               `json:"here"`       // where the two first differ; empty at the end of the text
	There      string               `json:"there"`
}

// ExplainSignature writes an explanation.
func ExplainSignature(w io.Writer, e SignatureExplanation, o TextOptions) error {
	p := newPrinter(o)
	s := e.Row.Signature
	p.line(p.bold(fit(oneLine(string(s.ID), titleLimit), p.width)))
	p.line(fit(strings.Join(explainedFacts(e.Row), " · "), p.width))
	p.section("reads")
	p.verbatim(2, strings.Split(Visible(e.Pattern), "\n"), explainedTemplateLines, p.code)
	p.section("why these lines are one signature")
	p.paragraph(2, whyOne(e), p.plain)
	p.explainPlaces(e)
	p.explainLines(e)
	p.explainChain(e.Chain)
	p.explainMembers(e.Members)
	p.explainNearest(e)
	return p.flush(w)
}

const explainedTemplateLines = 40

func explainedFacts(row SignatureRow) []string {
	s := row.Signature
	facts := []string{oneLine(string(s.Kind), titleLimit)}
	if s.Severity != selfheal.SeverityUnspecified {
		facts = append(facts, s.Severity.String())
	}
	facts = append(facts, plural(row.Count, "record"))
	if !s.First.IsZero() {
		facts = append(facts, interval(selfheal.Interval{From: s.First, To: s.Last}))
	}
	return facts
}

// whyOne puts the rule that made the signature into words.
func whyOne(e SignatureExplanation) string {
	if n := len(e.Members); n > 1 {
		return fmt.Sprintf("%s that read the same but for the places marked <*> were put together: so many different values stood there that they are taken for values. "+
			"Run selfheal group with --exact to see each by itself.", plural(int64(e.Row.Merged), "signature"))
	}
	switch e.Row.Signature.Kind {
	case selfheal.KindException:
		return "They are exceptions of the same types, raised in the same functions of the service's own code. Messages, line numbers, addresses and the frames of libraries are not part of it."
	case selfheal.KindBuild:
		return "They are errors of a compiler about the same file, with the same message but for the masks."
	case selfheal.KindOverflow:
		return "They are not one error: there were more distinct signatures than are kept apart, and all further ones are counted here together."
	}
	if len(e.Places) == 0 {
		return "Their messages are the same, letter for letter. Time, level and other fields are not part of it."
	}
	return "Their messages are the same but for the masks: numbers, names of hosts, paths and the like, which change from one line to the next."
}

func (p *printer) explainPlaces(e SignatureExplanation) {
	if len(e.Places) == 0 {
		return
	}
	p.section(fmt.Sprintf("what the masks stood for (in %s looked at)", plural(int64(e.Aligned), "record")))
	for i, place := range e.Places {
		values := make([]string, len(place.Values))
		for at, v := range place.Values {
			values[at] = oneLine(v, explainedValue)
			if v == "" {
				values[at] = "(nothing)"
			}
		}
		text := strings.Join(values, ", ")
		if place.More {
			text += ", …"
		}
		if text == "" {
			text = "not seen in the lines looked at"
		}
		p.hang(p.label(2, fmt.Sprintf("%d. %s", i+1, oneLine(place.Mask, explainedValue)), 13, p.code), text, p.plain)
	}
}

// explainedValue is how much of one value is shown, in characters.
const explainedValue = 60

// explainLines shows records with what the masks stood for between marks.
func (p *printer) explainLines(e SignatureExplanation) {
	switch {
	case len(e.Lines) == 0:
		return
	case len(e.Places) > 0:
		p.section("lines (what a mask stood for is between ‹ and ›)")
	case len(e.Chain) > 0:
		p.section("what the exceptions said")
	default:
		p.section("lines")
	}
	for _, l := range e.Lines {
		place := fmt.Sprintf("%s:%d", oneLine(l.File, titleLimit), l.Line)
		p.line("  " + p.faint(fit(place, p.width-2)))
		var b strings.Builder
		for _, piece := range l.Pieces {
			text := strings.ReplaceAll(Visible(piece.Text), "\n", "␊")
			if piece.Mask {
				text = "‹" + text + "›"
			}
			b.WriteString(text)
		}
		p.verbatim(4, []string{b.String()}, 1, p.plain)
	}
}

// explainChain shows which frames make the identity and which do not.
func (p *printer) explainChain(chain []ExplainedException) {
	if len(chain) == 0 {
		return
	}
	p.section("exceptions of the newest record (✓ is part of the identity)")
	for i, e := range chain {
		prefix := ""
		if i > 0 {
			prefix = "caused by "
		}
		p.line("  " + fit("✓ "+prefix+oneLine(e.Type, titleLimit), p.width-2))
		for _, f := range e.Frames {
			mark, color := "✓", p.plain
			if !f.Identity {
				mark, color = " ", p.faint
			}
			text := mark + "   " + oneLine(f.Function, titleLimit)
			if !f.Identity {
				text += " (" + oneLine(f.Why, titleLimit) + ")"
			}
			text += "  " + oneLine(f.Place, titleLimit)
			p.line("  " + color(fit(text, p.width-2)))
		}
	}
}

const explainedMembers = 10

func (p *printer) explainMembers(members []SignatureMember) {
	if len(members) < 2 {
		return
	}
	p.section(fmt.Sprintf("put together (%d)", len(members)))
	g := grid{title: "TEMPLATE"}
	counts, ids := gridColumn{heading: "COUNT", head: true, right: true}, gridColumn{heading: "ID", head: true}
	for _, m := range members[:min(len(members), explainedMembers)] {
		counts.add(count(m.Count), inkPlain)
		ids.add(oneLine(string(m.ID), titleLimit), inkCode)
		g.titles, g.below = append(g.titles, oneLine(m.Template, titleLimit)), append(g.below, "")
	}
	g.columns = []gridColumn{counts, ids}
	p.grid(g, 0)
	p.more(0, len(members)-explainedMembers, "signature")
}

func (p *printer) explainNearest(e SignatureExplanation) {
	if e.Compared == 0 {
		return
	}
	p.section("nearest other signatures")
	if len(e.Nearest) == 0 {
		p.line(p.faint(fit("  none of "+count(int64(e.Compared))+" reads alike", p.width)))
	}
	for _, n := range e.Nearest {
		head := fmt.Sprintf("%s  %s  ", oneLine(string(n.ID), titleLimit), plural(n.Count, "record"))
		p.line("  " + fit(head+oneLine(n.Title, titleLimit), p.width-2))
		apart := fmt.Sprintf("apart: here %s, there %s", quoted(n.Here), quoted(n.There))
		p.line(strings.Repeat(" ", min(4, lipgloss.Width(head))) + p.faint(fit(apart, p.width-4)))
	}
}

func quoted(s string) string {
	if strings.TrimSpace(s) == "" {
		return "nothing more"
	}
	return "“" + oneLine(s, explainedValue) + "”"
}
