package index

import (
	"path"
	"strings"
)

// Language is a programming language that is read.
type Language struct {
	Name     string
	comments []string // prefixes of lines that are comments
	syntax   syntax
	scan     func(content []byte, t tokens) *File // functions and literals
}

var (
	hashComments  = []string{"#"}
	slashComments = []string{"//", "/*", "*/", "* "}
)

// LanguageOf gives the language of a file by its extension; nil when it is no program code.
func LanguageOf(name string) *Language {
	switch strings.ToLower(path.Ext(name)) {
	case ".go":
		return &Language{"go", slashComments, goSyntax, scanGo}
	case ".py", ".pyi", ".pyx":
		return &Language{"python", hashComments, pythonSyntax, scanPython}
	case ".rb", ".rake", ".cr":
		return &Language{"ruby", hashComments, rubySyntax, scanRuby}
	case ".ex", ".exs":
		return &Language{"elixir", hashComments, rubySyntax, scanRuby}
	case ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte":
		return &Language{"javascript", slashComments, braceSyntax, scanBraces}
	case ".rs":
		return &Language{"rust", slashComments, rustSyntax, scanBraces}
	case ".java", ".kt", ".kts", ".scala", ".groovy", ".cs", ".swift", ".dart",
		".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".m", ".mm", ".zig":
		return &Language{"braces", slashComments, braceSyntax, scanBraces}
	case ".php":
		return &Language{"php", append([]string{"#"}, slashComments...), phpSyntax, scanBraces}
	}
	return nil
}

// Commented gives a language of which only the comments are known: lines that begin so.
func Commented(name string, prefixes ...string) *Language {
	return &Language{Name: name, comments: prefixes}
}

// IsComment tells whether a line of the language is blank or nothing but a comment.
func (l *Language) IsComment(line string) bool {
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
