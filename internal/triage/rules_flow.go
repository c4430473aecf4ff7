package triage

import (
	"fmt"
	"maps"
	"regexp"
	"selfheal/internal/triage/index"
	"slices"
	"strings"

	"selfheal"
)

// assigned matches names that get a value somewhere on a line: by assignment, as
// a field of a literal, as the variable of a loop.
var assigned = regexp.MustCompile(`\b([A-Za-z_]\w*)\s*(?::=|[-+*/|]?=(?:[^=>]|$))|(?:^|[{,(])\s*([A-Za-z_]\w*)\s*:\s+[^\s=]|\bfor\s+\(?(?:const\s+|let\s+|var\s+)?([A-Za-z_]\w*)\s+(?:in|of)\b`)

// assignedNames lists the names that a line gives a value.
func assignedNames(line string) map[string]bool {
	names := map[string]bool{}
	for _, m := range assigned.FindAllStringSubmatch(quotedText.ReplaceAllString(line, `""`), 20) {
		names[m[1]+m[2]+m[3]] = true
	}
	return names
}

// flowFrames is how many of the innermost frames the flow of values is looked at for.
const flowFrames = 2

// flowRule finds changed lines that give a value to what the failing line uses:
// above it in its function, or, for rare names, in another place.
func (b *bench) flowRule() []finding {
	var out []finding
	for _, f := range b.frames[:min(len(b.frames), flowFrames)] {
		s := b.sources[f.path]
		if s == nil || f.kind != frameStack || f.stale || f.line < 1 || f.line > len(s.lines) {
			continue
		}
		failing := usedOn(s.lines[f.line-1])
		function := s.FunctionAt(f.line)
		for i, e := range b.edits {
			if e.near.path != f.path || e.near.line == 0 || e.op == selfheal.LineAdded && e.near.line == f.line {
				continue
			}
			inside := function != nil && e.near.line >= function.Start && e.near.line <= function.End
			if inside && e.near.line > f.line {
				continue
			}
			for _, name := range slices.Sorted(maps.Keys(assignedNames(e.text))) {
				if hasWord(failing, name) && (inside || !b.isLocal(s, function, f.line, name)) {
					out = append(out, b.flowFinding(f, i, name, inside)...)
				}
			}
		}
	}
	return out
}

// isLocal tells whether a function gives a name its value itself, or is handed it,
// above a line: what other functions call so is something else.
func (b *bench) isLocal(s *source, function *index.Function, line int, name string) bool {
	if function == nil {
		return false
	}
	code := s.code(function)
	for _, text := range code[:min(len(code), max(0, line-function.Start))] {
		if assignedNames(text)[name] && !strings.Contains(text, "."+name) {
			return true
		}
	}
	return false
}

// flowFinding is empty for a name that is too common to be the same thing in two functions.
func (b *bench) flowFinding(f located, edited int, name string, inside bool) []finding {
	weight := weightFlow * f.weight
	if inside && b.givenAgain(f, b.edits[edited].near.line, name) {
		weight *= factorGivenAgain
	}
	if !inside {
		if len(name) < 4 {
			return nil
		}
		weight = weightFlowApart * f.weight * b.nameRarity(name)
	}
	text := fmt.Sprintf("the failing line uses %s, which this commit gave another value", name)
	if b.edits[edited].op == selfheal.LineDeleted {
		text = fmt.Sprintf("the failing line uses %s, and this commit changed or removed what gave it a value", name)
	}
	x := selfheal.Exhibit{Kind: selfheal.ExhibitFrameInFunction, Weight: weight, Text: text, Observed: shorten(f.quote)}
	if !inside {
		x.Kind = selfheal.ExhibitCallHop
	}
	b.quoteEdit(&x, edited)
	return []finding{{family: familyFrame, commit: b.edits[edited].commit, exhibit: x, lines: []pointer{{edited, weight}}}}
}

// givenAgain tells whether a name gets another value between a line and the
// failing one, at no deeper level than the failing one: what it had before is then gone.
func (b *bench) givenAgain(f located, from int, name string) bool {
	lines := b.sources[f.path].lines
	margin := index.Indentation(lines[f.line-1])
	for _, line := range lines[min(from, f.line-1) : f.line-1] {
		if index.Indentation(line) <= margin && hasWord(line, name) && assignedNames(line)[name] {
			return true
		}
	}
	return false
}

// violated are the ways in which databases say that a constraint was violated.
// Group 1 is the column or the constraint.
var violated = []*regexp.Regexp{
	regexp.MustCompile(`null value in column "(\w+)"`),
	regexp.MustCompile(`(?i)(?:NOT NULL|UNIQUE|CHECK) constraint failed: (?:\w+\.)?(\w+)`),
	regexp.MustCompile(`(?i)(?:column|field) ['"]?(\w+)['"]? (?:cannot be null|doesn't have a default value|may not be null)`),
	regexp.MustCompile(`(?i)violates (?:unique|check|foreign key|exclusion|not-null) constraint "(\w+)"`),
}

var constrains = regexp.MustCompile(`(?i)\bnot\s+null\b|\bunique\b|\bcheck\s*\(|\breferences\b|\bforeign\s+key\b|\bprimary\s+key\b|\bconstraint\b|nullable\s*=\s*False|null\s*=\s*False|allowNull:\s*false`)

// tables are the ways in which databases name the table of a violated constraint.
var tables = []*regexp.Regexp{
	regexp.MustCompile(`(?:relation|table) ["'` + "`" + `](?:\w+\.)?(\w+)["'` + "`" + `]`),
	regexp.MustCompile(`constraint failed: (\w+)\.\w`),
}

// ofTable tells whether an edit may be about the table that the error names: what
// stands around it names the table, or the error does not, or the constraint has
// a name of its own.
func (b *bench) ofTable(e edit, name string) bool {
	for _, pattern := range tables {
		m := pattern.FindStringSubmatch(b.symptom.message)
		if m == nil || strings.Contains(name, m[1]) {
			continue
		}
		stem := strings.TrimSuffix(m[1], "s") // a model bears the name of one row
		around := []string{e.at.path}
		if s := b.sources[e.near.path]; s != nil {
			around = append(around, s.lines...)
		}
		for _, other := range b.edits {
			if other.commit == e.commit && other.at.path == e.at.path {
				around = append(around, other.text)
			}
		}
		near := strings.ToLower(strings.Join(around, "\n"))
		return strings.Contains(near, strings.ToLower(strings.ReplaceAll(stem, "_", ""))) || strings.Contains(near, strings.ToLower(stem))
	}
	return true
}

// constraintRule finds the constraint that the error violates on added lines.
func (b *bench) constraintRule() []finding {
	var out []finding
	for _, pattern := range violated {
		m := pattern.FindStringSubmatch(b.symptom.message)
		if m == nil || len(m[1]) < 3 {
			continue
		}
		for i, e := range b.edits {
			if e.op != selfheal.LineAdded || e.moved || !constrains.MatchString(e.text) || !hasWord(e.text, m[1]) || !b.ofTable(e, m[1]) {
				continue
			}
			x := selfheal.Exhibit{
				Kind: selfheal.ExhibitIdentifier, Weight: weightRemoved,
				Text: fmt.Sprintf("this commit put a constraint on %s, which the error violates", shorten(m[1])), Observed: shorten(m[0]),
			}
			b.quoteEdit(&x, i)
			out = append(out, finding{family: familyName, commit: e.commit, exhibit: x, lines: []pointer{{i, pointsDefinition}}})
		}
	}
	return out
}
