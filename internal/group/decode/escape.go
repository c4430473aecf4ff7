package decode

import (
	"bytes"
	"unicode/utf8"
)

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
			if !bytes.HasPrefix(b, []byte(`\n`)) { // a line break of Windows is one of ours
				out = append(out, '\r')
			}
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

// str gives the text of a value as written: a string without quotes and escapes, anything else as it is; nil for null.
func (l *Line) str(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		if string(value) == "null" {
			return nil
		}
		return value
	}
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return l.unescape(inner)
}

// byteArray reads an array of byte values, as journalctl writes a message that is no UTF-8; nil when it is something else.
func (l *Line) byteArray(a []byte) []byte {
	start := len(l.scratch)
	for value, i := nextElement(a, 1); value != nil; value, i = nextElement(a, i) {
		n, ok := integer(value)
		if !ok || n > 255 {
			l.scratch = l.scratch[:start]
			return nil
		}
		l.scratch = append(l.scratch, byte(n))
	}
	return l.scratch[start:len(l.scratch):len(l.scratch)]
}
