package template

import "bytes"

// token takes one chunk m[i:j] that is not letters only, and gives the position
// after what it consumed, which is beyond j for URLs and paths with a query.
func (s *Scanner) token(m []byte, i, j int, has traits) int {
	if has&(hasOther|hasAt) != 0 {
		if stars := leadingStars(m[i:j]); stars >= 3 && i+stars < j { // a value of which somebody has blotted out the beginning
			i += stars
		}
		for i < j && isLead(m[i]) { // "#12", "*ptr", "$ref": the sign is text
			s.out = append(s.out, m[i])
			i++
		}
	}
	end := j
	if has&hasSlash != 0 && has&(hasColon|hasOther) != 0 && looksLikeAddress(m[i:j]) {
		if end = addressEnd(m, j); end > j {
			has |= hasDigit // whatever it holds, it is a value
		}
	}
	b, tail := splitTail(m[i:end])
	switch {
	case len(b) == 0:
	case has&^(hasDot|hasOther) == 0 && end < len(m) && m[end] == '=' && !s.isValue():
		s.out = append(s.out, b...) // a dotted key is no host
	case has == hasDot && isUnitWord(b) && s.after(maskNum): // "5 sec."
		s.absorb()
		s.unit = true
	case has&hasDigit != 0:
		s.mixed(b, m[end:], has)
	default:
		s.plain(b, has)
	}
	if len(tail) > 0 {
		s.out = append(s.out, tail...)
	}
	return end
}

func leadingStars(b []byte) int {
	n := 0
	for n < len(b) && b[n] == '*' {
		n++
	}
	return n
}

func isLead(c byte) bool {
	switch c {
	case '#', '*', '!', '&', '^', '$', '@', '%', '?':
		return true
	}
	return false
}

// splitTail splits sentence punctuation off the end of a token.
func splitTail(b []byte) (body, tail []byte) {
	n := len(b)
	for n > 0 && (b[n-1] == '.' || b[n-1] == ':' || b[n-1] == '!' || b[n-1] == '?' || b[n-1] == '-' && n == 1) {
		n--
	}
	return b[:n], b[n:]
}

// looksLikeAddress tells of URLs and rooted paths, which go on over delimiters in their query.
func looksLikeAddress(b []byte) bool {
	return len(b) > 1 && b[0] == '/' && bytes.IndexByte(b, '?') > 0 || bytes.Contains(b, []byte("://"))
}

// addressEnd extends an address that is known up to j to the end of its query.
func addressEnd(m []byte, j int) int {
	for j < len(m) {
		switch c := m[j]; {
		case classes[c] == space, c == '"', c == '\'', c == '`', c == '<', c == '>', c == ')', c == ']', c == '}', c == '|':
			return j
		case c == ',' || c == ';':
			if j+1 == len(m) || classes[m[j+1]] == space {
				return j
			}
		}
		j++
	}
	return j
}

// plain takes a token without digits: a path, an address, or literal text.
func (s *Scanner) plain(b []byte, has traits) {
	if len(s.out) > 0 && s.out[len(s.out)-1] == '=' && s.isAssigned() {
		s.mask(maskValue)
		return
	}
	switch {
	case has&hasSlash != 0 && has&hasColon != 0 && bytes.Contains(b, []byte("://")):
		s.mask(maskURL)
	case has&hasAt != 0 && isEmail(b):
		s.mask(maskEmail)
	case has&(hasSlash|hasBackslash) != 0 && isPath(b):
		s.mask(maskPath)
	case has&hasDot != 0 && isHostName(b):
		s.mask(maskHost)
	case has&hasColon != 0 && has&hasSlash != 0 && bytes.IndexByte(b, ':') >= 0:
		s.parts(b, ':', nil)
	case has&hasColon != 0:
		s.literal(b)
	default:
		s.out = append(s.out, b...)
	}
}

// literal appends text, with truth values after a colon masked as they are after an equals sign.
func (s *Scanner) literal(b []byte) {
	if at := bytes.LastIndexByte(b, ':'); at > 0 && isTruthValue(b[at+1:]) {
		s.out = append(s.out, b[:at+1]...)
		s.mask(maskBool)
		return
	}
	s.out = append(s.out, b...)
}

