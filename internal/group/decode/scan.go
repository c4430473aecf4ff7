package decode

import (
	"encoding/binary"
	"math/bits"
)

// member is one key and value of a JSON object, the value as written.
type member struct{ key, value []byte }

// eachMember calls visit for the members of an object, as far as it can be followed.
func eachMember(object []byte, visit func(m member)) {
	for i := 1; ; {
		i = skipComma(object, i)
		key, _, next, ok := quoted(object, i)
		if !ok {
			return
		}
		i = skipSpace(object, next)
		if i >= len(object) || object[i] != ':' {
			return
		}
		i = skipSpace(object, i+1)
		end := valueEnd(object, i)
		if end <= i {
			return
		}
		visit(member{key, object[i:end]})
		i = end
	}
}

// nextElement gives the value at or behind i in an array and the position after it; nil at the end.
func nextElement(array []byte, i int) (value []byte, next int) {
	i = skipComma(array, i)
	if i >= len(array) || array[i] == ']' {
		return nil, i
	}
	end := valueEnd(array, i)
	if end <= i {
		return nil, i
	}
	return array[i:end], end
}

// valueEnd gives the position after the value at i; 0 when it does not end.
func valueEnd(b []byte, i int) int {
	if i >= len(b) {
		return 0
	}
	switch b[i] {
	case '"':
		_, _, next, ok := quoted(b, i)
		if !ok {
			return 0
		}
		return next
	case '{', '[':
		return skipNested(b, i)
	}
	return bareEnd(b, i)
}

// bareEnd gives the position after a number or a word.
func bareEnd(b []byte, i int) int {
	for i < len(b) && !endsBare[b[i]] {
		i++
	}
	return i
}

// endsBare has the bytes that end a number or a word.
var endsBare = makeEndsBare()

func makeEndsBare() (t [256]bool) {
	for c := range byte(' ' + 1) {
		t[c] = true
	}
	t[','], t['}'], t[']'] = true, true, true
	return t
}

func skipComma(b []byte, i int) int {
	i = skipSpace(b, i)
	if i < len(b) && b[i] == ',' {
		i = skipSpace(b, i+1)
	}
	return i
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
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
	for i = plainEnd(b, start); i < len(b); {
		if b[i] == '"' {
			return b[start:i], escaped, i + 1, true
		}
		escaped = true
		i = plainEnd(b, i+2)
	}
	return nil, false, i, false
}

// plainEnd gives the position of the next quote or backslash at or behind i, or
// the end. Most of a line in JSON is text in quotes, so it looks at eight bytes at
// once (H. S. Warren, "Hacker's Delight", section 6-1): of bytes that are zero where
// one was found, only the lowest marked one is sure to be zero.
func plainEnd(b []byte, i int) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, backslash := x^'"'*each, x^'\\'*each
		if found := ((quote-each)&^quote | (backslash-each)&^backslash) & high; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
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
		case '"': // most strings in here are short
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			if i >= len(b) {
				return 0
			}
		}
		i++
	}
	return 0
}
