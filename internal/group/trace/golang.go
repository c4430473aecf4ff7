package trace

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"selfheal"
)

// parseGo reads panics, fatal errors, recovered panics with a goroutine dump,
// and bare stacks as zap and pkg/errors print them. Of a dump of many
// goroutines only the first, the one that failed, is read.
func (p *Parser) parseGo(b []byte) {
	if at := bytes.Index(b, []byte("DATA RACE\n")); at >= 0 {
		p.parseRace(b[at:])
		return
	}
	head, stack := splitGo(b)
	typ, message := goHead(head)
	p.begin(typ, message)
	p.goFrames(stack)
	e := &p.exceptions[0]
	frames := len(e.Frames)
	e.Frames = afterPanic(e.Frames)
	if len(e.Frames) < frames && e.Type == "error" && isPanicking(p.frames[:frames]) {
		e.Type = "panic" // recovered, and logged with other words
	}
	withoutInlining(e.Frames)
	if len(e.Frames) == 0 && e.Type == "error" {
		p.exceptions = p.exceptions[:0]
	}
}

// parseRace reads a report of the race detector: the stacks of the two accesses,
// in an order that does not depend on which of them came last.
func (p *Parser) parseRace(b []byte) {
	for part := range bytes.SplitSeq(b, []byte("\n\n")) {
		_, stack, ok := bytes.Cut(part, []byte(" at 0x"))
		if !ok || len(p.exceptions) == 2 {
			break // who created the goroutines is no part of it
		}
		p.begin([]byte("data race"), nil)
		var function []byte
		for line := range bytes.Lines(stack[min(len(stack), lineEnd(stack, 0)+1):]) {
			line = withoutBreak(line)
			if hasPrefix(line, "      ") && function != nil {
				p.goFrame(function, bytes.TrimSpace(line))
				function = nil
			} else {
				function = line
			}
		}
	}
	if len(p.exceptions) == 0 {
		p.begin([]byte("data race"), nil)
	}
	slices.SortFunc(p.exceptions, func(a, b selfheal.Exception) int {
		return slices.CompareFunc(a.Frames, b.Frames, func(a, b selfheal.Frame) int {
			return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Function, b.Function))
		})
	})
}

// withoutInlining undoes what inlining makes of a closure's name: one of totalOf
// is "handle.totalOf.func2" where totalOf was inlined into handle, and both are
// still on the stack.
func withoutInlining(frames []selfheal.Frame) {
	for i := range frames {
		for {
			outer, rest, ok := strings.Cut(frames[i].Function, ".")
			if !ok || !strings.Contains(rest, ".func") || !slices.ContainsFunc(frames[i+1:], func(f selfheal.Frame) bool {
				return f.Function == outer && f.Package == frames[i].Package
			}) {
				break
			}
			frames[i].Function = rest
		}
	}
}

// splitGo separates the message from the stack: at the first goroutine header,
// or at the first pair of a function line and an indented file line.
func splitGo(b []byte) (head, stack []byte) {
	if at := indexLine(b, "goroutine "); at >= 0 {
		return b[:at], b[at:]
	}
	at := 0
	for at < len(b) {
		end := lineEnd(b, at)
		if next := end + 1; next < len(b) && b[next] == '\t' && bytes.Contains(b[next:lineEnd(b, next)], []byte(".go:")) {
			return b[:at], b[at:]
		}
		at = end + 1
	}
	return b, nil
}

// indexLine finds a line that begins with s.
func indexLine(b []byte, s string) int {
	if hasPrefix(b, s) {
		return 0
	}
	if at := bytes.Index(b, []byte("\n"+s)); at >= 0 {
		return at + 1
	}
	return -1
}

func lineEnd(b []byte, from int) int {
	if at := bytes.IndexByte(b[from:], '\n'); at >= 0 {
		return from + at
	}
	return len(b)
}

// goHead finds type and message in what stands before the stack.
func goHead(head []byte) (typ, message []byte) {
	first := head[:lineEnd(head, 0)]
	switch {
	case bytes.Contains(head, []byte("fatal error: ")):
		_, message, _ = bytes.Cut(head, []byte("fatal error: "))
		return []byte("fatal error"), message[:lineEnd(message, 0)]
	case hasPrefix(first, "SIG"):
		typ, message, _ = bytes.Cut(first, []byte(": "))
		return typ, message
	case bytes.Contains(first, []byte("panic serving ")):
		_, message, _ = bytes.Cut(first, []byte("panic serving "))
		if _, rest, ok := bytes.Cut(message, []byte(": ")); ok {
			message = rest
		}
		return goValue(message)
	case bytes.Contains(head, []byte("panic: ")):
		_, message, _ = bytes.Cut(head, []byte("panic: "))
		return goValue(message[:lineEnd(message, 0)])
	case bytes.Contains(bytes.ToLower(first), []byte("panic")) || bytes.Contains(first, []byte("runtime error: ")):
		if at := bytes.Index(first, []byte("runtime error: ")); at > 0 {
			first = first[at:]
		}
		return []byte("panic"), first
	}
	return []byte("error"), bytes.TrimSpace(head)
}

