// Package trace reads the stack traces that language runtimes print and gives
// the exceptions in them an identity.
//
// In goes the text of one event, hostile and already bounded in size; out come
// its exceptions with frames, outermost exception first and innermost frame
// first, and from those the canonical text that identifies "the same bug": types
// and normalised in-app function names, and never a line number, column,
// address, hash, closure number or goroutine number.
package trace

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"selfheal"
)

// Language is the runtime that printed a trace.
type Language uint8

// The languages.
const (
	None Language = iota
	Go
	Python
	Java // and Kotlin, Scala, Groovy: the JVM
	JavaScript
	CSharp
	Ruby
	PHP
	Rust
	Dart
	Elixir
	Erlang
)

// Caps on what is kept of one trace.
const (
	maxExceptions = 16
	maxFrames     = 128
	maxMessage    = 2 << 10
)

// Parser reads traces. It reuses its memory: what Parse returned is valid until the next call.
type Parser struct {
	// Modules are the module, package or path prefixes of the service itself. For Go they decide
	// what is in-app; elsewhere they add to the built-in rules.
	Modules []string

	exceptions []selfheal.Exception
	frames     []selfheal.Frame
	target     int // the exception that frames belong to
	last       int // the exception that the last frame belongs to
}

// Parse reads the exceptions in the text of an event; none when it holds no trace.
func (p *Parser) Parse(text []byte) ([]selfheal.Exception, Language) {
	p.exceptions, p.frames = p.exceptions[:0], p.frames[:0]
	language := Detect(text)
	switch language {
	case Go:
		p.parseGo(text)
	case Python:
		p.parsePython(text)
	case JavaScript:
		p.parseJavaScript(text)
	case Java, CSharp:
		p.parseAt(text, language)
	case Ruby:
		p.parseRuby(text)
	case PHP:
		p.parsePHP(text)
	case Rust:
		p.parseRust(text)
	case Dart:
		p.parseDart(text)
	case Elixir:
		p.parseElixir(text)
	case Erlang:
		p.parseErlang(text)
	}
	if len(p.exceptions) == 0 {
		return nil, None
	}
	p.ownModules(language)
	return p.exceptions, language
}

// ownModules keeps to the service's own modules where they are known and the
// trace has a frame of one, in the languages whose frames carry the full name of
// a module: no list of frameworks knows every dependency.
func (p *Parser) ownModules(language Language) {
	switch language {
	case Java, CSharp, Elixir, Erlang, Dart:
	default:
		return
	}
	if !slices.ContainsFunc(p.exceptions, func(e selfheal.Exception) bool {
		return slices.ContainsFunc(e.Frames, func(f selfheal.Frame) bool { return p.hasModule(f.Package) })
	}) {
		return
	}
	for i := range p.exceptions {
		for k := range p.exceptions[i].Frames {
			f := &p.exceptions[i].Frames[k]
			f.InApp = f.InApp && p.hasModule(f.Package)
		}
	}
}

// Detect tells which runtime printed the trace in a text; None when there is none.
func Detect(text []byte) Language {
	var in byteSet
	for _, c := range text {
		in[c] = true
	}
	has := func(s string) bool { return in.covers(s) && bytes.Contains(text, []byte(s)) }
	switch {
	case has("Traceback (most recent call last)"):
		return Python
	case has(" [") && has("goroutine "), hasPrefix(text, "panic: "), hasPrefix(text, "fatal error: "), has("DATA RACE\n"):
		return Go
	case has("panicked at "), has("\nCaused by:\n") && !has("\tat "), has("\nStack backtrace:\n"):
		return Rust
	case has("\n#0 ") && has(".dart"), has("\n#0      "), has("\npackage:") && has(".dart "), hasPrefix(text, "#0      "), has("/flutter (") && has("): #0 "):
		return Dart
	case has("Stack trace:\n#0 "), has("PHP Fatal error: "), hasPrefix(text, "#0 ") && has("): "):
		return PHP
	case has(":in `"), has(":in '") && has(".rb:"):
		return Ruby
	case has("** (") && (has(".ex:") || has(".exs:") || has(".erl:")):
		return Elixir
	case has(" REPORT==== ") && (has("in function ") || has(`,[{file,"`)):
		return Erlang
	}
	if language := detectAt(text); language != None {
		return language
	}
	if has(".go:") && has("\n\t") {
		return Go
	}
	return None
}

