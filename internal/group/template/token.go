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
	case has&hasDot != 0 && isFileName(b):
		s.mask(maskPath)
	case len(b) == 1 && b[0] == '/' && s.afterMethod():
		s.mask(maskPath)
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
	s.exact = s.exact || mayBeExact(b)
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
	case s.isTechnicalWord(b), isProtocol(b), len(b) <= 5 && s.codeContext():
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
	case len(port) >= 2 && (isHostBeforePort(host, dot) || dot < 0 && isWord(host) && (string(host) == "localhost" || s.beforeHost())):
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
