// Package tail follows log files as they grow and are rotated.
//
// In go names and globs; out come [selfheal.Entry]s, each line once, and the position
// from which another process goes on. Files are known by what they are (device, inode,
// and a print of their first bytes), not by their names, so that
//
//   - a file that is renamed is read to its end, the one that takes its name from its
//     beginning, and those that came and went between two looks as well;
//   - of a file that is copied and truncated, what was not read yet is read from the copy;
//   - files of a glob that appear later are followed too.
//
// Compressed files do not grow: they are left alone. What is deleted, or truncated
// without a copy, before it was looked at cannot be read. A last line without an end
// waits for it, until its file is given up.
package tail

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"sync"

	"selfheal"
)

// Defaults of [Config].
const (
	DefaultMaxLine  = 1 << 20
	DefaultMaxFiles = 1000
	DefaultLinger   = 7
)

// Config of a [Tail]. Wait is required, and something to follow.
type Config struct {
	// Patterns are names of files, which need not exist yet, or globs (path/filepath.Match).
	Patterns []string
	// Names are further files, whatever characters are in their names.
	Names []string
	// Wait returns when files may have grown, or with ctx's error.
	Wait func(ctx context.Context) error
	// MaxLine is the length in bytes at which a line is cut; MaxFiles how many files are
	// followed at once.
	MaxLine, MaxFiles int
	// Linger is how many looks a file that lost its name must be silent to be given up.
	Linger int
	// Unreadable is told of a file that cannot be followed, once; an error that it returns
	// ends Follow. Nil ends it with the first.
	Unreadable func(name string, err error) error
}

// Validate checks everything that can be checked without touching the files.
func (c Config) Validate() error {
	if len(c.Patterns)+len(c.Names) == 0 {
		return selfheal.Usagef("name at least one file", "no log files were named")
	}
	for _, p := range c.Patterns {
		if _, err := filepath.Match(p, ""); err != nil || p == "" {
			return selfheal.Usagef("escape [ with a backslash if it is part of the name", "bad file pattern %q", p)
		}
	}
	if c.Wait == nil {
		return &selfheal.Error{Code: selfheal.CodeInternal, Op: "follow logs", Message: "nothing says when to look"}
	}
	if c.MaxLine < 0 || c.MaxFiles < 0 || c.Linger < 0 {
		return selfheal.Usagef("leave it out for the default", "a limit of following files is negative")
	}
	return nil
}

// Tail follows files. Only [Tail.Position] may be called by another goroutine.
type Tail struct {
	config Config
	buffer []byte

	mu     sync.Mutex // over places of files, for Position
	files  []*file
	done   []Place // of rotated files that are read, or were there before
	ghosts []*ghost
	begun  bool
	told   map[string]bool // of which Unreadable was told
}

// New makes a Tail. Files are not touched before they are followed.
func New(c Config) (*Tail, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.MaxLine = cmp.Or(c.MaxLine, DefaultMaxLine)
	c.MaxFiles = cmp.Or(c.MaxFiles, DefaultMaxFiles)
	c.Linger = cmp.Or(c.Linger, DefaultLinger)
	if c.Unreadable == nil {
		c.Unreadable = func(_ string, err error) error { return err }
	}
	return &Tail{config: c, buffer: make([]byte, bufferSize), told: map[string]bool{}}, nil
}

// Follow calls yield for every line, per file in the order they were written, until
// ctx is done, which is no error, or yield fails. from is where an earlier process
// stopped; empty begins with the beginning of the files that have the names, and
// leaves out those that were rotated before.
func (t *Tail) Follow(ctx context.Context, from Position, yield func(*selfheal.Entry) error) error {
	return t.follow(ctx, from, func(entries []selfheal.Entry) (int, error) {
		for i := range entries {
			if err := yield(&entries[i]); err != nil {
				return i, err
			}
		}
		return len(entries), nil
	})
}

// Feed is Follow into a Sink. While the sink is not available the files wait: nothing
// is lost, and the position stays.
func (t *Tail) Feed(ctx context.Context, from Position, sink selfheal.Sink) error {
	return t.follow(ctx, from, func(entries []selfheal.Entry) (int, error) {
		for {
			err := sink.Take(ctx, entries)
			switch {
			case err == nil:
				return len(entries), nil
			case selfheal.CodeOf(err) != selfheal.CodeUnavailable:
				return 0, err
			}
			if err := t.config.Wait(ctx); err != nil {
				return 0, err
			}
		}
	})
}

// taker takes lines and tells how many of them it took.
type taker func([]selfheal.Entry) (int, error)

func (t *Tail) follow(ctx context.Context, from Position, take taker) error {
	defer t.close()
	t.resume(from)
	for {
		read, err := t.look(ctx, take)
		if err == nil && !read {
			err = t.config.Wait(ctx)
		}
		switch {
		case ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())):
			return nil
		case err != nil:
			return err
		}
	}
}

// look takes what there is to read now, and tells whether there was anything.
func (t *Tail) look(ctx context.Context, take taker) (read bool, err error) {
	if err := t.findTruncated(); err != nil {
		return false, err
	}
	if err := t.find(take); err != nil {
		return false, err
	}
	for _, f := range t.inOrder() {
		if err := ctx.Err(); err != nil {
			return read, err
		}
		n, err := t.read(f, take)
		read = read || n > 0
		if err != nil {
			return read, err
		}
		if err := t.retire(f, n, take); err != nil {
			return read, err
		}
	}
	return read, t.exorcise(take)
}

// inOrder gives the files that lost their names first: what they hold is older.
func (t *Tail) inOrder() []*file {
	var away, here []*file
	for _, f := range t.files {
		if f.away {
			away = append(away, f)
		} else {
			here = append(here, f)
		}
	}
	return append(away, here...)
}

// retire gives up a file that lost its name and has been silent since.
func (t *Tail) retire(f *file, read int, take taker) error {
	if !f.away || read > 0 {
		f.quiet = 0
		return nil
	}
	if f.quiet++; f.quiet < t.config.Linger {
		return nil
	}
	if err := t.lastLine(f, take); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	place := f.place
	place.Done = true
	t.done = append(t.done, place)
	t.drop(f)
	return nil
}

// drop lets go of a file. It is called with mu held.
func (t *Tail) drop(f *file) {
	_ = f.in.Close() // it was only read
	for i := range t.files {
		if t.files[i] == f {
			t.files = append(t.files[:i:i], t.files[i+1:]...)
			return
		}
	}
}

func (t *Tail) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.files {
		_ = f.in.Close() // it was only read
	}
}
