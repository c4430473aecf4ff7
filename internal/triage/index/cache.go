package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"selfheal/internal/atomicfile"
)

// magic begins a cache file. Its number changes with the format and with what
// the parsers find: files of another number are built anew.
const magic = "selfheal source index 1\n"

// maxCache is the size of a cache file, in bytes, beyond which the records go
// that were not used for the longest time.
const maxCache = 256 << 20

// Cache keeps the facts of file contents by the id of their blob, for any number
// of revisions of one repository. It is safe for use by several goroutines. A
// file that is damaged, foreign or of another version counts as empty.
type Cache struct {
	path string // of the file; empty: in memory only

	mu         sync.Mutex
	loaded     bool
	generation uint64 // of this use: later ones have higher numbers
	records    map[string]record
	fresh      bool // there are records that the file does not have
}

// record is one encoded file and when it was used last.
type record struct {
	used    uint64
	content []byte
}

// NewCache gives the cache in a file, which need not exist: it is read when first
// needed. An empty path keeps everything in memory.
func NewCache(path string) *Cache { return &Cache{path: path} }

// load reads the file once. Callers hold the lock.
func (c *Cache) load() {
	if c.loaded {
		return
	}
	c.loaded, c.records = true, map[string]record{}
	if c.path != "" {
		if info, err := os.Stat(c.path); err == nil && info.Size() <= 2*maxCache {
			if content, err := os.ReadFile(c.path); err == nil {
				c.generation, c.records = parseCache(content)
			}
		}
	}
	c.generation++
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// parseCache reads a cache file; anything unusual makes it empty. The records share the memory of content.
func parseCache(content []byte) (generation uint64, records map[string]record) {
	none := map[string]record{}
	body, ok := bytes.CutPrefix(content, []byte(magic))
	if !ok || len(body) < crc32.Size {
		return 0, none
	}
	sum := binary.LittleEndian.Uint32(body[len(body)-crc32.Size:])
	body = body[:len(body)-crc32.Size]
	if crc32.Checksum(body, castagnoli) != sum {
		return 0, none
	}
	r := reader{in: body}
	generation = uint64(r.number())
	n := r.count(3)
	records = make(map[string]record, n)
	for range n {
		key := r.text()
		used := uint64(r.number())
		size := r.count(1)
		records[key] = record{used, r.in[:size:size]}
		r.in = r.in[size:]
	}
	if r.failed || len(r.in) > 0 {
		return 0, none
	}
	return generation, records
}

// get gives the facts of a blob, when they are known.
func (c *Cache) get(key string) (*File, bool) {
	c.mu.Lock()
	c.load()
	r, known := c.records[key]
	if known && r.used != c.generation {
		r.used = c.generation
		c.records[key] = r
	}
	c.mu.Unlock()
	if !known {
		return nil, false
	}
	f, err := decode(r.content)
	return f, err == nil
}

func (c *Cache) put(key string, f *File) {
	content := encode(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.load()
	c.records[key] = record{c.generation, content}
	c.fresh = true
}

// Save writes what the file does not have yet. The folder of the file is made
// when it is not there.
func (c *Cache) Save() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.path == "" || !c.fresh {
		return nil
	}
	c.evict(maxCache)
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("save source index: %w", err)
	}
	if err := atomicfile.Write(c.path, c.encode(), 0o600); err != nil {
		return fmt.Errorf("save source index: %w", err)
	}
	c.fresh = false
	return nil
}

// encode writes all records. Callers hold the lock.
func (c *Cache) encode() []byte {
	keys := make([]string, 0, len(c.records))
	size := len(magic)
	for key, r := range c.records {
		keys = append(keys, key)
		size += len(key) + len(r.content) + 3*binary.MaxVarintLen32
	}
	slices.Sort(keys)
	w := writer{append(make([]byte, 0, size+16), magic...)}
	w.number(int(c.generation))
	w.number(len(keys))
	for _, key := range keys {
		r := c.records[key]
		w.text(key)
		w.number(int(r.used))
		w.number(len(r.content))
		w.out = append(w.out, r.content...)
	}
	return binary.LittleEndian.AppendUint32(w.out, crc32.Checksum(w.out[len(magic):], castagnoli))
}

// evict drops what was not used for the longest time until the rest fits.
func (c *Cache) evict(limit int) {
	total := 0
	keys := make([]string, 0, len(c.records))
	for key, r := range c.records {
		keys = append(keys, key)
		total += len(key) + len(r.content)
	}
	if total <= limit {
		return
	}
	slices.SortFunc(keys, func(a, b string) int {
		if x, y := c.records[a].used, c.records[b].used; x != y {
			return int(int64(x - y))
		}
		return bytes.Compare([]byte(a), []byte(b))
	})
	for _, key := range keys {
		if total <= limit {
			return
		}
		total -= len(key) + len(c.records[key].content)
		delete(c.records, key)
	}
}
