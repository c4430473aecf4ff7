package triage

import (
	"fmt"
	"regexp"
	"selfheal/internal/triage/index"
	"slices"
	"sort"
	"strings"

	"selfheal"
)

// locateFrames maps the frames of a symptom to files of the head and weighs them:
// the innermost counts most. A frame whose function or code is not what stands at
// its line comes from another revision: it keeps its file, not its line.
func (e *evidence) locateFrames(frames []stackFrame, message string) []located {
	absent := absentValue.MatchString(message)
	handed := absentAnywhere.MatchString(message)
	var found []located
	depth := 0
	seen := map[place]bool{}
	for _, f := range frames {
		path := e.locator.find(f.file)
		if path == "" || f.kind == frameLogger && f.line == 0 {
			continue
		}
		at := place{path, f.line}
		if seen[at] {
			continue
		}
		seen[at] = true
		weight := 1 / (1 + frameDecay*float64(depth))
		hander := handed && len(found) == 1 && depth == 0
		if depth > 0 || !handed || len(found) > 0 || e.changedAround(f, path) {
			depth++
		}
		if f.kind == frameLogger {
			weight *= factorLogger
		}
		if f.nilArgument && absent {
			weight *= factorNilArgument
		}
		found = append(found, located{stackFrame: f, path: path, weight: weight, stale: e.stale(f, path), hander: hander})
	}
	return found
}

// absentValue matches errors that mean a missing value was used.
var absentValue = regexp.MustCompile(`nil pointer dereference`)

// absentAnywhere matches the same in all languages.
var absentAnywhere = regexp.MustCompile(`nil pointer dereference|'NoneType' object|of (?:undefined|null)\b|NullPointerException|NullReferenceException|for nil:NilClass|because "[\w.]+" is null`)

// changedAround tells whether the function of a frame was changed. What failed on
// an absent value in a function that was not was handed the value by its caller,
// which then is as close to the fault as the function itself.
func (e *evidence) changedAround(f stackFrame, path string) bool {
	s := e.sources[path]
	if s == nil || f.line == 0 {
		return true
	}
	function := s.FunctionAt(f.line)
	return function == nil || len(e.editsIn(path, function.Start, function.End)) > 0
}

// stale tells whether a frame contradicts the file as it is at the head.
func (e *evidence) stale(f stackFrame, path string) bool {
	s := e.sources[path]
	if s == nil || f.line == 0 {
		return false
	}
	if f.line > len(s.lines) {
		return true
	}
	if f.source != "" {
		return squeeze(f.source) != squeeze(s.lines[f.line-1])
	}
	name := plainFunction(f.function)
	if name == "" || len(s.FunctionsNamed(name)) == 0 && !e.hasNames(path) {
		return false
	}
	for _, function := range s.FunctionsNamed(name) {
		if function.Start <= f.line && f.line <= function.End {
			return false
		}
	}
	return true
}

// hasNames tells whether the language's functions are all found by their names,
// so that a missing one means something.
func (e *evidence) hasNames(path string) bool {
	lang := index.LanguageOf(path)
	return lang != nil && (lang.Name == "go" || lang.Name == "python")
}

var closureSuffix = regexp.MustCompile(`(?:\.func\d+|\.gowrap\d+|\.\d+|-fm|-range\d+|\[\.\.\.\])+$`)

// plainFunction reduces a printed function to its bare name; empty for closures
// and initialisers whose name says nothing.
func plainFunction(printed string) string {
	name := strings.TrimSuffix(strings.TrimSpace(printed), "()")
	if i := strings.Index(name, ".func"); i > 0 {
		name = name[:i]
	}
	name = closureSuffix.ReplaceAllString(name, "")
	name = strings.TrimSuffix(name, "(...)")
	_, name, _ = cutLast(name, ".")
	if name == "" || !isWord(name) || name == "init" || name == "glob" {
		return ""
	}
	return name
}

func isWord(s string) bool {
	for i := range len(s) {
		if !index.IsWordByte(s[i]) {
			return false
		}
	}
	return true
}

