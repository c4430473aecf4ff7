package buildlog

import (
	"regexp"

	"selfheal"
)

var (
	makeTarget = regexp.MustCompile(`^g?make(?:\[\d+\])?: \*\*\* \[(?:([^\s:\]]+):(\d+): )?([^\]]+)\] (Error \d+|.+)$`)
	makeNoRule = regexp.MustCompile(`^g?make(?:\[\d+\])?: \*\*\* (No rule to make target .+|No targets.*)$`)
	makeSyntax = regexp.MustCompile(`^([^\s:]+):(\d+): \*\*\* (.+?)(?:\.  Stop\.)?$`)
)

// parseMake reads the errors of make. That a target failed only repeats what its
// command said.
func parseMake(lines []line) (f found, n int) {
	text := lines[0].text
	f.Tool = builderMake
	if m := makeTarget.FindStringSubmatch(text); m != nil {
		f.File, f.Line, f.target, f.Message, f.weak = m[1], number(m[2]), m[3], m[3]+": "+m[4], true
		return f, 1
	}
	if m := makeNoRule.FindStringSubmatch(text); m != nil {
		f.Class, f.Message = selfheal.BuildMissingFile, m[1]
		return f, 1
	}
	if m := makeSyntax.FindStringSubmatch(text); m != nil {
		f.Class, f.File, f.Line, f.Message = selfheal.BuildSyntax, m[1], number(m[2]), m[3]
		return f, 1
	}
	return found{}, 0
}
