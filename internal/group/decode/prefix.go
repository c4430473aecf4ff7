package decode

import (
	"bytes"

	"selfheal"
)

// Attribute keys of what headers say besides time and level.
var (
	callerKey  = []byte("caller")
	loggerKey  = []byte("logger")
	contextKey = []byte("context")
	processKey = []byte("pid")
)

// ownHeader reads the headers that no other logger shares: Ruby's Logger, Redis, .NET's console.
func (d *Decoder) ownHeader(line []byte, l *Line) bool {
	if len(line) < 8 {
		return false
	}
	switch c := line[0]; {
	case line[1] == ',' && line[3] == '[':
		return d.rubyHeader(line, l)
	case isDigit(c):
		return d.redisHeader(line, l)
	case line[4] == ':' && line[len(line)-1] == ']':
		return dotnetHeading(line, l)
	}
	return false
}

// rubyHeader: "E, [2006-01-02T15:04:05.999999 #4711] ERROR -- progname: message".
func (d *Decoder) rubyHeader(line []byte, l *Line) bool {
	severity := letterLevel(line[0])
	s, ok := readStamp(line[4:])
	if !ok || !s.dated || severity == selfheal.SeverityUnspecified && line[0] != 'A' {
		return false
	}
	process, rest, ok := bytes.Cut(line[4+s.width:], []byte("] "))
	if !ok || len(process) > maxBracketed {
		return false
	}
	dashes := bytes.Index(rest[:min(len(rest), maxBracketed)], []byte(" -- "))
	if dashes < 0 {
		return false
	}
	rest = rest[dashes+4:]
	if line[0] == 'A' { // "ANY": a message that is not filtered
		severity = selfheal.SeverityInfo
	}
	d.setTime(l, &s)
	l.Severity, l.Header = severity, true
	l.setAttribute(processKey, bytes.TrimLeft(process, " #"))
	if name, message, ok := bytes.Cut(rest, []byte(": ")); ok && bytes.IndexByte(name, ' ') < 0 {
		if len(name) > 0 {
			l.setAttribute(loggerKey, name)
		}
		rest = message
	}
	l.Message = rest
	return true
}

// redisHeader: "4711:M 02 Jan 2006 15:04:05.999 * message". The level is one
// character: "." debug, "-" verbose, "*" notice, "#" warning.
func (d *Decoder) redisHeader(line []byte, l *Line) bool {
	colon := bytes.IndexByte(line[:min(len(line), 10)], ':')
	if colon < 1 || len(line) < colon+24 || line[colon+2] != ' ' || !isLetter(line[colon+1]) {
		return false
	}
	if _, ok := integer(line[:colon]); !ok {
		return false
	}
	s, ok := readStamp(line[colon+3:])
	at := colon + 3 + s.width
	if !ok || !s.dated || s.year == 0 || at+3 > len(line) || line[at] != ' ' || line[at+2] != ' ' {
		return false
	}
	switch line[at+1] {
	case '.', '-':
		l.Severity = selfheal.SeverityDebug
	case '*':
		l.Severity = selfheal.SeverityInfo
	case '#':
		l.Severity = selfheal.SeverityWarn
	default:
		return false
	}
	d.setTime(l, &s)
	l.Header = true
	l.setAttribute(processKey, line[:colon])
	l.Message = line[at+3:]
	return true
}

// dotnetHeading: "fail: Shop.Orders[0]"; the message is the next line.
func dotnetHeading(line []byte, l *Line) bool {
	open := bytes.LastIndexByte(line, '[')
	if open < 7 || line[5] != ' ' || !isName(line[6:open]) {
		return false
	}
	if _, ok := integer(line[open+1 : len(line)-1]); !ok {
		return false
	}
	switch string(line[:4]) {
	case "trce":
		l.Severity = selfheal.SeverityTrace
	case "dbug":
		l.Severity = selfheal.SeverityDebug
	case "info":
		l.Severity = selfheal.SeverityInfo
	case "warn":
		l.Severity = selfheal.SeverityWarn
	case "fail":
		l.Severity = selfheal.SeverityError
	case "crit":
		l.Severity = selfheal.SeverityFatal
	default:
		return false
	}
	l.Header, l.Heading = true, true
	l.setAttribute(loggerKey, line[6:open])
	l.Message = line[6:]
	return true
}

