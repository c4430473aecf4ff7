package decode

import "bytes"

// maxTrailerTries bounds how often a trailer is looked for in one line.
const maxTrailerTries = 8

// trailer takes off the fields that loggers for people write behind the message:
// "order lost error=gone trace_id=...", "order lost {"error":"gone"}".
func (d *Decoder) trailer(l *Line) {
	m := bytes.TrimRight(l.Message, " ")
	if len(m) < 3 {
		return
	}
	if last := m[len(m)-1]; last == '}' || last == ']' {
		if d.objectsBehind(m, l) {
			return
		}
	}
	if bytes.IndexByte(m, '=') > 0 {
		d.pairsBehind(m, l)
	}
}

// objectsBehind takes JSON objects off the end of a message; Monolog writes two, empty ones as [].
func (d *Decoder) objectsBehind(m []byte, l *Line) bool {
	at := 0
	for range maxTrailerTries {
		open := indexObject(m[at:])
		if open < 0 {
			return false
		}
		at += open + 1
		if !isSequence(m[at:]) {
			continue
		}
		for value, i := nextElement(m, at); value != nil; value, i = nextElement(m, i) {
			if value[0] == '{' {
				d.object(value, 0, l, spaceBehind, 1)
			}
		}
		d.settleTrailer(l, m[:at-1])
		return true
	}
	return false
}

// settleTrailer gives the line what is left of the message, and the stack that was in the fields.
func (d *Decoder) settleTrailer(l *Line, message []byte) {
	l.Message = bytes.TrimRight(message, " \t")
	if l.stack != nil && l.Stack == nil {
		l.Stack = l.renderStack(l.stack)
	}
}

// indexObject finds a space or tab with a JSON object behind it, or with Monolog's "[]".
func indexObject(m []byte) int {
	for i := 1; i+1 < len(m); i++ {
		if m[i] != '{' && m[i] != '[' || m[i-1] != ' ' && m[i-1] != '\t' {
			continue
		}
		if next := m[i+1]; m[i] == '{' && (next == '"' || next == '}') || m[i] == '[' && next == ']' {
			return i - 1
		}
	}
	return -1
}

// isSequence tells of objects and arrays with spaces between them, to the end.
func isSequence(b []byte) bool {
	for i := 0; ; {
		i = skipSpace(b, i)
		if i >= len(b) {
			return true
		}
		if b[i] != '{' && b[i] != '[' {
			return false
		}
		end := skipNested(b, i)
		if end == 0 || b[i] == '{' && !isObject(b[i:end]) {
			return false
		}
		i = end
	}
}

// isObject tells a JSON object from the hash of another language: {"id"=>1}.
func isObject(b []byte) bool {
	for i := 1; ; {
		if i = skipComma(b, i); i < len(b) && b[i] == '}' {
			return i == len(b)-1
		}
		_, _, next, ok := quoted(b, i)
		if next = skipSpace(b, next); !ok || next >= len(b) || b[next] != ':' {
			return false
		}
		next = skipSpace(b, next+1)
		if i = valueEnd(b, next); i <= next {
			return false
		}
	}
}

// pairsBehind takes key=value pairs off the end of a message, when one of them is
// unmistakably a field of a logger; "uid=0" may be part of a sentence.
func (d *Decoder) pairsBehind(m []byte, l *Line) {
	from := 0
	for range maxTrailerTries {
		start := indexPair(m, from)
		if start < 0 {
			return
		}
		known, end := scanPairs(m[start:])
		if end < 0 {
			if !known {
				return
			}
			d.readPairs(m[start:], l)
			d.settleTrailer(l, bytes.TrimSuffix(bytes.TrimRight(m[:start], " "), []byte(":")))
			return
		}
		from = start + end
	}
}

// indexPair finds the beginning of a word with "=" in it, at or behind from.
func indexPair(m []byte, from int) int {
	at := bytes.IndexByte(m[from:], '=')
	if at < 0 {
		return -1
	}
	start := bytes.LastIndexByte(m[:from+at], ' ') + 1
	if start == 0 || start < from {
		return indexPairBehind(m, from+at+1)
	}
	return start
}

func indexPairBehind(m []byte, from int) int {
	for from < len(m) {
		at := bytes.IndexByte(m[from:], '=')
		if at < 0 {
			return -1
		}
		if start := bytes.LastIndexByte(m[from:from+at], ' '); start >= 0 {
			return from + start + 1
		}
		from += at + 1
	}
	return -1
}

// scanPairs follows pairs to the end of b. end is -1 when there is nothing else,
// or else the position of what is no pair. known tells that a key is unmistakable.
func scanPairs(b []byte) (known bool, end int) {
	for i := 0; i < len(b); {
		if b[i] == ' ' {
			i++
			continue
		}
		equals := keyEnd(b, i)
		if equals == 0 {
			return known, i
		}
		_, _, next, ok := logfmtValue(b, equals+1)
		if !ok {
			return known, equals + 1
		}
		switch r, _ := fieldRole(b[i:equals]); r {
		case roleError, roleErrorType, roleStack, roleTrace, roleRevision, roleService:
			known = true
		}
		i = next
	}
	return known, -1
}

// readPairs gives pairs to the line; b holds nothing else.
func (d *Decoder) readPairs(b []byte, l *Line) {
	for i := 0; i < len(b); {
		if b[i] == ' ' {
			i++
			continue
		}
		equals := keyEnd(b, i)
		if equals == 0 {
			return
		}
		value, escaped, next, ok := logfmtValue(b, equals+1)
		if !ok {
			return
		}
		if escaped {
			value = l.unescape(value)
		}
		d.set(l, spaceBehind, b[i:equals], value, true)
		i = next
	}
}

// structuredKlog reads what klog's InfoS and ErrorS write: a quoted message and pairs.
// The value of a pair may go on in further lines, `note=<`; they belong to no field then.
func (d *Decoder) structuredKlog(l *Line) {
	message, escaped, next, ok := quoted(l.Message, 0)
	if !ok || next < len(l.Message) && l.Message[next] != ' ' {
		return
	}
	rest := l.Message[next:]
	if escaped {
		message = l.unescape(message)
	}
	l.Message = message
	d.readPairs(rest, l)
}
