package inspect_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/inspect"
	"selfheal/internal/report"
)

// following is a run of Follow whose time is that of the test's bubble.
type following struct {
	t      *testing.T
	cancel context.CancelFunc
	mu     sync.Mutex // over last and seen
	last   report.LiveSignatures
	seen   []string // titles, in the order they were announced
	table  report.SignatureTable
	err    error
	done   chan struct{}
}

// follow starts following; files, or in when there are none.
func follow(t *testing.T, in io.Reader, files ...string) *following {
	ctx, cancel := context.WithCancel(t.Context())
	f := &following{t: t, cancel: cancel, done: make(chan struct{})}
	ticker := time.NewTicker(250 * time.Millisecond)
	request := inspect.FollowRequest{
		Request: inspect.Request{Files: files, Stdin: in, Clock: time.Now},
		Ticks:   ticker.C,
		Wait: func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(250 * time.Millisecond):
				return nil
			}
		},
		Watch: func(l report.LiveSignatures) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.last = l
			for _, row := range l.Appeared {
				f.seen = append(f.seen, row.Signature.Title)
			}
			return nil
		},
	}
	go func() {
		defer close(f.done)
		defer ticker.Stop()
		f.table, f.err = inspect.Follow(ctx, request)
	}()
	return f
}

// pass lets time go by, and gives what is shown then and what was announced so far.
func (f *following) pass(d time.Duration) (report.LiveSignatures, []string) {
	time.Sleep(d)
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last, slices.Clone(f.seen)
}

func (f *following) end() {
	f.t.Helper()
	f.cancel()
	<-f.done
	if f.err != nil {
		f.t.Error(f.err)
	}
}

// TestFollowShowsAtOnce: an event is shown although nothing follows it, and one
// whose lines come slowly is not cut too early.
func TestFollowShowsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		f := follow(t, r)
		fmt.Fprint(w, "2026-03-02T10:00:00Z ERROR failed\nTraceback (most recent call last):\n")
		if last, _ := f.pass(400 * time.Millisecond); last.Table.Records != 0 {
			t.Error("an event was cut that goes on")
		}
		fmt.Fprint(w, "  File \"/app/shop/a.py\", line 1, in a\nValueError: x\n")
		_, seen := f.pass(time.Second)
		if diff := cmp.Diff([]string{"ValueError: x in a.a"}, seen); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		fmt.Fprint(w, "2026-03-02T10:00:09Z ERROR lost\n")
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		<-f.done
		if f.err != nil || f.table.Records != 2 || !f.last.Ended || len(f.seen) != 2 {
			t.Errorf("%v: %+v, announced %q", f.err, f.table.Reading, f.seen)
		}
	})
}

// TestFollowMarksNew: what appears after the start is marked, for a while, and
// announced once; a known error with another value is no news.
func TestFollowMarksNew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		f := follow(t, r)
		all := strangers(15)
		fmt.Fprintln(w, strings.Join(all[:14], "\n"))
		last, before := f.pass(20 * time.Second)
		if last.New != 0 {
			t.Errorf("%d new at the start", last.New)
		}
		fmt.Fprintln(w, all[14]+"\nanother thing")
		last, seen := f.pass(2 * time.Second)
		if diff := cmp.Diff([]string{"another thing"}, seen[len(before):]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		marked := []string{}
		for _, row := range last.Table.Rows {
			if row.New {
				marked = append(marked, row.Signature.Title)
			}
		}
		if title := last.Table.Rows[0].Signature.Title; title != "another thing" {
			t.Errorf("the first row is %q, want what is new", title)
		}
		if diff := cmp.Diff([]string{"another thing"}, marked); diff != "" || last.New != 1 {
			t.Errorf("%d new (-want +got):\n%s", last.New, diff)
		}
		if last, _ = f.pass(6 * time.Minute); last.New != 0 {
			t.Error("still new after six minutes")
		}
		f.end()
		if f.table.Records != 16 || f.table.Signatures != 2 {
			t.Errorf("%d records, %d signatures", f.table.Records, f.table.Signatures)
		}
		_ = w.Close()
	})
}

func TestFollowMeasuresTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		f := follow(t, r)
		var last report.LiveSignatures
		for range 100 {
			fmt.Fprint(w, "a line\nand another\n")
			last, _ = f.pass(100 * time.Millisecond)
		}
		if rate := last.LinesPerSecond; rate < 18 || rate > 22 || last.Elapsed < 9*time.Second {
			t.Errorf("%g lines/s after %v, want 20", rate, last.Elapsed)
		}
		if last, _ = f.pass(20 * time.Second); last.LinesPerSecond != 0 {
			t.Errorf("%g lines/s of silence", last.LinesPerSecond)
		}
		f.end()
		_ = w.Close()
	})
}

// TestFollowFiles: a file is read to its end, then as it grows, is truncated, and is rotated.
func TestFollowFiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		name, other := filepath.Join(dir, "a.log"), filepath.Join(dir, "b.log")
		write(t, name, "first words\n")
		write(t, other, "elsewhere\n")
		f := follow(t, nil, filepath.Join(dir, "*.log"))
		f.pass(2 * time.Second)
		add(t, name, "second words\nnot yet a li")
		f.pass(2 * time.Second)
		add(t, name, "ne\nno end of line")
		f.pass(2 * time.Second)
		if err := os.Rename(name, name+".1"); err != nil {
			t.Error(err)
		}
		f.pass(2 * time.Second)
		write(t, name, "after rotation\n")
		f.pass(2 * time.Second)
		write(t, name, "cut\n") // shorter than what was read
		f.pass(2 * time.Second)
		f.end()
		want := []string{"elsewhere", "first words", "second words", "not yet a line", "no end of line", "after rotation", "cut"}
		if !cmp.Equal(f.seen[:2], want[:2]) { // the order of two files is chance
			f.seen[0], f.seen[1] = f.seen[1], f.seen[0]
		}
		if diff := cmp.Diff(want, f.seen); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func add(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestFollowStopsWhenNobodyWatches: a failure to draw ends it.
func TestFollowStopsWhenNobodyWatches(t *testing.T) {
	t.Parallel()
	ticks := make(chan time.Time, 1)
	ticks <- now()
	r, w := io.Pipe()
	defer w.Close()
	broken := errors.New("no screen")
	_, err := inspect.Follow(t.Context(), inspect.FollowRequest{
		Request: inspect.Request{Stdin: r, Clock: now}, Ticks: ticks,
		Watch: func(report.LiveSignatures) error { return broken },
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// TestFollowFailsAtOnce: one input that cannot be read ends it all, and what was counted is not lost.
func TestFollowFailsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		good, bad := filepath.Join(dir, "good.log"), filepath.Join(dir, "bad.log")
		write(t, good, "first words\n")
		write(t, bad, "")
		f := follow(t, nil, good, bad)
		f.pass(2 * time.Second)
		write(t, bad, "\x1f\x8b says that it is packed, and is not")
		<-f.done
		if selfheal.CodeOf(f.err) != selfheal.CodeUnavailable || f.table.Records != 1 {
			t.Errorf("%v, with %d records", f.err, f.table.Records)
		}
		f.cancel()
	})
}

// TestFollowIsBounded: input that never repeats ends in the overflow row.
func TestFollowIsBounded(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	go func() {
		for i := range 50_200 {
			fmt.Fprintln(w, "word", strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(i)))
		}
		_ = w.Close()
	}()
	got, err := inspect.Follow(t.Context(), inspect.FollowRequest{
		Request: inspect.Request{Stdin: r, Clock: now, Exact: true}, View: inspect.View{Limit: 10},
		Watch: func(report.LiveSignatures) error { return nil },
	})
	if last := got.Rows[len(got.Rows)-1]; err != nil || len(got.Rows) != 11 || last.Count != 200 {
		t.Errorf("%v: %d rows, the last counts %d", err, len(got.Rows), last.Count)
	}
}
