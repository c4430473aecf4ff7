package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"pgregory.net/rapid"
)

func TestVisible(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
	f("", "")
	f("plain text, 100 % of it", "plain text, 100 % of it")
	f("two\nlines", "two\nlines")
	f("dos\r\nlines", "dos\nlines")
	f("over\rwritten", "over␍written")
	f("a\tb", "a    b")
	f("\x1b[2J\x1b]0;owned\a", "␛[2J␛]0;owned␇")
	f("nul\x00del\x7f", "nul␀del␡")
	f("c1 \u009b31m", `c1 \u{009B}31m`)
	f("bytes \xff\xfe", `bytes \xFF\xFE`)
	f("cut \xe2\x82", `cut \xE2\x82`)
	f("user\u202etxt.exe", `user\u{202E}txt.exe`)
	f("\u2066isolate\u2069", `\u{2066}isolate\u{2069}`)
	f("zero\u200bwidth\ufeff", `zero\u{200B}width\u{FEFF}`)
	f("soft\u00adhyphen", `soft\u{00AD}hyphen`)
	f("filler\u3164", `filler\u{3164}`)
	f("line\u2028separator", `line\u{2028}separator`)
	f("tag\U000e0041", `tag\u{E0041}`)
	f("private\ue000", `private\u{E000}`)
	f("noncharacter\ufffe", `noncharacter\u{FFFE}`)
	f("Grüße, 世界 🙂", "Grüße, 世界 🙂")
	f("e\u0301", "e\u0301")
	f("z"+strings.Repeat("\u0301", 6), "z"+strings.Repeat("\u0301", 4)+`\u{0301}\u{0301}`)
}

// unsafe gives the first character that a terminal or a browser might obey.
func unsafe(s string) (rune, bool) {
	for _, r := range s {
		if r != '\n' && !drawn(r) {
			return r, true
		}
	}
	return 0, !utf8.ValidString(s)
}

func FuzzVisible(f *testing.F) {
	for _, seed := range []string{"", "\x1b[31m", "\u202e", "\xff", "a\r\nb", "z\u0301\u0301\u0301\u0301\u0301", "\ufffe\U000e0001"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := Visible(in)
		if r, found := unsafe(got); found {
			t.Errorf("Visible(%q) = %q holds %U", in, got, r)
		}
		if again := Visible(got); again != got {
			t.Errorf("Visible is not idempotent: %q, then %q", got, again)
		}
	})
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	f := func(in string, limit int, want string) {
		t.Helper()
		if got := oneLine(in, limit); got != want {
			t.Errorf("oneLine(%q, %d) = %q, want %q", in, limit, got, want)
		}
	}
	f("short", 10, "short")
	f("two\nlines", 20, "two␊lines")
	f("trailing\n", 20, "trailing")
	f("äöüäöü", 6, "äöüäöü")
	f("äöüäöüä", 6, "äöüäö…")
}

func TestFit(t *testing.T) {
	t.Parallel()
	f := func(in string, columns int, want string) {
		t.Helper()
		if got := fit(in, columns); got != want {
			t.Errorf("fit(%q, %d) = %q, want %q", in, columns, got, want)
		}
	}
	f("abcdef", 6, "abcdef")
	f("abcdefg", 6, "abcde…")
	f("世界世界", 6, "世界…") // wide characters are not halved
	f("anything", 0, "")
	f("e\u0301e\u0301e\u0301", 2, "e\u0301…")
}

// visibleText generates what layout has to cope with: wide, narrow, marked, long.
func visibleText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		alphabet := []rune("ab  世界é\u0301🙂🇩🇪한ख\u0940\n-")
		return Visible(rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 200, -1).Draw(t, "text"))
	})
}

func TestWrapKeepsWordsAndWidth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, columns := visibleText().Draw(t, "text"), rapid.IntRange(8, 60).Draw(t, "columns")
		lines := wrap(text, columns)
		for _, line := range lines {
			if lipgloss.Width(line) > columns {
				t.Errorf("line %q is wider than %d", line, columns)
			}
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := squeeze(strings.Join(lines, " ")), squeeze(text); got != want {
			t.Errorf("wrap lost text: %q, want %q", got, want)
		}
	})
}

func TestSplitMovesOn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, columns := visibleText().Draw(t, "text"), rapid.IntRange(0, 20).Draw(t, "columns")
		head, rest := split(text, columns)
		if head+rest != text {
			t.Fatalf("split(%q, %d) = %q, %q: not the same text", text, columns, head, rest)
		}
		if text != "" && head == "" {
			t.Fatalf("split(%q, %d) stands still", text, columns)
		}
	})
}
