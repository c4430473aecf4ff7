// Package sourcetest holds what every implementation of [selfheal.Source] must
// fulfil, and a small real source to test the rooms with.
package sourcetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

// Harness makes sources of one implementation.
type Harness struct {
	// New makes a source that holds the given streams, each a list of lines without line endings.
	New func(t *testing.T, streams map[string][]string) selfheal.Source
	// Text: what is kept is text, lines that are empty or no valid UTF-8 are not.
	Text bool
	// Single: there is one stream, and the other lines of the sample are left out.
	Single bool
	// Broken makes a source that cannot be reached, or that breaks off midway.
	Broken func(t *testing.T) selfheal.Source
}

// Run checks one implementation against the contract of the port.
func Run(t *testing.T, h Harness) {
	t.Run("every line once in order", h.everyLine)
	t.Run("nothing there is no error", h.empty)
	t.Run("stops at the first error of yield", h.stops)
	t.Run("stops when cancelled", h.cancelled)
	t.Run("an unreachable source is an error", h.broken)
	t.Run("can be read again", h.again)
	t.Run("streams and their parts give what Read gives", h.parts)
}

// sample is what sources are asked to hold.
func (h Harness) sample() map[string][]string {
	streams := map[string][]string{
		"a": {"first", "", "third with é and \x00", "\xff\xfe not text"},
		"b": {`{"level":"error","msg":"x"}`, "last"},
	}
	if h.Single {
		delete(streams, "b")
	}
	if h.Text {
		streams["a"] = []string{"first", "  second, indented \"and quoted\" \\", "third with é and \t"}
	}
	return streams
}

// read collects the lines per stream, in the order they came.
func read(ctx context.Context, s selfheal.Source) (map[string][]string, error) {
	got := make(map[string][]string)
	var names []string
	err := s.Read(ctx, selfheal.Query{}, func(e *selfheal.Entry) error {
		if !slices.Contains(names, e.Stream) {
			names = append(names, e.Stream)
		}
		got[e.Stream] = append(got[e.Stream], string(e.Line))
		if e.Number != 0 && e.Number != int64(len(got[e.Stream])) {
			return errors.New("line numbers do not count from 1")
		}
		return nil
	})
	return got, err
}

// values drops the stream names, which are each implementation's own.
func values(streams map[string][]string) [][]string {
	var all [][]string
	for _, lines := range streams {
		if len(lines) > 0 {
			all = append(all, lines)
		}
	}
	slices.SortFunc(all, slices.Compare)
	return all
}

func (h Harness) everyLine(t *testing.T) {
	got, err := read(t.Context(), h.New(t, h.sample()))
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if diff := cmp.Diff(values(h.sample()), values(got)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func (h Harness) empty(t *testing.T) {
	got, err := read(t.Context(), h.New(t, map[string][]string{"a": nil}))
	if err != nil || len(values(got)) != 0 {
		t.Errorf("Read of an empty source: %q, %v", got, err)
	}
}

func (h Harness) stops(t *testing.T) {
	enough := errors.New("enough")
	calls := 0
	err := h.New(t, h.sample()).Read(t.Context(), selfheal.Query{}, func(*selfheal.Entry) error {
		calls++
		return enough
	})
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("Read called yield %d times and returned %v", calls, err)
	}
}

func (h Harness) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := read(ctx, h.New(t, h.sample())); !errors.Is(err, context.Canceled) {
		t.Errorf("Read with a cancelled context returned %v", err)
	}
}

func (h Harness) broken(t *testing.T) {
	if _, err := read(t.Context(), h.Broken(t)); selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Errorf("Read of a broken source returned %v, want code %q", err, selfheal.CodeUnavailable)
	}
}

func (h Harness) again(t *testing.T) {
	s := h.New(t, h.sample())
	first, err := read(t.Context(), s)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	second, err := read(t.Context(), s)
	if err != nil {
		t.Fatalf("second Read: %v", err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("second Read differs (-first +second):\n%s", diff)
	}
}

// parts checks the optional abilities to be read stream by stream, and part by part.
func (h Harness) parts(t *testing.T) {
	source := h.New(t, h.sample())
	whole, err := read(t.Context(), source)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	check := func(ability string, streams []selfheal.SourceStream, err error) {
		t.Helper()
		got := make(map[string][]string)
		for _, s := range streams {
			if err != nil {
				break
			}
			err = s.Read(t.Context(), func(e *selfheal.Entry) error {
				got[e.Stream] = append(got[e.Stream], string(e.Line))
				return nil
			})
		}
		if diff := cmp.Diff(whole, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-Read +%s):\n%s", ability, err, ability, diff)
		}
	}
	if s, ok := source.(selfheal.StreamSource); ok {
		streams, err := s.Streams(t.Context(), selfheal.Query{})
		check("Streams", streams, err)
	}
	if s, ok := source.(partSource); ok {
		parts, err := s.Parts(t.Context(), selfheal.Query{}, func(_, _ []byte) bool { return true })
		check("Parts", slices.Concat(parts...), err)
	}
}

// partSource is the ability that the pipeline asks for.
type partSource interface {
	Parts(ctx context.Context, q selfheal.Query, begins func(previous, line []byte) bool) ([][]selfheal.SourceStream, error)
}

// Memory is a source that holds its lines in memory.
type Memory struct {
	Streams []MemoryStream
	// Err, if set, is returned after everything was yielded, as by a source that broke off.
	Err error
}

// MemoryStream is one stream of a [Memory].
type MemoryStream struct {
	Name  string
	Lines []string
}

var _ selfheal.Source = (*Memory)(nil)

// Read yields the lines, stream by stream.
func (m *Memory) Read(ctx context.Context, _ selfheal.Query, yield func(*selfheal.Entry) error) error {
	for _, stream := range m.Streams {
		for i, line := range stream.Lines {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := yield(&selfheal.Entry{Stream: stream.Name, Line: []byte(line), Number: int64(i) + 1}); err != nil {
				return err
			}
		}
	}
	return m.Err
}
