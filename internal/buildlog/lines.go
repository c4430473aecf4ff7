package buildlog

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Bounds of one line.
const (
	maxRaw   = 1 << 20  // bytes taken of a line as it is written; rawjson carries whole outputs in one
	maxPiece = 16 << 10 // the same of a line that rawjson carries
	maxLine  = 4 << 10  // bytes of a line as it is kept
)

// line is one line of the output, without what only a terminal understands.
type line struct {
	text   string
	number int64
}

// splitter cuts a stream of bytes into lines.
type splitter struct {
	limit   int // bytes taken of one line; 0 means maxRaw
	pending []byte
	number  int64
}

// write takes bytes as they come and gives every line that is complete.
func (s *splitter) write(p []byte, emit func(raw []byte, number int64)) {
	for {
		at := bytes.IndexByte(p, '\n')
		if at < 0 {
			s.hold(p)
			return
		}
		s.hold(p[:at])
		p = p[at+1:]
		s.flush(emit)
	}
}

func (s *splitter) hold(p []byte) {
	limit := s.limit
	if limit == 0 {
		limit = maxRaw
	}
	s.pending = append(s.pending, p[:min(len(p), limit-len(s.pending))]...)
}

func (s *splitter) flush(emit func(raw []byte, number int64)) {
	s.number++
	emit(s.pending, s.number)
	s.pending = s.pending[:0]
	if cap(s.pending) > 2*maxLine {
		s.pending = nil
	}
}

// end gives the last line, when it has no line ending.
func (s *splitter) end(emit func(raw []byte, number int64)) {
	if len(s.pending) > 0 {
		s.flush(emit)
	}
}

// clean makes of a line as written what a person would see of it at last: what
// follows the last carriage return, without escape sequences and control characters.
func clean(raw []byte) string {
	raw = bytes.TrimRight(raw, "\r")
	if at := bytes.LastIndexByte(raw, '\r'); at >= 0 {
		raw = raw[at+1:]
	}
	raw = raw[:min(len(raw), 4*maxLine)]
	if isPlain(raw) {
		return string(raw[:min(len(raw), maxLine)])
	}
	var b strings.Builder
	for i := 0; i < len(raw) && b.Len() < maxLine; {
		switch c := raw[i]; {
		case c == 0x1b:
			i += escape(raw[i:])
		case c == '\t' || c >= ' ' && c < 0x7f:
			b.WriteByte(c)
			i++
		case c < 0x80:
			i++
		default:
			r, size := utf8.DecodeRune(raw[i:])
			b.WriteRune(r)
			i += size
		}
	}
	return strings.TrimRight(b.String(), " ")
}

func isPlain(raw []byte) bool {
	for _, c := range raw {
		if c < ' ' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return true
}

// escape gives the length of the escape sequence that b begins with (ECMA-48:
// CSI ends with a byte from @ to ~, OSC with BEL or ESC \).
func escape(b []byte) int {
	if len(b) < 2 {
		return 1
	}
	switch b[1] {
	case '[':
		for i := 2; i < len(b); i++ {
			if b[i] >= '@' && b[i] <= '~' {
				return i + 1
			}
		}
		return len(b)
	case ']':
		for i := 2; i < len(b); i++ {
			if b[i] == 0x07 {
				return i + 1
			}
			if b[i] == 0x1b {
				return min(i+2, len(b))
			}
		}
		return len(b)
	}
	return 2
}
