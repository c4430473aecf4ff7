package group

import (
	"bytes"
	"cmp"
	"time"

	"selfheal"
	"selfheal/internal/group/decode"
)

// Caps on one assembled event. Lines beyond them still belong to the event but are not kept.
const (
	maxEventLines = 256
	maxEventBytes = 64 << 10
)

// maxLine is how much of one line is decoded; what lies behind it is not looked at.
const maxLine = 1 << 20

// Stream decodes and assembles the entries of one file, container or connection.
type Stream struct {
	g        *Grouper
	name     string
	splitter decode.Splitter
	frame    decode.Line // scratch memory of the framing
	wrapped  decode.Frame
	from     origin  // of the line at hand
	plain    []byte  // a line without its terminal escapes
	partial  []byte  // a line that the container runtime split, as far as it was seen
	sources  sources // of a stream in which several write by turns
	instance string  // of records that state none
	inner    bool    // it is one of several sources already
	spare    *event
	event    *event
	record   selfheal.Record
}

// event is a multi-line event that may still go on.
type event struct {
	open   bool
	line   decode.Line // the first line, decoded; its slices point into buf
	buf    []byte
	head   int // length of the first line
	lines  int
	blanks int // blank lines since the last line
	linked bool
	shape  shape
	number int64
	origin origin
}

// origin is what the transport and a line's frame say of it.
type origin struct {
	framed                      bool
	time                        time.Time
	zone                        string // as selfheal.Record.Zone
	severity                    selfheal.Severity
	service, revision, instance string
	trace                       string
	source                      string // lines of two sources are never parts of one event
}

// Stream opens a stream. name becomes Record.Stream.
func (g *Grouper) Stream(name string) *Stream {
	return &Stream{g: g, name: name, spare: new(event), event: new(event)}
}

// Write takes the next entry of the stream and emits the events that are complete.
func (s *Stream) Write(e *selfheal.Entry, emit Emit) {
	if e.Record != nil {
		s.flush(emit)
		s.structured(e, emit)
		return
	}
	if !s.splitter.Take(e.Line) {
		s.line(e.Line, e, emit)
		return
	}
	for line := s.splitter.Next(); line != nil; line = s.splitter.Next() {
		s.line(line, e, emit)
	}
}

// line takes one line that is an event or a part of one.
func (s *Stream) line(line []byte, e *selfheal.Entry, emit Emit) {
	if len(line) > maxLine {
		line = line[:maxLine]
	}
	line = s.unterminal(line)
	f := &s.wrapped
	if !s.g.decoder.Unwrap(line, &s.frame, f) {
		s.unpartial(emit) // what is not framed does not go on with what was
		s.unframed(e)
	} else {
		var complete bool
		if line, complete = s.join(f); !complete {
			return
		}
		line = s.unterminal(line)
		s.from = s.g.originOf(f)
		s.from.add(e)
		if s.event.open && s.from.source != s.event.origin.source {
			s.flush(emit)
		}
	}
	for len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	if s.inner || opensObject(line) || !s.sources.write(s, line, e.Number, emit) {
		s.take(line, e.Number, emit)
	}
}

// opensObject tells, at a glance, of a line that may be a JSON object, and so names no source and is not blank.
func opensObject(line []byte) bool { return len(line) > 0 && line[0] == '{' }

// unframed sets the origin of a line that has no frame.
func (s *Stream) unframed(e *selfheal.Entry) {
	if s.from.framed {
		s.from = origin{}
	}
	s.from.time, s.from.zone = e.Time, "Z"
	s.from.add(e)
}

// add takes what the transport knows and a frame did not say.
func (o *origin) add(e *selfheal.Entry) {
	t := e.Origin
	if t == nil {
		return
	}
	if !o.framed || o.time.IsZero() {
		o.time, o.zone = e.Time, "Z"
	}
	o.framed = true
	if o.severity == selfheal.SeverityUnspecified {
		o.severity = t.Severity
	}
	o.service, o.revision = cmp.Or(o.service, t.Service), cmp.Or(o.revision, t.Revision)
	o.instance, o.trace = cmp.Or(o.instance, t.Instance), cmp.Or(o.trace, t.TraceID)
}

// known is the origin as an entry carries it; nil where nothing but the time is known.
func (o *origin) known() *selfheal.Origin {
	if !o.framed {
		return nil
	}
	return &selfheal.Origin{Severity: o.severity, Service: o.service, Revision: o.revision, Instance: o.instance, TraceID: o.trace}
}

func (g *Grouper) originOf(f *decode.Frame) origin {
	from := origin{
		framed: true,
		time:   f.Time, zone: f.Zone, severity: f.Severity,
		service: g.names.of(f.Service), revision: g.names.of(f.Revision), instance: g.names.of(f.Instance), source: g.names.of(f.Source),
	}
	if len(f.TraceID) > 0 && len(f.TraceID) <= 64 {
		from.trace = string(f.TraceID)
	}
	return from
}

// Close emits the event that is still open. The stream may be written again.
func (s *Stream) Close(emit Emit) {
	if line := s.splitter.Close(); line != nil {
		s.line(line, &selfheal.Entry{}, emit)
	}
	s.unpartial(emit)
	s.flush(emit)
	s.sources.each(func(inner *Stream) { inner.Close(emit) })
}