// levelBehindName reads a level that stands behind a logger's name and gives the
// width of both, 0 when there is none: "shop - ERROR - ", "shop.ERROR: " (Monolog),
// "user@database ERROR:  " (PostgreSQL), "7 [Warning] " (MySQL).
func levelBehindName(b []byte, l *Line) int {
	end := bytes.IndexByte(b[:min(len(b), maxBracketed)], ' ')
	if end < 1 || !isName(b[:end]) {
		return 0
	}
	if b[end-1] == ':' {
		dot := bytes.LastIndexByte(b[:end], '.')
		return namedLevel(l, b[:max(0, dot)], b[dot+1:end-1], end)
	}
	rest := b[end+1:]
	if len(rest) < 6 {
		return 0
	}
	if rest[0] == '[' {
		return threadLevel(b[:end], rest, l)
	}
	dashed := (rest[0] == '-' || rest[0] == '|') && rest[1] == ' '
	if dashed {
		rest = rest[2:]
	}
	wide := 0
	for wide < len(rest) && (rest[wide] >= 'A' && rest[wide] <= 'Z' || wide > 4 && isDigit(rest[wide])) {
		wide++
	}
	from := len(b) - len(rest)
	switch after := rest[wide:]; {
	case dashed && (bytes.HasPrefix(after, []byte(" - ")) || bytes.HasPrefix(after, []byte(" | ")) || bytes.HasPrefix(after, []byte(": "))):
		return namedLevel(l, b[:end], rest[:wide], from+wide)
	case !dashed && bytes.HasPrefix(after, []byte(":  ")):
		if isFurther(rest[:wide]) {
			l.Severity = selfheal.SeverityInfo
			return from
		}
		return namedLevel(l, b[:end], rest[:wide], from+wide+1)
	}
	return 0
}

// threadLevel reads MySQL's "7 [Warning] "; the number is the thread's.
func threadLevel(thread, rest []byte, l *Line) int {
	closing := bytes.Index(rest[:min(len(rest), maxBracketed)], []byte("] "))
	if _, ok := integer(thread); !ok || closing < 4 {
		return 0
	}
	word := rest[1:closing]
	severity := Level(word)
	if string(word) == "Note" || string(word) == "System" {
		severity = selfheal.SeverityInfo
	}
	if severity == selfheal.SeverityUnspecified {
		return 0
	}
	l.Severity = severity
	return len(thread) + 1 + closing + 1
}

// namedLevel takes a level word and the name before it.
func namedLevel(l *Line, name, word []byte, width int) int {
	if len(word) < 3 || !isUpper(bytes.TrimRight(word, "12345")) {
		return 0
	}
	severity := Level(word)
	if severity == selfheal.SeverityUnspecified {
		severity = rareLevel(bytes.TrimRight(word, "12345"))
	}
	if severity == selfheal.SeverityUnspecified && bytes.HasPrefix(word, []byte("DEBUG")) {
		severity = selfheal.SeverityDebug
	}
	if severity == selfheal.SeverityUnspecified {
		return 0
	}
	l.Severity = severity
	if len(name) > 0 {
		l.setAttribute(loggerKey, name)
	}
	return width
}

// isFurther tells of the words under which PostgreSQL says more about the line before.
func isFurther(word []byte) bool {
	switch string(word) {
	case "DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION":
		return true
	}
	return false
}

// behindLevel takes off what loggers write between the level and the message:
// process, thread, logger and the place of the call.
func behindLevel(b []byte, l *Line) []byte {
	if len(b) == 0 {
		return b
	}
	if isDigit(b[0]) {
		if rest := springParts(b, l); rest != nil {
			return rest
		}
		if rest := nginxParts(b, l); rest != nil {
			return rest
		}
	}
	return calledFrom(b, l)
}

// tabbed reads zap's console: "logger\tfile.go:12\tmessage".
func tabbed(b []byte, l *Line) []byte {
	for range 2 {
		end := bytes.IndexByte(b[:min(len(b), 2*maxBracketed)], '\t')
		if end < 1 || !isName(b[:end]) {
			return b
		}
		caller := isPlace(b[:end])
		if !caller {
			next := bytes.IndexByte(b[end+1:], '\t')
			if next < 0 || !isPlace(b[end+1:end+1+next]) {
				return b
			}
			l.setAttribute(loggerKey, b[:end])
		} else {
			l.setAttribute(callerKey, b[:end])
		}
		b = b[end+1:]
		if caller {
			return b
		}
	}
	return b
}

