// Package template gives a line of log text its canonical template: the text
// with everything that varies from one occurrence to the next replaced by typed
// masks such as <num>, <uuid> or <path>.
//
// It is stateless: the template depends on the line alone, so that two machines
// that never spoke give the same line the same template. What identifies a
// failure stays: HTTP statuses, exit codes, errno names, SQLSTATE, gRPC codes and
// signal names are never masked.
//
// In goes message text, hostile and of any size; out comes the compact form, in
// which each mask is one byte, and from it the readable canonical text. One pass
// over the bytes, no regular expression, no allocation.
package template

import (
	"encoding/binary"
	"math/bits"
)

// MaxTemplate is the size in bytes at which a compact template is cut. A longer
// line keeps the identity of its beginning.
const MaxTemplate = 1024

// maxInput bounds the work for one line: masks can swallow far more input than
// MaxTemplate bytes of output.
const maxInput = 16 << 10

// The masks, as they stand in the compact form. All are control characters,
// which text never contributes: those become spaces.
const (
	maskNum byte = 1 + iota // numbers, and identifiers that carry digits: which of the two an occurrence looks like is chance
	maskUUID
	maskHost // host names, IP and hardware addresses: one slot often holds either
	maskURL
	maskPath
	maskTime
	maskStr
	maskEmail
	maskBool
	maskValue // whatever stands behind "key="
	maskMax
	maskCut byte = 0x1f // the line goes on
)

var maskText = [maskMax]string{
	maskNum: "<num>", maskUUID: "<uuid>", maskHost: "<host>", maskURL: "<url>", maskPath: "<path>", maskTime: "<time>",
	maskStr: "<str>", maskEmail: "<email>", maskBool: "<bool>", maskValue: "<value>",
}

// Scanner makes templates. It keeps a buffer between calls and is not safe for concurrent use.
type Scanner struct {
	out     []byte
	in      []byte // the message without invisible characters, and zeros behind it
	unit    bool   // the last word was a unit that its number absorbed
	closing int    // where the quotation that is being scanned ends; -1 when there is none
	exact   bool   // a rule looked at the value of a digit that it masked
}

// Scan gives the compact template of a message, valid until the next call.
func (s *Scanner) Scan(m []byte) []byte {
	if s.out == nil {
		s.out, s.in = make([]byte, 0, MaxTemplate+maxInput+slack), make([]byte, 0, maxInput+slack)
	}
	s.out, s.closing, s.exact = s.out[:0], -1, false
	m = s.padded(m[:min(len(m), maxInput)])
	for i := 0; i < len(m); {
		if len(s.out) >= MaxTemplate {
			s.out = append(s.out[:MaxTemplate], maskCut)
			return s.out
		}
		switch classes[m[i]] {
		case space:
			s.space()
			i++
		case delim:
			i = s.delimiter(m, i)
		case letter:
			end := 0
			if i, end = s.words(m, i); end > i {
				i = s.chunk(m, i, end, 0)
			}
		case digit:
			i = s.integer(m, i)
		default:
			if m[i] == '/' && i+1 < len(m) && classes[m[i+1]] == digit { // Java's addresses without a name
				if end := s.dotted(m, i+1, digitsEnd(m, i+1), true); end > i+1 {
					i = end
					continue
				}
			}
			i = s.chunk(m, i, i, 0)
		}
	}
	return s.trim()
}

// slack is how far beyond the message, and beyond the template, pieces of a fixed
// length may be read and written: most pieces are short, and that is faster than
// looking for their ends first.
const slack = 16

// words takes the words that begin at i, which is most of most messages, with what
// is between them: letters that can be nothing but a word, and the space, colon or
// full stop behind them. It gives the position of what comes then, and the end of
// the letters there if they need a closer look. It does at a glance what chunk does.
func (s *Scanner) words(m []byte, i int) (at, end int) {
	if n := len(s.out); n > 0 && s.out[n-1] == '=' {
		return i, lettersEnd(m, i)
	}
	padded := m[:len(m)+slack]
	for len(s.out) < MaxTemplate {
		j := lettersEnd(m, i)
		c := padded[j]
		switch {
		case traitOf[c] == hasEnd:
			if !isPlain(m, i, j) && !isOrdinary(m[i:j]) {
				return i, j
			}
			s.unit = false
		case (c == ':' || c == '.' && !isUnitWord(m[i:j])) && traitOf[padded[j+1]] == hasEnd:
		default:
			return i, j
		}
		if c == ' ' || c == ':' || c == '.' {
			j++
		}
		s.put(m, i, j)
		if i = j; c != ' ' || classes[padded[i]] != letter {
			break
		}
	}
	return i, i
}

