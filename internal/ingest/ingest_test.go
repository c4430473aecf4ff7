package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/ingest"
)

var (
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	shop = selfheal.Scope{Service: "shop", Environment: "prod"}
)

// clock is the time of a test.
type clock struct{ ns atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ns.Store(noon.UnixNano())
	return c
}

func (c *clock) now() time.Time       { return time.Unix(0, c.ns.Load()).UTC() }
func (c *clock) pass(d time.Duration) { c.ns.Add(int64(d)) }

// bench is a counter with its store and time.
type bench struct {
	t     testing.TB
	store *memory
	clock *clock
	*ingest.Counter
}

func setup(t testing.TB, change ...func(*ingest.Config)) *bench {
	t.Helper()
	return start(t, newMemory(), newClock(), "w1", change...)
}

func start(t testing.TB, store *memory, clock *clock, writer string, change ...func(*ingest.Config)) *bench {
	t.Helper()
	config := ingest.Config{Store: store, Clock: clock.now, Writer: writer, Shards: 2}
	for _, f := range change {
		f(&config)
	}
	c, err := ingest.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t, store, clock, c}
}

func (b *bench) take(entries ...selfheal.Entry) {
	b.t.Helper()
	if err := b.Take(b.t.Context(), entries); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) flush() {
	b.t.Helper()
	if err := b.Flush(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// counted gives "revision minute template n" of all that the store has of a scope.
func (b *bench) counted(scope selfheal.Scope) []string {
	b.t.Helper()
	all, _ := b.store.Counted(b.t.Context(), scope, selfheal.Interval{})
	signatures, _ := b.store.Signatures(b.t.Context(), scope)
	lines := []string{}
	for _, c := range all {
		for id, series := range c.Counts.Series {
			s := signatures[id]
			if s == nil {
				b.t.Fatalf("signature %s is not described", id)
			}
			for _, n := range series.Counts {
				lines = append(lines, fmt.Sprintf("%s %+d %s %d", c.Revision, n.Minute-selfheal.MinuteOf(noon), s.Title, n.N))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func (b *bench) want(scope selfheal.Scope, want ...string) {
	b.t.Helper()
	if diff := cmp.Diff(want, b.counted(scope)); diff != "" {
		b.t.Errorf("counted (-want +got):\n%s", diff)
	}
}

func record(at time.Time, message string) selfheal.Entry {
	return selfheal.Entry{Record: &selfheal.Record{
		Time: at, Zone: "Z", Severity: selfheal.SeverityError, Message: []byte(message),
		Service: shop.Service, Environment: shop.Environment, Revision: "r1", Instance: "pod-1", Stream: "pod-1",
	}}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old := record(noon.Add(-time.Minute), "lost the queue")
	old.Record.Revision = "r0"
	other := record(noon, "lost the queue")
	other.Record.Service = "cart"
	nameless := record(noon, "hello there")
	nameless.Record.Service, nameless.Record.Environment = "", ""
	b.take(record(noon, "user 1 not found"), old, other, record(noon, "user 2 not found"), nameless)
	b.flush()
	b.take(record(noon.Add(30*time.Second), "user 3 not found"))
	b.flush()
	b.want(shop, "r0 -1 lost the queue 1", "r1 +0 user <num> not found 3")
	b.want(selfheal.Scope{Service: "cart", Environment: "prod"}, "r1 +0 lost the queue 1")
	b.want(selfheal.Scope{Service: ingest.UnknownService}, "r1 +0 hello there 1")
	all, _ := b.store.Counted(t.Context(), shop, selfheal.Interval{})
	if c := all[1].Coverage; c.Records != 3 || c.Streams+all[0].Coverage.Streams != 1 || c.Outside != 0 {
		t.Errorf("coverage %+v", c)
	}
	seen := b.Seen(shop)
	want := []ingest.Seen{{Revision: "r0", First: old.Record.Time, Last: old.Record.Time, Arrived: noon, Records: 1},
		{Revision: "r1", First: noon, Last: noon.Add(30 * time.Second), Arrived: noon, Records: 3}}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
	if puts := b.store.puts; puts != 2 {
		t.Errorf("%d puts", puts)
	}
	b.flush()
	if b.store.puts != 2 {
		t.Error("nothing changed, and it was written")
	}
}

// TestTimes: where records count whose time is missing, ahead or late.
func TestTimes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	undated := record(time.Time{}, "undated")
	undated.Record.Stream = "pod-2"
	b.take(undated, record(noon.Add(time.Hour), "an hour ahead"), record(noon.Add(time.Minute), "a minute ahead"),
		record(noon.Add(-time.Hour), "an hour late"), record(noon.Add(-3*time.Hour), "three hours late"))
	b.flush()
	b.want(shop, "r1 +0 an hour ahead 1", "r1 +0 undated 1", "r1 +1 a minute ahead 1", "r1 -60 an hour late 1")
	all, _ := b.store.Counted(t.Context(), shop, selfheal.Interval{})
	if c := all[0].Coverage; c.Records != 5 || c.Outside != 1 || c.Undated != 1 || c.OutOfOrder != 1 {
		t.Errorf("coverage %+v", c)
	}
	if got := b.Totals(); got.Records != 5 || got.Ahead != 1 || got.Late != 1 || got.Undated != 1 {
		t.Errorf("totals %+v", got)
	}
	if lag := b.Lag(shop); lag.Records != 4 || lag.Max != 3*time.Hour || lag.P99 != 3*time.Hour || lag.P50 < time.Hour || lag.P50 > 5*time.Hour/4 {
		t.Errorf("lag %+v", lag)
	}
}

// TestUndatedFollows: a line without a time belongs to the minute of the line before it.
func TestUndatedFollows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	at := noon.Add(-30 * time.Minute)
	sink := b.Of(shop)
	take := func(lines ...string) {
		var batch []selfheal.Entry
		for _, l := range lines {
			batch = append(batch, selfheal.Entry{Stream: "a.log", Line: []byte(l)})
		}
		if err := sink.Take(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	take(at.Format(time.RFC3339) + " INFO started")
	b.clock.pass(3 * time.Second)
	take("panic: no amount", "", "goroutine 1 [running]:", "main.main()", "\t/app/main.go:3 +0x1d", "exit status 2")
	b.flush()
	b.want(shop, " -30 started 1")
	b.clock.pass(2 * time.Second)
	b.flush()
	b.want(shop, " -30 panic: no amount in main.main 1", " -30 started 1")
	take("a new line")
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.want(shop, " -30 a new line 1", " -30 panic: no amount in main.main 1", " -30 started 1")
}

// TestRunAssembles: an event of several lines that come one by one counts once, soon after its last line.
func TestRunAssembles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		c, err := ingest.New(ingest.Config{Store: store, Clock: time.Now, Writer: "w", Shards: 2})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		for _, l := range []string{"ERROR charge", "Traceback (most recent call last):", `  File "/app/shop/pay.py", line 12, in charge`, "    x()", "ValueError: no amount"} {
			if err := c.Of(shop).Take(ctx, []selfheal.Entry{{Stream: "a", Line: []byte(l)}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond)
		}
		time.Sleep(8 * time.Second)
		synctest.Wait()
		b := &bench{t: t, store: store}
		before := b.counted(shop)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if len(before) != 1 || !strings.Contains(before[0], "ValueError: no amount in pay.charge") {
			t.Errorf("counted %q", before)
		}
		if diff := cmp.Diff(before, b.counted(shop)); diff != "" {
			t.Errorf("the end changed it:\n%s", diff)
		}
	})
}

// TestFailedFlush: whatever becomes of a flush, repeating it makes nothing count twice.
func TestFailedFlush(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.take(record(noon, "lost the queue"))
	for _, broken := range []func(){func() { b.store.breaks(errDown, nil) }, func() { b.store.breaks(nil, errDown) }} {
		broken()
		if err := b.Flush(t.Context()); !errors.Is(err, errDown) {
			t.Fatalf("got %v", err)
		}
		b.take(record(noon, "lost the queue"))
	}
	b.store.breaks(nil, nil)
	b.flush()
	b.want(shop, "r1 +0 lost the queue 3")
}

// TestRestart: what was flushed before a crash and what another process counts
// afterwards add up; only what was not flushed is missing.
func TestRestart(t *testing.T) {
	t.Parallel()
	a := setup(t)
	a.take(record(noon, "lost the queue"))
	a.flush()
	a.take(record(noon, "lost the queue")) // and is killed
	b := start(t, a.store, a.clock, "w2")
	b.take(record(noon, "lost the queue"), record(noon, "lost the queue"))
	b.flush()
	b.flush()
	b.want(shop, "r1 +0 lost the queue 3")
}

// TestLateMinutesAdd: a minute that was written and forgotten, and changes again,
// neither loses nor repeats what was counted.
func TestLateMinutesAdd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 4 {
		b.take(record(noon, "lost the queue"))
		b.flush()
		b.clock.pass(11 * time.Minute)
		b.flush()
	}
	b.want(shop, "r1 +0 lost the queue 4")
	if held := b.Totals().Held; held != 0 {
		t.Errorf("%d counts are still held", held)
	}
}

func TestBackPressure(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.take(record(noon, "lost the queue"))
	b.store.breaks(errDown, nil)
	_ = b.Flush(t.Context())
	b.clock.pass(time.Minute)
	b.take(record(noon, "lost the queue"))
	b.clock.pass(90 * time.Second)
	err := b.Take(t.Context(), []selfheal.Entry{record(noon, "lost the queue")})
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable || b.Totals().Refused != 1 {
		t.Errorf("got %v", err)
	}
	b.store.breaks(nil, nil)
	b.flush()
	b.take(record(noon, "lost the queue"))
	b.flush()
	b.want(shop, "r1 +0 lost the queue 3")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Take(ctx, []selfheal.Entry{record(noon, "x")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestHeldIsBounded: counts that cannot be written are refused when there are too many.
func TestHeldIsBounded(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *ingest.Config) { c.MaxHeld = 10 })
	b.store.breaks(errDown, nil)
	for i := range 12 {
		b.take(record(noon, "word "+strings.Repeat("x", i+1)))
	}
	_ = b.Flush(t.Context())
	if err := b.Take(t.Context(), []selfheal.Entry{record(noon, "x")}); selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Errorf("got %v", err)
	}
	b.store.breaks(nil, nil)
	b.clock.pass(time.Minute)
	b.flush()
	b.clock.pass(time.Minute)
	b.flush()
	if held := b.Totals().Held; held != 0 {
		t.Errorf("%d counts are held though they are too many", held)
	}
	b.take(record(noon, "word x"))
	b.flush()
	if got := b.counted(shop); len(got) != 12 || got[0] != "r1 +0 word x 2" {
		t.Errorf("counted %q", got)
	}
}

// TestCaps: what lies beyond the caps is counted together.
func TestCaps(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *ingest.Config) { c.MaxScopes, c.MaxSignatures = 2, 3 })
	for i := range 5 {
		e := record(noon, "hello "+string(rune('a'+i))+"stranger")
		b.take(e)
		e.Record.Service = fmt.Sprint("s", i)
		b.take(e)
	}
	for i := range 100 {
		e := record(noon, "hello astranger")
		e.Record.Revision = fmt.Sprint("v", i)
		b.take(e)
	}
	b.flush()
	if n := len(b.store.signatures[shop]); n != 4 {
		t.Errorf("%d signatures, want 3 and the overflow", n)
	}
	all, _ := b.store.Counted(t.Context(), shop, selfheal.Interval{})
	var overflowed, unstated int64
	for _, c := range all {
		overflowed += c.Coverage.Overflowed
		if c.Revision == "" {
			unstated = c.Counts.Records
		}
	}
	if overflowed != 2 || len(all) != 65 || unstated != 101-64 {
		t.Errorf("%d overflowed; %d revisions, %d records of none", overflowed, len(all), unstated)
	}
	scopes, _ := b.store.Scopes(t.Context())
	rest, _ := b.store.Counted(t.Context(), selfheal.Scope{Service: ingest.OtherServices}, selfheal.Interval{})
	if len(scopes) != 3 || len(rest) != 1 || rest[0].Counts.Records != 4 {
		t.Errorf("scopes %v, %+v", scopes, rest)
	}
}

// TestRenewal: a service that runs for long and never repeats itself does not fill
// the cap for ever: what is new an hour later has a signature of its own.
func TestRenewal(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *ingest.Config) { c.MaxSignatures, c.Shards = 4, 1 })
	for i := range 6 {
		b.take(record(b.clock.now(), "old "+strings.Repeat("x", i+1)))
	}
	b.flush()
	for range 13 {
		b.clock.pass(5 * time.Minute)
		b.flush()
		b.take(record(b.clock.now(), "old x"))
		b.flush()
	}
	b.take(record(b.clock.now(), "something new"))
	b.flush()
	if got := b.counted(shop); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "something new 1") }) {
		t.Errorf("counted %q", got)
	}
}

