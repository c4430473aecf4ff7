package ingest

import (
	"math"
	"time"

	"selfheal"
)

// drain hands what was counted to the account of the scope. The signatures are still
// to be described.
func (d *counts) drain(a *account, now time.Time) {
	for at, c := range d.cells {
		d.drainCell(a.minute(at, now), c)
		delete(d.cells, at)
		c.coverage = selfheal.Coverage{}
		clear(c.n)
		clear(c.reach)
		if len(d.spare) < 2 {
			d.spare = append(d.spare, c)
		}
	}
	d.cell = nil
	for _, seen := range d.revisions {
		a.see(*seen)
		if now.Sub(seen.Arrived) >= hold {
			delete(d.revisions, seen.Revision)
		}
		seen.Records = 0
	}
	d.revision = nil
	a.lag.add(&d.lag, now)
	d.lag = histogram{}
	a.totals.add(d.totals)
	d.totals = totals{}
	d.tidy(a, now)
}

func (d *counts) drainCell(m *minute, c *cell) {
	for i, n := range c.n {
		m.add(d.grouper.ID(i), n, c.reach[i])
	}
	m.cover(c.coverage)
}

// describeAtOnce is how many signatures are described while senders wait, which take
// tens of microseconds each.
const describeAtOnce = 200

// describe gives signatures that occurred: new ones at once; others, which cost as
// much, now and then, whichever shard has seen them; all where that is asked for. It
// stops at the limit, and tells whether there may be more.
func (d *counts) describe(a *account, now time.Time, all bool, limit int) (more bool) {
	for i := range d.due {
		id := d.grouper.ID(i)
		if at, known := a.described[id]; known && !all && now.Sub(at) < describeEvery {
			continue
		}
		a.described[id] = now
		delete(d.due, i)
		a.describe(*d.grouper.Signature(i))
		if limit--; limit == 0 {
			return true
		}
	}
	return false
}

// tidy forgets streams that have fallen silent, and makes room for new signatures.
func (d *counts) tidy(a *account, now time.Time) {
	for name, s := range d.streams {
		if !s.open && now.Sub(s.touched) >= hold {
			if s.lines != nil {
				s.lines.Close(d.emit)
			}
			delete(d.streams, name)
		}
	}
	d.grow()
	n, _ := d.grouper.Size()
	full := n >= d.config.MaxSignatures/4*3 || d.keysFull()
	if full && now.Sub(d.born) >= renewAfter && len(d.cells) == 0 {
		d.describe(a, now, true, math.MaxInt)
		d.renew(now)
	}
}

// keysFull tells whether the texts of the signatures may soon leave no room for new ones.
func (d *counts) keysFull() bool {
	_, bytes := d.grouper.Size()
	return bytes >= d.granted/2
}

// close hands over the rest of a scope that has fallen silent.
func (d *counts) close(a *account, now time.Time) {
	d.idle(now, 0)
	for _, s := range d.streams {
		if s.lines != nil {
			s.lines.Close(d.emit)
		}
	}
	for at, c := range d.cells {
		d.drainCell(a.minute(at, now), c)
	}
	d.describe(a, now, true, math.MaxInt)
	d.memory.back(d.granted)
}
