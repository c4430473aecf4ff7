package decode

import (
	"bytes"
	"encoding/binary"
	"time"

	"selfheal"
)

// maxDepth is how far known objects inside a record are looked into.
const maxDepth = 6

// json reads one JSON object. False says that it is none, or that it cannot be
// followed, and the line must be reset. It does not validate.
func (d *Decoder) json(b []byte, l *Line) bool {
	end, ok := d.object(b, 0, l, spaceTop, 0)
	if !ok || end < len(b) && len(bytes.TrimSpace(b[end:])) > 0 || d.Format == Journald && l.rank[roleTime] != rankJournal {
		return false
	}
	d.finish(l)
	return true
}

// finish settles what only the whole record tells.
func (d *Decoder) finish(l *Line) {
	if l.nanos > 0 && !l.Time.IsZero() {
		l.Time = l.Time.Truncate(time.Second).Add(time.Duration(l.nanos))
	}
	if l.stack != nil && l.rank[roleStack] == 0 {
		if s := l.renderStack(l.stack); len(s) > 0 {
			l.Stack = s
		}
	}
	if l.Severity == selfheal.SeverityUnspecified && l.rank[roleTime] == rankCLEF {
		l.Severity = selfheal.SeverityInfo
	}
	if len(l.Message) > 0 && len(l.Message) < len(l.Error) && bytes.HasPrefix(l.Error, l.Message) {
		l.Message = l.Error // pino's message of an error leaves its causes out
	}
	if l.fromOut && l.rank[roleLevel] == 0 && l.Severity == selfheal.SeverityInfo {
		l.Severity = selfheal.SeverityUnspecified
	}
	if l.Message == nil {
		l.Message = d.restAsMessage(l)
	}
}

// field is the name of a member: its key, the object it stands in, and what it means there.
type field struct {
	key  []byte
	in   space
	role role
	rank uint8
}

// object reads from an opening brace and gives the position after the closing one.
func (d *Decoder) object(b []byte, i int, l *Line, in space, depth int) (int, bool) {
	f := field{in: in}
	i++
	for n := 0; ; n++ {
		if i+1 < len(b) && b[i] == ',' && b[i+1] > ' ' {
			i++
		} else {
			i = skipComma(b, i)
		}
		if i >= len(b) {
			return i, false
		}
		if b[i] == '}' {
			return i + 1, true
		}
		next := 0
		if depth == 0 && n < len(d.keys) {
			next = d.keys[n].read(b, i, &f)
		} else {
			next = f.read(b, i)
		}
		if next == 0 {
			return i, false
		}
		ok := false
		if i, ok = d.value(b, skipSpace(b, next), l, &f, depth); !ok {
			return i, false
		}
	}
}

// read reads a key and its colon, and gives the position after that; 0 when there is none.
func (f *field) read(b []byte, i int) (next int) {
	key, _, next, ok := quoted(b, i)
	next = skipSpace(b, next)
	if !ok || next >= len(b) || b[next] != ':' {
		return 0
	}
	f.key = key
	f.role, f.rank = roleOf(f.in, key)
	return next + 1
}

// knownKey is the key that stood at some place in the record before. A logger
// writes most of its records with the same keys in the same order, so that a key
// need neither be read nor looked up: one comparison finds it.
type knownKey struct {
	words [3]uint64 // `"level":`, eight bytes in each
	masks [3]uint64 // which of their bits count
	size  int       // bytes of it; 0 when nothing is known
	in    space
	role  role
	rank  uint8
}

// maxKnownKeys bounds what is remembered, and maxKnownKey how long it may be, with quotes and colon.
const (
	maxKnownKeys = 32
	maxKnownKey  = 24
)

// read is field.read for the member at the place of k.
func (k *knownKey) read(b []byte, i int, f *field) (next int) {
	if i+maxKnownKey > len(b) || k.size == 0 || k.in != f.in || !k.begins(b[i:i+maxKnownKey]) {
		return k.learn(b, i, f)
	}
	next = i + k.size
	f.key, f.role, f.rank = b[i+1:next-2], k.role, k.rank
	return next
}

