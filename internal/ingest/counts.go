package ingest

import (
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/group"
)

// renewAfter is how long a Grouper is used at least before one that is nearly full
// is replaced: its signatures are known to the store by then.
const renewAfter = time.Hour

// describeEvery is how often a signature that goes on occurring is described again.
const describeEvery = time.Minute

// counts is what one shard counted of one scope since the last drain.
type counts struct {
	scope   selfheal.Scope
	config  *Config
	memory  *memory
	grouper *group.Grouper
	born    time.Time // of the grouper
	granted int       // bytes, to it
	emit    group.Emit
	pushed  *group.Stream // of structured entries
	now     time.Time     // of the entry at hand
	touched time.Time
	taken   int // entries

	streams map[string]*stream
	loose   *stream // of all beyond the cap on streams

	cells     map[place]*cell
	cell      *cell // of the last record
	at        place
	spare     []*cell
	revisions map[string]*Seen
	revision  *Seen // of the last record
	lag       histogram
	totals    totals

	due map[group.Index]struct{} // signatures that occurred since they were last described
}

// place is where something is counted.
type place struct {
	revision string
	minute   int64
}

// cell is what was counted of one minute.
type cell struct {
	n        map[group.Index]int64
	reach    map[group.Index]*selfheal.Reach
	coverage selfheal.Coverage
}

// stream is one file, container or connection.
type stream struct {
	lines   *group.Stream // nil until a line of text came
	open    bool          // lines may wait for more
	touched time.Time
	counted bool      // in Coverage.Streams
	cut     int64     // lines that were cut, not accounted for yet
	newest  time.Time // that a record stated
	stated  time.Time // by the last record with a time, and when it came
	came    time.Time
}

func newCounts(scope selfheal.Scope, c *Config, m *memory) *counts {
	d := &counts{scope: scope, config: c, memory: m, streams: map[string]*stream{}, loose: &stream{},
		cells: map[place]*cell{}, revisions: map[string]*Seen{}, due: map[group.Index]struct{}{}}
	d.emit = d.count
	d.renew(c.Clock())
	return d
}

// renew begins with an empty Grouper.
func (d *counts) renew(now time.Time) {
	d.memory.back(d.granted)
	d.granted = d.memory.grant(firstGrant)
	o := d.config.Options(d.scope)
	o.MaxSignatures, o.MaxBytes = d.config.MaxSignatures, max(d.granted, leastGrant)
	if o.Now == nil {
		o.Now = d.config.Clock
	}
	d.grouper, d.born = group.New(o), now
	d.pushed = d.grouper.Stream("")
	for _, s := range d.streams {
		if s.lines != nil {
			s.lines.Use(d.grouper)
		}
	}
}

// growEvery is how often it is looked whether a Grouper needs more room.
const growEvery = 64

// grow gives a Grouper more room when half of what it may use for templates is taken.
func (d *counts) grow() {
	_, bytes := d.grouper.Size()
	if bytes < d.granted/4 || d.granted >= mostGrant {
		return
	}
	more := d.memory.grant(max(d.granted, leastGrant))
	if more == 0 {
		return
	}
	d.granted += more
	d.grouper.Allow(d.config.MaxSignatures, max(d.granted, leastGrant))
}

func (d *counts) take(e *selfheal.Entry, now time.Time) {
	d.now, d.touched = now, now
	if d.taken++; d.taken%growEvery == 0 {
		d.grow()
	}
	if e.Record != nil {
		d.pushed.Write(e, d.emit)
		return
	}
	s := d.stream(e.Stream)
	if e.Truncated {
		s.cut++
	}
	if s == d.loose { // lines of several streams: none continues another
		lines := d.grouper.Stream(e.Stream)
		lines.Write(e, d.emit)
		lines.Close(d.emit)
		return
	}
	if s.lines == nil {
		s.lines = d.grouper.Stream(e.Stream)
	}
	s.open, s.touched = true, now
	s.lines.Write(e, d.emit)
}

// stream finds or opens a stream by its name.
func (d *counts) stream(name string) *stream {
	s := d.streams[name]
	if s == nil {
		if len(d.streams) >= maxStreams {
			return d.loose
		}
		s = &stream{touched: d.now}
		d.streams[name] = s
	}
	return s
}

// idle emits events whose streams have been silent for a while.
func (d *counts) idle(now time.Time, silence time.Duration) {
	for _, s := range d.streams {
		if s.open && now.Sub(s.touched) >= silence {
			s.open, d.now = false, now
			s.lines.Flush(d.emit)
		}
	}
}

