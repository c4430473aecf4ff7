package tail_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/source/tail"
)

// world is a directory in which a program writes and logs are rotated.
type world struct {
	dir      string
	number   int      // of the next line
	want     []string // what was written, line by line
	got      []string // "stream line"
	position tail.Position
	fatal    func(args ...any)
}

func newWorld(t interface{ Fatal(args ...any) }, dir string) *world {
	return &world{dir: dir, fatal: t.Fatal}
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) check(err error) {
	if err != nil {
		w.fatal(err)
	}
}

// add writes to the end of a file.
func (w *world) add(name, text string) {
	f, err := os.OpenFile(w.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	w.check(err)
	_, err = f.WriteString(text)
	w.check(errors.Join(err, f.Close()))
}

func (w *world) rename(from, to string) { w.check(os.Rename(w.path(from), w.path(to))) }

// copyTruncate copies a file and empties it.
func (w *world) copyTruncate(from, to string) {
	text, err := os.ReadFile(w.path(from))
	w.check(err)
	w.check(os.WriteFile(w.path(to), text, 0o600))
	w.check(os.Truncate(w.path(from), 0))
}

// step is what happens between two looks.
type step func()

// follow runs a Tail from the last position; the steps happen while it waits, and a
// few looks follow the last one.
func (w *world) follow(patterns []string, steps ...step) error {
	return w.followWith(tail.Config{Patterns: patterns}, steps...)
}

func (w *world) followWith(c tail.Config, steps ...step) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for i, p := range c.Patterns {
		c.Patterns[i] = w.path(p)
	}
	looks := 0
	c.Wait = func(context.Context) error {
		if len(steps) == 0 {
			if looks++; looks > 12 {
				cancel()
			}
			return ctx.Err()
		}
		steps[0]()
		steps = steps[1:]
		return nil
	}
	t, err := tail.New(c)
	w.check(err)
	err = t.Follow(ctx, w.position, func(e *selfheal.Entry) error {
		name, err := filepath.Rel(w.dir, e.Stream)
		w.got = append(w.got, fmt.Sprintf("%s:%d %s", name, e.Number, e.Line))
		return err
	})
	text, jsonErr := json.Marshal(t.Position())
	w.check(jsonErr)
	w.position = nil
	w.check(json.Unmarshal(text, &w.position))
	return err
}

func (w *world) expect(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, w.got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGrows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	w.add("a.log", "one\r\ntwo\nthr")
	w.check(w.follow([]string{"*.log", "later.txt"},
		func() { w.add("a.log", "ee") },
		func() { w.add("a.log", "\n\nfive\n") },
		func() {
			w.add("b.log", "new\n")
			w.add("later.txt", "x\n")
			w.add("other.txt", "no\n")
			w.add("b.log.gz", "no\n")
		},
		func() { w.add("a.log", "no end") },
	))
	w.expect(t, "a.log:1 one", "a.log:2 two", "a.log:3 three", "a.log:4 ", "a.log:5 five", "later.txt:1 x", "b.log:1 new")
}

// TestRename: the file that is renamed is read to its end, also what is written to
// it afterwards, and the line without an end when it is given up.
func TestRename(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	w.add("a.log.1", "rotated before\n")
	w.add("a.log", "one\n")
	w.check(w.follow([]string{"a.log"},
		func() { w.add("a.log", "two\n") },
		func() {
			w.add("a.log", "three\n")
			w.rename("a.log.1", "a.log.2")
			w.rename("a.log", "a.log.1")
			w.add("a.log", "four\n")
		},
		func() { w.add("a.log.1", "late\nno end") },
	))
	w.expect(t, "a.log:1 one", "a.log:2 two", "a.log:3 three", "a.log:1 four", "a.log:4 late", "a.log:5 no end")
}

