package index

import (
	"slices"
	"strings"
)

// syntax is what tells strings and comments of a language from its code.
type syntax struct {
	lineComments []string
	blockComment bool     // /* ... */
	quotes       string   // bytes that open and close a string on one line
	long         []string // delimiters of strings over several lines
	raw          bool     // a backslash in those means itself
	braces       bool
}

var (
	pythonSyntax = syntax{lineComments: []string{"#"}, quotes: `"'`, long: []string{`"""`, `'''`}}
	rubySyntax   = syntax{lineComments: []string{"#"}, quotes: `"'`}
	rustSyntax   = syntax{lineComments: []string{"//"}, blockComment: true, quotes: `"`, braces: true} // an apostrophe begins a lifetime
	goSyntax     = syntax{lineComments: []string{"//"}, blockComment: true, quotes: `"'`, long: []string{"`"}, raw: true, braces: true}
	phpSyntax    = syntax{lineComments: []string{"//", "#"}, blockComment: true, quotes: `"'`, braces: true}
	braceSyntax  = syntax{lineComments: []string{"//"}, blockComment: true, quotes: `"'`, long: []string{`"""`, "`"}, braces: true}
)

// tokens is what one pass over a file finds.
type tokens struct {
	literals []Literal
	// spans are where the literals are, delimiters included, in the same order.
	spans    []span
	comments []span
	calls    []call
	braces   []brace
}

// span is a stretch of bytes.
type span struct{ from, to int }

// call is a name that is followed by an opening parenthesis.
type call struct {
	name string
	line int
}

type brace struct {
	open   bool
	line   int
	header string // code before an opening brace, back to the end of the previous statement; strings and comments left out
}

// scanner walks over a file once. It never fails: what it cannot make sense of
// it steps over.
type scanner struct {
	syntax syntax
	text   string
	pos    int
	line   int
	header []byte // code since the last statement ended
	out    tokens
}

func scanTokens(text string, s syntax) tokens {
	scan := scanner{syntax: s, text: text, line: 1}
	for scan.pos < len(scan.text) {
		scan.step()
	}
	return scan.out
}

func (s *scanner) step() {
	rest := s.text[s.pos:]
	for _, c := range s.syntax.lineComments {
		if strings.HasPrefix(rest, c) {
			s.skipUntil("\n", 0)
			return
		}
	}
	if s.syntax.blockComment && strings.HasPrefix(rest, "/*") {
		s.skipUntil("*/", 2)
		return
	}
	for _, d := range s.syntax.long {
		if strings.HasPrefix(rest, d) {
			s.longString(d)
			return
		}
	}
	c := s.text[s.pos]
	switch {
	case strings.IndexByte(s.syntax.quotes, c) >= 0:
		s.shortString(c)
	case IsWordByte(c):
		s.word()
	case c == '/' && s.syntax.braces && s.regexpFollows():
		s.regularExpression()
	default:
		s.punctuation(c)
	}
}

// skipUntil steps to the next occurrence of end, plus extra bytes.
func (s *scanner) skipUntil(end string, extra int) {
	i := strings.Index(s.text[s.pos+extra:], end)
	next := len(s.text)
	if i >= 0 {
		next = s.pos + extra + i + extra
	}
	s.line += strings.Count(s.text[s.pos:next], "\n")
	s.out.comments = append(s.out.comments, span{s.pos, next})
	s.pos = next
}

func (s *scanner) longString(delimiter string) {
	start, line := s.pos+len(delimiter), s.line
	end := start
	for end < len(s.text) && !strings.HasPrefix(s.text[end:], delimiter) {
		if s.text[end] == '\\' && !s.syntax.raw {
			end++
		}
		end++
	}
	end = min(end, len(s.text))
	s.line += strings.Count(s.text[s.pos:end], "\n")
	next := min(end+len(delimiter), len(s.text))
	s.addLiteral(line, s.text[start:end], next)
	s.pos = next
}

