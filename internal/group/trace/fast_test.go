package trace

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// appendNameSlowly is appendName byte by byte.
func appendNameSlowly(dst []byte, name string) []byte {
	name = name[:min(len(name), maxName)]
	depth := 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '[' || c == '<' && i > 0 && isWordByte(name[i-1]):
			depth++
		case (c == ']' || c == '>') && depth > 0:
			depth--
		case depth > 0 || c == '(' || c == ')' || c == '*':
		case c < ' ':
			dst = append(dst, ' ')
		case c >= '0' && c <= '9':
			if !dropsNumber(name, i) {
				dst = append(dst, c)
				continue
			}
			for i+1 < len(name) && name[i+1] >= '0' && name[i+1] <= '9' {
				i++
			}
			dst = trimSeparator(dst)
		case c == '@' || c == 0x60:
			return dst
		case c == '$' && i+1 < len(name) && name[i+1] == '$':
			return dst
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// TestNamesByRuns: runs of plain bytes are what one byte after the other makes of them.
func TestNamesByRuns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"func", "1", "23", ".", "$", "$$", "lambda", "[", "]", "<", ">", "(*T)", "@", "`", "-", "a.B", "é", "\x00", "\xff", " "})).Draw(t, "name"), "")
		if got, want := string(appendName([]byte("x."), name)), string(appendNameSlowly([]byte("x."), name)); got != want {
			t.Fatalf("%q: got %q, want %q", name, got, want)
		}
	})
}

// TestContainsAny: looking at the bytes of a text first changes nothing.
func TestContainsAny(t *testing.T) {
	t.Parallel()
	letters := rapid.StringOf(rapid.SampledFrom([]rune("ab/-")))
	rapid.Check(t, func(t *rapid.T) {
		text, part := letters.Draw(t, "text"), letters.Draw(t, "part")
		if got := containsAny(text, "@", part); got != strings.Contains(text, part) {
			t.Fatalf("%q in %q: %v", part, text, got)
		}
	})
}
