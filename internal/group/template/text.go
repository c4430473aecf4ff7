package template

import (
	"encoding/binary"
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
// controls, zero-width characters, byte order marks, fillers, variation selectors,
// control characters.
func Invisible(r rune) bool {
	return r >= 0 && r <= unicode.MaxRune && invisibles.bits[invisibles.block[r>>6]]>>(r&63)&1 != 0
}

var invisibleTables = []*unicode.RangeTable{unicode.Cf, unicode.Cc, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point}

// invisibles says of each character whether it is invisible, because looking it up
// in the tables takes longer than all the rest.
var invisibles = makeInvisibles()

// bitmap is a set of characters: the bits of each block of 64 of them. Most blocks are empty, and share bits.
type bitmap struct {
	block [unicode.MaxRune>>6 + 1]uint8
	bits  []uint64
	leads [256]bool // the first bytes of those beyond ASCII
}

func makeInvisibles() (m bitmap) {
	m.bits = append(m.bits, 0)
	add := func(r uint32) {
		if m.block[r>>6] == 0 {
			m.block[r>>6] = uint8(len(m.bits))
			m.bits = append(m.bits, 0)
		}
		m.bits[m.block[r>>6]] |= 1 << (r & 63)
		if r >= utf8.RuneSelf {
			var encoded [utf8.UTFMax]byte
			utf8.EncodeRune(encoded[:], rune(r))
			m.leads[encoded[0]] = true
		}
	}
	for _, table := range invisibleTables {
		for _, t := range table.R16 {
			for r := uint32(t.Lo); r <= uint32(t.Hi); r += uint32(t.Stride) {
				add(r)
			}
		}
		for _, t := range table.R32 {
			for r := t.Lo; r <= t.Hi; r += t.Stride {
				add(r)
			}
		}
	}
	return m
}

// padded copies a message without its invisible characters, which would make
// another identity of what reads the same, and puts zeros behind it: slack bytes
// that end every piece. Control characters of one byte stay: the scanner takes
// them for spaces. The copy is valid until the next call.
func (s *Scanner) padded(m []byte) []byte {
	n := len(m)
	s.in = s.in[:n+slack]
	if copyASCII(s.in, m) {
		clear(s.in[n:])
		return s.in[:n]
	}
	n = dropInvisible(s.in[:copy(s.in, m)])
	clear(s.in[n : n+slack])
	return s.in[:n]
}

// copyASCII copies src to dst, eight bytes at once, and tells whether all of it was ASCII.
func copyASCII(dst, src []byte) bool {
	var seen uint64
	n := len(src)
	if n < 8 {
		for i, c := range src {
			dst[i] = c
			seen |= uint64(c)
		}
		return seen&0x80 == 0
	}
	dst = dst[:n]
	for i := 0; i < n-8; i += 8 {
		x := binary.LittleEndian.Uint64(src[i:])
		binary.LittleEndian.PutUint64(dst[i:], x)
		seen |= x
	}
	x := binary.LittleEndian.Uint64(src[n-8:])
	binary.LittleEndian.PutUint64(dst[n-8:], x)
	return (seen|x)&0x8080808080808080 == 0
}

// dropInvisible moves what is visible of m together, and gives the length that is left.
func dropInvisible(m []byte) int {
	n := 0
	for i := 0; i < len(m); {
		if invisibles.leads[m[i]] {
			if r, size := utf8.DecodeRune(m[i:]); Invisible(r) {
				i += size
				continue
			}
		}
		m[n] = m[i]
		n, i = n+1, i+1
	}
	return n
}
