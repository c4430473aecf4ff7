package tail

import (
	"hash/fnv"
	"io"
	"os"
)

// Position is where following stopped, to be kept as JSON. It holds no text of the logs.
type Position []Place

// Place is how far one file was read.
type Place struct {
	Name     string `json:"name"` // that the file has, or had before it was rotated
	Device   uint64 `json:"device,omitempty"`
	Inode    uint64 `json:"inode,omitempty"`
	Head     uint64 `json:"head,string,omitempty"` // print of its first bytes
	HeadSize int    `json:"head_size,omitempty"`
	Last     uint64 `json:"last,string,omitempty"` // print of the bytes before Offset
	LastSize int    `json:"last_size,omitempty"`
	Offset   int64  `json:"offset"`         // of the first line that was not taken
	Line     int64  `json:"line"`           // lines before it
	Cut      bool   `json:"cut,omitempty"`  // Offset is inside a line that was cut and taken
	Done     bool   `json:"done,omitempty"` // nothing more is read of it
}

// Position tells how far all files were read: every line before it was taken, none
// behind it. It may be called while Follow runs.
func (t *Tail) Position() Position {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := Position{}
	for _, f := range t.files {
		p = append(p, f.place)
	}
	for _, g := range t.ghosts {
		p = append(p, g.place)
	}
	return append(p, t.done...)
}

// resume takes over a position: the files are looked for as if they had been truncated.
func (t *Tail) resume(from Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = len(from) > 0
	for _, p := range from {
		switch {
		case p.Done:
			t.done = append(t.done, p)
		case p.Offset > 0:
			t.ghosts = append(t.ghosts, &ghost{place: p, resumed: true})
		}
	}
}

// Sizes of prints: enough to tell files apart, little enough to be read again at each look.
const (
	headSize = 256
	lastSize = 64
)

// advance moves a place over bytes that were taken, and takes new prints.
func (p *Place) advance(in io.ReaderAt, bytes, lines int64) {
	p.Offset += bytes
	p.Line += lines
	if p.HeadSize < headSize {
		p.HeadSize = int(min(headSize, p.Offset))
		p.Head, _ = printOf(in, 0, p.HeadSize)
	}
	p.LastSize = int(min(lastSize, p.Offset))
	p.Last, _ = printOf(in, p.Offset-int64(p.LastSize), p.LastSize)
}

// beginsLike tells whether a file begins like the one that a place is in.
func (p *Place) beginsLike(in io.ReaderAt) bool {
	head, ok := printOf(in, 0, p.HeadSize)
	return ok && head == p.Head
}

// holds tells whether a file holds what was read up to the place.
func (p *Place) holds(in io.ReaderAt) bool {
	last, ok := printOf(in, p.Offset-int64(p.LastSize), p.LastSize)
	return ok && last == p.Last && p.beginsLike(in)
}

// printOf hashes size bytes; false when there are not so many.
func printOf(in io.ReaderAt, at int64, size int) (uint64, bool) {
	var b [headSize]byte
	if n, _ := in.ReadAt(b[:size], at); n < size {
		return 0, false
	}
	h := fnv.New64a()
	_, _ = h.Write(b[:size]) // never fails
	return h.Sum64(), true
}

// placeOf is the beginning of a file.
func placeOf(name string, info os.FileInfo) Place {
	device, inode := identity(info)
	return Place{Name: name, Device: device, Inode: inode}
}

// isFile tells whether a file has the inode of a place; where there are no inodes, it may.
func (p *Place) isFile(info os.FileInfo) bool {
	device, inode := identity(info)
	return p.Device == device && p.Inode == inode
}
