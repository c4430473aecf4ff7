// Package ingest counts records that are pushed.
//
// In go the entries of any number of senders ([selfheal.Sink]); out go tallies, a
// few seconds later, to a [selfheal.CountStore]: how often each signature occurred
// per service, environment, revision and minute. Any number of machines can do so
// beside each other. They share nothing: the same event has the same signature
// everywhere, and the counts of different writers add up.
//
// Each flush states the whole count of every minute that changed, so that a flush
// that failed, or of which nobody knows whether it did, is simply made again. What
// was taken in since the last flush is lost with the process, and nothing else.
//
// Memory is bounded whatever is sent: scopes, revisions, signatures, streams and
// minutes have caps, and what lies beyond them is counted together, not dropped.
package ingest

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"selfheal"
	"selfheal/internal/group"
)

// Defaults of [Config].
const (
	DefaultFlushEvery    = 5 * time.Second
	DefaultMaxUnflushed  = 2 * time.Minute
	DefaultAhead         = 2 * time.Minute
	DefaultLate          = 2 * time.Hour
	DefaultMaxScopes     = 500
	DefaultMaxSignatures = 20_000
	DefaultMaxBytes      = 256 << 20
	DefaultMaxHeld       = 2_000_000
)

// hold is how long a minute is kept after it last changed, and what has fallen silent
// is remembered. A minute that changes later is counted under another writer's name.
const hold = 10 * time.Minute

// maxRevisions bounds the revisions of one scope at a time; maxStreams its streams.
const (
	maxRevisions = 64
	maxStreams   = 4096
)

// maxShards is how many processors are used at most: each keeps signatures of its own.
const maxShards = 8

// The scopes of what has none.
const (
	// UnknownService is what OpenTelemetry calls a service without a name.
	UnknownService = "unknown_service"
	// OtherServices takes in what lies beyond the cap on scopes.
	OtherServices = "(other services)"
)

// Config of a [Counter]. Store, Clock and Writer are required.
type Config struct {
	Store selfheal.CountStore
	Clock selfheal.Clock
	// Writer names this start of the process, never used before by any process.
	Writer string
	// Options are those of grouping, by scope; nil for none. MaxSignatures and MaxBytes
	// are set here. It is called from several goroutines.
	Options func(selfheal.Scope) group.Options
	// Place gives the scope that counts for what records state, e.g. with an environment
	// where they state none; nil keeps it. It is called from several goroutines.
	Place func(selfheal.Scope) selfheal.Scope
	// Log is told of flushes that fail; nil for nobody.
	Log *slog.Logger

	// FlushEvery is how often [Counter.Run] flushes: what a crash loses at most, with
	// the time a flush takes.
	FlushEvery time.Duration
	// MaxUnflushed is how long the store may fail before records are refused, so that
	// who sent them keeps them.
	MaxUnflushed time.Duration
	// Ahead is how far in the future a record may be dated; beyond, it counts when it
	// arrived. Late is how old it may be; beyond, it counts as outside only. Compacting
	// the store must leave alone what is younger than Late and 10 minutes.
	Ahead, Late time.Duration
	// MaxScopes caps the scopes, MaxSignatures the signatures of each and an hour, MaxBytes
	// the texts of all signatures, and MaxHeld the counts that are kept for further flushes.
	MaxScopes, MaxSignatures, MaxBytes, MaxHeld int
	// Shards is how many goroutines can count at once; 0 means one per processor, at most 8.
	Shards int
}

