package triage

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/triage/index"
)

// minOrphan is the length from which a name that is gone is looked for.
const minOrphan = 3

// orphanRule finds names that a commit took away, that nothing of the deployed
// tree brings about any more, and that the code still uses in which the error
// shows: the key of a producer, a setting, a route, a field, a variable of the
// environment.
func (b *bench) orphanRule() []finding {
	around := b.readersText()
	words := map[string]bool{}
	index.EachWord([]byte(around), func(w []byte) { words[string(w)] = true })
	used := func(name string) bool {
		if isWord(name) {
			return words[name]
		}
		return strings.Contains(around, name)
	}
	var out []finding
	for i, e := range b.edits {
		if e.op != selfheal.LineDeleted || e.moved || e.at.line == 0 {
			continue
		}
		told := map[string]bool{}
		for _, name := range b.takenAway(e, used) {
			if !told[name] {
				told[name] = true
				out = append(out, b.orphans(i, name)...)
			}
		}
	}
	return out
}

// readersText is the code of the functions in which the error shows.
func (b *bench) readersText() string {
	var text strings.Builder
	for _, a := range b.readers {
		if s := b.sources[a.path]; s != nil && !a.function.Declaration {
			for _, line := range s.lines[a.function.Start-1 : min(a.function.End, len(s.lines))] {
				text.WriteString(line)
				text.WriteByte('\n')
			}
		}
	}
	return text.String()
}

// settingKey matches the names that a line of a manifest or of settings brings about.
var settingKey = regexp.MustCompile(`^\s*-?\s*name:\s*["']?([A-Za-z_][\w.-]*)|^\s*(?:-\s*)?(?:export\s+|ENV\s+|ARG\s+)?["']?([A-Za-z_][\w.-]*)["']?\s*[:=]`)

// takenAway lists the names in use that a deleted line brought about and that
// nothing brings about at the head.
func (b *bench) takenAway(e edit, used func(string) bool) []string {
	lang := index.LanguageOf(e.at.path)
	var names []string
	if lang == nil {
		for _, m := range settingKey.FindAllStringSubmatch(e.text, 4) {
			names = append(names, m[1], m[2])
		}
	}
	names = append(names, index.DefinedBy(e.text, lang)...)
	names = slices.DeleteFunc(names, func(n string) bool { return len(n) < minOrphan || !used(n) || b.isDefined(n) })
	for _, n := range index.NamedBy(e.text, lang) {
		if n.Defines && !isWord(n.Text) && used(n.Text) && !slices.ContainsFunc(b.index.Named(n.Text), func(p index.Place) bool { return p.Name.Defines }) {
			names = append(names, n.Text)
		}
	}
	return names
}

// isDefined remembers what the index says of a name.
func (e *evidence) isDefined(name string) bool {
	known, asked := e.defined[name]
	if !asked {
		known = e.index.Defined(name)
		e.defined[name] = known
	}
	return known
}

// orphans finds the functions around the error that still use a name which the edit took away.
func (b *bench) orphans(i int, name string) []finding {
	e := b.edits[i]
	var out []finding
	for _, a := range b.readers {
		near, ok := b.uses(a, name, e.near)
		if !ok {
			continue
		}
		rarity := 1.0
		if isWord(name) {
			rarity = b.settingRarity(name)
		}
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitIdentifier, Weight: weightOrphan * a.weight * (0.7 + 0.3*near) * rarity, Observed: shorten(a.observed),
			Text: fmt.Sprintf("this commit took away %s, which %s, where the error shows, still uses and nothing defines any more", shorten(name), a.function.Name),
		}
		if e.class == selfheal.ClassConfig {
			x.Kind = selfheal.ExhibitConfiguration
		}
		b.quoteEdit(&x, i)
		lines := []pointer{{i, pointsDefinition}}
		if r, ok := b.replacementOf(i); ok {
			lines = append(lines, pointer{r, pointsReplaced})
		}
		out = append(out, finding{familyName, e.commit, x, lines})
	}
	return out
}

