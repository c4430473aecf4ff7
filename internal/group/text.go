package group

import (
	"bytes"
	"strings"
)

// unterminal removes the escape sequences by which programs colour their output.
func (s *Stream) unterminal(line []byte) []byte {
	at := bytes.IndexByte(line, 0x1b)
	if at < 0 {
		return line
	}
	s.plain = append(s.plain[:0], line[:at]...)
	for at < len(line) {
		if line[at] == 0x1b {
			at = escapeEnd(line, at)
			continue
		}
		s.plain = append(s.plain, line[at])
		at++
	}
	return s.plain
}

// escapeEnd gives the position after the escape sequence at i: CSI and OSC (ECMA-48), else two bytes.
func escapeEnd(b []byte, i int) int {
	if i+1 >= len(b) {
		return len(b)
	}
	switch b[i+1] {
	case '[':
		for i += 2; i < len(b); i++ {
			if b[i] >= 0x40 && b[i] <= 0x7e {
				return i + 1
			}
		}
		return len(b)
	case ']':
		for i += 2; i < len(b); i++ {
			if b[i] == 0x07 || b[i] == 0x1b {
				return i + 1
			}
		}
		return len(b)
	}
	return i + 2
}

// texts makes strings of short texts that have nothing in common, with one allocation for many.
type texts struct{ block strings.Builder }

// textBlock is how much is allocated at once. One text that is kept keeps its block.
const textBlock = 4 << 10

func (t *texts) copy(b []byte) string {
	if t.block.Cap()-t.block.Len() < len(b) {
		t.block = strings.Builder{}
		t.block.Grow(textBlock)
	}
	start := t.block.Len()
	t.block.Write(b)
	return t.block.String()[start:]
}

// names interns the few values that services, revisions and hosts have.
type names struct {
	all    map[string]string
	recent [8]string // by length: most lines state what the line before them stated
}

// maxNames bounds the interned values; further ones are allocated each time.
const maxNames = 4096

func (n *names) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	recent := &n.recent[len(b)%len(n.recent)]
	if *recent == string(b) {
		return *recent
	}
	s, ok := n.all[string(b)]
	if !ok {
		s = n.add(b)
	}
	if s == string(b) {
		*recent = s
	}
	return s
}

func (n *names) add(b []byte) string {
	s := string(bytes.ToValidUTF8(b[:min(len(b), 256)], nil))
	if n.all == nil {
		n.all = make(map[string]string)
	}
	if len(n.all) < maxNames {
		n.all[s] = s
	}
	return s
}
