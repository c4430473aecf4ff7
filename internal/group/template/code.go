package template

import "bytes"

// isCode tells of a number that it names a failure, so that it must stay in the
// identity: an HTTP status, an exit code, an errno, a SQLSTATE, a signal number.
func (s *Scanner) isCode(b, rest []byte) bool {
	if !allDigits(b) || len(b) > 5 {
		return false
	}
	if len(b) == 3 && b[0] >= '1' && b[0] <= '5' && (s.afterRequestLine() || isReason(rest)) {
		return true
	}
	return s.codeContext()
}

// codeContext tells whether the template so far ends in a word like "status" or
// "exit code", with at most punctuation after it.
func (s *Scanner) codeContext() bool {
	n := len(s.out)
	for skipped := 0; n > 0 && skipped < 4 && isCodeSeparator(s.out[n-1]); skipped++ {
		n--
	}
	start := n
	for start > 0 && n-start < 15 && (classes[s.out[start-1]] == letter || s.out[start-1] == '_' || s.out[start-1] == '-') {
		start--
	}
	w := s.out[start:n]
	if len(w) < 2 {
		return false
	}
	switch w[0] | 0x20 {
	case 's', 'c', 'h', 'e', 'r':
		return isCodeWord(w)
	}
	return false
}

func isCodeSeparator(c byte) bool {
	switch c {
	case ' ', '=', ':', '(', '[', '#', '"', '\'':
		return true
	}
	return false
}

// afterRequestLine: the template so far ends in the HTTP version that closes the
// request line of an access log.
func (s *Scanner) afterRequestLine() bool {
	n := len(s.out)
	for n > 0 && (s.out[n-1] == ' ' || s.out[n-1] == '"') {
		n--
	}
	if n < 6 {
		return false
	}
	start := max(0, n-8)
	for ; start+5 <= n; start++ {
		if string(s.out[start:start+5]) == "HTTP/" {
			return true
		}
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
