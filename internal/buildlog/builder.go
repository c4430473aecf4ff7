package buildlog

import (
	"regexp"
	"strings"

	"selfheal"
)

var (
	commandFailed  = regexp.MustCompile(`(?:process ".*" did not complete successfully|executor failed running \[.*\]|The command '.*' returned a non-zero code|^(?:error )?(?:while running runtime|running .* in container)|error building at STEP .*while running runtime): ?(.*)$|^exit status \d+$`)
	checksumRef    = regexp.MustCompile(`failed to (?:calculate checksum of ref|compute cache key:? failed to calculate checksum of ref|compute cache key)[^"]*("[^"]*".*)$`)
	contextFile    = regexp.MustCompile(`(?i)not found in build context|checking on sources under|failed to calculate checksum|failed to compute cache key|copier: |"/[^"]*":? not found|failed to read dockerfile|unable to evaluate symlinks in Dockerfile path|resolving dockerfile path|no such file or directory: Dockerfile`)
	refusedSyntax  = regexp.MustCompile(`(?i)dockerfile parse error|failed to parse dockerfile|unknown instruction|unknown flag|invalid reference format|failed to parse stage name|requires (?:at least|exactly|either) (?:one|two|three|\d)|no build stage in current context|target stage .* (?:could )?not|failed to reach build target|circular dependency|base name .* should not be blank|file with no instructions|the Dockerfile cannot be empty|invalid from flag value|unterminated heredoc|syntax error - can't find`)
	absentImage    = regexp.MustCompile(`(?i)manifest(?: for \S+)? (?:unknown|not found)|: not found$|pull access denied|repository does not exist|no match for platform|name unknown|short-name .* did not resolve|insufficient_scope|image not known|unable to copy from source docker://`)
	imageStep      = regexp.MustCompile(`(?i)failed to resolve source metadata|load metadata|docker\.io/|pull access denied|manifest|repository does not exist|short-name|creating build container|docker://|initializing source`)
	parseErrorLine = regexp.MustCompile(`(?i)(?:dockerfile )?parse error (?:on )?line (\d{1,6})`)
	solvePrefix    = regexp.MustCompile(`^(?:ERROR: |error: |Error: )?(?:failed to build: )?(?:failed to solve(?: with frontend [\w./-]+)?: )?(?:failed to create LLB definition: )?(?:rpc error: code = \w+ desc = )?`)
)

// builderError reads what the builder itself says of a step, or of all. ok is
// false when it says nothing.
func builderError(text string) (f found, ok bool) {
	text = solvePrefix.ReplaceAllString(strings.TrimSpace(text), "")
	text, _, _ = strings.Cut(text, " &imagebuilder.")
	if text == "" || canceled(text) || strings.HasPrefix(text, "+(UNHANDLED") {
		return found{}, false
	}
	f.Tool = "docker"
	if m := commandFailed.FindStringSubmatch(text); m != nil {
		f.Message, f.weak = text, true
		if class := classIn(m[1], exhausted); class != "" { // "exit code: 137: cannot allocate memory"
			f.Class, f.weak = class, false
		}
		return f, true
	}
	f.Message = text
	f.Class = builderClass(text)
	if m := checksumRef.FindStringSubmatch(text); m != nil && f.Class == selfheal.BuildMissingFile {
		f.Message = m[1] // the reference before it differs each time
	}
	if m := parseErrorLine.FindStringSubmatch(text); m != nil {
		f.Line = number(m[1])
	}
	return f, true
}

func builderClass(text string) selfheal.BuildClass {
	if class := classIn(text, exhausted); class != "" {
		return class
	}
	switch {
	case refusedSyntax.MatchString(text):
		return selfheal.BuildSyntax
	case contextFile.MatchString(text):
		if class := classIn(text, absent[:1]); class != "" {
			return class
		}
		return selfheal.BuildMissingFile
	}
	if class := classIn(text, unreachable); class != "" && !strings.Contains(text, "pull access denied") {
		return class
	}
	if imageStep.MatchString(text) && absentImage.MatchString(text) {
		return selfheal.BuildDependency
	}
	if class := classIn(text, absent); class != "" {
		return class
	}
	return selfheal.BuildUnknown
}

// lineOfParseError gives the line of the Dockerfile that its parser names.
func lineOfParseError(errors []selfheal.BuildError) int {
	for _, e := range errors {
		if e.Tool == "docker" && e.Class == selfheal.BuildSyntax && e.Line > 0 {
			return e.Line
		}
	}
	return 0
}
