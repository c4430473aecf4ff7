package decode

import (
	"bytes"
	"time"

	"selfheal"
)

// Frame is what a container runtime or a system log wrapped around a line.
type Frame struct {
	Payload []byte
	Time    time.Time
	Zone    string // as selfheal.Record.Zone
	Partial bool   // the line goes on in the next frame of the same output

	// What only system logs say. Source tells the processes of one log apart:
	// lines of two sources are never parts of one event.
	Severity selfheal.Severity
	Service  []byte
	Instance []byte
	Revision []byte
	Source   []byte
	TraceID  []byte
}

// Unwrap takes off the framing of container runtimes, journald's JSON and
// syslog's header; false when the line has none. A program whose output goes to
// a system log writes its stack traces line by line there too: taken out of
// their frames, the lines can be put together. l is used for its scratch memory.
func (d *Decoder) Unwrap(line []byte, l *Line, f *Frame) bool {
	if d.Unframe(line, l, f) {
		return true
	}
	if len(line) < 2 {
		return false
	}
	switch {
	case line[0] == '{':
		return (d.may(JSON) || d.Format == Journald) && mayBeEntry(line) && d.journal(line, l, f)
	case d.may(Syslog):
		return d.syslogFrame(line, l, f)
	}
	return false
}

// mayBeEntry tells whether an object may be a journal entry, whose first key, as
// every other, is in capitals. It runs for every line that is an object.
func mayBeEntry(line []byte) bool {
	c := line[min(2, len(line)-1)] // behind `{"`
	return (c == '_' || c >= 'A' && c <= 'Z') && bytes.Contains(line, realtimeKey)
}

var realtimeKey = []byte(`"__REALTIME_TIMESTAMP"`)

// journal reads an entry as "journalctl -o json" prints it. Its message stays as the program wrote it.
func (d *Decoder) journal(line []byte, l *Line, f *Frame) bool {
	l.reset()
	if !d.json(line, l) || l.rank[roleTime] != rankJournal || l.rank[roleMessage] == 0 {
		return false
	}
	*f = Frame{Payload: l.Message, Time: l.Time, Zone: l.Zone, Severity: l.Severity, Service: l.Service, Instance: l.Instance, Revision: l.Revision, TraceID: l.TraceID, Source: l.Service}
	for _, a := range l.Attributes {
		if string(a.Key) == "_PID" {
			f.Source = l.joined(l.Service, a.Value)
		}
	}
	return true
}

// joined gives two values with a space between them, in scratch memory.
func (l *Line) joined(a, b []byte) []byte {
	start := len(l.scratch)
	l.scratch = append(append(append(l.scratch, a...), ' '), b...)
	return l.scratch[start:len(l.scratch):len(l.scratch)]
}

// syslogFrame takes off a syslog header: with a priority, of either RFC, or as
// written to a file, "Jan _2 15:04:05 host tag[pid]: " or with an RFC 3339 time.
func (d *Decoder) syslogFrame(line []byte, l *Line, f *Frame) bool {
	switch c := line[0]; {
	case c == '<':
		l.reset()
		if !d.syslogPriority(line, l) || len(l.tag) == 0 {
			return false // who wrote it is not said: nothing to put together
		}
	case c >= 'A' && c <= 'S' || isDigit(c) && len(line) > 20 && line[10] == 'T': // a month or a year
		s, ok := readStamp(line)
		if !ok || !s.dated {
			return false
		}
		l.reset()
		if !d.syslogTag(line[s.width:], l) {
			return false
		}
		if isDigit(line[0]) && l.tag[len(l.tag)-1] != ']' {
			return false // "2026-11-23T15:04:05Z web: ready" may be anything
		}
		d.setTime(l, &s)
	default:
		return false
	}
	*f = Frame{Payload: l.Text, Time: l.Time, Zone: l.Zone, Severity: l.Severity, Service: l.Service, Instance: l.Instance, Revision: l.Revision, TraceID: l.TraceID, Source: l.tag}
	return true
}

// Unframe takes off Docker's json-file or Kubernetes' CRI framing; false when
// the line has neither. l is used for its scratch memory.
func (d *Decoder) Unframe(line []byte, l *Line, f *Frame) bool {
	if len(line) == 0 {
		return false
	}
	if line[0] == '{' {
		return d.docker(line, l, f)
	}
	return isDigit(line[0]) && d.cri(line, f)
}

// docker reads {"log":"...\n","stream":"stdout","time":"..."}.
func (d *Decoder) docker(line []byte, l *Line, f *Frame) bool {
	const head = `{"log":"`
	if len(line) < len(head) || string(line[:len(head)]) != head {
		return false
	}
	payload, escaped, next, ok := quoted(line, len(head)-1)
	if !ok || !bytes.Contains(line[next:], []byte(`"stream":"`)) {
		return false
	}
	if escaped {
		l.scratch = l.scratch[:0]
		payload = l.unescape(payload)
	}
	*f = Frame{Payload: payload, Partial: true}
	if n := len(payload); n > 0 && payload[n-1] == '\n' {
		f.Payload, f.Partial = bytes.TrimSuffix(payload[:n-1], []byte{'\r'}), false
	}
	if _, after, ok := bytes.Cut(line[next:], []byte(`"time":"`)); ok {
		if s, ok := readStamp(after); ok && s.dated {
			f.Time, f.Zone = s.unix(), "Z"
		}
	}
	return true
}

// cri reads "2006-01-02T15:04:05.999999999Z stdout F message".
func (d *Decoder) cri(line []byte, f *Frame) bool {
	if len(line) < 30 || line[4] != '-' || line[10] != 'T' {
		return false
	}
	at := bytes.IndexByte(line[:min(len(line), 40)], ' ')
	if at < 20 || len(line) < at+10 {
		return false
	}
	tail := line[at+1:]
	if string(tail[:3]) != "std" || tail[6] != ' ' || tail[7] != 'F' && tail[7] != 'P' || len(tail) > 8 && tail[8] != ' ' {
		return false
	}
	s, ok := readStamp(line)
	if !ok || !s.dated || s.year == 0 {
		return false
	}
	*f = Frame{Time: s.unix(), Zone: d.zone(s.zone), Partial: tail[7] == 'P'}
	if len(tail) > 9 {
		f.Payload = tail[9:]
	}
	return true
}
