package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"selfheal"
)

// tail reads a file and what is appended to it, by name: when another file takes
// the name, it goes on with that one; when the file was truncated, from its
// beginning. It ends when ctx is done.
type tail struct {
	ctx   context.Context //nolint:containedctx // Read has no room for one
	name  string
	wait  func(context.Context) error
	file  *os.File
	read  int64
	ended bool // the last byte ended a line
}

func openTail(ctx context.Context, name string, wait func(context.Context) error) (*tail, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "follow", Message: fmt.Sprintf("cannot read %s", name), Err: err}
	}
	return &tail{ctx: ctx, name: name, wait: wait, file: f, ended: true}, nil
}

// Read blocks until there is something to be read.
func (t *tail) Read(p []byte) (int, error) {
	for len(p) > 0 {
		n, err := t.file.Read(p)
		if n > 0 {
			t.read += int64(n)
			t.ended = p[n-1] == '\n'
			return n, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		replaced, err := t.replace()
		switch {
		case err != nil:
			return 0, err
		case replaced && !t.ended: // what the old file ended in is no part of the new one's first line
			t.ended = true
			p[0] = '\n'
			return 1, nil
		case replaced:
			continue
		}
		if t.wait(t.ctx) != nil {
			return 0, io.EOF
		}
	}
	return 0, nil
}

// replace looks, at the end of the file, whether its name belongs to another one
// now, or whether it was truncated. A file that is gone may come back.
func (t *tail) replace() (bool, error) {
	now, err := os.Stat(t.name)
	if err != nil {
		return false, nil //nolint:nilerr // until it comes back
	}
	open, err := t.file.Stat()
	if err != nil {
		return false, err
	}
	switch {
	case !os.SameFile(now, open):
		if open.Size() > t.read {
			return false, nil // written after the last read: the rest first
		}
		next, err := os.Open(t.name)
		if err != nil {
			return false, nil //nolint:nilerr // gone again
		}
		_ = t.file.Close() // it was only read
		t.file, t.read = next, 0
		return true, nil
	case now.Size() < t.read:
		_, err := t.file.Seek(0, io.SeekStart)
		t.read = 0
		return err == nil, err
	}
	return false, nil
}

// Close gives the file back.
func (t *tail) Close() error { return t.file.Close() }
