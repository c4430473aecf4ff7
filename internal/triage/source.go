package triage

import (
	"path"
	"sort"
	"strings"
)

// Source is what is known of one file of program code: enough to find the
// statement behind a message and the functions around a line, without types.
type Source struct {
	Functions []Function // by first line; inner ones after the outer ones that hold them
	Literals  []Literal  // by line
}

// Function is a function, method or top-level declaration with its extent.
type Function struct {
	Name       string // without receiver, class or package
	Start, End int    // lines, inclusive
	// Declaration says that it is no function but a top-level constant, variable or type.
	Declaration bool
	Uses        map[string]bool // names that its body mentions; for scanned languages, names that it calls
}

// Literal is one string literal.
type Literal struct {
	Start, End int // lines, inclusive
	Text       string
}

// language reads one programming language.
type language struct {
	name     string
	comments []string // prefixes of lines that are comments
	syntax   syntax
	scan     func(content []byte) Source
}

var (
	hashComments  = []string{"#"}
	slashComments = []string{"//", "/*", "*/", "* "}
)

// languageOf gives the language of a file by its extension; nil when it is no program code.
func languageOf(name string) *language {
	switch strings.ToLower(path.Ext(name)) {
	case ".go":
		return &language{"go", slashComments, goSyntax, scanGo}
	case ".py", ".pyi", ".pyx":
		return &language{"python", hashComments, pythonSyntax, scanPython}
	case ".rb", ".rake", ".cr":
		return &language{"ruby", hashComments, rubySyntax, scanRuby}
	case ".ex", ".exs":
		return &language{"elixir", hashComments, rubySyntax, scanRuby}
	case ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte":
		return &language{"javascript", slashComments, braceSyntax, scanBraces}
	case ".rs":
		return &language{"rust", slashComments, rustSyntax, scanRust}
	case ".java", ".kt", ".kts", ".scala", ".groovy", ".cs", ".swift", ".dart",
		".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".m", ".mm", ".zig":
		return &language{"braces", slashComments, braceSyntax, scanBraces}
	case ".php":
		return &language{"php", append([]string{"#"}, slashComments...), phpSyntax, scanBraces}
	}
	return nil
}

// isComment tells whether a line of the language is blank or nothing but a comment.
func (l *language) isComment(line string) bool {
	line = strings.TrimSpace(line)
	if line == "" || line == "*" {
		return true
	}
	if l == nil {
		return false
	}
	for _, prefix := range l.comments {
		if strings.HasPrefix(line, prefix) && !strings.HasPrefix(line, "//go:") && !strings.HasPrefix(line, "#!") {
			return true
		}
	}
	return false
}

// functionAt gives the innermost function that holds a line; a function goes before a declaration.
func (s *Source) functionAt(line int) *Function {
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

// functionNamed gives the functions of that name.
func (s *Source) functionNamed(name string) []*Function {
	var found []*Function
	for i := range s.Functions {
		if f := &s.Functions[i]; f.Name == name && !f.Declaration {
			found = append(found, f)
		}
	}
	return found
}

// sortSource brings functions and literals into their documented order.
func sortSource(s *Source) {
	sort.SliceStable(s.Functions, func(i, j int) bool {
		a, b := s.Functions[i], s.Functions[j]
		return a.Start < b.Start || a.Start == b.Start && a.End > b.End
	})
	sort.SliceStable(s.Literals, func(i, j int) bool { return s.Literals[i].Start < s.Literals[j].Start })
}
