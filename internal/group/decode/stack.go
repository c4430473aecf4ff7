package decode

import "bytes"

// thrown is an exception that a logger wrote as an object.
type thrown struct {
	typ, message  []byte
	frames, cause []byte // as written
}

// called is a stack frame that a logger wrote as an object.
type called struct {
	class, function, file, line []byte
}

// maxCauses bounds a chain of exceptions.
const maxCauses = 8

// hasStructuredStack tells of an exception object whose frames are objects or that has a cause.
func hasStructuredStack(object []byte) bool {
	t := readThrown(object)
	return t.frames != nil || t.cause != nil
}

// readThrown reads the spellings of logback, Log4j, structlog and Monolog.
func readThrown(object []byte) thrown {
	var t thrown
	eachMember(object, func(m member) {
		switch string(m.key) {
		case "className", "name", "class", "type", "exc_type":
			t.typ = m.value
		case "message", "localizedMessage", "exc_value", "value":
			t.message = m.value
		case "stepArray", "extendedStackTrace", "frames", "stackTrace", "stacktrace":
			if m.value[0] == '[' {
				t.frames = m.value
			}
		case "cause", "previous":
			if m.value[0] == '{' {
				t.cause = m.value
			}
		}
	})
	return t
}

// renderStack writes a stack trace that is an array or object the way a runtime
// prints it, so that one parser reads both. It is nil when there are no frames.
func (l *Line) renderStack(v []byte) []byte {
	start := len(l.scratch)
	switch v[0] {
	case '{':
		l.renderThrown(v)
	case '[':
		l.renderList(v)
	}
	if len(l.scratch) == start {
		return nil
	}
	return l.scratch[start:len(l.scratch):len(l.scratch)]
}

// renderThrown writes a chain outermost first, as the JVM does.
func (l *Line) renderThrown(object []byte) {
	for depth := 0; object != nil && depth < maxCauses; depth++ {
		t := readThrown(object)
		if depth > 0 {
			l.scratch = append(l.scratch, "Caused by: "...)
		}
		l.renderHead(t)
		for element, i := firstElement(t.frames); element != nil; element, i = nextElement(t.frames, i) {
			l.renderFrame(element)
		}
		object = t.cause
	}
}

func (l *Line) renderHead(t thrown) {
	l.appendStr(t.typ)
	if len(t.message) > 0 && string(t.message) != "null" {
		l.scratch = append(l.scratch, ": "...)
		l.appendStr(t.message)
	}
	l.scratch = append(l.scratch, '\n')
}

// appendStr adds the text of a JSON value.
func (l *Line) appendStr(value []byte) {
	if len(value) == 0 {
		return
	}
	before := len(l.scratch)
	text := l.str(value)
	if len(l.scratch) == before { // nothing was escaped
		l.scratch = append(l.scratch, text...)
	}
}

func firstElement(array []byte) (value []byte, next int) {
	if array == nil {
		return nil, 0
	}
	return nextElement(array, 1)
}

// renderList writes a list of lines, of frames, or of structlog's exceptions.
func (l *Line) renderList(list []byte) {
	first, i := nextElement(list, 1)
	if first == nil {
		return
	}
	if first[0] == '{' && len(readThrown(first).frames) > 0 {
		l.renderTracebacks(list)
		return
	}
	if first[0] == '"' && bytes.HasPrefix(bytes.TrimLeft(first[1:], " "), []byte(`File \"`)) {
		l.renderPython(list)
		return
	}
	if first[0] == '{' && l.errorHead() {
		l.scratch = append(l.scratch, '\n')
	}
	for element := first; element != nil; element, i = nextElement(list, i) {
		switch element[0] {
		case '"':
			l.appendStr(element)
			l.scratch = append(l.scratch, '\n')
		case '{':
			l.renderFrame(element)
		}
	}
}

// errorHead writes "Type: message" of the record's error when it states a type.
func (l *Line) errorHead() bool {
	if len(l.ErrorType) == 0 {
		return false
	}
	l.scratch = append(l.scratch, l.ErrorType...)
	if len(l.Error) > 0 {
		l.scratch = append(append(l.scratch, ": "...), l.Error...)
	}
	return true
}

// renderPython writes the frames of a Python runtime that left out head and exception.
func (l *Line) renderPython(list []byte) {
	l.scratch = append(l.scratch, "Traceback (most recent call last):\n"...)
	for element, i := nextElement(list, 1); element != nil; element, i = nextElement(list, i) {
		l.appendStr(element)
		if l.scratch[len(l.scratch)-1] != '\n' {
			l.scratch = append(l.scratch, '\n')
		}
	}
	l.errorHead()
}

// renderTracebacks writes structlog's exceptions, outermost first there, in Python's order: the cause first.
func (l *Line) renderTracebacks(list []byte) {
	var chain [maxCauses][]byte
	n := 0
	for element, i := nextElement(list, 1); element != nil && n < maxCauses; element, i = nextElement(list, i) {
		if element[0] == '{' {
			chain[n] = element
			n++
		}
	}
	for n--; n >= 0; n-- {
		t := readThrown(chain[n])
		l.scratch = append(l.scratch, "Traceback (most recent call last):\n"...)
		for element, i := firstElement(t.frames); element != nil; element, i = nextElement(t.frames, i) {
			l.renderFrame(element)
		}
		l.renderHead(t)
		if n > 0 {
			l.scratch = append(l.scratch, "\nThe above exception was the direct cause of the following exception:\n\n"...)
		}
	}
}

// renderFrame writes one frame the way its language prints it: Python, Go, the JVM, V8.
func (l *Line) renderFrame(element []byte) {
	f, python := readCalled(element)
	switch {
	case len(f.function) == 0:
	case python:
		l.put(`  File "`, f.file).put(`", line `, f.line).put(", in ", f.function).put("\n", nil)
	case len(f.class) > 0:
		l.put("\tat ", f.class).put(".", f.function).put("(", f.file).put(":", f.line).put(")\n", nil)
	case bytes.HasSuffix(f.file, []byte(`.go"`)), bytes.HasSuffix(f.file, []byte(`.s"`)):
		l.put("", f.function).put("\n\t", f.file).put(":", f.line).put("\n", nil)
	default:
		l.put("    at ", f.function).put(" (", f.file).put(":", f.line).put(")\n", nil)
	}
}

// put adds a text and the text of a JSON value.
func (l *Line) put(text string, value []byte) *Line {
	l.scratch = append(l.scratch, text...)
	l.appendStr(value)
	return l
}

// readCalled reads a frame; python tells that it is spelled as Python spells it.
func readCalled(element []byte) (f called, python bool) {
	if element[0] != '{' {
		return f, false
	}
	eachMember(element, func(m member) {
		switch string(m.key) {
		case "class", "className", "declaringClass":
			f.class = m.value
		case "method", "methodName", "func", "function", "name":
			f.function = m.value
		case "file", "fileName", "filename", "source":
			f.file = m.value
		case "lineno":
			f.line, python = m.value, true
		case "line", "lineNumber":
			if f.line == nil {
				f.line = m.value
			}
		}
	})
	return f, python
}
