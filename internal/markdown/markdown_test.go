package markdown

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestFence(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		if got := Fence("diff", text); got != want {
			t.Errorf("Fence(%q) = %q, want %q", text, got, want)
		}
	}
	f("+a\r\n-b\n\n", "```diff\n+a\n-b\n```\n")
	f("x\n````\n# escaped", "`````diff\nx\n````\n# escaped\n`````\n")
	f("\x1b[31mred\x00\xff\u202e", "```diff\n\uFFFD[31mred\uFFFD\uFFFD\uFFFD\n```\n")
	f("", "```diff\n\n```\n")
}

func TestCode(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		if got := Code(text); got != want {
			t.Errorf("Code(%q) = %q, want %q", text, got, want)
		}
	}
	f("panic: x", "`panic: x`")
	f("a`b``c", "```a`b``c```")
	f("`x`", "`` `x` ``")
	f("two\nlines", "`two lines`")
	f(" \n", "")
	if got := Cell("a|b"); got != "`a\\|b`" {
		t.Errorf("Cell gives %q", got)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		if got := Text(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
	f("Revert \"add rate limit\"", "Revert \"add rate limit\"")
	f("<img src=x> [a](b) **c** d_e", `\<img src=x> \[a\](b) \*\*c\*\* d\_e`)
	f("fixes #1 for @ada", "fixes \\#\u200b1 for @\u200bada")
	f("see: https://example.com", `see: https\://example.com`)
	f("- item", `\- item`)
	f("> quote", `\> quote`)
	f("12. item", `12\. item`)
	f("3) item (2.5)", `3\) item (2.5)`)
}

func TestCut(t *testing.T) {
	t.Parallel()
	f := func(text string, limit int, want string, wantCut bool) {
		t.Helper()
		if got, cut := Cut(text, limit); got != want || cut != wantCut {
			t.Errorf("Cut(%q, %d) = %q, %v; want %q, %v", text, limit, got, cut, want, wantCut)
		}
	}
	f("short", 5, "short", false)
	f("one\ntwo\nthree", 9, "one\ntwo\n", true)
	f("a\nlong last line", 9, "a\nlong la", true)
}

// No text may end its quotation, reach the terminal, or span what it must not span.
func TestQuotationHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("`\n\r ~|<\x1b\u2066a")), 0, 40, -1)).Draw(t, "text")
		fenced := Fence("text", text)
		fence, rest, _ := strings.Cut(fenced, "text\n")
		if strings.Count(rest, fence) != 1 || !strings.HasSuffix(rest, "\n"+fence+"\n") {
			t.Fatalf("the fence ends early: %q", fenced)
		}
		for _, quoted := range []string{Code(text), Cell(text), Text(text)} {
			if strings.Contains(quoted, "\n") {
				t.Fatalf("more than one line: %q", quoted)
			}
		}
		for _, quoted := range []string{fenced, Code(text), Text(text)} {
			bad := func(r rune) bool {
				return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
			}
			if !utf8.ValidString(quoted) || strings.ContainsFunc(quoted, bad) {
				t.Fatalf("not visible: %q", quoted)
			}
		}
	})
}
