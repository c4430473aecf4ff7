package pipeline

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/watch"
)

// collected is what remains of one side's logs once they were read: its size
// depends on the number of signatures and minutes, not on the number of lines.
type collected struct {
	counts     selfheal.Counts
	coverage   selfheal.Coverage
	signatures map[selfheal.SignatureID]*selfheal.Signature
}

// collect reads a source to its end: entries are decoded, signed and counted.
func collect(ctx context.Context, src selfheal.Source, plan watch.Plan, side watch.Side, o group.Options) (collected, error) {
	q := selfheal.Query{Service: plan.Deploy.Service, Environment: plan.Deploy.Environment}
	return collectBy(ctx, src, q, func() *collector { return newCollector(plan, side, o) })
}

// collectBy reads a source with as many collectors as it can be read by.
func collectBy(ctx context.Context, src selfheal.Source, q selfheal.Query, start func() *collector) (collected, error) {
	parallel, ok := src.(selfheal.StreamSource)
	if !ok {
		c := start()
		if err := src.Read(ctx, q, c.entry); err != nil {
			return collected{}, err
		}
		return c.close(), nil
	}
	streams, err := parallel.Streams(ctx, q)
	if err != nil {
		return collected{}, err
	}
	return collectStreams(ctx, streams, start)
}

// collectStreams reads streams with one collector per processor. The collectors
// share nothing; their results merge by adding.
func collectStreams(ctx context.Context, streams []selfheal.SourceStream, start func() *collector) (collected, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	todo := make(chan selfheal.SourceStream)
	results := make([]collected, max(1, min(runtime.GOMAXPROCS(0), len(streams))))
	var running sync.WaitGroup
	for i := range results {
		running.Go(func() {
			c := start()
			for stream := range todo {
				if err := stream.Read(ctx, c.entry); err != nil {
					cancel(err)
					break
				}
			}
			results[i] = c.close()
		})
	}
	feed(ctx, todo, streams)
	running.Wait()
	if err := context.Cause(ctx); err != nil {
		return collected{}, err
	}
	total := results[0]
	for _, r := range results[1:] {
		total.merge(r)
	}
	return total, nil
}

func feed(ctx context.Context, todo chan<- selfheal.SourceStream, streams []selfheal.SourceStream) {
	defer close(todo)
	for _, stream := range streams {
		select {
		case todo <- stream:
		case <-ctx.Done():
			return
		}
	}
}

// collector is what one goroutine reads into.
type collector struct {
	plan    watch.Plan
	side    watch.Side
	grouper *group.Grouper
	streams map[string]*stream
	newest  *stream // of the last entry: streams come in long runs
	series  []selfheal.Series
	all     selfheal.Series
	records int64
	// byMinute says that signatures that are no errors are kept by the minute too.
	byMinute bool
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
	return &collector{plan: plan, side: side, grouper: group.New(o), streams: map[string]*stream{}}
}

func (c *collector) entry(e *selfheal.Entry) error {
	s := c.newest
	if s == nil || s.name != e.Stream {
		s = c.stream(e.Stream)
	}
	if e.Truncated {
		s.tap.Cut()
	}
	s.lines.Write(e, s.emit)
	return nil
}

func (c *collector) stream(name string) *stream {
	s := c.streams[name]
	if s == nil {
		s = &stream{name: name, lines: c.grouper.Stream(name), tap: watch.NewTap(c.plan, c.side)}
		s.emit = func(r *selfheal.Record, i group.Index) {
			s.date(r)
			if s.tap.See(r) {
				c.count(r, i)
			}
		}
		c.streams[name] = s
	}
	c.newest = s
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

// count adds one record. Signatures that are no errors are kept by the hour: they
// are most of a log, they only serve for comparison, and a week of minutes of
// each would be most of the memory.
func (c *collector) count(r *selfheal.Record, i group.Index) {
	for int(i) >= len(c.series) {
		c.series = append(c.series, selfheal.Series{})
	}
	c.records++
	if r.Time.IsZero() {
		c.series[i].Undated++
		c.all.Undated++
		return
	}
	minute := selfheal.MinuteOf(r.Time)
	c.all.Add(minute, 1)
	if !c.byMinute && r.Severity < selfheal.SeverityWarn && len(r.Exceptions) == 0 {
		minute -= minute % 60
	}
	c.series[i].Add(minute, 1)
}

// close flushes what is still being assembled, and gives the result by identity
// instead of by this collector's own numbering.
func (c *collector) close() collected {
	result := collected{
		counts:     selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}},
		signatures: map[selfheal.SignatureID]*selfheal.Signature{},
	}
	for _, s := range c.streams {
		s.lines.Close(s.emit)
		result.coverage = watch.Merge(result.coverage, s.tap.Coverage())
	}
	result.counts.Records, result.counts.All = c.records, c.all
	for i := range c.series {
		series := &c.series[i]
		if series.Total() == 0 {
			continue
		}
		signature := c.grouper.Signature(group.Index(i))
		if signature.Kind == selfheal.KindOverflow {
			result.coverage.Overflowed += series.Total()
		}
		result.add(signature, series)
	}
	result.coverage.Signatures = len(result.signatures)
	return result
}

func (c *collected) add(signature *selfheal.Signature, series *selfheal.Series) {
	group.MergeSignatures(c.signatures, []selfheal.Signature{*signature})
	if known := c.counts.Series[signature.ID]; known != nil {
		known.Merge(series)
		return
	}
	c.counts.Series[signature.ID] = series
}

func (c *collected) merge(other collected) {
	c.coverage = watch.Merge(c.coverage, other.coverage)
	c.counts.Records += other.counts.Records
	c.counts.All.Merge(&other.counts.All)
	for id, series := range other.counts.Series {
		c.add(other.signatures[id], series)
	}
	c.coverage.Signatures = len(c.signatures)
}

// union gives the signatures of all sides, each with its newest sample: the one
// that an engineer wants to read.
func union(sides ...collected) map[selfheal.SignatureID]*selfheal.Signature {
	all := map[selfheal.SignatureID]*selfheal.Signature{}
	for _, side := range sides {
		for _, signature := range side.signatures {
			group.MergeSignatures(all, []selfheal.Signature{*signature})
		}
	}
	return all
}

// unreadable says which side could not be read.
func unreadable(side string, err error) error {
	return fmt.Errorf("read %s: %w", side, err)
}