// TestReach: where errors come from is known, of all writers together.
func TestReach(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 3 {
		e := record(noon, "lost the queue")
		e.Record.Instance, e.Record.TraceID = fmt.Sprint("pod-", i), fmt.Sprint("trace", i%2)
		b.take(e)
		b.flush()
	}
	quiet := record(noon, "fine")
	quiet.Record.Severity = selfheal.SeverityInfo
	b.take(quiet)
	b.flush()
	for _, tally := range b.store.tallies {
		for id, n := range tally.Counts {
			title := b.store.signatures[shop][id].Title
			if title == "fine" {
				if n.Reach != nil {
					t.Error("the reach of what is no error is kept")
				}
				continue
			}
			instances, _ := n.Reach.Instances.Count()
			traces, _ := n.Reach.Traces.Count()
			if instances != 3 || traces != 2 {
				t.Errorf("%s: %d instances, %d traces", title, instances, traces)
			}
		}
	}
}

// TestIdleIsForgotten: services that have fallen silent take no memory, and count on when they come back.
func TestIdleIsForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *ingest.Config) { c.MaxScopes = 1 })
	for i := range 3 {
		e := record(b.clock.now(), "hello there")
		e.Record.Service = fmt.Sprint("s", i)
		b.take(e)
		b.flush()
		b.clock.pass(11 * time.Minute)
		b.flush()
	}
	scopes, _ := b.store.Scopes(t.Context())
	if len(scopes) != 3 || b.Totals().Held != 0 {
		t.Errorf("scopes %v, %d held", scopes, b.Totals().Held)
	}
	for i := range 3 { // one more than twice the cap is remembered no longer than a minute is
		e := record(b.clock.now(), "hello there")
		e.Record.Service = fmt.Sprint("s", 3+i)
		b.take(e)
		b.flush()
		b.clock.pass(11 * time.Minute)
		b.flush()
		if n := b.Totals().Scopes; n > 3 {
			t.Errorf("%d scopes are remembered", n)
		}
	}
	b.clock.pass(25 * time.Hour)
	b.flush()
	if n := b.Totals().Scopes; n != 0 {
		t.Errorf("%d scopes are remembered", n)
	}
}

