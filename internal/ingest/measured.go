package ingest

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"selfheal"
)

// minuteOf is the minute of the clock.
func minuteOf(t time.Time) int64 { return selfheal.MinuteOf(t) }

// Seen is what is known of one revision of a scope, as of the last flush.
type Seen struct {
	Revision string    // as the records state it; empty for those that do not
	First    time.Time // oldest time of a record
	Last     time.Time // newest
	Arrived  time.Time // when the last record came
	Records  int64     // since this process started or, if that is later, since the revision was last forgotten
}

func (s *Seen) span(first, last time.Time) {
	if s.First.IsZero() || !first.IsZero() && first.Before(s.First) {
		s.First = first
	}
	if last.After(s.Last) {
		s.Last = last
	}
}

// see merges what a shard saw.
func (a *account) see(s Seen) {
	known := a.seen[s.Revision]
	if known == nil {
		if len(a.seen) >= maxRevisions {
			a.forgetRevision()
		}
		known = &Seen{Revision: s.Revision}
		a.seen[s.Revision] = known
	}
	known.Records += s.Records
	known.span(s.First, s.Last)
	if s.Arrived.After(known.Arrived) {
		known.Arrived = s.Arrived
	}
}

// forgetRevision forgets the revision that has been silent for longest.
func (a *account) forgetRevision() {
	var oldest *Seen
	for _, s := range a.seen {
		if oldest == nil || s.Arrived.Before(oldest.Arrived) {
			oldest = s
		}
	}
	delete(a.seen, oldest.Revision)
}

// Seen lists the revisions of a scope by the time they last arrived, latest first.
func (c *Counter) Seen(scope selfheal.Scope) []Seen {
	l := &c.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.accounts[scope]
	if a == nil {
		return nil
	}
	all := make([]Seen, 0, len(a.seen))
	for _, s := range a.seen {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(x, y Seen) int { return cmp.Or(y.Arrived.Compare(x.Arrived), cmp.Compare(x.Revision, y.Revision)) })
	return all
}

// Lag is how long after their time records arrived, over the last 5 to 10 minutes of
// this process, as of the last flush. A percentile is at most a quarter too high.
type Lag struct {
	Records  int64 // with a time of their own
	P50, P99 time.Duration
	Max      time.Duration
}

// Lag of the records of a scope.
func (c *Counter) Lag(scope selfheal.Scope) Lag {
	l := &c.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.accounts[scope]
	if a == nil {
		return Lag{}
	}
	a.lag.turn(c.config.Clock())
	both := a.lag.now
	both.merge(&a.lag.before)
	return Lag{Records: both.total, P50: both.quantile(0.5), P99: both.quantile(0.99), Max: both.max}
}

// Totals since the process started, as of the last flush.
type Totals struct {
	Scopes    int
	Records   int64
	Undated   int64 // they counted when they arrived
	Ahead     int64 // dated in the future, beyond the bound: they counted when they arrived
	Late      int64 // older than the bound: outside, not counted
	Refused   int64 // batches, while the store failed
	Held      int   // counts in memory
	Unflushed time.Duration
}

// Totals of all scopes.
func (c *Counter) Totals() Totals {
	l := &c.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	t := Totals{
		Scopes: len(l.accounts), Refused: c.refused.Load(), Held: l.held,
		Unflushed: c.config.Clock().Sub(time.Unix(0, c.flushed.Load())),
	}
	for _, a := range l.accounts {
		t.Records, t.Undated, t.Ahead, t.Late = t.Records+a.totals.Records, t.Undated+a.totals.Undated, t.Ahead+a.totals.Ahead, t.Late+a.totals.Late
	}
	return t
}

// totals are those of one scope.
type totals struct{ Records, Undated, Ahead, Late int64 }

func (t *totals) add(more totals) {
	t.Records += more.Records
	t.Undated += more.Undated
	t.Ahead += more.Ahead
	t.Late += more.Late
}

// buckets is enough for four to each doubling of milliseconds, up to 12 days.
const buckets = 4 * 30

// histogram counts durations, four buckets to each doubling.
type histogram struct {
	n     [buckets]int64
	total int64
	max   time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.total++
	h.max = max(h.max, d)
	h.n[bucketOf(d)]++
}

// bucketOf numbers durations: 0 to 3 ms each their own, then by the highest three bits.
func bucketOf(d time.Duration) int {
	ms := uint64(max(0, d.Milliseconds()))
	if ms < 4 {
		return int(ms)
	}
	shift := bits.Len64(ms) - 3
	return min(buckets-1, 4*(shift+1)+int(ms>>shift)&3)
}

// upTo is the upper end of a bucket.
func upTo(bucket int) time.Duration {
	if bucket < 4 {
		return time.Duration(bucket) * time.Millisecond
	}
	shift := bucket/4 - 1
	return (time.Duration(4+bucket%4+1)<<shift - 1) * time.Millisecond
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.n {
		h.n[i] += n
	}
	h.total += other.total
	h.max = max(h.max, other.max)
}

// quantile gives the upper end of the bucket that holds it.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int64(q * float64(h.total))
	for i, n := range h.n {
		if rank -= n; n > 0 && rank < 0 || i == buckets-1 {
			return min(upTo(i), h.max)
		}
	}
	return h.max
}

// lagWindow is how long lags are put together.
const lagWindow = 5 * time.Minute

// lags are the histograms of this window and of the one before it.
type lags struct {
	now, before histogram
	began       time.Time
}

func (l *lags) add(h *histogram, at time.Time) {
	l.turn(at)
	if h.total > 0 {
		l.now.merge(h)
	}
}

// turn begins a new window when it is time.
func (l *lags) turn(at time.Time) {
	since := at.Sub(l.began)
	if since < lagWindow {
		return
	}
	if l.before = l.now; since >= 2*lagWindow {
		l.before = histogram{}
	}
	l.now, l.began = histogram{}, at
}
