package index

import (
	"bytes"
	"strings"
)

var (
	// declares are keywords before the name that they declare.
	declares = wordSet("func def defp class type interface struct enum trait fn function const let var val fun record module namespace object alias")
	// asks are words before a name that is only used.
	asks = wordSet("return throw new yield await raise else in of not and or is case if while for elif when unless import from package use using del delete typeof instanceof go defer assert print echo as")
)

// definedIn collects the names that code declares or gives a value: what is
// assigned, a key or a field, a declaration. Rather one too many than one too few.
// code has blanks for literals and comments.
func definedIn(code []byte, t tokens) []Term {
	var names []Term
	var open []byte // brackets open on the line
	previous, pos := "", 0
	for pos < len(code) {
		c := code[pos]
		switch {
		case c == '\n':
			open, previous = open[:0], ""
			pos++
		case IsWordByte(c):
			start := pos
			for pos < len(code) && IsWordByte(code[pos]) {
				pos++
			}
			inner := byte(0)
			if len(open) > 0 {
				inner = open[len(open)-1]
			}
			if gives(code, pos, previous, inner) {
				names = append(names, termOf(code[start:pos]))
			}
			previous = string(code[start:pos])
		default:
			switch c {
			case '(', '[', '{':
				open = append(open, c)
			case ')', ']', '}':
				open = open[:max(0, len(open)-1)]
			}
			if c != ' ' && c != '\t' && c != '*' && c != '&' && c != '>' && c != ']' && c != '?' {
				previous = ""
			}
			pos++
		}
	}
	return sorted(append(names, definedByLiterals(code, t)...))
}

// gives tells whether the word that ends at pos is declared or gets a value there.
func gives(code []byte, pos int, previous string, inner byte) bool {
	rest := bytes.TrimLeft(code[pos:min(len(code), pos+40)], " \t")
	next, second := byte('\n'), byte('\n')
	if len(rest) > 0 {
		next = rest[0]
	}
	if len(rest) > 1 {
		second = rest[1]
	}
	switch {
	case next == '=':
		return second != '=' && second != '~'
	case next == ':':
		return second != ':'
	case strings.IndexByte("+-|/*?", next) >= 0 && second == '=':
		return true
	case declares[previous]:
		return true
	case previous != "" && !asks[previous]: // a declaration with its type, or a field
		return strings.IndexByte("=;,)\n\r", next) >= 0
	case inner == '{' && (next == ',' || next == '}'): // a field by the name of a variable, unless it is taken apart
		line, _, _ := bytes.Cut(code[pos:min(len(code), pos+maxHeader)], []byte("\n"))
		_, after, closed := bytes.Cut(line, []byte("}"))
		return !closed || !bytes.HasPrefix(bytes.TrimLeft(after, " \t"), []byte("="))
	case next == '[' || next == '*' || IsWordByte(next): // a field, or a parameter with its type behind
		return previous == ""
	}
	return false
}

// definedByLiterals collects the keys that are written as strings, the fields of
// struct tags, and what queries name.
func definedByLiterals(code []byte, t tokens) []Term {
	var names []Term
	for i, l := range t.literals {
		text := l.Text
		switch {
		case len(text) > MaxText:
		case plainName.MatchString(text):
			rest := bytes.TrimLeft(code[t.spans[i].to:min(len(code), t.spans[i].to+40)], " \t")
			assigned := bytes.HasPrefix(rest, []byte(":")) || bytes.HasPrefix(rest, []byte("=>")) || bytes.HasPrefix(rest, []byte("] =")) || bytes.HasPrefix(rest, []byte("]="))
			if assigned && !bytes.HasPrefix(rest, []byte("] ==")) && !bytes.HasPrefix(rest, []byte("]==")) {
				names = append(names, TermOf(text))
			}
		case strings.Contains(text, `:"`), sqlStatement.MatchString(text):
			EachWord([]byte(text), func(w []byte) { names = append(names, termOf(w)) })
		}
	}
	return names
}
