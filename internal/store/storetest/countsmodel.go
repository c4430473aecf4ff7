package storetest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

// compactionKeepsSums puts, puts again, compacts and forgets at random, and
// compares with a model in memory after each step.
func compactionKeepsSums(t *testing.T, store selfheal.CountStore) {
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		m := &model{
			scope:   selfheal.Scope{Service: "shop", Environment: time.Duration(round).String()},
			tallies: map[place]selfheal.Tally{},
		}
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			if rapid.IntRange(0, 2).Draw(rt, "step") == 0 {
				before, keep := drawMinute(rt, "before"), drawMinute(rt, "keep")-180
				if err := store.Compact(t.Context(), selfheal.MinuteTime(before), selfheal.MinuteTime(keep)); err != nil {
					rt.Fatal(err)
				}
				m.compact(before, keep)
			} else {
				m.put(t, rt, store)
			}
			from, to := drawMinute(rt, "from"), drawMinute(rt, "to")
			for _, minutes := range [][2]int64{{from, to}, {hour - 6000, hour + 6000}} {
				got, err := store.Counted(t.Context(), m.scope, selfheal.Interval{From: selfheal.MinuteTime(minutes[0]), To: selfheal.MinuteTime(minutes[1])})
				if err != nil {
					rt.Fatal(err)
				}
				if diff := cmp.Diff(m.counted(minutes[0], minutes[1]), got); diff != "" {
					rt.Fatalf("minutes %d to %d (-want +got):\n%s", minutes[0]-hour, minutes[1]-hour, diff)
				}
			}
		}
		// Later rounds have scopes of their own; this one need not be compacted with them.
		if err := store.Compact(t.Context(), time.Time{}, selfheal.MinuteTime(hour+60_000)); err != nil {
			rt.Fatal(err)
		}
	})
}

func drawMinute(t *rapid.T, label string) int64 {
	return hour + rapid.Int64Range(-30, 270).Draw(t, label)
}

// place is where a tally replaces another.
type place struct {
	minute           int64
	revision, writer string
}

// model is what a store of counts must hold, kept naively.
type model struct {
	scope     selfheal.Scope
	tallies   map[place]selfheal.Tally
	known     bool  // the scope exists
	compacted int64 // 0: never
}

func hourOf(minute int64) int64 { return minute / 60 * 60 }

func (m *model) compact(before, keep int64) {
	if !m.known {
		return
	}
	keep = hourOf(keep)
	m.compacted = max(m.compacted, hourOf(before), keep)
	maps.DeleteFunc(m.tallies, func(p place, _ selfheal.Tally) bool { return p.minute < keep })
}

func (m *model) put(t *testing.T, rt *rapid.T, store selfheal.CountStore) {
	var batch []selfheal.Tally
	late := false
	for range rapid.IntRange(1, 6).Draw(rt, "tallies") {
		given := tally(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "writer"), rapid.SampledFrom([]string{"", "r1"}).Draw(rt, "revision"),
			drawMinute(rt, "minute")-hour, rapid.Int64Range(0, 3).Draw(rt, "errors"), rapid.Int64Range(0, 300).Draw(rt, "requests"))
		given.Scope = m.scope
		late = late || m.compacted != 0 && given.Minute < m.compacted
		batch = append(batch, given)
	}
	err := store.PutTallies(t.Context(), batch, map[selfheal.Scope][]selfheal.Signature{m.scope: described()[shop]})
	if late {
		if err == nil || selfheal.CodeOf(err) != selfheal.CodeConflict {
			rt.Fatalf("a compacted minute was taken in: %v", err)
		}
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	m.known = true
	for _, given := range batch {
		m.tallies[place{given.Minute, given.Revision, given.Writer}] = given
	}
}

// counted is what the store must give of minutes [from, to).
func (m *model) counted(from, to int64) []selfheal.Counted {
	in := func(minute int64) bool { return minute >= from && minute < to }
	merged := map[string]*selfheal.Counted{}
	for _, p := range slices.SortedFunc(maps.Keys(m.tallies), func(a, b place) int { return int(a.minute - b.minute) }) {
		row := p.minute // where its coverage and the sums of its hour are
		if p.minute < m.compacted {
			row = hourOf(p.minute)
		}
		given := m.tallies[p]
		errors, requests := given.Counts[broken].N, given.Counts[served].N
		if !in(row) && (!in(p.minute) || errors+requests == 0) {
			continue
		}
		c := merged[p.revision]
		if c == nil {
			c = &selfheal.Counted{Revision: p.revision, Counts: selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}}}
			merged[p.revision] = c
		}
		if in(row) {
			c.Coverage = cover(c.Coverage, given.Coverage)
			addTo(&c.Counts, served, row, requests)
		}
		if in(p.minute) {
			addTo(&c.Counts, broken, p.minute, errors)
			if n := errors + requests; n > 0 {
				c.Counts.All.Add(p.minute, n)
			}
		}
	}
	var all []selfheal.Counted
	for _, revision := range slices.Sorted(maps.Keys(merged)) {
		c := merged[revision]
		c.Counts.Records = c.Counts.All.Total()
		c.Coverage.Streams = m.mostStreams(revision, in)
		all = append(all, *c)
	}
	return all
}

func addTo(c *selfheal.Counts, id selfheal.SignatureID, minute, n int64) {
	if n == 0 {
		return
	}
	if c.Series[id] == nil {
		c.Series[id] = &selfheal.Series{}
	}
	c.Series[id].Add(minute, n)
}

func cover(sum, c selfheal.Coverage) selfheal.Coverage {
	sum.Bytes += c.Bytes
	sum.Records += c.Records
	if sum.First.IsZero() || c.First.Before(sum.First) {
		sum.First = c.First
	}
	if c.Last.After(sum.Last) {
		sum.Last = c.Last
	}
	sum.Zones = c.Zones
	return sum
}

// mostStreams is how many writers, each with one stream, said something of the same minute.
func (m *model) mostStreams(revision string, in func(int64) bool) int {
	writers := map[int64]int{}
	for p := range m.tallies {
		row := p.minute
		if row < m.compacted {
			row = hourOf(row)
		}
		if p.revision == revision && in(row) {
			writers[p.minute]++
		}
	}
	most := 0
	for _, n := range writers {
		most = max(most, n)
	}
	return most
}
