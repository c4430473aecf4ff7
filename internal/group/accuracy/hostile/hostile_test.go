package hostile

import (
	"bytes"
	"testing"
)

// TestInputsAreWhatTheySay: lines are lines, and every run sees the same ones.
func TestInputsAreWhatTheySay(t *testing.T) {
	t.Parallel()
	names := make(map[string]bool)
	again := All()
	for k, input := range All() {
		if names[input.Name] || input.Lines < 1 {
			t.Errorf("%q: named twice, or empty", input.Name)
		}
		names[input.Name] = true
		for i := range min(input.Lines, 10) {
			line := input.Line(i)
			if len(line) == 0 || bytes.IndexByte(line, '\n') >= 0 {
				t.Errorf("%s: line %d is %.40q", input.Name, i, line)
			}
			if !bytes.Equal(line, again[k].Line(i)) {
				t.Errorf("%s: line %d differs from run to run", input.Name, i)
			}
		}
	}
}
