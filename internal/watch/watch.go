// Package watch is the first room: it decides which records belong to the
// baseline and which to the window after a deploy, keeps the account of what was
// really received, and says from it whether anything can be said at all.
//
// In: a deploy, and records as they stream by. Out: a Window with its
// Observability. A deploy may be called clean only when Observability has no
// Problems; everything that merely limits a statement becomes a Note.
package watch

import (
	"slices"
	"strings"
	"time"

	"selfheal"
)

// Side is which of the two stretches of time a stream of records belongs to.
type Side int

// The sides.
const (
	Baseline Side = iota // before the deploy
	Watched              // after it
)

// Plan is what is known of a deploy before its logs are read.
type Plan struct {
	Deploy selfheal.Deploy
	// Names and PreviousNames are other spellings under which records may state
	// the new and the previous revision (tags, short ids).
	Names, PreviousNames []string
	// Notes are limits of the judgement that are known beforehand.
	Notes []selfheal.Problem
	// Planned is how long the deploy is going to be watched, where the window may be judged before that; zero: the window is whole.
	Planned time.Duration
	// Asked are signatures, or the beginnings of their ids, of which it must be said why they count or do not.
	Asked []string
}

// states tells whether a stated revision means commit id, or one of its names.
// Records often abbreviate, so a prefix of at least seven characters will do.
func states(stated, id string, names []string) bool {
	const shortest = 7
	if len(stated) >= shortest && id != "" && (strings.HasPrefix(id, stated) || strings.HasPrefix(stated, id)) {
		return true
	}
	for _, name := range names {
		if stated == name || strings.TrimPrefix(stated, "v") == strings.TrimPrefix(name, "v") {
			return true
		}
	}
	return false
}

// outOfOrder is how far a record may lie behind its predecessors before it is
// called out of order: writers that share a file differ by milliseconds.
const outOfOrder = time.Minute

// Tap keeps the account of one stream of one side. It is not safe for
// concurrent use: each reader has its own, and coverages are merged.
type Tap struct {
	plan   Plan
	side   Side
	stream selfheal.Coverage
	newest time.Time
	zone   string // of the last record, so that the common case costs one comparison
	last   revisionMatch
}

type revisionMatch struct {
	stated   string
	previous bool
}

// NewTap starts the account of one stream.
func NewTap(p Plan, s Side) *Tap {
	return &Tap{plan: p, side: s, stream: selfheal.Coverage{Streams: 1}}
}

// Part is what a record counts as.
type Part int

// The parts.
const (
	Outside Part = iota // of the other side of the deploy: it does not count
	Counted             // what is compared
	Control             // of the previous revision, which serves beside the new one
)

// See accounts for one record and tells what it counts as.
func (t *Tap) See(r *selfheal.Record) Part {
	c := &t.stream
	c.Records++
	c.Bytes += int64(len(r.Raw)) + 1
	if r.Binary {
		c.Unparsed++
	}
	if r.Time.IsZero() {
		c.Undated++
	} else if !t.seeTime(r) {
		c.Outside++
		return Outside
	}
	return t.seeRevision(r)
}

func (t *Tap) seeTime(r *selfheal.Record) (inside bool) {
	c := &t.stream
	if r.Zone != t.zone {
		t.zone = r.Zone
		c.Zones = addZone(c.Zones, r.Zone)
	}
	if at := t.plan.Deploy.Time; !at.IsZero() && (t.side == Baseline) != r.Time.Before(at) {
		return false
	}
	if c.First.IsZero() || r.Time.Before(c.First) {
		c.First = r.Time
	}
	switch {
	case r.Time.After(t.newest):
		t.newest, c.Last = r.Time, r.Time
	case t.newest.Sub(r.Time) >= outOfOrder:
		c.OutOfOrder++
	}
	return true
}

func (t *Tap) seeRevision(r *selfheal.Record) Part {
	if r.Revision == "" {
		return Counted
	}
	if r.Revision != t.last.stated {
		deploy := t.plan.Deploy
		t.last = revisionMatch{r.Revision, deploy.Previous != deploy.Revision && states(r.Revision, deploy.Previous, t.plan.PreviousNames)}
	}
	t.countRevision(r.Revision)
	if t.side == Watched && t.last.previous {
		return Control
	}
	return Counted
}

// revisionsKept bounds the table of stated revisions against logs that put
// something unbounded into the field.
const revisionsKept = 64

func (t *Tap) countRevision(stated string) {
	if t.stream.Revisions == nil {
		t.stream.Revisions = map[string]int64{}
	}
	if _, known := t.stream.Revisions[stated]; known || len(t.stream.Revisions) < revisionsKept {
		t.stream.Revisions[stated]++
	}
}

// zonesKept bounds the list of zones in the same way.
const zonesKept = 16

func addZone(zones []string, zone string) []string {
	if slices.Contains(zones, zone) || len(zones) >= zonesKept {
		return zones
	}
	return append(zones, zone)
}

// Cut accounts for a line that the source cut at its cap.
func (t *Tap) Cut() { t.stream.Truncated++ }

// Coverage is the account so far.
func (t *Tap) Coverage() selfheal.Coverage { return t.stream }

// Merge adds the accounts of two streams of the same side.
func Merge(a, b selfheal.Coverage) selfheal.Coverage {
	a.Streams += b.Streams
	a.Bytes += b.Bytes
	a.Records += b.Records
	a.Undated += b.Undated
	a.OutOfOrder += b.OutOfOrder
	a.Outside += b.Outside
	a.Unparsed += b.Unparsed
	a.Truncated += b.Truncated
	a.Overflowed += b.Overflowed
	if a.First.IsZero() || (!b.First.IsZero() && b.First.Before(a.First)) {
		a.First = b.First
	}
	if b.Last.After(a.Last) {
		a.Last = b.Last
	}
	for _, zone := range b.Zones {
		a.Zones = addZone(a.Zones, zone)
	}
	revisions := map[string]int64{}
	for _, from := range []map[string]int64{a.Revisions, b.Revisions} {
		for revision, n := range from {
			revisions[revision] += n
		}
	}
	if a.Revisions = nil; len(revisions) > 0 {
		a.Revisions = revisions
	}
	return a
}
