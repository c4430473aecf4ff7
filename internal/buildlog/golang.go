package buildlog

import (
	"regexp"
	"strings"

	"selfheal"
)

var (
	goPlace   = regexp.MustCompile(`^(?:vet: )?((?:[^\s:]+/)?[^\s:/]+\.(?:go|s|templ)):(\d+)(?::(\d+))?: (.+)$`)
	goCommand = regexp.MustCompile(`^go: (.+)$`)
	goMod     = regexp.MustCompile(`^(?:go: )?((?:[^\s:]+/)?go\.(?:mod|work)):(\d+)(?::(\d+))?: (.+)$`)
	goTest    = regexp.MustCompile(`^\s*--- FAIL: (\S+)`)
	goAt      = regexp.MustCompile(`^\s+(\S+\.go):(\d+): (.*)$`)
	goResult  = regexp.MustCompile(`^FAIL(?:\s|$)`)
	goFetch   = regexp.MustCompile(`: (?:Get|Post|reading) "?https?://|dial tcp|proxyconnect|verifying module|git (?:ls-remote|fetch|init)`)
	goAbsent  = regexp.MustCompile(`no required module provides package|missing go\.sum entry|cannot find (?:package|module)|is not in (?:std|GOROOT)|invalid version|unknown revision|no matching versions|module lookup disabled|updates to go\.(?:mod|sum) needed|inconsistent vendoring|requires go|checksum mismatch|ambiguous import|import lookup disabled`)
	goChatter = regexp.MustCompile(`^(?:downloading|finding|found|added|upgraded|downgraded|removed|extracting|warning|creating|to add|switching)\b`)
)

// parseGo reads the errors of the go command, its compiler, vet and tests.
func parseGo(lines []line) (f found, n int) {
	text := lines[0].text
	f.Tool = "go"
	if m := goMod.FindStringSubmatch(text); m != nil {
		f.File, f.Line, f.Column, f.Message, f.Class = m[1], number(m[2]), number(m[3]), m[4], selfheal.BuildSyntax
		if goAbsent.MatchString(m[4]) {
			f.Class = selfheal.BuildDependency
		}
		return f, 1
	}
	if m := goPlace.FindStringSubmatch(text); m != nil && !isWarning(m[4]) {
		f.File, f.Line, f.Column, f.Message = m[1], number(m[2]), number(m[3]), m[4]
		f.Class = goClass(m[4], selfheal.BuildCompile)
		return f, 1 + indented(lines[1:], 3)
	}
	if m := goCommand.FindStringSubmatch(text); m != nil && !goChatter.MatchString(m[1]) {
		f.Message, f.Class = m[1], goClass(m[1], selfheal.BuildDependency)
		f.weak = strings.HasPrefix(m[1], "errors parsing ")
		return f, 1
	}
	if m := goTest.FindStringSubmatch(text); m != nil {
		return goFailedTest(f, m[1], lines)
	}
	if goResult.MatchString(text) && (text == "FAIL" || strings.HasPrefix(text, "FAIL\t")) {
		f.Message, f.weak = strings.Join(strings.Fields(text), " "), true
		return f, 1
	}
	return found{}, 0
}

// goClass tells what could not be fetched from what could not be compiled.
func goClass(message string, otherwise selfheal.BuildClass) selfheal.BuildClass {
	if class := classIn(message, exhausted); class != "" {
		return class
	}
	if goFetch.MatchString(message) {
		if class := classIn(message, unreachable); class != "" {
			return class
		}
		return selfheal.BuildDependency
	}
	if goAbsent.MatchString(message) {
		return selfheal.BuildDependency
	}
	return otherwise
}

// goFailedTest reads a test's failure with the first line that it printed of itself.
func goFailedTest(f found, name string, lines []line) (found, int) {
	f.Class, f.Message, f.weak = selfheal.BuildTest, "test failed: "+name, false
	for i := 1; i < min(len(lines), 20); i++ {
		if goTest.MatchString(lines[i].text) && !strings.Contains(name, "/") { // a part of it: that one says more
			f.weak = true
			return f, i
		}
		if m := goAt.FindStringSubmatch(lines[i].text); m != nil {
			f.File, f.Line, f.Message = m[1], number(m[2]), "test failed: "+name+": "+m[3]
			return f, i + 1
		}
		if !strings.HasPrefix(lines[i].text, " ") && !strings.HasPrefix(lines[i].text, "\t") {
			return f, i
		}
	}
	return f, 1
}

// indented counts the lines that go on with the message above them.
func indented(lines []line, most int) int {
	n := 0
	for n < min(most, len(lines)) && strings.HasPrefix(lines[n].text, "\t") {
		n++
	}
	return n
}

func isWarning(message string) bool {
	return strings.HasPrefix(message, "warning") || strings.HasPrefix(message, "note:") || strings.HasPrefix(message, "info")
}
