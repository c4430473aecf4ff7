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
	shapeAt                      // the type, then frames, a line each: JVM, .NET, V8, Firefox, Safari, Ruby, Dart
	shapeExcerpt                 // V8's source excerpt above an uncaught error
	shapeNumbered                // PHP, Rust, Dart: numbered frames
	shapeElixir                  // "** (Type) message", frames, and what the process was doing
	shapeReport                  // Erlang's reports, up to a blank line
)

// maxTraceHead is how far into a line the words that open a trace may stand:
// behind a thread, a logger or a prefix.
const maxTraceHead = 96

// maxMessageLines bounds the lines of an exception's message above its frames.
const maxMessageLines = 8

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
	case 'p', 'f', 'g', 'W', 'D', '=', 'r', 'u', 'S':
		switch {
		case hasPrefix(m, "panic: "), hasPrefix(m, "fatal error: "), isGoroutine(m), hasPrefix(m, "WARNING: DATA RACE"),
			hasPrefix(m, "DATA RACE"), hasPrefix(m, "=================="), hasPrefix(m, "runtime: "), hasPrefix(m, "unexpected fault address "), isSignal(m):
			return shapeGo
		case isErlangHeader(m):
			return shapeReport
		}
	case '*':
		if hasPrefix(m, "** (") {
			return shapeElixir
		}
	}
	panics, fatal := bytes.Contains(start, []byte("panic")), bytes.IndexByte(start, 'F') >= 0 // most lines have neither
	switch {
	case panics && bytes.Contains(start, []byte("panic serving ")):
		return shapeGo
	case panics && bytes.Contains(start, []byte("panicked at ")), fatal && bytes.Contains(start, []byte("Fatal error: ")) && bytes.Contains(m, []byte("Uncaught ")),
		hasPrefix(m, "Unhandled exception:"), hasPrefix(m, "E/flutter ") && bytes.Contains(m, []byte("Unhandled Exception: ")):
		return shapeNumbered
	case trace.IsHead(m), trace.IsRubyHead(m), hasPrefix(m, "Unhandled Exception:"), hasPrefix(m, "FATAL UNHANDLED EXCEPTION: "):
		return shapeAt
	}
	return shapePlain
}

// continues tells whether a line without a header of its own belongs to the open
// event, and moves the event to the shape that the line opens.
func (ev *event) continues(line []byte) bool {
	if line[0] == ' ' || line[0] == '\t' {
		return ev.continuesIndented(line)
	}
	switch ev.shape {
	case shapeGo:
		return isGoLine(line)
	case shapePython:
		if !hasPrefix(line, "Traceback (") {
			ev.shape = shapePythonDone
			ev.keep(line)
		}
		return true
	case shapePythonDone:
		return ev.continuesPython(line)
	case shapeExcerpt:
		return ev.continuesExcerpt(line)
	case shapeAt:
		return ev.continuesAt(line)
	case shapeNumbered:
		return ev.continuesNumbered(line)
	case shapeElixir:
		return ev.blanks == 0 && isElixirLine(line)
	case shapeReport:
		return ev.blanks == 0 && !isErlangHeader(line)
	}
	return ev.opensTrace(line)
}

// continuesIndented: indented lines belong to what stands above them, in a trace
// even behind a blank line. A group of Python's exceptions begins indented.
func (ev *event) continuesIndented(line []byte) bool {
	if trimmed := bytes.TrimLeft(line, " "); hasPrefix(trimmed, "+ Exception Group Traceback") {
		if ev.shape != shapePythonDone && !ev.expectsTrace() {
			return false
		}
		ev.shape = shapePythonDone
		return true
	}
	return ev.blanks == 0 || ev.shape != shapePlain || isRubyLog(ev.buf)
}

// keep adds a line that identifies the event where the caps are reached: Python
// names the exception below its frames, which may be a thousand.
func (ev *event) keep(line []byte) {
	if ev.lines >= maxEventLines || len(ev.buf)+len(line)+2 > maxEventBytes {
		ev.buf = append(append(ev.buf, '\n'), line[:min(len(line), maxSample)]...)
	}
}

// continuesPython: behind the line that names the exception only a further link
// of the chain belongs to it, and the quotes around a traceback of another process.
func (ev *event) continuesPython(line []byte) bool {
	switch {
	case isPythonLink(line), bytes.Equal(line, []byte(`"""`)) && bytes.Contains(ev.buf, []byte("RemoteTraceback:")):
		return true
	case hasPrefix(line, "Traceback (") && (ev.blanks > 0 && ev.linked || bytes.HasSuffix(ev.buf, []byte(`"""`))):
		ev.shape = shapePython
		return true
	}
	return false
}

