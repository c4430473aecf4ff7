package decode

import (
	"bytes"

	"selfheal"
)

// nested reads on inside the message of a JSON record: shippers and journals put
// the line that a program wrote, in its own format, into a field of theirs.
func (d *Decoder) nested(l *Line) {
	m := l.Message
	if len(m) > 0 && m[len(m)-1] == '\n' {
		m = bytes.TrimRight(m, "\r\n")
		l.Message = m
	}
	if len(m) == 0 || l.rank[roleMessage] == 0 { // no field holds it
		return
	}
	if m[0] == '{' && m[len(m)-1] == '}' {
		d.embedded(m, l)
		return
	}
	if l.Severity == selfheal.SeverityUnspecified && len(l.Error) == 0 && len(l.Stack) == 0 {
		d.inner(l, func() bool {
			d.text(m, l)
			return l.Header
		})
	}
}

// embedded reads a JSON object behind a textual header or inside a field; false when it is none.
func (d *Decoder) embedded(m []byte, l *Line) bool {
	return d.inner(l, func() bool {
		l.Message = nil
		if !d.json(m, l) || len(l.Message) == 0 {
			return false
		}
		l.Format = JSON
		return true
	})
}

// inner lets read fill the line from a text inside it. What the inner text does
// not say, the outer one does; when it cannot be read, the line is as before.
func (d *Decoder) inner(l *Line, read func() bool) bool {
	outer := *l
	l.Text, l.Severity, l.Header, l.rank, l.nanos, l.stack = nil, selfheal.SeverityUnspecified, false, [roleCount]uint8{}, 0, nil
	l.outer = len(outer.Attributes)
	if !read() {
		scratch := l.scratch
		*l = outer
		if cap(scratch) > cap(l.scratch) {
			l.scratch = scratch[:len(outer.scratch)]
		}
		return false
	}
	l.Header = true
	l.complete(&outer)
	return true
}

// complete takes from the outer record what the inner one left open. A clock
// with a zone goes before one without.
func (l *Line) complete(outer *Line) {
	if l.Format == Plain {
		l.Format = outer.Format
	}
	if l.Time.IsZero() || l.Zone == "none" && outer.Zone != "none" && outer.Zone != "" {
		l.Time, l.Zone = outer.Time, outer.Zone
	}
	if l.Severity == selfheal.SeverityUnspecified {
		l.Severity = outer.Severity
	}
	for _, f := range [...]struct{ to, from *[]byte }{
		{&l.Error, &outer.Error}, {&l.ErrorType, &outer.ErrorType}, {&l.Stack, &outer.Stack}, {&l.Service, &outer.Service},
		{&l.Environment, &outer.Environment}, {&l.Revision, &outer.Revision}, {&l.Instance, &outer.Instance}, {&l.TraceID, &outer.TraceID},
	} {
		if len(*f.to) == 0 {
			*f.to = *f.from
		}
	}
	if l.Status == 0 {
		l.Status = outer.Status
	}
}
