package git

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// MaxMatches bounds what [Repository.Grep] returns.
const MaxMatches = 2000

// Match is one line that contains a searched string.
type Match struct {
	Path string
	Line int    // 1-based
	Text string // the line, without its line ending
}

// Grep finds the lines of a revision's text files that contain any of the fixed
// strings, in tree order, at most 2000. Case matters.
func (r *Repository) Grep(ctx context.Context, revision string, fixed ...string) ([]Match, error) {
	if err := plainRevisions(revision); err != nil {
		return nil, err
	}
	args := []string{"grep", "-n", "-I", "-z", "-F", "--full-name", "--no-color", "--no-textconv"}
	searched := 0
	for _, f := range fixed {
		if f != "" && !strings.ContainsAny(f, "\n\x00") {
			args = append(args, "-e", f)
			searched++
		}
	}
	if searched == 0 {
		return nil, nil
	}
	args = append(args, revision, "--")
	var matches []Match
	err := r.stream(ctx, Options{}, func(stdout io.Reader) error {
		return eachLine(stdout, func(line []byte) error {
			if m, ok := parseMatch(line, revision); ok && len(matches) < MaxMatches {
				matches = append(matches, m)
			}
			return nil
		})
	}, args...)
	if code, ran := exitCode(err); ran && code == 1 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("search %s: %w", abbreviate(revision), err)
	}
	return matches, nil
}

// parseMatch reads "REVISION:PATH<NUL>LINE<NUL>TEXT"; older versions of git end the number with a colon.
func parseMatch(line []byte, revision string) (Match, bool) {
	path, rest, ok := bytes.Cut(line, []byte{0})
	end := bytes.IndexAny(rest, "\x00:")
	if !ok || end < 0 {
		return Match{}, false
	}
	number, err := strconv.Atoi(string(rest[:end]))
	if err != nil {
		return Match{}, false
	}
	return Match{
		Path: strings.TrimPrefix(string(path), revision+":"),
		Line: number,
		Text: trimLineEnding(string(rest[end+1:])),
	}, true
}
