package pipeline

import (
	"context"
	"time"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/watch"
)

// partShift puts the number of a part above the numbers of its lines, so that
// lines of a stream can be ordered before it is known how many each part has.
const partShift = 40

// collector is what one goroutine reads into, piece by piece.
type collector struct {
	plan    watch.Plan
	side    watch.Side
	grouper *group.Grouper
	newest  time.Time // of the records of the stream before the piece, where that matters
	counted tally
	control tally // of the previous revision, which serves beside the new one
	// byMinute says that signatures that are no errors are kept by the minute too.
	byMinute bool

	streams map[string]*stream // of the piece
	order   []*stream          // the same as they came
	current *stream            // of the last entry: streams come in long runs
}

// tally is how often each signature occurred, by the collector's own numbering.
type tally struct {
	series   []selfheal.Series
	all      selfheal.Series
	records  int64
	instance string // of the last record
}

// account is what was received of one piece.
type account struct {
	coverage selfheal.Coverage
	lines    int64 // the number of the last one
}

type stream struct {
	name  string
	lines *group.Stream
	tap   *watch.Tap
	emit  func(*selfheal.Record, group.Index)
	time  time.Time // of the last record that stated one
	zone  string
}

func newCollector(plan watch.Plan, side watch.Side, o group.Options) *collector {
	return &collector{plan: plan, side: side, grouper: group.New(o)}
}

// read takes one piece to its end. Multi-line events never go on beyond it.
func (c *collector) read(ctx context.Context, p piece) (account, error) {
	var a account
	c.streams, c.order, c.current = map[string]*stream{}, nil, nil
	err := p.Read(ctx, func(e *selfheal.Entry) error {
		a.lines = e.Number
		if p.part > 0 {
			numbered := *e
			numbered.Number += int64(p.part) << partShift
			e = &numbered
		}
		c.entry(e)
		return nil
	})
	if err != nil {
		return a, err
	}
	for _, s := range c.order {
		s.lines.Close(s.emit)
		a.coverage = watch.Merge(a.coverage, s.tap.Coverage())
	}
	if p.part > 0 {
		a.coverage.Streams = 0 // counted with the first part
	}
	return a, nil
}

func (c *collector) entry(e *selfheal.Entry) {
	s := c.current
	if s == nil || s.name != e.Stream {
		s = c.stream(e.Stream)
	}
	if e.Truncated {
		s.tap.Cut()
	}
	s.lines.Write(e, s.emit)
}

func (c *collector) stream(name string) *stream {
	s := c.streams[name]
	if s == nil {
		s = c.open(name)
		c.streams[name], c.order = s, append(c.order, s)
	}
	c.current = s
	return s
}

func (c *collector) open(name string) *stream {
	s := &stream{name: name, lines: c.grouper.Stream(name), tap: watch.NewTap(c.plan, c.side)}
	if !c.newest.IsZero() {
		s.tap.See(&selfheal.Record{Time: c.newest})
	}
	s.emit = func(r *selfheal.Record, i group.Index) {
		s.date(r)
		switch s.tap.See(r) {
		case watch.Counted:
			c.count(&c.counted, r, i)
		case watch.Control:
			c.count(&c.control, r, i)
		}
	}
	return s
}

// date gives a record without a time of its own, such as a panic that the
// runtime printed between two log lines, the time of the record before it.
func (s *stream) date(r *selfheal.Record) {
	if r.Time.IsZero() {
		r.Time, r.Zone = s.time, s.zone
		return
	}
	s.time, s.zone = r.Time, r.Zone
}

// fineBaseline is how long before the deploy every signature is kept by the
// minute: from that, silences are learned.
const fineBaseline = 24 * time.Hour

// count adds one record. In the older baseline, signatures that are no errors are
// kept by the hour: they are most of a log, they only serve for comparison, and a
// week of minutes of each would be most of the memory.
func (c *collector) count(t *tally, r *selfheal.Record, i group.Index) {
	series := t.of(i)
	t.records++
	if c.side == watch.Watched {
		t.reach(series, r)
	}
	if r.Time.IsZero() {
		series.Undated++
		t.all.Undated++
		return
	}
	minute := selfheal.MinuteOf(r.Time)
	t.all.Add(minute, 1)
	if c.coarse(r) {
		minute -= minute % 60
	}
	series.Add(minute, 1)
}

func (t *tally) of(i group.Index) *selfheal.Series {
	for int(i) >= len(t.series) {
		t.series = append(t.series, selfheal.Series{})
	}
	return &t.series[i]
}

// fineFrom is from when on every signature is kept by the minute; zero when always.
func fineFrom(deploy time.Time) time.Time {
	if deploy.IsZero() {
		return deploy
	}
	return deploy.Add(-fineBaseline).Truncate(time.Hour)
}

// coarse tells whether a record is kept by the hour.
func (c *collector) coarse(r *selfheal.Record) bool {
	if c.byMinute || c.side == watch.Watched || r.Severity >= selfheal.SeverityWarn || len(r.Exceptions) > 0 {
		return false
	}
	at := c.plan.Deploy.Time
	return at.IsZero() || r.Time.Before(fineFrom(at))
}

// result is what was counted, by identity instead of by this collector's own
// numbering. It holds the signatures of records that were not counted too.
func (c *collector) result() collected {
	result := newCollected()
	result.counts.Records, result.counts.All = c.counted.records, c.counted.all
	result.control.Records, result.control.All = c.control.records, c.control.all
	n := group.Index(c.grouper.Len())
	if n > 0 {
		c.counted.of(n - 1) // so that no series moves from now on
	}
	for i := range n {
		result.add(compact(c.grouper.Signature(i)), c.counted.of(i), c.control.known(i))
	}
	return result
}

// reach takes in where a record of the window comes from: of errors all that is
// known, of all others the instance, so that it is known how many there are.
func (t *tally) reach(series *selfheal.Series, r *selfheal.Record) {
	if r.Instance != t.instance {
		t.instance = r.Instance
		if t.all.Reach == nil {
			t.all.Reach = &selfheal.Reach{}
		}
		t.all.Reach.See(r.Instance, "")
	}
	if r.Severity < selfheal.SeverityWarn && len(r.Exceptions) == 0 || r.Instance == "" && r.TraceID == "" {
		return
	}
	if series.Reach == nil {
		series.Reach = &selfheal.Reach{}
	}
	series.Reach.See(r.Instance, r.TraceID)
}

// known is the series of a signature that occurred; nil where none did.
func (t *tally) known(i group.Index) *selfheal.Series {
	if int(i) >= len(t.series) || t.series[i].Total() == 0 {
		return nil
	}
	return &t.series[i]
}
