package agent

import (
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
)

// fence marks text as data. Its nonce is drawn for each task, so that no text that
// was written before can close the fence; what looks like a fence, or like the
// markers by which models tell speakers apart, is defused all the same.
type fence struct{ nonce string }

// newFence draws a nonce of 96 bits.
func newFence(random io.Reader) (fence, error) {
	b := make([]byte, 12)
	if _, err := io.ReadFull(random, b); err != nil {
		return fence{}, fmt.Errorf("draw a nonce: %w", err)
	}
	return fence{hex.EncodeToString(b)}, nil
}

const (
	fenceOpen  = "⟦"
	fenceClose = "⟧"
)

// around puts a text between its fences.
func (f fence) around(title, text string) string {
	return fmt.Sprintf("%[1]sdata %[3]s: %[4]s%[2]s\n%[5]s\n%[1]send %[3]s%[2]s\n", fenceOpen, fenceClose, f.nonce, title, strings.TrimRight(f.defuse(text), "\n"))
}

// speaker are the tokens by which chat templates separate speakers.
var speaker = regexp.MustCompile(`<\|([A-Za-z_]+)\|>|\[(/?INST)\]|<(/?(?:start|end)_of_turn)>|<</?SYS>>`)

// defuse takes from a text what could be mistaken for structure.
func (f fence) defuse(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t':
			return c
		case c == '\r':
			return -1
		case unicode.IsControl(c), unicode.Is(unicode.Cf, c):
			return '\uFFFD' // bidirectional overrides, zero-width and tag characters carry hidden text
		}
		return c
	}, text)
	text = strings.ReplaceAll(text, f.nonce, "[a fence's mark]")
	text = strings.NewReplacer(fenceOpen, "[[", fenceClose, "]]").Replace(text)
	return speaker.ReplaceAllStringFunc(text, func(token string) string { return token[:1] + " " + token[1:] })
}
