package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// written shows runs as text with their pens in brackets.
func written(lines [][]run) string {
	var b strings.Builder
	for at, line := range lines {
		if at > 0 {
			b.WriteByte('\n')
		}
		for _, r := range line {
			if r.Pen != (pen{}) {
				fmt.Fprintf(&b, "{%s}", describe(r.Pen))
			}
			b.WriteString(r.Text + "|")
		}
	}
	return b.String()
}

// describe writes "foreground+on:background+bold+faint", leaving out what is not set.
func describe(p pen) string {
	var set []string
	if p.Fore != "" {
		set = append(set, p.Fore)
	}
	if p.Back != "" {
		set = append(set, "on:"+p.Back)
	}
	for _, f := range []struct {
		on   bool
		name string
	}{{p.Bold, "bold"}, {p.Faint, "faint"}, {p.Italic, "italic"}, {p.Underline, "underline"}, {p.Invert, "invert"}} {
		if f.on {
			set = append(set, f.name)
		}
	}
	return strings.Join(set, "+")
}

func TestParseANSI(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		if got := written(parseANSI(in)); got != want {
			t.Errorf("parseANSI(%q) = %q, want %q", in, got, want)
		}
	}
	f("", "")
	f("plain", "plain|")
	f("two\n\nlines\n", "two|\n\nlines|")
	f("\x1b[1mbold\x1b[m plain", "{bold}bold| plain|")
	f("\x1b[1;31mred\x1b[22mthin\x1b[39mplain", "{#ff7b72+bold}red|{#ff7b72}thin|plain|")
	f("\x1b[2mfaint\x1b[0mnot", "{faint}faint|not|")
	f("\x1b[3;4;7mall\x1b[23;24;27mnone", "{italic+underline+invert}all|none|")
	f("\x1b[92;44mbright", "{#aff5b4+on:#79c0ff}bright|")
	f("\x1b[100mgrey\x1b[49mno", "{on:#6e7681}grey|no|")
	f("\x1b[38;5;196mcube", "{#ff0000}cube|")
	f("\x1b[48;5;232mgrey", "{on:#080808}grey|")
	f("\x1b[38;2;1;2;3mtrue", "{#010203}true|")
	f("\x1b[38:2::1:2:3mcolons", "{#010203}colons|")
	f("\x1b[38;2;999;0;0;1mcapped", "{#ff0000+bold}capped|")
	f("\x1b[38;5mcut", "cut|")
	f("\x1b[38;5;999mno such", "no such|")
	f("\x1b[999mignored", "ignored|")
	f("\x1b[99999999999999999999mreset", "reset|")
	f("colour\x1b[31m\nspans lines", "colour|\n{#ff7b72}spans lines|")
	f("\x1b[2J\x1b[10;10Hmoves are dropped\x1b[?25l", "moves are dropped|")
	f("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\a", "link|")
	f("\x1b]0;unterminated", "␛|]0;unterminated|")
	f("\x1b[31", "␛|[31|")
	f("\x1b[3\x011m", "␛|[3␁1m|")
	f("end\x1b", "end|␛|")
	f("\x1bcreset", "␛|creset|")
	f("c1 \u009b31m", `c1 \u{009B}31m|`)
}

func TestPieces(t *testing.T) {
	t.Parallel()
	f := func(in string, want ...string) {
		t.Helper()
		if got := pieces(in); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("pieces(%q) = %q, want %q", in, got, want)
		}
	}
	f("text", "text")
	f("▁█│", "▁█│")
	f("a▁▂ b", "a", "▁▂", " b")
	f("▁a", "▁", "a")
}

// xmlElements reads a whole XML document and gives its elements.
func xmlElements(t testing.TB, document []byte) []xml.StartElement {
	t.Helper()
	var all []xml.StartElement
	decoder := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, document)
		}
		if start, ok := token.(xml.StartElement); ok {
			all = append(all, start.Copy())
		}
	}
}

func FuzzSVG(f *testing.F) {
	f.Add("\x1b[1;31mred\x1b[0m ▁▂█│ <b>&amp;\n", "title")
	f.Add("\x1b]8;;javascript:alert(1)\x1b\\x", "</title><script>alert(1)</script>")
	f.Add("\x1b[38;2;1;2\"><script>m", "\x00\xff\u202e")
	allowed := map[string]bool{"svg": true, "title": true, "rect": true, "circle": true, "text": true, "g": true, "path": true}
	f.Fuzz(func(t *testing.T, text, title string) {
		var b bytes.Buffer
		if err := SVG(&b, text, title); err != nil {
			t.Fatal(err)
		}
		if r, found := unsafe(b.String()); found {
			t.Errorf("picture holds %U", r)
		}
		for _, element := range xmlElements(t, b.Bytes()) {
			if !allowed[element.Name.Local] {
				t.Errorf("picture holds element %q", element.Name.Local)
			}
			for _, a := range element.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
					t.Errorf("picture holds attribute %s=%q", a.Name.Local, a.Value)
				}
			}
		}
	})
}
