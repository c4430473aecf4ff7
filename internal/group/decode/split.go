package decode

// maxEntry bounds what is kept of one entry of a journal; the rest of it is skipped.
const maxEntry = 1 << 20

// Splitter makes lines of one event each out of the two formats that are written
// otherwise: OTLP/JSON, where a line holds a batch of records, and journald's
// export format, where an entry is a line per field. What it hands out is JSON,
// and would be let through by another Splitter.
//
// The zero value is ready. A Splitter serves one stream; what it keeps is bounded
// by the longest line or one entry.
type Splitter struct {
	batch batch
	entry entry
	ready bool   // an entry waits to be handed out
	rest  []byte // a line behind it that is none of its fields
}

// Take gives the next line of the stream, without its line ending. False says that the line
// is an event, or a part of one, as it is; true that events, if any are complete, are had by Next.
// The line must stay unchanged until Next gave nil.
func (s *Splitter) Take(line []byte) bool {
	if s.entry.open {
		taken, complete := s.entry.add(line)
		s.ready = complete
		if !taken {
			s.rest = line
		}
		return true
	}
	if len(line) < len(cursorField) {
		return false
	}
	switch line[0] {
	case '_':
		if string(line[:len(cursorField)]) != cursorField {
			return false
		}
		s.entry.begin(line)
		return true
	case '{':
		if c := line[2]; c != 'r' && c != '"' && c > ' ' { // behind `{"`, or with a space in between
			return false
		}
		return s.batch.open(line)
	}
	return false
}

// Next gives the next event; nil when there is none. It is valid until the next call.
func (s *Splitter) Next() []byte {
	if s.ready {
		s.ready = false
		return s.entry.event()
	}
	if line := s.rest; line != nil {
		s.rest = nil
		return line
	}
	return s.batch.next()
}

// Close gives the entry that the end of the stream completes, or nil. The Splitter may be used again.
func (s *Splitter) Close() []byte {
	e := &s.entry
	if !e.open {
		return nil
	}
	if len(e.name) > 0 && len(e.binary) > 8 {
		e.field(e.name, e.binary[8:])
	}
	e.open = false
	return e.event()
}