// Flush emits the events that are still open, for a live stream that was silent
// for a while. A line of which the container runtime has sent only a part goes on
// waiting for its end.
func (s *Stream) Flush(emit Emit) {
	s.flush(emit)
	s.sources.each(func(inner *Stream) { inner.Flush(emit) })
}

// unpartial takes a split line whose end never came.
func (s *Stream) unpartial(emit Emit) {
	if len(s.partial) > 0 {
		line := s.partial
		s.partial = nil
		s.from = origin{}
		s.take(line, 0, emit)
	}
}

// join puts together what the container runtime split; false while more is to come.
func (s *Stream) join(f *decode.Frame) ([]byte, bool) {
	if !f.Partial && len(s.partial) == 0 {
		return f.Payload, true
	}
	if room := 4*maxEventBytes - len(s.partial); room > 0 {
		s.partial = append(s.partial, f.Payload[:min(len(f.Payload), room)]...)
	}
	if f.Partial {
		return nil, false
	}
	line := s.partial
	s.partial = s.partial[:0]
	return line, true
}

// take assembles one physical line into events.
func (s *Stream) take(line []byte, number int64, emit Emit) {
	if opensObject(line) {
		l := &s.spare.line
		s.g.decoder.Decode(line, l)
		if l.Format == decode.JSON { // complete in itself: no need to wait or to copy
			s.flush(emit)
			s.emit(l, line, nil, number, &s.from, false, emit)
			trim(l)
			return
		}
	} else if len(bytes.TrimSpace(line)) == 0 {
		s.event.blanks++
		return
	}
	if s.event.open && (line[0] == ' ' || line[0] == '\t') && s.event.continues(line) {
		s.event.append(line)
		return
	}
	next := s.spare
	next.buf = append(next.buf[:0], line...)
	s.g.decoder.Decode(next.buf, &next.line)
	if s.event.open && !next.line.Header && s.event.continues(line) {
		s.event.append(line)
		return
	}
	if s.event.open && s.event.isLoggingHead() && next.line.Time.IsZero() && next.line.Severity != selfheal.SeverityUnspecified {
		next.line.Time, next.line.Zone = s.event.line.Time, s.event.line.Zone
		number = s.event.number
	} else {
		s.flush(emit)
	}
	s.event, s.spare = s.spare, s.event
	s.event.begin(number, &s.from)
}

// isLoggingHead tells of the first of the two lines that java.util.logging
// writes: time, class and method, and on the next line the level and the message.
func (ev *event) isLoggingHead() bool {
	return ev.lines == 1 && !ev.line.Time.IsZero() && ev.line.Severity == selfheal.SeverityUnspecified && ev.line.Format == decode.Plain &&
		bytes.Count(ev.line.Message, []byte{' '}) == 1
}

func (ev *event) begin(number int64, from *origin) {
	ev.open, ev.linked = true, false
	ev.head, ev.lines, ev.blanks = len(ev.buf), 1, 0
	ev.number, ev.origin = number, *from
	ev.shape = shapeOf(ev.line.Message)
}

// append adds a further line to the event, as far as the caps allow.
func (ev *event) append(line []byte) {
	ev.linked = isPythonLink(line)
	if ev.lines < maxEventLines && len(ev.buf)+len(line)+2 <= maxEventBytes {
		if ev.blanks > 0 {
			ev.buf = append(ev.buf, '\n')
		}
		ev.buf = append(append(ev.buf, '\n'), line...)
	}
	ev.lines++
	ev.blanks = 0
}

// flush emits the open event, if there is one.
func (s *Stream) flush(emit Emit) {
	ev := s.event
	if !ev.open {
		return
	}
	ev.open = false
	var text []byte
	switch {
	case ev.lines == 1, s.isObject(ev):
	case ev.line.Format == decode.Logfmt:
		text = ev.buf
	default:
		text = ev.buf[ev.head-min(ev.head, len(ev.line.Text)):]
	}
	s.emit(&ev.line, ev.buf, text, ev.number, &ev.origin, ev.shape == shapeExcerpt && ev.lines > 2, emit)
	if cap(ev.buf) > 2*maxEventBytes {
		ev.buf = nil
		ev.line = decode.Line{}
	}
	trim(&ev.line)
}

// isObject decodes a record that is one object over several lines, as consoles of
// OpenTelemetry and pretty printers write it; false when it is something else.
func (s *Stream) isObject(ev *event) bool {
	if ev.buf[0] != '{' {
		return false
	}
	s.g.decoder.Decode(ev.buf, &ev.line)
	if ev.line.Format == decode.JSON && (!ev.line.Time.IsZero() || ev.line.Severity != selfheal.SeverityUnspecified) {
		return true
	}
	s.g.decoder.Decode(ev.buf[:ev.head], &ev.line)
	return false
}

// maxAttributes is how many fields a line may have before it is unusual.
const maxAttributes = 16 << 10

// trim gives back the memory that an unusual line took for its fields.
func trim(l *decode.Line) {
	if cap(l.Attributes) > maxAttributes {
		*l = decode.Line{}
	}
}
