package triage

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/triage/index"
)

// typedNilRule finds where a commit lets a pointer that may be nil become an
// interface: the interface is then not equal to nil, checks pass, and the method
// that is called meets a nil receiver. The stack names the type of the pointer.
func (b *bench) typedNilRule() []finding {
	var out []finding
	for _, f := range b.frames {
		t := receiverOf(f.stackFrame)
		if t == "" || !isWord(t) || !absentValue.MatchString(b.symptom.message) {
			continue
		}
		pointers := b.deletedPointers(t)
		for i, e := range b.edits {
			if e.op != selfheal.LineAdded || e.moved || e.near.line == 0 || !isGo(e.at.path) {
				continue
			}
			text, ok := b.becameInterface(e, t, pointers[e.group])
			if !ok {
				text, ok = b.returnedNil(e, t)
			}
			if !ok {
				continue
			}
			weight := weightTypedNil
			if !b.onTheWay(e) {
				weight *= factorUnlinked
			}
			x := selfheal.Exhibit{Kind: selfheal.ExhibitIdentifier, Weight: weight, Text: text, Observed: shorten(f.quote)}
			b.quoteEdit(&x, i)
			out = append(out, finding{family: familyArgument, commit: e.commit, exhibit: x, lines: []pointer{{i, pointsReplaced}}})
		}
		return out // only the innermost receiver was dereferenced
	}
	return out
}

// onTheWay tells whether the stack leads through the package of an edit, or past
// a name that stands on its line.
func (b *bench) onTheWay(e edit) bool {
	return slices.ContainsFunc(b.frames, func(f located) bool {
		if dirOf(f.path) == dirOf(e.near.path) {
			return true
		}
		s := b.sources[f.path]
		if s == nil || f.stale || f.line < 1 || f.line > len(s.lines) {
			return false
		}
		for _, m := range declared.FindAllStringSubmatch(e.text, 20) {
			if hasWord(s.lines[f.line-1], m[1]) {
				return true
			}
		}
		return false
	})
}

// deletedPointers gives by hunk the deleted lines that name a pointer to the type.
func (b *bench) deletedPointers(pointer string) map[int][]string {
	lines := map[int][]string{}
	for _, e := range b.edits {
		if e.op == selfheal.LineDeleted && strings.Contains(e.text, "*") && hasWord(e.text, pointer) {
			lines[e.group] = append(lines[e.group], e.text)
		}
	}
	return lines
}

func isGo(path string) bool {
	lang := index.LanguageOf(path)
	return lang != nil && lang.Name == "go"
}

// declared matches a field, parameter or variable with its type; group 1 is the name, 2 the type.
var declared = regexp.MustCompile(`([A-Za-z_]\w*)\s+(\*?(?:\w+\.)?[A-Za-z_]\w*)`)

// becameInterface tells whether an added line gives a name an interface type
// where the deleted lines of the hunk gave it a pointer to the type.
func (b *bench) becameInterface(e edit, pointer string, deleted []string) (text string, ok bool) {
	if len(deleted) == 0 {
		return "", false
	}
	for _, m := range declared.FindAllStringSubmatch(e.text, 20) {
		name, now := m[1], m[2]
		_, bare, _ := cutLast(now, ".")
		if now[0] == '*' {
			continue
		}
		for _, line := range deleted {
			if declares(line, name, pointer) && b.isInterface(e.at.path, now, bare) {
				return fmt.Sprintf("this commit made %s, which was a pointer to %s, an interface: a nil %s in it is not equal to nil", name, pointer, pointer), true
			}
		}
	}
	return "", false
}

// declares tells whether a line gives a name the type of a pointer to a type.
func declares(line, name, pointer string) bool {
	return slices.ContainsFunc(declared.FindAllStringSubmatch(line, 20), func(m []string) bool {
		_, bare, _ := cutLast(m[2], ".")
		return m[1] == name && m[2][0] == '*' && (bare == pointer || bare == "*"+pointer)
	})
}

// isInterface tells whether a file that was read declares the type as an
// interface, in the directory of the package that is meant.
func (b *bench) isInterface(from, qualified, bare string) bool {
	declaration := regexp.MustCompile(`^\s*(?:type\s+)?` + regexp.QuoteMeta(bare) + `\s+interface\s*\{`)
	for path, s := range b.sources {
		if !isGo(path) || qualified == bare && dirOf(path) != dirOf(from) || qualified != bare && packageOf(path)+"."+bare != qualified {
			continue
		}
		if s.Has(index.TermOf(bare)) && slices.ContainsFunc(s.lines, declaration.MatchString) {
			return true
		}
	}
	return false
}

var (
	zeroPointer  = regexp.MustCompile(`^\s*var\s+([A-Za-z_]\w*)\s+\*(?:\w+\.)?([A-Za-z_]\w*)\s*$`)
	returnsError = regexp.MustCompile(`\b(?:error|any|interface\{\})\)?\s*\{\s*$`)
)

// returnedNil tells whether an added line declares a pointer to the type without
// a value which its function then returns as an interface.
func (b *bench) returnedNil(e edit, pointer string) (text string, ok bool) {
	m := zeroPointer.FindStringSubmatch(e.text)
	s := b.sources[e.near.path]
	if m == nil || m[2] != pointer || s == nil {
		return "", false
	}
	function := s.FunctionAt(e.near.line)
	if function == nil || len(s.code(function)) == 0 || !returnsError.MatchString(s.code(function)[0]) {
		return "", false
	}
	returned := regexp.MustCompile(`^\s*return\b.*\b` + regexp.QuoteMeta(m[1]) + `\s*$`)
	if !slices.ContainsFunc(s.code(function), returned.MatchString) {
		return "", false
	}
	return fmt.Sprintf("%s returns the pointer %s as an interface since this commit: a nil %s is then not equal to nil", function.Name, m[1], pointer), true
}

// receiverOf gives the type of a method whose receiver was nil, or may have been,
// as a Go stack prints it.
func receiverOf(f stackFrame) string {
	_, rest, ok := strings.Cut(f.function, "(*")
	if !ok || !f.nilArgument && !f.inlined {
		return ""
	}
	name, _, _ := strings.Cut(rest, ")")
	return name
}
