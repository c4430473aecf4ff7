// Package decode reads one line of log text: what framing it came in, and its
// time, severity, message, error fields and identifiers, whatever logger wrote it.
//
// In goes a line, hostile and bounded in size; out comes a [Line] whose slices
// point into the line or into its own scratch memory. A line in no known format
// is a plain message and is never dropped. Nothing is allocated for a line of a
// known format.
//
// Two formats do not write one event a line: a [Splitter] comes first. What a
// container runtime or a system log wrapped around a line is taken off by
// [Decoder.Unwrap], and [Decoder.Decode] reads what is left.
package decode

import (
	"bytes"
	"time"

	"selfheal"
)

// Line is one decoded line. Slices are valid until the line that was decoded
// changes or the Line is used again.
type Line struct {
	Format   Format
	Time     time.Time
	Zone     string // as selfheal.Record.Zone
	Severity selfheal.Severity
	Header   bool // the line states a time, a level or fields: it begins an event
	Heading  bool // the line only announces an event: its message is the next line

	Message     []byte // without header and without the fields behind it
	Text        []byte // of a plain line: what follows the header, to the end of the line
	Error       []byte // text of the error field
	ErrorType   []byte
	Stack       []byte // stack trace from a field, line breaks unescaped
	Service     []byte
	Environment []byte
	Revision    []byte
	Instance    []byte
	TraceID     []byte
	Status      int // of an HTTP response; 0 when none is stated
	Attributes  []selfheal.Attribute

	rank    [roleCount]uint8 // of the key that gave each role: a better key replaces a worse one
	nanos   int              // fraction of the second that a field of its own gives
	outer   int              // attributes of the record around this one
	stack   []byte           // a stack trace or an exception that is an array or object, as written
	tag     []byte           // of a syslog line: name and process
	fromOut bool             // a journal entry that its service printed: nobody stated a priority
	scratch []byte
}

func (l *Line) reset() {
	l.restart(0, 0)
}

// restart forgets what was read since the line had so many attributes and bytes of scratch memory.
func (l *Line) restart(attributes, scratch int) {
	a, b := l.Attributes[:attributes], l.scratch[:scratch]
	*l = Line{Format: Plain, Attributes: a, scratch: b}
}

// Decoder reads lines. It keeps small caches and is not safe for concurrent use.
type Decoder struct {
	// Now gives the year to timestamps that are written without one.
	Now selfheal.Clock
	// Format is the one that lines are read in. What is not in it is read as plain text.
	Format Format

	zones map[string]string // interned spellings, bounded
	keys  [maxKnownKeys]knownKey
}

// may tells whether lines may be read in a format.
func (d *Decoder) may(f Format) bool { return d.Format == Auto || d.Format == f }

// Decode reads one line into l.
func (d *Decoder) Decode(line []byte, l *Line) {
	l.reset()
	if len(line) > 1 && line[0] == '{' && (d.may(JSON) || d.Format == Journald) {
		if d.json(line, l) || bytes.IndexByte(line, '\n') > 0 && d.inspected(line, l) {
			l.Format, l.Header = JSON, true
			d.nested(l)
			return
		}
		l.reset()
	}
	d.text(line, l)
}

// text reads a line that is no JSON object.
func (d *Decoder) text(line []byte, l *Line) {
	if len(line) == 0 {
		return
	}
	switch {
	case line[0] == '<' && d.may(Syslog) && d.syslogPriority(line, l):
	case d.may(Klog) && d.klog(line, l):
	case d.may(Logfmt) && d.logfmt(line, l):
		l.Format, l.Header = Logfmt, true
		return
	default:
		d.header(line, l)
	}
	if l.Text == nil {
		l.Text = l.Message
	}
	if m := l.Message; l.Header && len(m) > 2 && m[0] == '{' && m[len(m)-1] == '}' && d.may(JSON) && d.embedded(m, l) {
		return
	}
	if l.Severity != selfheal.SeverityUnspecified && l.Format != Klog && !l.Heading {
		d.trailer(l)
	}
}

// maxZones bounds the cache of zone spellings; there are fewer in the world.
const maxZones = 256

// zone interns a UTC offset.
func (d *Decoder) zone(b []byte) string {
	if len(b) == 1 && b[0] == 'Z' {
		return "Z"
	}
	if z, ok := d.zones[string(b)]; ok {
		return z
	}
	if d.zones == nil {
		d.zones = make(map[string]string)
	}
	z := string(b)
	if len(d.zones) < maxZones {
		d.zones[z] = z
	}
	return z
}
