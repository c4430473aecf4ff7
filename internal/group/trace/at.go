package trace

import "bytes"

// parseAt reads the traces of the JVM and .NET, whose frames begin with "at".
func (p *Parser) parseAt(b []byte, language Language) {
	var head []byte  // last line that may name an exception
	suppressed := -1 // indentation of a suppressed exception, which is no cause: it is skipped with all below it
	repeated := false
	for raw := range bytes.Lines(b) {
		line := withoutBreak(raw)
		trimmed := bytes.TrimSpace(line)
		indent := len(line) - len(bytes.TrimLeft(line, " \t"))
		if suppressed >= 0 && indent >= suppressed {
			continue
		}
		suppressed = -1
		switch {
		case hasPrefix(trimmed, "Suppressed: "):
			suppressed = indent
			continue
		case hasPrefix(trimmed, "---> (Inner Exception #"):
			repeated = hasPrefix(trimmed, "---> (Inner Exception #0)") // the one that was printed as the cause
		}
		if repeated {
			continue
		}
		frame, ok := cutAt(line)
		switch {
		case ok && !p.isHead(frame, language):
			if head != nil || len(p.exceptions) == 0 {
				p.openAt(head, language)
				head = nil
			}
			p.atFrame(frame, language)
		case p.isHead(withoutCauses(trimmed, language), language):
			if head != nil && (isCauseMark(head) || isCauseMark(trimmed)) {
				p.openAt(head, language)
			}
			head = trimmed
		case head == nil && len(p.exceptions) == 0 && findHead(withoutCauses(trimmed, language), language) != nil:
			head = findHead(trimmed[:len(withoutCauses(trimmed, language))], language)
			head = trimmed[bytes.Index(trimmed, head):]
		case hasPrefix(trimmed, "--- End of inner exception"):
			p.target = max(0, p.target-1) // .NET prints the cause's frames first
		}
	}
	if head != nil && (len(p.exceptions) == 0 || isCauseMark(head)) {
		p.openAt(head, language)
	}
}

// isCauseMark tells of the lines that open a further exception of the chain.
func isCauseMark(line []byte) bool {
	return hasPrefix(line, "Caused by: ") || hasPrefix(line, "[cause]: ") || hasPrefix(line, "---> ")
}

// isHead tells whether a line names an exception.
func (p *Parser) isHead(line []byte, language Language) bool {
	typ, _ := atHead(line, language)
	return typ != nil
}

// openAt begins the exception that a line names; Mono writes the causes behind
// it, in the same line.
func (p *Parser) openAt(line []byte, language Language) {
	causes := line[len(withoutCauses(line, language)):]
	line = line[:len(line)-len(causes)]
	typ, message := atHead(line, language)
	if typ == nil {
		typ, message = []byte("Error"), line
	}
	p.begin(typ, message)
	if len(causes) > 0 && len(p.exceptions) < maxExceptions {
		p.openAt(bytes.TrimSpace(causes), language)
	}
}

// withoutCauses cuts a line of Mono before the first of the causes in it.
func withoutCauses(line []byte, language Language) []byte {
	if language == CSharp {
		if at := bytes.Index(line, []byte(" ---> ")); at > 0 {
			return line[:at]
		}
	}
	return line
}

// findHead finds "Type: message" behind the words of whoever logged it ("cannot
// pay: shop.Declined: no money"); nil when no part of the line names a type.
func findHead(line []byte, language Language) []byte {
	for range maxHeadParts {
		if typ, _ := atHead(line, language); typ != nil {
			return line
		}
		_, rest, ok := bytes.Cut(line, []byte(": "))
		if !ok {
			return nil
		}
		line = rest
	}
	return nil
}

// maxHeadParts bounds the parts of a line, separated by colons, that are tried for a type.
const maxHeadParts = 6

// withoutMarks cuts off the words by which runtimes introduce an exception, and
// tells whether there were any. The first byte settles most lines.
func withoutMarks(line []byte) (rest []byte, marked bool) {
	if len(line) == 0 || bytes.IndexByte([]byte("FC[-UWE"), line[0]) < 0 {
		return line, false
	}
	for _, mark := range [...]string{"FATAL UNHANDLED EXCEPTION: ", "Caused by: ", "[cause]: ", "---> ", "Unhandled exception. ", "Unhandled Exception: ", "Uncaught ", "Wrapped by: ", "Exception: "} {
		if hasPrefix(line, mark) {
			line, marked = line[len(mark):], true
		}
	}
	return line, marked
}

// atHead splits the line that names an exception into type and message; nil when
// it names none. Behind the words by which runtimes introduce an exception any
// name is a type; elsewhere it must look like one.
func atHead(line []byte, language Language) (typ, message []byte) {
	line, marked := withoutMarks(line)
	if hasPrefix(line, "Exception in thread ") {
		if at := bytes.Index(line, []byte("\" ")); at > 0 {
			line, marked = line[at+2:], true
		}
	}
	if hasPrefix(line, "(Inner Exception #") {
		_, line, _ = bytes.Cut(line, []byte(") "))
	}
	line = bytes.TrimPrefix(line, []byte("(in promise) "))
	typ, message, _ = bytes.Cut(line, []byte(": "))
	typ = bytes.TrimSuffix(typ, []byte{':'})
	if name, _, ok := bytes.Cut(typ, []byte(" [")); ok && typ[len(typ)-1] == ']' {
		typ = name // Node's "TypeError [ERR_X]"
	}
	if !isTypeName(typ, language, marked) {
		return nil, nil
	}
	return typ, message
}

// isTypeName tells of the names that runtimes give exceptions: on the JVM and
// .NET a dotted name, elsewhere a word ending in one of the customary words.
func isTypeName(b []byte, language Language, marked bool) bool {
	if len(b) < 3 || len(b) > 200 {
		return false
	}
	for _, c := range b {
		if !isWordByte(c) && c != '.' && c != '$' && c != '/' && c != '`' && c != '+' && c < 0x80 {
			return false
		}
	}
	base := b[bytes.LastIndexByte(b, '.')+1:]
	if at := bytes.LastIndexByte(base, '$'); at >= 0 {
		base = base[at+1:]
	}
	if len(base) == 0 || base[0] < 'A' || base[0] > 'Z' {
		return false
	}
	if marked {
		return true
	}
	for _, suffix := range []string{"Error", "Exception", "Throwable", "Failure", "Fault", "Timeout", "Interrupt", "Rejection", "Abort"} {
		if hasSuffix(base, suffix) {
			return true
		}
	}
	dots := bytes.Count(b, []byte{'.'})
	return (language != JavaScript && dots >= 2 || language == CSharp && dots == 1 && b[0] >= 'A' && b[0] <= 'Z') && !bytes.Contains(b, []byte("/"))
}

// atFrame adds a frame in the form of its language.
func (p *Parser) atFrame(b []byte, language Language) {
	if language == Java {
		p.javaFrame(b)
	} else {
		p.csharpFrame(b)
	}
}

// IsHead tells of a line that begins with the type of an exception, as runtimes
// print it on a line of its own above the frames.
func IsHead(line []byte) bool {
	if len(line) < 5 || line[0] <= ' ' {
		return false
	}
	if hasPrefix(line, "Exception in thread ") {
		return true
	}
	if at := bytes.IndexByte(line, ' '); at > 0 && line[at-1] != ':' && line[at-1] != '.' && line[at-1] != '>' && line[0] != 'U' && line[0] != 'C' && line[0] != 'W' && !bytes.HasPrefix(line[at+1:], []byte{'['}) {
		return false // a sentence
	}
	typ, _ := atHead(line, Java)
	return typ != nil
}
