package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/source/sourcetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("undivided", func(t *testing.T) { sourcetest.Run(t, harness(0)) })
	t.Run("in parts", func(t *testing.T) { sourcetest.Run(t, harness(8)) })
}

// harness makes sources that divide files larger than partSize.
func harness(partSize int64) sourcetest.Harness {
	return sourcetest.Harness{
		New: func(t *testing.T, streams map[string][]string) selfheal.Source {
			dir := t.TempDir()
			for name, lines := range streams {
				var text strings.Builder
				for _, line := range lines {
					text.WriteString(line + "\n")
				}
				write(t, filepath.Join(dir, name+".log"), []byte(text.String()))
			}
			return open(t, Config{Patterns: []string{filepath.Join(dir, "*.log")}, PartSize: partSize})
		},
		Broken: func(t *testing.T) selfheal.Source {
			packed := gzipped(t, bytes.Repeat([]byte("a line that compresses well\n"), 1000))
			name := filepath.Join(t.TempDir(), "cut.log.gz")
			write(t, name, packed[:len(packed)-10])
			return open(t, Config{Patterns: []string{name}, PartSize: partSize})
		},
	}
}

func open(t *testing.T, c Config) *Source {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(t *testing.T, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

// collect reads all lines; cut lines are marked with a trailing "…".
func collect(ctx context.Context, s *Source) ([]string, error) {
	var got []string
	err := s.Read(ctx, selfheal.Query{}, func(e *selfheal.Entry) error {
		line := string(e.Line)
		if e.Truncated {
			line += "…"
		}
		got = append(got, line)
		return nil
	})
	return got, err
}

func TestReadText(t *testing.T) {
	t.Parallel()
	f := func(text string, maxLine int, want ...string) {
		t.Helper()
		for _, in := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			got, err := collect(t.Context(), open(t, Config{Patterns: []string{"-"}, Stdin: in, MaxLine: maxLine}))
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", text, diff)
			}
		}
	}

	f("", 0)
	f("one", 0, "one")
	f("one\n", 0, "one")
	f("one\r\ntwo\r\n\r\n", 0, "one", "two", "")
	f("\n\nx", 0, "", "", "x")
	f("a\x00b\n\xff", 0, "a\x00b", "\xff")
	f("12345\n123456\nab\n", 5, "12345", "12345…", "ab")
	f("12345\r\n", 5, "12345")
	f("1234567890123456789012345678901234567890\nab", 5, "12345…", "ab")
	f("1234567890123456789012345678901234567890", 5, "12345…")
}

func TestCompressed(t *testing.T) {
	t.Parallel()
	text := []byte("one\ntwo\n")
	f := func(name string, content []byte) {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		write(t, path, content)
		got, err := collect(t.Context(), open(t, Config{Patterns: []string{path}}))
		if diff := cmp.Diff([]string{"one", "two"}, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}

	f("a.gz", gzipped(t, text))
	f("named-otherwise.log", gzipped(t, text))
	f("members.gz", append(gzipped(t, text[:4]), gzipped(t, text[4:])...))
	f("a.zst", zstandard(t, text))
	f("not-packed.gz", text)
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("some line\n"), 10_000)
	f := func(name string, content []byte) {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		write(t, path, content)
		_, err := collect(t.Context(), open(t, Config{Patterns: []string{path}}))
		if selfheal.CodeOf(err) != selfheal.CodeUnavailable || selfheal.HintOf(err) == "" {
			t.Errorf("%s: got %v, want code %q and a hint", name, err, selfheal.CodeUnavailable)
		}
	}

	packed := gzipped(t, text)
	f("cut.gz", packed[:len(packed)/2])
	f("header-only.gz", packed[:5])
	f("flipped.gz", flip(packed, len(packed)-6))
	packed = zstandard(t, text)
	f("cut.zst", packed[:len(packed)-4])
	f("flipped.zst", flip(packed, 5))
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x55
	return b
}

func TestReaderThatFails(t *testing.T) {
	t.Parallel()
	in := io.MultiReader(strings.NewReader("one\ntw"), iotest.ErrReader(errors.New("cable pulled")))
	got, err := collect(t.Context(), open(t, Config{Patterns: []string{"-"}, Stdin: in}))
	if diff := cmp.Diff([]string{"one"}, got); diff != "" {
		t.Errorf("half a line was taken for one (-want +got):\n%s", diff)
	}
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable {
		t.Errorf("got %v, want code %q", err, selfheal.CodeUnavailable)
	}
}

func TestNamesThatFindNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sub.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	f := func(pattern, message string) {
		t.Helper()
		_, err := collect(t.Context(), open(t, Config{Patterns: []string{filepath.Join(dir, pattern)}}))
		if selfheal.CodeOf(err) != selfheal.CodeUsage || selfheal.HintOf(err) == "" || !strings.Contains(fmt.Sprint(err), message) {
			t.Errorf("%s: got %v, want a usage error with %q and a hint", pattern, err, message)
		}
	}

	f("missing.log", "no such file")
	f("missing-*.log", "no file matches")
	f("sub.log", "is a directory")
	f("*.log", "directories only")
}

