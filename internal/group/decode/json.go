package decode

import (
	"bytes"
	"unicode/utf8"

	"selfheal"
)

// maxDepth is how far known objects inside a record are looked into.
const maxDepth = 4

// json reads one JSON object; false when the line is none. It does not validate:
// what it cannot follow makes the line plain text.
func (d *Decoder) json(b []byte, l *Line) bool {
	attributes := len(l.Attributes)
	end, ok := d.object(b, 0, l, spaceTop, 0)
	if !ok || len(bytes.TrimSpace(b[end:])) > 0 {
		l.reset()
		l.Attributes = l.Attributes[:attributes]
		return false
	}
	if l.Message == nil {
		l.Message = d.restAsMessage(l)
	}
	return true
}

// object reads from an opening brace and gives the position after the closing one.
func (d *Decoder) object(b []byte, i int, l *Line, in space, depth int) (int, bool) {
	i++
	for {
		i = skipSpace(b, i)
		if i < len(b) && b[i] == ',' {
			i = skipSpace(b, i+1)
		}
		if i >= len(b) {
			return i, false
		}
		if b[i] == '}' {
			return i + 1, true
		}
		key, _, next, ok := quoted(b, i)
		if !ok {
			return i, false
		}
		i = skipSpace(b, next)
		if i >= len(b) || b[i] != ':' {
			return i, false
		}
		if i, ok = d.value(b, skipSpace(b, i+1), l, in, key, depth); !ok {
			return i, false
		}
	}
}

// value reads one member's value.
func (d *Decoder) value(b []byte, i int, l *Line, in space, key []byte, depth int) (int, bool) {
	if i >= len(b) {
		return i, false
	}
	switch b[i] {
	case '"':
		value, escaped, next, ok := quoted(b, i)
		if !ok {
			return i, false
		}
		if escaped {
			value = l.unescape(value)
		}
		d.set(l, in, key, value, true)
		return next, true
	case '{':
		if inner := spaceOf(in, key); inner != spaceNone && depth < maxDepth {
			return d.object(b, i, l, inner, depth+1)
		}
		fallthrough
	case '[':
		end := skipNested(b, i)
		if end > 0 {
			l.Attributes = append(l.Attributes, selfheal.Attribute{Key: key, Value: b[i:end]})
		}
		return end, end > 0
	}
	end := i
	for end < len(b) && b[end] > ' ' && b[end] != ',' && b[end] != '}' && b[end] != ']' {
		end++
	}
	if end == i {
		return i, false
	}
	if string(b[i:end]) != "null" {
		d.set(l, in, key, b[i:end], false)
	}
	return end, true
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// quoted reads a string from its opening quote. The value is as written.
func quoted(b []byte, i int) (value []byte, escaped bool, next int, ok bool) {
	if i >= len(b) || b[i] != '"' {
		return nil, false, i, false
	}
	start := i + 1
	for i = start; i < len(b); i++ {
		switch b[i] {
		case '"':
			return b[start:i], escaped, i + 1, true
		case '\\':
			escaped = true
			i++
		}
	}
	return nil, false, i, false
}

// skipNested gives the position after a nested object or array, however deep; 0 when it does not end.
func skipNested(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			_, _, next, ok := quoted(b, i)
			if !ok {
				return 0
			}
			i = next
			continue
		}
		i++
	}
	return 0
}

// unescape resolves a JSON string's escapes into the line's scratch memory.
func (l *Line) unescape(b []byte) []byte {
	start := len(l.scratch)
	out := l.scratch
	for len(b) > 0 {
		at := bytes.IndexByte(b, '\\')
		if at < 0 || at+1 >= len(b) {
			out = append(out, b...)
			break
		}
		out = append(out, b[:at]...)
		c := b[at+1]
		b = b[at+2:]
		switch c {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case 'b', 'f':
			out = append(out, ' ')
		case 'u':
			var r rune
			r, b = unicodeEscape(b)
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	l.scratch = out
	return out[start:len(out):len(out)]
}

// unicodeEscape reads four hexadecimal digits, and a second escape when they are half of a pair.
func unicodeEscape(b []byte) (rune, []byte) {
	high, ok := hex4(b)
	if !ok {
		return utf8.RuneError, b
	}
	b = b[4:]
	if high < 0xD800 || high > 0xDFFF {
		return high, b
	}
	if len(b) >= 6 && b[0] == '\\' && b[1] == 'u' {
		if low, ok := hex4(b[2:]); ok && high < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF {
			return (high-0xD800)<<10 + (low - 0xDC00) + 0x10000, b[6:]
		}
	}
	return utf8.RuneError, b
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// restAsMessage makes a message of the fields of a record that has none.
func (d *Decoder) restAsMessage(l *Line) []byte {
	if len(l.Error) > 0 {
		message := l.Error
		l.Error = nil
		return message
	}
	start := len(l.scratch)
	for _, a := range l.Attributes {
		if len(l.scratch) > start {
			l.scratch = append(l.scratch, ' ')
		}
		l.scratch = append(append(append(l.scratch, a.Key...), '='), a.Value...)
	}
	return l.scratch[start:len(l.scratch):len(l.scratch)]
}
