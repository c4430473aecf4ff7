package index

import (
	"slices"
	"sort"
	"strings"

	"selfheal"
)

// File is what is known of the content of one file: enough to find the statement
// behind a message, the functions around a line, and where names are given a
// value and used. It knows no types.
type File struct {
	Functions []Function // by first line; inner ones after the outer ones that hold them
	Literals  []Literal  // by line; those by which a message can be told
	Names     []Name     // by line
	// Terms are the words of the file and each two that follow one another, sorted.
	Terms []Term
	// Defined are the names that the file declares or gives a value, sorted.
	Defined []Term
}

// Function is a function, method or top-level declaration with its extent.
type Function struct {
	Name       string // without receiver, class or package
	Start, End int    // lines, inclusive
	// Declaration says that it is no function but a top-level constant, variable or type.
	Declaration bool
	// Uses are the names that its body mentions, sorted; for scanned languages, the names that it calls.
	Uses []Term
}

// Mentions tells whether the body uses a name.
func (f *Function) Mentions(name string) bool { return contains(f.Uses, TermOf(name)) }

// Literal is one string literal.
type Literal struct {
	Start, End int // lines, inclusive
	Text       string
	// Key is a term that every message with the text has; 0 when the text is too short to identify one.
	Key Term
	// Role and Level are those of the statement that holds it.
	Role  Role
	Level selfheal.Severity
}

// Parse reads a file. It never fails: what it cannot make sense of it leaves out.
func Parse(content []byte, lang *Language) *File {
	t := scanTokens(string(content), lang.syntax)
	f := lang.scan(content, t)
	f.sort()
	code := bareCode(content, t)
	f.setRoles(statementsIn(code, t))
	f.keepPhrases()
	f.Terms = termsOf(content)
	defined := definedIn(code, t)
	for _, fn := range f.Functions {
		defined = append(defined, TermOf(fn.Name))
	}
	f.Defined = slices.DeleteFunc(sorted(defined), func(t Term) bool { return !contains(f.Terms, t) })
	f.Names = namesOf(code, t, f.Functions)
	return f
}

// keepPhrases leaves out the literals by which no message can be told.
func (s *File) keepPhrases() {
	kept := s.Literals[:0:0]
	for _, l := range s.Literals {
		l.Text = l.Text[:min(len(l.Text), MaxText)]
		if p, ok := PhraseOf(l.Text); ok {
			l.Key = p.key()
			kept = append(kept, l)
		}
	}
	s.Literals = kept
}

// sort brings functions and literals into their documented order.
func (s *File) sort() {
	sort.SliceStable(s.Functions, func(i, j int) bool {
		a, b := s.Functions[i], s.Functions[j]
		return a.Start < b.Start || a.Start == b.Start && a.End > b.End
	})
	sort.SliceStable(s.Literals, func(i, j int) bool { return s.Literals[i].Start < s.Literals[j].Start })
}

// setRoles tells literals what the statements do that hold them; of several, the shortest counts.
func (s *File) setRoles(statements []Statement) {
	type held struct{ size, statement int }
	lines := map[int]held{}
	for i, statement := range statements {
		size := statement.End - statement.Start
		for n := statement.Start; n <= statement.End; n++ {
			if at, known := lines[n]; !known || size < at.size {
				lines[n] = held{size, i}
			}
		}
	}
	for i := range s.Literals {
		if at, known := lines[s.Literals[i].Start]; known {
			s.Literals[i].Role, s.Literals[i].Level = statements[at.statement].Role, statements[at.statement].Level
		}
	}
}

// FunctionAt gives the innermost function that holds a line; a function goes before a declaration.
func (s *File) FunctionAt(line int) *Function {
	var best *Function
	for i := range s.Functions {
		f := &s.Functions[i]
		if f.Start > line {
			break
		}
		if f.End >= line && (best == nil || best.Declaration || !f.Declaration) {
			best = f
		}
	}
	return best
}

// FunctionsNamed gives the functions of that name.
func (s *File) FunctionsNamed(name string) []*Function {
	var found []*Function
	for i := range s.Functions {
		if f := &s.Functions[i]; f.Name == name && !f.Declaration {
			found = append(found, f)
		}
	}
	return found
}

// Squeeze takes all white space out of a text.
func Squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// ParseSettings reads a file of settings: a manifest, a file of variables. Every word in there may be a name.
func ParseSettings(content []byte) *File {
	terms := termsOf(content)
	return &File{Terms: terms, Defined: terms}
}

// Has tells whether the file has a word.
func (s *File) Has(t Term) bool { return contains(s.Terms, t) }

// Defines tells whether the file declares a name or gives it a value.
func (s *File) Defines(t Term) bool { return contains(s.Defined, t) }

func contains(sorted []Term, t Term) bool {
	_, found := slices.BinarySearch(sorted, t)
	return found
}
