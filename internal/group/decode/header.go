package decode

import (
	"bytes"

	"selfheal"
)

// maxHeaderParts bounds how many parts a textual header may have: time, level, thread, logger, ...
const maxHeaderParts = 6

// header reads time, level and bracketed names off the beginning of a plain line.
// What follows them is the message.
func (d *Decoder) header(line []byte, l *Line) {
	if d.ownHeader(line, l) {
		return
	}
	rest := line
	timed, bracketed := false, 0
	for range maxHeaderParts {
		rest = skipSeparators(rest, l.Header)
		if len(rest) == 0 {
			break
		}
		if !timed {
			if width := d.headerTime(rest, l); width > 0 {
				timed, l.Header = true, true
				named := rest[0] >= 'A' && rest[0] <= 'Z'
				if rest = rest[width:]; named && d.syslogTag(rest, l) {
					l.Format = Syslog
					rest = l.Message
				}
				continue
			}
		}
		if l.Severity == selfheal.SeverityUnspecified {
			after, more := levelPart(rest, l, timed, bracketed > 0)
			if len(after) < len(rest) && more {
				rest = after
				continue
			}
			if rest = after; !more {
				break
			}
		}
		width := d.bracketed(rest, l, timed)
		if width == 0 {
			break
		}
		bracketed++
		rest = rest[width:]
	}
	if l.Header && l.Severity != selfheal.SeverityUnspecified {
		rest = skipSeparators(behindLevel(bytes.TrimLeft(rest, " "), l), true)
	}
	l.Message = rest
	if !l.Header {
		l.Message = line
		d.accessLog(line, l)
	}
}

// levelPart reads the level and gives what follows it, or b when there is none.
// more is false when the header ends there.
func levelPart(b []byte, l *Line, timed, bracketed bool) (rest []byte, more bool) {
	width := headerLevel(b, l, timed || bracketed)
	if width == 0 {
		return b, false // "Error: ..." says how bad it is, but may as well go on with an event
	}
	if width > 0 {
		l.Header = true
		if rest = b[width:]; len(rest) > 0 && rest[0] == '\t' {
			return tabbed(rest[1:], l), false
		}
		return rest, true
	}
	if timed {
		if width = levelBehindName(b, l); width > 0 {
			return b[width:], true
		}
	}
	return b, true
}

// maxAccessPrefix is how far into a line the timestamp of an access log may begin.
const maxAccessPrefix = 128

// accessLog finds the bracketed time behind the client in the Common Log Format.
// The whole line stays the message.
func (d *Decoder) accessLog(line []byte, l *Line) {
	prefix := line[:min(len(line), maxAccessPrefix)]
	at := bytes.Index(prefix, []byte(" ["))
	if at < 0 {
		return
	}
	if s, ok := readStamp(line[at+2:]); ok && s.dated {
		d.setTime(l, &s)
		l.Header = true
	}
}

// skipSeparators skips what stands between the parts of a header.
func skipSeparators(b []byte, inside bool) []byte {
	for len(b) > 0 {
		switch c := b[0]; {
		case c == ' ' || c == '\t':
		case inside && (c == '|' || c == ':'):
		case inside && c == '-' && len(b) > 1 && b[1] == ' ':
		default:
			return b
		}
		b = b[1:]
	}
	return b
}

// headerTime reads a timestamp, bracketed or not, and gives its width; 0 when there is none.
func (d *Decoder) headerTime(b []byte, l *Line) int {
	open := 0
	if b[0] == '[' || b[0] == '(' {
		open = 1
	}
	s, ok := readStamp(b[open:])
	width := s.width
	if !ok {
		if t, n := epoch(b[open:]); n > 0 && open+n < len(b) && (b[open+n] == ' ' || b[open+n] == ']' || b[open+n] == '\t') {
			l.Time, l.Zone = t, "Z"
			return open + n + closing(b[open+n:], open)
		}
		return 0
	}
	if s.dated {
		d.setTime(l, &s)
	}
	if end := closing(b[open+width:], open); open == 0 || end > 0 {
		return open + width + end
	}
	return open + width
}

