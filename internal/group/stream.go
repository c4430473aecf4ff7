package group

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"selfheal"
	"selfheal/internal/group/decode"
	"selfheal/internal/group/trace"
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
		s.unframed(e.Time)
	} else {
		var complete bool
		if line, complete = s.join(f); !complete {
			return
		}
		line = s.unterminal(line)
		s.from = s.g.originOf(f)
		if s.event.open && s.from.source != s.event.origin.source {
			s.flush(emit)
		}
	}
	line = bytes.TrimRight(line, "\r")
	if s.inner || !s.sources.write(s, line, e.Number, emit) {
		s.take(line, e.Number, emit)
	}
}

// unframed sets the origin of a line that has no frame.
func (s *Stream) unframed(when time.Time) {
	if s.from.framed {
		s.from = origin{}
	}
	s.from.time, s.from.zone = when, "Z"
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
	if len(bytes.TrimSpace(line)) == 0 {
		s.event.blanks++
		return
	}
	if line[0] == '{' {
		l := &s.spare.line
		s.g.decoder.Decode(line, l)
		if l.Format == decode.JSON { // complete in itself: no need to wait or to copy
			s.flush(emit)
			s.emit(l, line, nil, number, &s.from, false, emit)
			trim(l)
			return
		}
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

// emit makes the record of a complete event. text is message and following
// lines of a multi-line event, nil for a single line.
func (s *Stream) emit(l *decode.Line, raw, text []byte, number int64, from *origin, uncaught bool, emit Emit) {
	g, r := s.g, &s.record
	*r = selfheal.Record{
		Time: l.Time, Zone: l.Zone, Service: g.names.of(l.Service), Revision: g.names.of(l.Revision), Instance: g.names.of(l.Instance),
		Attributes: l.Attributes, Stream: s.name, Number: number, Raw: raw[:min(len(raw), maxEventBytes)],
	}
	if len(l.TraceID) > 0 && len(l.TraceID) <= 64 {
		r.TraceID = g.traceIDs.copy(l.TraceID)
	}
	from.complete(r)
	if r.Instance == "" {
		r.Instance = s.instance
	}
	if l.Severity == selfheal.SeverityUnspecified {
		l.Severity = from.severity
	}
	var language trace.Language
	r.Exceptions, language = g.exceptions(l, text)
	if len(r.Exceptions) > 0 && !l.Header && shapeOf(l.Message) != shapePlain { // a runtime wrote it: no logger gave it a message
		r.Message = g.exceptionMessage(&r.Exceptions[0])
	} else {
		r.Message = g.messageOf(l, text)
	}
	r.Severity = severityOf(l, r.Exceptions, uncaught)
	r.Binary = !isText(r.Raw)
	emit(r, g.sign(r, language))
}

// complete gives a record what it does not say itself. A clock with a zone goes before one without.
func (o *origin) complete(r *selfheal.Record) {
	if !o.time.IsZero() && (r.Time.IsZero() || r.Zone == "none" && o.zone != "none") {
		r.Time, r.Zone = o.time, o.zone
	}
	if !o.framed {
		return
	}
	if r.Service == "" {
		r.Service = o.service
	}
	if r.Revision == "" {
		r.Revision = o.revision
	}
	if r.Instance == "" {
		r.Instance = o.instance
	}
	if r.TraceID == "" {
		r.TraceID = o.trace
	}
}

// structured takes a record that the source decoded.
func (s *Stream) structured(e *selfheal.Entry, emit Emit) {
	r := &s.record
	*r = *e.Record
	if r.Stream == "" {
		r.Stream = s.name
	}
	if r.Number == 0 {
		r.Number = e.Number
	}
	if r.Time.IsZero() && !e.Time.IsZero() {
		r.Time, r.Zone = e.Time, "Z"
	}
	language := trace.None
	if len(r.Exceptions) == 0 && bytes.IndexByte(r.Message, '\n') >= 0 {
		r.Exceptions, language = s.g.parser.Parse(r.Message)
	}
	emit(r, s.g.sign(r, language))
}

// exceptions reads the stack trace of an event, from a field or from its text.
func (g *Grouper) exceptions(l *decode.Line, text []byte) ([]selfheal.Exception, trace.Language) {
	if g.options.Build {
		m := text
		if m == nil {
			m = l.Message
		}
		if found := g.parser.ParseBuild(m); found != nil {
			return found, trace.None
		}
	}
	switch {
	case len(l.Stack) > 0:
		return g.fieldExceptions(l)
	case text != nil:
		return g.parser.Parse(text)
	case bytes.IndexByte(l.Message, '\n') >= 0, hasPrefix(l.Message, "panic: "), hasPrefix(l.Message, "fatal error: "):
		return g.parser.Parse(l.Message)
	}
	return nil, trace.None
}

// fieldExceptions reads a stack field; what it does not say of type and message, other fields do.
func (g *Grouper) fieldExceptions(l *decode.Line) ([]selfheal.Exception, trace.Language) {
	exceptions, language := g.parser.Parse(l.Stack)
	if len(exceptions) == 0 {
		return nil, trace.None
	}
	e := &exceptions[0]
	if len(l.ErrorType) > 0 && (e.Type == "error" || e.Type == "Error") {
		e.Type = string(l.ErrorType)
	}
	if e.Message == "" {
		e.Message = string(bytes.ToValidUTF8(firstLine(l.Error), nil))
	}
	if e.Message == "" && e.Type == "error" {
		e.Message = string(bytes.ToValidUTF8(firstLine(l.Message), nil))
	}
	return exceptions, language
}

// messageOf gives the text that identifies an event: its first line with words
// in it, and behind it the text of its error field and the HTTP status of a
// request that failed, because loggers put those beside a constant message.
func (g *Grouper) messageOf(l *decode.Line, text []byte) []byte {
	m := firstLine(l.Message)
	if text != nil && (l.Heading || len(bytes.TrimSpace(m)) == 0) { // the message is the next line
		if lines := bytes.SplitN(text, []byte{'\n'}, 3); len(lines) > 1 {
			m = bytes.TrimSpace(lines[1])
		}
	} else if text != nil && len(bytes.Trim(m, "{}[]() \t:-=*#")) == 0 { // "{" alone says nothing
		if lines := bytes.SplitN(text, []byte{'\n'}, 3); len(lines) > 1 {
			m = text[:len(lines[0])+1+len(lines[1])]
		}
	}
	failed := l.Status >= 400
	brief := len(l.Error) == 0 || bytes.Contains(m, l.Error)
	if brief && !failed {
		return m
	}
	g.message = append(g.message[:0], m...)
	if !brief {
		if len(m) > 0 {
			g.message = append(g.message, ": "...)
		}
		g.message = append(g.message, l.Error...)
	}
	if failed {
		g.message = strconv.AppendInt(append(g.message, " status="...), int64(l.Status), 10)
	}
	return g.message
}

// exceptionMessage gives "Type: message", the way most runtimes write it.
func (g *Grouper) exceptionMessage(e *selfheal.Exception) []byte {
	g.message = append(g.message[:0], e.Type...)
	if e.Message != "" {
		g.message = append(append(g.message, ": "...), e.Message...)
	}
	return firstLine(g.message)
}

// isText tells whether an event's beginning looks like text: valid UTF-8 without NUL.
func isText(b []byte) bool {
	if len(b) > 4096 {
		b = b[:4096]
		for len(b) > 0 && !utf8.RuneStart(b[len(b)-1]) {
			b = b[:len(b)-1]
		}
		b = b[:max(0, len(b)-1)]
	}
	return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0
}

// unterminal removes the escape sequences by which programs colour their output.
func (s *Stream) unterminal(line []byte) []byte {
	at := bytes.IndexByte(line, 0x1b)
	if at < 0 {
		return line
	}
	s.plain = append(s.plain[:0], line[:at]...)
	for at < len(line) {
		if line[at] == 0x1b {
			at = escapeEnd(line, at)
			continue
		}
		s.plain = append(s.plain, line[at])
		at++
	}
	return s.plain
}

// escapeEnd gives the position after the escape sequence at i: CSI and OSC (ECMA-48), else two bytes.
func escapeEnd(b []byte, i int) int {
	if i+1 >= len(b) {
		return len(b)
	}
	switch b[i+1] {
	case '[':
		for i += 2; i < len(b); i++ {
			if b[i] >= 0x40 && b[i] <= 0x7e {
				return i + 1
			}
		}
		return len(b)
	case ']':
		for i += 2; i < len(b); i++ {
			if b[i] == 0x07 || b[i] == 0x1b {
				return i + 1
			}
		}
		return len(b)
	}
	return i + 2
}

// texts makes strings of short texts that have nothing in common, with one allocation for many.
type texts struct{ block strings.Builder }

// textBlock is how much is allocated at once. One text that is kept keeps its block.
const textBlock = 4 << 10

func (t *texts) copy(b []byte) string {
	if t.block.Cap()-t.block.Len() < len(b) {
		t.block = strings.Builder{}
		t.block.Grow(textBlock)
	}
	start := t.block.Len()
	t.block.Write(b)
	return t.block.String()[start:]
}

// names interns the few values that services, revisions and hosts have.
type names map[string]string

// maxNames bounds the interned values; further ones are allocated each time.
const maxNames = 4096

func (n *names) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := (*n)[string(b)]; ok {
		return s
	}
	s := string(bytes.ToValidUTF8(b[:min(len(b), 256)], nil))
	if *n == nil {
		*n = make(names)
	}
	if len(*n) < maxNames {
		(*n)[s] = s
	}
	return s
}