// TestConcurrent: many senders, flushes between, one service: nothing is lost.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *ingest.Config) { c.Shards = 4 })
	var senders sync.WaitGroup
	for s := range 8 {
		senders.Go(func() {
			for i := range 50 {
				batch := []selfheal.Entry{record(noon, "lost the queue"), record(noon, fmt.Sprintf("user %d not found", i))}
				if err := b.Take(t.Context(), batch); err != nil {
					t.Error(err)
				}
				line := selfheal.Entry{Stream: fmt.Sprint("stream", s), Line: []byte(noon.Format(time.RFC3339) + " ERROR from text")}
				if err := b.Of(shop).Take(t.Context(), []selfheal.Entry{line}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	stop := make(chan struct{})
	var flusher sync.WaitGroup
	flusher.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				b.flush()
				_, _, _ = b.Lag(shop), b.Seen(shop), b.Totals()
			}
		}
	})
	senders.Wait()
	close(stop)
	flusher.Wait()
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.want(shop, " +0 from text 400", "r1 +0 lost the queue 400", "r1 +0 user <num> not found 400")
}

// TestNeverTwiceNeverLost: whatever the order of records, flushes that fail in
// either way, crashes and pauses, the store ends with what was flushed.
func TestNeverTwiceNeverLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		store, clock := newMemory(), newClock()
		b := start(t, store, clock, "w0")
		var sure, unsure int64 // flushed for sure, and not
		for step := range rapid.IntRange(1, 40).Draw(r, "steps") {
			switch rapid.IntRange(0, 9).Draw(r, "what") {
			case 0, 1, 2, 3:
				ago := time.Duration(rapid.IntRange(0, 110).Draw(r, "minutes ago")) * time.Minute
				if b.Take(t.Context(), []selfheal.Entry{record(clock.now().Add(-ago), "lost the queue")}) == nil {
					unsure++
				}
			case 4, 5:
				store.breaks(nil, nil)
				b.flush()
				sure, unsure = sure+unsure, 0
			case 6:
				store.breaks(errDown, nil)
				_ = b.Flush(t.Context())
			case 7:
				store.breaks(nil, errDown)
				if b.Flush(t.Context()) != nil { // it wrote the first page, which is all
					sure, unsure = sure+unsure, 0
				}
			case 8:
				clock.pass(time.Duration(rapid.IntRange(1, 900).Draw(r, "seconds")) * time.Second)
			case 9: // a crash
				b, unsure = start(t, store, clock, fmt.Sprint("w", step+1)), 0
			}
		}
		var got int64
		all, _ := store.Counted(t.Context(), shop, selfheal.Interval{})
		for _, c := range all {
			got += c.Counts.Records
		}
		if got != sure {
			r.Fatalf("the store has %d, want %d", got, sure)
		}
	})
}