// goValue reads the value of a panic: "main.T{...}" or "(main.T) ..." name a type, other text is a message.
func goValue(message []byte) (typ, rest []byte) {
	for _, mark := range []string{" [recovered]", " [recovered, repanicked]", " [recovered, reraised]"} {
		message = bytes.TrimSuffix(message, []byte(mark))
	}
	if hasPrefix(message, "(") {
		if name, value, ok := bytes.Cut(message[1:], []byte(") ")); ok && bytes.IndexByte(name, ' ') < 0 {
			return name, value
		}
	}
	return []byte("panic"), message
}

// goFrames reads pairs of lines: function with arguments, then tab, file and line.
func (p *Parser) goFrames(stack []byte) {
	var function []byte
	goroutines := 0
	for raw := range bytes.Lines(stack) {
		line := withoutBreak(raw)
		switch {
		case hasPrefix(line, "goroutine "):
			if goroutines++; goroutines > 1 && len(p.frames) > 0 {
				return
			}
		case len(line) > 0 && line[0] == '\t':
			if function != nil {
				p.goFrame(function, line[1:])
			}
			function = nil
		case hasPrefix(line, "created by "):
			function = nil // who started the goroutine is not on its stack
		default:
			function = line
		}
	}
}

func (p *Parser) goFrame(function, position []byte) {
	position, _, _ = bytes.Cut(position, []byte(" +0x")) // and "fp=0x... sp=0x... pc=0x..." of a fatal signal
	position, _, _ = bytes.Cut(position, []byte(" fp=0x"))
	path, line, ok := cutLine(position)
	if !ok {
		return
	}
	pkg, name := splitGoFunction(cutArguments(bytes.TrimSpace(function)))
	f := selfheal.Frame{Function: text(name), Package: text(pkg), File: slashes(path), Line: line}
	f.InApp = p.goInApp(f)
	p.frame(f)
}

// cutArguments drops the parenthesised arguments at the end of a function line.
func cutArguments(b []byte) []byte {
	if len(b) == 0 || b[len(b)-1] != ')' {
		return b
	}
	depth := 0
	for i, c := range slices.Backward(b) {
		switch c {
		case ')':
			depth++
		case '(':
			if depth--; depth == 0 {
				return b[:i]
			}
		}
	}
	return b
}

// splitGoFunction splits "github.com/a/b.(*T).M" into package and function.
func splitGoFunction(b []byte) (pkg, name []byte) {
	slash := bytes.LastIndexByte(b, '/')
	if bracket := bytes.IndexByte(b, '['); bracket >= 0 && slash > bracket {
		slash = bytes.LastIndexByte(b[:bracket], '/')
	}
	dot := bytes.IndexByte(b[slash+1:], '.')
	if dot < 0 {
		return nil, b
	}
	return b[:slash+1+dot], b[slash+1+dot+1:]
}

// afterPanic drops the frames above the point where the panic was raised:
// deferred functions, recovery code and the runtime's own machinery.
func afterPanic(frames []selfheal.Frame) []selfheal.Frame {
	for i, f := range slices.Backward(frames) {
		if f.Package == "" && f.Function == "panic" || f.Package == "runtime" && (f.Function == "gopanic" || f.Function == "throw" || f.Function == "fatal" || f.Function == "sigpanic") {
			frames = frames[i+1:]
			break
		}
	}
	for len(frames) > 1 && (frames[0].Package == "runtime" || frames[0].Package == "runtime/debug") {
		frames = frames[1:]
	}
	return frames
}

// isPanicking tells whether a stack was taken while a panic was being recovered.
func isPanicking(frames []selfheal.Frame) bool {
	return slices.ContainsFunc(frames, func(f selfheal.Frame) bool {
		return f.Package == "" && f.Function == "panic" || f.Package == "runtime" && f.Function == "gopanic"
	})
}

// goInApp judges a Go frame: by the service's modules when they are known, else
// by everything that is neither the standard library nor a dependency.
func (p *Parser) goInApp(f selfheal.Frame) bool {
	if len(p.Modules) > 0 {
		return f.Package == "main" || p.hasModule(f.Package)
	}
	if f.Package == "" || isGoStandard(f.Package) {
		return false
	}
	if _, path, ok := strings.Cut(f.File, "/go/src/"); ok && isGoStandard(path) {
		return false // a closure of the standard library, inlined into the service
	}
	return !containsAny(f.File, "/pkg/mod/", "/vendor/", "@v")
}

// isGoStandard tells of packages of the standard library by their first element.
func isGoStandard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	switch first {
	case "archive", "arena", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto", "database", "debug", "embed", "encoding",
		"errors", "expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "internal", "io", "iter", "log", "maps", "math", "mime", "net",
		"os", "path", "plugin", "reflect", "regexp", "runtime", "slices", "sort", "strconv", "strings", "structs", "sync", "syscall", "testing",
		"text", "time", "unicode", "unique", "unsafe", "vendor", "weak":
		return true
	}
	return false
}
