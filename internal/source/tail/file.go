package tail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"selfheal"
)

// bufferSize is how much is read at once.
const bufferSize = 64 << 10

// file is one that is followed.
type file struct {
	in     *os.File
	info   os.FileInfo
	place  Place
	away   bool          // it has lost its name
	quiet  int           // looks without growth since then
	rest   []byte        // the last line, as far as it is there
	copies []os.FileInfo // that somebody made of it
}

// ghost is what is known of a file that was truncated, or that an earlier process read.
type ghost struct {
	place   Place
	rest    []byte
	copies  []os.FileInfo
	looks   int
	resumed bool
}

func (g *ghost) isCopy(info os.FileInfo) bool {
	return slices.ContainsFunc(g.copies, func(c os.FileInfo) bool { return os.SameFile(c, info) })
}

// Magic numbers of gzip (RFC 1952) and zstd (RFC 8878).
var packedMagic = [][]byte{{0x1f, 0x8b}, {0x28, 0xb5, 0x2f, 0xfd}}

// open begins to follow a file.
func (t *Tail) open(c candidate, place Place) (*file, error) {
	if len(t.files) >= t.config.MaxFiles {
		return nil, &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "follow logs", Message: fmt.Sprintf("%s is one file too many", c.path),
			Hint: fmt.Sprintf("at most %d files are followed at once", t.config.MaxFiles)}
	}
	in, err := os.Open(c.path)
	if err != nil {
		return nil, &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "follow logs", Message: "cannot read " + c.path, Err: err}
	}
	f := &file{in: in, place: place}
	if f.info, err = in.Stat(); err != nil {
		_ = in.Close() // it was only read
		return nil, err
	}
	if known := t.followed(f.info); known != nil { // renamed in this moment
		_ = in.Close() // it was only read
		return known, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !os.SameFile(f.info, c.info) { // replaced in this moment
		f.place = placeOf(c.name, f.info)
	}
	t.files = append(t.files, f)
	return f, nil
}

// reopen goes on where an earlier process stopped.
func (t *Tail) reopen(g *ghost, c candidate) error {
	place := g.place
	place.Device, place.Inode = identity(c.info)
	f, err := t.open(c, place)
	if err != nil {
		return t.unreadable(c.path, err)
	}
	f.away = c.path != place.Name
	t.lay(g)
	return nil
}

// lay forgets a ghost.
func (t *Tail) lay(g *ghost) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ghosts = slices.DeleteFunc(t.ghosts, func(other *ghost) bool { return other == g })
}

// findTruncated finds the files that are not what they were, and begins them anew.
func (t *Tail) findTruncated() error {
	for _, f := range t.files {
		info, err := f.in.Stat()
		if err != nil {
			return fmt.Errorf("follow %s: %w", f.place.Name, err)
		}
		if !f.isTruncated(info) {
			continue
		}
		t.mu.Lock()
		t.ghosts = append(t.ghosts, &ghost{place: f.place, rest: f.rest, copies: f.copies})
		f.place, f.rest, f.copies = placeOf(f.place.Name, info), nil, nil
		t.mu.Unlock()
	}
	return nil
}

// isTruncated tells whether what was read of a file is no longer in it.
func (f *file) isTruncated(now os.FileInfo) bool {
	return f.place.Offset > 0 && (now.Size() < f.place.Offset || !f.place.holds(f.in))
}

// begins tells whether a candidate could be a copy of the file in the making. Of a
// file that is being truncated in this moment, the next look tells.
func (f *file) begins(c candidate) bool {
	now, err := f.in.Stat()
	if err == nil && f.isTruncated(now) {
		return true
	}
	if err != nil || now.Size() == 0 || c.info.Size() > now.Size() {
		return false
	}
	in, err := os.Open(c.path)
	if err != nil {
		return false
	}
	defer in.Close() //nolint:errcheck // it was only read
	size := int(min(headSize, c.info.Size()))
	ours, ok := printOf(f.in, 0, size)
	theirs, okToo := printOf(in, 0, size)
	return ok && okToo && ours == theirs
}

// readCopy takes the rest of a truncated file from its copy.
func (t *Tail) readCopy(g *ghost, c candidate, take taker) error {
	place := g.place
	place.Device, place.Inode = identity(c.info)
	t.lay(g)
	if c.info.Size() <= place.Offset { // it was copied before the last lines came
		return t.leave(c)
	}
	f, err := t.open(c, place)
	if err != nil {
		return t.unreadable(c.path, err)
	}
	f.away = true
	_, err = t.read(f, take)
	return err
}

