package decode

import "bytes"

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

// batch walks over the records of one line of OTLP/JSON.
type batch struct {
	resources, scopes, records []byte // what is left of each array
	about                      []byte // the resource, as written
	budget                     int    // bytes of resources that may still be repeated
	out                        []byte
}

// open begins a line; false when it is no batch.
func (o *batch) open(line []byte) bool {
	at := skipSpace(line, 1)
	name, _, next, ok := quoted(line, at)
	if !ok || string(name) != "resourceLogs" && string(name) != "resource_logs" {
		return false
	}
	next = skipSpace(line, next)
	if next >= len(line) || line[next] != ':' {
		return false
	}
	next = skipSpace(line, next+1)
	if next >= len(line) || line[next] != '[' {
		return false
	}
	*o = batch{resources: line[next+1:], budget: 64*len(line) + maxEntry, out: o.out}
	return true
}

// next writes the next record with its resource before its own fields. A record
// that the source cut off in the middle is handed out as it is.
func (o *batch) next() []byte {
	for {
		if record := pop(&o.records); record != nil {
			return o.event(record)
		}
		if scope := pop(&o.scopes); scope != nil {
			o.records = elements(scope, "logRecords", "log_records")
			continue
		}
		resource := pop(&o.resources)
		if resource == nil {
			return nil
		}
		o.scopes, o.about = elements(resource, "scopeLogs", "scope_logs"), memberValue(resource, "resource")
	}
}

func (o *batch) event(record []byte) []byte {
	if record[0] != '{' || len(record) < 2 {
		return record
	}
	o.out = append(o.out[:0], '{')
	if o.budget -= len(o.about); len(o.about) > 0 && o.budget > 0 {
		o.out = append(append(o.out, `"resource":`...), o.about...)
		if record[skipSpace(record, 1)] != '}' {
			o.out = append(o.out, ',')
		}
	}
	o.out = append(o.out, record[1:]...)
	return o.out
}

// pop takes the first element off what is left of an array; one that is cut off is the last.
func pop(array *[]byte) []byte {
	i := skipComma(*array, 0)
	if i >= len(*array) || (*array)[i] == ']' {
		*array = nil
		return nil
	}
	end := valueEnd(*array, i)
	if end <= i {
		end = len(*array)
	}
	element := (*array)[i:end]
	*array = (*array)[end:]
	return element
}

// elements gives the inside of the array under one of two names in an object, cut off or not.
func elements(object []byte, name, other string) []byte {
	v := memberValue(object, name)
	if v == nil {
		v = memberValue(object, other)
	}
	if len(v) == 0 || v[0] != '[' {
		return nil
	}
	return v[1:]
}

// memberValue gives the value under a name in an object; of an object that is cut off, what is there of it.
func memberValue(object []byte, name string) []byte {
	for i := 1; ; {
		key, _, next, ok := quoted(object, skipComma(object, i))
		if !ok {
			return nil
		}
		next = skipSpace(object, next)
		if next >= len(object) || object[next] != ':' {
			return nil
		}
		i = skipSpace(object, next+1)
		end := valueEnd(object, i)
		if end <= i {
			end = len(object)
		}
		if string(key) == name {
			return object[i:end]
		}
		if i = end; i >= len(object) {
			return nil
		}
	}
}

// cursorField begins every entry of journald's export format.
const cursorField = "__CURSOR="

// entry gathers the fields of one journal entry (systemd.io/JOURNAL_EXPORT_FORMATS).
type entry struct {
	open   bool
	out    []byte // the fields so far, as members of a JSON object
	name   []byte // of a binary field that has begun
	binary []byte // its length and value so far
	pieces int    // lines they came in
	seen   uint64 // bytes of them, those that were not kept included
}

func (e *entry) begin(line []byte) {
	e.open, e.out, e.name = true, append(e.out[:0], '{'), e.name[:0]
	e.add(line)
}

// add takes a line of the entry. A line that is no field ends it, as an empty
// one does, and is not taken: the stream left the format.
func (e *entry) add(line []byte) (taken, complete bool) {
	if len(e.name) > 0 {
		if e.goOn(line) {
			return true, false
		}
	}
	at := fieldName(line)
	switch {
	case len(line) == 0:
		e.open = false
		return true, true
	case at == 0:
		e.open = false
		return false, true
	case at == len(line):
		e.name, e.binary, e.pieces, e.seen = append(e.name[:0], line...), e.binary[:0], 0, 0
	default:
		e.field(line[:at], line[at+1:])
	}
	return true, false
}

// goOn adds a line to a binary field: eight bytes of length, little-endian, the
// value, and a line break, any of which may hold what a reader of lines took for
// the end of one. False when the lengths do not fit: the line is a field of its own.
func (e *entry) goOn(line []byte) bool {
	before := len(e.binary)
	if e.pieces > 0 {
		e.binary = append(e.binary, '\n')
		e.seen++
	}
	e.pieces++
	e.binary = append(e.binary, line[:min(len(line), max(0, maxEntry-len(e.binary)))]...)
	e.seen += uint64(len(line))
	if e.seen < 8 {
		return true
	}
	var size uint64
	for i, c := range e.binary[:8] {
		size |= uint64(c) << (8 * i)
	}
	switch {
	case e.seen-8 < size:
		return true
	case e.seen-8 == size:
		e.field(e.name, e.binary[8:])
		e.name = e.name[:0]
		return true
	}
	e.field(e.name, e.binary[min(8, before):before]) // a carriage return was taken for part of a line ending
	e.name = e.name[:0]
	return false
}

// fieldName gives the width of the name at the beginning of a field; 0 when the line is no field.
func fieldName(line []byte) int {
	for i, c := range line {
		switch {
		case c == '=' && i > 0:
			return i
		case c >= 'A' && c <= 'Z', c == '_', c >= '0' && c <= '9' && i > 0:
		default:
			return 0
		}
		if i > maxKey {
			return 0
		}
	}
	return len(line)
}

// field adds a member to the object.
func (e *entry) field(name, value []byte) {
	if len(e.out)+len(name)+len(value) > maxEntry {
		return
	}
	if len(e.out) > 1 {
		e.out = append(e.out, ',')
	}
	e.out = append(append(append(e.out, '"'), name...), `":`...)
	e.out = appendQuoted(e.out, value)
}

func (e *entry) event() []byte {
	e.out = append(e.out, '}')
	return e.out
}

// appendQuoted writes bytes as a JSON string; those that are no UTF-8 stay as they are.
func appendQuoted(dst, value []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for len(value) > 0 {
		at := bytes.IndexFunc(value, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' })
		if at < 0 {
			dst = append(dst, value...)
			break
		}
		dst = append(dst, value[:at]...)
		switch c := value[at]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		value = value[at+1:]
	}
	return append(dst, '"')
}
