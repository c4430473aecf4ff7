// Package markup turns the Markdown of notices into what channels show: HTML,
// Slack's mrkdwn, and plain text.
//
// In goes any text, also hostile: the Markdown is selfheal's own, but what it
// quotes comes from logs and repositories. Out comes text in which nothing acts
// that this package did not write: no control character, no markup, no mention,
// and no link but to http and https. It knows what notices use: headings,
// paragraphs, items, quotes, fenced and indented code, bold, emphasis, code spans
// and links. All else stays the text that it is.
package markup

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"selfheal/internal/markdown"
)

// Clean makes text visible: what a terminal, a browser or a mail program would obey
// instead of showing becomes U+FFFD, line and paragraph separators become spaces.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u2028' || r == '\u2029':
			return ' '
		case r == '\u200b' || r == '\u200c' || r == '\u200d': // breaks mentions; joins letters and emoji
			return r
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return utf8.RuneError
		}
		return r
	}, markdown.Visible(text))
}

// OneLine is Clean on one line of at most so many characters.
func OneLine(text string, most int) string {
	text = strings.Join(strings.Fields(Clean(text)), " ")
	for i := range text {
		if most--; most < 0 {
			return text[:i] + "…"
		}
	}
	return text
}

// WebAddress gives an address that people may be led to, encoded so that it stands
// in no way of any markup; empty for any other.
func WebAddress(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" || len(address) > 2000 {
		return ""
	}
	encoded := u.String()
	for _, c := range []string{"|", "<", ">", `"`, "'", "`", "(", ")", " ", "\\", "[", "]", "@"} {
		encoded = strings.ReplaceAll(encoded, c, url.QueryEscape(c))
	}
	encoded = strings.ReplaceAll(encoded, "+", "%2B")
	if encoded != Clean(encoded) {
		return ""
	}
	return encoded
}

// style is how a span looks.
type style int

const (
	plain style = iota
	bold
	emphasis
	code
	link
)

// span is a run of text within a block. What it holds is literal.
type span struct {
	style style
	text  string
	url   string // of a link
}

// blockKind is what a block is.
type blockKind int

const (
	paragraph blockKind = iota
	heading
	item
	quote
	codeBlock
)

type block struct {
	kind  blockKind
	spans []span
	text  string // of code
}

var (
	comment   = regexp.MustCompile(`(?s)<!--.*?-->`)
	headline  = regexp.MustCompile(`^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$`)
	bullet    = regexp.MustCompile(`^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(.*)$`)
	quoted    = regexp.MustCompile(`^ {0,3}> ?(.*)$`)
	fenceOpen = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})[^`]*$")
	ruleLine  = regexp.MustCompile(`^ {0,3}(?:-[ \t]*){3,}$`)
)

// maxText is how much of a notice is shown, in bytes: nobody reads more on a telephone.
const maxText = 64 << 10

// parse divides Markdown into blocks.
func parse(text string) []block {
	if cut, shortened := markdown.Cut(text, maxText); shortened {
		text = cut + "\n…"
	}
	text = comment.ReplaceAllString(Clean(text), "")
	var p parser
	for line := range strings.SplitSeq(text, "\n") {
		p.line(line)
	}
	p.end()
	return p.blocks
}

type parser struct {
	blocks []block
	open   []string // lines of the paragraph, item or quote that goes on
	kind   blockKind
	fence  string // that closes the code block; empty outside
	code   []string
}

func (p *parser) line(line string) {
	switch {
	case p.fence != "":
		p.fenced(line)
	case fenceOpen.MatchString(line):
		p.end()
		p.fence = fenceOpen.FindStringSubmatch(line)[1]
	case strings.TrimSpace(line) == "" || ruleLine.MatchString(line):
		p.end()
	case headline.MatchString(line):
		p.begin(heading, headline.FindStringSubmatch(line)[1])
		p.end()
	case bullet.MatchString(line):
		p.begin(item, bullet.FindStringSubmatch(line)[1])
	case quoted.MatchString(line):
		p.begin(quote, quoted.FindStringSubmatch(line)[1])
	case len(p.open) > 0:
		p.open = append(p.open, strings.TrimSpace(line))
	default:
		p.begin(paragraph, strings.TrimSpace(line))
	}
}

// fenced takes a line of a code block, or its end.
func (p *parser) fenced(line string) {
	if mark := strings.TrimSpace(line); len(mark) >= len(p.fence) && strings.Trim(mark, p.fence[:1]) == "" {
		p.end()
		return
	}
	p.code = append(p.code, line)
}

func (p *parser) begin(kind blockKind, first string) {
	p.end()
	p.kind, p.open = kind, []string{first}
}

// end closes what is open.
func (p *parser) end() {
	if p.fence != "" {
		p.blocks = append(p.blocks, block{kind: codeBlock, text: strings.Join(p.code, "\n")})
		p.fence, p.code = "", nil
		return
	}
	if len(p.open) > 0 {
		p.blocks = append(p.blocks, block{kind: p.kind, spans: inline(strings.Join(p.open, " "))})
		p.open = nil
	}
}

// inline divides a text into spans. It reads every byte a bounded number of times:
// what does not close stays text.
func inline(text string) []span {
	s := scanner{rest: text}
	for s.rest != "" {
		s.step()
	}
	s.flush()
	return s.spans
}

type scanner struct {
	rest  string
	plain strings.Builder
	spans []span
	dead  map[string]bool // marks that are known not to close any more
}

func (s *scanner) flush() {
	if s.plain.Len() > 0 {
		s.spans = append(s.spans, span{text: s.plain.String()})
		s.plain.Reset()
	}
}

func (s *scanner) add(sp span, length int) {
	s.flush()
	s.spans = append(s.spans, sp)
	s.rest = s.rest[length:]
}

func (s *scanner) step() {
	switch c := s.rest[0]; {
	case c == '\\' && len(s.rest) > 1 && isPunctuation(s.rest[1]):
		s.plain.WriteByte(s.rest[1])
		s.rest = s.rest[2:]
	case c == '`' && s.codeSpan():
	case c == '*' && (s.marked("**", bold) || s.marked("*", emphasis)):
	case c == '_' && s.atWord() && (s.marked("__", bold) || s.marked("_", emphasis)):
	case c == '[' && s.link():
	default:
		s.plain.WriteByte(c)
		s.rest = s.rest[1:]
	}
}

