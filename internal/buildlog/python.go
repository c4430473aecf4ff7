package buildlog

import (
	"regexp"
	"slices"
	"strings"

	"selfheal"
)

var (
	pipError     = regexp.MustCompile(`^\s*(?:ERROR|error): (.+)$`)
	pipAbsent    = regexp.MustCompile(`^(?:Could not find a version|No matching distribution|Cannot install |ResolutionImpossible|Package '.*' requires a different Python|.* is not a valid editable requirement|Invalid requirement|THESE PACKAGES DO NOT MATCH|Could not install packages|.*requires-python|Hashes are required|In --require-hashes)`)
	pipFile      = regexp.MustCompile(`^Could not open requirements file: .*'([^']+)'`)
	pipRetry     = regexp.MustCompile(`^\s*WARNING: Retrying .* after connection broken by '?(.+?)'?: (\S+)$`)
	pipWrapper   = regexp.MustCompile(`^(?:subprocess-exited-with-error|Failed building wheel|Could not build wheels|Failed to build installable wheels|metadata-generation-failed|Encountered error while|legacy-install-failure|failed-wheel-build|command '.*' failed|process "/bin)`)
	uvUnsolved   = regexp.MustCompile(`^\s*× (.+)$`)
	uvBecause    = regexp.MustCompile(`^\s*╰─▶ (.+)$`)
	uvFailed     = regexp.MustCompile(`^error: ((?:Failed to (?:fetch|download|build|prepare|parse|spawn|resolve)|Request failed|Could not connect|Distribution .* can't be installed|The lockfile at|Unable to find lockfile|No solution).*)$`)
	uvCaused     = regexp.MustCompile(`^\s*(?:Caused by: |├─▶ |╰─▶ )(.+)$`)
	poetryFailed = regexp.MustCompile(`^(Because .+|pyproject\.toml changed significantly since poetry\.lock was last generated.*|The lock file is not up to date.*|Unable to find installation candidates for .+|.*version solving failed.*)$`)
	traceStart   = regexp.MustCompile(`^\s*Traceback \(most recent call last\):$`)
	traceFile    = regexp.MustCompile(`^[\s*]*File "([^"]+)", line (\d+)`)
	traceError   = regexp.MustCompile(`^\s*((?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning|NotFound)?)(?:: (.*))?$`)
	pytestFailed = regexp.MustCompile(`^(?:FAILED|ERROR) ([^\s:]+\.py)(?:::(\S+))?(?: - (.*))?$`)
	pytestAt     = regexp.MustCompile(`^([^\s:]+\.py):(\d+): (\w*(?:Error|Exception|Failed)\w*)$`)
	unittestFail = regexp.MustCompile(`^(?:FAIL|ERROR): (\w+) \(([\w.]+)\)$`)
)

// parsePython reads the errors of pip, uv, Poetry, of Python itself and of its tests.
func parsePython(lines []line) (f found, n int) {
	text := lines[0].text
	if m := pytestFailed.FindStringSubmatch(text); m != nil {
		f.Tool, f.Class, f.File, f.Message = "pytest", selfheal.BuildTest, m[1], "test failed: "+m[2]
		if m[3] != "" {
			f.Message += ": " + m[3]
		}
		return f, 1
	}
	if m := pytestAt.FindStringSubmatch(text); m != nil {
		f.Tool, f.Class, f.File, f.Line, f.Message = "pytest", selfheal.BuildTest, m[1], number(m[2]), m[3]
		return f, 1
	}
	if m := unittestFail.FindStringSubmatch(text); m != nil {
		return parseUnittest(m, lines)
	}
	if traceStart.MatchString(text) {
		return parseTraceback(lines)
	}
	if m := traceFile.FindStringSubmatch(text); m != nil {
		return parsePythonSyntax(m, lines)
	}
	if f, n = parsePip(text); n > 0 {
		return f, n
	}
	return parseUv(lines)
}

// parsePip reads a line of pip.
func parsePip(text string) (f found, n int) {
	f.Tool = "pip"
	if m := pipRetry.FindStringSubmatch(text); m != nil {
		f.Class, f.Message = selfheal.BuildNetwork, pipReason(m[1])+" ("+m[2]+")"
		if class := classIn(m[1], unreachable); class != "" {
			f.Class = class
		}
		return f, 1
	}
	m := pipError.FindStringSubmatch(text)
	if m == nil {
		return found{}, 0
	}
	f.Message = m[1]
	switch file := pipFile.FindStringSubmatch(m[1]); {
	case file != nil:
		f.Class, f.File = selfheal.BuildMissingFile, file[1]
	case pipAbsent.MatchString(m[1]):
		f.Class = fetched(m[1])
	case pipWrapper.MatchString(m[1]):
		f.weak = true
	default:
		return found{}, 0
	}
	return f, 1
}

