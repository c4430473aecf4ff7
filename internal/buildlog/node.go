package buildlog

import (
	"path"
	"regexp"
	"strings"

	"selfheal"
)

var (
	npmLine     = regexp.MustCompile(`^npm (?:ERR!|error)(?: (.*))?$`)
	npmWord     = regexp.MustCompile(`^(?:code|notarget|404|network|enoent|EUSAGE|ERESOLVE|syscall|errno|path|JSON\.parse|audit|request|503|502|500|401|403|429|nospc|peerinvalid|Lifecycle|command|cwd|workspace|location)\b ?(.*)$`)
	npmWrapper  = regexp.MustCompile(`^(?:ELIFECYCLE|EUNKNOWN|1|2|127)$`)
	npmAbsent   = regexp.MustCompile(`^(?:E404|ETARGET|ERESOLVE|EBADENGINE|ENOVERSIONS|EUSAGE|EINTEGRITY|EINVALIDTAGNAME|ENOLOCK|EPEERINVALID|EBADPLATFORM)$`)
	npmScript   = regexp.MustCompile(`Missing script: "?([^"]+)"?`)
	yarnClassic = regexp.MustCompile(`^error (?:(Couldn't find (?:any versions for|package) .+|An unexpected error occurred: .+|Your lockfile needs to be updated.*|Received malformed response.*|.+: The engine .+)|(Command failed.*))$`)
	yarnBerry   = regexp.MustCompile(`^➤ (YN\d{4}): [│┌└]?\s*(.+)$`)
	pnpmError   = regexp.MustCompile(`^\s*(?:\[?ERROR\]?\s+)?(ERR_PNPM_\w+)\]?\s+(.+)$`)
	nodeThrow   = regexp.MustCompile(`^(?:Uncaught )?((?:[A-Z]\w*)?Error)(?: \[(\w+)\])?: (.+)$`)
	nodeAt      = regexp.MustCompile(`^\s+at (?:.*?\()?(?:file://)?(/?[^\s()]+\.[cm]?[jt]sx?):(\d+):(\d+)\)?$`)
	nodeSyntax  = regexp.MustCompile(`^(?:file://)?(/[^\s:]+\.[cm]?[jt]sx?):(\d+)$`)
	jestTest    = regexp.MustCompile(`^\s*● (.+ › .+|\S.*)$`)
	jestFile    = regexp.MustCompile(`^\s*FAIL\s+(\S+\.[cm]?[jt]sx?)\b`)
)

// parseNode reads the errors of npm, yarn, pnpm, of Node itself and of Jest.
func parseNode(lines []line) (f found, n int) {
	text := lines[0].text
	if npmLine.MatchString(text) {
		return parseNpm(lines)
	}
	if m := yarnClassic.FindStringSubmatch(text); m != nil {
		f.Tool, f.Message, f.weak = "yarn", m[1]+m[2], m[2] != ""
		f.Class = fetched(f.Message)
		return f, 1
	}
	if m := yarnBerry.FindStringSubmatch(text); m != nil {
		return parseYarn(m)
	}
	if m := pnpmError.FindStringSubmatch(text); m != nil {
		f.Tool, f.Code, f.Message = "pnpm", m[1], m[2]
		f.weak = strings.Contains(m[1], "LIFECYCLE") || strings.Contains(m[1], "RUN_FIRST_FAIL")
		f.Class = fetched(f.Message)
		return f, 1
	}
	if f, n = parseThrow(lines); n > 0 {
		return f, n
	}
	return parseJest(lines)
}

// fetched gives the class of what a package manager says: that something could not
// be reached, or else that what it was asked for is not there.
func fetched(text string) selfheal.BuildClass {
	if class := classIn(text, exhausted, unreachable, absent[:1]); class != "" {
		return class
	}
	return selfheal.BuildDependency
}