// springParts reads Spring Boot's "4711 --- [app] [thread] logger : message"; nil when it is something else.
func springParts(b []byte, l *Line) []byte {
	process, rest, ok := bytes.Cut(b, []byte(" --- ["))
	if _, number := integer(process); !ok || !number {
		return nil
	}
	for range maxHeaderParts {
		inside, after, ok := bytes.Cut(rest, []byte{']'})
		if !ok || len(inside) > maxBracketed {
			return nil
		}
		l.context(inside)
		rest = bytes.TrimLeft(after, " ")
		if len(rest) == 0 || rest[0] != '[' {
			break
		}
		rest = rest[1:]
	}
	name, message, ok := bytes.Cut(rest, []byte(" : "))
	if name = bytes.TrimRight(name, " "); !ok || !isName(name) {
		return nil
	}
	l.setAttribute(processKey, process)
	l.setAttribute(loggerKey, name)
	return message
}

// nginxParts reads "4711#4712: *7 message": process, thread and connection. nil when it is something else.
func nginxParts(b []byte, l *Line) []byte {
	process, _, ok := bytes.Cut(b[:min(len(b), maxBracketed)], []byte(": "))
	if !ok {
		return nil
	}
	one, other, ok := bytes.Cut(process, []byte{'#'})
	_, okOne := integer(one)
	_, okOther := integer(other)
	if !ok || !okOne || !okOther {
		return nil
	}
	rest := b[len(process)+2:]
	l.setAttribute(processKey, one)
	if len(rest) > 0 && rest[0] == '*' {
		if connection, message, ok := bytes.Cut(rest[1:], []byte{' '}); ok {
			if _, number := integer(connection); number {
				return message
			}
		}
	}
	return rest
}

// maxCaller is how far into a message the place of its call may stand.
const maxCaller = 120

// calledFrom takes off the place of a call: "module:function:12 - " (loguru),
// "Class (Class.java:12) - ", "logger file.pl:12 - ".
func calledFrom(b []byte, l *Line) []byte {
	at := bytes.Index(b[:min(len(b), maxCaller)], []byte(" - "))
	if at < 3 {
		return b
	}
	place := b[:at]
	last := place
	if space := bytes.LastIndexByte(place, ' '); space >= 0 {
		if !isName(place[:space]) {
			return b
		}
		last = place[space+1:]
	}
	last = bytes.TrimSuffix(bytes.TrimPrefix(last, []byte{'('}), []byte{')'})
	if !isPlace(last) {
		return b
	}
	l.setAttribute(callerKey, place)
	return b[at+3:]
}

// isPlace: "file.go:12", "module:function:12".
func isPlace(b []byte) bool {
	if bytes.IndexByte(b, ':') < 0 { // forwards is faster than backwards
		return false
	}
	colon := bytes.LastIndexByte(b, ':')
	if colon < 1 || isDigit(b[0]) || !isName(b[:colon]) { // "127.0.0.1:8080" is a client
		return false
	}
	_, ok := integer(b[colon+1:])
	return ok
}

// isName tells of the name of a logger, a user or a file: no space and no quote in it.
func isName(b []byte) bool {
	for _, c := range b {
		if !isWord(c) && c != '.' && c != '-' && c != '$' && c != '@' && c != '/' && c != ':' && c != '#' && c != '[' && c != ']' && c != '<' && c != '>' {
			return false
		}
	}
	return len(b) > 0
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// context keeps a bracketed part of a header, and knows the trace id that Spring
// and others write there: "[app,4bf92f3577b34da6a3ce929d0e0e4736,00f067aa0ba902b7]".
func (l *Line) context(inside []byte) {
	l.setAttribute(contextKey, inside)
	for len(l.TraceID) == 0 && len(inside) >= 32 {
		end := bytes.IndexAny(inside, ",-")
		if end < 0 {
			end = len(inside)
		}
		if part := inside[:end]; isTraceID(part) {
			l.TraceID = part
		}
		inside = inside[min(end+1, len(inside)):]
	}
}

// isTraceID: 32 hexadecimal digits, not all of them zero (W3C Trace Context).
func isTraceID(b []byte) bool {
	if len(b) != 32 || len(bytes.Trim(b, "0")) == 0 {
		return false
	}
	for _, c := range b {
		if !isDigit(c) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// setAttribute keeps a part of a header.
func (l *Line) setAttribute(key, value []byte) {
	l.Attributes = append(l.Attributes, selfheal.Attribute{Key: key, Value: value})
}
