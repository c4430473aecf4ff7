package buildlog

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"selfheal"
)

// found is an error that a parser read.
type found struct {
	selfheal.BuildError
	// weak says that it only repeats that something failed: "Error 1".
	weak bool
	// file and line are where a target of make stands.
	target string
}

// parser reads an error that begins with the first of the lines; n is how many
// of them belong to it, 0 when none begins there.
type parser func(lines []line) (f found, n int)

// tool is a parser with the texts of which a line must hold one for it to be
// asked: most lines of a build are no error, and expressions are slow.
type tool struct {
	parse parser
	marks []string
}

// tools lists one parser per tool, the more particular ones first.
var tools = [...]tool{
	{parseGo, []string{".go:", ".s:", ".templ:", "go: ", "FAIL", "go.mod:", "go.work:"}},
	{parseRust, []string{"error: ", "error[", "panicked at"}},
	{parseJava, []string{".java:", ".kt:", ".kts:", ".scala:", ".groovy:", "[ERROR]", "[FATAL]", "What went wrong", " FAILED"}},
	{parseTypeScript, []string{"error TS", "ERROR in ", "[ERROR] ", "error during build", "Build failed with", ".js", ".ts", ".jsx", ".tsx", ".cjs", ".mjs", ".vue", ".svelte"}},
	{parseNode, []string{"npm ", "error ", "ERR_PNPM", "YN00", "Error", "FAIL", ".js:", ".ts:", ".cjs:", ".mjs:"}},
	{parsePython, []string{"Traceback", "File \"", "ERROR", "error: ", "FAIL", "Retrying", "\u00d7 ", ".py", "Because ", "poetry", "lock file", "solving failed", "Unable to find installation"}},
	{parseDotnet, []string{"error ", "Failed ", "X "}},
	{parseC, []string{"error: ", "erreur: ", "Fehler: ", "undefined reference", "multiple definition", "ld: ", "ld.", "CMake Error"}},
	{parsePackages, []string{"E: ", "Err:", "Temporary failure", "Could not ", "Unable to ", "Connection ", "Failed to fetch", "Hash Sum", "404  ", " : ", "ERROR: ", "WARNING: ", "Error: ", "No match", "Errors during"}},
	{parseMake, []string{"*** "}},
	{parseShell, []string{"not found", "No such file", "enied", "yntax error", "not set", "unbound", "exec", "curl:", "wget:", "fatal:", "ssh:", "not ok ", "cannot ", "can't ", "Cannot ", "fault", "Aborted", "error", "Illegal", "space left"}},
}

// maxParsed is how much of a line is looked at, in bytes.
const maxParsed = 1 << 10

// parseError reads an error of any tool. What no parser knows, and says that it
// is an error, is one of nobody's.
func parseError(lines []line) (found, int) {
	text := lines[0].text
	if strings.TrimSpace(text) == "" {
		return found{}, 0
	}
	for i := range tools {
		if !hasAny(text, tools[i].marks) {
			continue
		}
		if f, n := tools[i].parse(lines); n > 0 {
			return f.complete(lines[0].number), n
		}
	}
	if f, ok := anyError(text); ok {
		return f.complete(lines[0].number), 1
	}
	return found{}, 0
}

