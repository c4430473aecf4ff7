package template

import "unicode/utf8"

// class is what a byte means to the scanner.
type class uint8

const (
	space  class = iota
	letter       // ASCII letters, and every byte of a multi-byte character
	digit
	joiner // punctuation inside words, numbers, paths: _-./:@%+#~*$&!?^\
	delim  // brackets, quotes, comma, semicolon, equals, bar
)

var classes = makeClasses()

func makeClasses() (t [256]class) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf, c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			t[c] = letter
		case c >= '0' && c <= '9':
			t[c] = digit
		case c <= ' ' || c == 0x7f:
			t[c] = space
		}
	}
	for _, c := range `_-./:@%+#~*$&!?^\` {
		t[c] = joiner
	}
	for _, c := range "()[]{}<>\"'`,;=|" {
		t[c] = delim
	}
	return t
}

// traits are what a token is made of, gathered while its end is looked for, so
// that only the shapes it can have are tried.
type traits uint8

const (
	hasDigit traits = 1 << iota
	hasColon
	hasSlash
	hasDot
	hasAt

	hasOther // another joiner
	hasBackslash
	hasEnd // a space or delimiter, which ends a token
)

var traitOf = makeTraits()

func makeTraits() (t [256]traits) {
	for c := range t {
		switch classes[c] {
		case space, delim:
			t[c] = hasEnd
		case digit:
			t[c] = hasDigit
		case joiner:
			t[c] = hasOther
		}
	}
	t[':'], t['/'], t['.'], t['@'], t['\\'] = hasColon, hasSlash, hasDot, hasAt, hasBackslash
	return t
}

// traitsOf gathers the traits of a piece of a token.
func traitsOf(b []byte) (has traits) {
	for _, c := range b {
		has |= traitOf[c]
	}
	return has
}
