package triage

import (
	"fmt"
	"math"
	"regexp"
	"selfheal/internal/triage/index"
	"slices"
	"strings"

	"selfheal"
)

// assignment matches a line that gives a name a value: in code, in a class, in a
// mapping, or in a file of settings. Group 1 is the name, 2 the value.
var assignment = regexp.MustCompile(`^\s*(?:(?:export|public|private|protected|internal|static|final|readonly|const|let|var|val|pub|default)\s+)*(?:[A-Za-z_][\w.<>\[\]]*\s+)??['"]?([A-Za-z_][\w-]*)['"]?\s*(?::\s*[\w.<>\[\]]+\s*)?(?::=|=|:)\s*([^=\s].*)$`)

// settled is a name that a commit gave another value.
type settled struct {
	name  string
	added int // the edit with the new value
	old   string
	value string
}

// constant matches values that are written out rather than computed.
var constant = regexp.MustCompile(`^(?:[-+]?\.?\d|['"` + "`" + `\[{]|(?i:true|false|null|nil|none|on|off|yes|no)\b)`)

// settings lists the names that kept their place and got another constant value:
// pairs of a deleted and an added line of one hunk that assign to the same name,
// which nothing else in the hunk does.
func (e *evidence) settings() []settled {
	var out []settled
	var deleted, added map[string][]string // of the current hunk, by name
	group, last := -1, -1
	for i, edit := range e.edits {
		if edit.group != group {
			group, last = edit.group, len(out)
			deleted, added = map[string][]string{}, map[string][]string{}
		}
		m := assignment.FindStringSubmatch(edit.text)
		if m == nil || edit.moved {
			continue
		}
		name, value := m[1], m[2]
		if edit.op == selfheal.LineDeleted {
			deleted[name] = append(deleted[name], value)
			continue
		}
		added[name] = append(added[name], value)
		old := deleted[name]
		if len(added[name]) > 1 { // which of them took the place of the old one is not clear
			out = append(out[:last], slices.DeleteFunc(out[last:], func(s settled) bool { return s.name == name })...)
		} else if len(old) == 1 && squeeze(old[0]) != squeeze(value) && (edit.class == selfheal.ClassConfig || constant.MatchString(old[0]) && constant.MatchString(value)) {
			out = append(out, settled{name, i, old[0], value})
		}
	}
	return out
}

// minSetting is the specificity from which the name of a setting is followed.
const minSetting = 0.5

// settingRule finds constants and settings that got another value and that the
// code reads in which the error shows.
func (b *bench) settingRule() []finding {
	var out []finding
	for _, s := range b.settings() {
		if specificity(s.name) < minSetting {
			continue
		}
		for _, a := range b.readers {
			near, ok := b.reads(a, s)
			if !ok || b.shadowed(a, s) {
				continue
			}
			near = 0.8 + 0.2*near
			if b.misses(a, map[string]bool{s.name: true}) {
				near *= factorMissed
			}
			near *= b.branch(a, s.name)
			x := selfheal.Exhibit{
				Kind: selfheal.ExhibitCallHop, Weight: weightSetting * a.weight * near * b.settingRarity(s.name), Observed: shorten(a.observed),
				Text: fmt.Sprintf("%s, where the error shows, reads %s, which this commit gave another value", a.function.Name, shorten(s.name)),
			}
			if b.edits[s.added].class == selfheal.ClassConfig {
				x.Kind = selfheal.ExhibitConfiguration
			}
			b.quoteEdit(&x, s.added)
			family := familySetting
			if a.path == b.edits[s.added].near.path { // that the file was changed says nothing more
				family = familyFrame
			}
			out = append(out, finding{family: family, commit: b.edits[s.added].commit, exhibit: x, lines: []pointer{{s.added, weightSetting * a.weight}}})
		}
	}
	return out
}

// shadowed tells whether the file of an anchor declares the name for itself.
func (b *bench) shadowed(a anchor, s settled) bool {
	source := b.sources[a.path]
	return a.path != b.edits[s.added].near.path && slices.ContainsFunc(source.lines, func(line string) bool {
		m := assignment.FindStringSubmatch(line)
		return m != nil && m[1] == s.name && !hasWord(m[2], s.name)
	})
}

// conditional matches the first line of a branch.
var conditional = regexp.MustCompile(`^\s*(?:\}\s*)?(?:if|elif|elsif|else if|unless|when|case)\b`)

// branch is factorBranch when an anchor shows the error in a branch of its own
// whose condition does not have the name, while the name stands in other branches only.
func (b *bench) branch(a anchor, name string) float64 {
	s := b.sources[a.path]
	if s == nil || a.line <= a.function.Start || a.line > len(s.lines) {
		return 1
	}
	margin := index.Indentation(s.lines[a.line-1])
	guard := 0
	for n := a.line - 1; n >= a.function.Start && guard == 0; n-- {
		if line := s.lines[n-1]; strings.TrimSpace(line) != "" && index.Indentation(line) < margin {
			guard = n
		}
	}
	if guard == 0 || !conditional.MatchString(s.lines[guard-1]) {
		return 1
	}
	elsewhere := false
	for i, line := range s.code(a.function) {
		n := a.function.Start + i
		if !hasWord(line, name) {
			continue
		}
		within := index.Indentation(line) > index.Indentation(s.lines[guard-1]) && (n < guard || n > a.line) && len(assignedNames(line)) == 0
		sibling := conditional.MatchString(line) && n != guard && index.Indentation(line) == index.Indentation(s.lines[guard-1])
		if !within && !sibling {
			return 1
		}
		elsewhere = true
	}
	if elsewhere {
		return factorBranch
	}
	return 1
}

