package trace

import (
	"bytes"
	"strings"

	"selfheal"
)

// parseRust reads "thread 'x' panicked at file:line:col:\nmessage", the older
// one-line form, and the numbered frames of RUST_BACKTRACE.
func (p *Parser) parseRust(b []byte) {
	_, rest, ok := bytes.Cut(b, []byte("panicked at "))
	if !ok {
		p.rustReport(b)
		return
	}
	head := rest[:lineEnd(rest, 0)]
	rest = rest[min(len(rest), len(head)+1):]
	var message, place []byte
	if hasPrefix(head, "'") { // before Rust 1.73
		at := bytes.LastIndex(head, []byte("', "))
		if at > 0 {
			message, place = head[1:at], head[at+3:]
		}
	} else {
		place = bytes.TrimSuffix(head, []byte{':'})
		message = rest[:lineEnd(rest, 0)]
	}
	p.begin([]byte("panic"), message)
	p.rustFrames(rest)
	if e := &p.exceptions[0]; len(e.Frames) == 0 {
		if path, n, ok := cutLine(place); ok {
			f := selfheal.Frame{File: slashes(path), Line: n, Function: "{raise}"}
			f.Package, f.InApp = scriptModule(f.File), rustInApp("", f.File)
			p.frame(f)
		}
	}
}

// rustReport reads an error with its causes as error-reporting crates print it:
// "Error: message", "Caused by:" with numbered or single lines, "Stack backtrace:".
func (p *Parser) rustReport(b []byte) {
	head, rest, ok := bytes.Cut(b, []byte("\nCaused by:\n"))
	head = bytes.TrimSpace(head)
	head, stack, _ := bytes.Cut(head, []byte("\nStack backtrace:\n"))
	p.begin([]byte("Error"), bytes.TrimPrefix(head[:lineEnd(head, 0)], []byte("Error: ")))
	if ok {
		var causes []byte
		causes, stack, _ = bytes.Cut(rest, []byte("\nStack backtrace:\n"))
		for line := range bytes.Lines(causes) {
			line = bytes.TrimSpace(line)
			if _, width := number(line); width > 0 && hasPrefix(line[width:], ": ") {
				line = line[width+2:]
			}
			if len(line) > 0 {
				p.begin([]byte("Error"), line)
			}
		}
	}
	p.target = 0
	p.rustFrames(stack)
}

func (p *Parser) rustFrames(b []byte) {
	var f selfheal.Frame
	flush := func() {
		if f.Function != "" {
			f.InApp = p.hasModule(f.Function) || rustInApp(f.Function, f.File)
			p.frame(f)
		}
		f = selfheal.Frame{}
	}
	for raw := range bytes.Lines(b) {
		line := bytes.TrimSpace(raw)
		if at, ok := bytes.CutPrefix(line, []byte("at ")); ok {
			path, n, _ := cutLine(at)
			f.File, f.Line = slashes(path), n
			continue
		}
		index, name, ok := bytes.Cut(line, []byte(": "))
		if _, width := number(index); !ok || width == 0 || width != len(index) {
			continue
		}
		flush()
		name = bytes.TrimSpace(name)
		if hasPrefix(name, "0x") { // RUST_BACKTRACE=full
			_, name, _ = bytes.Cut(name, []byte(" - "))
		}
		f.Function = rustFunction(text(name))
	}
	flush()
}

// rustFunction drops what the compiler adds to a name: the hash at its end
// ("::h0123456789abcdef") or behind the crate ("std[e28293b1aa0f68bd]"), type
// arguments ("::<u8>"), and the numbers of closures ("{closure#1}").
func rustFunction(name string) string {
	if at := strings.LastIndex(name, "::h"); at > 0 && len(name)-at == len("::h")+16 {
		name = name[:at]
	}
	var b strings.Builder
	brackets, angles := 0, 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '[' || brackets > 0 && c == ']':
			brackets += map[byte]int{'[': 1, ']': -1}[c]
		case brackets > 0:
		case angles == 0 && strings.HasPrefix(name[i:], "::<"):
			angles, i = 1, i+2
		case angles > 0 && c == '<':
			angles++
		case angles > 0 && c == '>' && name[i-1] != '-':
			angles--
		case angles > 0:
		case strings.HasPrefix(name[i:], "{closure#"):
			b.WriteString("{{closure}}")
			i += max(0, strings.IndexByte(name[i:], '}'))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func rustInApp(function, file string) bool {
	for _, prefix := range []string{"std::", "core::", "alloc::", "rust_begin_unwind", "__rust", "tokio::", "<alloc::", "<core::", "<std::", "<tokio::", "_start", "__libc", "<unknown>"} {
		if strings.HasPrefix(function, prefix) {
			return false
		}
	}
	if function == "main" || function == "clone" { // of the C library: Rust's own are qualified
		return false
	}
	return !containsAny(function, " as core::", " as std::", " as alloc::") && !containsAny(file, "/rustc/", "/.cargo/registry/", "/.cargo/git/", "/vendor/")
}