// TestMissedGenerations: files that came and went between two looks are read too, in order.
func TestMissedGenerations(t *testing.T) {
	t.Parallel()
	for name, names := range map[string][2]string{"numbers": {"a.log.2", "a.log.1"}, "dates": {"a.log-20260301", "a.log-20260302"}, "lumberjack": {"a-2026-03-01T10-00-00.000.log", "a-2026-03-02T10-00-00.000.log"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, t.TempDir())
			w.add("a.log", "one\n")
			w.check(w.follow([]string{"a.log"}, func() {
				w.add("a.log", "two\n")
				w.rename("a.log", names[0])
				w.add("a.log", "three\n")
				w.rename("a.log", names[1])
				w.add("a.log", "four\n")
			}))
			w.expect(t, "a.log:1 one", "a.log:2 two", "a.log:1 three", "a.log:1 four")
		})
	}
}

// TestCopyTruncate: what was not read yet is read from the copy; also when the file
// has grown beyond where it was.
func TestCopyTruncate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	w.add("a.log", "one\n")
	w.check(w.follow([]string{"a.log"},
		func() {
			w.add("a.log", "two\n")
			w.copyTruncate("a.log", "a.log.1")
			w.add("a.log", "three and more\n")
		},
		func() { w.check(os.WriteFile(w.path("a.log.2"), []byte("three and more\n"), 0o600)) }, // a copy is made
		func() { w.add("a.log", "four\n") },
		func() { w.check(os.Truncate(w.path("a.log"), 0)) },
		func() { w.add("a.log", "five\n") },
	))
	w.expect(t, "a.log:1 one", "a.log:2 two", "a.log:1 three and more", "a.log:2 four", "a.log:1 five")
}

// TestTruncated: without a copy, the line that had no end yet is not lost.
func TestTruncated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	w.add("a.log", "one\nno end")
	w.check(w.follow([]string{"a.log"}, func() { w.check(os.WriteFile(w.path("a.log"), []byte("cut\n"), 0o600)) }))
	w.expect(t, "a.log:1 one", "a.log:1 cut", "a.log:2 no end")
}

// TestResume: another process goes on where this one stopped, whatever happened meanwhile.
func TestResume(t *testing.T) {
	t.Parallel()
	f := func(name string, meanwhile func(*world), want ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, t.TempDir())
			w.add("a.log.1", "rotated before\n")
			w.add("a.log", "one\ntwo\npart")
			w.check(w.follow([]string{"a.log*"}))
			w.got = nil
			meanwhile(w)
			w.check(w.follow([]string{"a.log*"}))
			w.expect(t, want...)
		})
	}
	f("nothing", func(*world) {})
	f("grown", func(w *world) { w.add("a.log", "ial\n") }, "a.log:3 partial")
	f("renamed", func(w *world) {
		w.add("a.log", "ial\n")
		w.rename("a.log.1", "a.log.2")
		w.rename("a.log", "a.log.1")
		w.add("a.log", "new\n")
	}, "a.log:3 partial", "a.log:1 new")
	f("renamed twice", func(w *world) {
		w.rename("a.log.1", "a.log.3")
		w.rename("a.log", "a.log.2")
		w.add("a.log", "missed\n")
		w.rename("a.log", "a.log.1")
	}, "a.log:1 missed", "a.log:3 part")
	f("copied", func(w *world) {
		w.add("a.log", "ial\n")
		w.rename("a.log.1", "a.log.2")
		w.copyTruncate("a.log", "a.log.1")
		w.add("a.log", "n\n")
	}, "a.log:3 partial", "a.log:1 n")
	f("moved to another disk and back", func(w *world) {
		text, err := os.ReadFile(w.path("a.log"))
		w.check(err)
		w.check(os.WriteFile(w.path("copy"), append(text, "ial\n"...), 0o600))
		w.rename("copy", "a.log")
	}, "a.log:3 partial")
	f("replaced", func(w *world) {
		w.check(os.Remove(w.path("a.log")))
		w.add("a.log", "another file\n")
	}, "a.log:1 another file")
}

func TestLongLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	long := strings.Repeat("x", 200_000)
	w.add("a.log", "one\n"+long+"\ntwo\n"+long)
	w.check(w.followWith(tail.Config{Patterns: []string{"a.log"}, MaxLine: 100_000}, func() { w.add("a.log", long) }))
	w.check(w.followWith(tail.Config{Patterns: []string{"a.log"}, MaxLine: 100_000}, func() { w.add("a.log", "\nthree\n") }))
	w.expect(t, "a.log:1 one", "a.log:2 "+long[:100_000], "a.log:3 two", "a.log:4 "+long[:100_000], "a.log:5 three")
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	w.add("a.log", "one\n")
	w.add("b.log", "\x1f\x8b says that it is packed\n")
	if err := w.follow([]string{"*.log"}); selfheal.CodeOf(err) != selfheal.CodeUnavailable || selfheal.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
	w.got, w.position = nil, nil
	var told []string
	w.check(w.followWith(tail.Config{Patterns: []string{"*.log"}, Unreadable: func(name string, _ error) error {
		told = append(told, filepath.Base(name))
		return nil
	}}))
	w.expect(t, "a.log:1 one")
	if !slices.Equal(told, []string{"b.log"}) {
		t.Errorf("told of %q", told)
	}
	w.got, w.position = nil, nil
	w.add("c.log", "two\n")
	if err := w.followWith(tail.Config{Patterns: []string{"a.log", "c.log"}, MaxFiles: 1}); selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Errorf("got %v", err)
	}
}

// TestYieldFails: what was not taken is delivered again.
func TestYieldFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	w.add("a.log", "one\ntwo\nthree\n")
	tl, err := tail.New(tail.Config{Patterns: []string{w.path("a.log")}, Wait: func(context.Context) error { return nil }})
	w.check(err)
	broken := errors.New("broken")
	n := 0
	if err := tl.Follow(t.Context(), nil, func(*selfheal.Entry) error {
		if n++; n == 2 {
			return broken
		}
		return nil
	}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	w.position = tl.Position()
	w.check(w.follow([]string{"a.log"}))
	w.expect(t, "a.log:2 two", "a.log:3 three")
}

// sink is not available the first few times.
type sink struct {
	busy int
	got  []string
	done func()
}

func (s *sink) Take(_ context.Context, batch []selfheal.Entry) error {
	if s.busy--; s.busy >= 0 {
		return &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "busy"}
	}
	for _, e := range batch {
		s.got = append(s.got, string(e.Line))
	}
	s.done()
	return nil
}

// TestFeed: files wait while the sink is not available.
func TestFeed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir())
	w.add("a.log", "one\ntwo\n")
	ctx, cancel := context.WithCancel(t.Context())
	waits := 0
	s := &sink{busy: 3, done: cancel}
	tl, err := tail.New(tail.Config{Patterns: []string{w.path("a.log")}, Wait: func(context.Context) error { waits++; return nil }})
	w.check(err)
	w.check(tl.Feed(ctx, nil, s))
	if diff := cmp.Diff([]string{"one", "two"}, s.got); diff != "" || waits < 3 {
		t.Errorf("%d waits (-want +got):\n%s", waits, diff)
	}
}

