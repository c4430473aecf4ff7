package trace

import (
	"bytes"
	"slices"
	"strings"

	"selfheal"
)

// isJavaScriptFrame: "f (file:1:2)", "file:1:2", "async f (...)", "<anonymous>".
func isJavaScriptFrame(b []byte) bool {
	inside := b
	if open := bytes.LastIndexByte(b, '('); open >= 0 {
		end := bytes.LastIndexByte(b, ')')
		if end < open {
			return false
		}
		inside = b[open+1 : end]
	}
	if bytes.Equal(inside, []byte("<anonymous>")) || bytes.Equal(inside, []byte("native")) || hasPrefix(inside, "index ") {
		return true
	}
	_, _, ok := cutLine(inside)
	return ok
}

// parseJavaScript reads the traces of V8 (Node, Chrome), whose frames begin with
// "at", and of SpiderMonkey and JavaScriptCore (Firefox, Safari), "f@file:line:column".
func (p *Parser) parseJavaScript(b []byte) {
	var s scriptReader
	for raw := range bytes.Lines(b) {
		line := withoutBreak(raw)
		trimmed := bytes.TrimSpace(line)
		frame, ok := cutScriptLine(line)
		switch {
		case ok:
			s.frame(p, frame)
			continue
		case hasPrefix(trimmed, "Emitted '"):
			p.expand(s.gaps) // what follows is where an event was emitted: not the stack of the error
			return
		case hasPrefix(trimmed, "... ") && len(p.exceptions) > 0:
			if n, width := number(trimmed[len("... "):]); width > 0 {
				s.gaps = append(s.gaps, gap{len(p.exceptions) - 1, len(p.exceptions[len(p.exceptions)-1].Frames), n})
			}
		default:
			s.text(p, line, trimmed)
		}
	}
	if s.head != nil && (len(p.exceptions) == 0 || isCauseMark(s.head)) {
		p.openScript(s.head)
	}
	if len(p.exceptions) == 0 {
		p.thrownValue(b)
	}
	p.expand(s.gaps)
}

// scriptReader remembers the lines above the frames, which may name an exception.
type scriptReader struct {
	head   []byte // the last line that surely names one
	plain  []byte // the last line that does if frames follow
	member []byte // the same, of an exception inside another
	gaps   []gap
}

func (s *scriptReader) frame(p *Parser, frame []byte) {
	switch {
	case s.head != nil:
		p.openScript(s.head)
	case len(p.exceptions) == 0:
		p.openScript(s.plain)
	case s.member != nil:
		p.openScript(s.member)
	}
	s.head, s.member = nil, nil
	p.javaScriptFrame(frame)
}

func (s *scriptReader) text(p *Parser, line, trimmed []byte) {
	s.member = nil
	switch {
	case len(trimmed) == 0:
	case p.isHead(withoutBrackets(trimmed), JavaScript):
		if s.head != nil && (isCauseMark(s.head) || isCauseMark(trimmed) || hasPrefix(s.head, "[")) {
			p.openScript(s.head)
		}
		s.head = trimmed
	case len(p.exceptions) > 0 || s.head != nil && hasPrefix(s.head, "["):
		if isPlainHead(trimmed) {
			s.member = trimmed
		}
	case isPlainHead(trimmed):
		s.plain = trimmed
	case line[0] != ' ' && !isPlainHead(s.plain): // a message may have several lines
		s.plain = trimmed
		if named := findHead(trimmed, JavaScript); named != nil {
			s.plain = named
		}
	}
}

// cutScriptLine gives the frame in a line of either engine.
func cutScriptLine(line []byte) ([]byte, bool) {
	if frame, ok := cutAt(line); ok {
		return frame, isJavaScriptFrame(withoutProperties(frame))
	}
	return line, IsSpiderFrame(line)
}

// withoutProperties cuts off what Node writes behind the last frame of an error
// that has properties of its own.
func withoutProperties(frame []byte) []byte {
	n := len(frame)
	for n > 0 && (frame[n-1] == ' ' || frame[n-1] == '{' || frame[n-1] == ',') {
		n--
	}
	return frame[:n]
}

