package template

import (
	"unicode"
	"unicode/utf8"
)

// Text gives the canonical, readable form of a compact template: masks spelled
// out, invalid UTF-8 replaced, and characters dropped that a reader cannot see
// but that can reorder or hide what he does see.
func Text(compact []byte) string {
	return string(AppendText(make([]byte, 0, len(compact)+32), compact))
}

// AppendText is Text that appends to dst.
func AppendText(dst, compact []byte) []byte {
	for i := 0; i < len(compact); {
		c := compact[i]
		if c < utf8.RuneSelf {
			dst = appendByte(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(compact[i:])
		if !Invisible(r) {
			dst = utf8.AppendRune(dst, r)
		}
		i += size
	}
	return dst
}

func appendByte(dst []byte, c byte) []byte {
	switch {
	case c < maskMax:
		return append(dst, maskText[c]...)
	case c == maskCut:
		return append(dst, "…"...)
	}
	return append(dst, c)
}

// Invisible tells of a character that it has no glyph of its own: bidirectional
// controls, zero-width characters, byte order marks, control characters.
func Invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Cc, r)
}
