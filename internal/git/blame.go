package git

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// BlameLine is where one line of a file came from.
type BlameLine struct {
	Line   int    // in the file at the revision that was asked about, 1-based
	Commit string // full id; in first-parent terms, so a merge stands for what it merged
	// Old says that the line is older than the range that was asked about; Commit is then its border.
	Old        bool
	OriginPath string // where the line stood in Commit
	OriginLine int
}

// Blame tells for the lines from..to (1-based, inclusive; to 0 means the end)
// of a file at a revision which commit brought them. Only commits after base are
// looked at, which keeps it fast in long histories; an empty base means all.
func (r *Repository) Blame(ctx context.Context, base, revision, path string, from, to int) ([]BlameLine, error) {
	return r.blame(ctx, base, revision, path, from, to, "--first-parent")
}

// BlameWithin is [Repository.Blame] that looks into what was merged: the commit
// of a line is the one that wrote it, on whatever branch.
func (r *Repository) BlameWithin(ctx context.Context, base, revision, path string, from, to int) ([]BlameLine, error) {
	return r.blame(ctx, base, revision, path, from, to)
}

func (r *Repository) blame(ctx context.Context, base, revision, path string, from, to int, options ...string) ([]BlameLine, error) {
	if err := plainRevisions(base, revision); err != nil {
		return nil, err
	}
	lines := fmt.Sprintf("-L%d,", max(from, 1))
	if to > 0 {
		lines += strconv.Itoa(to)
	}
	args := append([]string{"blame", "--porcelain", "--no-progress", "--no-textconv", lines}, options...)
	args = append(args, revisionRange(base, revision), "--", path)
	var blamed []BlameLine
	err := r.stream(ctx, Options{}, func(stdout io.Reader) error {
		var err error
		blamed, err = parseBlame(stdout)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("blame %s at %s: %w", path, abbreviate(revision), err)
	}
	return blamed, nil
}

// parseBlame reads the porcelain format: a header per line, details only with
// the first line of each commit, then the content after a tab.
func parseBlame(r io.Reader) ([]BlameLine, error) {
	type origin struct {
		old  bool
		path string
	}
	var (
		lines   []BlameLine
		origins = map[string]*origin{}
		current BlameLine
	)
	err := eachLine(r, func(raw []byte) error {
		if raw[0] == '\t' {
			if o := origins[current.Commit]; o != nil {
				current.Old, current.OriginPath = o.old, o.path
				lines = append(lines, current)
			}
			return nil
		}
		text := string(bytes.TrimRight(raw, "\n"))
		key, value, _ := strings.Cut(text, " ")
		o := origins[current.Commit]
		switch {
		case fullID.MatchString(key):
			current = BlameLine{Commit: key}
			_, err := fmt.Sscanf(value, "%d %d", &current.OriginLine, &current.Line)
			if origins[key] == nil {
				origins[key] = &origin{}
			}
			return err
		case o == nil:
			return fmt.Errorf("malformed blame output")
		case key == "boundary":
			o.old = true
		case key == "filename":
			o.path = unquote(value)
		}
		return nil
	})
	return lines, err
}