// parseNpm reads the block of lines that npm ends with.
func parseNpm(lines []line) (f found, n int) {
	f.Tool = "npm"
	var said []string
	for n = 0; n < min(len(lines), lookahead-1); n++ {
		m := npmLine.FindStringSubmatch(lines[n].text)
		if m == nil {
			break
		}
		text := strings.TrimSpace(m[1])
		if code, ok := strings.CutPrefix(text, "code "); ok && f.Code == "" {
			f.Code = code
			continue
		}
		if word := npmWord.FindStringSubmatch(text); word != nil {
			if strings.HasPrefix(text, "syscall") || strings.HasPrefix(text, "errno") || strings.HasPrefix(text, "path") {
				continue
			}
			text = strings.TrimSpace(word[1])
		}
		if text != "" && !strings.HasPrefix(text, "A complete log of this run") {
			said = append(said, text)
		}
	}
	f.Message = npmMessage(said)
	all := f.Code + " " + strings.Join(said[:min(len(said), 12)], "\n")
	switch {
	case npmScript.MatchString(f.Message):
		f.Class, f.File = selfheal.BuildSyntax, "package.json"
	case f.Code == "EJSONPARSE":
		f.Class, f.File = selfheal.BuildSyntax, "package.json"
	case npmWrapper.MatchString(f.Code) || f.Code == "" && !npmTelling(all):
		f.weak = true
	case npmAbsent.MatchString(f.Code):
		f.Class = selfheal.BuildDependency
	default:
		f.Class = classIn(all, exhausted, unreachable, absent)
	}
	return f, n
}

// npmMessage gives the line that says most: not where to read on.
func npmMessage(said []string) string {
	for _, text := range said {
		if len(text) > 12 && !strings.HasPrefix(text, "Failed to exec") {
			return text
		}
	}
	return strings.Join(said, " ")
}

func npmTelling(all string) bool {
	return classIn(all, exhausted, unreachable) != "" || strings.Contains(all, "Missing script")
}

// parseYarn reads a line of a later yarn, whose codes below 2 say no more than that something happened.
func parseYarn(m []string) (f found, n int) {
	f.Tool, f.Code, f.Message = "yarn", m[1], m[2]
	switch m[1] {
	case "YN0000", "YN0002", "YN0007", "YN0008", "YN0013", "YN0019", "YN0060", "YN0061", "YN0076", "YN0085", "YN0086":
		return found{}, 0 // progress and warnings
	}
	f.Class = fetched(f.Message)
	return f, 1
}

// parseThrow reads an error that Node printed before it ended.
func parseThrow(lines []line) (f found, n int) {
	if m := nodeSyntax.FindStringSubmatch(lines[0].text); m != nil {
		for i := 1; i < min(len(lines), 8); i++ {
			if e := nodeThrow.FindStringSubmatch(lines[i].text); e != nil {
				f.Tool, f.Class, f.File, f.Line, f.Code, f.Message = "node", selfheal.BuildCompile, m[1], number(m[2]), e[2], e[1]+": "+e[3]
				return f, i + 1
			}
		}
		return found{}, 0
	}
	m := nodeThrow.FindStringSubmatch(lines[0].text)
	if m == nil {
		return found{}, 0
	}
	f.Tool, f.Class, f.Code, f.Message = "node", selfheal.BuildCompile, m[2], m[1]+": "+m[3]
	traced := false
	for n = 1; n < min(len(lines), 30); n++ {
		at := nodeAt.FindStringSubmatch(lines[n].text)
		if traced = traced || strings.HasPrefix(strings.TrimSpace(lines[n].text), "at "); !traced && strings.TrimSpace(lines[n].text) == "" {
			break
		}
		if at != nil && !strings.Contains(at[1], "node_modules/") {
			f.File, f.Line, f.Column = at[1], number(at[2]), number(at[3])
			break
		}
	}
	if !traced {
		return found{}, 0
	}
	if class := classIn(f.Message, exhausted, unreachable); class != "" {
		f.Class = class
	} else if missing := unresolvedJS.FindStringSubmatch(f.Message); missing != nil {
		f.Class = selfheal.BuildMissingFile
		if !strings.HasPrefix(missing[1], ".") && !path.IsAbs(missing[1]) {
			f.Class = selfheal.BuildDependency
		}
	} else if strings.Contains(f.Message, "ENOENT") {
		f.Class = selfheal.BuildMissingFile
	}
	return f, min(n+1, len(lines))
}

// parseJest reads a failed test of Jest or Vitest.
func parseJest(lines []line) (f found, n int) {
	m := jestFile.FindStringSubmatch(lines[0].text)
	if m == nil {
		return found{}, 0
	}
	f.Tool, f.Class, f.File, f.Message = "jest", selfheal.BuildTest, m[1], "test failed: "+m[1]
	for n = 1; n < min(len(lines), 30); n++ {
		if name := jestTest.FindStringSubmatch(lines[n].text); name != nil && f.Message == "test failed: "+m[1] {
			f.Message = "test failed: " + name[1]
		}
		if at := nodeAt.FindStringSubmatch(lines[n].text); at != nil && strings.HasSuffix(at[1], path.Base(m[1])) {
			f.Line, f.Column = number(at[2]), number(at[3])
			return f, n + 1
		}
		if jestFile.MatchString(lines[n].text) {
			break
		}
	}
	return f, n
}
