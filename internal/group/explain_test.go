package group

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/group/template"
)

// spell writes an alignment: masks with what they stand for, text that only one side has in braces.
func spell(pieces []Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		switch {
		case p.Mask:
			b.WriteString("[" + p.Template + " " + p.Text + "]")
		case p.Template == "":
			b.WriteString("{+" + p.Text + "}")
		case p.Text == "":
			b.WriteString("{-" + p.Template + "}")
		default:
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func TestAlign(t *testing.T) {
	t.Parallel()
	f := func(template, message, want string) {
		t.Helper()
		if got := spell(Align(template, message)); got != want {
			t.Errorf("%q beside %q: got %s, want %s", template, message, got, want)
		}
	}

	f("", "", "")
	f("order <num> placed", "order 17 placed", "order [<num> 17] placed")
	f("took <num> of <num> ms", "took 17, 18 of 18 ms", "took [<num> 17, 18] of [<num> 18] ms")
	f("<host> <path> <num>", "10.0.0.1:80 /a/b 200", "[<host> 10.0.0.1:80] [<path> /a/b] [<num> 200]")
	f("main.go:<num>: x", "main.go:12: x", "main.go:[<num> 12]: x")
	f("key=<value> end", "key= end", "key=[<value> ] end")
	f("no such user <*>", "no such user ann bob", "no such user [<*> ann bob]")
	f("got <num>", "  got\t\x01 <17", "got [<num> <17]")
	f("size <num> sent", "size 18411 (18.4 KB) sent", "size [<num> 18411 (18.4 KB)] sent")
	f("sent", "***sent", "{+***}sent")
	f("a <b> <nums> <num", "a <b> <nums> <num", "a <b> <nums> <num")
	f("quite another", "xx", "{-quite another}{+xx}")
	f("begins with …", "begins with words and more words", "begins with [… words and more words]")
	f("é<num>é", "é\xff1\u202eé", "é[<num> \uFFFD1]é")
}

// TestAlignOfOwnTemplate: whatever is masked, literal text stands in both, and
// the pieces together are the message.
func TestAlignOfOwnTemplate(t *testing.T) {
	t.Parallel()
	word := rapid.SampledFrom([]string{
		"order", "failed", "17", "10.0.0.1", "/var/log/x", "ann@example.org", "key=val", "0x1f", "\"two words\"", "true", "(3 of 4)", "user", "ERROR", "9f86d081884c7d65", "ü",
	})
	rapid.Check(t, func(t *rapid.T) {
		message := strings.Join(rapid.SliceOfN(word, 1, 12).Draw(t, "words"), " ")
		var s template.Scanner
		canonical := template.Text(s.Scan([]byte(message)))
		pieces := Align(canonical, message)
		var text, pattern strings.Builder
		for _, p := range pieces {
			if !p.Mask && p.Template != p.Text {
				t.Fatalf("%q beside %q: %s", canonical, message, spell(pieces))
			}
			text.WriteString(p.Text)
			pattern.WriteString(p.Template)
		}
		if text.String() != message || pattern.String() != canonical {
			t.Fatalf("%q beside %q: %s", canonical, message, spell(pieces))
		}
	})
}

func TestCommon(t *testing.T) {
	t.Parallel()
	f := func(want string, templates ...string) {
		t.Helper()
		if got := Common(templates); got != want {
			t.Errorf("%q: got %q, want %q", templates, got, want)
		}
	}

	f("")
	f("a <num>", "a <num>")
	f("no such user <*> from <host>", "no such user ann from <host>", "no such user bob from <host>")
	f("<*>: lost <*> (now)", "ann: lost key (now)", "bob: lost purse (now)", "ann: lost <num> (now)")
	f("read <*>of it", "read one of it", "read one and two of it", "read three of it")
	f("at the end<*>", "at the end", "at the end of it")
}

func FuzzAlign(f *testing.F) {
	f.Add("order <num> placed", "order 17 placed")
	f.Add("<*><num><", "\xff\x00<\u200b")
	f.Add(strings.Repeat("<num> ", 300), strings.Repeat("1 2 ", 600))
	f.Fuzz(func(t *testing.T, template, message string) {
		var text, pattern strings.Builder
		for _, p := range Align(template, message) {
			text.WriteString(p.Text)
			pattern.WriteString(p.Template)
			if p.Text == "" && p.Template == "" {
				t.Fatal("a piece of nothing")
			}
		}
		if text.String() != string(visibleText(message)) {
			t.Fatalf("%q became %q", message, text.String())
		}
		if whole := strings.ToValidUTF8(template, "\uFFFD"); utf8.ValidString(template) && !strings.HasPrefix(whole, pattern.String()) {
			t.Fatalf("%q became %q", template, pattern.String())
		}
		Common([]string{template, message, template + message})
	})
}

// TestNoLineIsLost: the records of a stream hold all of its lines that are not
// blank, each in the last record that begins at or before it.
func TestNoLineIsLost(t *testing.T) {
	t.Parallel()
	line := rapid.OneOf(
		rapid.SampledFrom([]string{
			"", " ", "plain", "2026-03-02T10:00:00Z ERROR a", "\tat a.B.c(D.java:1)", "Traceback (most recent call last):", "ValueError: x", `{"a":1}`,
			"{", "}", "panic: x", "goroutine 1 [running]:", "<13>x", "a=b c=d", "Caused by: x.Y: z", "a.js:1", "^", "Error: x", "#0 x", "--- End of",
		}),
		rapid.StringMatching(`[ -~]{0,20}`),
	)
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(line, 0, 60).Draw(t, "lines")
		raw, begins := make(map[int]string), []int{}
		s := testGrouper().Stream("x")
		emit := func(r *selfheal.Record, _ Index) {
			raw[int(r.Number)] = string(r.Raw)
			begins = append(begins, int(r.Number))
		}
		for i, l := range lines {
			s.Write(&selfheal.Entry{Line: []byte(l), Number: int64(i + 1)}, emit)
		}
		s.Close(emit)
		if !slices.IsSorted(begins) {
			t.Fatalf("records begin at %v", begins)
		}
		for i, l := range lines {
			if strings.TrimSpace(l) == "" {
				continue
			}
			at, found := slices.BinarySearch(begins, i+1)
			if !found {
				at--
			}
			if at < 0 || !strings.Contains(raw[begins[at]], l) {
				t.Fatalf("line %d of %q is in no record", i+1, lines)
			}
		}
	})
}
