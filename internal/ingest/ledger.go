package ingest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/watch"
)

// forgetAfter is how long it is remembered when a silent scope was last seen.
const forgetAfter = 24 * time.Hour

// ledger holds what this writer counted of the minutes that may still change. Only
// the goroutine that flushes uses it, except for what mu is over.
type ledger struct {
	config *Config
	minute int64 // of the clock, never going back
	held   int   // counts, of all minutes

	mu       sync.Mutex // over the map, and over seen, lag and totals of accounts
	accounts map[selfheal.Scope]*account
}

// account is the ledger's page of one scope.
type account struct {
	ledger     *ledger
	scope      selfheal.Scope
	minutes    map[place]*minute
	signatures map[selfheal.SignatureID]*selfheal.Signature // not described to the store yet
	described  map[selfheal.SignatureID]time.Time           // to the store, or about to be

	seen    map[string]*Seen
	lag     lags
	totals  totals
	touched time.Time
}

// minute is all that this writer counted of one minute of one revision.
type minute struct {
	account *account
	tally   selfheal.Tally
	dirty   bool
	touched int64 // the minute of the clock in which it last changed
}

// account finds or opens the page of a scope.
func (l *ledger) account(scope selfheal.Scope) *account {
	a := l.accounts[scope]
	if a == nil {
		a = &account{ledger: l, scope: scope, minutes: map[place]*minute{}, seen: map[string]*Seen{},
			signatures: map[selfheal.SignatureID]*selfheal.Signature{}, described: map[selfheal.SignatureID]time.Time{}}
		l.accounts[scope] = a
	}
	return a
}

// minute finds or opens a minute. One that is opened late may be one that was
// written and forgotten: it gets a writer's name that was not used for it before,
// since the clock's minute is another, so that the two add up.
func (a *account) minute(at place, now time.Time) *minute {
	l := a.ledger
	a.touched = now
	m := a.minutes[at]
	if m == nil {
		writer := l.config.Writer
		if late := l.minute - at.minute; late != 0 {
			writer = fmt.Sprintf("%s%+d", writer, late)
		}
		m = &minute{account: a, tally: selfheal.Tally{
			Scope: a.scope, Revision: at.revision, Minute: at.minute, Writer: writer, Counts: map[selfheal.SignatureID]selfheal.Tallied{},
		}}
		a.minutes[at] = m
	}
	m.dirty, m.touched = true, l.minute
	return m
}

// add counts occurrences. The reach becomes part of the tally.
func (m *minute) add(id selfheal.SignatureID, n int64, reach *selfheal.Reach) {
	t, known := m.tally.Counts[id]
	if !known && len(m.tally.Counts) > m.account.ledger.config.MaxSignatures {
		overflow := group.Overflow()
		m.account.describe(overflow)
		id = overflow.ID
		t, known = m.tally.Counts[id]
	}
	if !known {
		m.account.ledger.held++
	}
	if t.N += n; t.Reach == nil {
		t.Reach = reach
	} else {
		t.Reach.Merge(reach)
	}
	m.tally.Counts[id] = t
	if id == group.Overflow().ID {
		m.tally.Coverage.Overflowed += n
	}
}

func (m *minute) cover(c selfheal.Coverage) { m.tally.Coverage = watch.Merge(m.tally.Coverage, c) }

// describe keeps a signature for the next flush.
func (a *account) describe(s selfheal.Signature) {
	group.MergeSignatures(a.signatures, []selfheal.Signature{s})
}

// forget gives up minutes that are written and have not changed for a while, sooner
// when there are too many, and scopes of which nothing was heard for long.
func (l *ledger) forget(now time.Time) {
	patience := int64(hold / time.Minute)
	if l.held > l.config.MaxHeld {
		patience = 1
	}
	silence := forgetAfter
	if len(l.accounts) > 2*l.config.MaxScopes { // services come and go
		silence = hold
	}
	for scope, a := range l.accounts {
		for at, m := range a.minutes {
			if !m.dirty && l.minute-m.touched >= patience {
				l.held -= len(m.tally.Counts)
				delete(a.minutes, at)
			}
		}
		maps.DeleteFunc(a.described, func(_ selfheal.SignatureID, at time.Time) bool { return now.Sub(at) >= describeEvery })
		if len(a.minutes) == 0 && len(a.signatures) == 0 && now.Sub(a.touched) >= silence {
			delete(l.accounts, scope)
		}
	}
}

// page is what one call of the store writes.
type page struct {
	minutes    []*minute
	signatures map[selfheal.Scope][]selfheal.Signature
}

func newPage() page { return page{signatures: map[selfheal.Scope][]selfheal.Signature{}} }

// pageSize is about how many counts one call of the store writes.
const pageSize = 50_000

// pages divides what is not written. A scope's signatures come with its first counts.
func (l *ledger) pages() []page {
	var pages []page
	size := pageSize
	for _, a := range l.accounts {
		var dirty []*minute
		for _, m := range a.minutes {
			if m.dirty {
				dirty = append(dirty, m)
			}
		}
		slices.SortFunc(dirty, func(x, y *minute) int {
			return cmp.Or(cmp.Compare(x.tally.Minute, y.tally.Minute), cmp.Compare(x.tally.Revision, y.tally.Revision))
		})
		if len(dirty) == 0 && len(a.signatures) == 0 {
			continue
		}
		if size >= pageSize {
			pages, size = append(pages, newPage()), 0
		}
		last := &pages[len(pages)-1]
		for _, s := range a.signatures {
			last.signatures[a.scope] = append(last.signatures[a.scope], *s)
		}
		size += len(a.signatures)
		for _, m := range dirty {
			if size >= pageSize {
				pages, size = append(pages, newPage()), 0
			}
			last = &pages[len(pages)-1]
			last.minutes = append(last.minutes, m)
			size += len(m.tally.Counts)
		}
	}
	return pages
}

// tallies gives what the store is told.
func (p *page) tallies() []selfheal.Tally {
	all := make([]selfheal.Tally, len(p.minutes))
	for i, m := range p.minutes {
		all[i] = m.tally
	}
	return all
}

// written notes that the store has a page.
func (l *ledger) written(p *page) {
	for _, m := range p.minutes {
		m.dirty = false
	}
	for scope := range p.signatures {
		clear(l.accounts[scope].signatures)
	}
}
