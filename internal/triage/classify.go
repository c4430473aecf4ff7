package triage

import (
	"bytes"
	"path"
	"selfheal/internal/triage/index"
	"strings"

	"selfheal"
)

// Override sets the class of the files that a glob matches, before every other
// rule. "**" stands for any number of directories, "*" for anything within a name.
type Override struct {
	Pattern string
	Class   selfheal.FileClass
}

// Classifier says what files are for. It is immutable.
type Classifier struct {
	overrides  []Override
	attributes []Override // of the repository; of what they match only a class that runs may be another one that runs
}

// NewClassifier checks the overrides, of which the first match wins. It gives CodeUsage for an unknown class or a malformed glob.
func NewClassifier(overrides []Override) (*Classifier, error) {
	for _, o := range overrides {
		if !knownClass(o.Class) {
			return nil, selfheal.Usagef("use one of runtime, config, prompt, dependency, migration, build, generated, test, docs, ci",
				"unknown file class %q", o.Class)
		}
		if _, err := path.Match(strings.ReplaceAll(o.Pattern, "**", "*"), "x"); err != nil || o.Pattern == "" {
			return nil, selfheal.Usagef("write a pattern such as docs/**/*.md", "malformed file pattern %q", o.Pattern)
		}
	}
	return &Classifier{overrides: overrides}, nil
}

func knownClass(class selfheal.FileClass) bool {
	switch class {
	case selfheal.ClassRuntime, selfheal.ClassConfig, selfheal.ClassPrompt, selfheal.ClassDependency, selfheal.ClassMigration,
		selfheal.ClassBuild, selfheal.ClassGenerated, selfheal.ClassTest, selfheal.ClassDocs, selfheal.ClassCI:
		return true
	}
	return false
}

// ruleOverride begins the rule of a class that the user set.
const ruleOverride = "configured: "

// Classify gives the class of a file and the rule that gave it. The content may
// be nil when it is not at hand; with it, generated code and build constraints
// are recognised too.
func (c *Classifier) Classify(name string, content []byte) (class selfheal.FileClass, rule string) {
	for _, o := range c.overrides {
		if glob(o.Pattern, name) {
			return o.Class, ruleOverride + o.Pattern
		}
	}
	class, rule = classByName(name)
	for _, o := range c.attributes {
		if class.Deployable() && glob(o.Pattern, name) {
			return o.Class, ruleAttribute + o.Pattern
		}
	}
	if class == selfheal.ClassDocs && isCode(name) && !inExamples(name) {
		class, rule = selfheal.ClassRuntime, "code beside documentation"
	}
	if class != selfheal.ClassRuntime || content == nil {
		return class, rule
	}
	if isGenerated(content) {
		return selfheal.ClassGenerated, "marked as generated"
	}
	if constraint := testConstraint(name, content); constraint != "" {
		return selfheal.ClassTest, "build constraint " + constraint
	}
	return class, rule
}

func classByName(name string) (selfheal.FileClass, string) {
	lower := strings.ToLower(name)
	for _, p := range classTable {
		if glob(p.glob, lower) {
			return p.class, p.glob
		}
	}
	return selfheal.ClassRuntime, "no other rule matches"
}

func isCode(name string) bool { return index.LanguageOf(name) != nil }

func inExamples(name string) bool {
	lower := "/" + strings.ToLower(name)
	return strings.Contains(lower, "/examples/") || strings.Contains(lower, "/example/")
}

// isGenerated looks for Go's marker and its usual variants near the top.
func isGenerated(content []byte) bool {
	for range 20 {
		line, rest, more := bytes.Cut(content, []byte("\n"))
		lower := bytes.ToLower(line)
		if bytes.Contains(lower, []byte("code generated")) && bytes.Contains(lower, []byte("do not edit")) ||
			bytes.Contains(lower, []byte("@generated")) {
			return true
		}
		if !more {
			return false
		}
		content = rest
	}
	return false
}

// testConstraint gives the build constraint of a Go file that keeps it out of ordinary builds.
func testConstraint(name string, content []byte) string {
	if !strings.HasSuffix(name, ".go") {
		return ""
	}
	for range 40 {
		line, rest, more := bytes.Cut(content, []byte("\n"))
		text := strings.TrimSpace(string(line))
		if tag, ok := strings.CutPrefix(text, "//go:build "); ok {
			switch tag = strings.TrimSpace(tag); tag {
			case "ignore", "integration", "tools", "e2e", "test":
				return tag
			}
			return ""
		}
		if !more || strings.HasPrefix(text, "package ") {
			return ""
		}
		content = rest
	}
	return ""
}
