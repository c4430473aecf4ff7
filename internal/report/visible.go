package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
)

// maxMarks is the longest run of combining marks that real scripts need; more
// of them only serve to paint over neighbouring lines.
const maxMarks = 4

// Visible makes hostile text safe to show: whatever a terminal or a browser
// would obey instead of drawing becomes a visible stand-in. The result holds no
// control character but the newline, no bidirectional override, no invisible
// character, and is valid UTF-8. A carriage return before a newline is dropped,
// a tab becomes four spaces.
//
//	ESC    -> ␛         C0 controls and DEL have pictures of their own
//	U+202E -> \u{202E}  everything else that draws nothing
//	0xFF   -> \xFF      bytes that are no UTF-8
func Visible(s string) string {
	if isVisible(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	marks := 0
	for at := 0; at < len(s); {
		r, size := utf8.DecodeRuneInString(s[at:])
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02X`, s[at])
		case r == '\r' && strings.HasPrefix(s[at:], "\r\n"):
		case marks > maxMarks:
			fmt.Fprintf(&b, `\u{%04X}`, r)
		default:
			writeVisible(&b, r)
		}
		at += size
	}
	return b.String()
}

// isVisible finds the texts that need no work, which are nearly all.
func isVisible(s string) bool {
	for at := range len(s) {
		if c := s[at]; c != '\n' && (c < 0x20 || c >= 0x7f) {
			return false
		}
	}
	return true
}

func writeVisible(b *strings.Builder, r rune) {
	switch {
	case r == '\n':
		b.WriteByte('\n')
	case r == '\t':
		b.WriteString("    ")
	case r < 0x20:
		b.WriteRune('\u2400' + r) // the Control Pictures block follows ASCII
	case r == 0x7f:
		b.WriteRune('\u2421')
	case drawn(r):
		b.WriteRune(r)
	default:
		fmt.Fprintf(b, `\u{%04X}`, r)
	}
}

// drawn tells whether a character puts ink or plain space on the screen.
// unicode.IsGraphic leaves out controls, format characters (among them all
// bidirectional overrides), private use and unassigned code points.
func drawn(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// oneLine is [Visible] for a place that has one line: newlines become ␊ and the
// end beyond limit runes an ellipsis.
func oneLine(s string, limit int) string {
	s = strings.ReplaceAll(strings.TrimRight(Visible(s), "\n"), "\n", "␊")
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	return string(runes[:limit-1]) + "…"
}

// fit cuts visible text to a number of terminal columns, with an ellipsis.
func fit(s string, columns int) string {
	if lipgloss.Width(s) <= columns {
		return s
	}
	if columns < 1 {
		return ""
	}
	head, _ := split(s, columns-1)
	return head + "…"
}

// pad fills visible text with spaces to a number of terminal columns.
func pad(s string, columns int) string {
	if missing := columns - lipgloss.Width(s); missing > 0 {
		return s + strings.Repeat(" ", missing)
	}
	return s
}

// split gives the longest head of s that fits into columns, and what follows
// it. A character is never divided from its combining marks.
func split(s string, columns int) (head, rest string) {
	end := 0
	for at, r := range s {
		if unicode.Is(unicode.M, r) && at > 0 {
			continue
		}
		if at > 0 && lipgloss.Width(s[:at]) > columns {
			break
		}
		end = at
	}
	if lipgloss.Width(s) <= columns {
		return s, ""
	}
	if end == 0 { // one character wider than all columns: never stand still
		_, end = utf8.DecodeRuneInString(s)
	}
	return s[:end], s[end:]
}

// wrap breaks visible text into lines of at most columns, at spaces where it
// can. Newlines in the text stay breaks. It always gives at least one line.
func wrap(s string, columns int) []string {
	columns = max(columns, 8)
	var lines []string
	for paragraph := range strings.SplitSeq(s, "\n") {
		lines = append(lines, wrapParagraph(paragraph, columns)...)
	}
	return lines
}

func wrapParagraph(s string, columns int) []string {
	var lines []string
	line, width := "", 0
	for word := range strings.FieldsSeq(s) {
		wordWidth := lipgloss.Width(word)
		if line != "" && width+1+wordWidth <= columns {
			line, width = line+" "+word, width+1+wordWidth
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for wordWidth > columns {
			var head string
			head, word = split(word, columns)
			lines = append(lines, head)
			wordWidth = lipgloss.Width(word)
		}
		line, width = word, wordWidth
	}
	return append(lines, line)
}