// Validate tells what is missing.
func (c Config) Validate() error {
	switch {
	case c.Store == nil, c.Clock == nil:
		return &selfheal.Error{Code: selfheal.CodeInternal, Op: "count records", Message: "a store and a clock are required"}
	case c.Writer == "":
		return &selfheal.Error{Code: selfheal.CodeInternal, Op: "count records", Message: "a counter needs a writer's name of its own"}
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.FlushEvery = cmp.Or(c.FlushEvery, DefaultFlushEvery)
	c.MaxUnflushed = cmp.Or(c.MaxUnflushed, DefaultMaxUnflushed)
	c.Ahead = cmp.Or(c.Ahead, DefaultAhead)
	c.Late = cmp.Or(c.Late, DefaultLate)
	c.MaxScopes = cmp.Or(c.MaxScopes, DefaultMaxScopes)
	c.MaxSignatures = cmp.Or(c.MaxSignatures, DefaultMaxSignatures)
	c.MaxBytes = cmp.Or(c.MaxBytes, DefaultMaxBytes)
	c.MaxHeld = cmp.Or(c.MaxHeld, DefaultMaxHeld)
	c.Shards = cmp.Or(c.Shards, min(runtime.GOMAXPROCS(0), maxShards))
	if c.Options == nil {
		c.Options = func(selfheal.Scope) group.Options { return group.Options{} }
	}
	if c.Place == nil {
		c.Place = func(s selfheal.Scope) selfheal.Scope { return s }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Counter takes records in and flushes what it counted. It is safe for concurrent use.
type Counter struct {
	config Config
	seed   maphash.Seed
	shards []*shard
	memory memory
	known  known

	flushing sync.Mutex // one flush at a time
	ledger   ledger
	flushed  atomic.Int64 // when all that was taken in had last been flushed, in nanoseconds since the epoch
	full     atomic.Bool  // the ledger holds more than it may
	refused  atomic.Int64 // batches
}

var _ selfheal.Sink = (*Counter)(nil)

// New makes a Counter. Nothing is flushed before [Counter.Run] or [Counter.Flush].
func New(c Config) (*Counter, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	counter := &Counter{config: c, seed: maphash.MakeSeed(), memory: memory{limit: int64(c.MaxBytes)}, known: known{most: c.MaxScopes, in: map[selfheal.Scope]int{}}}
	counter.ledger = ledger{config: &counter.config, accounts: map[selfheal.Scope]*account{}}
	for range max(1, c.Shards) {
		counter.shards = append(counter.shards, newShard(&counter.config, &counter.memory, &counter.known))
	}
	counter.flushed.Store(c.Clock().UnixNano())
	return counter, nil
}

// Take counts a batch: structured entries by the service and environment of their
// records, lines of text as those of no known service. With an error nothing of the
// batch was counted.
func (c *Counter) Take(ctx context.Context, batch []selfheal.Entry) error {
	return c.take(ctx, batch, nil)
}

// Of gives a Sink whose entries all count for one scope, whatever they state.
func (c *Counter) Of(scope selfheal.Scope) selfheal.Sink { return scopedSink{c, scope} }

type scopedSink struct {
	counter *Counter
	scope   selfheal.Scope
}

func (s scopedSink) Take(ctx context.Context, batch []selfheal.Entry) error {
	return s.counter.take(ctx, batch, &s.scope)
}

func (c *Counter) take(ctx context.Context, batch []selfheal.Entry, scope *selfheal.Scope) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := c.config.Clock()
	if err := c.admit(now); err != nil {
		c.refused.Add(1)
		return err
	}
	for len(batch) > 0 {
		n := run(batch)
		s := c.acquire(&batch[0], scope)
		s.take(batch[:n], scope, now)
		s.mu.Unlock()
		batch = batch[n:]
	}
	return nil
}

// admit refuses records where too much would be lost with the process.
func (c *Counter) admit(now time.Time) error {
	since := now.Sub(time.Unix(0, c.flushed.Load()))
	switch {
	case since > c.config.MaxUnflushed:
		return unavailable("counts could not be written for %s", since.Round(time.Second))
	case c.full.Load():
		return unavailable("more than %d counts wait to be written", c.config.MaxHeld)
	}
	return nil
}

func unavailable(format string, args ...any) error {
	return &selfheal.Error{
		Code: selfheal.CodeUnavailable, Op: "count records", Message: fmt.Sprintf(format, args...),
		Hint: "see in the log why the store fails; senders that retry lose nothing",
	}
}

// run is how many entries at the beginning of a batch can be counted in one shard:
// structured ones, or lines of one stream.
func run(batch []selfheal.Entry) int {
	structured, stream := batch[0].Record != nil, batch[0].Stream
	for i := 1; i < len(batch); i++ {
		if e := &batch[i]; (e.Record != nil) != structured || !structured && e.Stream != stream {
			return i
		}
	}
	return len(batch)
}

// acquire locks the shard for an entry and those like it. The lines of a stream
// are always counted by the same; a structured record by that of its service or, so
// that one service can use all processors, by any that is free.
func (c *Counter) acquire(e *selfheal.Entry, scope *selfheal.Scope) *shard {
	var h maphash.Hash
	h.SetSeed(c.seed)
	if scope != nil {
		_, _ = h.WriteString(scope.Service) // never fails
	} else if e.Record != nil {
		_, _ = h.WriteString(e.Record.Service)
	}
	if e.Record == nil {
		_, _ = h.WriteString(e.Stream)
	}
	n := uint64(len(c.shards))
	first := h.Sum64() % n
	if e.Record != nil {
		for i := range n {
			if s := c.shards[(first+i)%n]; s.mu.TryLock() {
				return s
			}
		}
	}
	s := c.shards[first]
	s.mu.Lock()
	return s
}