// put appends m[i:j] of a padded message.
func (s *Scanner) put(m []byte, i, j int) {
	n := len(s.out)
	if j-i <= slack && n+slack <= cap(s.out) {
		*(*[slack]byte)(s.out[n : n+slack]) = [slack]byte(m[i : i+slack : len(m)+slack])
		s.out = s.out[:n+j-i]
		return
	}
	s.out = append(s.out, m[i:j]...)
}

// lettersEnd gives the position after the letters that begin at i of a padded
// message. It looks at eight bytes at once (H. S. Warren, "Hacker's Delight", section 6-1): adding what
// is missing to 0x80 sets the high bit of the bytes that reach a bound.
func lettersEnd(m []byte, i int) int {
	const low, high = 0x7f7f7f7f7f7f7f7f, 0x8080808080808080
	for padded := m[:len(m)+slack]; ; i += 8 {
		x := binary.LittleEndian.Uint64(padded[i:])
		lower := (x | 0x2020202020202020) & low
		fromA := lower + (0x80-'a')*0x0101010101010101
		beyondZ := lower + (0x80-'z'-1)*0x0101010101010101
		if others := ^(fromA&^beyondZ | x) & high; others != 0 { // bytes of multi-byte characters are letters
			return i + bits.TrailingZeros64(others)/8
		}
	}
}

// integer takes a number of digits only, the most common value, without trying
// other shapes, and gives the position after it.
func (s *Scanner) integer(m []byte, i int) int {
	j := digitsEnd(m, i)
	if j < len(m) && traitOf[m[j]] != hasEnd {
		if m[j] == '.' {
			if end := s.dotted(m, i, j, false); end > i {
				return end
			}
		}
		return s.chunk(m, i, j, hasDigit)
	}
	if j-i <= 5 && s.isCodeNumber(m[i:j], m[j:]) {
		s.out = append(s.out, m[i:j]...)
	} else {
		s.mask(maskNum)
	}
	return j
}

// digitsEnd gives the position after the digits that begin at i of a padded message.
func digitsEnd(m []byte, i int) int {
	padded := m[:len(m)+slack]
	for classes[padded[i]] == digit {
		i++
	}
	return i
}

// dotted takes numbers joined by dots, of which m[i:j] is the first, and gives the
// position after them: an address, perhaps with a port, when there are four short
// ones, else a decimal or a version. It gives i when they are or may be something
// else. It does at a glance what chunk does.
func (s *Scanner) dotted(m []byte, i, j int, addressOnly bool) int {
	padded := m[:len(m)+slack]
	groups, widest := 1, j-i
	for padded[j] == '.' && classes[padded[j+1]] == digit {
		end := digitsEnd(m, j+1)
		groups, widest, j = groups+1, max(widest, end-j-1), end
	}
	mask := maskNum
	switch {
	case groups == 4 && widest <= 3:
		mask = maskHost
		if padded[j] == ':' && classes[padded[j+1]] == digit {
			j = digitsEnd(m, j+1)
		}
	case groups == 1 || groups == 4 || addressOnly:
		return i
	}
	end := j
	if padded[j] == ':' {
		end++
	}
	if traitOf[padded[end]] != hasEnd {
		return i
	}
	s.mask(mask)
	if end > j {
		s.out = append(s.out, ':')
	}
	return end
}

func (s *Scanner) space() {
	if n := len(s.out); n > 0 && s.out[n-1] != ' ' {
		s.out = append(s.out, ' ')
	}
}

func (s *Scanner) trim() []byte {
	for n := len(s.out); n > 0 && s.out[n-1] == ' '; n-- {
		s.out = s.out[:n-1]
	}
	return s.out
}

// chunk scans to the next space or delimiter and gives the position after what
// it consumed. m[i:j] is known to be letters, or digits as has says.
func (s *Scanner) chunk(m []byte, i, j int, has traits) int {
	if has == 0 && j > i && (j == len(m) || traitOf[m[j]] == hasEnd) {
		if j < len(m) && isOpener(m[j]) && !isFailure(m[i:j]) && s.isAssigned() { // "key=Type{value}"
			if end := wrappedEnd(m, j); end > j {
				s.mask(maskValue)
				return end
			}
		}
		s.word(m, i, j)
		return j
	}
	for ; j < len(m); j++ {
		t := traitOf[m[j]]
		if t >= hasBackslash {
			if t == hasEnd {
				break
			}
			if j+1 < len(m) && m[j+1] == '"' {
				end := s.token(m, i, j, has)
				if end == j {
					end = j + 1 // the backslash only protects the quote
				}
				return end
			}
		}
		has |= t
	}
	return s.token(m, i, j, has)
}

