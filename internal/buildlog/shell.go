package buildlog

import (
	"regexp"

	"selfheal"
)

var (
	shellSays  = regexp.MustCompile(`^(?:/?(?:usr/)?(?:bin/)?(?:ba|da|a|z)?sh|/\S+\.sh|\./\S+): (?:(?:line )?\d+: )?(.+): (not found|command not found|No such file or directory|Permission denied|inaccessible or not found)$`)
	scriptSays = regexp.MustCompile(`^([^\s:]+): (?:line )?(\d+): (?:\S*: )?(.+?): (not found|command not found|No such file or directory|Permission denied|Syntax error.*|syntax error.*|parameter not set|unbound variable)$`)
	shells     = regexp.MustCompile(`^(?:/\S*/)?(?:ba|da|a|z|k)?sh$`)
	execSays   = regexp.MustCompile(`(?:exec: "([^"]+)": (?:executable file )?(not found|no such file or directory|permission denied)|exec (\S+): (no such file or directory|exec format error|permission denied))`)
	fetchSays  = regexp.MustCompile(`^(curl: \(\d+\)|wget:|fatal: unable to access|fatal: Could not read from remote|ssh: connect to|ssh: Could not resolve) ?(.*)$`)
	fetchGone  = regexp.MustCompile(`(?:returned error|server returned error|HTTP request sent, awaiting response\.\.\.|ERROR) ?:?(?: HTTP/\S+)? ?(404|403|410)\b`)
	fileTools  = regexp.MustCompile(`^(?:/\S*/)?(cp|mv|cat|ls|rm|tar|unzip|chmod|chown|ln|mkdir|install|sed|grep|touch|cd|source|\.|tee|find|xz|gzip|stat|dd|rsync|patch|timeout|env|xargs): (.+)$`)
	testOutput = regexp.MustCompile(`^(?:not ok \d+ -? ?(.+))$`)
	crashed    = regexp.MustCompile(`^(?:Segmentation fault|Bus error|Illegal instruction|Aborted)(?: \(core dumped\))?$`)
)

// parseShell reads the errors of shells and of the small tools that Dockerfiles call.
func parseShell(lines []line) (f found, n int) {
	text := lines[0].text
	f.Tool = "sh"
	if m := scriptSays.FindStringSubmatch(text); m != nil && !shells.MatchString(m[1]) {
		f.File, f.Line, f.Message, f.Class = m[1], number(m[2]), m[3]+": "+m[4], classIn(": "+m[4], absent)
		if f.Class == "" {
			f.Class = selfheal.BuildCompile // the shell refuses the script
		}
		return f, 1
	}
	if m := shellSays.FindStringSubmatch(text); m != nil {
		f.Message, f.Class = m[1]+": "+m[2], selfheal.BuildMissingFile
		if m[2] == "Permission denied" {
			f.Class = selfheal.BuildPermission
		}
		return f, 1
	}
	if m := execSays.FindStringSubmatch(text); m != nil {
		f.Message, f.Class = m[0], classIn(m[0], absent)
		return f, 1
	}
	if m := fetchSays.FindStringSubmatch(text); m != nil {
		f.Tool, f.Message, f.Class = "fetch", text, classIn(text, exhausted, unreachable, absent)
		if fetchGone.MatchString(text) {
			f.Class = selfheal.BuildDependency
		}
		return f, 1
	}
	if m := fileTools.FindStringSubmatch(text); m != nil {
		f.Message, f.Class = text, classIn(m[2], exhausted, absent)
		return f, boolToInt(f.Class != "")
	}
	if m := testOutput.FindStringSubmatch(text); m != nil {
		f.Tool, f.Class, f.Message = "tap", selfheal.BuildTest, "test failed: "+m[1]
		return f, 1
	}
	if crashed.MatchString(text) {
		f.Message, f.weak = text, true
		return f, 1
	}
	return found{}, 0
}
