package group

import (
	"hash/maphash"
	"time"

	"selfheal"
	"selfheal/internal/group/template"
)

// kind is a selfheal.SignatureKind in one byte.
type kind uint8

const (
	kindMessage kind = iota
	kindException
	kindBuild
	kindOverflow
)

// name gives the kind as the rest of the program knows it.
func (k kind) name() selfheal.SignatureKind {
	return [...]selfheal.SignatureKind{selfheal.KindMessage, selfheal.KindException, selfheal.KindBuild, selfheal.KindOverflow}[k]
}

// entry is what is kept of one signature. Its id, its readable template and the
// title of a message follow from its key and are made when they are asked for.
type entry struct {
	key      []byte // of a message its compact template, else the canonical text that is hashed
	kind     kind
	constant bool // the key of a message is its template as well: nothing in it is masked
	severity selfheal.Severity
	first    time.Time
	last     time.Time
	sample   sample
	title    []byte // of an exception or a compiler's error
}

// template gives the canonical text.
func (e *entry) template() string {
	if e.kind == kindMessage {
		return template.Text(e.key)
	}
	return string(e.key)
}

// table holds the entries of a Grouper by kind and key: a hash table with open
// addressing whose slots keep the whole hash, so that a key that is not there
// costs one probe and no comparison, however hostile the keys. Entries never
// move: they stand in blocks, their keys in an arena.
type table struct {
	seed   maphash.Seed // keeps those who write the keys from choosing their slots
	slots  []slot       // a power of two of them
	blocks []*[blockSize]entry
	n      int
	keys   arena
}

// slot is small so that the slots of many signatures stay in the processor's cache.
type slot struct {
	hash uint32
	at   Index // from 1; 0 is an empty slot
}

// blockSize is how many entries are allocated at once.
const blockSize = 64

func newTable() table {
	return table{seed: maphash.MakeSeed(), slots: make([]slot, 256)}
}

// at gives an entry by its index.
func (t *table) at(i Index) *entry { return &t.blocks[i/blockSize][i%blockSize] }

// hash gives the hash of a key. A kind with its own keys has its own hashes.
func (t *table) hash(k kind, key []byte) uint32 {
	return uint32(maphash.Bytes(t.seed, key)) + uint32(k)
}

// find looks a key up by its hash.
func (t *table) find(hash uint32, k kind, key []byte) (Index, bool) {
	mask := uint32(len(t.slots) - 1)
	for i := hash & mask; t.slots[i].at != 0; i = (i + 1) & mask {
		if s := &t.slots[i]; s.hash == hash {
			if e := t.at(s.at - 1); e.kind == k && string(e.key) == string(key) {
				return s.at - 1, true
			}
		}
	}
	return 0, false
}

// add makes an entry for a key that is not there.
func (t *table) add(hash uint32, k kind, key, title []byte) Index {
	if 2*t.n >= len(t.slots) { // half empty: what is not there is found out in two or three probes
		t.grow()
	}
	i := Index(t.n)
	if t.n%blockSize == 0 {
		t.blocks = append(t.blocks, new([blockSize]entry))
	}
	t.n++
	e := t.at(i)
	e.kind, e.key, e.title = k, t.keys.copy(key), t.keys.copy(title)
	t.place(slot{hash, i + 1})
	return i
}

func (t *table) place(s slot) {
	mask := uint32(len(t.slots) - 1)
	i := s.hash & mask
	for t.slots[i].at != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	for _, s := range old {
		if s.at != 0 {
			t.place(s)
		}
	}
}

// arena keeps byte strings until the end in large blocks.
type arena struct {
	free []byte
	size int // bytes of all strings
}

// arenaBlock is large against most strings; longer ones get a block of their own.
const arenaBlock = 32 << 10

func (a *arena) copy(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if len(b) > cap(a.free)-len(a.free) {
		if len(b) > arenaBlock/4 {
			a.size += len(b)
			return append([]byte(nil), b...)
		}
		a.free = make([]byte, 0, arenaBlock)
	}
	start := len(a.free)
	a.free = append(a.free, b...)
	a.size += len(b)
	return a.free[start:len(a.free):len(a.free)]
}
