package index

import (
	"cmp"
	"slices"
)

// Emitter is a literal whose text a message has.
type Emitter struct {
	Path     string
	Literal  Literal
	Function *Function // that holds it; nil at top level
	Phrase   Phrase
	Length   int     // characters of the message that are constant
	End      float64 // where in the message the text ends, 0..1
}

// Emitters finds the statements that may have put words into a message, in the
// order of the tree. White space of the message is squeezed to single blanks.
func (x *Index) Emitters(message string) []Emitter {
	keys := map[Term]bool{}
	var previous Term
	EachWord([]byte(message), func(w []byte) {
		t := termOf(w)
		keys[t], keys[previous.join(t)] = true, true
		previous = t
	})
	var found []Emitter
	for _, path := range x.Paths {
		f := x.Files[path]
		for _, l := range f.Literals {
			if !keys[l.Key] {
				continue
			}
			p, ok := PhraseOf(l.Text)
			if !ok {
				continue
			}
			if length, end, ok := p.Match(message); ok {
				found = append(found, Emitter{path, l, f.FunctionAt(l.Start), p, length, end})
			}
		}
	}
	return found
}

// Caller is a function that reaches another.
type Caller struct {
	Path     string
	Function *Function
	Via      *Function // it calls, when Hops is 2
	Hops     int       // 1: it calls the function itself
}

// Callers finds the functions that mention a name, and those that mention them:
// without types, so that every function of the name counts. A name that more
// than limit functions mention leads nowhere.
func (x *Index) Callers(name string, limit int) []Caller {
	direct := x.mentioning(name, limit)
	found := make([]Caller, 0, len(direct))
	seen := map[*Function]bool{}
	for _, c := range direct {
		seen[c.Function] = true
		found = append(found, c)
	}
	for _, via := range direct {
		for _, c := range x.mentioning(via.Function.Name, limit) {
			if !seen[c.Function] && via.Function.Name != name {
				seen[c.Function] = true
				found = append(found, Caller{c.Path, c.Function, via.Function, 2})
			}
		}
	}
	return found
}

func (x *Index) mentioning(name string, limit int) []Caller {
	t := TermOf(name)
	var found []Caller
	for _, path := range x.Paths {
		f := x.Files[path]
		if !f.Has(t) {
			continue
		}
		for i := range f.Functions {
			fn := &f.Functions[i]
			if fn.Declaration || fn.Name == name || !contains(fn.Uses, t) {
				continue
			}
			if found = append(found, Caller{Path: path, Function: fn, Hops: 1}); len(found) > limit {
				return nil
			}
		}
	}
	return found
}

// Definition is a function of the revision.
type Definition struct {
	Path     string
	Function *Function
}

// Defining finds the functions of a name, in the order of the tree.
func (x *Index) Defining(name string) []Definition { return x.functions[TermOf(name)] }

// Callees finds the functions that have the names which a function uses; names of one letter or two lead nowhere.
func (x *Index) Callees(f *Function) []Definition {
	var found []Definition
	for _, t := range f.Uses {
		for _, d := range x.functions[t] {
			if d.Function != f && len(d.Function.Name) > 2 {
				found = append(found, d)
			}
		}
	}
	return found
}

// Place is where the code names something that exists outside of it.
type Place struct {
	Path string
	Name Name
}

// Named finds the places that name something, those that bring it about first.
func (x *Index) Named(text string) []Place {
	var found []Place
	for _, path := range x.Paths {
		for _, n := range x.Files[path].Names {
			if n.Text == text {
				found = append(found, Place{path, n})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Place) int { return cmp.Compare(bit(b.Name.Defines), bit(a.Name.Defines)) })
	return found
}

// Defined tells whether any file declares a name, gives it a value or, as a file
// of settings, has it.
func (x *Index) Defined(name string) bool {
	t := TermOf(name)
	for _, f := range x.Files {
		if f.Defines(t) {
			return true
		}
	}
	return x.Set(name)
}

// Set tells whether a file of settings has a name.
func (x *Index) Set(name string) bool {
	t := TermOf(name)
	return slices.ContainsFunc(x.settings, func(f *File) bool { return f.Defines(t) })
}

// Frequencies counts for each term the files of code that have it.
func (x *Index) Frequencies(terms map[Term]bool) map[Term]int {
	// Most terms of the files are not asked for: a table by 16 bits of the hash says so at once.
	var asked [1 << 16]bool
	for t := range terms {
		asked[t>>16] = true
	}
	counts := make(map[Term]int, len(terms))
	for _, f := range x.Files {
		for _, t := range f.Terms {
			if asked[t>>16] && terms[t] {
				counts[t]++
			}
		}
	}
	return counts
}