// count takes in one record. It is what the streams emit to.
func (d *counts) count(r *selfheal.Record, i group.Index) {
	s := d.stream(r.Stream)
	s.touched = d.now
	when, standing := d.date(s, r)
	d.seeRevision(r.Revision, when, standing)
	c := d.cellOf(place{d.revision.Revision, selfheal.MinuteOf(when)})
	d.cover(c, s, r, when, standing)
	if standing == outside {
		return
	}
	c.n[i]++
	d.due[i] = struct{}{}
	if (r.Severity >= selfheal.SeverityWarn || len(r.Exceptions) > 0) && (r.Instance != "" || r.TraceID != "") {
		reach := c.reach[i]
		if reach == nil {
			reach = &selfheal.Reach{}
			c.reach[i] = reach
		}
		reach.See(r.Instance, r.TraceID)
	}
}

// standing is what the time of a record is worth.
type standing uint8

const (
	dated   standing = iota // it states it
	derived                 // from the record before it in its stream
	undated                 // it counts when it came
	ahead                   // it states the future: it counts when it came
	outside                 // it is too old to count
)

// date tells when a record is counted. One without a time, such as a panic that the
// runtime printed between two log lines, follows the one before it.
func (d *counts) date(s *stream, r *selfheal.Record) (time.Time, standing) {
	switch {
	case r.Time.IsZero() && s.stated.IsZero():
		return d.now, undated
	case r.Time.IsZero():
		return s.stated.Add(d.now.Sub(s.came)), derived
	}
	lag := d.now.Sub(r.Time)
	d.lag.add(lag)
	switch {
	case lag < -d.config.Ahead:
		return d.now, ahead
	case lag > d.config.Late:
		return d.now, outside
	}
	s.stated, s.came = r.Time, d.now
	return r.Time, dated
}

// seeRevision finds the account of a revision. Beyond the cap they are counted as
// if none were stated.
func (d *counts) seeRevision(revision string, when time.Time, st standing) {
	if d.revision == nil || d.revision.Revision != revision {
		seen := d.revisions[revision]
		if seen == nil {
			if len(d.revisions) >= maxRevisions && revision != "" {
				d.seeRevision("", when, st)
				return
			}
			seen = &Seen{Revision: revision}
			d.revisions[revision] = seen
		}
		d.revision = seen
	}
	d.revision.Records++
	d.revision.Arrived = d.now
	if st != outside {
		d.revision.span(when, when)
	}
}

// cellOf finds or opens the cell of a place.
func (d *counts) cellOf(at place) *cell {
	if d.cell != nil && d.at == at {
		return d.cell
	}
	c := d.cells[at]
	if c == nil {
		if n := len(d.spare); n > 0 {
			c, d.spare = d.spare[n-1], d.spare[:n-1]
		} else {
			c = &cell{n: map[group.Index]int64{}, reach: map[group.Index]*selfheal.Reach{}}
		}
		d.cells[at] = c
	}
	d.cell, d.at = c, at
	return c
}

// outOfOrder is how far a record may lie behind the newest of its stream before it is called so.
const outOfOrder = time.Minute

// cover accounts for a record.
func (d *counts) cover(c *cell, s *stream, r *selfheal.Record, when time.Time, st standing) {
	v := &c.coverage
	v.Records++
	v.Bytes += int64(len(r.Raw)) + 1
	v.Truncated += s.cut
	s.cut = 0
	if !s.counted {
		s.counted = true
		v.Streams++
	}
	if r.Binary {
		v.Unparsed++
	}
	d.totals.Records++
	switch st {
	case outside:
		v.Outside++
		d.totals.Late++
		return
	case undated:
		v.Undated++
		d.totals.Undated++
	case ahead:
		d.totals.Ahead++
	case dated:
		v.Zones = addZone(v.Zones, r.Zone)
		if r.Time.After(s.newest) {
			s.newest = r.Time
		} else if s.newest.Sub(r.Time) >= outOfOrder {
			v.OutOfOrder++
		}
	}
	if v.First.IsZero() || when.Before(v.First) {
		v.First = when
	}
	if when.After(v.Last) {
		v.Last = when
	}
}

// maxZones bounds the zones of one minute.
const maxZones = 16

func addZone(zones []string, zone string) []string {
	if zone == "" || len(zones) >= maxZones || slices.Contains(zones, zone) {
		return zones
	}
	return append(zones, zone)
}
