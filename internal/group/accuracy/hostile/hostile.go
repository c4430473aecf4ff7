// Package hostile makes log lines that are meant to hurt whoever groups them: to
// fill his memory, to slow him down, or to make him see what is not there.
//
// Out come lines, the same ones in every run. They serve tests that state stays
// bounded and benchmarks of what the bounds cost.
package hostile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Input is one kind of hostile log.
type Input struct {
	Name string
	// Lines is how many lines make the whole input.
	Lines int
	// Line gives a line by its number, counted from 0. It is called in order.
	Line func(i int) []byte
}

// All gives every input, each from its beginning.
func All() []Input {
	w := words{rand.New(rand.NewPCG(1, 2))} //nolint:gosec // the same in every run
	return []Input{
		{"ten random words", 300_000, func(int) []byte { return w.sentence(10, w.word) }},
		{"ten random words of any script", 100_000, func(int) []byte { return w.sentence(10, w.foreign) }},
		{"one line of 100 MB", 1, func(int) []byte {
			return bytes.Repeat([]byte("a long line, 12 numbers 13 and /a/path "), 100_000_000/39)
		}},
		{"lines of 1 MiB, all different", 64, func(int) []byte { return w.long(1 << 20) }},
		{"JSON nested 10,000 deep", 300, func(i int) []byte { return nested(10_000, i) }},
		{"JSON nested, never closed", 60, func(int) []byte { return bytes.Repeat([]byte(`{"a":[`), 50_000) }},
		{"JSON with 10,000 keys", 100, func(int) []byte { return w.keys(10_000) }},
		{"JSON with a random message", 100_000, w.message},
		{"logfmt with random keys", 200_000, w.logfmt},
		{"every line another exception", 100_000, w.exception},
		{"every line a stack of 60 frames", 3_000, w.deepException},
		{"every event a traceback of 5 lines", 100_000, w.traceback},
		{"10,000 masks in a line", 300, func(i int) []byte { return masks(10_000, i) }},
		{"10,000 quotes in a line", 1_000, func(i int) []byte { return bytes.Repeat([]byte(`"'`), 5_000+i%7) }},
		{"10,000 slashes in a line", 600, func(i int) []byte { return bytes.Repeat([]byte("/a:1@"), 10_000+i%7) }},
		{"a colour before every letter", 20_000, func(int) []byte { return w.coloured() }},
		{"escape sequences that never end", 6_000, func(i int) []byte { return bytes.Repeat([]byte("\x1b[3"), 1000+i%7) }},
		{"invisible characters between letters", 50_000, w.invisible},
		{"NUL bytes", 6_000, func(int) []byte { return make([]byte, 4096) }},
		{"bytes that are no text", 6_000, func(int) []byte { return w.bytes(4096) }},
		{"container lines that never end", 300_000, func(int) []byte { return []byte("2026-11-23T09:10:13.123456789Z stdout P " + w.word()) }},
		{"lines that go on for ever", 1_000_000, func(int) []byte { return []byte("  " + w.word()) }},
		{"tracebacks that never begin", 300_000, func(int) []byte { return []byte("Traceback (most recent call last):") }},
	}
}

// words makes random texts.
type words struct{ *rand.Rand }

func (w words) word() string {
	b := make([]byte, 4+w.IntN(8))
	for i := range b {
		b[i] = 'a' + byte(w.IntN(26))
	}
	return string(b)
}

// foreign is a word of letters beyond ASCII.
func (w words) foreign() string {
	starts := []rune{0x00e0, 0x0391, 0x0430, 0x05d0, 0x0915, 0x3042, 0x4e00, 0xac00, 0x1f600}
	start := starts[w.IntN(len(starts))]
	var b strings.Builder
	for range 3 + w.IntN(6) {
		b.WriteRune(start + rune(w.IntN(20)))
	}
	return b.String()
}

func (w words) sentence(n int, word func() string) []byte {
	var b []byte
	for range n {
		b = append(append(b, word()...), ' ')
	}
	return b
}

func (w words) long(size int) []byte {
	b := w.sentence(200, w.word)
	return append(b, bytes.Repeat([]byte("and so on 7 "), (size-len(b))/12)...)
}

func nested(depth, i int) []byte {
	return fmt.Appendf(nil, `{"level":"error","msg":"too deep","n":%d,"a":%s%s}`, i, strings.Repeat(`{"a":[`, depth/2), strings.Repeat(`]}`, depth/2))
}

func (w words) keys(n int) []byte {
	b := []byte(`{"level":"info"`)
	for range n {
		b = fmt.Appendf(b, `,"%s":"%s"`, w.word(), w.word())
	}
	return append(b, '}')
}

func (w words) message(i int) []byte {
	return fmt.Appendf(nil, `{"time":"2026-11-23T09:10:%02dZ","level":"warn","msg":"%s %s %s","%s":%d}`, i%60, w.word(), w.word(), w.word(), w.word(), i)
}

func (w words) logfmt(int) []byte {
	b := []byte("level=info")
	for range 5 {
		b = append(append(append(append(b, ' '), w.word()...), '='), w.word()...)
	}
	return b
}

func (w words) exception(i int) []byte {
	return fmt.Appendf(nil, `{"level":"error","msg":"%s","stack":"TypeError: %s\n    at %s (/a/%s.js:%d:2)\n    at %s (/a/%s.js:%d:2)"}`,
		w.word(), w.word(), w.word(), w.word(), i, w.word(), w.word(), i)
}

func (w words) deepException(i int) []byte {
	b := fmt.Appendf(nil, `{"level":"error","msg":"%s","stack":"java.lang.IllegalStateException: %s`, w.word(), w.word())
	for range 60 {
		b = fmt.Appendf(b, `\n\tat com.acme.%s.%s(%s.java:%d)`, w.word(), w.word(), w.word(), i)
	}
	return append(b, `"}`...)
}

// traceback gives the lines of a Python traceback one after the other.
func (w words) traceback(i int) []byte {
	switch i % 5 {
	case 0:
		return fmt.Appendf(nil, "2026-11-23 09:10:%02d,000 ERROR %s", i%60, w.word())
	case 1:
		return []byte("Traceback (most recent call last):")
	case 2:
		return fmt.Appendf(nil, `  File "/app/%s.py", line %d, in %s`, w.word(), i, w.word())
	case 3:
		return []byte("    " + w.word() + "(" + w.word() + ")")
	}
	return []byte("ValueError: " + w.word())
}

func masks(n, i int) []byte {
	b := fmt.Appendf(nil, "%d", i)
	for k := range n {
		b = append(b, []string{" 10.0.0.1", " /var/x", " 17", " a=b", ` "q"`}[k%5]...)
	}
	return b
}

func (w words) coloured() []byte {
	var b []byte
	for _, c := range w.sentence(10, w.word) {
		b = append(append(b, "\x1b[31;1m"...), c)
	}
	return b
}

// invisible is one short message, with characters between its letters that
// nobody sees: zero-width ones and those that turn the direction of writing.
func (w words) invisible(int) []byte {
	unseen := []string{"\u200b", "\u200d", "\u2060", "\ufeff", "\u202e", "\u2066", "\u2069", "\u00ad"}
	var b []byte
	for _, c := range []byte("cannot load the order of the customer: connection refused") {
		b = append(b, c)
		for range w.IntN(4) {
			b = append(b, unseen[w.IntN(len(unseen))]...)
		}
	}
	return b
}

func (w words) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		if b[i] = byte(w.Uint32()); b[i] == '\n' {
			b[i] = 0x80
		}
	}
	return b
}