// uses tells whether an anchor's function has a name, at another place than
// besides, and how near to where the error shows, 0..1.
func (b *bench) uses(a anchor, name string, besides place) (near float64, ok bool) {
	source := b.sources[a.path]
	if source == nil || a.function.Declaration {
		return 0, false
	}
	for n := a.function.Start; n <= min(a.function.End, len(source.lines)); n++ {
		if besides.path == a.path && besides.line == n || !hasWord(source.lines[n-1], name) || index.LanguageOf(a.path).IsComment(source.lines[n-1]) {
			continue
		}
		near, ok = max(near, proximity(n, a.line)), true
	}
	return near, ok
}

// reading matches a name that is read off something: a member, or a key.
var reading = regexp.MustCompile(`(?:\.|->|\[['"]|\.get\(['"])([A-Za-z_]\w{2,})`)

// unknownNameRule finds names that a commit began to read, in what the failing
// code calls, and that nothing in the deployed tree defines: when the error is
// about a value that is absent, that value may be the one.
func (b *bench) unknownNameRule() []finding {
	if !absentAnywhere.MatchString(b.symptom.message) {
		return nil
	}
	var out []finding
	for i, e := range b.edits {
		if e.op != selfheal.LineAdded || e.moved || !lateBound(e.at.path) {
			continue
		}
		if !b.nearReaders(e) {
			continue
		}
		before := b.deletedWords(e.group)
		for _, m := range reading.FindAllStringSubmatch(e.text, 10) {
			name := m[1]
			if before[name] || b.survey.frequency[index.TermOf(name)] > 1 || len(b.index.Defining(name)) > 0 || b.isDefined(name) {
				continue
			}
			if f, ok := b.unknownName(i, name); ok {
				out = append(out, f)
			}
		}
	}
	return out
}

// lateBound tells whether a file's language finds members at run time only: a
// compiler has looked for those of the others.
func lateBound(path string) bool {
	lang := index.LanguageOf(path)
	return lang != nil && slices.Contains([]string{"python", "javascript", "ruby", "elixir", "php"}, lang.Name)
}

// nearReaders tells whether an edit lies in a function around the error, or in one that such a function calls.
func (b *bench) nearReaders(e edit) bool {
	s := b.sources[e.near.path]
	if s == nil {
		return false
	}
	function := s.FunctionAt(e.near.line)
	return function != nil && slices.ContainsFunc(b.readers, func(a anchor) bool { return function == a.function || a.function.Mentions(function.Name) })
}

// unknownName is an exhibit when the edit lies in a function around the error, or in one that such a function calls.
func (b *bench) unknownName(i int, name string) (finding, bool) {
	e := b.edits[i]
	s := b.sources[e.near.path]
	if s == nil {
		return finding{}, false
	}
	function := s.FunctionAt(e.near.line)
	for _, a := range b.readers {
		if function == nil || function != a.function && !a.function.Mentions(function.Name) {
			continue
		}
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitIdentifier, Weight: weightUnknownName * a.weight, Observed: shorten(a.observed),
			Text: fmt.Sprintf("%s reads %s since this commit, which nothing in the code defines, and the error is about a value that is absent", function.Name, name),
		}
		b.quoteEdit(&x, i)
		return finding{familyName, e.commit, x, []pointer{{i, 4}}}, true
	}
	return finding{}, false
}

// packageOf is the name by which Go code calls the functions of a file of another package.
func packageOf(file string) string { return path.Base(dirOf(file)) }

// receiverOf gives the type of a method whose receiver was nil, or may have been,
// as a Go stack prints it.
func receiverOf(f stackFrame) string {
	_, rest, ok := strings.Cut(f.function, "(*")
	if !ok || !f.nilArgument && !f.inlined {
		return ""
	}
	name, _, _ := strings.Cut(rest, ")")
	return name
}
