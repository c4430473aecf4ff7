// Package file reads log files: several at once, by name or glob, rotated and
// compressed ones in the order they were written, and standard input.
//
// In go patterns; out come [selfheal.Entry]s, one per line, nothing interpreted.
// A file that is missing, cannot be read or is cut off midway is an error and
// never an empty result. Lines longer than a cap are cut there and marked, so
// that memory does not depend on what a file holds.
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"selfheal"
)

// DefaultMaxLine is the length in bytes at which lines are cut where Config states none.
const DefaultMaxLine = 1 << 20

// Stdin is the pattern that names standard input.
const Stdin = "-"

// Config of a [Source].
type Config struct {
	// Patterns are file names or globs (path.Match, so "logs/*.log*"); "-" is standard input.
	Patterns []string
	// Stdin is what "-" reads.
	Stdin io.Reader
	// MaxLine is the length in bytes at which a line is cut; 0 means DefaultMaxLine.
	MaxLine int
	// PartSize is about how many bytes of a large file one reader takes at a time,
	// where several read it (see [Source.Parts]); 0 means DefaultPartSize.
	PartSize int64
}

// Validate checks everything that can be checked without touching the files.
func (c Config) Validate() error {
	if len(c.Patterns) == 0 {
		return selfheal.Usagef("name at least one file, or - for standard input", "no log files were named")
	}
	stdin := 0
	for _, p := range c.Patterns {
		if p == "" {
			return selfheal.Usagef("remove the empty name", "a log file has an empty name")
		}
		if _, err := filepath.Match(p, ""); err != nil {
			return selfheal.Usagef("escape [ with a backslash if it is part of the name", "bad file pattern %q", p)
		}
		if p == Stdin {
			stdin++
		}
	}
	switch {
	case stdin > 1:
		return selfheal.Usagef("use - once", "standard input can be read only once")
	case stdin == 1 && c.Stdin == nil:
		return selfheal.Usagef("name a file instead", "there is no standard input to read")
	case c.MaxLine < 0:
		return selfheal.Usagef("leave it out for the default of 1 MiB", "the maximum length of a line is negative")
	case c.PartSize < 0:
		return selfheal.Usagef("leave it out for the default of 16 MiB", "the size of the parts of a file is negative")
	}
	return nil
}

// Source reads log files. It implements [selfheal.Source]; the query's interval
// is not applied, because lines have not been decoded yet.
type Source struct {
	config Config
}

var (
	_ selfheal.Source       = (*Source)(nil)
	_ selfheal.StreamSource = (*Source)(nil)
)

// New makes a Source. Files are not touched before they are listed or read.
func New(c Config) (*Source, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.MaxLine == 0 {
		c.MaxLine = DefaultMaxLine
	}
	if c.PartSize == 0 {
		c.PartSize = DefaultPartSize
	}
	return &Source{config: c}, nil
}

// Files lists the files that the patterns name, each once, in the order they are
// read: as the patterns come, within a glob by name with numbers by value, and
// rotated files oldest first. It fails with CodeUsage when a name or glob finds
// nothing or a directory.
func (s *Source) Files() ([]string, error) {
	var files []string
	seen := make(map[string]bool)
	for _, pattern := range s.config.Patterns {
		names, err := expand(pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if !seen[name] {
				seen[name] = true
				files = append(files, name)
			}
		}
	}
	return files, nil
}

// expand gives the files of one pattern in order.
func expand(pattern string) ([]string, error) {
	if pattern == Stdin {
		return []string{Stdin}, nil
	}
	if info, err := os.Stat(pattern); err == nil {
		return []string{pattern}, regular(pattern, info)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, unavailable(pattern, err)
	}
	matches, err := filepath.Glob(pattern)
	if err != nil {
		return nil, selfheal.Usagef("escape [ with a backslash if it is part of the name", "bad file pattern %q", pattern)
	}
	var names []string
	for _, m := range matches {
		if info, err := os.Stat(m); err == nil && !info.IsDir() {
			names = append(names, m)
		}
	}
	if len(names) == 0 {
		return nil, nothingMatches(pattern, len(matches) > 0)
	}
	sortByAge(names)
	return names, nil
}

func nothingMatches(pattern string, directories bool) error {
	switch {
	case directories:
		return selfheal.Usagef("name the files inside: "+filepath.Join(pattern, "*.log"), "%q matches directories only", pattern)
	case hasMeta(pattern):
		return selfheal.Usagef("check the pattern; in a shell, quote it so that selfheal expands it", "no file matches %q", pattern)
	}
	return selfheal.Usagef("check the name and the working directory", "no such file: %s", pattern)
}

func hasMeta(pattern string) bool {
	for _, c := range pattern {
		if c == '*' || c == '?' || c == '[' {
			return true
		}
	}
	return false
}

func regular(name string, info fs.FileInfo) error {
	if info.IsDir() {
		return selfheal.Usagef("name the files inside: "+filepath.Join(name, "*.log"), "%s is a directory", name)
	}
	return nil
}

func unavailable(name string, err error) error {
	var hint string
	if errors.Is(err, fs.ErrPermission) {
		hint = "check that the file may be read by this user"
	}
	return &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "read logs", Message: fmt.Sprintf("cannot read %s", name), Hint: hint, Err: err}
}

// Read calls yield for every line of every file, file by file.
func (s *Source) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	streams, err := s.Streams(ctx, q)
	if err != nil {
		return err
	}
	for _, stream := range streams {
		if err := stream.Read(ctx, yield); err != nil {
			return err
		}
	}
	return nil
}

// Streams lists the files as [Source.Files] does; each may be read in parallel.
// Files know nothing of services and times, so the query selects nothing.
func (s *Source) Streams(ctx context.Context, _ selfheal.Query) ([]selfheal.SourceStream, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	files, err := s.Files()
	if err != nil {
		return nil, err
	}
	streams := make([]selfheal.SourceStream, 0, len(files))
	for _, name := range files {
		stream := stream{name: name, maxLine: s.config.MaxLine}
		if name == Stdin {
			stream.stdin = s.config.Stdin
		}
		streams = append(streams, selfheal.SourceStream{Name: name, Read: stream.read})
	}
	return streams, nil
}

// stream is one file.
type stream struct {
	name    string // as Entry.Stream names it
	stdin   io.Reader
	maxLine int
}

// read calls yield for every line of the file and stops at its first error. The
// entry and its line are reused: they are valid until yield returns. A file that
// cannot be opened, or a compressed one that is damaged or cut off, is CodeUnavailable.
func (s stream) read(ctx context.Context, yield func(*selfheal.Entry) error) error {
	in := s.stdin
	if in == nil {
		f, err := os.Open(s.name)
		if err != nil {
			return unavailable(s.name, err)
		}
		defer f.Close() //nolint:errcheck // it was only read
		in = f
	}
	text, err := decompress(in)
	if err != nil {
		return damaged(s.name, err)
	}
	defer text.Close() //nolint:errcheck // what is damaged shows when it is read
	lines := lines{in: text, max: s.maxLine, name: s.name}
	return lines.read(ctx, yield)
}

// damaged reports a file that broke off while it was being read.
func damaged(name string, err error) error {
	return &selfheal.Error{
		Code: selfheal.CodeUnavailable, Op: "read logs", Message: fmt.Sprintf("%s is damaged or cut off", name),
		Hint: "fetch the file again; what was read before the damage is not judged", Err: err,
	}
}
