package template

import "bytes"

const (
	maxQuote      = 256 // bytes of a quotation that is looked at as one
	maxValueWords = 2   // in a quotation that is a value
)

// quoted masks a quotation of one or two words: a value. A longer one is
// language and is scanned like the rest, up to its closing quote, which opens no
// other. It gives 0 when there is no quotation to be masked at i.
func (s *Scanner) quoted(m []byte, i int) int {
	if m[i] == '\'' && i > 0 && (classes[m[i-1]] == letter && !isQuotePrefix(m, i-1) || classes[m[i-1]] == digit) {
		return 0 // an apostrophe
	}
	end, words := quoteEnd(m, i)
	if end == 0 {
		return 0
	}
	isRequest := m[i+1] >= 'A' && m[i+1] <= 'Z' && startsRequest(m[i+1:]) && !s.isAssigned() // the request line of an access log
	if isRequest || words > maxValueWords {
		if m[end-1] != '\\' {
			s.closing = end
		}
		return 0
	}
	return s.quotation(m, i, end)
}

// quoteEnd gives where the quotation that begins at i ends, and how many words it
// has; 0 when its end is not in sight. A protected quote ends it too: what was
// quoted twice has lost its outer quotes.
func quoteEnd(m []byte, i int) (end, words int) {
	q := m[i]
	window := m[i+1 : min(len(m), i+1+maxQuote)]
	words = 1
	for k, c := range window {
		switch {
		case c == q && (q != '\'' || k+1 == len(window) || classes[window[k+1]] != letter):
			return i + 1 + k, words
		case c == '\\' && k+1 < len(window) && window[k+1] == q:
			if k == 0 {
				return 0, 0
			}
			return i + 1 + k + 1, words
		case c == ' ':
			words++
		}
	}
	return 0, 0
}

// isQuotePrefix tells of the u, b, r of a Python literal standing alone before its quote.
func isQuotePrefix(m []byte, i int) bool {
	return (m[i] == 'b' || m[i] == 'u' || m[i] == 'r') && (i == 0 || classes[m[i-1]] == space || classes[m[i-1]] == delim)
}

// quotation writes the value m[i+1:j] between its quotes and gives the position after it.
func (s *Scanner) quotation(m []byte, i, j int) int {
	value := m[i+1 : j]
	if s.isAssigned() {
		s.mask(maskValue)
		return j + 1
	}
	if s.inObject() && isKey(m, value, j+1) {
		return s.key(m, i, j)
	}
	s.out = append(s.out, m[i])
	switch {
	case len(value) == 0:
	case len(value) <= 24 && (s.codeContext() || s.failureContext() && isWord(value)):
		s.out = append(s.out, value...)
	default:
		s.out = append(s.out, maskStr)
	}
	s.out = append(s.out, m[i])
	return j + 1
}

// inObject tells whether a key can follow: after "{", or after "," when one is open.
func (s *Scanner) inObject() bool {
	n := len(s.out)
	for n > 0 && s.out[n-1] == ' ' {
		n--
	}
	return n > 0 && (s.out[n-1] == '{' || s.out[n-1] == ',' && bytes.IndexByte(s.out, '{') >= 0)
}

// isKey tells of a quoted name before a colon, as in JSON.
func isKey(m, name []byte, after int) bool {
	if after == len(m) || m[after] != ':' || len(name) == 0 || len(name) > 40 {
		return false
	}
	for _, c := range name {
		if classes[c] != letter && classes[c] != digit && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return classes[name[0]] == letter
}

// key writes the quoted key m[i+1:j] with its colon, and masks what it has for a
// value unless the key says what failed. It gives the position after that.
func (s *Scanner) key(m []byte, i, j int) int {
	s.out = append(append(s.out, m[i:j+1]...), ':')
	end := j + 2
	if end < len(m) && m[end] == ' ' {
		s.out = append(s.out, ' ')
		end++
	}
	if isFailureKey(lastName(m[i+1 : j])) {
		return end
	}
	if value := scalarEnd(m, end); value > end {
		s.out = append(s.out, maskValue)
		return value
	}
	return end
}

// scalarEnd gives the position after the string, number or word of JSON that begins
// at i; i when none does.
func scalarEnd(m []byte, i int) int {
	if i == len(m) {
		return i
	}
	if q := m[i]; q == '"' || q == '\'' {
		for k := i + 1; k < len(m) && k < i+maxQuote; k++ {
			switch m[k] {
			case '\\':
				k++
			case q:
				return k + 1
			}
		}
		return i
	}
	k := i
	for k < len(m) && classes[m[k]] != space && classes[m[k]] != delim {
		k++
	}
	return k
}

// failureContext tells whether the template so far ends in a word like "state",
// "reason" or "column", before the quote that was just opened.
func (s *Scanner) failureContext() bool {
	n := len(s.out) - 1
	for n > 0 && (s.out[n-1] == ' ' || s.out[n-1] == ':' || s.out[n-1] == '"') {
		n--
	}
	w := lastName(s.out[:n])
	return len(w) > 0 && (isFailureKey(w) || IsProgramNoun(string(w)))
}

// isWord tells of a value of letters, underscores and hyphens only.
func isWord(b []byte) bool { return len(lastName(b)) == len(b) }
