package triage

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/triage/index"
)

// maxPassed is in how many files a constant may be named whose way is followed.
const maxPassed = 20

// argumentRule finds constants that a commit gave another value and that are
// handed to the code in which the error shows, through a call or a constructor.
func (b *bench) argumentRule() []finding {
	var out []finding
	for _, s := range b.settings() {
		if specificity(s.name) < minSetting || b.survey.frequency[index.TermOf(s.name)] > maxPassed {
			continue
		}
		for _, c := range b.callsWith(s.name) {
			out = append(out, b.handed(c, s.added, s.name+", which this commit gave another value,", b.settingRarity(s.name))...)
		}
	}
	return append(out, b.changedCalls()...)
}

// handed makes exhibits of a call that hands another value to the file in which the error shows.
func (b *bench) handed(c passing, i int, what string, factor float64) []finding {
	var out []finding
	for _, a := range b.readers {
		if !b.leadsTo(c.callee, c.path, a) || !b.receives(c, a) {
			continue
		}
		if _, name, _ := cutLast(c.callee, "."); name == a.function.Name && c.path == b.edits[i].near.path && !b.mayCall(a, b.edits[i]) {
			continue
		}
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitCallHop, Weight: weightArgument * a.weight * factor, Observed: shorten(a.observed),
			Text: fmt.Sprintf("%s is handed to %s in %s, where the error shows", shorten(what), shorten(c.callee), a.path),
		}
		b.quoteEdit(&x, i)
		out = append(out, finding{family: familyArgument, commit: b.edits[i].commit, exhibit: x, lines: []pointer{{i, weightSetting * a.weight}}})
	}
	return out
}

// changedCalls finds calls of the failing file that differ in a constant only.
func (b *bench) changedCalls() []finding {
	names := map[string]bool{}
	for _, a := range b.readers {
		if s := b.sources[a.path]; s != nil {
			for _, f := range s.Functions {
				names[f.Name] = true
			}
		}
	}
	var out []finding
	for i, e := range b.edits {
		if e.op != selfheal.LineAdded || e.moved || !namesAny(e.text, names) {
			continue
		}
		d, ok := b.replaced(i)
		if !ok || constants.ReplaceAllString(b.edits[d].text, "0") != constants.ReplaceAllString(e.text, "0") {
			continue
		}
		for _, m := range wholeCall.FindAllStringSubmatch(e.text, 10) {
			if constants.MatchString(m[2]) && !strings.Contains(b.edits[d].text, m[0]) {
				out = append(out, b.handed(passing{e.at.path, m[1], changedArgument(b.edits[d].text, m)}, i, "another constant", 1)...)
			}
		}
	}
	return out
}

// changedArgument gives the place of the first argument of a call that a line did not have before.
func changedArgument(before string, call []string) int {
	for _, m := range wholeCall.FindAllStringSubmatch(before, 10) {
		if m[1] != call[1] {
			continue
		}
		was := arguments(m[2])
		for i, now := range arguments(call[2]) {
			if i >= len(was) || was[i] != now {
				return i
			}
		}
	}
	return 0
}

// receives tells whether an anchor's function uses what it is handed: the
// parameter, or a name that the callee gives its value.
func (b *bench) receives(c passing, a anchor) bool {
	s := b.sources[a.path]
	_, name, _ := cutLast(strings.NewReplacer("::", ".", "->", ".").Replace(c.callee), ".")
	for _, f := range s.FunctionsNamed(name) {
		lines := s.code(f)
		parameter := parameterAt(strings.Join(lines[:min(len(lines), 6)], " "), name, c.place, index.LanguageOf(a.path))
		if parameter == "" {
			continue
		}
		names := []string{parameter}
		for _, line := range lines {
			if hasWord(line, parameter) {
				names = append(names, index.DefinedBy(line, index.LanguageOf(a.path))...)
			}
		}
		if slices.ContainsFunc(names, func(n string) bool { _, ok := b.uses(a, n, place{}); return ok && n != name }) {
			return true
		}
	}
	return false
}