// frameRule finds what was changed at, around and in the file of each frame.
func (b *bench) frameRule() []finding {
	var out []finding
	for _, f := range b.frames {
		out = append(out, b.frameLine(f)...)
		out = append(out, b.frameFunction(f)...)
		out = append(out, b.frameFile(f)...)
	}
	return out
}

func (b *bench) frameLine(f located) []finding {
	if f.stale {
		return nil
	}
	var out []finding
	for commit, edits := range b.byCommit(b.editsIn(f.path, f.line, f.line)) {
		kind, text := selfheal.ExhibitFrameInHunk, "a stack frame lies on a line that this commit changed"
		switch f.kind {
		case frameBuilder:
			kind, text = selfheal.ExhibitBuildLine, "the compiler points at a line that this commit changed"
		case frameLogger:
			text = "the line that logs the error was changed by this commit"
		}
		x := selfheal.Exhibit{Kind: kind, Weight: weightFrameLine * f.weight, Text: text, Observed: shorten(f.quote)}
		if b.onlySays(f, edits) {
			x.Weight *= factorReworded
			x.Text += ", which gave the message other words"
		} else if b.onlyRewritten(edits) {
			x.Weight *= factorRewritten
			x.Text += ", without a new name on it"
		}
		b.quoteEdit(&x, b.preferAdded(edits))
		finding := finding{family: familyFrame, commit: commit, exhibit: x}
		for _, i := range edits {
			strength := 10 * f.weight
			if b.edits[i].op == selfheal.LineDeleted {
				strength *= 0.6
			}
			finding.lines = append(finding.lines, pointer{i, strength})
		}
		out = append(out, finding)
	}
	return out
}

// onlySays tells whether what was changed on the line of a frame is only the
// text of a statement that logs or raises: what fails there failed before.
func (b *bench) onlySays(f located, edits []int) bool {
	s := b.sources[f.path]
	if s == nil || !slices.ContainsFunc(s.Literals, func(l index.Literal) bool {
		return l.Start <= f.line && l.End >= f.line && l.Role != index.RoleOther
	}) {
		return false
	}
	for _, i := range edits {
		if b.edits[i].op == selfheal.LineAdded && !b.reworded(b.edits[i]) {
			return false
		}
	}
	return true
}

// onlyRewritten tells whether the added lines hold no word that the lines deleted
// around them did not hold already: what fails there was there before. Where
// lines were only taken away, such as a check, nothing was rewritten.
func (e *evidence) onlyRewritten(edits []int) bool {
	added := false
	for _, i := range edits {
		if e.edits[i].op != selfheal.LineAdded {
			continue
		}
		added = true
		before := e.deletedWords(e.edits[i].group)
		fresh := false
		index.EachWord([]byte(e.edits[i].text), func(w []byte) { fresh = fresh || !before[string(w)] })
		if fresh {
			return false
		}
	}
	return added
}

// deletedWords collects the words of a hunk's deleted lines.
func (e *evidence) deletedWords(group int) map[string]bool {
	words := map[string]bool{}
	start := sort.Search(len(e.edits), func(i int) bool { return e.edits[i].group >= group })
	for _, edit := range e.edits[start:] {
		if edit.group != group {
			break
		}
		if edit.op == selfheal.LineDeleted {
			index.EachWord([]byte(edit.text), func(w []byte) { words[string(w)] = true })
		}
	}
	return words
}

// preferAdded gives the first added line among edits, or else the first edit.
func (e *evidence) preferAdded(edits []int) int {
	for _, i := range edits {
		if e.edits[i].op == selfheal.LineAdded {
			return i
		}
	}
	return edits[0]
}

