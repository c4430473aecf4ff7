package template

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text gives the canonical, readable form of a compact template: masks spelled
// out, invalid UTF-8 replaced, and characters dropped that a reader cannot see
// but that can reorder or hide what he does see.
func Text(compact []byte) string {
	var b strings.Builder
	b.Grow(len(compact) + 32)
	for i := 0; i < len(compact); {
		c := compact[i]
		if c < utf8.RuneSelf {
			writeByte(&b, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(compact[i:])
		if !Invisible(r) {
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

func writeByte(b *strings.Builder, c byte) {
	switch {
	case c < maskMax:
		b.WriteString(maskText[c])
	case c == maskCut:
		b.WriteString("…")
	default:
		b.WriteByte(c)
	}
}

// Invisible tells of a character that it has no glyph of its own: bidirectional
// controls, zero-width characters, byte order marks, control characters.
func Invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Cc, r)
}
