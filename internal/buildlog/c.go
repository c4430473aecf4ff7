package buildlog

import (
	"regexp"

	"selfheal"
)

var (
	cPlace    = regexp.MustCompile(`^\s*((?:[A-Za-z]:)?[^\s:"']+\.[\w+]+):(\d+)(?::(\d+))?: (fatal error|error|erreur|Fehler): (.+)$`)
	cLinkAt   = regexp.MustCompile(`^(?:\S*/?ld(?:\.\w+)?: )?([^\s:()]+\.[\w+]+):(?:\([^)]*\)|(\d+)): (undefined reference to .+|multiple definition of .+)$`)
	cLink     = regexp.MustCompile(`^(?:\S*/)?ld(?:\.\w+|64)?: (?:error: )?(cannot find .+|undefined symbol.*|library not found.*|unable to find library.*|.*No space left on device.*)$`)
	cDriver   = regexp.MustCompile(`^(?:\S*/)?(gcc|g\+\+|cc|c\+\+|clang(?:\+\+)?|cc1(?:plus)?|as|collect2): (?:fatal error|error|internal compiler error): (.+)$`)
	cWrapper  = regexp.MustCompile(`^ld returned \d+ exit status|^linker command failed`)
	cMakeFile = regexp.MustCompile(`^CMake Error(?: at ([^\s:]+):(\d+) \(([^)]*)\))?:\s*(.*)$`)
)

// parseC reads the errors of gcc, clang, their linkers and CMake.
func parseC(lines []line) (f found, n int) {
	text := lines[0].text
	f.Tool, f.Class = "gcc", selfheal.BuildCompile
	if m := cPlace.FindStringSubmatch(text); m != nil {
		f.File, f.Line, f.Column, f.Message = m[1], number(m[2]), number(m[3]), m[5]
		f.classify(f.Message)
		return f, 1
	}
	if m := cLinkAt.FindStringSubmatch(text); m != nil {
		f.Tool, f.File, f.Line, f.Message = "ld", m[1], number(m[2]), m[3]
		return f, 1
	}
	if m := cLink.FindStringSubmatch(text); m != nil {
		f.Tool, f.Message = "ld", m[1]
		f.classify(f.Message)
		return f, 1
	}
	if m := cDriver.FindStringSubmatch(text); m != nil {
		f.Tool, f.Message = m[1], m[2]
		f.weak = cWrapper.MatchString(m[2])
		f.classify(f.Message)
		return f, 1
	}
	if m := cMakeFile.FindStringSubmatch(text); m != nil {
		return parseCMake(m, lines)
	}
	return found{}, 0
}

// parseCMake reads an error of CMake, whose text stands indented below it.
func parseCMake(m []string, lines []line) (f found, n int) {
	f.Tool, f.Class, f.File, f.Line, f.Message = "cmake", selfheal.BuildCompile, m[1], number(m[2]), m[4]
	n = 1
	for n < min(len(lines), 6) && f.Message == "" {
		f.Message = lines[n].text
		n++
	}
	if class := classIn(f.Message, exhausted); class != "" {
		f.Class = class
	} else if m[3] == "find_package" || m[3] == "message" && cmakeAbsent.MatchString(f.Message) {
		f.Class = selfheal.BuildDependency
	}
	return f, n
}

var cmakeAbsent = regexp.MustCompile(`(?i)could not find|not found|provided by`)

// classify gives an error the class of a condition of the machine that it speaks of.
func (f *found) classify(message string) {
	if class := classIn(message, exhausted); class != "" {
		f.Class = class
	}
}
