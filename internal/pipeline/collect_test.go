package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/source/file"
	"selfheal/internal/source/sourcetest"
	"selfheal/internal/watch"
)

// whole hides that a source can be read in parts.
type whole struct{ source selfheal.Source }

func (w whole) Read(ctx context.Context, q selfheal.Query, yield func(*selfheal.Entry) error) error {
	return w.source.Read(ctx, q, yield)
}

// events are what a log may hold, several lines each; {time} is the time of the
// event and {n} a number.
var events = []string{
	"{time} INFO order {n} placed",
	"{time} ERROR cannot load order {n}",
	"{time} WARN slow\n\tindented by hand\n    at all",
	"{time} ERROR lost\nTraceback (most recent call last):\n  File \"/app/shop.py\", line {n}, in total\n    return 1 / 0\nZeroDivisionError: division by zero",
	"{time} ERROR lost\njava.lang.IllegalStateException: order {n}\n\tat com.acme.Shop.total(Shop.java:{n})\n\tat com.acme.Shop.main(Shop.java:7)",
	"panic: lost\n\ngoroutine {n} [running]:\nmain.total(0x1)\n\t/src/main.go:{n} +0x1d\nmain.main()\n\t/src/main.go:9 +0x1d",
	"a line without a time",
	"level=error msg=\"without a time\"",
	"",
	"{\"time\":\"{time}\",\"level\":\"error\",\"msg\":\"json {n}\",\"version\":\"1.4.{n}\"}",
	"{\"level\":\"warn\",\"msg\":\"json without a time {n}\"}",
	"Nov 23, 2026 9:42:11 AM com.acme.Shop total\nSEVERE: lost order {n}",
	"{time}.000000000Z stdout P the first half and\n{time}.000000000Z stdout F the second {n}",
	"{time}.000000000Z stderr F {time} ERROR framed {n}",
	"{time}.000000000Z stderr F continued",
	`{"log":"{time} WARN docker {n}\n","stream":"stdout","time":"{time}Z"}`,
	`{"log":"half of it ","stream":"stdout","time":"{time}Z"}`,
	"{time}+02:00 INFO in another zone {n}",
	"\x1b[31m{time} ERROR\x1b[0m coloured {n}\r",
	"bytes \xff\x00 that are no text",
}

// drawLog writes a log of random events whose times mostly go up.
func drawLog(t *rapid.T) string {
	kinds := rapid.SliceOfNDistinct(rapid.IntRange(0, len(events)-1), 1, len(events), rapid.ID).Draw(t, "kinds")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	jumps := rapid.Bool().Draw(t, "jumps")
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	var b strings.Builder
	for i := range rapid.IntRange(1, 300).Draw(t, "events") {
		at = at.Add(time.Duration(r.IntN(3000)) * time.Millisecond)
		if jumps && r.IntN(30) == 0 {
			at = at.Add(time.Duration(r.IntN(600)-300) * time.Second)
		}
		event := events[kinds[r.IntN(len(kinds))]]
		b.WriteString(strings.NewReplacer("{time}", at.Format("2006-01-02T15:04:05"), "{n}", fmt.Sprint(i%7)).Replace(event))
		b.WriteByte('\n')
	}
	return strings.Repeat("\n", r.IntN(3)) + b.String()
}

