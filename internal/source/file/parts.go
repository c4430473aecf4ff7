package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"selfheal"
)

// DefaultPartSize is the size in bytes of the parts of a large file where Config states none.
const DefaultPartSize = 16 << 20

// seamWindow is how far behind the end of a part a line is looked for that the
// next part can begin with.
const seamWindow = 128 << 10

// Parts lists the files as [Source.Streams] does, large ones as several parts
// that may be read in parallel: end to end they give what the whole file gives.
// Except for the first, a part begins with a line of which begins says, knowing
// the line before it, that nothing before it matters for what it means; where no
// such line is found the file is not divided. Lines are numbered from 1 in every part.
//
// Compressed files and standard input are one part. A file that becomes another
// one between the reading of its parts, or shorter, is CodeUnavailable.
func (s *Source) Parts(ctx context.Context, q selfheal.Query, begins func(previous, line []byte) bool) ([][]selfheal.SourceStream, error) {
	streams, err := s.Streams(ctx, q)
	if err != nil {
		return nil, err
	}
	all := make([][]selfheal.SourceStream, 0, len(streams))
	for _, whole := range streams {
		parts, err := s.divide(whole, begins)
		if err != nil {
			return nil, err
		}
		all = append(all, parts)
	}
	return all, nil
}

// divide gives the parts of one file, or the whole.
func (s *Source) divide(whole selfheal.SourceStream, begins func(previous, line []byte) bool) ([]selfheal.SourceStream, error) {
	undivided := []selfheal.SourceStream{whole}
	if whole.Name == Stdin {
		return undivided, nil
	}
	f, err := os.Open(whole.Name)
	if err != nil {
		return nil, unavailable(whole.Name, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, unavailable(whole.Name, err)
	}
	if !info.Mode().IsRegular() || info.Size() <= s.config.PartSize {
		return undivided, nil
	}
	if packed, err := isCompressed(f); err != nil || packed {
		return undivided, err
	}
	starts, err := s.seams(f, info.Size(), begins)
	if err != nil {
		return nil, damaged(whole.Name, err)
	}
	parts := make([]selfheal.SourceStream, len(starts))
	for i, from := range starts {
		p := part{name: whole.Name, file: info, from: from, to: -1, maxLine: s.config.MaxLine}
		if i+1 < len(starts) {
			p.to = starts[i+1]
		}
		parts[i] = selfheal.SourceStream{Name: whole.Name, Read: p.read}
	}
	return parts, nil
}

func isCompressed(f *os.File) (bool, error) {
	head := make([]byte, 4)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return false, damaged(f.Name(), err)
	}
	return bytes.HasPrefix(head[:n], gzipMagic) || bytes.HasPrefix(head[:n], zstdMagic), nil
}

// seams gives the positions where parts begin, 0 first.
func (s *Source) seams(f io.ReaderAt, size int64, begins func(previous, line []byte) bool) ([]int64, error) {
	starts := []int64{0}
	window := make([]byte, seamWindow)
	for at := s.config.PartSize; at < size; at += s.config.PartSize {
		if at <= starts[len(starts)-1] {
			continue
		}
		n, err := f.ReadAt(window, at)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if offset := s.seam(window[:n], begins); offset > 0 {
			starts = append(starts, at+int64(offset))
		}
	}
	return starts, nil
}

// seam finds a line in the window that a part can begin with; 0 when there is
// none. The window begins anywhere, so that its first line may be half a line.
func (s *Source) seam(window []byte, begins func(previous, line []byte) bool) int {
	start := bytes.IndexByte(window, '\n') + 1
	if start == 0 {
		return 0
	}
	var previous []byte
	for first := true; ; first = false {
		length := bytes.IndexByte(window[start:], '\n')
		if length < 0 {
			return 0
		}
		line, _ := cut(window[start:start+length], s.config.MaxLine)
		if !first && begins(previous, line) {
			return start
		}
		previous, start = line, start+length+1
	}
}

// part is a stretch of a file that begins and ends between lines.
type part struct {
	name     string
	file     fs.FileInfo // as it was when the file was divided
	from, to int64       // to is -1 at the end of the file, wherever that will be
	maxLine  int
}

// read gives the lines of the part under the contract of stream.read.
func (p part) read(ctx context.Context, yield func(*selfheal.Entry) error) error {
	f, err := os.Open(p.name)
	if err != nil {
		return unavailable(p.name, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	if info, err := f.Stat(); err != nil || !os.SameFile(info, p.file) {
		return p.changed(err)
	}
	if _, err := f.Seek(p.from, io.SeekStart); err != nil {
		return damaged(p.name, err)
	}
	in := io.Reader(f)
	if p.to >= 0 {
		in = &exactly{in: f, left: p.to - p.from}
	}
	lines := lines{in: in, max: p.maxLine, name: p.name}
	return lines.read(ctx, yield)
}

func (p part) changed(err error) error {
	return &selfheal.Error{
		Code: selfheal.CodeUnavailable, Op: "read logs", Message: fmt.Sprintf("%s was replaced while it was being read", p.name),
		Hint: "read a log that is not being rotated, or name the rotated files too", Err: err,
	}
}

// exactly reads a number of bytes, and fails when there are fewer.
type exactly struct {
	in   io.Reader
	left int64
}

func (e *exactly) Read(b []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.in.Read(b[:min(int64(len(b)), e.left)])
	if e.left -= int64(n); errors.Is(err, io.EOF) && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