// pipObject matches the objects that pip prints with their addresses.
var pipObject = regexp.MustCompile(`^\w+\(["']?<[^>]*>: (.*?)["']?\)?$`)

func pipReason(text string) string {
	if m := pipObject.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return text
}

// parseUv reads the errors of uv and Poetry, which explain themselves over several lines.
func parseUv(lines []line) (f found, n int) {
	text := lines[0].text
	if m := uvUnsolved.FindStringSubmatch(text); m != nil {
		f.Tool, f.Class, f.Message, n = "uv", selfheal.BuildDependency, strings.TrimSuffix(m[1], ":"), 1
		for ; n < min(len(lines), 12) && strings.HasPrefix(lines[n].text, " "); n++ {
			if b := uvBecause.FindStringSubmatch(lines[n].text); b != nil {
				f.Message += ": " + b[1]
			}
			if class := classIn(lines[n].text, exhausted, unreachable); class != "" {
				f.Class = class
			}
		}
		return f, n
	}
	if m := uvFailed.FindStringSubmatch(text); m != nil {
		f.Tool, f.Class, f.Message, n = "uv", fetched(m[1]), m[1], 1
		for ; n < min(len(lines), 8); n++ {
			cause := uvCaused.FindStringSubmatch(lines[n].text)
			if cause == nil {
				break
			}
			if class := classIn(cause[1], exhausted, unreachable); class != "" {
				f.Class, f.Message = class, m[1]+": "+cause[1]
			}
		}
		return f, n
	}
	if m := poetryFailed.FindStringSubmatch(text); m != nil {
		f.Tool, f.Class, f.Message = "poetry", selfheal.BuildDependency, m[1]
		return f, 1
	}
	return found{}, 0
}

// ownPython tells of a file that is no library's.
func ownPython(file string) bool {
	return !strings.Contains(file, "/lib/python") && !strings.Contains(file, "site-packages") && !strings.Contains(file, "dist-packages") && !strings.HasPrefix(file, "<")
}

// parseTraceback reads a traceback: its innermost frame in code that is no library's.
func parseTraceback(lines []line) (f found, n int) {
	f.Tool, f.Class = "python", selfheal.BuildCompile
	for n = 1; n < min(len(lines), lookahead); n++ {
		text := lines[n].text
		if m := traceFile.FindStringSubmatch(text); m != nil {
			if ownPython(m[1]) {
				f.File, f.Line = m[1], number(m[2])
			}
			continue
		}
		if m := traceError.FindStringSubmatch(text); m != nil && indentation(text) <= indentation(lines[0].text) {
			f.Message = strings.TrimSpace(text)
			f.Class = pythonClass(m[1], m[2])
			return f, n + 1
		}
	}
	return found{}, 0
}

func indentation(text string) int { return len(text) - len(strings.TrimLeft(text, " \t")) }

func pythonClass(kind, message string) selfheal.BuildClass {
	if class := classIn(kind+": "+message, exhausted, unreachable); class != "" {
		return class
	}
	switch kind {
	case "ModuleNotFoundError":
		return selfheal.BuildDependency
	case "FileNotFoundError":
		return selfheal.BuildMissingFile
	case "PermissionError":
		return selfheal.BuildPermission
	case "AssertionError":
		return selfheal.BuildTest
	}
	return selfheal.BuildCompile
}

var syntaxErrors = []string{"SyntaxError: ", "IndentationError: ", "TabError: "}

// parsePythonSyntax reads what the compiler says of a file that it refuses.
func parsePythonSyntax(m []string, lines []line) (f found, n int) {
	for n = 1; n < min(len(lines), 8); n++ {
		text := strings.TrimSpace(lines[n].text)
		if slices.ContainsFunc(syntaxErrors, func(kind string) bool { return strings.HasPrefix(text, kind) }) {
			f.Tool, f.Class, f.File, f.Line, f.Message = "python", selfheal.BuildCompile, m[1], number(m[2]), text
			return f, n + 1
		}
		if traceFile.MatchString(lines[n].text) {
			break
		}
	}
	return found{}, 0
}

// parseUnittest reads a failed test of unittest with the traceback below it.
func parseUnittest(m []string, lines []line) (f found, n int) {
	f.Tool, f.Class, f.Message = "unittest", selfheal.BuildTest, "test failed: "+strings.TrimSuffix(m[2], "."+m[1])+"."+m[1]
	for i := 1; i < min(len(lines), 6); i++ {
		if traceStart.MatchString(lines[i].text) {
			if t, length := parseTraceback(lines[i:]); length > 0 {
				f.File, f.Line, f.Message = t.File, t.Line, f.Message+": "+t.Message
				return f, i + length
			}
		}
	}
	return f, 1
}