// unsetRule finds variables of the environment that the failing code reads since
// a commit and that nothing in the repository sets, while the one which it read
// before is set.
func (b *bench) unsetRule() []finding {
	var out []finding
	for i, e := range b.edits {
		if e.op != selfheal.LineAdded || e.moved {
			continue
		}
		for _, n := range index.NamedBy(e.text, index.LanguageOf(e.at.path)) {
			if n.Kind != index.KindEnvironment || n.Defines || b.isDefined(n.Text) {
				continue
			}
			if d, ok := b.replaced(i); ok {
				out = append(out, b.unset(i, n.Text, index.NamedBy(b.edits[d].text, index.LanguageOf(e.at.path)))...)
			}
		}
	}
	return out
}

// unset makes exhibits for the functions around the error that have the line.
func (b *bench) unset(i int, name string, before []index.Name) []finding {
	e := b.edits[i]
	old := slices.IndexFunc(before, func(n index.Name) bool { return n.Kind == index.KindEnvironment && b.index.Set(n.Text) })
	if old < 0 {
		return nil
	}
	var out []finding
	for _, a := range b.readers {
		if a.path != e.near.path || e.near.line < a.function.Start || e.near.line > a.function.End {
			continue
		}
		if b.misses(a, assignedNames(e.text)) {
			continue
		}
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitConfiguration, Weight: weightUnset * a.weight, Observed: shorten(a.observed),
			Text: fmt.Sprintf("%s reads %s since this commit, which nothing in the repository sets; %s is set", a.function.Name, shorten(name), shorten(before[old].Text)),
		}
		b.quoteEdit(&x, i)
		out = append(out, finding{family: familySetting, commit: e.commit, exhibit: x, lines: []pointer{{i, weightUnset}}})
	}
	return out
}

// misses tells whether a stack says on which line of an anchor's function it
// failed, and that line has none of the names.
func (b *bench) misses(a anchor, names map[string]bool) bool {
	s := b.sources[a.path]
	if s == nil || a.line < 1 || a.line > len(s.lines) || len(names) == 0 || !b.stoppedAt(a) {
		return false
	}
	return !namesAny(s.lines[a.line-1], names)
}

// stoppedAt tells whether the line of an anchor is that of a stack frame, and not
// of a statement that raises: that fails because of what led there.
func (b *bench) stoppedAt(a anchor) bool {
	if raises.MatchString(b.sources[a.path].lines[a.line-1]) {
		return false
	}
	return slices.ContainsFunc(b.frames, func(f located) bool {
		return f.kind == frameStack && !f.stale && f.path == a.path && f.line == a.line
	})
}

var raises = regexp.MustCompile(`^\s*(?:raise|throw|panic\(|die\(|fail\b|abort\b|return\b.*\b(?:Err|err|error)\b|assert)`)

// settingRarity weighs a setting by how few files mention it beside the one that sets it.
func (b *bench) settingRarity(name string) float64 {
	t := index.TermOf(name)
	beside := max(b.survey.frequency[t]-1, 1)
	return min(1, math.Log2(float64(b.survey.surveyed+1)/float64(beside))/b.survey.scale(8))
}

// reads tells whether a function mentions a setting elsewhere than where it is
// set, and how near to where the error shows, 0..1.
func (b *bench) reads(a anchor, s settled) (near float64, ok bool) {
	source := b.sources[a.path]
	if source == nil || a.function == nil || a.function.Declaration {
		return 0, false
	}
	e := b.edits[s.added]
	for i, line := range source.code(a.function) {
		n := a.function.Start + i
		if (a.path != e.near.path || n != e.near.line) && hasWord(line, s.name) {
			near, ok = max(near, proximity(n, a.line)), true
		}
	}
	return near, ok
}

// numeral matches a number as people and programs write it.
var numeral = regexp.MustCompile(`\b\d[\d_]*(?:\.\d+)?`)

// valueRule finds settings whose new value is the number that the error gives:
// the fewer digits, the easier that is by chance.
func (b *bench) valueRule() []finding {
	given := numeral.FindAllString(b.symptom.message, 100)
	var out []finding
	for _, s := range b.settings() {
		before := numeral.FindAllString(s.old, 20)
		for _, value := range numeral.FindAllString(s.value, 20) {
			digits := len(value)
			if slices.Contains(before, value) || !slices.Contains(given, value) || digits < 2 {
				continue
			}
			x := selfheal.Exhibit{
				Kind: selfheal.ExhibitIdentifier, Weight: weightValue * min(1, float64(digits)/3), Observed: value,
				Text: fmt.Sprintf("the error gives the number to which this commit set %s", shorten(s.name)),
			}
			if b.edits[s.added].class == selfheal.ClassConfig {
				x.Kind = selfheal.ExhibitConfiguration
			}
			b.quoteEdit(&x, s.added)
			out = append(out, finding{family: familyValue, commit: b.edits[s.added].commit, exhibit: x, lines: []pointer{{s.added, 2}}})
		}
	}
	return out
}
