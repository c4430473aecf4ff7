package pipeline

import (
	"context"
	"time"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/watch"
)

// edge is how far around an interval a source is read, so that events of several
// lines which lie across its ends are whole.
const edge = 10 * time.Second

// Tally reads an interval of a service's logs again or for the first time, and
// keeps what it counts as the only word of the writer on those minutes. Both ends
// are whole minutes.
func (p *Pipeline) Tally(ctx context.Context, src selfheal.Source, q selfheal.Query, writer string) (selfheal.Coverage, error) {
	t := newTallying(q, writer, p.Group)
	wide := q
	wide.Interval = selfheal.Interval{From: q.Interval.From.Add(-edge), To: q.Interval.To.Add(edge)}
	if now := p.Clock(); wide.Interval.To.After(now) {
		wide.Interval.To = now
	}
	if err := src.Read(ctx, wide, func(e *selfheal.Entry) error { t.entry(e); return nil }); err != nil {
		return selfheal.Coverage{}, err
	}
	t.close()
	if err := t.volume(ctx, src); err != nil {
		return selfheal.Coverage{}, err
	}
	tallies, signatures := t.result()
	if err := p.Counts.PutTallies(ctx, tallies, map[selfheal.Scope][]selfheal.Signature{t.scope: signatures}); err != nil {
		return selfheal.Coverage{}, err
	}
	return t.coverage, nil
}

// tallying counts what one reading of an interval gives.
type tallying struct {
	query    selfheal.Query
	scope    selfheal.Scope
	writer   string
	grouper  *group.Grouper
	streams  map[string]*stretch
	minutes  map[revisionMinute]*selfheal.Tally
	numbers  map[revisionMinute]map[group.Index]selfheal.Tallied
	coverage selfheal.Coverage
}

type revisionMinute struct {
	revision string
	minute   int64
}

type stretch struct {
	lines *group.Stream
	tap   *watch.Tap
	time  time.Time // of the last record that stated one
	emit  group.Emit
}

func newTallying(q selfheal.Query, writer string, o group.Options) *tallying {
	return &tallying{
		query: q, scope: selfheal.Scope{Service: q.Service, Environment: q.Environment}, writer: writer, grouper: group.New(o),
		streams: map[string]*stretch{}, minutes: map[revisionMinute]*selfheal.Tally{}, numbers: map[revisionMinute]map[group.Index]selfheal.Tallied{},
	}
}

func (t *tallying) entry(e *selfheal.Entry) {
	s := t.streams[e.Stream]
	if s == nil {
		s = &stretch{lines: t.grouper.Stream(e.Stream), tap: watch.NewTap(watch.Plan{}, watch.Watched)}
		s.emit = func(r *selfheal.Record, i group.Index) { t.record(s, r, i) }
		t.streams[e.Stream] = s
	}
	if !e.Time.IsZero() {
		s.time = e.Time
	}
	if e.Truncated {
		s.tap.Cut()
	}
	s.lines.Write(e, s.emit)
}

// record counts a record where its time says; one without a time, where the one before it was.
func (t *tallying) record(s *stretch, r *selfheal.Record, i group.Index) {
	if r.Time.IsZero() {
		r.Time = s.time
	}
	s.time = r.Time
	if r.Time.IsZero() || !t.query.Interval.Contains(r.Time) {
		return
	}
	s.tap.See(r)
	tally, counts := t.of(revisionMinute{r.Revision, selfheal.MinuteOf(r.Time)})
	seen := counts[i]
	seen.N++
	if r.Severity >= selfheal.SeverityWarn || len(r.Exceptions) > 0 {
		if r.Instance != "" || r.TraceID != "" {
			if seen.Reach == nil {
				seen.Reach = &selfheal.Reach{}
			}
			seen.Reach.See(r.Instance, r.TraceID)
		}
	}
	counts[i] = seen
	c := &tally.Coverage
	c.Records++
	c.Bytes += int64(len(r.Raw)) + 1
	if r.Binary {
		c.Unparsed++
	}
	if c.First.IsZero() || r.Time.Before(c.First) {
		c.First = r.Time
	}
	if r.Time.After(c.Last) {
		c.Last = r.Time
	}
}

func (t *tallying) of(at revisionMinute) (*selfheal.Tally, map[group.Index]selfheal.Tallied) {
	if t.minutes[at] == nil {
		t.minutes[at] = &selfheal.Tally{Scope: t.scope, Revision: at.revision, Minute: at.minute, Writer: t.writer,
			Counts: map[selfheal.SignatureID]selfheal.Tallied{}, Coverage: selfheal.Coverage{Streams: 1}}
		t.numbers[at] = map[group.Index]selfheal.Tallied{}
	}
	return t.minutes[at], t.numbers[at]
}

func (t *tallying) close() {
	for _, s := range t.streams {
		s.lines.Close(s.emit)
		t.coverage = watch.Merge(t.coverage, s.tap.Coverage())
	}
}

// volume asks the backend how much there was of everything, where less was read.
func (t *tallying) volume(ctx context.Context, src selfheal.Source) error {
	counter, able := src.(selfheal.Volumer)
	if t.query.Least == selfheal.SeverityUnspecified || !able {
		return nil
	}
	all, err := counter.Volume(ctx, t.query, time.Minute)
	if err != nil {
		return err
	}
	t.coverage.Records = 0
	for _, tally := range t.minutes {
		tally.Coverage.Records = 0
	}
	for _, c := range all.Counts {
		tally, _ := t.of(revisionMinute{"", c.Minute})
		tally.Coverage.Records = c.N
		t.coverage.Records += c.N
		last := selfheal.MinuteTime(c.Minute)
		if tally.Coverage.Last.IsZero() {
			tally.Coverage.First, tally.Coverage.Last = last, last
		}
	}
	return nil
}

func (t *tallying) result() ([]selfheal.Tally, []selfheal.Signature) {
	ids := make([]selfheal.SignatureID, t.grouper.Len())
	used := make([]bool, len(ids))
	for i := range ids {
		ids[i] = t.grouper.ID(group.Index(i))
	}
	tallies := make([]selfheal.Tally, 0, len(t.minutes))
	for at, tally := range t.minutes {
		for i, seen := range t.numbers[at] {
			tally.Counts[ids[i]], used[i] = seen, true
		}
		tallies = append(tallies, *tally)
	}
	var signatures []selfheal.Signature
	for i, is := range used {
		if is {
			signatures = append(signatures, *t.grouper.Signature(group.Index(i)))
		}
	}
	return tallies, signatures
}
