package demo

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"time"
)

// restamp copies the lines of the marks' slices from raw to out, each in its place
// and unchanged but for its time, which becomes one of its slice. Within a slice
// the times are those of a Poisson process: as many uniform ones as there are
// events, in order. Lines of one request that follow each other stay together.
//
// The raw log is read slice by slice; raw must begin at offset from.
func restamp(out io.Writer, raw io.Reader, from int64, marks []mark, rng *rand.Rand) error {
	var text, line []byte
	for _, m := range marks {
		text = slices.Grow(text[:0], int(m.offset-from))[:m.offset-from]
		if _, err := io.ReadFull(raw, text); err != nil {
			return fmt.Errorf("read the log up to %d: %w", m.offset, err)
		}
		from = m.offset
		clock := newSliceClock(m, text, rng)
		for len(text) > 0 {
			end := bytes.IndexByte(text, '\n') + 1
			if end == 0 {
				end = len(text)
			}
			line = clock.stamp(line[:0], text[:end])
			if _, err := out.Write(line); err != nil {
				return fmt.Errorf("write log: %w", err)
			}
			text = text[end:]
		}
	}
	return nil
}

// sliceClock gives the lines of one slice their times.
type sliceClock struct {
	times []time.Time // of the events that are still to come
	now   time.Time
	last  time.Time // the latest time of the slice
	trace []byte
	began bool
}

// withinRequest is the time between two lines of the same request.
const withinRequest = time.Millisecond

func newSliceClock(m mark, text []byte, rng *rand.Rand) *sliceClock {
	c := &sliceClock{last: m.To.Add(-1)}
	events := 0
	for line := range bytes.Lines(text) {
		if isStamped(line) && c.begins(line) {
			events++
		}
	}
	c.times = make([]time.Time, events)
	for i := range c.times {
		c.times[i] = m.From.Add(time.Duration(rng.Int64N(int64(m.Duration()))))
	}
	slices.SortFunc(c.times, time.Time.Compare)
	c.trace, c.began, c.now = nil, false, m.From
	return c
}

// begins tells whether a line opens a new event: it does when it names another
// trace than the line before it. A line without a trace, as the runtime prints
// of a panic, belongs to what precedes it.
func (c *sliceClock) begins(line []byte) bool {
	trace := traceOf(line)
	if c.began && (len(trace) == 0 || bytes.Equal(trace, c.trace)) {
		return false
	}
	c.began, c.trace = true, trace
	return true
}

// stamp appends the line to b with its new time. A line without a time, such as
// one of a stack, is left as it is.
func (c *sliceClock) stamp(b, line []byte) []byte {
	if !isStamped(line) {
		return append(b, line...)
	}
	next := c.now.Add(withinRequest)
	if c.begins(line) {
		next, c.times = c.times[0], c.times[1:]
	}
	c.now = earlier(c.last, later(c.now, next))
	if rest, ok := bytes.CutPrefix(line, jsonTime); ok {
		b = c.now.UTC().AppendFormat(append(b, jsonTime...), time.RFC3339Nano)
		return append(b, rest[bytes.IndexByte(rest, '"'):]...)
	}
	b = c.now.UTC().AppendFormat(b, plainTime)
	return append(b, line[len(plainTime):]...)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// The two ways in which the service writes times: log/slog's, and package log's,
// through which net/http reports the panic of a handler.
var jsonTime = []byte(`{"time":"`)

const plainTime = "2006/01/02 15:04:05.000000"

func isStamped(line []byte) bool {
	if rest, ok := bytes.CutPrefix(line, jsonTime); ok {
		return bytes.IndexByte(rest, '"') >= 0
	}
	if len(line) < len(plainTime) {
		return false
	}
	_, err := time.Parse(plainTime, string(line[:len(plainTime)]))
	return err == nil
}

var traceKey = []byte(`"trace_id":"`)

// traceOf gives the trace id that a line names; empty when it names none.
func traceOf(line []byte) []byte {
	_, rest, _ := bytes.Cut(line, traceKey)
	trace, _, _ := bytes.Cut(rest, []byte(`"`))
	return trace
}

// writeLog restamps the bytes of a raw log that belong to the marks into a file,
// which is gzipped when its name says so. The bytes begin at offset from.
func writeLog(path, rawPath string, from int64, marks []mark, rng *rand.Rand) (err error) {
	raw, err := os.Open(rawPath)
	if err != nil {
		return err
	}
	defer func() { _ = raw.Close() }() // it was only read
	if _, err := raw.Seek(from, io.SeekStart); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffered := bufio.NewWriterSize(file, 1<<16)
	if !isGzip(path) {
		return errors.Join(restamp(buffered, bufio.NewReaderSize(raw, 1<<16), from, marks, rng), buffered.Flush())
	}
	packed, err := gzip.NewWriterLevel(buffered, gzip.BestSpeed)
	if err != nil {
		return err
	}
	return errors.Join(restamp(packed, bufio.NewReaderSize(raw, 1<<16), from, marks, rng), packed.Close(), buffered.Flush())
}

func isGzip(path string) bool { return len(path) > 3 && path[len(path)-3:] == ".gz" }
