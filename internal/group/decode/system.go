package decode

import (
	"bytes"

	"selfheal"
)

// klog reads "E1123 09:42:09.123456    1234 file.go:12] message", also glog's.
func (d *Decoder) klog(line []byte, l *Line) bool {
	if len(line) < 24 || line[5] != ' ' || line[8] != ':' || !isDigit(line[1]) {
		return false
	}
	severity := letterLevel(line[0])
	month, okM := fixed(line, 1, 2)
	day, okD := fixed(line, 3, 2)
	if severity == selfheal.SeverityUnspecified || !okM || !okD {
		return false
	}
	s := stamp{month: month, day: day}
	if !s.validDate() {
		return false
	}
	s, ok := s.clock(line, 6, false)
	if !ok {
		return false
	}
	at := bytes.Index(line[:min(len(line), 256)], []byte("] "))
	if at < 0 {
		return false
	}
	d.setTime(l, &s)
	l.Severity, l.Format, l.Header = severity, Klog, true
	if from := bytes.LastIndexByte(line[:at], ' '); from > 0 {
		l.Attributes = append(l.Attributes, selfheal.Attribute{Key: callerKey, Value: line[from+1 : at]})
	}
	l.Message, l.Text = line[at+2:], line[at+2:]
	if len(l.Message) > 0 && l.Message[0] == '"' {
		d.structuredKlog(l)
	}
	return true
}

// syslogPriority reads "<34>" and what follows it: RFC 5424 when a version
// follows, else RFC 3164. The severity is the priority's.
func (d *Decoder) syslogPriority(line []byte, l *Line) bool {
	end := bytes.IndexByte(line[:min(len(line), 6)], '>')
	if end < 2 {
		return false
	}
	n, ok := integer(line[1:end])
	if !ok || n > 191 {
		return false
	}
	l.Severity, l.Format, l.Header = priorityLevel(n%8), Syslog, true
	rest := line[end+1:]
	if len(rest) > 2 && rest[0] == '1' && rest[1] == ' ' {
		d.syslog5424(rest[2:], l)
		return true
	}
	l.Message, l.Text = rest, rest
	if s, ok := readStamp(rest); ok && s.dated {
		d.setTime(l, &s)
		d.syslogTag(rest[s.width:], l)
	}
	return true
}

// syslog5424 reads TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG.
func (d *Decoder) syslog5424(rest []byte, l *Line) {
	l.Message, l.Text = rest, rest
	var fields [5][]byte
	for i := range fields {
		field, after, ok := bytes.Cut(rest, []byte{' '})
		if !ok {
			return
		}
		fields[i], rest = field, after
	}
	if s, ok := readStamp(fields[0]); ok && s.dated {
		d.setTime(l, &s)
	}
	l.Instance, l.Service = nilDash(fields[1]), nilDash(fields[2])
	if len(rest) > 0 && rest[0] == '[' {
		width := structuredData(rest)
		d.elements(rest[:width], l)
		rest = rest[width:]
	} else {
		rest = bytes.TrimPrefix(rest, []byte{'-'})
	}
	rest = bytes.TrimPrefix(rest, []byte{' '})
	l.Message = bytes.TrimPrefix(rest, []byte("\ufeff"))
	l.Text, l.tag = l.Message, nilDash(fields[2])
	if nilDash(fields[3]) != nil {
		l.tag = l.joined(fields[2], fields[3])
	}
}

func nilDash(b []byte) []byte {
	if len(b) == 1 && b[0] == '-' {
		return nil
	}
	return b
}

// structuredData gives the width of the bracketed elements, in whose quoted values brackets are escaped.
func structuredData(b []byte) int {
	quote := false
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			quote = !quote
		case ']':
			if !quote && (i+1 == len(b) || b[i+1] != '[') {
				return i + 1
			}
		}
	}
	return 0
}

// elements takes the parameters out of structured data: [id a="b" c="d"].
func (d *Decoder) elements(b []byte, l *Line) {
	for len(b) > 0 {
		space := bytes.IndexByte(b, ' ')
		if space < 0 {
			return
		}
		b = b[space+1:]
		equals := keyEnd(b, 0)
		if equals == 0 {
			continue
		}
		value, escaped, next, ok := quoted(b, equals+1)
		if !ok {
			return
		}
		if escaped {
			value = l.unescape(value)
		}
		d.set(l, spaceFields, b[:equals], value, true)
		b = b[next:]
	}
}

// syslogTag reads " host tag[pid]: message"; false when the text is none. rsyslog
// leaves the colon out behind a tag that it made of an RFC 5424 message.
func (d *Decoder) syslogTag(rest []byte, l *Line) bool {
	rest = bytes.TrimLeft(rest, " ")
	l.Message, l.Text = rest, rest
	host, after, ok := bytes.Cut(rest, []byte{' '})
	if !ok || len(host) == 0 || host[len(host)-1] == ':' || host[0] == '-' || host[0] == '[' {
		return false
	}
	end := tagEnd(after[:min(len(after), maxBracketed)])
	if end < 1 {
		return false
	}
	l.tag = after[:end]
	l.Instance, l.Service = host, l.tag
	if at := bytes.IndexByte(l.tag, '['); at > 0 {
		l.Service = l.tag[:at]
	}
	after = bytes.TrimPrefix(after[end:], []byte{':'})
	l.Text = bytes.TrimPrefix(after, []byte{' '})
	l.Message = bytes.TrimLeft(after, " ")
	return true
}

// tagEnd gives the end of a tag, before its colon; 0 when there is none.
func tagEnd(b []byte) int {
	space := bytes.IndexByte(b, ' ')
	if space < 0 {
		space = len(b)
	}
	if at := bytes.IndexByte(b[:space], ':'); at >= 0 {
		return at
	}
	if at := bytes.IndexByte(b[:space], '['); at > 0 && b[space-1] == ']' {
		if _, ok := integer(b[at+1 : space-1]); ok {
			return space
		}
	}
	return 0
}
