package group

import (
	"bytes"
	"cmp"
	"strconv"

	"selfheal"
	"selfheal/internal/group/decode"
	"selfheal/internal/group/trace"
)

// Caps on the text that is made of an event which had none.
const (
	maxRawFields = 1 << 10
	maxRawField  = 200
)

// isTransported tells of a record that a transport carried: its attributes are not
// looked at yet, and its exceptions are still text. Others are complete.
func isTransported(r *selfheal.Record) bool {
	return len(r.Exceptions) == 0 && (len(r.Attributes) > 0 || r.Service != "" || r.Instance != "")
}

// transported takes a record whose attributes are those of a log line. What the
// transport states of its own goes before what the attributes say.
func (s *Stream) transported(e *selfheal.Entry, emit Emit) {
	given, l, r := e.Record, &s.spare.line, &s.record
	s.g.decoder.Record(given, l)
	s.fill(l)
	r.Service = cmp.Or(given.Service, r.Service)
	r.Environment = cmp.Or(given.Environment, r.Environment)
	r.Revision = cmp.Or(given.Revision, r.Revision)
	r.Instance = cmp.Or(given.Instance, r.Instance)
	r.TraceID = cmp.Or(given.TraceID, r.TraceID)
	r.Stream, r.Number = cmp.Or(given.Stream, e.Stream, s.name), cmp.Or(given.Number, e.Number)
	if r.Time.IsZero() && !e.Time.IsZero() {
		r.Time, r.Zone = e.Time, "Z"
	}
	if r.Raw = given.Raw; r.Raw == nil {
		r.Raw = s.g.rawTransported(given, l)
	}
	s.sign(l, nil, false, emit)
	trim(l)
}

// rawTransported writes an event the way a logger would print it: the message,
// the stack trace, and of what is at least a warning the further fields. Without
// those it is the message itself. Valid until the next call.
func (g *Grouper) rawTransported(given *selfheal.Record, l *decode.Line) []byte {
	message := given.Message
	fields := given.Severity >= selfheal.SeverityWarn && len(l.Attributes) > 0
	if len(l.Stack) == 0 && len(l.Error) == 0 && len(l.ErrorType) == 0 && !fields {
		return message
	}
	g.raw = append(g.raw[:0], message[:min(len(message), maxSample)]...)
	switch room := max(0, maxSample-len(g.raw)); {
	case len(l.Stack) > 0:
		g.rawLine(bytes.TrimRight(l.Stack[:min(len(l.Stack), room)], "\n"))
	case len(l.ErrorType) > 0 && len(l.Error) > 0:
		g.rawLine(l.ErrorType[:min(len(l.ErrorType), maxRawField)])
		g.raw = append(append(g.raw, ": "...), l.Error[:min(len(l.Error), room)]...)
	case !bytes.Contains(message, l.Error):
		g.rawLine(l.Error[:min(len(l.Error), room)])
	}
	if fields {
		g.rawFields(l.Attributes)
	}
	return g.raw
}

func (g *Grouper) rawLine(text []byte) {
	if len(g.raw) > 0 {
		g.raw = append(g.raw, '\n')
	}
	g.raw = append(g.raw, text...)
}

// rawFields writes fields behind an event, on an indented line, which continues it
// where it is read again as text.
func (g *Grouper) rawFields(attributes []selfheal.Attribute) {
	g.rawLine([]byte(" "))
	start := len(g.raw)
	for _, a := range attributes {
		value := firstLine(a.Value)
		if len(g.raw)-start+len(a.Key)+len(value) > maxRawFields {
			continue
		}
		g.raw = append(append(append(g.raw, ' '), a.Key...), '=')
		g.raw = append(g.raw, value[:min(len(value), maxRawField)]...)
	}
}

// rawException writes an event whose exceptions came as objects.
func (g *Grouper) rawException(r *selfheal.Record) []byte {
	g.raw = g.raw[:0]
	if first := &r.Exceptions[0]; !bytes.Contains(r.Message, []byte(first.Message)) || !bytes.Contains(r.Message, []byte(first.Type)) {
		g.rawLine(firstLine(r.Message))
	}
	for i := range r.Exceptions {
		if x := &r.Exceptions[i]; len(g.raw) < maxSample {
			g.rawLink(x, i > 0)
		}
	}
	if r.Severity >= selfheal.SeverityWarn && len(r.Attributes) > 0 {
		g.rawFields(r.Attributes)
	}
	return g.raw
}

// rawLink writes one exception of a chain with its frames, innermost first.
func (g *Grouper) rawLink(x *selfheal.Exception, cause bool) {
	g.rawLine(nil)
	if cause {
		g.raw = append(g.raw, "Caused by: "...)
	}
	g.raw = append(g.raw, x.Type...)
	if x.Message != "" {
		g.raw = append(append(g.raw, ": "...), x.Message...)
	}
	for i := range x.Frames {
		if len(g.raw) > maxSample {
			return
		}
		f := &x.Frames[i]
		g.raw = append(g.raw, "\n    at "...)
		g.raw = trace.AppendFunction(g.raw, f)
		g.raw = append(append(append(g.raw, " ("...), f.File...), ':')
		g.raw = append(strconv.AppendInt(g.raw, int64(f.Line), 10), ')')
	}
}

// Use makes a stream go on with another Grouper, events that are being assembled
// included: so a Grouper that was used for long can be given up.
func (s *Stream) Use(g *Grouper) {
	s.g = g
	s.sources.each(func(inner *Stream) { inner.Use(g) })
}

// Size is what is kept: the number of signatures, and the bytes of their texts.
func (g *Grouper) Size() (signatures, bytes int) { return g.table.n, g.table.keys.size + g.samples }

// Allow raises or lowers the caps of [Options.MaxSignatures] and [Options.MaxBytes].
// What is kept already stays.
func (g *Grouper) Allow(signatures, bytes int) {
	g.options.MaxSignatures, g.options.MaxBytes = signatures, bytes
}