// shortString reads to the closing quote. A quote that is not closed on its line
// is taken for an apostrophe or a lifetime and stepped over.
func (s *scanner) shortString(quote byte) {
	for end := s.pos + 1; end < len(s.text); end++ {
		switch s.text[end] {
		case '\\':
			end++
			if end < len(s.text) && s.text[end] == '\n' {
				s.line++
			}
		case '\n':
			s.pos++
			return
		case quote:
			s.addLiteral(s.line, s.text[s.pos+1:end], end+1)
			s.header = append(s.header, '"', '"')
			s.pos = end + 1
			return
		}
	}
	s.pos++
}

// addLiteral notes the literal from the current position to end.
func (s *scanner) addLiteral(line int, raw string, end int) {
	s.out.spans = append(s.out.spans, span{s.pos, end})
	s.out.literals = append(s.out.literals, Literal{Start: line, End: s.line, Text: Unescape(raw)})
}

func (s *scanner) word() {
	start := s.pos
	for s.pos < len(s.text) && IsWordByte(s.text[s.pos]) {
		s.pos++
	}
	word := s.text[start:s.pos]
	s.header = append(s.header, word...)
	next := s.pos
	for next < len(s.text) && s.text[next] == ' ' {
		next++
	}
	if next < len(s.text) && s.text[next] == '(' && !IsDigit(word[0]) && !controlWords[word] {
		s.out.calls = append(s.out.calls, call{word, s.line})
	}
}

func (s *scanner) punctuation(c byte) {
	s.pos++
	switch c {
	case '\n':
		s.line++
		s.header = append(s.header, c)
	case '{':
		if s.syntax.braces {
			s.out.braces = append(s.out.braces, brace{true, s.line, tail(s.header, maxHeader)})
			s.header = s.header[:0]
		}
	case '}':
		if s.syntax.braces {
			s.out.braces = append(s.out.braces, brace{open: false, line: s.line})
			s.header = s.header[:0]
		}
	case ';':
		s.header = s.header[:0]
	default:
		s.header = append(s.header, c)
	}
	if len(s.header) > 16*maxHeader {
		s.header = append(s.header[:0], tail(s.header, maxHeader)...)
	}
}

// regexpFollows tells a regular expression literal of JavaScript from a division by what stands before.
func (s *scanner) regexpFollows() bool {
	for i, c := range slices.Backward(s.header) {
		if c != ' ' && c != '\t' {
			return strings.IndexByte("(,=:[!&|?+>\n", c) >= 0 || expressionWords[LastWord(s.header[:i+1])]
		}
	}
	return true
}

// expressionWords are keywords after which an expression begins.
var expressionWords = wordSet("return typeof case in of do else yield await void delete")

// LastWord gives the word that code ends with; empty when it ends with none.
func LastWord(code []byte) string {
	start := len(code)
	for start > 0 && IsWordByte(code[start-1]) {
		start--
	}
	return string(code[start:])
}

func (s *scanner) regularExpression() {
	class := false
	for end := s.pos + 1; end < len(s.text); end++ {
		switch c := s.text[end]; {
		case c == '\\':
			end++
		case c == '\n':
			s.pos++
			return
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			s.header = append(s.header, '"', '"')
			s.pos = end + 1
			return
		}
	}
	s.pos++
}

// Unescape undoes the escapes that matter for finding a message again.
func Unescape(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw
	}
	return escapes.Replace(raw)
}

var escapes = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "", `\"`, `"`, `\'`, `'`, `\/`, `/`, "\\`", "`", "\\\n", "")

func tail(b []byte, n int) string { return string(b[max(0, len(b)-n):]) }

// LiteralsIn gives the string literals of a line of an unknown language.
func LiteralsIn(line string) []Literal { return scanTokens(line, braceSyntax).literals }

// IsDigit tells whether a byte is a decimal digit.
func IsDigit(c byte) bool { return c >= '0' && c <= '9' }

// IsWordByte tells whether a byte belongs to an identifier; bytes of UTF-8 sequences do.
func IsWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || IsDigit(c) || c == '_' || c == '$' || c >= 0x80
}
