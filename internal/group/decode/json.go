package decode

import (
	"bytes"
	"time"

	"selfheal"
)

// maxDepth is how far known objects inside a record are looked into.
const maxDepth = 6

// json reads one JSON object. False says that it is none, or that it cannot be
// followed, and the line must be reset. It does not validate.
func (d *Decoder) json(b []byte, l *Line) bool {
	end, ok := d.object(b, 0, l, spaceTop, 0)
	if !ok || end < len(b) && len(bytes.TrimSpace(b[end:])) > 0 || d.Format == Journald && l.rank[roleTime] != rankJournal {
		return false
	}
	d.finish(l)
	return true
}

// finish settles what only the whole record tells.
func (d *Decoder) finish(l *Line) {
	if l.nanos > 0 && !l.Time.IsZero() {
		l.Time = l.Time.Truncate(time.Second).Add(time.Duration(l.nanos))
	}
	if l.stack != nil && l.rank[roleStack] == 0 {
		if s := l.renderStack(l.stack); len(s) > 0 {
			l.Stack = s
		}
	}
	if l.Severity == selfheal.SeverityUnspecified && l.rank[roleTime] == rankCLEF {
		l.Severity = selfheal.SeverityInfo
	}
	if len(l.Message) > 0 && len(l.Message) < len(l.Error) && bytes.HasPrefix(l.Error, l.Message) {
		l.Message = l.Error // pino's message of an error leaves its causes out
	}
	if l.fromOut && l.rank[roleLevel] == 0 && l.Severity == selfheal.SeverityInfo {
		l.Severity = selfheal.SeverityUnspecified
	}
	if l.Message == nil {
		l.Message = d.restAsMessage(l)
	}
}

// object reads from an opening brace and gives the position after the closing one.
func (d *Decoder) object(b []byte, i int, l *Line, in space, depth int) (int, bool) {
	i++
	for {
		i = skipSpace(b, i)
		if i < len(b) && b[i] == ',' {
			i = skipSpace(b, i+1)
		}
		if i >= len(b) {
			return i, false
		}
		if b[i] == '}' {
			return i + 1, true
		}
		key, _, next, ok := quoted(b, i)
		if !ok {
			return i, false
		}
		i = skipSpace(b, next)
		if i >= len(b) || b[i] != ':' {
			return i, false
		}
		if i, ok = d.value(b, skipSpace(b, i+1), l, in, key, depth); !ok {
			return i, false
		}
	}
}

// value reads one member's value.
func (d *Decoder) value(b []byte, i int, l *Line, in space, key []byte, depth int) (int, bool) {
	if i >= len(b) {
		return i, false
	}
	switch b[i] {
	case '"':
		value, escaped, next, ok := quoted(b, i)
		if !ok {
			return i, false
		}
		if escaped {
			value = l.unescape(value)
		}
		d.set(l, in, key, value, true)
		return next, true
	case '{':
		return d.nestedObject(b, i, l, in, key, depth)
	case '[':
		end := skipNested(b, i)
		if end > 0 {
			d.array(b[i:end], l, in, key)
		}
		return end, end > 0
	}
	end := bareEnd(b, i)
	if end == i {
		return i, false
	}
	if string(b[i:end]) != "null" {
		d.set(l, in, key, b[i:end], false)
	}
	return end, true
}

// nestedObject looks into an object whose key says what it is; any other is an attribute as written.
func (d *Decoder) nestedObject(b []byte, i int, l *Line, in space, key []byte, depth int) (int, bool) {
	inner := spaceOf(in, key)
	if inner != spaceNone && depth < maxDepth {
		end, ok := d.object(b, i, l, inner, depth+1)
		if ok && inner == spaceError && in != spaceError && l.stack == nil && hasStructuredStack(b[i:end]) {
			l.stack = b[i:end]
		}
		return end, ok
	}
	end := skipNested(b, i)
	if end > 0 {
		l.Attributes = append(l.Attributes, selfheal.Attribute{Key: key, Value: b[i:end]})
	}
	return end, end > 0
}

// array takes the arrays that mean something: OpenTelemetry's attributes, stack
// traces as lists, and the bytes of a journal's message.
func (d *Decoder) array(a []byte, l *Line, in space, key []byte) {
	switch inner, role := spaceOf(in, key), roleIn(in, key); {
	case inner == spaceFields, inner == spaceResource:
		d.attributeList(a, l, spaceFields)
	case in == spaceBody && (string(key) == "values" || string(key) == "Value"):
		d.attributeList(a, l, spaceTop)
	case role == roleMessage && in == spaceTop:
		if text := l.byteArray(a); text != nil {
			d.set(l, in, key, text, true)
			return
		}
	case (role == roleStack || role == roleError) && l.stack == nil:
		l.stack = a
		return
	}
	l.Attributes = append(l.Attributes, selfheal.Attribute{Key: key, Value: a})
}

// restAsMessage makes a message of the fields of a record that has none.
func (d *Decoder) restAsMessage(l *Line) []byte {
	if len(l.Error) > 0 {
		message := l.Error
		l.Error = nil
		return message
	}
	start := len(l.scratch)
	for _, a := range l.Attributes[l.outer:] {
		if len(l.scratch) > start {
			l.scratch = append(l.scratch, ' ')
		}
		l.scratch = append(append(append(l.scratch, a.Key...), '='), a.Value...)
	}
	return l.scratch[start:len(l.scratch):len(l.scratch)]
}