// parameterAt gives the name of a function's parameter by its place; empty when there is none.
func parameterAt(header, name string, place int, lang *index.Language) string {
	at := wordPlaces(header[:min(len(header), 1000)], name)
	if len(at) == 0 || lang == nil {
		return ""
	}
	m := parameterList.FindStringSubmatch(header[at[0]+len(name):])
	if m == nil {
		return ""
	}
	list := arguments(m[1])
	if len(list) > 0 && (list[0] == "self" || list[0] == "cls" || list[0] == "&self" || list[0] == "&mut self") {
		list = list[1:]
	}
	if place >= len(list) {
		return ""
	}
	words := anyWord.FindAllString(strings.SplitN(strings.SplitN(list[place], "=", 2)[0], ":", 2)[0], -1)
	switch {
	case len(words) == 0:
		return ""
	case lang.Name == "braces" || lang.Name == "php": // the type stands before the name
		return words[len(words)-1]
	}
	return words[0]
}

// parameterList matches the parameters behind a function's name.
var parameterList = regexp.MustCompile(`^\s*(?:\[[^\]]*\]|<[^>]*>)?\s*\(((?:[^()]|\([^()]*\))*)\)`)

// constants matches numbers, and the words for truth.
var constants = regexp.MustCompile(`\b\d[\w.]*|\b(?i:true|false|null|nil|none)\b`)

// passing is a call that is given a name.
type passing struct {
	path   string
	callee string // with what qualifies it
	place  int    // of the argument, from 0
}

// calling matches the innermost call around a place by what stands before: its
// callee and the arguments so far.
var calling = regexp.MustCompile(`([A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)*)\s*\(((?:[^()]|\([^()]*\))*)$`)

// callsWith finds the calls that are given a name, in the files that were read.
func (b *bench) callsWith(name string) []passing {
	if known, asked := b.passed[name]; asked {
		return known
	}
	term := index.TermOf(name)
	var found []passing
	for _, p := range slices.Sorted(maps.Keys(b.sources)) {
		s := b.sources[p]
		if !s.Has(term) {
			continue
		}
		for _, line := range s.lines {
			for _, at := range wordPlaces(line, name) {
				if m := calling.FindStringSubmatch(line[:at]); m != nil {
					found = append(found, passing{p, m[1], len(arguments(m[2])) - 1})
				}
			}
		}
	}
	b.passed[name] = found
	return found
}

// wordPlaces lists where a word stands on a line.
func wordPlaces(line, word string) []int {
	var places []int
	for from := 0; ; {
		i := strings.Index(line[from:], word)
		if i < 0 || len(line) > 1000 {
			return places
		}
		if at := from + i; hasWord(line[at:min(len(line), at+len(word)+1)], word) && (at == 0 || !index.IsWordByte(line[at-1])) {
			places = append(places, at)
		}
		from += i + len(word)
	}
}

// leadsTo tells whether a callee is a function or a type of the file in which an
// anchor lies, called from the file at path.
func (b *bench) leadsTo(callee, path string, a anchor) bool {
	qualifier, name, _ := cutLast(strings.NewReplacer("::", ".", "->", ".").Replace(callee), ".")
	source := b.sources[a.path]
	if source == nil || !slices.ContainsFunc(source.Functions, func(f index.Function) bool { return f.Name == name }) {
		return false
	}
	if lang := index.LanguageOf(a.path); lang != nil && lang.Name == "go" {
		if qualifier == "" {
			return dirOf(path) == dirOf(a.path)
		}
		_, last, _ := cutLast(qualifier, ".")
		return last == packageOf(a.path)
	}
	return true
}