// mixed takes a token with digits. rest is what follows it in the message.
func (s *Scanner) mixed(b, rest []byte, has traits) {
	if b[0] >= 'A' && b[0] <= 'Z' && isErrorCode(b) {
		s.out = append(s.out, b...)
		return
	}
	if k := shape(b, has); k != 0 {
		if k == maskNum && s.isCode(b, rest) {
			s.out = append(s.out, b...)
			return
		}
		if k == maskTime && len(b) <= 8 && s.durationContext() {
			k = maskNum
		}
		s.mask(k)
		return
	}
	switch {
	case isTechnicalWord(b), isProtocol(b), len(b) <= 5 && s.codeContext():
		s.out = append(s.out, b...)
	case has&hasAt != 0 && bytes.IndexByte(b, '@') >= 0:
		s.parts(b, '@', rest)
	case has&hasColon != 0 && bytes.IndexByte(b, ':') >= 0:
		s.hostPort(b, rest)
	case has&hasSlash != 0 && bytes.IndexByte(b, '/') >= 0:
		s.parts(b, '/', rest)
	case has&hasOther != 0 && bytes.IndexByte(b, '+') > 0:
		s.parts(b, '+', rest)
	case isNameWithDigit(b):
		s.out = append(s.out, b...)
	case has&hasDot != 0 && bytes.Contains(b, leader):
		s.led(b, rest)
	default:
		s.mask(maskNum)
	}
}

// leader is the least of the row of dots that leads from a name to its value: "depth......3".
var leader = []byte("...")

// led takes what rows of dots join.
func (s *Scanner) led(b, rest []byte) {
	for {
		at := bytes.Index(b, leader)
		if at < 0 {
			s.piece(b, rest)
			return
		}
		s.piece(b[:at], rest)
		s.out = append(s.out, leader...)
		b = bytes.TrimLeft(b[at:], ".")
	}
}

// piece takes a piece of a token.
func (s *Scanner) piece(b, rest []byte) {
	if len(b) == 0 {
		return
	}
	if has := traitsOf(b); has&hasDigit != 0 {
		s.mixed(b, rest, has)
	} else {
		s.plain(b, has)
	}
}

// durationContext tells whether the template so far ends in a word that a span of time follows.
func (s *Scanner) durationContext() bool {
	n := len(s.out)
	for n > 0 && (s.out[n-1] == ' ' || s.out[n-1] == ':' || s.out[n-1] == '=') {
		n--
	}
	return isDurationWord(lastName(s.out[:n]))
}

// parts takes the pieces between separators one by one.
func (s *Scanner) parts(b []byte, sep byte, rest []byte) {
	for {
		at := bytes.IndexByte(b, sep)
		piece := b
		if at >= 0 {
			piece = b[:at]
		}
		s.piece(piece, rest)
		if at < 0 {
			return
		}
		s.out = append(s.out, sep)
		b = b[at+1:]
	}
}

// hostPort masks "host.name:80" and "db1:5432", and keeps "main.go:12" readable as file and <num>.
func (s *Scanner) hostPort(b, rest []byte) {
	at := bytes.LastIndexByte(b, ':')
	host, port := b[:at], b[at+1:]
	if !allDigits(port) || len(port) > 5 || bytes.IndexByte(host, '/') >= 0 {
		s.parts(b, ':', rest)
		return
	}
	dot := bytes.LastIndexByte(host, '.')
	switch {
	case dot > 0 && isSourceExtension(host[dot+1:]):
		s.out = append(s.out, host...)
		s.out = append(s.out, ':')
		s.mask(maskNum)
	case len(port) >= 2 && isHostBeforePort(host, dot):
		s.mask(maskHost)
	default:
		s.parts(b, ':', rest)
	}
}