// thrownValue reads an uncaught value that is no error and so has no frames: the
// excerpt of the source says where it was thrown.
func (p *Parser) thrownValue(b []byte) {
	lines := bytes.SplitN(b, []byte{'\n'}, 6)
	if len(lines) < 4 || !IsExcerptHead(lines[0]) {
		return
	}
	value := lines[3]
	if len(bytes.TrimSpace(value)) == 0 && len(lines) > 4 {
		value = lines[4]
	}
	p.begin([]byte("Uncaught"), value)
	path, n, _ := cutLine(bytes.TrimSpace(lines[0]))
	f := selfheal.Frame{Function: "{raise}", File: slashes(bytes.TrimPrefix(path, []byte("file://"))), Line: n}
	f.Package, f.InApp = scriptModule(f.File), scriptInApp(f.File)
	p.frame(f)
}

// isPlainHead tells of "Name: message" and "Name", whatever the name: behind the
// line stand frames, so that it is the name of an error.
func isPlainHead(line []byte) bool {
	name, _, _ := bytes.Cut(line, []byte(": "))
	if len(name) < 2 || len(name) > 100 || name[0] < 'A' || name[0] > 'Z' {
		return false
	}
	for _, c := range name {
		if !isWordByte(c) && c != '$' && c != '.' {
			return false
		}
	}
	return true
}

// openScript begins the exception that a line names; behind it stand frames, so
// that any name will do.
func (p *Parser) openScript(line []byte) {
	line = withoutBrackets(line)
	typ, message := atHead(line, JavaScript)
	if typ == nil && isPlainHead(line) {
		typ, message, _ = bytes.Cut(line, []byte(": "))
	}
	if typ == nil {
		typ, message = []byte("Error"), line
	}
	p.begin(typ, message)
}

// withoutBrackets undoes how Node prints an error without frames: "[AggregateError: message] {".
func withoutBrackets(line []byte) []byte {
	if inside, ok := bytes.CutPrefix(line, []byte{'['}); ok && !isCauseMark(line) {
		if end := bytes.LastIndexByte(inside, ']'); end > 0 {
			return inside[:end]
		}
	}
	return line
}

// gap is where Node left out frames of an exception that its cause has too:
// "... 6 lines matching cause stack trace ...".
type gap struct{ exception, at, n int }

// expand puts the frames back that Node left out: those that stand behind the
// same frame in the cause. Otherwise a wrapper far up the stack would change
// which frames are printed.
func (p *Parser) expand(gaps []gap) {
	for _, g := range slices.Backward(gaps) { // the innermost cause is complete
		if g.at == 0 || g.exception+1 >= len(p.exceptions) {
			continue
		}
		e, cause := &p.exceptions[g.exception], &p.exceptions[g.exception+1]
		from := slices.Index(cause.Frames, e.Frames[g.at-1]) + 1
		to := min(from+g.n, len(cause.Frames))
		if from == 0 || len(e.Frames)+to-from > maxFrames {
			continue
		}
		e.Frames = slices.Concat(e.Frames[:g.at], cause.Frames[from:to], e.Frames[g.at:])
	}
}

// IsSpiderFrame tells of the frames of Firefox and Safari: "f@https://host/file.js:1:2", "@file.js:1:2", "f@[native code]".
func IsSpiderFrame(b []byte) bool {
	if len(b) > 1000 || bytes.IndexByte(b, '@') < 0 || b[0] == ' ' || b[0] == '\t' { // forwards is faster than backwards
		return false
	}
	at := bytes.LastIndexByte(b, '@')
	place := b[at+1:]
	if bytes.Equal(place, []byte("[native code]")) {
		return true
	}
	path, _, ok := cutLine(place)
	if !ok || bytes.IndexByte(path, ' ') >= 0 || !bytes.ContainsAny(path, "/.") {
		return false
	}
	function := b[:at]
	return bytes.IndexByte(function, ' ') < 0 || hasSuffix(function, " code")
}

func (p *Parser) javaScriptFrame(b []byte) {
	b = withoutProperties(b)
	var function, place []byte
	if IsSpiderFrame(b) {
		at := bytes.LastIndexByte(b, '@')
		function, place = spiderFunction(b[:at]), b[at+1:]
	} else {
		function, place = cutScriptFrame(b)
	}
	path, line, ok := cutLine(place)
	if !ok {
		path, line = nil, 0
	}
	path = bytes.TrimPrefix(path, []byte("file://"))
	f := selfheal.Frame{Function: text(function), File: slashes(path), Line: line}
	if f.Function == "" {
		f.Function = "<anonymous>"
	}
	f.Package = scriptModule(f.File)
	f.InApp = scriptInApp(f.File)
	p.frame(f)
}

