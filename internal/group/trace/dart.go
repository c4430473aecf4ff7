package trace

import (
	"bytes"
	"strings"

	"selfheal"
)

// parseDart reads the traces of the Dart virtual machine ("#0      f
// (package:shop/store.dart:12:18)", unawaited gaps between frames) and the terse
// ones of package:stack_trace ("package:shop/store.dart 12:18  f").
func (p *Parser) parseDart(b []byte) {
	var head []byte
	for raw := range bytes.Lines(b) {
		line := withoutFlutter(bytes.TrimSpace(raw))
		function, place, ok := cutDartFrame(line)
		switch {
		case ok:
			if len(p.exceptions) == 0 {
				p.dartHead(head)
			}
			p.dartFrame(function, place)
		case len(p.exceptions) == 0 && len(line) > 0 && (head == nil || hasPrefix(head, "Unhandled exception:")):
			head = line
		}
	}
}

// withoutFlutter drops the tag that Android's log puts before a line of Dart: "E/flutter (14711): ".
func withoutFlutter(line []byte) []byte {
	if len(line) > 1 && line[1] == '/' {
		if _, rest, ok := bytes.Cut(line, []byte("): ")); ok {
			return bytes.TrimSpace(rest)
		}
	}
	return line
}

// cutDartFrame gives function and place of a frame in either form.
func cutDartFrame(line []byte) (function, place []byte, ok bool) {
	if len(line) > 2 && line[0] == '#' {
		_, width := number(line[1:])
		rest := bytes.TrimSpace(line[1+width:])
		at := bytes.LastIndex(rest, []byte(" ("))
		if width == 0 || at < 1 || !hasSuffix(rest, ")") || !isDartPlace(rest[at+2:]) {
			return nil, nil, false
		}
		return rest[:at], rest[at+2 : len(rest)-1], true
	}
	at := bytes.Index(line, []byte("  "))
	if at < 1 || !isDartPlace(line) {
		return nil, nil, false
	}
	return bytes.TrimSpace(line[at:]), bytes.Replace(line[:at], []byte{' '}, []byte{':'}, 1), true
}

// IsTerseDart tells of a frame of package:stack_trace's terse form.
func IsTerseDart(line []byte) bool {
	if len(line) == 0 || line[0] == '#' || len(line) > 1000 || !bytes.Contains(line, []byte("  ")) {
		return false
	}
	_, place, ok := cutDartFrame(line)
	return ok && bytes.IndexByte(place, ' ') < 0
}

func isDartPlace(b []byte) bool {
	return hasPrefix(b, "package:") || hasPrefix(b, "dart:") || hasPrefix(b, "file://") && bytes.Contains(b, []byte(".dart")) || bytes.Contains(b, []byte(".dart "))
}

func (p *Parser) dartFrame(function, place []byte) {
	path, line, ok := cutLine(place)
	if !ok {
		path, line = place, 0
	}
	name := strings.NewReplacer("<anonymous closure>", "<fn>", "new ", "").Replace(text(function))
	f := selfheal.Frame{Function: name, File: slashes(path), Line: line}
	f.Package = f.File
	if rest, ok := strings.CutPrefix(f.File, "package:"); ok {
		f.Package, _, _ = strings.Cut(rest, "/")
	} else if !strings.HasPrefix(f.File, "dart:") {
		f.Package = scriptModule(f.File)
	}
	f.InApp = p.dartInApp(f)
	p.frame(f)
}

// dartInApp: a trace does not tell the service's package from its dependencies.
// Without modules everything counts but the SDK, Flutter and the customary packages.
func (p *Parser) dartInApp(f selfheal.Frame) bool {
	if strings.HasPrefix(f.File, "dart:") || f.File == "" {
		return false
	}
	switch f.Package {
	case "flutter", "http", "dio", "bloc", "flutter_bloc", "provider", "riverpod", "flutter_riverpod", "shelf", "shelf_router", "stack_trace", "async", "collection", "get", "rxdart", "test_api":
		return p.hasModule(f.Package)
	}
	return true
}

// dartHead names the exception: "Type: message", or only a message.
func (p *Parser) dartHead(line []byte) {
	for _, mark := range []string{"Unhandled exception:", "Unhandled Exception: ", "Uncaught "} {
		if at := bytes.LastIndex(line, []byte(mark)); at >= 0 {
			line = bytes.TrimSpace(line[at+len(mark):])
		}
	}
	typ, message, ok := bytes.Cut(line, []byte(": "))
	if !ok || !isConstant(typ) {
		typ, message = []byte("Error"), line
	}
	p.begin(typ, message)
}
