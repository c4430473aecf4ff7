package trace

import (
	"bytes"
	"slices"
	"strings"

	"selfheal"
)

// parsePHP reads "Fatal error: Uncaught Type: message in file:12" and the
// numbered frames. PHP prints the root cause first ("Next" opens what it caused),
// and beside each function the place it was called from: the function that was
// running at a place is the one that the next line names.
func (p *Parser) parsePHP(b []byte) {
	var head []byte // lines that name the exception: its message may have several
	var place phpPlace
	for raw := range bytes.Lines(b) {
		line := bytes.TrimSpace(raw)
		switch {
		case len(line) > 1 && line[0] == '#' && line[1] >= '0' && line[1] <= '9':
			if head != nil || len(p.exceptions) == 0 {
				place = p.phpHead(head)
				head = nil
			}
			place = p.phpFrame(line, place)
		case hasPrefix(line, "Stack trace:"):
		case hasPrefix(line, "Next "), bytes.Contains(line, []byte("Uncaught ")), head == nil && bytes.Contains(line, []byte(": ")) && !hasPrefix(line, "thrown in"):
			head = line
		case head != nil && len(head) < maxMessage:
			head = append(append(bytes.Clone(head), '\n'), line...)
		}
	}
	slices.Reverse(p.exceptions)
}

// phpPlace is where a function was running.
type phpPlace struct {
	path string
	line int
}

// phpHead begins an exception and gives the place where it was raised.
func (p *Parser) phpHead(head []byte) (at phpPlace) {
	for _, mark := range []string{"Fatal error: ", "Uncaught ", "Next "} {
		if at := bytes.Index(head, []byte(mark)); at >= 0 {
			head = bytes.TrimLeft(head[at+len(mark):], " ")
		}
	}
	if in := bytes.LastIndex(head, []byte(" in ")); in > 0 {
		path, n, ok := cutLine(bytes.ReplaceAll(head[in+len(" in "):], []byte(" on line "), []byte{':'}))
		if ok {
			at, head = phpPlace{slashes(path), n}, head[:in]
		}
	}
	typ, message, ok := bytes.Cut(head, []byte(": "))
	if !ok || bytes.IndexByte(typ, ' ') >= 0 {
		typ, message = []byte("Error"), head
	}
	p.begin(typ, message)
	return at
}

// phpFrame reads "#0 /src/x.php(12): Class->method(args)": method was running at
// the place given, and was called from the place that is returned.
func (p *Parser) phpFrame(line []byte, running phpPlace) (caller phpPlace) {
	_, rest, _ := bytes.Cut(line, []byte{' '})
	call := rest
	if place, called, ok := bytes.Cut(rest, []byte(": ")); ok && !hasPrefix(rest, "{main}") {
		call = called
		path, position, _ := bytes.Cut(place, []byte{'('})
		caller.line, _ = number(position)
		if caller.path = slashes(path); hasPrefix(place, "[internal") {
			caller = phpPlace{}
		}
	}
	if at := bytes.IndexByte(call, '('); at > 0 {
		call = call[:at]
	}
	f := selfheal.Frame{File: running.path, Line: running.line}
	f.Package, f.Function = splitPHP(text(call))
	if f.Package == "" {
		f.Package = scriptModule(f.File)
	}
	f.InApp = f.File != "" && (p.hasModule(f.Package) || !strings.Contains(f.File, "/vendor/"))
	p.frame(f)
	return caller
}

// splitPHP splits "Shop\Store->find" into class and method, "Shop\find" into namespace and function.
func splitPHP(call string) (class, function string) {
	for _, separator := range []string{"->", "::"} {
		if class, function, ok := strings.Cut(call, separator); ok {
			return class, function[strings.LastIndexByte(function, '\\')+1:]
		}
	}
	if at := strings.LastIndexByte(call, '\\'); at >= 0 {
		return call[:at], call[at+1:]
	}
	return "", call
}
