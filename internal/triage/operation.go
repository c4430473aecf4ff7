package triage

import (
	"regexp"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/triage/index"
)

// failedOn are the ways in which runtimes name what failed on a line. Group 1 is the member, key or function.
var failedOn = []*regexp.Regexp{
	regexp.MustCompile(`\((?:reading|setting) '([^']+)'\)`),
	regexp.MustCompile(`has no attribute '(\w+)'`),
	regexp.MustCompile(`Cannot (?:invoke|read field|assign field|load from|store to) "(?:[^"]*\.)?(\w+)(?:\([^"]*\))?"`),
	regexp.MustCompile("undefined method [`'](\\w+[?!]?)'"),
	regexp.MustCompile(`KeyError: ['"]?([\w.-]+)['"]?`),
	regexp.MustCompile(`Undefined (?:array key|property|index):? "?(?:[\w\\]+::)?\$?(\w+)`),
	regexp.MustCompile(`(?:\w+\.)(\w+) is not a function`),
	regexp.MustCompile(`(?:Call to a member function|Attempt to read property) "?(\w+)`),
}

// dereference matches what reaches into a value: a member, an element, a call.
var dereference = regexp.MustCompile(`[A-Za-z_$]\w*(?:\([^()]*\)|\[[^\[\]]*\])*(?:(?:\?\.|!?\.|->|::)[A-Za-z_$]\w*(?:\([^()]*\)|\[[^\[\]]*\])*)+|[A-Za-z_$]\w*\[[^\[\]]*\]`)

// indexFailed matches errors about an element that is not there.
var indexFailed = regexp.MustCompile(`(?i)index(?: is)? out of (?:range|bounds)|out of bounds|slice bounds|list index|IndexError|IndexOutOf`)

// failedBefore tells whether the operation that failed on a changed line was on
// it before the commit, on the same value: what is new there did not fail.
func (b *bench) failedBefore(p *failingPath, i int) bool {
	e := b.edits[i]
	var before []string
	for _, other := range b.hunkOf(e) {
		if other.op == selfheal.LineDeleted {
			before = append(before, other.text)
		}
	}
	if e.op != selfheal.LineAdded || len(before) == 0 || !p.frame {
		return false
	}
	old := strings.Join(before, "\n")
	for _, pattern := range failedOn {
		if m := pattern.FindStringSubmatch(b.symptom.message); m != nil && hasWord(e.text, m[1]) {
			return slices.ContainsFunc(before, func(line string) bool { return sameReceiver(line, e.text, m[1]) })
		}
	}
	if !absentAnywhere.MatchString(b.symptom.message) && !indexFailed.MatchString(b.symptom.message) {
		return false
	}
	now := dereference.FindAllString(plainCode(e.text), 40)
	return len(now) > 0 && !slices.ContainsFunc(now, func(d string) bool { return !strings.Contains(squeeze(plainCode(old)), squeeze(d)) })
}

// sameReceiver tells whether two lines take a member off the same expression.
func sameReceiver(before, after, member string) bool {
	old, now := receiversOf(before, member), receiversOf(after, member)
	return len(now) > 0 && !slices.ContainsFunc(now, func(r string) bool { return !slices.Contains(old, r) })
}

// receiversOf gives what stands before each occurrence of a member, back to the
// beginning of the expression, with how it is taken.
func receiversOf(line, member string) []string {
	var out []string
	for _, at := range wordPlaces(line, member) {
		start, depth := at, 0
		for start > 0 {
			c := line[start-1]
			switch {
			case c == ')' || c == ']':
				depth++
			case (c == '(' || c == '[') && depth > 0:
				depth--
			case c == '[' && start-1 < at-2: // the subscript of something else
				out = append(out, squeeze(line[start:at]))
				start = -1
			case depth > 0, index.IsWordByte(c), strings.IndexByte(`.?!>$@"'[`, c) >= 0, c == '-' && line[start] == '>', c == ':' && start > 1:
			default:
				out = append(out, squeeze(line[start:at]))
				start = -1
			}
			if start < 0 {
				break
			}
			start--
		}
		if start == 0 {
			out = append(out, squeeze(line[:at]))
		}
	}
	return out
}