func (k *knownKey) begins(b []byte) bool {
	return (binary.LittleEndian.Uint64(b)^k.words[0])&k.masks[0]|
		(binary.LittleEndian.Uint64(b[8:])^k.words[1])&k.masks[1]|
		(binary.LittleEndian.Uint64(b[16:])^k.words[2])&k.masks[2] == 0
}

// learn reads the key at i and remembers it, if it is short and nothing stands between its parts.
func (k *knownKey) learn(b []byte, i int, f *field) (next int) {
	next = f.read(b, i)
	size := next - i
	if size != len(f.key)+len(`"":`) || size > maxKnownKey {
		return next
	}
	var text, mask [maxKnownKey]byte
	for at := range copy(text[:], b[i:next]) {
		mask[at] = 0xff
	}
	*k = knownKey{size: size, in: f.in, role: f.role, rank: f.rank}
	for at := range k.words {
		k.words[at], k.masks[at] = binary.LittleEndian.Uint64(text[8*at:]), binary.LittleEndian.Uint64(mask[8*at:])
	}
	return next
}

// value reads one member's value.
func (d *Decoder) value(b []byte, i int, l *Line, f *field, depth int) (int, bool) {
	if i >= len(b) {
		return i, false
	}
	switch b[i] {
	case '"':
		if end := plainEnd(b, i+1); end < len(b) && b[end] == '"' {
			d.give(l, f, b[i+1:end], true)
			return end + 1, true
		}
		value, _, next, ok := quoted(b, i)
		if !ok {
			return i, false
		}
		d.give(l, f, l.unescape(value), true)
		return next, true
	case '{':
		return d.nestedObject(b, i, l, f, depth)
	case '[':
		end := skipNested(b, i)
		if end > 0 {
			d.array(b[i:end], l, f)
		}
		return end, end > 0
	}
	end := bareEnd(b, i)
	if end == i {
		return i, false
	}
	if string(b[i:end]) != "null" {
		d.give(l, f, b[i:end], false)
	}
	return end, true
}

// nestedObject looks into an object whose key says what it is; any other is an attribute as written.
func (d *Decoder) nestedObject(b []byte, i int, l *Line, f *field, depth int) (int, bool) {
	inner := spaceOf(f.in, f.key)
	if inner != spaceNone && depth < maxDepth {
		end, ok := d.object(b, i, l, inner, depth+1)
		if ok && inner == spaceError && f.in != spaceError && l.stack == nil && hasStructuredStack(b[i:end]) {
			l.stack = b[i:end]
		}
		return end, ok
	}
	end := skipNested(b, i)
	if end > 0 {
		l.Attributes = append(l.Attributes, selfheal.Attribute{Key: f.key, Value: b[i:end]})
	}
	return end, end > 0
}

// array takes the arrays that mean something: OpenTelemetry's attributes, stack
// traces as lists, and the bytes of a journal's message.
func (d *Decoder) array(a []byte, l *Line, f *field) {
	switch inner, role := spaceOf(f.in, f.key), f.role; {
	case inner == spaceFields, inner == spaceResource:
		d.attributeList(a, l, spaceFields)
	case f.in == spaceBody && (string(f.key) == "values" || string(f.key) == "Value"):
		d.attributeList(a, l, spaceTop)
	case role == roleMessage && f.in == spaceTop:
		if text := l.byteArray(a); text != nil {
			d.give(l, f, text, true)
			return
		}
	case (role == roleStack || role == roleError) && l.stack == nil:
		l.stack = a
		return
	}
	l.Attributes = append(l.Attributes, selfheal.Attribute{Key: f.key, Value: a})
}

// restAsMessage makes a message of the fields of a record that has none.
func (d *Decoder) restAsMessage(l *Line) []byte {
	if len(l.Error) > 0 {
		message := l.Error
		l.Error = nil
		return message
	}
	start := len(l.scratch)
	for _, a := range l.Attributes[l.outer:] {
		if len(l.scratch) > start {
			l.scratch = append(l.scratch, ' ')
		}
		l.scratch = append(append(append(l.scratch, a.Key...), '='), a.Value...)
	}
	return l.scratch[start:len(l.scratch):len(l.scratch)]
}
