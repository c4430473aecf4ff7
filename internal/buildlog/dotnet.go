package buildlog

import (
	"regexp"
	"strings"

	"selfheal"
)

var (
	msbuildPlace = regexp.MustCompile(`^\s*([^\s()][^()]*\.\w+)\((\d+),(\d+)(?:,\d+,\d+)?\): error (?:([A-Z]{2,6}\d{3,5}): )?(.+?)(?: \[[^\]]+\])?$`)
	msbuildFile  = regexp.MustCompile(`^\s*([^\s:()]+\.(?:\w+proj|sln|props|targets))(?:\((\d+),(\d+)\))?\s?: error (?:([A-Z]{2,6}\d{3,5}): )?(.+?)(?: \[[^\]]+\])?$`)
	msbuildPlain = regexp.MustCompile(`^\s*(?:MSBUILD ?: )?error ((?:NU|MSB|NETSDK|CS|FS|VB)\d{3,5}): (.+?)(?: \[[^\]]+\])?$`)
	dotnetTest   = regexp.MustCompile(`^\s*(?:\[xUnit\.net [\d:.]+\]\s+)?(?:Failed|X) ([\w.]+)(?: \[[^\]]*\])?$`)
	dotnetAt     = regexp.MustCompile(`^\s+at .+ in (.+):line (\d+)$`)
)

// parseDotnet reads the errors of MSBuild, the compilers of .NET, NuGet and their tests.
func parseDotnet(lines []line) (f found, n int) {
	text := lines[0].text
	f.Tool = "dotnet"
	if m := msbuildFile.FindStringSubmatch(text); m != nil {
		f.File, f.Line, f.Column, f.Code, f.Message = m[1], number(m[2]), number(m[3]), m[4], m[5]
		f.Class = dotnetClass(f.Code, f.Message)
		f.weak = strings.HasPrefix(strings.TrimSpace(f.Message), "- Found ")
		return f, 1
	}
	if m := msbuildPlace.FindStringSubmatch(text); m != nil {
		f.File, f.Line, f.Column, f.Code, f.Message = m[1], number(m[2]), number(m[3]), m[4], m[5]
		f.Class = dotnetClass(f.Code, f.Message)
		return f, 1
	}
	if m := msbuildPlain.FindStringSubmatch(text); m != nil {
		f.Code, f.Message = m[1], m[2]
		f.Class = dotnetClass(f.Code, f.Message)
		return f, 1
	}
	if m := dotnetTest.FindStringSubmatch(text); m != nil && strings.Contains(m[1], ".") {
		f.Class, f.Message = selfheal.BuildTest, "test failed: "+m[1]
		for i := 1; i < min(len(lines), 14); i++ {
			if at := dotnetAt.FindStringSubmatch(lines[i].text); at != nil {
				f.File, f.Line = at[1], number(at[2])
				return f, i + 1
			}
		}
		return f, 1
	}
	return found{}, 0
}

func dotnetClass(code, message string) selfheal.BuildClass {
	if class := classIn(message, exhausted); class != "" {
		return class
	}
	switch {
	case strings.HasPrefix(code, "NU"), code == "MSB4236", code == "NETSDK1045":
		if code == "NU1301" || code == "NU1300" { // the feed did not answer
			if class := classIn(message, unreachable); class != "" {
				return class
			}
			return selfheal.BuildRegistry
		}
		return selfheal.BuildDependency
	case code == "MSB1003", code == "MSB1009", code == "MSB3202":
		return selfheal.BuildMissingFile
	case code == "MSB4025", code == "MSB4067":
		return selfheal.BuildSyntax
	}
	return selfheal.BuildCompile
}
