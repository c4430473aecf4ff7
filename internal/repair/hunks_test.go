package repair

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal/internal/git"
	"selfheal/internal/git/gittest"
)

// numbered gives n numbered lines, some of them replaced.
func numbered(n int, replaced map[int]string) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		if text, ok := replaced[i]; ok {
			b.WriteString(text)
			continue
		}
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

func TestPartsAreTakenBack(t *testing.T) {
	t.Parallel()
	type files = map[string]string
	f := func(name string, before, culprit, after files, want files, wantNotes ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t)
			commit := func(subject string, state files) string {
				for path, content := range state {
					if content == "" {
						h.Remove(path)
					} else {
						h.Write(path, content)
					}
				}
				return h.Commit(subject)
			}
			commit("begin", before)
			h.deployed()
			id := commit("culprit", culprit)
			commit("after", after)
			in := h.incident(id)
			r := prepare(t, in)
			if r.Strategy != StrategyRevertHunks {
				t.Errorf("strategy %q", r.Strategy)
			}
			wantFiles(t, in, r, want)
			if diff := cmp.Diff(wantNotes, r.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
	f("one hunk was changed again",
		files{"a": numbered(30, nil)},
		files{"a": numbered(30, map[int]string{3: "BAD\n", 20: "added\nline 20\n", 21: "", 28: "x\n"})},
		files{"a": numbered(30, map[int]string{3: "BAD\n", 20: "added\nline 20\n", 21: "", 28: "better\n"})},
		files{"a": numbered(30, map[int]string{28: "better\n"})},
		`Left: "a", changed again by a later commit: line 28.`)
	f("neighbouring lines",
		files{"a": numbered(9, nil)},
		files{"a": numbered(9, map[int]string{2: "2\n", 4: "4\n", 6: "6\n"})},
		files{"a": numbered(9, map[int]string{2: "2\n", 4: "4\n", 6: "six\n"})},
		files{"a": numbered(9, map[int]string{6: "six\n"})},
		`Left: "a", changed again by a later commit: line 6.`)
	f("files as a whole",
		files{"kept": "1\n", "gone": "1\n", "bin": "\x00a"},
		files{"kept": "2\n", "gone": "", "new": "n\n", "grown": "g\n", "bin": "\x00b"},
		files{"grown": "g\nmore\n", "bin": "\x00c"},
		files{"kept": "1\n", "gone": "1\n", "grown": "g\nmore\n", "bin": "\x00c"},
		`Left: "bin" as a whole, since later commits changed it again.`, `Left: "grown" as a whole, since later commits changed it again.`)
	f("a file that was renamed since",
		files{"old": numbered(30, nil), "b": "1\n"},
		files{"old": numbered(30, map[int]string{3: "BAD\n"}), "b": "2\n"},
		files{"old": "", "renamed": numbered(30, map[int]string{3: "BAD\n", 25: "later\n"}), "b": "3\n"},
		files{"renamed": numbered(30, map[int]string{25: "later\n"}), "b": "3\n"},
		`Left: "b", changed again by a later commit: line 1.`)
	f("a file that the culprit renamed",
		files{"old": numbered(30, nil), "b": "1\n"},
		files{"old": "", "new": numbered(30, map[int]string{3: "BAD\n"}), "b": "2\n"},
		files{"new": numbered(30, map[int]string{3: "BAD\n", 25: "later\n"}), "b": "3\n"},
		files{"new": numbered(30, map[int]string{25: "later\n"}), "b": "3\n"},
		`Left: "b", changed again by a later commit: line 1.`, `Left: the new name "new" of "old".`)
	f("a directory took a deleted file's place",
		files{"x": "1\n", "b": "1\n", "c": "1\n"},
		files{"x": "", "b": "2\n", "c": "2\n"},
		files{"x/y": "y\n", "b": "3\n"},
		files{"x/y": "y\n", "b": "3\n", "c": "1\n"},
		`Left: "b", changed again by a later commit: line 1.`, `Left: "x" as a whole, since later commits changed it again.`)
	f("no newline at the end",
		files{"a": numbered(9, nil) + "end", "b": "1\n"},
		files{"a": numbered(9, map[int]string{1: "BAD\n"}) + "END", "b": "2\n"},
		files{"a": numbered(9, map[int]string{1: "BAD\n"}) + "END\nmore\n", "b": "3\n"},
		files{"a": numbered(9, nil) + "END\nmore\n", "b": "3\n"},
		`Left: "a", changed again by a later commit: line 10.`, `Left: "b", changed again by a later commit: line 1.`)
}

func TestBlamedLineMustBeAmongTheParts(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.Commit("begin", "a", numbered(30, nil))
	h.deployed()
	culprit := h.Commit("culprit", "a", numbered(30, map[int]string{3: "BAD\n", 28: "x\n"}))
	h.Commit("after", "a", numbered(30, map[int]string{3: "BAD\n", 28: "better\n"}))
	f := func(path, quote string, wantFailure string) {
		t.Helper()
		in := h.incident(culprit)
		in.Incident.Judged.Verdict.Culprit.Path, in.Incident.Judged.Verdict.Culprit.Quote = path, quote
		if r := prepare(t, in); !strings.Contains(r.Failure, wantFailure) || (wantFailure == "") != (r.Failure == "") {
			t.Errorf("%s: %s: failure %q, want %q", path, quote, r.Failure, wantFailure)
		}
	}
	f("a", "BAD", "")
	f("a", "line 3", "")
	f("a", "", "")
	f("a", "x", "was changed again by a later commit")
	f("other", "BAD", "was changed again by a later commit")
}

func TestManyNotesAreCounted(t *testing.T) {
	t.Parallel()
	p := &parts{}
	for i := range maxNotes + 5 {
		p.leave("file %d", i)
	}
	notes := p.notes()
	if len(notes) != maxNotes+1 || notes[maxNotes] != "Left as well: 5 more." {
		t.Errorf("%d notes, the last is %q", len(notes), notes[len(notes)-1])
	}
}

// Whatever a commit changed, taking all of its parts back gives what was before.
// All pairs go through git at once: a process for each would take long.
func TestPartsRebuildTheFile(t *testing.T) {
	t.Parallel()
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a\n", "b\n", "c\n", "\n", "long line\r\n"}), 0, 20)
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(lines.Draw(t, "lines"), "") + rapid.SampledFrom([]string{"", "end"}).Draw(t, "end")
	})
	user := gittest.New(t)
	const pairs = 300
	before, after := map[string]string{}, map[string]string{}
	write := func(all map[string]string, seed int) string {
		for i := range pairs {
			path := fmt.Sprintf("%03d", i)
			all[path] = text.Example(seed + i)
			user.Write(path, all[path])
		}
		return user.Commit("all")
	}
	base := write(before, 0)
	head := write(after, pairs)
	repository, err := git.Open(t.Context(), user.Dir)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := repository.Diff(t.Context(), base, head)
	if err != nil || len(changes) < pairs*9/10 {
		t.Fatalf("%d of %d pairs differ, error %v", len(changes), pairs, err)
	}
	for _, change := range changes {
		m := &merger{base: splitLines([]byte(after[change.Path])), old: splitLines([]byte(before[change.Path]))}
		all := partsOf(change)
		if got := string(m.without(all)); got != before[change.Path] {
			t.Errorf("%q: rebuilt %q, want %q", after[change.Path], got, before[change.Path])
		}
		for i := 1; i < len(all); i++ {
			if all[i].newFrom <= all[i-1].newTo && all[i].oldFrom <= all[i-1].oldTo {
				t.Errorf("parts touch: %v", all)
			}
		}
	}
}
