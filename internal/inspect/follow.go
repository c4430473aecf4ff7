package inspect

import (
	"context"
	"errors"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/report"
	"selfheal/internal/source/file"
	"selfheal/internal/source/tail"
)

// How following is shown.
const (
	// settleFor is how long after the start every signature is news, so none is marked as new.
	settleFor = 10 * time.Second
	// freshFor is how long a signature is marked as new.
	freshFor = 5 * time.Minute
	// idleFor is how long an event waits for further lines of its own.
	idleFor = 500 * time.Millisecond
	// rateOver is the time over which lines per second are measured.
	rateOver = 5 * time.Second
	// generaliseShare keeps the work of generalising below one part in so many.
	generaliseShare = 10
)

// FollowRequest names logs that go on.
type FollowRequest struct {
	Request
	View  View
	Ticks <-chan time.Time // when to look at what came; a few times a second
	// Wait returns when a file that was read to its end may have grown, or with ctx's error.
	Wait func(ctx context.Context) error
	// Watch is shown what is known at each tick, and once at the end.
	Watch func(report.LiveSignatures) error
}

// Follow reads logs until they end or ctx is done, which is no error, and
// gives the table of all; when an input fails, with the error. Files are followed
// by name, across rotation and truncation. Memory is bounded, however long it goes on.
func Follow(ctx context.Context, r FollowRequest) (report.SignatureTable, error) {
	f := &follower{request: &r, in: newLogReader(&r.Request), started: r.Clock(), byName: map[string]*followed{}}
	inputs, err := r.inputs()
	if err != nil {
		return report.SignatureTable{}, err
	}
	ended := f.start(ctx, inputs)
	for {
		select {
		case <-ctx.Done():
			return f.finish(nil)
		case err := <-ended:
			if errors.Is(err, context.Canceled) {
				err = nil
			}
			return f.finish(err)
		case <-r.Ticks:
			if err := r.Watch(f.look()); err != nil {
				return report.SignatureTable{}, err
			}
		}
	}
}

// input is one stream that is followed, or all files.
type input struct {
	read func(ctx context.Context, yield func(*selfheal.Entry) error) error
}

// inputs lists what the patterns name; standard input when there are none. Files that
// are compressed do not grow, and are read as they are.
func (r *FollowRequest) inputs() ([]input, error) {
	patterns := r.Files
	if len(patterns) == 0 {
		patterns = []string{file.Stdin}
	}
	source, err := file.New(file.Config{Patterns: patterns, Stdin: r.Stdin})
	if err != nil {
		return nil, err
	}
	names, err := source.Files()
	if err != nil {
		return nil, err
	}
	var all []input
	var growing []string
	for _, name := range names {
		if name != file.Stdin && !tail.IsPacked(name) {
			growing = append(growing, name)
			continue
		}
		whole, err := file.New(file.Config{Patterns: []string{name}, Stdin: r.Stdin})
		if err != nil {
			return nil, err
		}
		all = append(all, input{func(ctx context.Context, yield func(*selfheal.Entry) error) error {
			return whole.Read(ctx, selfheal.Query{}, yield)
		}})
	}
	if len(growing) == 0 {
		return all, nil
	}
	files, err := tail.New(tail.Config{Names: growing, Wait: r.Wait, MaxFiles: len(growing) + spareFiles})
	if err != nil {
		return nil, err
	}
	return append(all, input{func(ctx context.Context, yield func(*selfheal.Entry) error) error {
		return files.Follow(ctx, nil, yield)
	}}), nil
}

// spareFiles is how many files more than were named may be open, while they are rotated.
const spareFiles = 1000

// follower counts what several inputs deliver at once.
type follower struct {
	request *FollowRequest
	started time.Time

	mu      sync.Mutex // over all below
	stopped bool
	in      *logReader
	counts  tally
	arrived []time.Time // when each signature was first seen here, by index
	lines   int64
	streams []*followed // as they were first seen
	byName  map[string]*followed

	// Of the last look.
	signatures []selfheal.Signature // without samples
	all        *finalSignatures
	announced  int       // signatures that somebody was told of, or that were known with other values
	notBefore  time.Time // of the next generalisation
	rates      []rateMark
}

type followed struct {
	stream  *group.Stream
	written time.Time // of the last line; zero when no event can be open
}

type rateMark struct {
	at    time.Time
	lines int64
}

var errStopped = errors.New("no longer followed")

// start reads every input in a goroutine of its own and gives the channel that
// tells when all have ended, or one has failed. A reader that waits for input when ctx is done ends
// with its input or with the process; what it still delivers is not counted.
func (f *follower) start(ctx context.Context, inputs []input) <-chan error {
	ended := make(chan error, 1)
	results := make(chan error, len(inputs))
	for _, in := range inputs {
		go func() { results <- in.read(ctx, f.take) }()
	}
	go func() {
		var err error
		for i := 0; i < len(inputs) && err == nil; i++ {
			err = <-results
		}
		ended <- err
	}()
	return ended
}