// TestManyPages: what is more than one call of the store should write is written by several.
func TestManyPages(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *ingest.Config) { c.MaxSignatures, c.Shards = 40_000, 1 })
	const many = 26_000
	letters := func(n int) string { return strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(n)) }
	var batch []selfheal.Entry
	for i := range many {
		batch = append(batch, record(noon, "word "+letters(i)))
	}
	b.take(batch...)
	b.take(record(noon.Add(time.Minute), "word a"))
	for i := range 8 {
		e := record(noon, "word a")
		e.Record.Service = fmt.Sprint("s", i)
		b.take(e)
	}
	b.flush()
	if n := len(b.counted(shop)); n != many+1 || b.store.puts < 2 {
		t.Errorf("%d counts in %d pages, want %d", n, b.store.puts, many+1)
	}
	for i := range 8 {
		b.want(selfheal.Scope{Service: fmt.Sprint("s", i), Environment: "prod"}, "r1 +0 word a 1")
	}
}

// TestPlace: the server says whose counts they are.
func TestPlace(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *ingest.Config) {
		c.Place = func(s selfheal.Scope) selfheal.Scope {
			s.Service = strings.TrimSuffix(s.Service, "-api")
			if s.Environment == "" {
				s.Environment = "prod"
			}
			return s
		}
	})
	for _, service := range []string{"shop", "shop-api"} {
		e := record(noon, "lost the queue")
		e.Record.Service, e.Record.Environment = service, ""
		b.take(e)
	}
	if err := b.Of(selfheal.Scope{Service: "shop-api"}).Take(t.Context(), []selfheal.Entry{record(noon, "lost the queue")}); err != nil {
		t.Fatal(err)
	}
	b.flush()
	b.want(shop, "r1 +0 lost the queue 3")
}

// TestManyStreams: beyond the cap on streams, lines are events of their own.
func TestManyStreams(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *ingest.Config) { c.Shards = 1 })
	for i := range 4_100 {
		if err := b.Of(shop).Take(t.Context(), []selfheal.Entry{{Stream: fmt.Sprint("s", i), Line: []byte("ERROR lost the queue"), Truncated: true}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.want(shop, " +0 lost the queue 4100")
	all, _ := b.store.Counted(t.Context(), shop, selfheal.Interval{})
	if c := all[0].Coverage; c.Truncated != 4100 || c.Streams != 4097 {
		t.Errorf("coverage %+v", c)
	}
}
