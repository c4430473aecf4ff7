package triage

import (
	"selfheal/internal/triage/index"
	"strings"
)

// wordsOf splits a message into words, the same way in which the survey splits
// source code.
func wordsOf(message string) []word {
	var words []word
	index.EachWord([]byte(message), func(text []byte) {
		if len(words) < maxWords {
			words = append(words, word{string(text), specificity(string(text))})
		}
	})
	return words
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
		case index.IsDigit(c):
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
		if !index.IsDigit(c) && (c < 'a' || c > 'f') && c != 'x' {
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
		if (start == 0 || !index.IsWordByte(line[start-1])) && (end == len(line) || !index.IsWordByte(line[end])) {
			return true
		}
		from = start + 1
	}
}
