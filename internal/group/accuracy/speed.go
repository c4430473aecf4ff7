//go:build unix

package accuracy

import (
	"bytes"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"selfheal"
	"selfheal/internal/group"
)

// Cost is what it took to read lines once.
type Cost struct {
	Bytes, Lines int64
	CPU          time.Duration // of the whole process: on a shared machine the wall clock measures the neighbours
	Wall         time.Duration
	Allocs       uint64
	Allocated    uint64 // bytes
	State        int64  // bytes that are alive afterwards
	Signatures   int
	Overflow     int64 // lines beyond the caps

	pieces []time.Duration // CPU by piece of the input
}

// pieceBytes is about how much of an input is timed at once.
const pieceBytes = 1 << 20

// Best takes of two measurements of the same work the shorter time of every piece,
// so that what the neighbours took from one of them does not count; the rest is
// that of c.
func (c Cost) Best(other Cost) Cost {
	if len(other.pieces) != len(c.pieces) {
		return c
	}
	pieces := make([]time.Duration, len(c.pieces))
	c.CPU = 0
	for i, took := range c.pieces {
		pieces[i] = min(took, other.pieces[i])
		c.CPU += pieces[i]
	}
	c.pieces = pieces
	c.Wall = min(c.Wall, other.Wall)
	return c
}

// Reader takes lines one after the other. State is what must stay alive for it.
type Reader struct {
	Line  func(line []byte)
	Close func()
	State any
	// Found reports signatures and lines beyond the caps after Close; it may be nil.
	Found func() (signatures int, overflow int64)
}

// Decoding reads lines as they stand in a file: decoding, assembly and signing.
func Decoding(o group.Options) Reader {
	g := group.New(o)
	s := g.Stream("bench")
	e := &selfheal.Entry{Stream: "bench"}
	count := &counter{g: g}
	return Reader{
		Line:  func(line []byte) { e.Line = line; e.Number++; s.Write(e, count.emit) },
		Close: func() { s.Close(count.emit) }, State: s, Found: count.found,
	}
}

// Signing takes every line for the message of a record, so that only its signature is made.
func Signing(o group.Options) Reader {
	g := group.New(o)
	s := g.Stream("bench")
	record := &selfheal.Record{}
	e := &selfheal.Entry{Record: record}
	count := &counter{g: g}
	return Reader{
		Line:  func(line []byte) { record.Message = line; s.Write(e, count.emit) },
		Close: func() {}, State: s, Found: count.found,
	}
}

// RawMap looks every line up in a map as it stands, and adds it where it is not
// there: the ceiling for whatever gives equal lines equal identities.
func RawMap() Reader {
	known := make(map[string]int)
	return Reader{
		Line: func(line []byte) {
			if _, ok := known[string(line)]; !ok {
				known[string(line)] = len(known)
			}
		},
		Close: func() {}, State: known,
	}
}

// counter counts what was emitted under the overflow signature.
type counter struct {
	g      *group.Grouper
	counts []int64
}

func (c *counter) emit(_ *selfheal.Record, i group.Index) {
	for int(i) >= len(c.counts) {
		c.counts = append(c.counts, 0)
	}
	c.counts[i]++
}

func (c *counter) found() (signatures int, overflow int64) {
	for i, n := range slices.Backward(c.counts) {
		if c.g.ID(group.Index(i)) == group.Overflow().ID {
			return c.g.Len(), n
		}
	}
	return c.g.Len(), 0
}