// TestPartsGiveWhatTheWholeGives: however a file is divided, counts, coverage,
// signatures and the places of samples are the same as when it is read in one go.
func TestPartsGiveWhatTheWholeGives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	options := group.Options{Now: func() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) }}
	divided := 0
	rapid.Check(t, func(t *rapid.T) {
		var names []string
		for i := range rapid.IntRange(1, 3).Draw(t, "files") {
			names = append(names, filepath.Join(dir, fmt.Sprintf("%d.log", i)))
			if err := os.WriteFile(names[i], []byte(drawLog(t)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		source, err := file.New(file.Config{Patterns: names, PartSize: rapid.Int64Range(1, 20_000).Draw(t, "size")})
		if err != nil {
			t.Fatal(err)
		}
		plan := watch.Plan{Deploy: selfheal.Deploy{Time: time.Date(2026, 11, 23, 9, rapid.IntRange(0, 8).Draw(t, "minute"), 0, 0, time.UTC)}}
		want, err := collect(context.Background(), whole{source}, plan, watch.Baseline, options)
		if err != nil {
			t.Fatal(err)
		}
		pieces, err := piecesOf(context.Background(), source, selfheal.Query{}, options)
		if err != nil {
			t.Fatal(err)
		}
		divided += len(pieces) - len(names)
		reading := reading{plan: plan, side: watch.Baseline, options: options, readers: rapid.IntRange(1, 4).Draw(t, "readers")}
		got, err := reading.collect(context.Background(), pieces)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(collected{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%d pieces (-whole +parts):\n%s", len(pieces), diff)
		}
	})
	if divided == 0 {
		t.Error("no file was ever divided")
	}
}

// TestSeamsAreFound: the usual logs can be divided anywhere.
func TestSeamsAreFound(t *testing.T) {
	t.Parallel()
	f := func(event string, want bool) {
		t.Helper()
		name := filepath.Join(t.TempDir(), "a.log")
		text := strings.Repeat(strings.NewReplacer("{time}", "2026-11-23T09:00:00", "{n}", "1").Replace(event)+"\n", 200)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		source, err := file.New(file.Config{Patterns: []string{name}, PartSize: int64(len(text) / 4)})
		if err != nil {
			t.Fatal(err)
		}
		pieces, err := piecesOf(t.Context(), source, selfheal.Query{}, group.Options{})
		if got := len(pieces) >= 4; err != nil || got != want {
			t.Errorf("%q: %d pieces, %v", event, len(pieces), err)
		}
	}

	f(events[0], true)
	f(events[3], true)
	f(events[9], true)
	f(events[13], true)
	f(events[15], true)
	f("ts=2026-11-23T09:00:00Z level=info msg=ready", true)
	f("Nov 23 09:00:00 host shop[7]: ready\nNov 23 09:00:00 host cron[9]: ran", true)
	f("Nov 23 09:00:00 host shop[7]: ready", false) // perhaps a line of a stack trace
	f("a line without a time", false)
	f(events[14], false)
}

// TestCapHoldsOverAllReaders: two readers that found different signatures do not
// have twice as many.
func TestCapHoldsOverAllReaders(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	var pieces []piece
	var both sync.WaitGroup // each piece by a reader of its own
	both.Add(2)
	for i, words := range []string{"abcdefgh", "stuvwxyz"} {
		var lines []string
		for k, word := range words {
			lines = append(lines, fmt.Sprintf("%s INFO word %c", at.Add(time.Duration(k)*time.Minute).Format(time.RFC3339), word))
		}
		source := &sourcetest.Memory{Streams: []sourcetest.MemoryStream{{Name: fmt.Sprint(i), Lines: lines}}}
		pieces = append(pieces, piece{selfheal.SourceStream{Read: func(ctx context.Context, yield func(*selfheal.Entry) error) error {
			both.Done()
			both.Wait()
			return source.Read(ctx, selfheal.Query{}, yield)
		}}, i, 0})
	}
	reading := reading{options: group.Options{MaxSignatures: 10}, side: watch.Watched, readers: 2}
	got, err := reading.collect(t.Context(), pieces)
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, series := range got.counts.Series {
		total += series.Total()
	}
	if len(got.signatures) != 11 || got.coverage.Overflowed != 6 || total != 16 {
		t.Errorf("%d signatures, %d records of %d beyond the cap", len(got.signatures), got.coverage.Overflowed, total)
	}
	for _, word := range "abcdestuvw" { // the first seen
		if !slices.ContainsFunc(slices.Collect(maps.Values(got.signatures)), func(s *selfheal.Signature) bool { return s.Title == fmt.Sprintf("word %c", word) }) {
			t.Errorf("word %c is beyond the cap", word)
		}
	}
}

// TestFirstErrorEndsReading: what was read until then is not taken for the whole.
func TestFirstErrorEndsReading(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var pieces []piece
	for i := range 8 {
		pieces = append(pieces, piece{selfheal.SourceStream{Read: func(ctx context.Context, _ func(*selfheal.Entry) error) error {
			if i == 3 {
				return broken
			}
			return ctx.Err()
		}}, 0, i})
	}
	reading := reading{readers: 2}
	if _, err := reading.collect(t.Context(), pieces); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// TestUnionSharesWhatOneSideHas: 50,000 signatures of a side are not copied, and
// what both sides have is put together without a change to either.
func TestUnionSharesWhatOneSideHas(t *testing.T) {
	t.Parallel()
	side := func(minute int, ids ...selfheal.SignatureID) collected {
		c := newCollected()
		for _, id := range ids {
			at := time.Date(2026, 3, 2, 9, minute, 0, 0, time.UTC)
			c.sign(&selfheal.Signature{ID: id, Severity: selfheal.SeverityError, First: at, Last: at, Sample: selfheal.Sample{Time: at, Line: int64(minute)}})
		}
		return c
	}
	before, after := side(1, "a", "both"), side(2, "b", "both")
	all := union(before, after)
	if len(all) != 3 || all["a"] != before.signatures["a"] || all["b"] != after.signatures["b"] {
		t.Errorf("got %v", all)
	}
	if both := all["both"]; both.First.Minute() != 1 || both.Last.Minute() != 2 || both.Sample.Line != 2 {
		t.Errorf("together: %+v", both)
	}
	if old, now := before.signatures["both"], after.signatures["both"]; old.Last.Minute() != 1 || now.First.Minute() != 2 || old.Sample.Line != 1 {
		t.Errorf("a side was changed: %+v and %+v", old, now)
	}
}

// TestCompact: texts stay what they are.
func TestCompact(t *testing.T) {
	t.Parallel()
	f := func(text, template, title string) {
		t.Helper()
		got := compact(&selfheal.Signature{Title: title, Template: template, Sample: selfheal.Sample{Text: text}})
		if got.Title != title || got.Template != template || got.Sample.Text != text {
			t.Errorf("%q, %q, %q became %+v", text, template, title, got)
		}
	}

	f("09:00 ERROR order lost", "order lost", "order lost")
	f("09:00 ERROR order 7 lost", "order <num> lost", "order <num>…")
	f("", "order lost", "order")
	f("", "", "")
}
