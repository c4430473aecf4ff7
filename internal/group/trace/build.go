package trace

import (
	"bytes"

	"selfheal"
)

// BuildError is the type of the exceptions that ParseBuild gives.
const BuildError = "build error"

// ParseBuild reads one error of a compiler, or of a test that a build ran: what
// it says is the message, where it points to is the one frame. In a build log
// only: at run time "main.go:12: text" is how many programs log.
func (p *Parser) ParseBuild(b []byte) []selfheal.Exception {
	p.exceptions, p.frames = p.exceptions[:0], p.frames[:0]
	line := withoutStep(b[:lineEnd(b, 0)])
	for _, read := range []func(line, all []byte) (path, message []byte, n int){colonPlace, parenPlace, bracketPlace, arrowPlace, failedTest} {
		path, message, n := read(line, b)
		if message == nil || isWarning(message) {
			continue
		}
		p.begin([]byte(BuildError), message)
		if path != nil {
			p.frame(selfheal.Frame{File: slashes(bytes.TrimPrefix(path, []byte("./"))), Line: n, InApp: true})
		}
		return p.exceptions
	}
	return nil
}

// withoutStep drops the step and the seconds that BuildKit writes before a line: "#8 36.30 ".
func withoutStep(line []byte) []byte {
	rest := line
	if len(rest) > 2 && rest[0] == '#' {
		_, width := number(rest[1:])
		if width == 0 || 1+width >= len(rest) || rest[1+width] != ' ' {
			return line
		}
		rest = rest[width+2:]
	}
	_, width := number(rest)
	if width == 0 || width >= len(rest) || rest[width] != '.' {
		return rest
	}
	_, fraction := number(rest[width+1:])
	if end := width + 1 + fraction; fraction > 0 && end < len(rest) && rest[end] == ' ' {
		return rest[end+1:]
	}
	return rest
}

func isWarning(message []byte) bool {
	return hasPrefix(message, "warning") || hasPrefix(message, "note: ") || hasPrefix(message, "info")
}

// colonPlace: "path.go:12:5: message", as Go, gcc, javac and many others write it.
func colonPlace(line, _ []byte) (path, message []byte, n int) {
	line = bytes.TrimPrefix(line, []byte("vet: "))
	at := bytes.Index(line, []byte(": "))
	if at < 0 {
		return nil, nil, 0
	}
	path, n, ok := cutLine(line[:at])
	if !ok || !isSource(path) {
		return nil, nil, 0
	}
	return path, bytes.TrimPrefix(line[at+2:], []byte("error: ")), n
}

// parenPlace: "path.ts(3,5): error TS2345: message", as MSBuild and tsc write it.
func parenPlace(line, _ []byte) (path, message []byte, n int) {
	path, rest, ok := bytes.Cut(line, []byte{'('})
	if !ok || !isSource(path) {
		return nil, nil, 0
	}
	n, width := number(rest)
	_, message, ok = bytes.Cut(rest, []byte("): "))
	if !ok || width == 0 {
		return nil, nil, 0
	}
	return path, bytes.TrimPrefix(message, []byte("error ")), n
}

// bracketPlace: "/path/X.java:[12,5] message", as Maven writes it.
func bracketPlace(line, _ []byte) (path, message []byte, n int) {
	line = bytes.TrimPrefix(line, []byte("[ERROR] "))
	path, rest, ok := bytes.Cut(line, []byte(":["))
	if !ok || !isSource(path) {
		return nil, nil, 0
	}
	n, width := number(rest)
	_, message, ok = bytes.Cut(rest, []byte("] "))
	if !ok || width == 0 {
		return nil, nil, 0
	}
	return path, bytes.TrimPrefix(message, []byte("error: ")), n
}

// arrowPlace: "error[E0308]: message" with "--> src/main.rs:3:5" below it, as rustc writes it.
func arrowPlace(line, all []byte) (path, message []byte, n int) {
	if !hasPrefix(line, "error[") && !hasPrefix(line, "error: ") {
		return nil, nil, 0
	}
	_, rest, ok := bytes.Cut(all, []byte("--> "))
	if !ok {
		return nil, nil, 0
	}
	path, n, ok = cutLine(bytes.TrimSpace(rest[:lineEnd(rest, 0)]))
	if !ok {
		return nil, nil, 0
	}
	return path, bytes.TrimPrefix(line, []byte("error: ")), n
}

// failedTest: "--- FAIL: TestX (0.01s)".
func failedTest(line, _ []byte) (path, message []byte, n int) {
	rest, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("--- FAIL: "))
	if !ok {
		return nil, nil, 0
	}
	name, _, _ := bytes.Cut(rest, []byte{' '})
	return nil, append([]byte("test failed: "), name...), 0
}

// isSource tells of the path of a source file: no spaces, and a customary extension.
func isSource(path []byte) bool {
	if len(path) > 300 || bytes.IndexByte(path, ' ') >= 0 {
		return false
	}
	dot := bytes.LastIndexByte(path, '.')
	if dot < 1 {
		return false
	}
	switch string(path[dot+1:]) {
	case "go", "py", "js", "mjs", "cjs", "ts", "tsx", "jsx", "java", "kt", "scala", "rb", "rs", "c", "cc", "cpp", "cxx", "h", "hpp", "cs", "php",
		"ex", "exs", "erl", "dart", "swift", "m", "vue", "svelte", "clj", "hs", "ml", "fs", "vb", "proto", "zig", "templ":
		return true
	}
	return false
}
