package decode

import "bytes"

// cursorField begins every entry of journald's export format.
const cursorField = "__CURSOR="

// IsExportField tells whether a line looks like one of an entry of journald's
// export format other than the first.
func IsExportField(line []byte) bool {
	at := fieldName(line)
	return at > 0 && !bytes.HasPrefix(line, []byte(cursorField))
}

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
