package trace

import (
	"bytes"
	"strings"

	"selfheal"
)

// parseRuby reads "file.rb:12:in `f': message (Type)" and the frames below it,
// and frames below "Type (message):" as Rails logs them. A cause follows the
// frames of what it caused.
func (p *Parser) parseRuby(b []byte) {
	head := 0 // where the text begins that may name the next exception
	for at := 0; at < len(b); {
		end := lineEnd(b, at)
		line := bytes.TrimSpace(b[at:end])
		frame, called := bytes.CutPrefix(line, []byte("from "))
		place, rest, ok := cutRubyFrame(frame)
		if !ok {
			at = end + 1
			continue
		}
		function, message, _ := bytes.Cut(rest, []byte{'\''})
		if message, ok := bytes.CutPrefix(message, []byte(": ")); ok && !called {
			p.rubyHead(message)
		} else if above := bytes.TrimSpace(b[head:at]); len(p.exceptions) == 0 || !called && isRubyType(above) {
			p.rubyHead(above)
		}
		p.rubyFrame(place, function)
		at = end + 1
		head = at
	}
}

func (p *Parser) rubyFrame(place, function []byte) {
	path, n, _ := cutLine(place)
	f := selfheal.Frame{Function: rubyFunction(text(function)), File: slashes(path), Line: n}
	f.Package = scriptModule(f.File)
	f.InApp = p.hasModule(f.Package) || !containsAny(f.File, "/gems/", "/lib/ruby/", "<internal:", "/vendor/bundle/", "/rubygems/", ") lib/", ") app/")
	p.frame(f)
}

// IsRubyHead tells of "file.rb:12:in `f': message (Type)".
func IsRubyHead(line []byte) bool {
	colon := bytes.IndexByte(line, ':')
	return colon >= 4 && hasSuffix(line[:colon], ".rb") && bytes.IndexByte(line[:colon], ' ') < 0 && IsRubyFrame(line) && bytes.Contains(line, []byte("': "))
}

// IsRubyFrame tells of "app/shop.rb:12:in `f'", behind the gem's name and version or not.
func IsRubyFrame(line []byte) bool {
	place, _, ok := cutRubyFrame(line)
	return ok && bytes.Contains(place, []byte(".rb:")) && len(place) < 300
}

// cutRubyFrame splits "file.rb:12:in `f'..." into place and what follows the opening quote.
func cutRubyFrame(line []byte) (place, rest []byte, ok bool) {
	if place, rest, ok = bytes.Cut(line, []byte(":in `")); ok {
		return place, rest, true
	}
	return bytes.Cut(line, []byte(":in '"))
}

// isRubyType tells whether a text begins like "Type (" or "Type: ".
func isRubyType(head []byte) bool {
	typ, rest, _ := bytes.Cut(head, []byte{' '})
	return len(typ) > 2 && typ[0] >= 'A' && typ[0] <= 'Z' && (hasPrefix(rest, "(") || hasSuffix(typ, ":"))
}

// rubyHead finds the type in "message (Type)", "Type (message):" or "Type: message".
func (p *Parser) rubyHead(head []byte) {
	if _, rest, ok := bytes.Cut(head, []byte(" -- ")); ok && len(head) > 4 && head[1] == ',' && head[3] == '[' { // of Ruby's logger
		_, rest, _ = bytes.Cut(rest, []byte(": "))
		head = bytes.TrimSpace(rest)
	}
	head = bytes.TrimSuffix(bytes.TrimSpace(head), []byte{':'})
	first := bytes.TrimSpace(head[:lineEnd(head, 0)])
	open := bytes.LastIndexByte(head, '(')
	switch {
	case open >= 0 && hasSuffix(head, ")") && isConstant(head[open+1:len(head)-1]):
		p.begin(head[open+1:len(head)-1], bytes.TrimSpace(first[:min(len(first), open)]))
	case isRubyType(head) && bytes.Contains(first, []byte(" (")):
		typ, message, _ := bytes.Cut(first, []byte(" ("))
		p.begin(typ, bytes.TrimRight(message, "):"))
	case isRubyType(head):
		typ, message, _ := bytes.Cut(first, []byte(": "))
		p.begin(typ, message)
	default:
		p.begin([]byte("RuntimeError"), first)
	}
}

// isConstant tells of Ruby's names of classes: "NoMethodError", "Shop::Gone".
func isConstant(b []byte) bool {
	for _, c := range b {
		if !isWordByte(c) && c != ':' {
			return false
		}
	}
	return len(b) > 2 && b[0] >= 'A' && b[0] <= 'Z'
}

// rubyFunction drops "block in", "rescue in" and nesting levels.
func rubyFunction(name string) string {
	if at := strings.LastIndex(name, " in "); at >= 0 {
		return name[at+len(" in "):]
	}
	return name
}