// atWord tells whether no letter stands before: snake_case is no emphasis.
func (s *scanner) atWord() bool {
	before, _ := utf8.DecodeLastRuneInString(s.plain.String())
	return s.plain.Len() == 0 || !unicode.IsLetter(before) && !unicode.IsDigit(before)
}

func (s *scanner) codeSpan() bool {
	ticks := len(s.rest) - len(strings.TrimLeft(s.rest, "`"))
	mark := s.rest[:ticks]
	end := s.close(mark, func(from int) int {
		for at := from; ; {
			found := strings.Index(s.rest[at:], mark)
			if found < 0 {
				return -1
			}
			at += found
			run := len(s.rest[at:]) - len(strings.TrimLeft(s.rest[at:], "`"))
			if run == ticks {
				return at
			}
			at += run
		}
	})
	if end < 0 {
		s.plain.WriteString(mark)
		s.rest = s.rest[ticks:]
		return true
	}
	text := s.rest[ticks:end]
	if strings.TrimSpace(text) != "" && strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
		text = text[1 : len(text)-1]
	}
	s.add(span{style: code, text: text}, end+ticks)
	return true
}

// marked takes bold and emphasis. What stands within is text without further spans.
func (s *scanner) marked(mark string, st style) bool {
	if !strings.HasPrefix(s.rest, mark) {
		return false
	}
	end := s.close(mark, func(from int) int { return unescapedIndex(s.rest, mark, from) })
	if end < 0 {
		return false
	}
	inner := s.rest[len(mark):end]
	if inner == "" || inner != strings.TrimSpace(inner) || strings.Contains(inner, "`") {
		return false
	}
	s.add(span{style: st, text: unescape(inner)}, end+len(mark))
	return true
}

// close finds where a mark closes. Where one does not, no later one of its kind does.
func (s *scanner) close(mark string, find func(from int) int) int {
	if s.dead[mark] {
		return -1
	}
	end := find(len(mark))
	if end < 0 {
		if s.dead == nil {
			s.dead = map[string]bool{}
		}
		s.dead[mark] = true
	}
	return end
}

const maxLink = 2048 // bytes of [text](address)

func (s *scanner) link() bool {
	window := s.rest[:min(len(s.rest), maxLink)]
	if s.close("](", func(int) int { return strings.Index(s.rest, "](") }) < 0 {
		return false
	}
	middle := unescapedIndex(window, "](", 1)
	if middle < 0 {
		return false
	}
	end := strings.IndexByte(window[middle:], ')')
	if end < 0 {
		return false
	}
	address := WebAddress(window[middle+2 : middle+end])
	text := unescape(window[1:middle])
	if address == "" || strings.ContainsAny(text, "[]`") {
		return false
	}
	s.add(span{style: link, text: text, url: address}, middle+end+1)
	return true
}

func unescapedIndex(text, mark string, from int) int {
	for at := from; at+len(mark) <= len(text); at++ {
		switch {
		case text[at] == '\\':
			at++
		case strings.HasPrefix(text[at:], mark):
			return at
		}
	}
	return -1
}

func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && isPunctuation(text[i+1]) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func isPunctuation(c byte) bool {
	return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~'
}
