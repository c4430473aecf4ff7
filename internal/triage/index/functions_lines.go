package index

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
func scanPython(content []byte, t tokens) *File {
	lines := strings.Split(string(content), "\n")
	inString := linesWithin(t.literals, len(lines))
	var (
		s    File
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
		width := Indentation(line)
		if trimmed[0] != ')' && trimmed[0] != ']' && trimmed[0] != '}' {
			closeTo(width)
		}
		last = i + 1
		if !strings.Contains(trimmed[:min(len(trimmed), 16)], "def ") && !strings.HasPrefix(trimmed, "class ") && !strings.HasPrefix(trimmed, "async ") {
			continue
		}
		if m := pythonDefinition.FindStringSubmatch(line); m != nil {
			s.Functions = append(s.Functions, Function{Name: m[3], Start: i + 1, End: i + 1, Declaration: m[2] == "class"})
			open = append(open, len(s.Functions)-1)
			indent[len(s.Functions)-1] = width
		}
	}
	closeTo(-1)
	return s.complete(t)
}

// scanRuby finds functions by "def" and the "end" of the same indentation.
func scanRuby(content []byte, t tokens) *File {
	var s File
	open := map[string]int{} // by indentation: index into s.Functions, plus one
	n := 0
	for line := range strings.SplitSeq(string(content), "\n") {
		n++
		trimmed := strings.TrimLeft(line, " \t")
		switch {
		case strings.HasPrefix(trimmed, "def"):
			if m := rubyDefinition.FindStringSubmatch(line); m != nil {
				s.Functions = append(s.Functions, Function{Name: m[3], Start: n, End: n})
				open[m[1]] = len(s.Functions)
			}
		case strings.HasPrefix(trimmed, "end"):
			if m := rubyEnd.FindStringSubmatch(line); m != nil && open[m[1]] > 0 {
				s.Functions[open[m[1]]-1].End = n
				delete(open, m[1])
			}
		}
	}
	return s.complete(t)
}

// complete adds literals, and the calls to the functions whose extents are known.
func (s *File) complete(t tokens) *File {
	s.Literals = t.literals
	s.sort()
	next := 0
	var around []int // functions that hold the current line
	for _, call := range t.calls {
		for ; next < len(s.Functions) && s.Functions[next].Start <= call.line; next++ {
			around = append(around, next)
		}
		kept := around[:0]
		for _, i := range around {
			f := &s.Functions[i]
			if f.End < call.line {
				continue
			}
			kept = append(kept, i)
			if f.Start != call.line || f.Name != call.name {
				f.Uses = append(f.Uses, TermOf(call.name))
			}
		}
		around = kept
	}
	for i := range s.Functions {
		s.Functions[i].Uses = sorted(s.Functions[i].Uses)
	}
	return s
}

// Indentation is the width of the white space before a line; a tab goes to the next multiple of eight.
func Indentation(line string) int {
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