// word takes letters only: a word, unless it is part of a written date or a truth value.
func (s *Scanner) word(m []byte, i, j int) {
	w := m[i:j]
	s.unit = false
	if isOrdinary(w) && (len(s.out) == 0 || s.out[len(s.out)-1] != '=') {
		s.out = append(s.out, w...)
		return
	}
	switch {
	case len(w) == 1 && s.quoteAffix(m, j):
	case isCalendarWord(w) && s.inDate(m, j):
		s.mask(maskTime)
		return
	case isZoneWord(w) && s.after(maskTime):
		s.absorb()
		return
	case isTruthValue(w) && (isTruth(w) || s.isValue()):
		s.mask(maskBool)
		return
	case isHexWord(w):
		s.mask(maskNum)
		return
	case isUnitWord(w) && (s.after(maskNum) || s.after(maskValue)):
		s.absorb()
		s.unit = true
		return
	case s.isAssigned() && (j == len(m) || !isOpener(m[j])):
		s.mask(maskValue)
		return
	}
	s.out = append(s.out, w...)
}

// quoteAffix tells of a prefix like Python's b'...' that it belongs to a quote; it stays literal.
func (s *Scanner) quoteAffix(m []byte, j int) bool {
	return j < len(m) && (m[j] == '\'' || m[j] == '"')
}

// inDate tells whether a calendar word stands beside a number, a time or another calendar word.
func (s *Scanner) inDate(m []byte, j int) bool {
	if s.after(maskTime) || s.after(maskNum) {
		return true
	}
	for j < len(m) && (m[j] == ' ' || m[j] == ',' || m[j] == '.') {
		j++
	}
	if j == len(m) {
		return false
	}
	if classes[m[j]] == digit {
		return true
	}
	end := j
	for end < len(m) && classes[m[end]] == letter {
		end++
	}
	return isCalendarWord(m[j:end])
}

// after tells whether the template so far ends in a mask, not counting spaces.
func (s *Scanner) after(mask byte) bool {
	n := len(s.out)
	for n > 0 && (s.out[n-1] == ' ' || s.out[n-1] == '(') {
		n--
	}
	return n > 0 && s.out[n-1] == mask
}

// absorb drops the space or comma that would separate what is left out from the mask before it.
func (s *Scanner) absorb() {
	n := len(s.out)
	for n > 0 && (s.out[n-1] == ' ' || s.out[n-1] == ',') {
		n--
	}
	s.out = s.out[:n]
}

// isValue tells whether the template so far ends in "=" or ":", with or without a space.
func (s *Scanner) isValue() bool {
	n := len(s.out)
	if n > 0 && s.out[n-1] == ' ' {
		n--
	}
	return n > 0 && (s.out[n-1] == '=' || s.out[n-1] == ':')
}

// isAssigned tells whether the template so far ends in "key=" where the key, or
// its last part in "a.b.key", is not one that names a failure.
func (s *Scanner) isAssigned() bool {
	n := len(s.out)
	if n < 2 || s.out[n-1] != '=' {
		return false
	}
	start := n - 1
	for start > 0 && (classes[s.out[start-1]] == letter || s.out[start-1] == '_' || s.out[start-1] == '-') {
		start--
	}
	return start < n-1 && !isFailureKey(s.out[start:n-1])
}

// mask appends a mask. A list of the same mask collapses into one: how many
// items a list had is not part of the identity. The parts of a date and time
// collapse likewise.
func (s *Scanner) mask(k byte) {
	n := len(s.out)
	if n > 0 && s.out[n-1] == '=' && s.isAssigned() {
		s.out = append(s.out, maskValue)
		return
	}
	for n > 0 && isListSeparator(s.out[n-1]) {
		n--
	}
	if n > 0 && len(s.out)-n <= 3 {
		prev := s.out[n-1]
		if prev == k || prev == maskTime && k == maskNum && n < len(s.out) && s.out[len(s.out)-1] == ' ' && s.dateGoesOn(n) {
			s.out = s.out[:n]
			return
		}
		if prev == maskNum && k == maskTime && n < len(s.out) && s.dayBeforeTime(n) {
			s.out = append(s.out[:n-1], maskTime)
			return
		}
	}
	s.out = append(s.out, k)
}

// dateGoesOn: "Nov 23", "Nov 23 2026", but not "<time>, 5 users".
func (s *Scanner) dateGoesOn(n int) bool { return n+1 == len(s.out) }

// dayBeforeTime: "23 Nov", where the day was masked before the month was seen.
func (s *Scanner) dayBeforeTime(n int) bool { return n+1 == len(s.out) }

func isListSeparator(c byte) bool { return c == ' ' || c == ',' || c == ';' || c == '|' }