// take takes the next line of any input.
func (f *follower) take(e *selfheal.Entry) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped {
		return errStopped
	}
	s := f.byName[e.Stream]
	if s == nil {
		s = &followed{stream: f.in.grouper.Stream(e.Stream)}
		f.byName[e.Stream], f.streams = s, append(f.streams, s)
	}
	f.lines++
	s.written = f.request.Clock()
	s.stream.Write(e, f.emit)
	return nil
}

// emit is called with mu held.
func (f *follower) emit(r *selfheal.Record, i group.Index) {
	f.in.note(r)
	f.counts.note(r, i)
	for int(i) >= len(f.arrived) {
		f.arrived = append(f.arrived, f.request.Clock())
	}
}

// look gives what is known now. Events that have waited long enough for more lines count.
func (f *follower) look() report.LiveSignatures {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.request.Clock()
	for _, s := range f.streams {
		if !s.written.IsZero() && now.Sub(s.written) >= idleFor {
			s.stream.Flush(f.emit)
			s.written = time.Time{}
		}
	}
	if !now.Before(f.notBefore) {
		f.generalise()
		f.notBefore = now.Add(generaliseShare * f.request.Clock().Sub(now))
	}
	return f.live(now)
}

// generalise is run again only when there are more signatures than before.
func (f *follower) generalise() {
	n := f.in.grouper.Len()
	if f.all != nil && n == len(f.signatures) {
		return
	}
	for i := len(f.signatures); i < n; i++ {
		s := *f.in.grouper.Signature(group.Index(i))
		s.Sample = selfheal.Sample{}
		f.signatures = append(f.signatures, s)
	}
	f.update()
	f.all = finals(f.signatures, f.request.generalise(f.signatures))
}

// update gives the signatures what was counted since they were made.
func (f *follower) update() {
	for i := range f.signatures {
		e := &f.counts.entries[i]
		f.signatures[i].First, f.signatures[i].Last, f.signatures[i].Severity = e.first, e.last, e.severity
	}
}

// live makes the picture of one moment. What is new comes first, or it would be
// the last to be found on a screen.
func (f *follower) live(now time.Time) report.LiveSignatures {
	l := report.LiveSignatures{Elapsed: now.Sub(f.started), FreshFor: freshFor, LinesPerSecond: f.rate(now)}
	f.update()
	view := f.request.View
	view.fresh = make(map[int]bool)
	for class := range f.all.members {
		if f.isFresh(class, now) {
			view.fresh[class] = true
		}
	}
	l.New = len(view.fresh)
	l.Table = view.table(f.in.reading, &f.counts, f.all)
	l.Appeared = f.announce()
	return l
}

// isFresh tells whether all of a class appeared a short while ago, and not just
// because following began then.
func (f *follower) isFresh(class int, now time.Time) bool {
	for _, i := range f.all.members[class] {
		if at := f.arrived[i]; at.Before(f.started.Add(settleFor)) || now.Sub(at) > freshFor {
			return false
		}
	}
	return true
}

// announce lists the signatures that nobody was told of yet. One that has turned
// out to be a known one with other values is no news.
func (f *follower) announce() (appeared []report.SignatureRow) {
	if f.announced == len(f.signatures) {
		return nil
	}
	known := make(map[int]bool) // by class
	for i := range f.announced {
		known[f.all.class[i]] = true
	}
	for i := f.announced; i < len(f.signatures); i++ {
		class := f.all.class[i]
		if known[class] {
			continue
		}
		known[class] = true
		sum := f.all.sum(class, &f.counts)
		if sum.severity >= f.request.View.Level || f.all.kind(class) == selfheal.KindOverflow {
			appeared = append(appeared, f.all.row(classSum{class: class, sum: sum}, &f.counts))
		}
	}
	f.announced = len(f.signatures)
	return appeared
}

// rate measures lines per second over the last few looks.
func (f *follower) rate(now time.Time) float64 {
	f.rates = append(f.rates, rateMark{now, f.lines})
	for len(f.rates) > 2 && now.Sub(f.rates[1].at) >= rateOver {
		f.rates = f.rates[1:]
	}
	first := f.rates[0]
	if span := now.Sub(first.at).Seconds(); span > 0 {
		return float64(f.lines-first.lines) / span
	}
	return 0
}

// finish counts what is still open, shows the end, and gives the table of all,
// also when an input failed.
func (f *follower) finish(err error) (report.SignatureTable, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	for _, s := range f.streams {
		s.stream.Close(f.emit)
	}
	f.generalise()
	l := f.live(f.request.Clock())
	l.Ended = true
	return f.request.View.table(f.in.reading, &f.counts, f.all), errors.Join(err, f.request.Watch(l))
}
