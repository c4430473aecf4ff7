package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
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
	control    selfheal.Counts // of the previous revision, which serves beside the new one; only of signatures that it shows
	coverage   selfheal.Coverage
	signatures map[selfheal.SignatureID]*selfheal.Signature
}

// piece is what one goroutine reads at a time.
type piece struct {
	selfheal.SourceStream
	stream, part int // which of the streams, and which part of it
}

// collect reads a source to its end: entries are decoded, signed and counted.
// How many goroutines share the work makes no difference to the result, as long
// as the caps on signatures and their samples are not hit.
func collect(ctx context.Context, src selfheal.Source, plan watch.Plan, side watch.Side, o group.Options) (collected, error) {
	reading := reading{plan: plan, side: side, options: o}
	return reading.of(ctx, src)
}

// piecesOf divides a source as far as it can be divided.
func piecesOf(ctx context.Context, src selfheal.Source, q selfheal.Query, o group.Options) ([]piece, error) {
	var pieces []piece
	switch src := src.(type) {
	case selfheal.PartSource:
		streams, err := src.Parts(ctx, q, group.NewSeams(o).Begins)
		if err != nil {
			return nil, err
		}
		for i, parts := range streams {
			for k, part := range parts {
				pieces = append(pieces, piece{part, i, k})
			}
		}
	case selfheal.StreamSource:
		streams, err := src.Streams(ctx, q)
		if err != nil {
			return nil, err
		}
		for i, stream := range streams {
			pieces = append(pieces, piece{stream, i, 0})
		}
	default:
		whole := selfheal.SourceStream{Read: func(ctx context.Context, yield func(*selfheal.Entry) error) error { return src.Read(ctx, q, yield) }}
		pieces = append(pieces, piece{whole, 0, 0})
	}
	return pieces, nil
}

// reading is the work on one side's logs.
type reading struct {
	plan    watch.Plan
	side    watch.Side
	options group.Options
	readers int
	// byMinute says that signatures that are no errors are kept by the minute too.
	byMinute bool
}

// of reads a source with as many goroutines as it can be read by.
func (r *reading) of(ctx context.Context, src selfheal.Source) (collected, error) {
	deploy := r.plan.Deploy
	pieces, err := piecesOf(ctx, src, selfheal.Query{Service: deploy.Service, Environment: deploy.Environment}, r.options)
	if err != nil {
		return collected{}, err
	}
	r.readers = max(1, min(runtime.GOMAXPROCS(0), len(pieces)))
	return r.collect(ctx, pieces)
}

// collect reads pieces with one collector per reader. The collectors share
// nothing; their results merge by adding.
func (r *reading) collect(ctx context.Context, pieces []piece) (collected, error) {
	options := r.options
	if options.MaxBytes == 0 {
		options.MaxBytes = group.DefaultMaxBytes / r.readers // so that the bound holds for all together
	}
	collectors := make([]*collector, r.readers)
	accounts := make([]account, len(pieces))
	err := inParallel(ctx, r.readers, len(pieces), func(ctx context.Context, reader, i int) (err error) {
		if collectors[reader] == nil {
			collectors[reader] = newCollector(r.plan, r.side, options)
			collectors[reader].byMinute = r.byMinute
		}
		accounts[i], err = collectors[reader].read(ctx, pieces[i])
		return err
	})
	if err != nil {
		return collected{}, err
	}
	total := newCollected()
	for i, c := range collectors {
		if c != nil {
			total.merge(c.result())
		}
		collectors[i] = nil // its memory is needed for what it found
	}
	if err := r.seams(ctx, pieces, accounts); err != nil {
		return collected{}, err
	}
	total.dropUncounted()
	total.cap(cmp.Or(options.MaxSignatures, group.DefaultMaxSignatures))
	total.place(pieces, accounts)
	total.account(accounts)
	return total, nil
}

