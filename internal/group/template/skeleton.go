package template

import (
	"bytes"
	"encoding/binary"
)

// AppendSkeleton appends a message with a zero for every decimal digit. Messages of
// one skeleton have one template, unless [Scanner.DigitsMatter] for one of them.
func AppendSkeleton(dst, m []byte) []byte {
	from := len(dst)
	dst = append(dst, m...)
	zeroDigits(dst[from:])
	return dst
}

// zeroDigits looks at eight bytes at once: adding what is missing to 0x80 sets the
// high bit of the bytes that reach a bound. The digits differ in their lower half only.
func zeroDigits(b []byte) {
	const low, high, each = 0x7f7f7f7f7f7f7f7f, 0x8080808080808080, 0x0101010101010101
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		from0, beyond9 := x&low+(0x80-'0')*each, x&low+(0x80-'9'-1)*each
		digits := from0 &^ beyond9 &^ x & high
		binary.LittleEndian.PutUint64(b[i:], x&^(digits>>7*0x0f))
	}
	for ; i < len(b); i++ {
		if classes[b[i]] == digit {
			b[i] = '0'
		}
	}
}

// DigitsMatter tells whether the template of the message scanned last may be
// another one where other digits stand at the same places: one of them is part of
// the template, or a rule looked at its value.
func (s *Scanner) DigitsMatter() bool {
	if s.exact {
		return true
	}
	for _, c := range s.out {
		if classes[c] == digit {
			return true
		}
	}
	return false
}

// mayBeExact tells of a piece with digits whose mask may depend on which digits
// they are: hexadecimal literals, dates run together, versions of TLS, and
// extensions of files such as ".mp3". The other rules look only at where digits
// stand, but for those that note what they see themselves.
func mayBeExact(b []byte) bool {
	n := len(b)
	return n > 2 && b[1]|0x20 == 'x' ||
		n > 9 && (b[8] == 'T' || b[8] == '-') && allDigits(b[:8]) ||
		n > 3 && (b[n-4] == '.' && classes[b[n-1]] == digit || bytes.HasPrefix(b, []byte("TLS")))
}
