package embed

import (
	"container/list"
	"crypto/sha256"
	"slices"
	"sync"
)

// Key tells what was embedded, without holding the text.
type Key struct {
	URL   string // models of one name differ between providers
	Model string
	Text  [sha256.Size]byte // hash of the text as it was sent
}

// Cache keeps vectors. It is safe for concurrent use.
type Cache interface {
	// Get gives a vector that the caller may change.
	Get(key Key) (vector []float32, known bool)
	// Put keeps a copy of a vector, for as long as it pleases.
	Put(key Key, vector []float32)
}

// defaultCached is how many vectors a Client keeps by itself: about 12 MiB at 768 dimensions.
const defaultCached = 4096

// Memory is a [Cache] of the vectors that were used last.
type Memory struct {
	mu    sync.Mutex
	most  int
	byKey map[Key]*list.Element
	order *list.List // of cached, the last used in front
}

type cached struct {
	key    Key
	vector []float32
}

var _ Cache = (*Memory)(nil)

// NewMemory makes a cache of at most n vectors; at least one.
func NewMemory(n int) *Memory {
	return &Memory{most: max(1, n), byKey: map[Key]*list.Element{}, order: list.New()}
}

// Get implements [Cache].
func (m *Memory) Get(key Key) ([]float32, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.byKey[key]
	if !ok {
		return nil, false
	}
	m.order.MoveToFront(at)
	return slices.Clone(at.Value.(cached).vector), true
}

// Put implements [Cache].
func (m *Memory) Put(key Key, vector []float32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, ok := m.byKey[key]; ok {
		at.Value = cached{key, slices.Clone(vector)}
		m.order.MoveToFront(at)
		return
	}
	m.byKey[key] = m.order.PushFront(cached{key, slices.Clone(vector)})
	if m.order.Len() > m.most {
		oldest := m.order.Remove(m.order.Back()).(cached)
		delete(m.byKey, oldest.key)
	}
}
