// Package decode reads one line of log text: what framing it came in, and its
// time, severity, message, error fields and identifiers, whatever logger wrote it.
//
// In goes a line, hostile and bounded in size; out comes a [Line] whose slices
// point into the line or into its own scratch memory. A line in no known format
// is a plain message and is never dropped. Nothing is allocated for a line of a
// known format.
package decode

import (
	"time"

	"selfheal"
)

// Format is the format a line was found to be in.
type Format uint8

// The formats.
const (
	Plain Format = iota
	JSON
	Logfmt
	Klog
	Syslog
)

// String names the format as documentation does.
func (f Format) String() string {
	return [...]string{"plain", "json", "logfmt", "klog", "syslog"}[f]
}

// Line is one decoded line. Slices are valid until the line that was decoded
// changes or the Line is used again.
type Line struct {
	Format   Format
	Time     time.Time
	Zone     string // as selfheal.Record.Zone
	Severity selfheal.Severity
	Header   bool // the line states a time, a level or fields: it begins an event

	Message    []byte // for plain lines: what follows the header, to the end of the line
	Error      []byte // text of the error field
	ErrorType  []byte
	Stack      []byte // stack trace from a field, line breaks unescaped
	Service    []byte
	Revision   []byte
	Instance   []byte
	TraceID    []byte
	Status     int // of an HTTP response; 0 when none is stated
	Attributes []selfheal.Attribute

	rank    [roleCount]uint8 // of the key that gave each role: a better key replaces a worse one
	scratch []byte
}

func (l *Line) reset() {
	attributes, scratch := l.Attributes[:0], l.scratch[:0]
	*l = Line{Attributes: attributes, scratch: scratch}
}

// Decoder reads lines. It keeps small caches and is not safe for concurrent use.
type Decoder struct {
	// Now gives the year to timestamps that are written without one.
	Now selfheal.Clock

	zones map[string]string // interned spellings, bounded
}

// Decode reads one line into l.
func (d *Decoder) Decode(line []byte, l *Line) {
	l.reset()
	if len(line) > 1 && line[0] == '{' && d.json(line, l) {
		l.Format, l.Header = JSON, true
		return
	}
	d.text(line, l)
}

// text reads a line that is no JSON object.
func (d *Decoder) text(line []byte, l *Line) {
	l.Message = line
	if len(line) == 0 {
		return
	}
	switch {
	case line[0] == '<' && d.syslogPriority(line, l):
	case d.klog(line, l):
	case d.logfmt(line, l):
		l.Format, l.Header = Logfmt, true
		return
	default:
		d.header(line, l)
	}
	if m := l.Message; l.Header && len(m) > 2 && m[0] == '{' && m[len(m)-1] == '}' {
		d.embedded(m, l)
	}
}

// embedded reads a JSON object behind a textual header, as log shippers write it.
func (d *Decoder) embedded(m []byte, l *Line) {
	before := *l
	l.Message = nil
	if !d.json(m, l) {
		attributes, scratch := l.Attributes[:0], l.scratch
		*l = before
		l.Attributes, l.scratch = attributes, scratch
		return
	}
	l.Format = JSON
	if l.Time.IsZero() {
		l.Time, l.Zone = before.Time, before.Zone
	}
	if l.Severity == selfheal.SeverityUnspecified {
		l.Severity = before.Severity
	}
}

// maxZones bounds the cache of zone spellings; there are fewer in the world.
const maxZones = 256

// zone interns a UTC offset.
func (d *Decoder) zone(b []byte) string {
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
