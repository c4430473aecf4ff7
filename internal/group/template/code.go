package template

import "bytes"

// isCode tells of a number that it names a failure, so that it must stay in the
// identity: an HTTP status, an exit code, an errno, a SQLSTATE, a signal number.
func (s *Scanner) isCode(b, rest []byte) bool {
	if isHexLiteral(b) {
		return len(b) == len("0x80070005") && s.codeContext()
	}
	if b[0] == '-' {
		return len(b) <= 6 && allDigits(b[1:]) && s.codeContext() && !isCounted(rest)
	}
	return len(b) <= 5 && allDigits(b) && s.isCodeNumber(b, rest)
}

// isCodeNumber is isCode for at most five digits.
func (s *Scanner) isCodeNumber(b, rest []byte) bool {
	if len(b) == 3 && (isReason(rest) || s.isRequestStatus(rest) || s.isOtherStatus()) {
		if b[0] >= '1' && b[0] <= '5' {
			return true
		}
		s.exact = true
	}
	return s.codeContext() && !isCounted(rest)
}

// isOtherStatus tells, of a status, that it is the one that came: "expected status 200, got 503".
func (s *Scanner) isOtherStatus() bool {
	return (bytes.HasSuffix(s.out, []byte("got ")) || bytes.HasSuffix(s.out, []byte("received "))) && (bytes.Contains(s.out, []byte("tatus")) || bytes.Contains(s.out, []byte("HTTP")))
}

// codeContext tells whether the template so far ends in a word like "status" or
// "exit code", with at most punctuation or a small word after it.
func (s *Scanner) codeContext() bool {
	n := len(s.out)
	for skipped := 0; n > 0 && skipped < 4 && isCodeSeparator(s.out[n-1]); skipped++ {
		n--
	}
	if n == 0 || !endsCodeWord(s.out[n-1]) {
		return false
	}
	w := lastName(s.out[:n])
	if len(w) < 2 {
		return false
	}
	switch w[0] {
	case 'w', 'i', 'o':
		if isLink(w) {
			before, _ := wordBefore(s.out, n-len(w))
			return string(w) == "with" && isAnswer(before) || string(w) != "with" && isStatusNoun(before)
		}
	}
	if w[len(w)-1] == 'r' {
		return n+1 == len(s.out) && s.out[n] == ' ' && (string(w) == "error" || string(w) == "Error")
	}
	return isCodeWord(w) || isStatusName(w) || isQualifiedCode(w)
}

// endsCodeWord tells of the letters that the words end in which codeContext knows.
func endsCodeWord(c byte) bool {
	const letters = 1<<('s'&31) | 1<<('e'&31) | 1<<('p'&31) | 1<<('o'&31) | 1<<('t'&31) | 1<<('d'&31) | 1<<('c'&31) | 1<<('l'&31) | 1<<('h'&31) | 1<<('f'&31) | 1<<('r'&31)
	return c >= 'A' && letters>>(c&31)&1 != 0 || c == '_' || c == '-'
}

// lastName gives the name that b ends in, of letters, "_" and "-"; at most 24 bytes of it.
func lastName(b []byte) []byte {
	start := len(b)
	for start > 0 && len(b)-start < 24 && (classes[b[start-1]] == letter || b[start-1] == '_' || b[start-1] == '-') {
		start--
	}
	return b[start:]
}

// isStatusName: "upstream_status", "responseStatus", "http-status".
func isStatusName(w []byte) bool {
	n := len(w) - len("status")
	if n < 0 || w[n]|0x20 != 's' || w[len(w)-1]|0x20 != 's' {
		return false
	}
	return bytes.EqualFold(w[n:], []byte("status"))
}

// isQualifiedCode: "upstream_error_code", "lastExitCode", but not "postal_code".
func isQualifiedCode(w []byte) bool {
	if len(w) < 9 || w[len(w)-1] != 'e' || !bytes.EqualFold(w[len(w)-4:], []byte("code")) {
		return false
	}
	w = bytes.TrimRight(w[:len(w)-4], "_-")
	for _, of := range [...]string{"error", "err", "exit", "status", "result", "response", "return", "http"} {
		if n := len(w) - len(of); n > 0 && bytes.EqualFold(w[n:], []byte(of)) {
			return true
		}
	}
	return false
}

// isLink tells of what may stand between a word and the status that it announces.
func isLink(w []byte) bool {
	switch string(w) {
	case "with", "was", "is", "of":
		return true
	}
	return false
}

// isAnswer tells of words that a status follows after "with".
func isAnswer(w []byte) bool {
	switch string(w) {
	case "responded", "respond", "answered", "replied", "returned", "failed", "exited", "closed":
		return true
	}
	return false
}

// isStatusNoun tells of words that a status follows after "was", "is" or "of".
func isStatusNoun(w []byte) bool {
	return string(w) == "status" || string(w) == "code" || string(w) == "Status"
}

func isCodeSeparator(c byte) bool {
	switch c {
	case ' ', '=', ':', '(', '[', '#', '"', '\'':
		return true
	}
	return false
}

// isReason tells whether a number is followed by the beginning of an HTTP reason phrase.
func isReason(rest []byte) bool {
	if len(rest) < 3 || rest[0] != ' ' {
		return false
	}
	rest = rest[1:]
	end := 0
	for end < len(rest) && classes[rest[end]] == letter {
		end++
	}
	switch string(rest[:end]) {
	case "OK", "Created", "Accepted", "Moved", "Found", "Bad", "Unauthorized", "Forbidden", "Not", "Method", "Conflict", "Gone",
		"Unprocessable", "Too", "Internal", "Service", "Gateway", "Request", "Payload", "Unsupported", "Precondition", "Proxy", "Payment":
		return true
	}
	return false
}

// isProtocol: "HTTP/1.1", "HTTP/2.0", "SSH-2.0", "TLSv1.3".
func isProtocol(b []byte) bool {
	return len(b) <= 8 && (bytes.HasPrefix(b, []byte("HTTP/")) || bytes.HasPrefix(b, []byte("SSH-")) || bytes.HasPrefix(b, []byte("TLSv")) || bytes.HasPrefix(b, []byte("TLS1")))
}

// isErrorCode: the code of a compiler, a database or an operating system:
// ORA-00942, E11000, TS2345, CS0103, KB4012.
func isErrorCode(b []byte) bool {
	letters := 0
	for letters < len(b) && b[letters] >= 'A' && b[letters] <= 'Z' {
		letters++
	}
	digits := b[letters:]
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if !allDigits(digits) || len(digits) < 4 || len(digits) > 5 {
		return false
	}
	switch string(b[:letters]) {
	case "E", "ORA", "TNS", "PLS", "TS", "CS", "MSB", "NU", "NETSDK", "LNK", "SQL", "ERR", "RDS", "IMA", "DFHAC":
		return true
	}
	return false
}
