package template

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"selfheal/internal/group/accuracy/hostile"
)

var update = flag.Bool("update", false, "write the golden files anew")

// scanSlowly is Scan without what it does at a glance: every piece goes through
// chunk, delimiter or space.
func (s *Scanner) scanSlowly(m []byte) []byte {
	s.Scan(nil) // makes the buffers
	m = s.padded(m[:min(len(m), maxInput)])
	for i := 0; i < len(m); {
		if len(s.out) >= MaxTemplate {
			return append(s.out[:MaxTemplate], maskCut)
		}
		j := i
		switch classes[m[i]] {
		case space:
			s.space()
			i++
		case delim:
			i = s.delimiter(m, i)
		case letter:
			for j < len(m) && classes[m[j]] == letter {
				j++
			}
			i = s.chunk(m, i, j, 0)
		case digit:
			for j < len(m) && classes[m[j]] == digit {
				j++
			}
			i = s.chunk(m, i, j, hasDigit)
		default:
			i = s.chunk(m, i, i, 0)
		}
	}
	return s.trim()
}

// corpus is what real loggers and runtimes printed, and what is made to hurt.
func corpus(t testing.TB) [][]byte {
	t.Helper()
	files, err := filepath.Glob("../testdata/*/*.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var lines [][]byte
	for _, file := range files {
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, bytes.Split(log, []byte{'\n'})...)
	}
	for _, input := range hostile.All() {
		for i := range min(input.Lines, 5) {
			line := input.Line(i)
			lines = append(lines, line[:min(len(line), 2*maxInput)])
		}
	}
	return lines
}

// TestGlancesSeeWhatThereIs: what is taken at a glance is what a closer look
// makes of it, in every context that random changes of real lines lead to.
func TestGlancesSeeWhatThereIs(t *testing.T) {
	t.Parallel()
	lines := corpus(t)
	r := rand.New(rand.NewPCG(1, 1))
	var fast, slow Scanner
	for range 4 {
		for _, line := range lines {
			if got, want := fast.Scan(line), slow.scanSlowly(line); !bytes.Equal(got, want) {
				t.Fatalf("%.300q:\n at a glance %.300q\n looked at   %.300q", line, got, want)
			}
		}
		for i, line := range lines {
			if len(line) < 2000 {
				lines[i] = mutate(r, line, lines)
			}
		}
	}
}

// mutate changes a few places of a line: a character exchanged, put in or left
// out, the rest of another line, other digits.
func mutate(r *rand.Rand, line []byte, others [][]byte) []byte {
	const special = " \t.:=/-_,;()[]{}<>\"'`|@#*$%+~!?^\\0123456789ansBKMTxeE\x00é"
	m := bytes.Clone(line)
	for range 1 + r.IntN(4) {
		if len(m) == 0 {
			return []byte{special[r.IntN(len(special))]}
		}
		at := r.IntN(len(m))
		switch r.IntN(5) {
		case 0:
			m[at] = special[r.IntN(len(special))]
		case 1:
			m = slices.Insert(m, at, special[r.IntN(len(special))])
		case 2:
			m = slices.Delete(m, at, at+1)
		case 3:
			if other := others[r.IntN(len(others))]; len(other) > 0 {
				from := r.IntN(len(other))
				m = append(m[:at:at], other[from:min(len(other), from+200)]...)
			}
		case 4:
			for i, c := range m {
				if classes[c] == digit {
					m[i] = '0' + byte(r.IntN(10))
				}
			}
		}
	}
	return m
}

// TestTemplatesGolden gives the messages of a file their templates again: a change
// of speed leaves them as they are, a change of rules shows here. The file holds
// pairs of lines; -update writes the second ones anew.
func TestTemplatesGolden(t *testing.T) {
	t.Parallel()
	const name = "testdata/templates.txt"
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(want), "\n"), "\n")
	if len(lines) < 500 || len(lines)%2 != 0 {
		t.Fatalf("%d lines in %s", len(lines), name)
	}
	var got strings.Builder
	var s Scanner
	for i := 0; i < len(lines); i += 2 {
		message, err := strconv.Unquote(lines[i])
		if err != nil {
			t.Fatalf("%s:%d: %v", name, i+1, err)
		}
		fmt.Fprintf(&got, "%s\n  %q\n", lines[i], Text(s.Scan([]byte(message))))
	}
	if *update {
		if err := os.WriteFile(name, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, diff)
	}
}

// TestInvisibleCharactersMakeNoIdentity: what reads the same is the same.
func TestInvisibleCharactersMakeNoIdentity(t *testing.T) {
	t.Parallel()
	var a, b Scanner
	for _, message := range []string{"cannot load order 12 of user ann@example.org: connection refused", "naïve café: 10.0.0.1:80 日本語 взорвалось", "x"} {
		want := string(a.Scan([]byte(message)))
		for _, unseen := range []string{"\u200b", "\u200d", "\u2060", "\ufeff", "\u202e", "\u2066", "\u00ad", "\u0085", "\u061c", "\u180e", "\U000e0041", "\ufe0f", "\u3164"} {
			for i := range message + "." {
				hidden := message[:i] + unseen + message[i:] + unseen
				if got := b.Scan([]byte(hidden)); string(got) != want {
					t.Errorf("%q: got %q, want %q", hidden, got, want)
				}
			}
		}
	}
}

// TestInvisibleKnowsEveryCharacter: the blocks that are passed over hold no
// invisible character.
func TestInvisibleKnowsEveryCharacter(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= 0x10ffff; r++ {
		if want := unicode.In(r, invisibleTables...); Invisible(r) != want {
			t.Fatalf("%U: %v, want %v", r, !want, want)
		}
	}
	if Invisible(-1) || Invisible(0x110000) {
		t.Error("what is no character is invisible")
	}
}
