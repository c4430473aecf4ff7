package index

import (
	"regexp"
	"strings"
)

// MinStatic is the number of characters from which a constant text identifies a message.
const MinStatic = 12

// Placeholders are the parts of a format string that are filled in at run time,
// in the notations of the usual languages.
var Placeholders = regexp.MustCompile(`%[-+# 0]*[\d*]*(?:\.[\d*]+)?(?:\(\w+\))?[a-zA-Z]|\$?\{[^{}]*\}|#\{[^{}]*\}|\$\w+|\n`)

// Phrase is the constant part of a message in source code.
type Phrase struct {
	pieces []string
	// open says that more text may follow the last piece at once: a placeholder or a joined string.
	open bool
}

// PhraseOf splits a literal at its Placeholders; ok is false when too little is constant.
func PhraseOf(literal string) (p Phrase, ok bool) {
	literal = literal[:min(len(literal), 2000)]
	longest := 0
	pieces := Placeholders.Split(literal, -1)
	for _, piece := range pieces {
		piece = strings.Trim(strings.Join(strings.Fields(piece), " "), trimmed)
		if len(piece) >= 3 {
			p.pieces = append(p.pieces, piece)
			longest = max(longest, len(piece))
		}
	}
	last := pieces[len(pieces)-1]
	p.open = strings.Trim(last, trimmed) == "" || strings.HasSuffix(last, " ") || strings.HasSuffix(last, "=") || strings.HasSuffix(last, "/")
	return p, longest >= MinStatic
}

// trimmed are the characters that join a text to what is filled in.
const trimmed = " :;,.-\"'`=()[]"

// key gives a term that a message must have to match: the first two words of the
// longest piece, or its only word.
func (p Phrase) key() Term {
	longest := ""
	for _, piece := range p.pieces {
		if len(piece) > len(longest) {
			longest = piece
		}
	}
	var first, key Term
	n := 0
	EachWord([]byte(longest), func(w []byte) {
		switch n++; n {
		case 1:
			first = termOf(w)
			key = first
		case 2:
			key = first.join(termOf(w))
		}
	})
	return key
}

func (p Phrase) String() string { return strings.Join(p.pieces, " ... ") }

// Match finds the pieces in the message in their order, and gives how many
// constant characters were found and where the last of them ends, as a share
// of the message. ok is false when a long piece is missing, when the text goes
// on where the literal ends, or when it is one plain word.
func (p Phrase) Match(message string) (length int, end float64, ok bool) {
	pos := 0
	spaced, complete := false, true
	for _, piece := range p.pieces {
		i := indexWhole(message[pos:], piece)
		if i < 0 {
			if len(piece) >= MinStatic/2 {
				return 0, 0, false
			}
			complete = false
			continue
		}
		start := pos + i
		spaced = spaced || strings.ContainsAny(piece, " :/_-.")
		length += len(piece)
		pos = start + len(piece)
		complete = true
	}
	if length < MinStatic || (!spaced && length < 2*MinStatic) {
		return 0, 0, false
	}
	if !p.open && complete && !EndsAt(message, pos) {
		return 0, 0, false
	}
	return length, float64(pos) / float64(len(message)), true
}

// Values gives the stretches of a message that stand between two constant pieces
// of the literal: what was filled in there. Where the message ends with a value,
// that may be another error, and is not given.
func (p Phrase) Values(message string) [][2]int {
	var values [][2]int
	pos := -1
	for _, piece := range p.pieces {
		i := indexWhole(message[max(pos, 0):], piece)
		if i < 0 {
			return values
		}
		start := max(pos, 0) + i
		if pos >= 0 && strings.TrimSpace(message[pos:start]) != "" {
			values = append(values, [2]int{pos, start})
		}
		pos = start + len(piece)
	}
	return values
}

// EndsAt tells whether a text can end at that position of a message: before
// punctuation, or before a field of a structured log.
func EndsAt(message string, pos int) bool {
	rest := strings.TrimLeft(message[pos:], " ")
	if rest == "" || !IsWordByte(rest[0]) && rest[0] != '%' && rest[0] != '/' {
		return true
	}
	if pos < len(message) && message[pos] != ' ' {
		return false
	}
	key := strings.TrimLeftFunc(rest, func(r rune) bool { return r < 0x80 && (IsWordByte(byte(r)) || r == '.' || r == '-') })
	return strings.HasPrefix(key, "=")
}

// indexWhole finds a piece where it does not cut a word; -1 when it is nowhere.
func indexWhole(s, piece string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], piece)
		if i < 0 {
			return -1
		}
		start := from + i
		if !cutsWord(s, start, start+len(piece)) {
			return start
		}
		from = start + 1
	}
}

func cutsWord(s string, start, end int) bool {
	return start > 0 && IsWordByte(s[start]) && IsWordByte(s[start-1]) || end < len(s) && IsWordByte(s[end]) && IsWordByte(s[end-1])
}
