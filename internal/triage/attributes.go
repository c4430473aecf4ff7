package triage

import (
	"slices"
	"strings"

	"selfheal"
)

// attributesFile is where a repository says which of its files nobody wrote by hand.
const attributesFile = ".gitattributes"

// attributeClasses are the attributes by which forges know such files.
var attributeClasses = map[string]selfheal.FileClass{
	"linguist-generated": selfheal.ClassGenerated,
	"linguist-vendored":  selfheal.ClassDependency,
}

// ruleAttribute begins the rule of a class that .gitattributes gave.
const ruleAttribute = attributesFile + ": "

// withAttributes adds what the .gitattributes at the root of a repository says.
// The user's overrides go first; of two lines the later one wins, as in git.
func (c *Classifier) withAttributes(content []byte) *Classifier {
	var found []Override
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || strings.HasPrefix(fields[0], "#") || strings.HasPrefix(fields[0], `"`) {
			continue
		}
		for _, attribute := range fields[1:] {
			name, value, _ := strings.Cut(attribute, "=")
			if class, ok := attributeClasses[name]; ok && value != "false" {
				found = append(found, Override{Pattern: attributePattern(fields[0]), Class: class})
			}
		}
	}
	slices.Reverse(found)
	return &Classifier{overrides: c.overrides, attributes: found}
}

// attributePattern turns a pattern of git into one of ours: without a slash it
// matches at any depth.
func attributePattern(pattern string) string {
	if rest, rooted := strings.CutPrefix(pattern, "/"); rooted {
		return rest
	}
	if !strings.Contains(pattern, "/") {
		return "**/" + pattern
	}
	return pattern
}