// continuesAt: frames, causes, and the lines of a message between the type and its frames.
func (ev *event) continuesAt(line []byte) bool {
	switch {
	case ev.lines == 1 && ev.blanks == 0 && hasPrefix(line, "Traceback ("): // "Exception in thread worker-1:"
		ev.shape = shapePython
		return true
	case ev.blanks == 0 && hasPrefix(line, "Stack trace:"): // PHP
		ev.shape = shapeNumbered
		return true
	case isAtLine(line), isFrameLine(line), ev.blanks == 0 && isClosing(line):
		return true
	case trace.IsRubyHead(line):
		return ev.isRubyCause(line)
	}
	return ev.blanks == 0 && ev.lines <= maxMessageLines && ev.promisesFrames()
}

// promisesFrames tells of an event whose type was named in words that only
// runtimes use, or below a logger's line, and whose frames are still to come.
func (ev *event) promisesFrames() bool {
	if bytes.Contains(ev.buf, []byte("\tat ")) || bytes.Contains(ev.buf, []byte("  at ")) {
		return false
	}
	m := ev.line.Message
	return ev.lines > 1 && ev.line.Header || hasPrefix(m, "Exception in thread ") || hasPrefix(m, "Unhandled exception. ") ||
		hasPrefix(m, "Unhandled Exception:") || hasPrefix(m, "FATAL UNHANDLED EXCEPTION: ")
}

// isRubyCause tells whether a line that opens an exception of Ruby names the
// cause of the open one: the first such line behind its frames, of another place.
// The same place is the next crash of a program that crashes again and again.
func (ev *event) isRubyCause(line []byte) bool {
	if ev.blanks > 0 || !bytes.Contains(ev.buf, []byte("\n\tfrom ")) {
		return false
	}
	first, _, _ := bytes.Cut(ev.buf, []byte(":in "))
	place, _, _ := bytes.Cut(line, []byte(":in "))
	if bytes.Equal(first, place) {
		return false
	}
	for earlier := range bytes.SplitSeq(ev.buf[min(len(ev.buf), ev.head):], []byte{'\n'}) {
		if trace.IsRubyHead(earlier) {
			return false
		}
	}
	return true
}

// continuesNumbered: the message of a panic may have several lines.
func (ev *event) continuesNumbered(line []byte) bool {
	switch {
	case isNumberedLine(line), hasPrefix(line, "E/flutter "):
		return true
	case ev.blanks > 0:
		return false
	}
	return ev.lines == 1 || ev.lines <= 3 && !bytes.Contains(ev.buf, []byte("\n#0")) && !bytes.Contains(ev.buf, []byte("\nstack backtrace:")) && !bytes.Contains(ev.buf, []byte("\nnote: "))
}

// opensTrace tells whether a line begins the stack trace of the open plain event.
func (ev *event) opensTrace(line []byte) bool {
	if ev.lines > 1 && ev.blanks == 0 && isClosing(line) {
		return true
	}
	if ev.opensFrames(line) || ev.announcesTraceback(line) {
		return true
	}
	if ev.blanks > 1 || !ev.expectsTrace() {
		return false
	}
	switch s := shapeOf(line); {
	case s == shapeGo && isGoroutine(line), s == shapePython && ev.blanks == 0, s == shapeAt && ev.blanks == 0, s == shapeElixir && ev.blanks == 0:
		ev.shape = s
		return true
	}
	if hasPrefix(line, "Stack trace:") || hasPrefix(line, "#0 ") || hasPrefix(line, "stack backtrace:") {
		ev.shape = shapeNumbered
		return true
	}
	return false
}

// opensFrames tells of frames that need no word of announcement, because nothing
// else looks like them, and of the line below an empty message of Ruby's logger.
func (ev *event) opensFrames(line []byte) bool {
	empty := ev.lines == 1 && ev.blanks == 0 && isRubyLog(ev.buf) && bytes.HasSuffix(bytes.TrimRight(ev.buf, " "), []byte("-- :"))
	if ev.blanks > 1 || !empty && !isFrameLine(line) {
		return false
	}
	ev.shape = shapeAt
	return true
}

// announcesTraceback tells of the lines that Python and Ruby themselves write above a trace.
func (ev *event) announcesTraceback(line []byte) bool {
	if ev.blanks > 0 {
		return false
	}
	if hasPrefix(ev.buf, "#<Thread:") && trace.IsRubyHead(line) {
		ev.shape = shapeAt
		return true
	}
	if hasPrefix(line, "Traceback (") && (bytes.Contains(ev.buf, []byte("Exception ignored in")) || bytes.Contains(ev.buf, []byte("never retrieved"))) ||
		bytes.Equal(line, []byte(`"""`)) && bytes.Contains(ev.buf, []byte("RemoteTraceback:")) {
		ev.shape = shapePython
		return true
	}
	return hasPrefix(line, "future: <") && bytes.HasSuffix(ev.buf, []byte("never retrieved"))
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
	return trace.IsHead(line) || ev.lines <= 3 || isAtLine(line) || isClosing(line) || ev.lines <= 4 && ev.blanks > 0 ||
		ev.blanks == 0 && ev.lines <= 4+maxMessageLines && !bytes.Contains(ev.buf, []byte("\n    at "))
}
