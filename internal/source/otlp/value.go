package otlp

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxDepth bounds how far values are nested; what is deeper is left out as "...".
const maxDepth = 16

// text gives a value as text: strings as they are, lists and objects as JSON, which
// grouping reads as it reads the objects of JSON logs.
func (t *batch) text(b []byte) ([]byte, error) {
	f, err := oneOf(b)
	if err != nil {
		return nil, err
	}
	if f.number == valueString {
		return f.value, nil
	}
	start := len(t.scratch)
	if t.scratch, err = appendScalar(t.scratch, &f); err == nil && isNested(&f) {
		t.scratch, err = appendNested(t.scratch, &f, 0)
	}
	return t.scratch[start:len(t.scratch):len(t.scratch)], err
}

// oneOf gives the field of a value that is set: the last one, and none of a value without any.
func oneOf(b []byte) (last field, err error) {
	for f := (field{}); len(b) > 0; {
		n := f.consume(b)
		if n < 0 {
			return last, errWire
		}
		b = b[n:]
		if isValue(&f) {
			last = f
		}
	}
	return last, nil
}

// isValue tells of the fields of a value, each with its type.
func isValue(f *field) bool {
	switch f.number {
	case valueString, valueArray, valueList, valueBytes:
		return f.kind == protowire.BytesType
	case valueBool, valueInt:
		return f.kind == protowire.VarintType
	case valueDouble:
		return f.kind == protowire.Fixed64Type
	}
	return false
}

func isNested(f *field) bool { return f.number == valueArray || f.number == valueList }

// appendScalar writes what is no list and no object.
func appendScalar(dst []byte, f *field) ([]byte, error) {
	switch f.number {
	case valueBool:
		return strconv.AppendBool(dst, f.scalar != 0), nil
	case valueInt:
		return strconv.AppendInt(dst, int64(f.scalar), 10), nil
	case valueDouble:
		return strconv.AppendFloat(dst, math.Float64frombits(f.scalar), 'g', -1, 64), nil
	case valueBytes:
		return base64.StdEncoding.AppendEncode(dst, f.value), nil
	}
	return dst, nil
}

// appendJSON writes a value as JSON.
func appendJSON(dst, b []byte, depth int) ([]byte, error) {
	f, err := oneOf(b)
	switch {
	case err != nil:
		return dst, err
	case isNested(&f):
		return appendNested(dst, &f, depth)
	case f.number == valueString:
		return appendQuoted(dst, f.value), nil
	case f.number == valueBytes, f.number == valueDouble && !isFinite(f.scalar):
		dst, err = appendScalar(append(dst, '"'), &f)
		return append(dst, '"'), err
	case f.number == 0:
		return append(dst, "null"...), nil
	}
	return appendScalar(dst, &f)
}

func isFinite(bits uint64) bool {
	x := math.Float64frombits(bits)
	return !math.IsNaN(x) && !math.IsInf(x, 0)
}

// appendNested writes a list or an object.
func appendNested(dst []byte, f *field, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return append(dst, `"..."`...), nil
	}
	opening, closing := byte('['), byte(']')
	if f.number == valueList {
		opening, closing = '{', '}'
	}
	dst = append(dst, opening)
	first := true
	err := fields(f.value, func(element *field) (err error) {
		if !element.is(listValues, protowire.BytesType) {
			return nil
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if f.number == valueList {
			dst, err = appendMember(dst, element.value, depth+1)
		} else {
			dst, err = appendJSON(dst, element.value, depth+1)
		}
		return err
	})
	return append(dst, closing), err
}

// appendMember writes a key and its value.
func appendMember(dst, b []byte, depth int) ([]byte, error) {
	var key, value []byte
	err := fields(b, func(f *field) error {
		switch {
		case f.is(pairKey, protowire.BytesType):
			key = f.value
		case f.is(pairValue, protowire.BytesType):
			value = f.value
		}
		return nil
	})
	if err != nil {
		return dst, err
	}
	return appendJSON(append(appendQuoted(dst, key), ':'), value, depth)
}

// appendQuoted writes a string of JSON. Bytes that are no UTF-8 become the replacement character.
func appendQuoted(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, size := utf8.DecodeRune(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		}
		i++
	}
	return append(dst, '"')
}
