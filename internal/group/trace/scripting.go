package trace

import (
	"bytes"
	"strings"

	"selfheal"
)

// parseRuby reads "file.rb:12:in `f': message (Type)" and the frames below it.
func (p *Parser) parseRuby(b []byte) {
	for raw := range bytes.Lines(b) {
		line := bytes.TrimSpace(raw)
		line = bytes.TrimPrefix(line, []byte("from "))
		place, rest, ok := cutRubyFrame(line)
		if !ok {
			if len(p.exceptions) == 0 {
				p.rubyHead(line)
			}
			continue
		}
		function, message, _ := bytes.Cut(rest, []byte{'\''})
		if len(p.exceptions) == 0 {
			p.rubyHead(bytes.TrimPrefix(message, []byte(": ")))
		}
		path, n, _ := cutLine(place)
		f := selfheal.Frame{Function: rubyFunction(text(function)), File: slashes(path), Line: n}
		f.Package = scriptModule(f.File)
		f.InApp = !containsAny(f.File, "/gems/", "/lib/ruby/", "<internal:", "/vendor/bundle/", "/rubygems/")
		p.frame(f)
	}
}

// IsRubyHead tells of "file.rb:12:in `f': message (Type)".
func IsRubyHead(line []byte) bool {
	colon := bytes.IndexByte(line, ':')
	if colon < 4 || !hasSuffix(line[:colon], ".rb") {
		return false
	}
	place, _, ok := cutRubyFrame(line)
	return ok && bytes.Contains(place, []byte(".rb:")) && bytes.IndexByte(place, ' ') < 0
}

// cutRubyFrame splits "file.rb:12:in `f'..." into place and what follows the opening quote.
func cutRubyFrame(line []byte) (place, rest []byte, ok bool) {
	if place, rest, ok = bytes.Cut(line, []byte(":in `")); ok {
		return place, rest, true
	}
	return bytes.Cut(line, []byte(":in '"))
}

// rubyHead finds the type in "message (Type)", "Type (message):" or "Type: message".
func (p *Parser) rubyHead(line []byte) {
	open := bytes.LastIndexByte(line, '(')
	switch {
	case open > 0 && hasSuffix(line, ")") && line[open+1] >= 'A' && line[open+1] <= 'Z' && bytes.IndexByte(line[open:], ' ') < 0:
		p.begin(line[open+1:len(line)-1], line[:open])
	case open > 0 && hasSuffix(bytes.TrimSuffix(line, []byte{':'}), ")"):
		p.begin(bytes.TrimSpace(line[:open]), bytes.Trim(line[open:], "():"))
	default:
		typ, message, found := bytes.Cut(line, []byte(": "))
		if !found || bytes.IndexByte(typ, ' ') >= 0 {
			typ, message = []byte("RuntimeError"), line
		}
		p.begin(typ, message)
	}
}

// rubyFunction drops "block in", nesting levels and the class that Ruby 3.4 prints.
func rubyFunction(name string) string {
	if at := strings.LastIndex(name, " in "); at >= 0 {
		return name[at+len(" in "):]
	}
	return name
}

// parsePHP reads "Fatal error: Uncaught Type: message in file:12" and the numbered frames.
func (p *Parser) parsePHP(b []byte) {
	for raw := range bytes.Lines(b) {
		line := bytes.TrimSpace(raw)
		switch {
		case len(line) > 1 && line[0] == '#' && line[1] >= '0' && line[1] <= '9':
			p.phpFrame(line)
		case bytes.Contains(line, []byte("Fatal error: ")), hasPrefix(line, "Next "), len(p.exceptions) == 0 && bytes.Contains(line, []byte(": ")):
			p.phpHead(line)
		}
	}
}

func (p *Parser) phpHead(line []byte) {
	for _, mark := range []string{"Fatal error: ", "Uncaught ", "Next "} {
		if at := bytes.Index(line, []byte(mark)); at >= 0 {
			line = bytes.TrimLeft(line[at+len(mark):], " ")
		}
	}
	var path []byte
	n := 0
	if at := bytes.LastIndex(line, []byte(" in /")); at > 0 {
		path, n, _ = cutLine(bytes.ReplaceAll(line[at+len(" in "):], []byte(" on line "), []byte{':'}))
		line = line[:at]
	}
	typ, message, ok := bytes.Cut(line, []byte(": "))
	if !ok || bytes.IndexByte(typ, ' ') >= 0 {
		typ, message = []byte("Error"), line
	}
	p.begin(typ, message)
	if path != nil {
		f := selfheal.Frame{File: slashes(path), Line: n, Function: "{raise}"}
		f.Package, f.InApp = scriptModule(f.File), phpInApp(f.File)
		p.frame(f)
	}
}

// phpFrame reads "#0 /src/x.php(12): Class->method(args)".
func (p *Parser) phpFrame(line []byte) {
	_, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok || hasPrefix(rest, "{main}") {
		return
	}
	place, call, ok := bytes.Cut(rest, []byte("): "))
	if !ok {
		return
	}
	path, position, _ := bytes.Cut(place, []byte{'('})
	n, _ := number(position)
	if at := bytes.IndexByte(call, '('); at > 0 {
		call = call[:at]
	}
	f := selfheal.Frame{Function: text(call), File: slashes(path), Line: n}
	f.Package, f.InApp = scriptModule(f.File), phpInApp(f.File)
	p.frame(f)
}

func phpInApp(path string) bool { return path != "" && !strings.Contains(path, "/vendor/") }

// parseRust reads "thread 'x' panicked at file:line:col:\nmessage", the older
// one-line form, and the numbered frames of RUST_BACKTRACE.
func (p *Parser) parseRust(b []byte) {
	_, rest, _ := bytes.Cut(b, []byte("panicked at "))
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

func (p *Parser) rustFrames(b []byte) {
	var f selfheal.Frame
	flush := func() {
		if f.Function != "" {
			f.InApp = rustInApp(f.Function, f.File)
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
		f.Function = rustFunction(text(bytes.TrimSpace(name)))
	}
	flush()
}

// rustFunction drops the hash at the end of a symbol.
func rustFunction(name string) string {
	if at := strings.LastIndex(name, "::h"); at > 0 && len(name)-at == len("::h")+16 {
		return name[:at]
	}
	return name
}

func rustInApp(function, file string) bool {
	for _, prefix := range []string{"std::", "core::", "alloc::", "rust_begin_unwind", "__rust", "tokio::", "<alloc::", "<core::", "<std::", "_start", "__libc"} {
		if strings.HasPrefix(function, prefix) {
			return false
		}
	}
	if function == "main" || function == "clone" { // of the C library: Rust's own are qualified
		return false
	}
	return !containsAny(function, " as core::", " as std::", " as alloc::") && !containsAny(file, "/rustc/", "/.cargo/registry/", "/.cargo/git/")
}
