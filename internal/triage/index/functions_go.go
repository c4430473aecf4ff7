package index

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// scanGo reads Go with the standard parser. Files that do not parse are read as
// far as they do; when nothing comes of it, they are scanned like other
// languages with braces.
func scanGo(content []byte, t tokens) *File {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", content, parser.SkipObjectResolution)
	if file == nil || (err != nil && len(file.Decls) == 0) {
		return scanBraces(content, t)
	}
	var s File
	last := bytes.Count(content, []byte("\n")) + 1
	line := func(p token.Pos) int { return files.PositionFor(p, false).Line } // comments do not say which line it is
	add := func(name string, node ast.Node, declaration bool) {
		end := line(node.End())
		if end == 0 { // the body is not closed
			end = last
		}
		s.Functions = append(s.Functions, Function{Name: name, Start: line(node.Pos()), End: end, Declaration: declaration, Uses: usedNames(node)})
	}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			add(d.Name.Name, d, false)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if name := specName(spec); name != "" {
					add(name, spec, true)
				}
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false // paths are no messages
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				s.Literals = append(s.Literals, Literal{Start: line(n.Pos()), End: line(n.End()), Text: goString(n.Value)})
			}
		}
		return true
	})
	return &s
}

func specName(spec ast.Spec) string {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return s.Name.Name
	case *ast.ValueSpec:
		return s.Names[0].Name
	}
	return ""
}

// usedNames collects the identifiers that a declaration mentions.
func usedNames(node ast.Node) []Term {
	var names []Term
	ast.Inspect(node, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && len(id.Name) > 2 {
			names = append(names, TermOf(id.Name))
		}
		return true
	})
	return sorted(names)
}

func goString(raw string) string {
	if text, err := strconv.Unquote(raw); err == nil {
		return text
	}
	return strings.Trim(raw, "\"`")
}
