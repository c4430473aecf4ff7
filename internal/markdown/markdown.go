// Package markdown quotes hostile text in Markdown: names, log lines, diffs and
// command output keep their meaning for the reader and have none for the
// renderer, the terminal, or the forge (no mention, link or issue reference).
//
// In goes any byte sequence, out comes valid UTF-8 Markdown.
package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fence quotes text as a code block. The fence is longer than any run of
// backticks inside, so that no text can end it. language names the syntax
// ("diff", "text").
func Fence(language, text string) string {
	text = strings.TrimRight(Visible(text), "\n")
	fence := strings.Repeat("`", max(3, longestRun(text)+1))
	return fence + language + "\n" + text + "\n" + fence + "\n"
}

// Code quotes text as an inline code span on one line.
func Code(text string) string {
	text = oneLine(text)
	if text == "" {
		return ""
	}
	ticks := strings.Repeat("`", longestRun(text)+1)
	// Renderers drop one space on each side, which backticks and spaces at the ends need.
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
		text = " " + text + " "
	}
	return ticks + text + ticks
}

// Cell is Code for a cell of a table, where a bar would end the cell.
func Cell(text string) string { return strings.ReplaceAll(Code(text), "|", `\|`) }

// Text quotes text as plain words on one line: no markup, no HTML, no link. A
// mark that nobody sees keeps "@name" and "#1" from reaching a person or an issue.
func Text(text string) string {
	text = strings.Join(strings.Fields(Visible(text)), " ")
	var b strings.Builder
	b.Grow(len(text))
	for i, r := range text {
		switch {
		case strings.ContainsRune("\\`*_[]<#|&~$", r), i == 0 && strings.ContainsRune("-+=>", r),
			r == ':' && strings.HasPrefix(text[i:], "://"), strings.ContainsRune(".)", r) && isNumber(text[:i]):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		if r == '@' || r == '#' {
			b.WriteRune('\u200b')
		}
	}
	return b.String()
}

// isNumber tells whether text is nothing but digits, as before a list's point.
func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// Visible replaces what a terminal or a renderer would act on instead of showing
// it: control characters other than tab and line feed, marks that change the
// direction of writing, and bytes that are no UTF-8. CR LF becomes LF.
func Visible(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' {
			return ' '
		}
		return r
	}, Visible(text)))
}

// longestRun is the length of the longest run of backticks.
func longestRun(text string) int {
	longest, run := 0, 0
	for i := range len(text) {
		if text[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// Cut shortens text to at most limit bytes at a line's end where one is near,
// and says whether it did.
func Cut(text string, limit int) (string, bool) {
	if len(text) <= limit {
		return text, false
	}
	text = text[:limit]
	if end := strings.LastIndexByte(text, '\n'); end > limit/2 {
		return text[:end+1], true
	}
	return text, true
}
