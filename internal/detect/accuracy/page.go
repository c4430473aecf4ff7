package main

import (
	"fmt"
	"os"
	"strings"
)

// replacePart puts a text between the two markers of a page that name a part, in the place of
// what stands there, so that nobody copies tables by hand.
func replacePart(path, part, text string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read page: %w", err)
	}
	replaced, err := between(string(page), part, text)
	if err != nil {
		return fmt.Errorf("replace in %s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(replaced), 0o644); err != nil { //nolint:gosec // documentation is for everybody
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// between replaces what stands between the markers of a part.
func between(page, part, text string) (string, error) {
	begin, end := "<!-- begin "+part+" -->\n", "<!-- end "+part+" -->"
	before, rest, ok := strings.Cut(page, begin)
	if !ok {
		return "", fmt.Errorf("no marker %q", strings.TrimSpace(begin))
	}
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("no marker %q", end)
	}
	return before + begin + strings.TrimRight(text, "\n") + "\n\n" + end + after, nil
}
