package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"selfheal"
)

// diffOptions pin the format of every difference that is parsed.
var diffOptions = [...]string{
	"--patch", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", "--unified=3",
	"--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short",
	"--ignore-submodules=none", "--full-index", "--indent-heuristic", "--diff-algorithm=histogram", "-O/dev/null",
}

// headerFields are what [Repository.Log] asks of a commit. NUL starts the header
// and ends each field: it can stand neither in a commit message nor at the
// start of a line of a diff, so that no text in a repository can forge one.
const headerFormat = "--format=format:%x00%H%x00%P%x00%an%x00%cI%x00%s%x00%b%x00"

const headerFields = 6

// Log lists the commits after base up to head in first-parent order, oldest
// first, each with its files and hunks; a merge carries the difference to its
// first parent. An empty base means the beginning of history. Commits that base
// already contains are left out even when base is not an ancestor of head.
func (r *Repository) Log(ctx context.Context, base, head string) ([]selfheal.Commit, error) {
	if err := plainRevisions(base, head); err != nil {
		return nil, err
	}
	args := []string{"log", "--first-parent", "-m", "--reverse", "--topo-order",
		"--no-notes", "--encoding=UTF-8", headerFormat}
	args = append(args, diffOptions[:]...)
	args = append(args, "--end-of-options", revisionRange(base, head))
	var commits []selfheal.Commit
	err := r.stream(ctx, Options{}, func(stdout io.Reader) error {
		var err error
		commits, err = parseLog(stdout)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	return commits, nil
}

// FirstParents lists the ids of the commits that [Repository.Log] would give, in its order.
func (r *Repository) FirstParents(ctx context.Context, base, head string) ([]string, error) {
	if err := plainRevisions(base, head); err != nil {
		return nil, err
	}
	out, err := r.Run(ctx, "rev-list", "--first-parent", "--reverse", "--topo-order", "--end-of-options", revisionRange(base, head))
	return strings.Fields(string(out)), wrap("list commits", err)
}

// Diff gives the net difference between two commits. An empty base means the empty tree.
func (r *Repository) Diff(ctx context.Context, base, head string) ([]selfheal.FileChange, error) {
	if err := plainRevisions(base, head); err != nil {
		return nil, err
	}
	if base == "" {
		var err error
		if base, err = r.emptyTree(ctx); err != nil {
			return nil, fmt.Errorf("read diff: %w", err)
		}
	}
	args := append([]string{"diff"}, diffOptions[:]...)
	args = append(args, "--end-of-options", base, head)
	var files []selfheal.FileChange
	err := r.stream(ctx, Options{}, func(stdout io.Reader) error {
		parser := newPatchParser()
		err := eachLine(stdout, parser.line)
		files = parser.finish()
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("read diff: %w", err)
	}
	return files, nil
}

func (r *Repository) emptyTree(ctx context.Context) (string, error) {
	out, err := r.RunWith(ctx, Options{Stdin: strings.NewReader("")}, "hash-object", "-t", "tree", "--stdin")
	return strings.TrimSpace(string(out)), err
}

func revisionRange(base, head string) string {
	if base == "" {
		return head
	}
	return base + ".." + head
}

// parseLog splits the output of git log into commits and parses their patches.
func parseLog(r io.Reader) ([]selfheal.Commit, error) {
	var (
		commits []selfheal.Commit
		header  []byte
		parser  = newPatchParser()
	)
	finish := func() {
		if len(commits) > 0 {
			commits[len(commits)-1].Files = parser.finish()
		}
	}
	err := eachLine(r, func(line []byte) error {
		switch {
		case len(header) > 0:
			header = append(header, line...)
		case len(line) > 0 && line[0] == 0:
			finish()
			header = append(header, line[1:]...)
		default:
			return parser.line(line)
		}
		if bytes.Count(header, []byte{0}) < headerFields {
			return nil
		}
		commit, err := parseHeader(string(header))
		commits, header = append(commits, commit), nil
		return err
	})
	finish()
	if err == nil && header != nil {
		err = fmt.Errorf("log ends within a commit header")
	}
	return commits, err
}

func parseHeader(header string) (selfheal.Commit, error) {
	fields := strings.SplitN(header, "\x00", headerFields+1)
	if len(fields) <= headerFields || !fullID.MatchString(fields[0]) {
		return selfheal.Commit{}, fmt.Errorf("malformed commit header")
	}
	when, err := time.Parse(time.RFC3339, fields[3])
	if err != nil {
		when = time.Time{} // git prints dates before its epoch or after year 9999 in other forms
	}
	return selfheal.Commit{
		ID:      fields[0],
		Parents: strings.Fields(fields[1]),
		Author:  fields[2],
		Time:    when.UTC(),
		Subject: fields[4],
		Body:    strings.TrimSpace(fields[5]),
	}, nil
}

// eachLine calls f with every line including its line feed; lines may be of any length.
func eachLine(r io.Reader, f func([]byte) error) error {
	reader := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := readLine(reader)
		if len(line) > 0 {
			if err := f(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// maxLine bounds what is kept of one line; the rest is skipped.
const maxLine = 1 << 20

// readLine reads through the next line feed. A line that does not fit the
// reader's buffer is cut at maxLine and still ends with its line feed.
func readLine(reader *bufio.Reader) ([]byte, error) {
	line, err := reader.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	long := append([]byte(nil), line...)
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = reader.ReadSlice('\n')
		if len(long)+len(line) <= maxLine {
			long = append(long, line...)
			continue
		}
		if n := len(line); n > 0 && line[n-1] == '\n' {
			long = append(long, '\n')
		}
	}
	return long, err
}