func hasAny(text string, marks []string) bool {
	for _, mark := range marks {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return false
}

// maxMessage is how much of an error's message is kept, in bytes.
const maxMessage = 600

// complete gives an error its place in the output, and bounds what it carries.
func (f found) complete(at int64) found {
	f.At = at
	f.File = strings.TrimPrefix(strings.ReplaceAll(f.File, `\`, "/"), "./")
	f.Message = strings.TrimSpace(f.Message)
	if len(f.Message) > maxMessage {
		f.Message = strings.ToValidUTF8(f.Message[:maxMessage], "")
	}
	if f.Class == "" {
		f.Class = selfheal.BuildUnknown
	}
	return f
}

func (f found) same(other found) bool {
	return f.Tool == other.Tool && f.File == other.File && f.Line == other.Line && f.Column == other.Column && f.Code == other.Code && f.Message == other.Message
}

func contains(all []found, f found) bool {
	return slices.ContainsFunc(all, func(known found) bool { return known.same(f) || f.weak && known.weak && known.Message == f.Message })
}

// saysError matches a line that calls itself an error.
var saysError = regexp.MustCompile(`^\s*(?:\[?(?:error|fatal|ERROR|FATAL|Error|Fatal|E)\]?(?: \w+)?:|(?:error|ERROR|fatal|FATAL|Error) |panic: |[\w.-]+: (?:error|fatal(?: error)?): )\s*(\S.*)$`)

// troubles are texts of which a line holds one that saysError or a condition of the machine matches.
var troubles = []string{"err", "fatal", "panic", "e: ", "space", "enospc", "quota", "memory", "enomem", "oom", "kill", "term"}

// anyError reads a line that calls itself an error, or that tells of a condition of the machine.
func anyError(text string) (found, bool) {
	lower := strings.ToLower(text)
	if strings.Contains(lower[:min(len(lower), 60)], "warn") || !hasAny(lower, troubles) {
		return found{}, false
	}
	class := classIn(text, exhausted)
	m := saysError.FindStringSubmatch(text)
	if m == nil && class == "" {
		return found{}, false
	}
	if class == "" {
		class = classIn(text, unreachable, absent)
	}
	return found{BuildError: selfheal.BuildError{Class: class, Message: text}}, true
}

// strongest gives the errors that say more than that something failed.
func strongest(all []found) []found {
	return slices.DeleteFunc(slices.Clone(all), func(f found) bool { return f.weak })
}

// maxErrors is how many errors are given out.
const maxErrors = 20

// conclude chooses what is given out of the errors that were found, and the class
// of the failure as a whole.
func conclude(all []found, exitCode int) ([]selfheal.BuildError, selfheal.BuildClass) {
	chosen := strongest(all)
	if named := slices.DeleteFunc(slices.Clone(chosen), func(f found) bool { return f.Tool == "" && f.Class == selfheal.BuildUnknown }); len(named) > 0 {
		chosen = named
	}
	class := classOf(chosen)
	if class == selfheal.BuildUnknown && (exitCode == 137 || exitCode == 143) {
		class = selfheal.BuildKilled // 128 and the number of the signal
	}
	if len(chosen) == 0 {
		return nil, class
	}
	// What made the class comes first; what may follow from it comes behind.
	slices.SortStableFunc(chosen, func(a, b found) int {
		return cmp.Or(boolToInt(b.Class == class)-boolToInt(a.Class == class), cmp.Compare(a.At, b.At))
	})
	errors := make([]selfheal.BuildError, 0, min(len(chosen), maxErrors))
	for _, f := range chosen[:min(len(chosen), maxErrors)] {
		errors = append(errors, f.BuildError)
	}
	return errors, class
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func classOf(errors []found) selfheal.BuildClass {
	for _, class := range precedence {
		if slices.ContainsFunc(errors, func(f found) bool { return f.Class == class }) {
			return class
		}
	}
	return selfheal.BuildUnknown
}

// target names the failing target of make, where no other builder names a step.
func (r *Reader) target(f *selfheal.BuildFailure, all []found) {
	if f.Builder != "" {
		return
	}
	for _, e := range all {
		if e.Tool != builderMake {
			continue
		}
		f.Builder = builderMake
		if e.target != "" && f.Step == "" {
			f.Step, f.Dockerfile, f.Line = e.target, e.File, e.Line
		}
	}
}

// tells matches the lines of an output that nobody knows which are the likeliest to say what happened.
var tells = regexp.MustCompile(`(?i)\b(?:error|fatal|fail(?:ed|ure)?|cannot|can't|could not|unable|denied|invalid|not found|missing|abort(?:ed)?|panic|exception|refused|illegal)\b`)

// lastResort gives an error where none was read: the last line that speaks of a
// failure, else the last line, else the exit code.
func lastResort(tail []line, f selfheal.BuildFailure) selfheal.BuildError {
	last := line{}
	for _, l := range tail {
		if _, wrapper := builderError(l.text); wrapper && strings.Contains(l.text, "exit") || strings.TrimSpace(l.text) == "" {
			continue
		}
		if tells.MatchString(l.text) || !tells.MatchString(last.text) {
			last = l
		}
	}
	class := classIn(last.text, exhausted, unreachable, absent)
	if class == "" {
		class = f.Class
	}
	if last.text == "" {
		last.text = "the build failed without a word"
		if meaning := exitMeaning(f.ExitCode); meaning != "" {
			last.text += "; its exit code says " + meaning
		}
	}
	e := found{BuildError: selfheal.BuildError{Class: class, Message: last.text}}.complete(last.number)
	return e.BuildError
}

func exitMeaning(code int) string {
	switch code {
	case 125:
		return "that the builder itself failed (125)"
	case 126:
		return "that the command cannot be executed (126)"
	case 127:
		return "that the command was not found (127)"
	case 130:
		return "that it was interrupted (130)"
	case 137:
		return "that it was killed, as it is when memory runs out (137)"
	case 139:
		return "that it crashed (139)"
	case 143:
		return "that it was told to end (143)"
	}
	return ""
}
