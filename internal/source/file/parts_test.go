package file

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

func always(_, _ []byte) bool { return true }

// readParts gives the lines of all parts in order, and how many parts there are.
func readParts(t testing.TB, s *Source, begins func(previous, line []byte) bool) (lines []string, parts int, err error) {
	t.Helper()
	streams, err := s.Parts(t.Context(), selfheal.Query{}, begins)
	for _, stream := range streams {
		for _, part := range stream {
			number := int64(0)
			if err := part.Read(t.Context(), func(e *selfheal.Entry) error {
				if number++; e.Number != number || e.Stream != part.Name {
					t.Errorf("entry %d of %s is number %d of %s", number, part.Name, e.Number, e.Stream)
				}
				lines = append(lines, string(e.Line))
				return nil
			}); err != nil {
				return lines, parts, err
			}
			parts++
		}
	}
	return lines, parts, err
}

func TestPartsAreTheWhole(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "a.log")
	rapid.Check(t, func(rt *rapid.T) {
		lines := rapid.SliceOfN(rapid.StringMatching(`[>a-z ]{0,30}\r?`), 0, 60).Draw(rt, "lines")
		text := strings.Join(lines, "\n")
		write(t, name, []byte(text))
		s := open(t, Config{Patterns: []string{name}, PartSize: rapid.Int64Range(1, 200).Draw(rt, "size"), MaxLine: rapid.IntRange(1, 40).Draw(rt, "max")})
		want, err := collect(t.Context(), s)
		if err != nil {
			rt.Fatal(err)
		}
		for i := range want {
			want[i] = strings.TrimSuffix(want[i], "…")
		}
		asked := map[string]bool{}
		got, parts, err := readParts(t, s, func(previous, line []byte) bool {
			asked[string(previous)+"\n"+string(line)] = true
			return len(line) > 0 && line[0] == '>'
		})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			rt.Fatalf("%d parts, %v (-whole +parts):\n%s", parts, err, diff)
		}
		pairs := map[string]bool{}
		for i := 1; i < len(want); i++ {
			pairs[want[i-1]+"\n"+want[i]] = true
		}
		for pair := range asked {
			if !pairs[pair] {
				rt.Fatalf("asked about %q, which are no consecutive lines", pair)
			}
		}
	})
}

func TestWhatIsDivided(t *testing.T) {
	t.Parallel()
	text := []byte(strings.Repeat("0123456789abcde\n", 64)) // 1 KiB
	f := func(content []byte, size int64, begins func(_, _ []byte) bool, want int) {
		t.Helper()
		name := filepath.Join(t.TempDir(), "a.log")
		write(t, name, content)
		lines, parts, err := readParts(t, open(t, Config{Patterns: []string{name}, PartSize: size}), begins)
		if err != nil || parts != want || len(lines) != 64 {
			t.Errorf("%d bytes in parts of %d: %d lines in %d parts, %v; want %d parts", len(content), size, len(lines), parts, err, want)
		}
	}

	f(text, 256, always, 4)
	f(text, 1024, always, 1)
	f(text, 600, always, 2)
	f(text, 1, always, 32) // the second line behind the place may begin a part, because of the one before it
	f(text, 256, func(_, _ []byte) bool { return false }, 1)
	f(gzipped(t, text), 16, always, 1)
	f(zstandard(t, text), 16, always, 1)
}

// TestSeamIsSoughtInAWindow: a file without a place to divide it is not read twice.
func TestSeamIsSoughtInAWindow(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "a.log")
	write(t, name, bytes.Repeat([]byte("0123456789abcde\n"), 64<<10)) // 1 MiB
	asked := 0
	_, parts, err := readParts(t, open(t, Config{Patterns: []string{name}, PartSize: 512 << 10}), func(_, _ []byte) bool { asked++; return false })
	if err != nil || parts != 1 || asked == 0 || asked > seamWindow/16 {
		t.Errorf("%d parts, asked %d times, %v", parts, asked, err)
	}
}

func TestFileThatChangesBetweenParts(t *testing.T) {
	t.Parallel()
	f := func(change func(name string) error, message string) {
		t.Helper()
		name := filepath.Join(t.TempDir(), "a.log")
		text := []byte(strings.Repeat("line\n", 100))
		write(t, name, text)
		streams, err := open(t, Config{Patterns: []string{name}, PartSize: 200}).Parts(t.Context(), selfheal.Query{}, always)
		if err != nil || len(streams[0]) < 2 {
			t.Fatalf("%d parts, %v", len(streams[0]), err)
		}
		if err := change(name); err != nil {
			t.Fatal(err)
		}
		err = streams[0][1].Read(t.Context(), func(*selfheal.Entry) error { return nil })
		if selfheal.CodeOf(err) != selfheal.CodeUnavailable || selfheal.HintOf(err) == "" || !strings.Contains(fmt.Sprint(err), message) {
			t.Errorf("got %v, want %q with a hint", err, message)
		}
	}

	f(func(name string) error { return os.Truncate(name, 210) }, "damaged or cut off")
	f(func(name string) error {
		if err := os.Rename(name, name+".1"); err != nil {
			return err
		}
		return os.WriteFile(name, bytes.Repeat([]byte("other\n"), 100), 0o600)
	}, "was replaced")
}

// TestReadAheadEnds: who stops early leaves no goroutine behind that still reads.
func TestReadAheadEnds(t *testing.T) {
	t.Parallel()
	in := &zeros{left: 1 << 40}
	a := readAhead(in)
	if _, err := a.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	a.Close()
	left := in.left // a race, if anybody still reads
	if read := int64(1<<40) - left; read > (aheadBuffers+1)*aheadSize {
		t.Errorf("read %d bytes ahead", read)
	}
}
