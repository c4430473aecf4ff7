package triage

import (
	"regexp"
	"strings"
)

var (
	pythonDefinition = regexp.MustCompile(`^(\s*)(?:async\s+)?(def|class)\s+([A-Za-z_]\w*)`)
	rubyDefinition   = regexp.MustCompile(`^(\s*)(def|defp|defmacro)\s+(?:self\.)?([A-Za-z_]\w*[?!=]?)`)
	rubyEnd          = regexp.MustCompile(`^(\s*)end\b`)
)

// scanPython finds functions by indentation.
func scanPython(content []byte) Source {
	text := string(content)
	lines := strings.Split(text, "\n")
	tokens := scanTokens(text, pythonSyntax)
	inString := linesWithin(tokens.literals, len(lines))
	var (
		s    Source
		open []int // indices into s.Functions
	)
	indent := map[int]int{}
	last := 0 // last line with code
	closeTo := func(width int) {
		for len(open) > 0 && indent[open[len(open)-1]] >= width {
			s.Functions[open[len(open)-1]].End = last
			open = open[:len(open)-1]
		}
	}
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' || inString[i+1] {
			if inString[i+1] {
				last = i + 1
			}
			continue
		}
		width := indentation(line)
		if trimmed[0] != ')' && trimmed[0] != ']' && trimmed[0] != '}' {
			closeTo(width)
		}
		last = i + 1
		if m := pythonDefinition.FindStringSubmatch(line); m != nil {
			s.Functions = append(s.Functions, Function{Name: m[3], Start: i + 1, End: i + 1, Declaration: m[2] == "class"})
			open = append(open, len(s.Functions)-1)
			indent[len(s.Functions)-1] = width
		}
	}
	closeTo(-1)
	return complete(s, tokens)
}

// scanRuby finds functions by "def" and the "end" of the same indentation.
func scanRuby(content []byte) Source {
	text := string(content)
	lines := strings.Split(text, "\n")
	tokens := scanTokens(text, rubySyntax)
	var s Source
	for i, line := range lines {
		m := rubyDefinition.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		end := i + 1
		for j := i + 1; j < len(lines); j++ {
			if e := rubyEnd.FindStringSubmatch(lines[j]); e != nil && e[1] == m[1] {
				end = j + 1
				break
			}
		}
		s.Functions = append(s.Functions, Function{Name: m[3], Start: i + 1, End: end})
	}
	return complete(s, tokens)
}

// complete adds literals and calls to functions whose extents are known.
func complete(s Source, tokens tokens) Source {
	s.Literals = tokens.literals
	sortSource(&s)
	for _, call := range tokens.calls {
		for i := range s.Functions {
			f := &s.Functions[i]
			if f.Start > call.line {
				break
			}
			if f.End < call.line || (f.Start == call.line && f.Name == call.name) {
				continue
			}
			if f.Uses == nil {
				f.Uses = map[string]bool{}
			}
			f.Uses[call.name] = true
		}
	}
	return s
}

func indentation(line string) int {
	width := 0
	for _, c := range line {
		switch c {
		case ' ':
			width++
		case '\t':
			width += 8 - width%8
		default:
			return width
		}
	}
	return width
}

// linesWithin marks the lines that begin inside a literal.
func linesWithin(literals []Literal, lines int) []bool {
	within := make([]bool, lines+2)
	for _, l := range literals {
		for i := l.Start + 1; i <= l.End && i < len(within); i++ {
			within[i] = true
		}
	}
	return within
}