// swapRule finds calls of the failing code to which a commit hands the same
// arguments in another order.
func (b *bench) swapRule() []finding {
	names := map[string]bool{}
	for _, a := range b.readers {
		names[a.function.Name] = true
	}
	var out []finding
	for i, e := range b.edits {
		if e.op != selfheal.LineAdded || e.moved || !namesAny(e.text, names) {
			continue
		}
		d, ok := b.replaced(i)
		if !ok {
			continue
		}
		callee, ok := reordered(b.edits[d].text, e.text)
		if !ok {
			continue
		}
		_, name, _ := cutLast(callee, ".")
		for _, a := range b.readers {
			if a.function.Name != name || !b.mayCall(a, e) {
				continue
			}
			x := selfheal.Exhibit{
				Kind: selfheal.ExhibitCallHop, Weight: weightSwapped * a.weight, Observed: shorten(a.observed),
				Text: fmt.Sprintf("this commit hands %s, where the error shows, the same arguments in another order", name),
			}
			b.quoteEdit(&x, i)
			out = append(out, finding{family: familyArgument, commit: e.commit, exhibit: x, lines: []pointer{{i, 8}}})
		}
	}
	return out
}

// mayCall tells whether a call on an edited line can be the one that led to an
// anchor: where the stack says who called, it has the function of the line.
func (b *bench) mayCall(a anchor, e edit) bool {
	if !a.traced || len(b.frames) < 2 {
		return true
	}
	s := b.sources[e.near.path]
	if s == nil {
		return true
	}
	function := s.FunctionAt(e.near.line)
	return slices.ContainsFunc(b.frames, func(f located) bool {
		return f.path == e.near.path && (function == nil || f.line == 0 || f.stale || f.line >= function.Start && f.line <= function.End)
	})
}

// namesAny tells whether a line has one of the names.
func namesAny(line string, names map[string]bool) bool {
	found := false
	index.EachWord([]byte(line), func(w []byte) { found = found || names[string(w)] })
	return found
}

// maxReplaced is how many lines before an added one its predecessor is looked for among.
const maxReplaced = 12

// replaced finds the deleted line of the same hunk whose place an added one took:
// the one that shares the most words with it, and at least half of its own.
func (b *bench) replaced(of int) (deleted int, ok bool) {
	words := map[string]bool{}
	index.EachWord([]byte(b.edits[of].text), func(w []byte) { words[string(w)] = true })
	best := 0
	for i := of - 1; i >= max(0, of-maxReplaced) && b.edits[i].group == b.edits[of].group; i-- {
		if b.edits[i].op != selfheal.LineDeleted {
			continue
		}
		shared, all := 0, 0
		index.EachWord([]byte(b.edits[i].text), func(w []byte) {
			all++
			if words[string(w)] {
				shared++
			}
		})
		if shared > best && 2*shared >= all {
			deleted, best, ok = i, shared, true
		}
	}
	return deleted, ok
}

// wholeCall matches a call on one line with its arguments.
var wholeCall = regexp.MustCompile(`([A-Za-z_][\w.]*)\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)`)

// reordered tells whether two lines call the same function with the same arguments in another order.
func reordered(before, after string) (callee string, ok bool) {
	old := map[string][]string{}
	for _, m := range wholeCall.FindAllStringSubmatch(before, 10) {
		old[m[1]] = arguments(m[2])
	}
	for _, m := range wholeCall.FindAllStringSubmatch(after, 10) {
		was, now := old[m[1]], arguments(m[2])
		if len(was) < 2 || slices.Equal(was, now) {
			continue
		}
		slices.Sort(was)
		slices.Sort(now)
		if slices.Equal(was, now) {
			return m[1], true
		}
	}
	return "", false
}

// arguments splits at the commas that lie in no brackets.
func arguments(list string) []string {
	var out []string
	depth, start := 0, 0
	for i, c := range list {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(list[start:i]))
				start = i + 1
			}
		}
	}
	return append(out, strings.TrimSpace(list[start:]))
}

// packageOf is the name by which Go code calls the functions of a file of another package.
func packageOf(file string) string { return path.Base(dirOf(file)) }