func (b *bench) frameFunction(f located) []finding {
	function := b.functionOf(f)
	if function == nil {
		return nil
	}
	var out []finding
	for commit, edits := range b.byCommit(b.editsIn(f.path, function.Start, function.End)) {
		closest, near := edits[0], 0.0
		var lines []pointer
		for _, i := range edits {
			p := 0.3
			if f.line > 0 && !f.stale {
				p = proximity(b.edits[i].near.line, f.line) * b.reachedFrom(f, b.edits[i])
			}
			if p > near {
				closest, near = i, p
			}
			lines = append(lines, pointer{i, 4 * f.weight * p})
		}
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitFrameInFunction, Weight: weightFrameFunction * f.weight * (0.2 + 0.8*near),
			Text: fmt.Sprintf("a stack frame lies in %s, which this commit changed", function.Name), Observed: shorten(f.quote),
		}
		b.quoteEdit(&x, closest)
		out = append(out, finding{family: familyFrame, commit: commit, exhibit: x, lines: lines})
	}
	return out
}

// reached is factorBelow for an edit below a line of a function: it had not run
// yet when that line did, unless a loop led back.
func (b *bench) reached(path string, line int, e edit) float64 {
	s := b.sources[path]
	if s == nil || line < 1 || line > len(s.lines) || e.near.line <= line || continues.MatchString(s.lines[line-1]) {
		return 1
	}
	function, margin := s.FunctionAt(line), index.Indentation(s.lines[line-1])
	for n := line - 1; function != nil && n >= function.Start; n-- {
		if loops.MatchString(s.lines[n-1]) && index.Indentation(s.lines[n-1]) < margin {
			return 1
		}
	}
	return factorBelow
}

// reachedFrom is reached for a frame; what says where the logger was called says nothing of an order.
func (b *bench) reachedFrom(f located, e edit) float64 {
	if f.kind != frameStack {
		return 1
	}
	return b.reached(f.path, f.line, e)
}

// loops matches the first line of a loop.
var loops = regexp.MustCompile(`^\s*(?:for|while|loop|do|until|foreach)\b|\.(?:forEach|map|each)\(`)

// continues matches a line that its statement goes on after.
var continues = regexp.MustCompile(`[({\[,+\\.|&=:?]\s*$`)

// functionOf gives the function that a frame lies in, by its line or else by its name.
func (b *bench) functionOf(f located) *index.Function {
	s := b.sources[f.path]
	if s == nil {
		return nil
	}
	if f.line > 0 && !f.stale {
		return s.FunctionAt(f.line)
	}
	if found := s.FunctionsNamed(plainFunction(f.function)); len(found) == 1 {
		return found[0]
	}
	return nil
}

func (b *bench) frameFile(f located) []finding {
	var out []finding
	for commit, edits := range b.byCommit(b.editsAt[f.path]) {
		closest, near := edits[0], 0.0
		var lines []pointer
		for _, i := range edits {
			p := 0.0
			if n := b.edits[i].near.line; n > 0 && f.line > 0 && !f.stale && !b.apart(f, n) {
				p = proximity(n, f.line) * b.reachedFrom(f, b.edits[i])
			}
			if p > near {
				closest, near = i, p
			}
			lines = append(lines, pointer{i, 2 * f.weight * p})
		}
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitFrameInFile, Weight: max(weightFrameFile, 3*near) * f.weight,
			Text: "a stack frame lies in a file that this commit changed", Observed: shorten(f.quote),
		}
		b.quoteEdit(&x, closest)
		out = append(out, finding{family: familyFrame, commit: commit, exhibit: x, lines: lines})
	}
	return out
}

// aboveFunction is how many lines above a function are looked at for decorators.
const aboveFunction = 3

var decorator = regexp.MustCompile(`^\s*(?:@|#?\[)`)

// apart tells whether a line lies in another function than a frame: being close
// then says no more than being in the same file.
func (b *bench) apart(f located, line int) bool {
	s := b.sources[f.path]
	if s == nil {
		return false
	}
	own, other := s.FunctionAt(f.line), s.FunctionAt(line)
	if own == nil || own.Declaration || own == other {
		return false
	}
	if other != nil && !other.Declaration || line < own.Start-aboveFunction || line > own.Start || line > len(s.lines) {
		return true
	}
	return !decorator.MatchString(s.lines[max(line, 1)-1])
}
