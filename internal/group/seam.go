package group

import (
	"bytes"

	"selfheal/internal/group/decode"
)

// Seams finds the lines at which a stream can be divided, so that its parts can
// be grouped apart with the result of the whole. It is not safe for concurrent use.
type Seams struct {
	stream *Stream
	line   decode.Line
	source []byte // of the line before
}

// NewSeams makes a Seams for groupers with these options.
func NewSeams(o Options) *Seams {
	return &Seams{stream: New(o).Stream("")}
}

// Begins tells whether a line begins an event whatever came before it, and
// states its time itself, so that it need not be taken over from an earlier
// record. previous is the line before it. In a log of which some lines name an
// inner source ("api-1  | ...") and others do not, an event of such a source may be
// open further above; it then ends at the seam.
func (s *Seams) Begins(previous, line []byte) bool {
	var f decode.Frame
	decoder := &s.stream.g.decoder
	before := s.stream.unterminal(previous)
	if decoder.Unwrap(before, &s.line, &f) {
		if before = s.stream.unterminal(f.Payload); f.Partial {
			return false
		}
	}
	if source, _ := cutSource(before); source != nil {
		return false // its event may still go on
	}
	s.source = append(s.source[:0], f.Source...)
	line = s.stream.unterminal(line)
	framed := decoder.Unwrap(line, &s.stream.frame, &f)
	if framed {
		if line = s.stream.unterminal(f.Payload); f.Partial {
			return false
		}
	}
	line = bytes.TrimRight(line, "\r")
	if source, _ := cutSource(line); source != nil {
		return false // events of other sources may still go on
	}
	if decode.IsExportField(line) {
		return false // of a journald entry, which only its cursor begins
	}
	if len(line) == 0 || line[0] == ' ' || line[0] == '\t' {
		return false
	}
	if framed && !f.Time.IsZero() && len(f.Source) > 0 && len(s.source) > 0 && !bytes.Equal(f.Source, s.source) {
		return true // an event never goes on from one sender's line to another's
	}
	decoder.Decode(line, &s.line)
	if line[0] == '{' && s.line.Format == decode.JSON {
		return !s.line.Time.IsZero() || framed && !f.Time.IsZero()
	}
	return s.line.Header && !s.line.Time.IsZero()
}