// closing is 1 when an opened bracket is closed here.
func closing(b []byte, open int) int {
	if open > 0 && len(b) > 0 && (b[0] == ']' || b[0] == ')') {
		return 1
	}
	return 0
}

// headerLevel reads a level word and gives how many bytes of it are no message:
// 0 for "Error: ..." without anything before it, which is read as text too, and
// -1 when there is no level. Inside a header ("after") any spelling counts;
// at the beginning of a line only one that no sentence begins with.
func headerLevel(b []byte, l *Line, after bool) int {
	start, end := 0, 0
	if b[0] == '[' || b[0] == '<' || b[0] == '(' {
		start = 1
	}
	for end = start; end < len(b) && end < start+12 && (b[end] >= 'a' && b[end] <= 'z' || b[end] >= 'A' && b[end] <= 'Z'); end++ {
	}
	severity := Level(b[start:end])
	if start > 0 {
		return bracketedLevel(b, start, end, severity, l)
	}
	next := byte(' ')
	if end < len(b) {
		next = b[end]
	}
	if severity == selfheal.SeverityUnspecified {
		return singleLetterLevel(b, l, after)
	}
	if next != ' ' && next != ':' && next != '\t' && next != '|' && next != '[' && next != ']' && next != ',' {
		return -1
	}
	upper := end >= 3 && isUpper(b[:end])
	switch {
	case upper || after && (next == ':' || next == '\t' || next == '|'):
		if upper && !after && end < 4 {
			return -1 // "OK", "LOG", "ERR" may begin a sentence
		}
		l.Severity = severity
		return levelEnd(b, end)
	case after && isLower(b[:end]) && next != '[':
		l.Severity = severity
		return end
	case !after && next == ':':
		l.Severity = severity
		return 0
	}
	return -1
}

// bracketedLevel: "[ERROR]", "<warn>", "[error  ]", "[info:".
func bracketedLevel(b []byte, start, end int, severity selfheal.Severity, l *Line) int {
	if severity == selfheal.SeverityUnspecified || end == start {
		return -1
	}
	for end < len(b) && b[end] == ' ' {
		end++
	}
	if end >= len(b) || b[end] != ']' && b[end] != '>' && b[end] != ')' {
		return -1
	}
	l.Severity = severity
	return end + 1
}

// singleLetterLevel: "E " behind a timestamp.
func singleLetterLevel(b []byte, l *Line, after bool) int {
	if !after || len(b) < 2 || b[1] != ' ' && b[1] != '/' {
		return -1
	}
	if severity := letterLevel(b[0]); severity != selfheal.SeverityUnspecified && b[0] != 'A' {
		l.Severity = severity
		return 1
	}
	return -1
}

// levelEnd goes past the colon or the logrus counter ("INFO[0001]") behind a level.
func levelEnd(b []byte, end int) int {
	if end < len(b) && b[end] == '[' {
		i := end + 1
		for i < len(b) && isDigit(b[i]) {
			i++
		}
		if i < len(b) && b[i] == ']' && i > end+1 {
			return i + 1
		}
		return end
	}
	if end < len(b) && (b[end] == ':' || b[end] == ']') {
		return end + 1
	}
	return end
}

func isUpper(b []byte) bool {
	for _, c := range b {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

func isLower(b []byte) bool {
	for _, c := range b {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// maxBracketed is the longest bracketed name in a header.
const maxBracketed = 64

// bracketed skips a "[thread]", "[pid]" or "[logger]" in a header and keeps it as an attribute.
func (d *Decoder) bracketed(b []byte, l *Line, timed bool) int {
	if b[0] != '[' || !timed {
		return 0
	}
	end := bytes.IndexByte(b[:min(len(b), maxBracketed)], ']')
	if end < 0 || end+1 == len(b) {
		return 0
	}
	inside := b[1:end]
	if colon := bytes.IndexByte(inside, ':'); colon > 0 && l.Severity == selfheal.SeverityUnspecified {
		l.Severity = Level(bytes.TrimRight(inside[colon+1:], "12345678")) // Apache's "[core:error]", "[ssl:trace1]"
	}
	l.context(inside)
	return end + 1
}
