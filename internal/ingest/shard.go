package ingest

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"selfheal"
)

// idleFor is how long an event of several lines waits for further ones.
const idleFor = time.Second

// maxStated bounds what is remembered of how records spell their scopes.
const maxStated = 4096

// shard counts for one goroutine at a time.
type shard struct {
	mu     sync.Mutex
	config *Config
	memory *memory
	known  *known
	scopes map[selfheal.Scope]*counts
	stated map[selfheal.Scope]*counts // the same, by what records state
	last   *counts                    // of the last record, and what it stated
	said   selfheal.Scope
}

func newShard(c *Config, m *memory, k *known) *shard {
	return &shard{config: c, memory: m, known: k, scopes: map[selfheal.Scope]*counts{}, stated: map[selfheal.Scope]*counts{}}
}

// take counts entries of one kind; see run. It is called with mu held.
func (s *shard) take(entries []selfheal.Entry, scope *selfheal.Scope, now time.Time) {
	for i := range entries {
		e := &entries[i]
		switch {
		case scope != nil:
			s.of(*scope).take(e, now)
		case e.Record != nil:
			s.of(selfheal.Scope{Service: e.Record.Service, Environment: e.Record.Environment}).take(e, now)
		default:
			s.of(selfheal.Scope{}).take(e, now)
		}
	}
}

// of gives the counts of what a record states.
func (s *shard) of(stated selfheal.Scope) *counts {
	if s.last != nil && s.said == stated {
		return s.last
	}
	c := s.stated[stated]
	if c == nil {
		c = s.open(stated)
		if len(s.stated) >= maxStated {
			clear(s.stated)
		}
		s.stated[stated] = c
	}
	s.last, s.said = c, stated
	return c
}

// open finds the counts of a scope, or makes them.
func (s *shard) open(stated selfheal.Scope) *counts {
	scope := s.config.Place(stated)
	if scope.Service == "" {
		scope.Service = UnknownService
	}
	if s.scopes[scope] == nil && !s.known.enter(scope) {
		scope = selfheal.Scope{Service: OtherServices}
	}
	c := s.scopes[scope]
	if c == nil {
		c = newCounts(scope, s.config, s.memory)
		s.scopes[scope] = c
	}
	return c
}

// idle emits the events that have waited long enough for more lines.
func (s *shard) idle(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.scopes {
		c.idle(now, idleFor)
	}
}

// drain hands over what was counted since the last time, and gives up what has
// fallen silent. ended says that nothing more comes. Senders get their turn now and then.
func (s *shard) drain(l *ledger, now time.Time, ended bool) {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.scopes))
	s.mu.Unlock()
	silence := idleFor
	if ended {
		silence = 0
	}
	for _, c := range all {
		s.mu.Lock()
		c.idle(now, silence)
		a := l.account(c.scope)
		c.drain(a, now)
		for c.describe(a, now, ended, describeAtOnce) {
			s.mu.Unlock()
			s.mu.Lock()
		}
		if now.Sub(c.touched) >= hold {
			c.close(a, now)
			delete(s.scopes, c.scope)
			s.known.leave(c.scope)
			clear(s.stated)
			s.last = nil
		}
		s.mu.Unlock()
	}
}

// memory grants the bytes that the texts of signatures may take.
type memory struct {
	limit   int64
	granted atomic.Int64
}

// Grants to one scope in one shard: at first, and at most.
const (
	firstGrant = 2 << 20
	mostGrant  = 32 << 20
	leastGrant = 128 << 10
)

// grant gives what is asked for, or what there is for those who have nothing.
func (m *memory) grant(bytes int) int {
	for {
		granted := m.granted.Load()
		room := m.limit - granted
		give := min(int64(bytes), room/2)
		if give < leastGrant {
			return 0
		}
		if m.granted.CompareAndSwap(granted, granted+give) {
			return int(give)
		}
	}
}

func (m *memory) back(bytes int) { m.granted.Add(-int64(bytes)) }

// known are the scopes of all shards.
type known struct {
	mu   sync.Mutex
	most int
	in   map[selfheal.Scope]int // by how many shards
}

// enter lets a scope in, unless there are too many.
func (k *known) enter(scope selfheal.Scope) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.in[scope] == 0 && len(k.in) >= k.most {
		return false
	}
	k.in[scope]++
	return true
}

func (k *known) leave(scope selfheal.Scope) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.in[scope]--; k.in[scope] <= 0 {
		delete(k.in, scope)
	}
}