// byteSet has the bytes of a text. A part of which the text lacks a byte need not
// be looked for in it, which settles most of what Detect and containsAny ask.
type byteSet [256]bool

func (in *byteSet) covers(part string) bool {
	for i := range len(part) {
		if !in[part[i]] {
			return false
		}
	}
	return true
}

// detectAt tells the languages apart whose frames begin with "at".
func detectAt(text []byte) Language {
	language := None
	for line := range bytes.Lines(text) {
		frame, ok := cutAt(line)
		if !ok {
			if hasPrefix(line, "Exception in thread ") {
				return Java
			}
			if IsExcerptHead(line) || IsSpiderFrame(withoutBreak(line)) {
				language = JavaScript
			}
			continue
		}
		switch {
		case isJavaFrame(frame):
			return Java
		case isCSharpFrame(frame):
			return CSharp
		case isJavaScriptFrame(frame):
			return JavaScript
		}
	}
	return language
}

// cutAt gives what stands behind the indented "at " of a frame.
func cutAt(line []byte) ([]byte, bool) {
	trimmed := bytes.TrimSpace(line)
	if len(trimmed) == len(line) || len(line) == 0 || line[0] != ' ' && line[0] != '\t' {
		return nil, false
	}
	return bytes.CutPrefix(trimmed, []byte("at "))
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

func hasSuffix(b []byte, s string) bool { return len(b) >= len(s) && string(b[len(b)-len(s):]) == s }

// begin opens an exception; following frames belong to it.
func (p *Parser) begin(typ, message []byte) {
	if len(p.exceptions) == maxExceptions {
		return
	}
	p.target = len(p.exceptions)
	p.exceptions = append(p.exceptions, selfheal.Exception{Type: text(typ), Message: text(bytes.TrimSpace(message))})
}

// frame adds one frame to the exception that is being read. The frames of one
// exception stand together.
func (p *Parser) frame(f selfheal.Frame) {
	if len(p.exceptions) == 0 || len(p.frames) >= maxFrames {
		return
	}
	e := &p.exceptions[p.target]
	if len(e.Frames) > 0 && p.last != p.target {
		return // no runtime goes back to an exception that it was done with
	}
	p.last = p.target
	start := len(p.frames) - len(e.Frames)
	p.frames = append(p.frames, f)
	e.Frames = p.frames[start:len(p.frames):len(p.frames)]
}

// text copies hostile bytes as valid UTF-8, no more than fits a long message.
func text(b []byte) string {
	s := string(b[:min(len(b), maxMessage)])
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// withoutBreak cuts the line break off a line.
func withoutBreak(line []byte) []byte {
	n := len(line)
	for n > 0 && (line[n-1] == '\n' || line[n-1] == '\r') {
		n--
	}
	return line[:n]
}

// number reads leading decimal digits, at most nine of them.
func number(b []byte) (n, width int) {
	for width < len(b) && width < 9 && b[width] >= '0' && b[width] <= '9' {
		n = n*10 + int(b[width]-'0')
		width++
	}
	return n, width
}

// cutLine splits "path:12" or "path:12:7" at the line number.
func cutLine(b []byte) (path []byte, line int, ok bool) {
	at := bytes.LastIndexByte(b, ':')
	if at < 0 {
		return b, 0, false
	}
	n, width := number(b[at+1:])
	if width == 0 || at+1+width != len(b) {
		return b, 0, false
	}
	path, line = b[:at], n
	if at = bytes.LastIndexByte(path, ':'); at > 0 {
		if n, width = number(path[at+1:]); width > 0 && at+1+width == len(path) {
			return path[:at], n, true
		}
	}
	return path, line, true
}

// slashes gives a path with forward slashes.
func slashes(path []byte) string {
	if bytes.IndexByte(path, '\\') >= 0 {
		path = bytes.ReplaceAll(path, []byte{'\\'}, []byte{'/'})
	}
	return text(path)
}

// containsAny tells whether a path has any of the given parts.
func containsAny(path string, parts ...string) bool {
	var in byteSet
	for i := range len(path) {
		in[path[i]] = true
	}
	for _, part := range parts {
		if in.covers(part) && strings.Contains(path, part) {
			return true
		}
	}
	return false
}

// hasModule tells whether a name lies in one of the service's own modules.
func (p *Parser) hasModule(name string) bool {
	for _, m := range p.Modules {
		if len(name) >= len(m) && name[:len(m)] == m && (len(name) == len(m) || !isWordByte(name[len(m)])) {
			return true
		}
	}
	return false
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
