package ingest_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/group"
)

// memory is a selfheal.CountStore as far as writers need it, in memory.
type memory struct {
	mu         sync.Mutex
	tallies    map[key]selfheal.Tally
	signatures map[selfheal.Scope]map[selfheal.SignatureID]*selfheal.Signature
	puts       int
	fail       error // before anything is written
	forget     error // after all was written: the writer does not learn that it was
}

type key struct {
	selfheal.Scope
	revision, writer string
	minute           int64
}

func newMemory() *memory {
	return &memory{tallies: map[key]selfheal.Tally{}, signatures: map[selfheal.Scope]map[selfheal.SignatureID]*selfheal.Signature{}}
}

var errDown = errors.New("the store is down")

func (m *memory) breaks(fail, forget error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail, m.forget = fail, forget
}

func (m *memory) PutTallies(_ context.Context, tallies []selfheal.Tally, signatures map[selfheal.Scope][]selfheal.Signature) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.puts++
	for _, t := range tallies {
		t.Counts = maps.Clone(t.Counts)
		m.tallies[key{t.Scope, t.Revision, t.Writer, t.Minute}] = t
	}
	for scope, all := range signatures {
		if m.signatures[scope] == nil {
			m.signatures[scope] = map[selfheal.SignatureID]*selfheal.Signature{}
		}
		group.MergeSignatures(m.signatures[scope], all)
	}
	return m.forget
}

func (m *memory) Counted(_ context.Context, scope selfheal.Scope, interval selfheal.Interval) ([]selfheal.Counted, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	by := map[string]*selfheal.Counted{}
	for k, t := range m.tallies {
		at := selfheal.MinuteTime(k.minute)
		if k.Scope != scope || !interval.From.IsZero() && !interval.Contains(at) {
			continue
		}
		c := by[k.revision]
		if c == nil {
			c = &selfheal.Counted{Revision: k.revision, Counts: selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}}}
			by[k.revision] = c
		}
		for id, n := range t.Counts {
			if c.Counts.Series[id] == nil {
				c.Counts.Series[id] = &selfheal.Series{}
			}
			c.Counts.Series[id].Add(k.minute, n.N)
			c.Counts.Records += n.N
			c.Counts.All.Add(k.minute, n.N)
		}
		c.Coverage.Records += t.Coverage.Records
		c.Coverage.Outside += t.Coverage.Outside
		c.Coverage.Undated += t.Coverage.Undated
		c.Coverage.Streams += t.Coverage.Streams
		c.Coverage.OutOfOrder += t.Coverage.OutOfOrder
		c.Coverage.Overflowed += t.Coverage.Overflowed
		c.Coverage.Truncated += t.Coverage.Truncated
	}
	all := []selfheal.Counted{}
	for _, c := range by {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b selfheal.Counted) int { return cmp.Compare(a.Revision, b.Revision) })
	return all, nil
}

func (m *memory) Signatures(_ context.Context, scope selfheal.Scope) (map[selfheal.SignatureID]*selfheal.Signature, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.signatures[scope]), nil
}

func (m *memory) Scopes(context.Context) ([]selfheal.Scope, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := map[selfheal.Scope]bool{}
	for k := range m.tallies {
		seen[k.Scope] = true
	}
	return slices.Collect(maps.Keys(seen)), nil
}

func (m *memory) Compact(context.Context, time.Time, time.Time) error { return nil }

var _ selfheal.CountStore = (*memory)(nil)