// scriptInApp: neither the runtime, nor a dependency as package managers and
// bundlers lay them out, nor an extension of the browser.
func scriptInApp(path string) bool {
	return path != "" && strings.ContainsAny(path, "./") && !strings.HasPrefix(path, "internal/") && !strings.HasPrefix(path, "native") &&
		!containsAny(path, "node_modules/", "node:", "webpack/bootstrap", "/.yarn/", "-extension://", "cdn.jsdelivr.net/", "unpkg.com/", "cdnjs.cloudflare.com/", "/chunk-vendors", "/vendors~", "/vendors-", "/vendor.", "/vendor-")
}

// cutScriptFrame splits V8's "async f [as g] (file:1:2)" into function and place.
func cutScriptFrame(b []byte) (function, place []byte) {
	place = bytes.TrimPrefix(b, []byte("async "))
	if open := bytes.Index(b, []byte(" (")); open >= 0 && hasSuffix(b, ")") {
		function, place = b[:open], b[open+2:len(b)-1]
	}
	if hasPrefix(place, "eval at ") { // "eval at f (file:1:2), <anonymous>:1:1"
		if open, end := bytes.LastIndexByte(place, '('), bytes.LastIndexByte(place, ')'); open > 0 && end > open {
			place = place[open+1 : end]
		}
	}
	if at := bytes.LastIndex(function, []byte(" [as ")); at > 0 {
		function = function[:at]
	}
	for _, prefix := range []string{"async ", "new ", "Object.", "Module.", "Function."} {
		function = bytes.TrimPrefix(function, []byte(prefix))
	}
	return function, place
}

// spiderFunction gives the function as V8 would name it: "async*pay", "visit/<"
// (an unnamed function inside), "Checkout.prototype.pay", "global code".
func spiderFunction(b []byte) []byte {
	for _, mark := range []string{"async*", "promise callback*", "setTimeout handler*"} {
		b = bytes.TrimPrefix(b, []byte(mark))
	}
	if hasSuffix(b, "<") || hasSuffix(b, " code") || hasSuffix(b, "*") {
		return nil
	}
	b = b[bytes.LastIndexByte(b, '/')+1:]
	return bytes.Replace(b, []byte(".prototype."), []byte{'.'}, 1)
}

// isMinified tells of a function that a bundler named: one or two letters, in a
// file that looks like a bundle. Such names differ from build to build.
func isMinified(f *selfheal.Frame) bool {
	if !isBundle(f) {
		return false
	}
	for part := range strings.SplitSeq(f.Function, ".") {
		if len(part) > 2 && part != "<anonymous>" {
			return false
		}
	}
	return true
}

// isBundle tells of files that a bundler wrote: all on one line, or with a hash in the name.
func isBundle(f *selfheal.Frame) bool {
	_, base := splitPath(f.File)
	if f.Line == 1 || containsAny(base, ".min.", ".bundle.", ".chunk.") {
		return true
	}
	start := 0
	for i := range len(base) {
		if c := base[i]; c == '.' || c == '-' || c == '_' || c == '~' {
			if looksLikeHash(base[start:i]) {
				return true
			}
			start = i + 1
		}
	}
	return looksLikeHash(base[start:])
}

// scriptModule is the file's name without directory, extension, query and content hash.
func scriptModule(path string) string {
	path, _, _ = strings.Cut(path, "?")
	dir, base := splitPath(path)
	base, _, _ = strings.Cut(base, ".")
	if base == "index" || base == "main" {
		if _, parent := splitPath(dir); parent != "" && base == "index" {
			return parent
		}
	}
	if at := strings.LastIndexByte(base, '-'); at > 0 && looksLikeHash(base[at+1:]) {
		base = base[:at]
	}
	return base
}

func looksLikeHash(s string) bool {
	digits := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		} else if !isWordByte(s[i]) {
			return false
		}
	}
	return len(s) >= 6 && digits > 0
}

// IsExcerptHead tells of the "path:12" line above the source excerpt that Node prints for an uncaught exception.
func IsExcerptHead(line []byte) bool {
	line = withoutBreak(line)
	path, _, ok := cutLine(line)
	if !ok || len(path) == 0 || bytes.IndexByte(path, ' ') >= 0 {
		return false
	}
	return path[0] == '/' || hasPrefix(path, "file://") || hasPrefix(path, "node:") || len(path) > 3 && path[1] == ':' && path[2] == '\\'
}
