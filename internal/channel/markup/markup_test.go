package markup

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"selfheal/internal/markdown"
)

func TestRender(t *testing.T) {
	t.Parallel()
	f := func(in, wantHTML, wantSlack, wantPlain string) {
		t.Helper()
		if got := HTML(in); got != wantHTML {
			t.Errorf("HTML(%q)\n got %q\nwant %q", in, got, wantHTML)
		}
		if got := strings.Join(Slack(in), "\n"); got != wantSlack {
			t.Errorf("Slack(%q)\n got %q\nwant %q", in, got, wantSlack)
		}
		if got := Plain(in); got != wantPlain {
			t.Errorf("Plain(%q)\n got %q\nwant %q", in, got, wantPlain)
		}
	}
	f("", "", "", "")
	f("one\ntwo\n\nthree", "<p>one two</p>\n<p>three</p>\n", "one two\nthree", "one two\n\nthree")
	f("## What **broke**", "<h3>What <b>broke</b></h3>\n", "*What broke*", "What broke")
	f("- a\n- b\n\nc", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<p>c</p>\n", "• a\n• b\nc", "- a\n- b\n\nc")
	f("> said", "<blockquote>said</blockquote>\n", "> said", "> said")
	f("`a*b` and *c* and **d** and _e_", "<p><code>a*b</code> and <em>c</em> and <b>d</b> and <em>e</em></p>\n", "`a*b` and _c_ and *d* and _e_", "a*b and c and d and e")
	f("```text\nx < y\n**z**\n```\nafter", "<pre>x &lt; y\n**z**</pre>\n<p>after</p>\n", "```\nx &lt; y\n**z**\n```\nafter", "    x < y\n    **z**\n\nafter")
	f("[pull request](https://example.com/1?a=b&c=d)", "<p><a href=\"https://example.com/1?a=b&amp;c=d\" rel=\"noreferrer\">pull request</a></p>\n", "<https://example.com/1?a=b&amp;c=d|pull request>", "pull request (https://example.com/1?a=b&c=d)")
	f("snake_case_name 2*3*4", "<p>snake_case_name 2<em>3</em>4</p>\n", "snake_\u200bcase_\u200bname 2_3_4", "snake_case_name 234")
	f(`\*no\* \[x\](y)`, "<p>*no* [x](y)</p>\n", "*\u200bno*\u200b [x](y)", "*no* [x](y)")
	f("a <!-- selfheal-incident: x --> b", "<p>a  b</p>\n", "a  b", "a  b")
	// What does not close, and what leads nowhere good, stays text.
	f("**open `tick [x](javascript:alert(1))", "<p>**open `tick [x](javascript:alert(1))</p>\n", "*\u200b*\u200bopen `\u200btick [x](javascript:alert(1))", "**open `tick [x](javascript:alert(1))")
	f("<script>alert(1)</script> <!channel> <@U1> &amp;", "<p>&lt;script&gt;alert(1)&lt;/script&gt; &lt;!channel&gt; &lt;@U1&gt; &amp;amp;</p>\n",
		"&lt;script&gt;alert(1)&lt;/script&gt; &lt;!channel&gt; &lt;@\u200bU1&gt; &amp;amp;", "<script>alert(1)</script> <!channel> <@U1> &amp;")
	f("a\x1b[31mb\u202ec\x00", "<p>a\ufffd[31mb\ufffdc\ufffd</p>\n", "a\ufffd[31mb\ufffdc\ufffd", "a\ufffd[31mb\ufffdc\ufffd")
}

func TestWebAddress(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		if got := WebAddress(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	f("https://example.com/a b", "https://example.com/a%20b")
	f("https://example.com/|x>", "https://example.com/%7Cx%3E")
	f("http://127.0.0.1:8080/?q=1#f", "http://127.0.0.1:8080/?q=1#f")
	f("javascript:alert(1)", "")
	f("data:text/html,x", "")
	f("//example.com", "")
	f("https://ada:secret@example.com/", "")
	f("ftp://example.com", "")
	f("https://", "")
}

// TestQuotes: what the tools of the project quote arrives as it was.
func TestQuotes(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{"a`b``c", "[x](http://evil.example)", "*b* _c_ ~d~", "<b>&amp;", "@channel #1", "1) x", "- y", "```\nz"} {
		if got := Plain(markdown.Text(hostile)); strings.ReplaceAll(got, "\u200b", "") != strings.Join(strings.Fields(hostile), " ") {
			t.Errorf("text %q became %q", hostile, got)
		}
		if got := Plain(markdown.Fence("text", hostile)); got != "    "+strings.ReplaceAll(hostile, "\n", "\n    ") {
			t.Errorf("fence %q became %q", hostile, got)
		}
	}
	if got := Plain(markdown.Code("a`b")); got != "a`b" {
		t.Errorf("code: %q", got)
	}
}

func TestLinear(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"*", "**", "_ ", "`", "``x", "[", "[](", "\\", "<!--", "> ", "- ", "[a](b", "**a*"} {
		begin := time.Now()
		HTML(strings.Repeat(piece, 2_000_000/len(piece)))
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("%q repeated took %s", piece, took)
		}
	}
}

var (
	htmlTag   = regexp.MustCompile(`<(/?)([a-z0-9]+)( href="https?://[^"<>]*" rel="noreferrer")?>`)
	slackLink = regexp.MustCompile(`<https?://[^<>|\s]+\|[^<>]*>`)
)

func FuzzRender(f *testing.F) {
	for _, seed := range []string{"**a** [x](https://y.example) `z`", "```\n<!channel>\n``` x", "<script>", "# \x1b]0;x\x07", "[a](https://x|<!here>)", "*[`_\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		page := HTML(in)
		if left := htmlTag.ReplaceAllString(page, ""); strings.ContainsAny(left, `<>"`) {
			t.Fatalf("HTML of %q: %q", in, page)
		}
		for _, text := range Slack(in) {
			body := strings.TrimPrefix(text, "> ")
			if left := slackLink.ReplaceAllString(body, ""); strings.ContainsAny(left, "<>") {
				t.Fatalf("mrkdwn of %q: %q", in, text)
			}
			if inner, ok := strings.CutPrefix(text, "```\n"); ok && strings.HasSuffix(inner, "\n```") && strings.Contains(strings.TrimSuffix(inner, "\n```"), "```") {
				t.Fatalf("code of %q ends early: %q", in, text)
			}
		}
		for _, text := range []string{page, Plain(in), strings.Join(Slack(in), "\n"), OneLine(in, 100)} {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
				return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
			}) {
				t.Fatalf("%q became %q", in, text)
			}
		}
	})
}
