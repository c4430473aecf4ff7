package decode

import "bytes"

// logfmt reads key=value pairs; false when the line is anything else: a bare
// word, or no key that a logger writes.
func (d *Decoder) logfmt(b []byte, l *Line) bool {
	if keyEnd(b, 0) == 0 {
		return false
	}
	attributes, scratch := len(l.Attributes), len(l.scratch)
	pairs := 0
	for i := 0; i < len(b); {
		if b[i] == ' ' || b[i] == '\t' {
			i++
			continue
		}
		end := keyEnd(b, i)
		if end == 0 {
			l.restart(attributes, scratch)
			return false
		}
		key := b[i:end]
		value, escaped, next, ok := logfmtValue(b, end+1)
		if !ok {
			if !d.isRecord(l) || next < len(b) {
				l.restart(attributes, scratch)
				return false
			}
			value = b[end+2:] // a quoted text with a line break in it: it goes on in the next line
		}
		if escaped {
			value = l.unescape(value)
		}
		d.set(l, spaceTop, key, value, true)
		pairs++
		i = next
	}
	if pairs < minPairs && !d.isRecord(l) {
		l.restart(attributes, scratch)
		return false
	}
	if l.rank[roleMessage] == 0 {
		l.Message = d.restAsMessage(l)
	}
	return true
}

// isRecord tells of pairs among which is one that loggers write.
func (d *Decoder) isRecord(l *Line) bool {
	return l.rank[roleTime]|l.rank[roleLevel]|l.rank[roleMessage] != 0 || d.Format == Logfmt
}

// minPairs is how many pairs make a line logfmt that has no key of a logger, such as Rails' lograge.
const minPairs = 4

// maxKey is the longest key of a pair.
const maxKey = 64

// keyEnd gives the position of the "=" behind a key at i; 0 when there is no key.
func keyEnd(b []byte, i int) int {
	window := b[:min(len(b), i+maxKey)]
	for end := i; end < len(window); end++ {
		if c := window[end]; !isKeyByte[c] {
			if c == '=' && end > i {
				return end
			}
			return 0
		}
	}
	return 0
}

// isKeyByte has the bytes that keys are made of.
var isKeyByte = makeKeyBytes()

func makeKeyBytes() (t [256]bool) {
	for c := range t {
		t[c] = isWord(byte(c))
	}
	t['.'], t['-'], t['/'], t['@'] = true, true, true, true
	return t
}

// logfmtValue reads a bare or quoted value at i.
func logfmtValue(b []byte, i int) (value []byte, escaped bool, next int, ok bool) {
	if i < len(b) && b[i] == '"' {
		value, escaped, next, ok = quoted(b, i)
		return value, escaped, next, ok && (next == len(b) || b[next] == ' ')
	}
	if i < len(b) && b[i] == '\'' { // lograge
		if end := bytes.IndexByte(b[i+1:], '\''); end >= 0 && (i+end+2 == len(b) || b[i+end+2] == ' ') {
			return b[i+1 : i+1+end], false, i + end + 2, true
		}
	}
	end := bytes.IndexByte(b[i:], ' ')
	if end < 0 {
		return b[i:], false, len(b), true
	}
	return b[i : i+end], false, i + end, true
}
