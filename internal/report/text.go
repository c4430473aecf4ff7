package report

import (
	"fmt"
	"io"
	"strings"

	"charm.land/lipgloss/v2"
)

// TextOptions say for what terminal a text is meant.
type TextOptions struct {
	Width int  // columns; 0 means 100, anything below 40 counts as 40
	Color bool // use ANSI colours; without, the text holds no escape sequence at all
}

// Text writes the report for a terminal: UTF-8, no line wider than the width.
func Text(w io.Writer, r Report, o TextOptions) error {
	p := newPrinter(o)
	p.report(newView(r))
	return p.flush(w)
}

// ink colours visible text; it never changes its width.
type ink func(string) string

// palette uses the sixteen colours that every terminal theme defines, so that
// the text is readable on light and dark backgrounds alike.
type palette struct {
	plain, bold, faint          ink
	good, bad, unsure, neutral  ink
	added, deleted, code, badge ink
}

func newPalette(color bool) palette {
	same := func(s string) string { return s }
	if !color {
		return palette{same, same, same, same, same, same, same, same, same, same, same}
	}
	style := func(s lipgloss.Style) ink {
		return func(text string) string {
			if text == "" {
				return ""
			}
			return s.Render(text)
		}
	}
	colored := func(name string) lipgloss.Style { return lipgloss.NewStyle().Foreground(lipgloss.Color(name)) }
	return palette{
		plain: same, bold: style(lipgloss.NewStyle().Bold(true)), faint: style(lipgloss.NewStyle().Faint(true)),
		good: style(colored("2")), bad: style(colored("1")), unsure: style(colored("3")), neutral: style(colored("4")),
		added: style(colored("2")), deleted: style(colored("1")), code: style(colored("6")),
		badge: style(lipgloss.NewStyle().Bold(true).Reverse(true)),
	}
}

func (p palette) tone(t tone) ink {
	switch t {
	case toneGood:
		return p.good
	case toneBad:
		return p.bad
	case toneNeutral:
		return p.neutral
	default:
		return p.unsure
	}
}

// printer lays visible text out in columns. It collects everything in memory,
// so that only flush can fail.
type printer struct {
	palette
	width int
	b     strings.Builder
}

func newPrinter(o TextOptions) *printer {
	const standard, narrowest = 100, 40
	if o.Width <= 0 {
		o.Width = standard
	}
	return &printer{palette: newPalette(o.Color), width: max(narrowest, o.Width)}
}

func (p *printer) flush(w io.Writer) error { return write(w, []byte(p.b.String())) }

func (p *printer) blank() { p.b.WriteByte('\n') }

// line writes text that is known to fit, without trailing spaces.
func (p *printer) line(text string) {
	p.b.WriteString(strings.TrimRight(text, " "))
	p.b.WriteByte('\n')
}

// section opens a part of the report.
func (p *printer) section(title string) {
	p.blank()
	p.line(p.bold(fit(strings.ToUpper(title), p.width)))
}

// label is the start of a line, and how wide it is.
type label struct {
	text  string
	width int
}

func (p *printer) label(indent int, text string, columns int, color ink) label {
	text = fit(text, max(1, p.width/2-indent))
	return label{strings.Repeat(" ", indent) + color(text) + strings.Repeat(" ", max(0, columns-lipgloss.Width(text))),
		indent + max(columns, lipgloss.Width(text))}
}

// hang writes a label and, beside it, wrapped text whose further lines start below the first.
func (p *printer) hang(l label, text string, color ink) {
	margin := strings.Repeat(" ", l.width)
	for at, line := range wrap(text, p.width-l.width) {
		if at == 0 {
			p.line(l.text + color(line))
		} else {
			p.line(margin + color(line))
		}
	}
}

// paragraph writes wrapped text; nothing when there is none.
func (p *printer) paragraph(indent int, text string, color ink) {
	if text != "" {
		p.hang(label{strings.Repeat(" ", indent), indent}, text, color)
	}
}

// facts writes labelled lines whose values are aligned.
func (p *printer) facts(indent int, facts []fact) {
	columns := 0
	for _, f := range facts {
		columns = max(columns, lipgloss.Width(f.Label))
	}
	columns = min(columns, p.width/3)
	for _, f := range facts {
		p.hang(p.label(indent, f.Label, columns+2, p.faint), f.Value, p.plain)
	}
}

// places writes where things are. They are not wrapped, however narrow the
// terminal: a path in two pieces cannot be copied.
func (p *printer) places(indent int, facts []fact) {
	columns := 0
	for _, f := range facts {
		columns = max(columns, lipgloss.Width(f.Label))
	}
	for _, f := range facts {
		p.line(strings.Repeat(" ", indent) + p.faint(f.Label+strings.Repeat(" ", columns-lipgloss.Width(f.Label)+2)) + f.Value)
	}
}

// items writes short facts side by side: "seen 155 · expected 0".
func (p *printer) items(indent int, facts []fact) {
	words := make([]string, len(facts))
	for at, f := range facts {
		words[at] = f.Label + " " + f.Value
	}
	p.joined(indent, words)
}

// joined writes words in a row, and breaks lines only between them.
func (p *printer) joined(indent int, words []string) {
	const separator = " · "
	line := ""
	for _, word := range words {
		if line != "" && indent+lipgloss.Width(line+separator+word) > p.width {
			p.paragraph(indent, line, p.faint)
			line = ""
		}
		if line != "" {
			line += separator
		}
		line += word
	}
	p.paragraph(indent, line, p.faint)
}

// verbatim writes lines with their spacing; at most limit of them, and each on
// at most four lines, the last of which is cut.
func (p *printer) verbatim(indent int, lines []string, limit int, color ink) {
	const rows = 4
	margin, room := strings.Repeat(" ", indent), p.width-indent
	for _, line := range lines[:min(limit, len(lines))] {
		var head string
		for range rows - 1 {
			if lipgloss.Width(line) <= room {
				break
			}
			head, line = split(line, room)
			p.line(margin + color(head))
		}
		p.line(margin + color(fit(line, room)))
	}
	p.more(indent, len(lines)-limit, "line")
}

// more says how much was left out.
func (p *printer) more(indent, n int, noun string) {
	if n > 0 {
		p.line(strings.Repeat(" ", indent) + p.faint(fit(fmt.Sprintf("… and %s more", plural(int64(n), noun)), p.width-indent)))
	}
}
