package group

import (
	"bytes"

	"selfheal"
	"selfheal/internal/group/trace"
)

// shape is what kind of multi-line event is being assembled, and so which lines continue it.
type shape uint8

const (
	shapePlain      shape = iota // a message; indented lines continue it
	shapeGo                      // goroutine dumps, race reports
	shapePython                  // between "Traceback" and the line that names the exception
	shapePythonDone              // behind that line: only a further link of the chain continues it
	shapeAt                      // frames that begin with "at": JVM, .NET, V8
	shapeExcerpt                 // V8's source excerpt above an uncaught error
	shapeNumbered                // PHP, Rust: numbered frames
)

// maxTraceHead is how far into a line the words that open a trace may stand:
// behind a thread, a logger or a prefix.
const maxTraceHead = 96

// shapeOf finds the shape that a first line opens. It runs for every plain line.
func shapeOf(m []byte) shape {
	if len(m) == 0 {
		return shapePlain
	}
	start := m[:min(len(m), maxTraceHead)]
	switch m[len(m)-1] {
	case ':':
		if bytes.HasSuffix(m, []byte("Traceback (most recent call last):")) {
			return shapePython
		}
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if trace.IsExcerptHead(m) {
			return shapeExcerpt
		}
	}
	switch m[0] {
	case 'p', 'f', 'g', 'W', 'D', '=', 'r':
		if hasPrefix(m, "panic: ") || hasPrefix(m, "fatal error: ") || isGoroutine(m) || hasPrefix(m, "WARNING: DATA RACE") ||
			hasPrefix(m, "DATA RACE") || hasPrefix(m, "==================") || hasPrefix(m, "runtime: ") {
			return shapeGo
		}
	}
	switch {
	case bytes.Contains(start, []byte("panic serving ")):
		return shapeGo
	case bytes.Contains(start, []byte("panicked at ")), bytes.Contains(start, []byte("Fatal error: ")) && bytes.Contains(m, []byte("Uncaught ")):
		return shapeNumbered
	case trace.IsHead(m), trace.IsRubyHead(m):
		return shapeAt
	}
	return shapePlain
}

// continues tells whether a line without a header of its own belongs to the open
// event, and moves the event to the shape that the line opens.
func (ev *event) continues(line []byte) bool {
	if line[0] == ' ' || line[0] == '\t' {
		return ev.blanks == 0 || ev.shape != shapePlain
	}
	switch ev.shape {
	case shapeGo:
		return isGoLine(line)
	case shapePython:
		if !hasPrefix(line, "Traceback (") {
			ev.shape = shapePythonDone
		}
		return true
	case shapePythonDone:
		if isPythonLink(line) {
			return true
		}
		if hasPrefix(line, "Traceback (") && ev.blanks > 0 && ev.linked {
			ev.shape = shapePython
			return true
		}
		return false
	case shapeExcerpt:
		return ev.continuesExcerpt(line)
	case shapeAt:
		return isAtLine(line) || ev.blanks == 0 && isClosing(line)
	case shapeNumbered:
		return ev.lines == 1 && ev.blanks == 0 || isNumberedLine(line)
	}
	return ev.opensTrace(line)
}

// opensTrace tells whether a line begins the stack trace of the open plain event.
func (ev *event) opensTrace(line []byte) bool {
	if ev.lines > 1 && ev.blanks == 0 && isClosing(line) {
		return true
	}
	if ev.blanks > 1 || !ev.expectsTrace() {
		return false
	}
	switch s := shapeOf(line); {
	case s == shapeGo && isGoroutine(line), s == shapePython && ev.blanks == 0, s == shapeAt && ev.blanks == 0:
		ev.shape = s
		return true
	}
	if hasPrefix(line, "Stack trace:") || hasPrefix(line, "#0 ") || hasPrefix(line, "stack backtrace:") {
		ev.shape = shapeNumbered
		return true
	}
	return false
}

// expectsTrace tells of an event that a stack trace may follow: one that a logger
// wrote as a warning or worse, or that speaks of a panic.
func (ev *event) expectsTrace() bool {
	s := ev.line.Severity
	return ev.line.Header && (s >= selfheal.SeverityWarn || s == selfheal.SeverityUnspecified) || bytes.Contains(ev.buf, []byte("panic"))
}

// continuesExcerpt follows Node's print of an uncaught error: "file:line", the
// source line, carets, a blank line, the error with its frames, and the version.
func (ev *event) continuesExcerpt(line []byte) bool {
	switch ev.lines {
	case 1:
		return ev.blanks == 0
	case 2:
		return ev.blanks == 0 && len(bytes.Trim(line, "^~")) == 0
	}
	return trace.IsHead(line) || ev.lines <= 3 || isAtLine(line) || isClosing(line) || ev.lines <= 4 && ev.blanks > 0
}

func isGoroutine(line []byte) bool {
	return hasPrefix(line, "goroutine ") && bytes.HasSuffix(line, []byte(":")) && bytes.IndexByte(line, '[') > 0
}

// isGoLine tells of the lines inside a Go crash report.
func isGoLine(line []byte) bool {
	for _, prefix := range []string{"goroutine ", "created by ", "[signal ", "[recovered", "panic: ", "exit status ", "runtime.", "runtime stack:", "runtime: ", "...",
		"fatal error: ", "==================", "Previous ", "Goroutine ", "Read at ", "Write at ", "Found ", "WARNING: DATA RACE"} {
		if hasPrefix(line, prefix) {
			return true
		}
	}
	return isGoFunction(line) || isRegister(line)
}

// isGoFunction: "pkg/path.(*T).method(args)", without a space before the arguments.
func isGoFunction(line []byte) bool {
	open := bytes.IndexByte(line, '(')
	return open > 0 && line[len(line)-1] == ')' && bytes.IndexByte(line[:open], ' ') < 0
}

// isRegister: "rax    0x0", as printed on a fatal signal.
func isRegister(line []byte) bool {
	at := bytes.Index(line, []byte(" 0x"))
	return at > 0 && at <= 7 && bytes.IndexByte(bytes.TrimRight(line[:at], " "), ' ') < 0
}

func isPythonLink(line []byte) bool {
	return hasPrefix(line, "During handling of the above exception") || hasPrefix(line, "The above exception was the direct cause")
}

func isAtLine(line []byte) bool {
	for _, prefix := range []string{"Caused by: ", "Suppressed: ", "Wrapped by: ", "... ", "--- End of ", "Node.js v", "Emitted '", "at ", "Thrown at:", "[cause]"} {
		if hasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

func isNumberedLine(line []byte) bool {
	for _, prefix := range []string{"#", "Stack trace:", "PHP Stack trace:", "PHP   ", "stack backtrace:", "note: ", "{main}", "thrown in", "Next "} {
		if hasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

// isClosing tells of a line of closing brackets only.
func isClosing(line []byte) bool { return len(line) <= 8 && len(bytes.Trim(line, "})];,")) == 0 }

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }
