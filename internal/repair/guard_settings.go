package repair

import (
	"bytes"
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
)

// checkSettings says why a file that declares dependencies may not change in this
// way: the same file often says which checks run.
func checkSettings(e edit) string {
	changed := false
	switch name := strings.ToLower(path.Base(e.path)); {
	case name == "package.json":
		changed = packageChecks(e.old) != packageChecks(e.new)
	case name == "pyproject.toml":
		changed = !slices.Equal(pythonChecks(e.old), pythonChecks(e.new))
	case name == "pom.xml", strings.HasSuffix(name, ".gradle"), strings.HasSuffix(name, ".gradle.kts"):
		changed = len(jvmChecks.FindAll(e.new, -1)) > len(jvmChecks.FindAll(e.old, -1))
	}
	if changed {
		return "what it says of the checks that run is changed"
	}
	return ""
}

// packageChecks is what a package.json says of scripts and test runners, in one
// form; all of it where it cannot be read.
func packageChecks(text []byte) string {
	var all map[string]json.RawMessage
	if len(text) > 0 && json.Unmarshal(text, &all) != nil {
		return string(text)
	}
	var b bytes.Buffer
	for _, key := range []string{"scripts", "jest", "mocha", "vitest", "ava", "nyc", "c8", "babel"} {
		var value any
		if json.Unmarshal(all[key], &value) == nil {
			canonical, _ := json.Marshal(value) // came from JSON
			b.WriteString(key + string(canonical))
		}
	}
	return b.String()
}

var pythonCheckSection = regexp.MustCompile(`^\s*\[+\s*"?tool"?\s*\.\s*"?(pytest|tox|coverage|nox|poe|hatch|pdm|taskipy)\b`)

// pythonChecks are the lines of the sections that say how tests run.
func pythonChecks(text []byte) []string {
	var lines []string
	inside := false
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(strings.TrimSpace(line), "[") {
			inside = pythonCheckSection.MatchString(line)
		}
		if line = strings.TrimSpace(line); inside && line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// jvmChecks are the settings by which Maven and Gradle leave tests out.
var jvmChecks = regexp.MustCompile(`(?i)skipTests|maven\.test\.skip|skipITs|testFailureIgnore|ignoreFailures|\benabled\s*=\s*false|onlyIf|\bexcludes?\b|excludeTestsMatching|failIfNoTests`)
