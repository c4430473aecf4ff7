package trace

import (
	"bytes"
	"slices"
	"strings"

	"selfheal"
)

// parsePython reads tracebacks. Python prints the root cause first and the
// newest frame last; both orders are turned round. What an exception group holds
// is printed below it, and follows it.
func (p *Parser) parsePython(b []byte) {
	var pending []selfheal.Frame
	in := false
	chain := 0 // how many exceptions are of the chain, not inside a group
	for raw := range bytes.Lines(b) {
		line := withoutBreak(raw)
		trimmed := bytes.TrimLeft(line, " \t|+")
		switch {
		case bytes.Contains(trimmed, []byte("Traceback (most recent call last)")), isGroupSeparator(line):
			in, pending = true, pending[:0]
		case !in:
		case hasPrefix(trimmed, "File \""):
			if f, ok := p.pythonFrame(trimmed); ok {
				pending = appendEnds(pending, f)
			}
		case len(trimmed) == 0 || startsIndented(line) && !isGroupLine(line):
			// source excerpts, markers, repeats
		default:
			typ, message := pythonHead(trimmed)
			if typ == nil {
				continue
			}
			in = false
			p.pythonException(typ, message, pending)
			pending = pending[:0]
			if bytes.IndexByte(line, '|') <= 2 && len(p.exceptions) == chain+1 {
				chain++
			}
		}
	}
	if in && len(pending) > 0 { // the trace was cut before its last line
		p.pythonException([]byte("Exception"), nil, pending)
		chain = len(p.exceptions)
	}
	slices.Reverse(p.exceptions[:chain])
}

// appendEnds keeps the outermost and the innermost frames of a stack that is too
// deep to be kept: where the recursion began and where it failed.
func appendEnds(frames []selfheal.Frame, f selfheal.Frame) []selfheal.Frame {
	if len(frames) < maxFrames {
		return append(frames, f)
	}
	copy(frames[maxFrames/2:], frames[maxFrames/2+1:])
	frames[maxFrames-1] = f
	return frames
}

// isGroupSeparator: "  +-+---------------- 1 ----------------", above each exception of a group.
func isGroupSeparator(line []byte) bool {
	trimmed := bytes.TrimLeft(line, " ")
	return len(trimmed) < len(line) && hasPrefix(trimmed, "+-") && bytes.Contains(trimmed, []byte("--- "))
}

func startsIndented(line []byte) bool { return len(line) > 0 && (line[0] == ' ' || line[0] == '\t') }

// isGroupLine tells of the lines of an exception group, which carry a bar: "  | ValueError: x".
func isGroupLine(line []byte) bool {
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(line, " "), []byte("| "))
	return ok && len(rest) > 0 && rest[0] != ' '
}

// pythonException adds one exception with its frames, innermost first.
func (p *Parser) pythonException(typ, message []byte, frames []selfheal.Frame) {
	if len(p.exceptions) == maxExceptions {
		return
	}
	p.begin(typ, message)
	for _, f := range slices.Backward(frames) {
		p.frame(f)
	}
}

// pythonHead splits "package.Type: message"; nil when the line does not begin with a dotted name.
func pythonHead(line []byte) (typ, message []byte) {
	typ, message, _ = bytes.Cut(line, []byte{':'})
	if len(typ) == 0 || len(typ) > 200 || typ[0] >= '0' && typ[0] <= '9' {
		return nil, nil
	}
	for _, c := range typ {
		if !isWordByte(c) && c != '.' && c < 0x80 && c != '<' && c != '>' {
			return nil, nil
		}
	}
	return typ, message
}

// pythonFrame reads `File "x.py", line 12, in f`.
func (p *Parser) pythonFrame(line []byte) (selfheal.Frame, bool) {
	rest := line[len(`File "`):]
	path, rest, ok := bytes.Cut(rest, []byte{'"'})
	if !ok || !hasPrefix(rest, ", line ") {
		return selfheal.Frame{}, false
	}
	n, width := number(rest[len(", line "):])
	rest = rest[len(", line ")+width:]
	function, _ := bytes.CutPrefix(rest, []byte(", in "))
	f := selfheal.Frame{Function: text(bytes.TrimSpace(function)), File: slashes(path), Line: n}
	f.Package = pythonModule(f.File)
	f.InApp = p.pythonInApp(f.File)
	return f, true
}

// pythonModule is the last element of the module's name: all that does not depend on where it was installed.
func pythonModule(path string) string {
	dir, base := splitPath(strings.TrimSuffix(strings.TrimSuffix(path, ".py"), ".pyc"))
	if base == "__init__" {
		_, base = splitPath(dir)
	}
	return base
}

func splitPath(path string) (dir, base string) {
	if at := strings.LastIndexByte(path, '/'); at >= 0 {
		return path[:at], path[at+1:]
	}
	return "", path
}

func (p *Parser) pythonInApp(path string) bool {
	if strings.HasPrefix(path, "<") {
		return false
	}
	if containsAny(path, "/site-packages/", "/dist-packages/", "/lib/python2", "/lib/python3", "/Lib/", "/lib64/python3", "importlib/_bootstrap") {
		return false
	}
	return path != ""
}
