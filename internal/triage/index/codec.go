package index

import (
	"encoding/binary"
	"errors"

	"selfheal"
)

// errMalformed is given for records that no encode wrote.
var errMalformed = errors.New("malformed record")

// encode writes a file's facts. Terms that stand for words of the file are
// written as their place among its terms.
func encode(f *File) []byte {
	var w writer
	w.number(len(f.Terms))
	for _, t := range f.Terms {
		w.out = binary.LittleEndian.AppendUint32(w.out, uint32(t))
	}
	w.places(f.Terms, f.Defined)
	w.number(len(f.Functions))
	line := 0
	for _, fn := range f.Functions {
		w.text(fn.Name)
		w.number(fn.Start - line)
		w.number((fn.End-fn.Start)<<1 | bit(fn.Declaration))
		w.places(f.Terms, fn.Uses)
		line = fn.Start
	}
	w.number(len(f.Literals))
	line = 0
	for _, l := range f.Literals {
		w.text(l.Text)
		w.number(l.Start - line)
		w.number(l.End - l.Start)
		w.number(int(l.Role))
		w.number(int(l.Level))
		w.number(int(l.Key))
		line = l.Start
	}
	w.number(len(f.Names))
	line = 0
	for _, n := range f.Names {
		w.text(n.Text)
		w.number(n.Line - line)
		w.number(int(n.Kind)<<1 | bit(n.Defines))
		line = n.Line
	}
	return w.out
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

type writer struct{ out []byte }

func (w *writer) number(n int) { w.out = binary.AppendUvarint(w.out, uint64(max(n, 0))) }

func (w *writer) text(s string) {
	w.number(len(s))
	w.out = append(w.out, s...)
}

// places writes the places of some of the sorted terms; what is not among them is left out.
func (w *writer) places(all, some []Term) {
	found := make([]int, 0, len(some))
	i := 0
	for _, t := range some {
		for i < len(all) && all[i] < t {
			i++
		}
		if i < len(all) && all[i] == t {
			found = append(found, i)
		}
	}
	w.number(len(found))
	previous := 0
	for _, n := range found {
		w.number(n - previous)
		previous = n
	}
}

// decode reads what encode wrote. It never panics, and allocates no more than a
// small multiple of the record's size.
func decode(record []byte) (*File, error) {
	r := reader{in: record}
	f := &File{Terms: r.terms()}
	f.Defined = r.places(f.Terms)
	f.Functions = make([]Function, r.count(4))
	line := 0
	for i := range f.Functions {
		fn := &f.Functions[i]
		fn.Name = r.text()
		fn.Start = line + r.number()
		extent := r.number()
		fn.End, fn.Declaration = fn.Start+extent>>1, extent&1 == 1
		fn.Uses = r.places(f.Terms)
		line = fn.Start
	}
	f.Literals = make([]Literal, r.count(6))
	line = 0
	for i := range f.Literals {
		l := &f.Literals[i]
		l.Text = r.text()
		l.Start = line + r.number()
		l.End = l.Start + r.number()
		l.Role, l.Level = Role(r.number()), selfheal.Severity(r.number())
		l.Key = Term(r.number())
		line = l.Start
	}
	f.Names = make([]Name, r.count(3))
	line = 0
	for i := range f.Names {
		n := &f.Names[i]
		n.Text = r.text()
		n.Line = line + r.number()
		kind := r.number()
		n.Kind, n.Defines = Kind(kind>>1), kind&1 == 1
		line = n.Line
	}
	if r.failed || len(r.in) > 0 {
		return nil, errMalformed
	}
	return f, nil
}

// reader reads a record; after a failure it gives zeros.
type reader struct {
	in     []byte
	failed bool
}

// maxNumber bounds numbers, so that sums of lines cannot overflow.
const maxNumber = 1 << 40

func (r *reader) number() int {
	n, size := binary.Uvarint(r.in)
	if size <= 0 || n > maxNumber {
		r.failed, r.in = true, nil
		return 0
	}
	r.in = r.in[size:]
	return int(n)
}

// count reads how many parts follow, of at least that many bytes each.
func (r *reader) count(size int) int {
	n := r.number()
	if n > len(r.in)/size {
		r.failed, r.in = true, nil
		return 0
	}
	return n
}

func (r *reader) text() string {
	n := r.count(1)
	s := string(r.in[:n])
	r.in = r.in[n:]
	return s
}

func (r *reader) terms() []Term {
	terms := make([]Term, r.count(4))
	for i := range terms {
		terms[i] = Term(binary.LittleEndian.Uint32(r.in))
		r.in = r.in[4:]
		if i > 0 && terms[i] <= terms[i-1] {
			r.failed = true
		}
	}
	return terms
}

func (r *reader) places(all []Term) []Term {
	some := make([]Term, r.count(1))
	at := 0
	for i := range some {
		at += r.number()
		if at >= len(all) {
			r.failed, r.in = true, nil
			return nil
		}
		some[i] = all[at]
	}
	return some
}
