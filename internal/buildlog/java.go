package buildlog

import (
	"regexp"
	"strings"

	"selfheal"
)

var (
	javacPlace    = regexp.MustCompile(`^(?:\[ERROR\] )?([^\s:]+\.(?:java|scala|groovy)):(\d+): (?:error: )?(.+)$`)
	mavenPlace    = regexp.MustCompile(`^\[ERROR\] ([^\s:]+\.(?:java|kt|scala|groovy)):\[(\d+),(\d+)\] (?:error: )?(.+)$`)
	kotlinPlace   = regexp.MustCompile(`^(?:\[ERROR\] |e: )(?:file://)?([^\s:()]+\.kts?):(?: \((\d+), (\d+)\):|(\d+):(\d+):?) (.+)$`)
	mavenTest     = regexp.MustCompile(`^\[ERROR\]\s+(?:[\w.]+\.)?(\w+)\.(\w+):(\d+)(?:->\S+)? (.+)$`)
	mavenError    = regexp.MustCompile(`^\[(?:ERROR|FATAL)\] (.+)$`)
	mavenAbsent   = regexp.MustCompile(`could not be resolved|Could not (?:resolve|find|transfer)|Non-resolvable|Cannot access|Unresolveable|Failure to (?:find|transfer)|has not been downloaded`)
	mavenPom      = regexp.MustCompile(`(?:Malformed POM|Non-parseable POM) ([^\s:]+): (.+?)(?: \(position: .*?(\d+):(\d+)\).*)?$`)
	gradleWrong   = regexp.MustCompile(`^\* What went wrong:\s*$`)
	gradleWrapper = regexp.MustCompile(`^Execution failed for task|^Compilation failed|^There were failing tests|^A problem occurred|^A failure occurred`)
	gradlePlace   = regexp.MustCompile(`(?i)^(?:build|settings) file '([^']+)'(?:: (\d+): (.*))?$|^Build file '([^']+)' line: (\d+)$`)
	gradleTest    = regexp.MustCompile(`^(\w[\w.]*) > (\w[^>]*?)(?:\(\))? FAILED$`)
	gradleAt      = regexp.MustCompile(`^\s+(\S.*?) at (\w+\.(?:java|kt|groovy)):(\d+)$`)
)

// parseJava reads the errors of javac, kotlinc, Maven and Gradle.
func parseJava(lines []line) (f found, n int) {
	text := lines[0].text
	f.Tool, f.Class = "javac", selfheal.BuildCompile
	if m := mavenPlace.FindStringSubmatch(text); m != nil {
		f.File, f.Line, f.Column, f.Message = m[1], number(m[2]), number(m[3]), m[4]
		return f, 1
	}
	if m := javacPlace.FindStringSubmatch(text); m != nil && !isWarning(m[3]) {
		f.File, f.Line, f.Message = m[1], number(m[2]), m[3]
		return f, 1
	}
	if m := kotlinPlace.FindStringSubmatch(text); m != nil {
		f.Tool, f.File, f.Line, f.Column, f.Message = "kotlinc", strings.TrimPrefix(m[1], "//"), number(m[2]+m[4]), number(m[3]+m[5]), m[6]
		return f, 1
	}
	if strings.HasPrefix(text, "[ERROR]") || strings.HasPrefix(text, "[FATAL]") {
		return parseMaven(text)
	}
	if gradleWrong.MatchString(text) {
		return parseGradle(lines)
	}
	if m := gradleTest.FindStringSubmatch(text); m != nil {
		f.Tool, f.Class, f.Message = "gradle", selfheal.BuildTest, "test failed: "+m[1]+"."+m[2]
		for i := 1; i < min(len(lines), 5); i++ {
			if at := gradleAt.FindStringSubmatch(lines[i].text); at != nil {
				f.File, f.Line = at[2], number(at[3])
				f.Message += ": " + at[1]
				return f, i + 1
			}
		}
		return f, 1
	}
	return found{}, 0
}

// parseMaven reads a line of Maven's own errors.
func parseMaven(text string) (f found, n int) {
	f.Tool, f.Class = "maven", selfheal.BuildUnknown
	if m := mavenTest.FindStringSubmatch(text); m != nil {
		f.Class, f.File, f.Line = selfheal.BuildTest, m[1]+".java", number(m[3])
		f.Message = "test failed: " + m[1] + "." + m[2] + ": " + m[4]
		return f, 1
	}
	m := mavenError.FindStringSubmatch(text)
	if m == nil {
		f.weak = true // an empty line of Maven's
		return f, 1
	}
	f.Message = strings.TrimSuffix(m[1], " -> [Help 1]")
	if pom := mavenPom.FindStringSubmatch(f.Message); pom != nil {
		f.Class, f.File, f.Message, f.Line, f.Column = selfheal.BuildSyntax, pom[1], pom[2], number(pom[3]), number(pom[4])
		return f, 1
	}
	if mavenAbsent.MatchString(f.Message) {
		f.Class = selfheal.BuildDependency
		if class := classIn(f.Message, exhausted, unreachable); class != "" && !strings.Contains(f.Message, "Could not find artifact") {
			f.Class = class
		}
		return f, 1
	}
	if class := classIn(f.Message, exhausted); class != "" {
		f.Class = class
		return f, 1
	}
	f.weak = true // everything else repeats it, or says where to read on
	return f, 1
}

// parseGradle reads what stands below Gradle's "What went wrong".
func parseGradle(lines []line) (f found, n int) {
	f.Tool, f.Class = "gradle", selfheal.BuildUnknown
	n = 1
	var said []string
	for n < min(len(lines), 14) && !strings.HasPrefix(lines[n].text, "* ") && lines[n].text != "" {
		said = append(said, strings.TrimLeft(strings.TrimSpace(lines[n].text), "> "))
		n++
	}
	if len(said) == 0 {
		return found{}, 0
	}
	all := strings.Join(said, "\n")
	f.Message = said[len(said)-1]
	for _, text := range said {
		if m := gradlePlace.FindStringSubmatch(text); m != nil && m[2] != "" {
			f.Class, f.File, f.Line, f.Message = selfheal.BuildSyntax, m[1], number(m[2]), m[3]
			return f, n
		}
	}
	switch class := classIn(all, exhausted, unreachable); {
	case class != "":
		f.Class = class
	case mavenAbsent.MatchString(all):
		f.Class, f.Message = selfheal.BuildDependency, firstMatching(said, mavenAbsentOne)
	case gradleWrapper.MatchString(said[0]):
		f.weak = true
	}
	return f, n
}

// mavenAbsentOne matches the line that names the artifact rather than the configuration.
var mavenAbsentOne = regexp.MustCompile(`Could not find \S+:\S+|Could not resolve \S+:\S+`)

func firstMatching(texts []string, pattern *regexp.Regexp) string {
	for _, text := range texts {
		if pattern.MatchString(text) {
			return text
		}
	}
	return texts[0]
}
