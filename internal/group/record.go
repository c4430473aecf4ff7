package group

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"selfheal"
	"selfheal/internal/group/decode"
	"selfheal/internal/group/trace"
)

// emit makes the record of a complete event. text is message and following
// lines of a multi-line event, nil for a single line.
func (s *Stream) emit(l *decode.Line, raw, text []byte, number int64, from *origin, uncaught bool, emit Emit) {
	r := &s.record
	s.fill(l)
	r.Stream, r.Number, r.Raw = s.name, number, raw[:min(len(raw), maxEventBytes)]
	from.complete(r)
	if r.Instance == "" {
		r.Instance = s.instance
	}
	if l.Severity == selfheal.SeverityUnspecified {
		l.Severity = from.severity
	}
	s.sign(l, text, uncaught, emit)
}

// fill makes a record of what a line says.
func (s *Stream) fill(l *decode.Line) {
	names := &s.g.names
	s.record = selfheal.Record{
		Time: l.Time, Zone: l.Zone, Service: names.of(l.Service), Environment: names.of(l.Environment), Revision: names.of(l.Revision),
		Instance: names.of(l.Instance), Attributes: l.Attributes,
	}
	if len(l.TraceID) > 0 && len(l.TraceID) <= 64 {
		s.record.TraceID = s.g.traceIDs.copy(l.TraceID)
	}
}

// sign finds the exceptions, message, severity and signature of the record, and emits it.
func (s *Stream) sign(l *decode.Line, text []byte, uncaught bool, emit Emit) {
	g, r := s.g, &s.record
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
	if isTransported(e.Record) {
		s.transported(e, emit)
		return
	}
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
	if r.Raw == nil && len(r.Exceptions) > 0 {
		r.Raw = s.g.rawException(r)
	}
	language := trace.None
	if len(r.Exceptions) == 0 && bytes.IndexByte(r.Message, '\n') >= 0 {
		r.Exceptions, language = s.g.parser.Parse(r.Message)
	}
	emit(r, s.g.sign(r, language))
}

// exceptions reads the stack trace of an event, from a field or from its text.
func (g *Grouper) exceptions(l *decode.Line, text []byte) ([]selfheal.Exception, trace.Language) {
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
