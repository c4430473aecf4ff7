package inspect

import (
	"math"
	"time"

	"selfheal"
	"selfheal/internal/group"
)

// tally counts what a Grouper found, by index. Its memory depends on the number
// of signatures only, however long the logs are. The zero value is empty.
type tally struct {
	entries  []tallied
	timeline timeline
}

// tallied is what is counted of one signature.
type tallied struct {
	count    int64
	severity selfheal.Severity
	first    time.Time
	last     time.Time
	spread   *spread // over the timeline; nil without a dated record
}

func (t *tally) note(r *selfheal.Record, i group.Index) {
	for int(i) >= len(t.entries) {
		t.entries = append(t.entries, tallied{})
	}
	e := &t.entries[i]
	e.count++
	e.severity = max(e.severity, r.Severity)
	if r.Time.IsZero() {
		return
	}
	e.seen(r.Time)
	t.timeline.reach(r.Time.Unix(), t.entries)
	if e.spread == nil {
		e.spread = new(spread)
	}
	e.spread[t.timeline.bucket(r.Time.Unix())]++
}

func (e *tallied) seen(at time.Time) {
	if e.first.IsZero() || at.Before(e.first) {
		e.first = at
	}
	if at.After(e.last) {
		e.last = at
	}
}

// add counts another signature's occurrences into one.
func (e *tallied) add(other *tallied) {
	e.count += other.count
	e.severity = max(e.severity, other.severity)
	if !other.first.IsZero() {
		e.seen(other.first)
		e.seen(other.last)
	}
	if other.spread == nil {
		return
	}
	if e.spread == nil {
		whole := *other.spread
		e.spread = &whole
		return
	}
	for b, n := range other.spread {
		e.spread[b] += n
	}
}

// spreadBuckets is how finely occurrences are told apart in time: at least half of the buckets are in use.
const spreadBuckets = 64

type spread [spreadBuckets]uint32

// timeline divides the time between the first and the last record into buckets
// whose length doubles when they no longer reach.
type timeline struct {
	dated      bool
	level      uint  // a bucket is 2^level seconds long
	base       int64 // number of the first bucket, counted from the epoch
	from, last int64 // Unix seconds of the first and the last record
}

func (t *timeline) bucket(second int64) int64 { return second>>t.level - t.base }

// reach makes sure that a moment has a bucket, and moves what was counted.
func (t *timeline) reach(second int64, entries []tallied) {
	if !t.dated {
		t.dated, t.base, t.from, t.last = true, second, second, second
		return
	}
	if second >= t.from && second <= t.last {
		return
	}
	t.from, t.last = min(t.from, second), max(t.last, second)
	if b := t.bucket(second); b >= 0 && b < spreadBuckets {
		return
	}
	level := t.level
	for t.last>>level-t.from>>level >= spreadBuckets {
		level++
	}
	base := t.from >> level
	for i := range entries {
		if old := entries[i].spread; old != nil {
			entries[i].spread = t.moved(old, level, base)
		}
	}
	t.level, t.base = level, base
}

func (t *timeline) moved(old *spread, level uint, base int64) *spread {
	var s spread
	for b, n := range old {
		if n > 0 {
			s[(int64(b)+t.base)>>(level-t.level)-base] += n
		}
	}
	return &s
}

// chart gives the occurrences over the part of the timeline that holds records;
// without buckets when nothing is dated.
func (t *timeline) chart(s *spread) selfheal.ChartSpan {
	if s == nil {
		return selfheal.ChartSpan{}
	}
	first, last := t.bucket(t.from), t.bucket(t.last)
	chart := selfheal.ChartSpan{
		From: time.Unix((t.base+first)<<t.level, 0).UTC(),
		Step: selfheal.Duration(seconds(int64(1) << t.level)),
	}
	for _, n := range s[first : last+1] {
		chart.Buckets = append(chart.Buckets, int64(n))
	}
	return chart
}

// seconds is a duration, the longest there is where it would not fit.
func seconds(n int64) time.Duration {
	if n > math.MaxInt64/int64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(n) * time.Second
}
