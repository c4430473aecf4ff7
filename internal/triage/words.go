package triage

import (
	"regexp"
	"strings"
)

// wordsOf splits a message into words, the same way in which the survey splits
// source code.
func wordsOf(message string) []word {
	var words []word
	eachWord([]byte(message), func(text []byte) {
		if len(words) < maxWords {
			words = append(words, word{string(text), specificity(string(text))})
		}
	})
	return words
}

// eachWord calls f for every maximal run of identifier bytes.
func eachWord(content []byte, f func([]byte)) {
	start := -1
	for i, c := range content {
		switch {
		case isWordByte(c):
			if start < 0 {
				start = i
			}
		case start >= 0:
			f(content[start:i])
			start = -1
		}
	}
	if start >= 0 {
		f(content[start:])
	}
}

// specificity says how much a word looks like a name that somebody chose in
// code: 1 for compound names, little for plain words, 0 for numbers and ids.
func specificity(w string) float64 {
	if len(w) < 3 || len(w) > 60 {
		return 0
	}
	var upper, lower, digits, other int
	for i := range len(w) {
		switch c := w[i]; {
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			lower++
		case isDigit(c):
			digits++
		default:
			other++
		}
	}
	switch {
	case upper+lower == 0, digits > 3 && digits*2 > len(w), looksHex(w, digits):
		return 0
	case strings.Contains(strings.Trim(w, "_"), "_"):
		return 1
	case upper > 0 && lower > 0 && strings.ToLower(w[1:]) != w[1:]:
		return 1
	case digits > 0 || other > 0:
		return 0.6
	case upper == len(w):
		return 0.5
	case upper == 1:
		return 0.4
	}
	return 0.35
}

// looksHex tells ids and addresses from names.
func looksHex(w string, digits int) bool {
	if digits < 2 || len(w) < 6 {
		return false
	}
	for i := range len(w) {
		c := w[i] | 0x20
		if !isDigit(c) && (c < 'a' || c > 'f') && c != 'x' {
			return false
		}
	}
	return true
}

// hasWord tells whether a line contains a word, not as part of a longer one.
func hasWord(line, w string) bool {
	for from := 0; ; {
		i := strings.Index(line[from:], w)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(w)
		if (start == 0 || !isWordByte(line[start-1])) && (end == len(line) || !isWordByte(line[end])) {
			return true
		}
		from = start + 1
	}
}

// minStatic is the number of characters from which a constant text identifies a message.
const minStatic = 12

// placeholders are the parts of a format string that are filled in at run time,
// in the notations of the usual languages.
var placeholders = regexp.MustCompile(`%[-+# 0]*[\d*]*(?:\.[\d*]+)?(?:\(\w+\))?[a-zA-Z]|\$?\{[^{}]*\}|#\{[^{}]*\}|\$\w+|\n`)

// phrase is the constant part of a message in source code.
type phrase struct {
	pieces []string
	// open says that more text may follow the last piece at once: a placeholder or a joined string.
	open bool
}

// phraseOf splits a literal at its placeholders; ok is false when too little is constant.
func phraseOf(literal string) (p phrase, ok bool) {
	literal = literal[:min(len(literal), 2000)]
	longest := 0
	pieces := placeholders.Split(literal, -1)
	for _, piece := range pieces {
		piece = strings.Trim(strings.Join(strings.Fields(piece), " "), trimmed)
		if len(piece) >= 3 {
			p.pieces = append(p.pieces, piece)
			longest = max(longest, len(piece))
		}
	}
	last := pieces[len(pieces)-1]
	p.open = strings.Trim(last, trimmed) == "" || strings.HasSuffix(last, " ") || strings.HasSuffix(last, "=") || strings.HasSuffix(last, "/")
	return p, longest >= minStatic
}

// trimmed are the characters that join a text to what is filled in.
const trimmed = " :;,.-\"'`=()[]"

func (p phrase) String() string { return strings.Join(p.pieces, " ... ") }

// match finds the pieces in the message in their order, and gives how many
// constant characters were found and where the last of them ends, as a share
// of the message. ok is false when a long piece is missing, when the text goes
// on where the literal ends, or when it is one plain word.
func (p phrase) match(message string) (length int, end float64, ok bool) {
	pos := 0
	spaced, complete := false, true
	for _, piece := range p.pieces {
		i := indexWhole(message[pos:], piece)
		if i < 0 {
			if len(piece) >= minStatic/2 {
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
	if length < minStatic || (!spaced && length < 2*minStatic) {
		return 0, 0, false
	}
	if !p.open && complete && !endsAt(message, pos) {
		return 0, 0, false
	}
	return length, float64(pos) / float64(len(message)), true
}

// endsAt tells whether a text can end at that position of a message: before
// punctuation, or before a field of a structured log.
func endsAt(message string, pos int) bool {
	rest := strings.TrimLeft(message[pos:], " ")
	if rest == "" || !isWordByte(rest[0]) && rest[0] != '%' && rest[0] != '/' {
		return true
	}
	if pos < len(message) && message[pos] != ' ' {
		return false
	}
	key := strings.TrimLeftFunc(rest, func(r rune) bool { return r < 0x80 && (isWordByte(byte(r)) || r == '.' || r == '-') })
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
	return start > 0 && isWordByte(s[start]) && isWordByte(s[start-1]) || end < len(s) && isWordByte(s[end]) && isWordByte(s[end-1])
}
