package index

import (
	"bytes"
	"strings"
)

var (
	// declares are keywords before the name that they declare.
	declares = wordSet("func def defp class type interface struct enum trait fn function const let var val fun record module namespace object alias")
	// modifiers are words before a declaration that declare nothing themselves.
	modifiers = wordSet("public private protected internal static final abstract override virtual readonly export default async pub unsafe extern sealed open suspend inline data package synchronized volatile transient native")
	// asks are words before a name that is only used.
	asks = wordSet("return throw new yield await raise else in of not and or is case if while for elif when unless import from package use using del delete typeof instanceof go defer assert print echo as")
)

// definedIn collects the names that code declares or gives a value.
func definedIn(code []byte, t tokens) []Term {
	var names []Term
	eachDefined(code, t, func(name []byte) { names = append(names, termOf(name)) })
	return sorted(names)
}

// DefinedBy lists the names that a line of code declares or gives a value.
func DefinedBy(line string, lang *Language) []string {
	if lang == nil {
		return nil
	}
	t := scanTokens(line, lang.syntax)
	var names []string
	eachDefined(bareCode([]byte(line), t), t, func(name []byte) { names = append(names, string(name)) })
	return names
}

// NamedBy lists what a line of code names that exists outside of it.
func NamedBy(line string, lang *Language) []Name {
	if lang == nil {
		return nil
	}
	t := scanTokens(line, lang.syntax)
	return namesOf(bareCode([]byte(line), t), t, nil)
}

// eachDefined calls f for every name that is assigned, is a key or a field, or is
// declared: rather one too many than one too few. code has blanks for literals
// and comments.
func eachDefined(code []byte, t tokens, f func(name []byte)) {
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
			if start > 0 && code[start-1] == '.' {
				inner, previous = 0, "return" // a member: only an assignment gives it a value
			}
			word := string(code[start:pos])
			if gives(code, pos, previous, inner) || previous == "" && typedBehind(code, start, pos) && !asks[word] && !declares[word] && !controlWords[word] && !modifiers[word] {
				f(code[start:pos])
			}
			previous = word
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
	definedByLiterals(code, t, f)
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
	case previous == "" && inner == '{' && (next == ',' || next == '}'): // a field by the name of a variable, unless it is taken apart
		line, _, _ := bytes.Cut(code[pos:min(len(code), pos+maxHeader)], []byte("\n"))
		_, after, closed := bytes.Cut(line, []byte("}"))
		return !closed || !bytes.HasPrefix(bytes.TrimLeft(after, " \t"), []byte("="))
	}
	return false
}

// typedBehind tells whether a word at the beginning of a line or of a parameter
// is followed by its type.
func typedBehind(code []byte, start, end int) bool {
	before := bytes.TrimRight(code[max(0, start-40):start], " \t")
	if len(before) > 0 && strings.IndexByte("\n(,", before[len(before)-1]) < 0 || end+1 >= len(code) || code[end] != ' ' && code[end] != '\t' {
		return false
	}
	rest := bytes.TrimLeft(code[end:min(len(code), end+40)], " \t")
	return len(rest) > 0 && (rest[0] == '[' || rest[0] == '*' || IsWordByte(rest[0]))
}

// definedByLiterals gives the keys that are written as strings, the fields of
// struct tags, and what queries name.
func definedByLiterals(code []byte, t tokens, f func(name []byte)) {
	for i, l := range t.literals {
		text := l.Text
		switch {
		case len(text) > MaxText:
		case plainName.MatchString(text):
			rest := bytes.TrimLeft(code[t.spans[i].to:min(len(code), t.spans[i].to+40)], " \t")
			assigned := bytes.HasPrefix(rest, []byte(":")) || bytes.HasPrefix(rest, []byte("=>")) || bytes.HasPrefix(rest, []byte("] =")) || bytes.HasPrefix(rest, []byte("]="))
			if assigned && !bytes.HasPrefix(rest, []byte("] ==")) && !bytes.HasPrefix(rest, []byte("]==")) {
				f([]byte(text))
			}
		case strings.Contains(text, `:"`), sqlStatement.MatchString(text):
			EachWord([]byte(text), f)
		}
	}
}