// Measure gives every round of an input to one reader, on one processor. Making
// the input of a round, and finding its lines, is not counted.
func Measure(rounds int, input func(round int) []byte, start func() Reader) Cost {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var cost Cost
	var before, after runtime.MemStats
	first := input(0)
	before = settled()
	r := start()
	for round := range rounds {
		text := first
		if round > 0 {
			text = input(round)
		}
		ends := lineEnds(text)
		cost.Bytes, cost.Lines = cost.Bytes+int64(len(text)), cost.Lines+int64(len(ends))
		var from, to runtime.MemStats
		runtime.ReadMemStats(&from)
		began := time.Now()
		cost.pieces = append(cost.pieces, timed(text, ends, r)...)
		if round == rounds-1 {
			r.Close()
		}
		cost.Wall += time.Since(began)
		runtime.ReadMemStats(&to)
		cost.Allocs += to.Mallocs - from.Mallocs
		cost.Allocated += to.TotalAlloc - from.TotalAlloc
	}
	for _, took := range cost.pieces {
		cost.CPU += took
	}
	after = settled()
	cost.State = int64(after.HeapAlloc) - int64(before.HeapAlloc)
	if r.Found != nil {
		cost.Signatures, cost.Overflow = r.Found()
	}
	runtime.KeepAlive(r.State)
	runtime.KeepAlive(first)
	return cost
}

// settled is the memory after a collection.
func settled() (m runtime.MemStats) {
	runtime.GC()
	runtime.GC() // the first one only marks what finalizers and pools still hold
	runtime.ReadMemStats(&m)
	return m
}

// lineEnds finds the lines of a text.
func lineEnds(text []byte) []int {
	var ends []int
	for from := 0; from < len(text); {
		end := len(text)
		if at := bytes.IndexByte(text[from:], '\n'); at >= 0 {
			end = from + at
		}
		ends, from = append(ends, end), end+1
	}
	return ends
}

// read gives the lines of a text to a reader.
func read(text []byte, ends []int, r Reader) {
	from := 0
	for _, end := range ends {
		r.Line(text[from:end])
		from = end + 1
	}
}

// timed is read that gives the processor time of each piece of the text.
func timed(text []byte, ends []int, r Reader) (took []time.Duration) {
	for from := 0; len(ends) > 0; {
		n := 1
		for n < len(ends) && ends[n-1]-from < pieceBytes {
			n++
		}
		used := cpuTime()
		for _, end := range ends[:n] {
			r.Line(text[from:end])
			from = end + 1
		}
		took = append(took, cpuTime()-used)
		ends = ends[n:]
	}
	return took
}

// PeakState gives the most that is alive at any of the looks that are taken
// while one reader takes the text.
func PeakState(text []byte, looks int, start func() Reader) (peak int64) {
	before := settled()
	r := start()
	for rest := text; len(rest) > 0; {
		n := min(len(rest), len(text)/looks+1)
		if end := bytes.IndexByte(rest[n-1:], '\n'); end >= 0 {
			n += end
		} else {
			n = len(rest)
		}
		read(rest[:n], lineEnds(rest[:n]), r)
		rest = rest[n:]
		now := settled()
		peak = max(peak, int64(now.HeapAlloc)-int64(before.HeapAlloc))
	}
	runtime.KeepAlive(r.State)
	runtime.KeepAlive(text)
	return peak
}

// Parallel gives each of several readers the whole text at once, one processor
// each. Of the cost it tells the time that passed until the slowest was done, the
// processor time of all, and what is alive in the end.
func Parallel(readers int, text []byte, start func() Reader) (cost Cost) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(readers))
	ends := lineEnds(text)
	before := settled()
	all := make([]Reader, readers)
	for i := range all {
		all[i] = start()
	}
	began, used := time.Now(), cpuTime()
	var running sync.WaitGroup
	for _, r := range all {
		running.Go(func() { read(text, ends, r); r.Close() })
	}
	running.Wait()
	cost.Wall, cost.CPU = time.Since(began), cpuTime()-used
	cost.pieces = []time.Duration{cost.CPU}
	after := settled()
	cost.State = int64(after.HeapAlloc) - int64(before.HeapAlloc)
	runtime.KeepAlive(all)
	runtime.KeepAlive(text) // what was alive before must be so afterwards
	runtime.KeepAlive(ends)
	return cost
}

// cpuTime is the processor time of this process so far; 0 where the system does not tell.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