// TestEveryLineOnce: whatever the order of writing, rotating by either way, looking
// and restarting, every line is delivered once. Lines differ, as times make them differ.
func TestEveryLineOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp("", "tail-")
		if err != nil {
			r.Fatal(err)
		}
		defer os.RemoveAll(dir)
		w := newWorld(r, dir)
		copies := rapid.Bool().Draw(r, "copies")
		for range rapid.IntRange(1, 4).Draw(r, "processes") {
			var steps []step
			for range rapid.IntRange(0, 8).Draw(r, "looks") {
				steps = append(steps, w.happenings(r, copies))
			}
			if err := w.follow([]string{"*.log"}, steps...); err != nil {
				r.Fatal(err)
			}
		}
		var got []string
		for _, line := range w.got {
			_, text, _ := strings.Cut(line, " ")
			got = append(got, text)
		}
		slices.Sort(got)
		slices.Sort(w.want)
		if diff := cmp.Diff(w.want, got); diff != "" {
			r.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// happenings draws what happens between two looks: a few writes and at most two rotations.
func (w *world) happenings(r *rapid.T, copies bool) step {
	var all []step
	rotations := 0
	for range rapid.IntRange(0, 5).Draw(r, "happenings") {
		name := rapid.SampledFrom([]string{"a.log", "b.log"}).Draw(r, "file")
		if rotations < 2 && rapid.IntRange(0, 3).Draw(r, "rotate") == 0 {
			rotations++
			all = append(all, func() { w.rotate(name, copies) })
			continue
		}
		lines, split := rapid.IntRange(1, 4).Draw(r, "lines"), rapid.Bool().Draw(r, "split")
		all = append(all, func() { w.write(name, lines, split) })
	}
	return func() {
		for _, happen := range all {
			happen()
		}
	}
}

// write appends whole lines, in one go or with a flush in the middle of the last.
func (w *world) write(name string, lines int, split bool) {
	var text strings.Builder
	for range lines {
		w.number++
		line := fmt.Sprintf("line %d of %s %s", w.number, name, strings.Repeat("x", w.number%50))
		w.want = append(w.want, line)
		text.WriteString(line + "\n")
	}
	all := text.String()
	at := len(all)
	if split {
		at -= 5
	}
	w.add(name, all[:at])
	w.add(name, all[at:])
}

// rotate shifts the rotated files by one and begins anew.
func (w *world) rotate(name string, copies bool) {
	if info, err := os.Stat(w.path(name)); err != nil || info.Size() == 0 {
		return
	}
	const keep = 40 // nothing is deleted before it was looked at
	for i := keep; i >= 1; i-- {
		if from := fmt.Sprintf("%s.%d", name, i); fileExists(w.path(from)) {
			w.rename(from, fmt.Sprintf("%s.%d", name, i+1))
		}
	}
	if copies {
		w.copyTruncate(name, name+".1")
	} else {
		w.rename(name, name+".1")
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestValidate(t *testing.T) {
	t.Parallel()
	wait := func(context.Context) error { return nil }
	for _, c := range []tail.Config{{Wait: wait}, {Patterns: []string{"["}, Wait: wait}, {Patterns: []string{""}, Wait: wait}, {Patterns: []string{"a"}}, {Patterns: []string{"a"}, Wait: wait, MaxLine: -1}} {
		if _, err := tail.New(c); err == nil {
			t.Errorf("%+v is valid", c)
		}
	}
}

// TestDatedNames: files may have the date in their names from the beginning, and a
// link to the newest.
func TestDatedNames(t *testing.T) {
	t.Parallel()
	for name, pattern := range map[string]string{"glob": "*.log", "link": "app.log"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, t.TempDir())
			link := func(to string) {
				if name == "link" {
					_ = os.Remove(w.path("app.log"))
					w.check(os.Symlink(to, w.path("app.log")))
				}
			}
			w.add("app-2026-03-01.log", "one\n")
			link("app-2026-03-01.log")
			quiet := func() {}
			w.check(w.follow([]string{pattern}, quiet, quiet, quiet, quiet, quiet, quiet,
				func() { w.add("app-2026-03-01.log", "two\n") },
				func() { w.add("app-2026-03-02.log", "three\n"); link("app-2026-03-02.log") },
				quiet, quiet, quiet, quiet, quiet, quiet,
				func() { w.add("app-2026-03-02.log", "four\n") },
			))
			var got []string
			for _, line := range w.got {
				_, text, _ := strings.Cut(line, " ")
				got = append(got, text)
			}
			if diff := cmp.Diff([]string{"one", "two", "three", "four"}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
