package file

import (
	"bytes"
	"context"
	"io"

	"selfheal"
)

// bufferSize is how much is read at once. Larger is not faster: it leaves the processor's cache.
const bufferSize = 256 << 10

// lines splits a stream into entries.
type lines struct {
	in   io.Reader
	max  int
	name string

	buf   []byte
	entry selfheal.Entry
	skip  bool // inside a line that was cut: everything up to its end is dropped
}

// read yields every line. A last line without a line ending counts.
func (l *lines) read(ctx context.Context, yield func(*selfheal.Entry) error) error {
	l.buf = make([]byte, min(bufferSize, l.max+2)+2)
	l.entry.Stream = l.name
	held := 0 // bytes of an unfinished line at the beginning of buf
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, readErr := l.in.Read(l.buf[held:])
		rest, err := l.split(l.buf[:held+n], held, yield)
		if err != nil {
			return err
		}
		if held, err = l.hold(rest, yield); err != nil {
			return err
		}
		switch {
		case readErr == io.EOF:
			return l.last(held, yield)
		case readErr != nil:
			return damaged(l.name, readErr)
		}
	}
}

// split yields the complete lines of b, of which the first held bytes are known
// to hold no line ending, and gives the rest.
func (l *lines) split(b []byte, held int, yield func(*selfheal.Entry) error) ([]byte, error) {
	from := held
	for {
		at := bytes.IndexByte(b[from:], '\n')
		if at < 0 {
			return b, nil
		}
		line := b[:from+at]
		b, from = b[from+at+1:], 0
		if l.skip {
			l.skip = false
			continue
		}
		if err := l.yield(line, yield); err != nil {
			return nil, err
		}
	}
}

// yield delivers one line without its carriage return, cut at the cap.
func (l *lines) yield(line []byte, yield func(*selfheal.Entry) error) error {
	l.entry.Number++
	l.entry.Line, l.entry.Truncated = cut(line, l.max)
	return yield(&l.entry)
}

// cut gives a line without its carriage return, no longer than max.
func cut(line []byte, max int) (kept []byte, truncated bool) {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	if len(line) > max {
		return line[:max], true
	}
	return line, false
}

// hold keeps an unfinished line for the next read, or delivers and then skips it
// when it is longer than the cap. It gives how many bytes are held.
func (l *lines) hold(rest []byte, yield func(*selfheal.Entry) error) (int, error) {
	if l.skip {
		return 0, nil
	}
	if len(rest) > l.max+1 {
		l.skip = true
		return 0, l.yield(rest, yield)
	}
	if len(rest) == len(l.buf) {
		l.buf = append(make([]byte, 0, min(2*len(l.buf), l.max+4)), rest...)
		l.buf = l.buf[:cap(l.buf)]
		return len(rest), nil
	}
	return copy(l.buf, rest), nil
}

// last delivers what follows the last line ending.
func (l *lines) last(held int, yield func(*selfheal.Entry) error) error {
	if held == 0 || l.skip {
		return nil
	}
	return l.yield(l.buf[:held], yield)
}
