package triage

import (
	"regexp"
	"slices"
	"strings"
)

// narrows tells whether a condition is another one with more asked for: what it
// lets through was let through before.
func narrows(before, after string) bool { return extends(before, after, "&&", "and") }

// widens tells whether a condition is another one that lets more through.
func widens(before, after string) bool { return extends(before, after, "||", "or") }

// extends tells whether a condition is another one, continued by one operator.
func extends(before, after string, operators ...string) bool {
	old, now := conditionOf(before), conditionOf(after)
	if len(old) == 0 || len(now) <= len(old)+1 || slices.ContainsFunc(old, isJunction) {
		return false
	}
	var rest []string
	switch {
	case slices.Equal(now[:len(old)], old):
		rest = now[len(old)+1:]
		if !slices.Contains(operators, now[len(old)]) {
			return false
		}
	case slices.Equal(now[len(now)-len(old):], old):
		rest = now[:len(now)-len(old)-1]
		if !slices.Contains(operators, now[len(now)-len(old)-1]) {
			return false
		}
	default:
		return false
	}
	return !slices.ContainsFunc(rest, func(t string) bool { return isJunction(t) && !slices.Contains(operators, t) })
}

func isJunction(token string) bool {
	return token == "&&" || token == "||" || token == "and" || token == "or"
}

// conditionOf gives the tokens of the condition in a header.
func conditionOf(line string) []string {
	m := conditionText.FindStringSubmatch(line)
	if m == nil {
		return nil
	}
	text := strings.TrimRight(strings.TrimSpace(m[1]), "{: \t")
	if strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") {
		text = text[1 : len(text)-1]
	}
	return conditionToken.FindAllString(text, -1)
}

var (
	conditionText  = regexp.MustCompile(`^\s*(?:\}\s*)?(?:else if|if|elif|elsif|unless|while|when)\b(.*)$`)
	conditionToken = regexp.MustCompile(`&&|\|\||\w+|[^\w\s]`)
)
