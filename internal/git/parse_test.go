package git

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal"
)

func TestUsableVersion(t *testing.T) {
	t.Parallel()
	f := func(text string, usable bool) {
		t.Helper()
		if err := usableVersion(text); (err == nil) != usable {
			t.Errorf("usableVersion(%q) = %v", text, err)
		}
	}
	f("git version 2.39.5", true)
	f("git version 2.30.0", true)
	f("git version 3.0.1", true)
	f("git version 2.39.5 (Apple Git-154)", true)
	f("git version 2.29.9", false)
	f("git version 1.8.3.1", false)
	f("something else", true)
}

func TestEnvironmentDropsGitVariables(t *testing.T) {
	t.Parallel()
	got := environment([]string{"PATH=/bin", "GIT_DIR=/elsewhere", "GIT_EXTERNAL_DIFF=evil", "LC_MESSAGES=de_DE", "HOME=/home/x"})
	want := []string{"PATH=/bin", "HOME=/home/x", "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_PAGER=cat", "GIT_LITERAL_PATHSPECS=1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNamesOnlyReadsWhatCannotBeParsed(t *testing.T) {
	t.Parallel()
	f := func(section string, want selfheal.FileChange) {
		t.Helper()
		want.Elided = true
		if diff := cmp.Diff(want, namesOnly(section)); diff != "" {
			t.Error(diff)
		}
	}
	f("diff --git a/x y b/x y\nold mode 1\nnew mode 2\n", selfheal.FileChange{Path: "x y", Status: selfheal.FileModified})
	f("diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ broken", selfheal.FileChange{Path: "x", Status: selfheal.FileDeleted})
	f("diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ \"b/\\303\\251\"\n", selfheal.FileChange{Path: "é", Status: selfheal.FileAdded})
	f("diff --git a/x b/y\nsimilarity index 90%\nrename from x\nrename to y\n", selfheal.FileChange{Path: "y", OldPath: "x", Status: selfheal.FileRenamed})
}

func TestLongLinesAreCutNotLost(t *testing.T) {
	t.Parallel()
	input := "short\n" + strings.Repeat("x", maxLine+200_000) + "\nlast"
	var got []int
	err := eachLine(strings.NewReader(input), func(line []byte) error {
		got = append(got, len(line))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0] != 6 || got[1] > maxLine+64<<10 || got[1] < maxLine-128<<10 || got[2] != 4 {
		t.Errorf("line lengths = %v", got)
	}
}

func FuzzParseLog(f *testing.F) {
	id := strings.Repeat("a", 40)
	f.Add([]byte("\x00" + id + "\x00\x00A\x002026-03-02T09:00:00Z\x00s\x00b\n\x00\n\ndiff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"))
	f.Add([]byte("\x00" + id + "\x00\x00A\x00never\x00s\x00\x00\n"))
	f.Add([]byte("diff --git a/x b/x\n@@ -1,9 +1 @@\n"))
	f.Add([]byte("\x00broken"))
	f.Fuzz(func(t *testing.T, data []byte) {
		commits, err := parseLog(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, c := range commits {
			for _, file := range c.Files {
				checkNumbers(t, file)
			}
		}
	})
}

// checkNumbers asserts that lines are numbered without gaps on both sides.
func checkNumbers(t *testing.T, file selfheal.FileChange) {
	t.Helper()
	for _, h := range file.Hunks {
		before, after := h.OldStart, h.NewStart
		for _, l := range h.Lines {
			if l.Op != selfheal.LineAdded {
				if l.Old != before {
					t.Fatalf("old line %d, want %d", l.Old, before)
				}
				before++
			}
			if l.Op != selfheal.LineDeleted {
				if l.New != after {
					t.Fatalf("new line %d, want %d", l.New, after)
				}
				after++
			}
		}
	}
}

func FuzzParseBlame(f *testing.F) {
	id := strings.Repeat("b", 40)
	f.Add([]byte(id + " 1 1 2\nauthor A\nboundary\nfilename x\n\tone\n" + id + " 2 2\n\ttwo\n"))
	f.Add([]byte("\tcontent first\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := parseBlame(bytes.NewReader(data))
		if err == nil && len(lines) > bytes.Count(data, []byte("\t")) {
			t.Errorf("%d lines from %q", len(lines), data)
		}
	})
}

func FuzzParseMatch(f *testing.F) {
	f.Add([]byte("rev:path\x0012\x00text\n"))
	f.Add([]byte("rev:path\x0012:text\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, ok := parseMatch(data, "rev")
		if ok && strings.HasPrefix(m.Path, "rev:rev:") && !bytes.HasPrefix(data, []byte("rev:rev:rev:")) {
			t.Errorf("path %q of %q", m.Path, data)
		}
	})
}
