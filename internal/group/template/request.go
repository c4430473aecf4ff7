package template

import "bytes"

// maxAfterTarget is how many words may stand between a request line and its status.
const maxAfterTarget = 6

// isRequestStatus tells of a number of three digits that it is the status of the
// HTTP request that the line tells of: `GET /x 500`, `"GET /x HTTP/1.1" 404`,
// `404 GET /x`, `| 500 | 12ms | GET "/x"`. rest is what follows it.
func (s *Scanner) isRequestStatus(rest []byte) bool {
	return s.afterRequest() && !isCounted(rest) || s.beforeRequest(rest)
}

// afterRequest walks back over the words of the template: only addresses,
// punctuation and small words may stand between a request and its status.
func (s *Scanner) afterRequest() bool {
	target, end := false, len(s.out)
	if s.afterKey() {
		return false
	}
	for range maxAfterTarget {
		var w []byte
		if w, end = wordBefore(s.out, end); end < 0 {
			return false
		}
		switch {
		case len(w) == 0: // punctuation
		case bytes.HasPrefix(w, []byte("HTTP/")):
			return true
		case isMethod(w):
			return target
		case target && len(w) == 1 && w[0] == maskTime && s.out[end] == '[': // no request could be read: [time] "-" 400
			return true
		case isAddressMask(w):
			target = true
		case !target && bytes.IndexByte(w, '/') >= 0: // a target that is not masked stands right behind its method
			w, _ = wordBefore(s.out, end)
			return isMethod(w)
		case !isPreposition(w):
			return false
		}
	}
	return false
}

// afterKey tells, at a glance, of "key=500" and "key: 500", which are common and no request.
func (s *Scanner) afterKey() bool {
	n := len(s.out)
	if n > 0 && s.out[n-1] == ' ' {
		n--
	}
	return n > 1 && (s.out[n-1] == '=' || s.out[n-1] == ':') && s.out[n-2]|0x20 >= 'a' && s.out[n-2]|0x20 <= 'z'
}

// wordBefore gives the last word of out[:end] without the punctuation around it,
// and where it begins; -1 when there is none, or it is too long to be of interest.
func wordBefore(out []byte, end int) (w []byte, start int) {
	for end > 0 && out[end-1] == ' ' {
		end--
	}
	start = end
	for start > 0 && out[start-1] != ' ' {
		if start--; end-start > 128 {
			return nil, -1
		}
	}
	if start == end {
		return nil, -1
	}
	w = out[start:end]
	for len(w) > 0 && isPlainPunctuation(w[0]) {
		w = w[1:]
	}
	for len(w) > 0 && isPlainPunctuation(w[len(w)-1]) {
		w = w[:len(w)-1]
	}
	return w, start
}

// isPlainPunctuation: what may surround a target or a status, arrows included.
func isPlainPunctuation(c byte) bool {
	switch c {
	case '"', '\'', '`', '(', ')', '[', ']', '<', '>', '{', '}', ':', ',', ';', '|', '=', '-':
		return true
	}
	return c >= 0x80
}

func isAddressMask(w []byte) bool {
	return len(w) == 1 && (w[0] == maskPath || w[0] == maskURL || w[0] == maskHost || w[0] == maskStr)
}

func isPreposition(w []byte) bool {
	switch string(w) {
	case "from", "by", "to", "via", "on", "for":
		return true
	}
	return false
}

// isMethod tells of the methods of HTTP and WebDAV.
func isMethod(w []byte) bool {
	if len(w) < 3 || len(w) > 9 || w[0] > 'U' {
		return false
	}
	switch string(w) {
	case "GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT":
		return true
	}
	return false
}

// afterMethod tells whether the template so far ends in a method.
func (s *Scanner) afterMethod() bool {
	w, _ := wordBefore(s.out, len(s.out))
	return isMethod(w)
}

// beforeHost tells whether the template so far ends in a word that an address follows.
func (s *Scanner) beforeHost() bool {
	w, _ := wordBefore(s.out, len(s.out))
	switch string(w) {
	case "tcp", "udp", "dial", "host", "server", "broker", "proxy", "address", "addr", "endpoint", "upstream", "backend", "peer":
		return true
	case "to", "from", "at", "with", "on":
		return bytes.Contains(s.out, []byte("onnect")) || bytes.Contains(s.out, []byte("istening"))
	}
	return false
}

// startsRequest: a method and the beginning of a path or URL.
func startsRequest(b []byte) bool {
	at := bytes.IndexByte(b[:min(len(b), 10)], ' ')
	if at < 0 || !isMethod(b[:at]) {
		return false
	}
	b = bytes.TrimLeft(b[at:], ` "`)
	return len(b) > 0 && (b[0] == '/' || bytes.HasPrefix(b, []byte("http")))
}

// beforeRequest tells whether the request follows the number: at once, as the URL
// of an answer ("<-- 500 https://..."), or in a later column of a table.
func (s *Scanner) beforeRequest(rest []byte) bool {
	if len(rest) < 2 || rest[0] != ' ' {
		return false
	}
	if startsRequest(rest[1:]) || bytes.HasPrefix(rest, []byte(" http")) && bytes.HasSuffix(s.out, []byte("<-- ")) {
		return true
	}
	if rest[1] != '|' || !bytes.HasSuffix(s.out, []byte("| ")) {
		return false
	}
	for rest = rest[2:min(len(rest), 128)]; ; {
		at := bytes.IndexByte(rest, '|')
		if at < 0 {
			return false
		}
		if rest = bytes.TrimLeft(rest[at+1:], " "); startsRequest(rest) {
			return true
		}
	}
}

// isCounted tells whether a number counts what follows it: "500 ms", "217 rows".
func isCounted(rest []byte) bool {
	if len(rest) < 2 || rest[0] != ' ' {
		return false
	}
	end := 1
	for end < len(rest) && rest[end] >= 'a' && rest[end] <= 'z' {
		end++
	}
	w := rest[1:end]
	if end < len(rest) && classes[rest[end]] == letter {
		return isUnitWord(bytes.TrimRight(rest[1:min(len(rest), 6)], " ,;.")) // "KB"
	}
	n := len(w)
	return isUnitWord(w) || n >= 4 && w[n-1] == 's' && w[n-2] != 's' && w[n-2] != 'u' && w[n-2] != 'i'
}