// isHostBeforePort: labels of lower-case letters, digits and hyphens; the first of
// them may be in upper case. A single label must hold letters and a digit, or it is
// as likely a key.
func isHostBeforePort(b []byte, dot int) bool {
	first := max(0, bytes.IndexByte(b, '.'))
	for i, c := range b {
		if (c < 'a' || c > 'z') && classes[c] != digit && c != '.' && c != '-' && (i >= first || c < 'A' || c > 'Z') {
			return false
		}
	}
	return dot > 0 || len(b) > 2 && b[0] >= 'a' && b[0] <= 'z' && traitsOf(b)&hasDigit != 0
}

// delimiter takes a bracket, quote or separator.
func (s *Scanner) delimiter(m []byte, i int) int {
	c := m[i]
	switch c {
	case ']', '}', ';', '|':
		s.out = append(s.out, c)
		return i + 1
	case '(', '[', '{':
		if n := len(s.out); n == 0 || s.out[n-1] != '=' {
			s.out = append(s.out, c)
			return i + 1
		}
	}
	if (c == '"' || c == '\'' || c == '`') && i != s.closing {
		if end := s.quoted(m, i); end > i {
			return end
		}
	}
	if (c == '<' || c == '>') && i+1 < len(m) && classes[m[i+1]] == digit && i > 0 && classes[m[i-1]] == space {
		return i + 1 // "<1 ms": a bound is a number too
	}
	if c == ',' && i+1 < len(m) && classes[m[i+1]] == digit && len(s.out) > 0 && s.out[len(s.out)-1] == maskTime {
		for i++; i < len(m) && classes[m[i]] == digit; i++ { // a fraction of a second, as Python and Java write it
		}
		return i
	}
	if isOpener(c) && s.isAssigned() {
		if end := wrappedEnd(m, i); end > i {
			s.mask(maskValue)
			return end
		}
	}
	s.out = append(s.out, c)
	switch {
	case c == ')':
		s.dropRestated()
	case c == '=' && isValueEnd(m, i+1) && s.isAssigned():
		s.out = append(s.out, maskValue) // an empty value is one of the values
	}
	return i + 1
}

// maxWrapped is the longest value in brackets that is looked at as one.
const maxWrapped = 256

// wrappedEnd gives the position after a value in brackets that begins at i: "[a, b]",
// "(null)", or "{com.acme/Main}". It gives 0 when what is in there may say what
// happened: keys of its own, or language.
func wrappedEnd(m []byte, i int) int {
	closer := m[i] + 2 // of [ and {
	if m[i] == '(' {
		closer = ')'
	}
	for k := i + 1; k < len(m) && k < i+maxWrapped; k++ {
		switch c := m[k]; {
		case c == closer:
			return k + 1
		case isOpener(c), c == '=', c == ':', c == ' ' && m[k-1] != ',', c == '"', c == '\'', c == '<':
			return 0
		}
	}
	return 0
}

func isOpener(c byte) bool { return c == '(' || c == '[' || c == '{' }

// isValueEnd tells whether no value begins at i.
func isValueEnd(m []byte, i int) bool {
	return i == len(m) || classes[m[i]] == space || m[i] == ',' || m[i] == ';' || m[i] == ')' || m[i] == ']' || m[i] == '}'
}

// dropRestated drops "(18.4 KB)" behind the number that it restates, and what
// stands in parentheses behind an address: its name, if there is one.
func (s *Scanner) dropRestated() {
	n := len(s.out)
	if n >= 4 && s.out[n-2] == '(' && s.out[n-3] == ' ' && s.out[n-4] == maskHost {
		s.out = s.out[:n-3]
		return
	}
	if n >= 5 && s.out[n-2] < maskMax && s.out[n-3] == '(' && s.out[n-4] == ' ' && s.out[n-5] == maskHost {
		s.out = s.out[:n-4]
		return
	}
	if n >= 5 && s.out[n-2] == maskNum && s.out[n-3] == '(' && s.out[n-4] == ' ' && s.out[n-5] == maskNum && s.unit {
		s.out = s.out[:n-4]
	}
}

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
			if m[k] == '\\' {
				k++
			} else if m[k] == q {
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
	return len(w) > 0 && (isFailureKey(w) || isProgramNoun(w))
}

// isWord tells of a value of letters, underscores and hyphens only.
func isWord(b []byte) bool { return len(lastName(b)) == len(b) }