func TestValidate(t *testing.T) {
	t.Parallel()
	f := func(c Config, message string) {
		t.Helper()
		_, err := New(c)
		if selfheal.CodeOf(err) != selfheal.CodeUsage || !strings.Contains(fmt.Sprint(err), message) {
			t.Errorf("%+v: got %v, want %q", c, err, message)
		}
	}

	f(Config{}, "no log files")
	f(Config{Patterns: []string{""}}, "empty name")
	f(Config{Patterns: []string{"a["}}, "bad file pattern")
	f(Config{Patterns: []string{"-"}}, "no standard input")
	f(Config{Patterns: []string{"-", "-"}, Stdin: strings.NewReader("")}, "only once")
	f(Config{Patterns: []string{"a"}, MaxLine: -1}, "negative")
}

func TestOrder(t *testing.T) {
	t.Parallel()
	f := func(want ...string) {
		t.Helper()
		got := slices.Clone(want)
		rand.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		sortByAge(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}

	f("app.log.10.gz", "app.log.9.gz", "app.log.2", "app.log.1", "app.log")
	f("app.log-20261121.gz", "app.log-20261122", "app.log")
	f("app.log.2026-11-21", "app.log.2026-11-22.zst", "app.log")
	f("a.log", "b.log.1", "b.log", "c2.log", "c10.log")
	f("logs/day-2026-11-09.log", "logs/day-2026-11-10.log")
}

func TestFilesNamedTwiceAreReadOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"b.log", "a.log"} {
		write(t, filepath.Join(dir, name), []byte(name+"\n"))
	}
	s := open(t, Config{Patterns: []string{filepath.Join(dir, "b.log"), filepath.Join(dir, "*.log")}})
	got, err := collect(t.Context(), s)
	if diff := cmp.Diff([]string{"b.log", "a.log"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestStreamsCanBeReadInParallel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 4 {
		write(t, filepath.Join(dir, fmt.Sprintf("%d.log", i)), bytes.Repeat([]byte{'0' + byte(i), '\n'}, 1000))
	}
	streams, err := open(t, Config{Patterns: []string{filepath.Join(dir, "*.log")}}).Streams(t.Context(), selfheal.Query{})
	if err != nil || len(streams) != 4 {
		t.Fatalf("Streams: %d, %v", len(streams), err)
	}
	for i, stream := range streams {
		t.Run(filepath.Base(stream.Name), func(t *testing.T) {
			t.Parallel()
			lines := 0
			err := stream.Read(t.Context(), func(e *selfheal.Entry) error {
				if lines++; string(e.Line) != string(rune('0'+i)) || e.Stream != stream.Name {
					t.Errorf("line %q of stream %s", e.Line, e.Stream)
				}
				return nil
			})
			if err != nil || lines != 1000 {
				t.Errorf("%d lines, %v", lines, err)
			}
		})
	}
}

// zeros is an endless line.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left -= n
	return int(n), nil
}

func TestMemoryDoesNotGrowWithTheLine(t *testing.T) {
	in := io.MultiReader(&zeros{left: 256 << 20}, strings.NewReader("\nnext\n"))
	s := open(t, Config{Patterns: []string{"-"}, Stdin: in})
	var got []string
	allocated := testing.Benchmark(func(b *testing.B) {
		if b.N > 1 {
			return
		}
		b.ReportAllocs()
		err := s.Read(t.Context(), selfheal.Query{}, func(e *selfheal.Entry) error {
			got = append(got, fmt.Sprint(len(e.Line), e.Truncated))
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	})
	if diff := cmp.Diff([]string{"1048576 true", "4 false"}, got[:2]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := allocated.MemBytes; n > 16<<20 {
		t.Errorf("a line of 256 MiB allocated %d bytes", n)
	}
}

func TestLinesAreWhatWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := rapid.SliceOfN(rapid.StringMatching(`[a-z\x00é ]{0,40}`), 0, 20).Draw(rt, "lines")
		max := rapid.IntRange(1, 50).Draw(rt, "max")
		text := strings.Join(want, "\n") + "\n"
		if len(want) == 0 {
			text = ""
		}
		s, err := New(Config{Patterns: []string{"-"}, Stdin: iotest.HalfReader(strings.NewReader(text)), MaxLine: max})
		if err != nil {
			rt.Fatal(err)
		}
		i := 0
		err = s.Read(t.Context(), selfheal.Query{}, func(e *selfheal.Entry) error {
			line := want[i]
			if cut := len(line) > max; cut != e.Truncated || string(e.Line) != line[:min(len(line), max)] || e.Number != int64(i)+1 {
				rt.Fatalf("line %d: got %q (truncated %v), want %q with cap %d", i, e.Line, e.Truncated, line, max)
			}
			i++
			return nil
		})
		if err != nil || i != len(want) {
			rt.Fatalf("%d of %d lines, %v", i, len(want), err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	name := filepath.Join(b.TempDir(), "big.log")
	line := strings.Repeat("2026-11-23T09:10:13Z INFO request served ", 4) + "\n"
	content := bytes.Repeat([]byte(line), 64<<20/len(line))
	if err := os.WriteFile(name, content, 0o600); err != nil {
		b.Fatal(err)
	}
	s, err := New(Config{Patterns: []string{name}})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Read(b.Context(), selfheal.Query{}, func(*selfheal.Entry) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