// inParallel runs work for 0 to n-1 in that order on a number of goroutines, and
// stops at the first error.
func inParallel(ctx context.Context, readers, n int, work func(ctx context.Context, reader, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	todo := make(chan int)
	var running sync.WaitGroup
	for reader := range readers {
		running.Go(func() {
			for i := range todo {
				if err := work(ctx, reader, i); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	feed(ctx, todo, n)
	running.Wait()
	return context.Cause(ctx)
}

func feed(ctx context.Context, todo chan<- int, n int) {
	defer close(todo)
	for i := range n {
		select {
		case todo <- i:
		case <-ctx.Done():
			return
		}
	}
}

// overlap is how far the times of consecutive parts may reach into one another
// without a record being out of order by what watch calls so, which is a minute.
const overlap = 10 * time.Second

// seams corrects what the parts of a stream could not know of one another: a
// record is out of order if any before it in the stream is newer by a minute. Where
// earlier parts reach beyond the times of a part, its records are read once more.
func (r *reading) seams(ctx context.Context, pieces []piece, accounts []account) error {
	again := make(map[int]time.Time)
	var newest time.Time
	for i, p := range pieces {
		if p.part == 0 {
			newest = time.Time{}
		}
		c := &accounts[i].coverage
		if !c.First.IsZero() && newest.Sub(c.First) > overlap {
			again[i] = newest
		}
		if c.Last.After(newest) {
			newest = c.Last
		}
	}
	parts := slices.Sorted(maps.Keys(again))
	return inParallel(ctx, r.readers, len(parts), func(ctx context.Context, _, k int) error {
		i := parts[k]
		c := newCollector(r.plan, r.side, r.options)
		c.newest = again[i]
		a, err := c.read(ctx, pieces[i])
		accounts[i].coverage.OutOfOrder = a.coverage.OutOfOrder
		return err
	})
}

func newCollected() collected {
	return collected{
		counts:     selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}},
		control:    selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}},
		signatures: map[selfheal.SignatureID]*selfheal.Signature{},
	}
}

// add takes in a signature with its counts; control may be nil.
func (c *collected) add(signature *selfheal.Signature, counted, control *selfheal.Series) {
	c.sign(signature)
	addSeries(&c.counts, signature.ID, counted)
	if control != nil {
		addSeries(&c.control, signature.ID, control)
	}
}

func addSeries(c *selfheal.Counts, id selfheal.SignatureID, series *selfheal.Series) {
	if known := c.Series[id]; known != nil {
		known.Merge(series)
		return
	}
	c.Series[id] = series
}

func (c *collected) merge(other collected) {
	c.counts.Records += other.counts.Records
	c.counts.All.Merge(&other.counts.All)
	c.control.Records += other.control.Records
	c.control.All.Merge(&other.control.All)
	for id, series := range other.counts.Series {
		c.add(other.signatures[id], series, other.control.Series[id])
	}
}

// dropUncounted removes signatures that only records on the wrong side of the deploy had.
func (c *collected) dropUncounted() {
	for id, series := range c.counts.Series {
		if series.Total() == 0 && c.control.Series[id] == nil {
			c.remove(id)
		}
	}
}

func (c *collected) remove(id selfheal.SignatureID) {
	delete(c.counts.Series, id)
	delete(c.control.Series, id)
	delete(c.signatures, id)
}

// cap holds the cap on signatures over what several collectors found, each
// within the cap: the first seen stay, the others are counted together.
func (c *collected) cap(limit int) {
	overflow := group.Overflow()
	var all []*selfheal.Signature
	for _, s := range c.signatures {
		if s.ID != overflow.ID {
			all = append(all, s)
		}
	}
	if len(all) <= limit {
		return
	}
	slices.SortFunc(all, func(a, b *selfheal.Signature) int { return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.ID, b.ID)) })
	for _, s := range all[limit:] {
		counted, control := c.counts.Series[s.ID], c.control.Series[s.ID]
		c.remove(s.ID)
		folded := overflow
		folded.Severity, folded.First, folded.Last, folded.Sample = s.Severity, s.First, s.Last, s.Sample
		c.add(&folded, counted, control)
	}
}

// place turns the numbers of lines within parts into those within streams.
func (c *collected) place(pieces []piece, accounts []account) {
	before := make(map[string][]int64) // lines before each part, by stream
	for i, p := range pieces {
		if p.part > 0 {
			lines := before[p.Name]
			if p.part == 1 {
				lines = []int64{0}
			}
			before[p.Name] = append(lines, lines[p.part-1]+accounts[i-1].lines)
		}
	}
	for _, s := range c.signatures {
		if lines := before[s.Sample.Stream]; lines != nil {
			s.Sample.Line = lines[s.Sample.Line>>partShift] + s.Sample.Line&(1<<partShift-1)
		}
	}
}

// account adds up what was received. Of revisions, watch keeps the first few of
// every part, so that there may be more of them than without parts.
func (c *collected) account(accounts []account) {
	for _, a := range accounts {
		c.coverage = watch.Merge(c.coverage, a.coverage)
	}
	c.coverage.Signatures = len(c.signatures)
	if series := c.counts.Series[group.Overflow().ID]; series != nil {
		c.coverage.Overflowed = series.Total()
	}
}

// sign adds a signature. What is given becomes part of what was collected: a copy
// of each of 50,000 would be 13 MB.
func (c *collected) sign(signature *selfheal.Signature) {
	if c.signatures[signature.ID] == nil {
		c.signatures[signature.ID] = signature
		return
	}
	group.MergeSignatures(c.signatures, []selfheal.Signature{*signature})
}

// compact keeps one copy of texts that are part of one another: of a message
// without values the sample, the template and the title are nearly the same.
func compact(s *selfheal.Signature) *selfheal.Signature {
	if at := strings.Index(s.Sample.Text, s.Template); at >= 0 {
		s.Template = s.Sample.Text[at : at+len(s.Template)]
	}
	if strings.HasPrefix(s.Template, s.Title) {
		s.Title = s.Template[:len(s.Title)]
	}
	return s
}

// union gives the signatures of all sides, each with its newest sample: the one
// that an engineer wants to read. What only one side has is shared with it, not
// copied: from here on nobody changes it.
func union(sides ...collected) map[selfheal.SignatureID]*selfheal.Signature {
	all := map[selfheal.SignatureID]*selfheal.Signature{}
	for _, side := range sides {
		for id, signature := range side.signatures {
			known := all[id]
			if known == nil {
				all[id] = signature
				continue
			}
			both := *known
			all[id] = &both
			group.MergeSignatures(all, []selfheal.Signature{*signature})
		}
	}
	return all
}

// unreadable says which side could not be read.
func unreadable(side string, err error) error {
	return fmt.Errorf("read %s: %w", side, err)
}