// exorcise gives up truncated files of which no copy appears, with their last lines.
func (t *Tail) exorcise(take taker) error {
	for _, g := range slices.Clone(t.ghosts) {
		if g.looks++; g.looks < t.config.Linger {
			continue
		}
		if len(g.rest) > 0 {
			if _, err := take([]selfheal.Entry{{Stream: g.place.Name, Line: g.rest, Number: g.place.Line + 1}}); err != nil {
				return err
			}
		}
		t.lay(g)
	}
	return nil
}

// read takes all complete lines that are there.
func (t *Tail) read(f *file, take taker) (lines int, err error) {
	for {
		n, readErr := f.in.ReadAt(t.buffer, f.place.Offset)
		if readErr != nil && !errors.Is(readErr, io.EOF) {
			return lines, &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "follow logs", Message: "cannot read " + f.place.Name, Err: readErr}
		}
		if f.place.Offset == 0 && isPackedText(t.buffer[:n]) {
			t.abandon(f, n)
			return lines, t.unreadable(f.place.Name, &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "follow logs",
				Message: f.place.Name + " is compressed, and compressed files do not grow", Hint: "name the file that is written"})
		}
		taken, more, err := t.lines(f, t.buffer[:n], take)
		lines += taken
		if err != nil || !more {
			return lines, err
		}
	}
}

// abandon lets go of a file that cannot be read as text; n bytes of it were looked at.
func (t *Tail) abandon(f *file, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.place.advance(f.in, int64(n), 0)
	f.place.Done = true
	t.done = append(t.done, f.place)
	t.drop(f)
}

func isPackedText(b []byte) bool {
	return slices.ContainsFunc(packedMagic, func(magic []byte) bool { return bytes.HasPrefix(b, magic) })
}

// lines takes the lines that end in b. more says that reading on may give further ones.
func (t *Tail) lines(f *file, b []byte, take taker) (taken int, more bool, err error) {
	if f.place.Cut {
		at := bytes.IndexByte(b, '\n')
		if at < 0 {
			t.advance(f, len(b), 0, true)
			return 0, len(b) > 0, nil
		}
		t.advance(f, at+1, 0, false)
		return 0, true, nil
	}
	end := bytes.LastIndexByte(b, '\n') + 1
	if end == 0 {
		return t.unfinished(f, b, take)
	}
	entries, sizes := t.split(f, b[:end])
	f.rest = append(f.rest[:0], b[end:]...)
	taken, err = take(entries)
	bytes := 0
	for _, size := range sizes[:taken] {
		bytes += size
	}
	t.advance(f, bytes, taken, false)
	return taken, err == nil, err
}

// split makes entries of complete lines.
func (t *Tail) split(f *file, text []byte) (entries []selfheal.Entry, sizes []int) {
	for len(text) > 0 {
		at := bytes.IndexByte(text, '\n')
		line, truncated := cut(text[:at], t.config.MaxLine)
		entries = append(entries, selfheal.Entry{Stream: f.place.Name, Line: line, Number: f.place.Line + int64(len(entries)) + 1, Truncated: truncated})
		sizes = append(sizes, at+1)
		text = text[at+1:]
	}
	return entries, sizes
}

// unfinished keeps the beginning of a line until its end comes, or delivers it when
// it is longer than a line may be.
func (t *Tail) unfinished(f *file, b []byte, take taker) (taken int, more bool, err error) {
	switch {
	case len(b) < len(t.buffer):
		f.rest = append(f.rest[:0], b...)
		return 0, false, nil
	case len(t.buffer) <= t.config.MaxLine:
		t.buffer = make([]byte, min(2*len(t.buffer), t.config.MaxLine+2))
		return 0, true, nil
	}
	taken, err = take([]selfheal.Entry{{Stream: f.place.Name, Line: b[:t.config.MaxLine], Number: f.place.Line + 1, Truncated: true}})
	if taken > 0 {
		t.advance(f, len(b), 1, true)
	}
	return taken, err == nil, err
}

// lastLine takes the last line of a file that is given up, whose end never came.
func (t *Tail) lastLine(f *file, take taker) error {
	if len(f.rest) == 0 || f.place.Cut {
		return nil
	}
	line, truncated := cut(f.rest, t.config.MaxLine)
	n, err := take([]selfheal.Entry{{Stream: f.place.Name, Line: line, Number: f.place.Line + 1, Truncated: truncated}})
	t.advance(f, n*len(f.rest), n, false)
	return err
}

// advance notes what was taken; cut says that the offset is inside a line that was.
func (t *Tail) advance(f *file, bytes, lines int, cut bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.place.Cut = cut
	f.place.advance(f.in, int64(bytes), int64(lines))
}

// cut gives a line without its carriage return, no longer than max.
func cut(line []byte, max int) (kept []byte, truncated bool) {
	line = bytes.TrimSuffix(line, []byte{'\r'})
	if len(line) > max {
		return line[:max], true
	}
	return line, false
}
