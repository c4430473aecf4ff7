package live_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/watch"
)

// memory is a count store that forgets nothing.
type memory struct {
	mu         sync.Mutex
	tallies    map[tallyKey]selfheal.Tally
	signatures map[selfheal.Scope]map[selfheal.SignatureID]*selfheal.Signature
}

type tallyKey struct {
	selfheal.Scope
	revision, writer string
	minute           int64
}

func newMemory() *memory {
	return &memory{tallies: map[tallyKey]selfheal.Tally{}, signatures: map[selfheal.Scope]map[selfheal.SignatureID]*selfheal.Signature{}}
}

func (m *memory) PutTallies(_ context.Context, tallies []selfheal.Tally, signatures map[selfheal.Scope][]selfheal.Signature) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range tallies {
		m.tallies[tallyKey{t.Scope, t.Revision, t.Writer, t.Minute}] = t
	}
	for scope, all := range signatures {
		if m.signatures[scope] == nil {
			m.signatures[scope] = map[selfheal.SignatureID]*selfheal.Signature{}
		}
		group.MergeSignatures(m.signatures[scope], all)
	}
	return nil
}

func (m *memory) Counted(_ context.Context, scope selfheal.Scope, i selfheal.Interval) ([]selfheal.Counted, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	byRevision := map[string]*selfheal.Counted{}
	for key, t := range m.tallies {
		if key.Scope != scope || !i.Contains(selfheal.MinuteTime(key.minute)) {
			continue
		}
		c := byRevision[key.revision]
		if c == nil {
			c = &selfheal.Counted{Revision: key.revision, Counts: selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}}}
			byRevision[key.revision] = c
		}
		c.Coverage = watch.Merge(c.Coverage, t.Coverage)
		c.Counts.Records += t.Coverage.Records
		c.Counts.All.Add(key.minute, t.Coverage.Records)
		for id, n := range t.Counts {
			if c.Counts.Series[id] == nil {
				c.Counts.Series[id] = &selfheal.Series{}
			}
			c.Counts.Series[id].Add(key.minute, n.N)
		}
	}
	var all []selfheal.Counted
	for _, c := range byRevision {
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
	return slices.Collect(maps.Keys(m.signatures)), nil
}

func (m *memory) Compact(context.Context, time.Time, time.Time) error { return nil }
