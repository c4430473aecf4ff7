package triage

import (
	"cmp"
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
			if !told[name] && !b.putBack(e.commit, name) {
				told[name] = true
				out = append(out, b.orphans(i, name)...)
			}
		}
	}
	return out
}

// putBack tells whether a commit that took a name away has it on another line,
// other than as the member of something.
func (b *bench) putBack(commit int, name string) bool {
	return slices.ContainsFunc(b.edits, func(e edit) bool {
		if e.commit != commit || e.op != selfheal.LineAdded || !strings.Contains(e.text, name) {
			return false
		}
		return !isWord(name) || slices.ContainsFunc(wordPlaces(e.text, name), func(at int) bool { return at == 0 || e.text[at-1] != '.' })
	})
}

// readersText is the code of the functions in which the error shows.
func (b *bench) readersText() string {
	var text strings.Builder
	for _, a := range b.readers {
		if s := b.sources[a.path]; s != nil && !a.function.Declaration {
			for _, line := range s.code(a.function) {
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
	for _, l := range quotedWords.FindAllStringSubmatch(e.text, 10) {
		if name := l[1]; used(name) && b.isKey(name) {
			names = append(names, name)
		}
	}
	for _, n := range index.NamedBy(e.text, lang) {
		if n.Defines && !isWord(n.Text) && used(n.Text) && !slices.ContainsFunc(b.index.Named(n.Text), func(p index.Place) bool { return p.Name.Defines }) {
			names = append(names, n.Text)
		}
	}
	return names
}

// quotedWords matches string literals without white space.
var quotedWords = regexp.MustCompile("[\"'`]([^\\s\"'`]{6,80})[\"'`]")

// isKey tells whether a text looks like a name that two places agreed on, and
// that one file of code has at the most by now.
func (b *bench) isKey(text string) bool {
	if isWord(text) {
		return specificity(text) >= 1 && b.filesWith(text) <= 1
	}
	last := ""
	index.EachWord([]byte(text), func(w []byte) { last = string(w) })
	return strings.ContainsAny(text, "._-:/") && len(last) >= minOrphan && b.filesWith(last) <= maxKeyFiles
}

// maxKeyFiles is how many files may have the last word of a key that is no word.
const maxKeyFiles = 3

// filesWith counts the files of code that have a word.
func (b *bench) filesWith(word string) int {
	t, n := index.TermOf(word), 0
	for _, f := range b.index.Files {
		if f.Has(t) {
			n++
		}
	}
	return n
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
		if e.class != selfheal.ClassConfig && isWord(name) && !b.linked(a, e) && !b.sharedKey(a, e, name) {
			rarity *= factorUnlinked
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
		out = append(out, finding{family: familyName, commit: e.commit, exhibit: x, lines: lines})
	}
	return out
}

// maxLinked is how many lines around an edit are looked at for a text that the failing code shares.
const maxLinked = 300

// linked tells whether the code around an error has to do with that around an
// edit: it lies in the same file, names the function or the file, or shares a
// text with it, as the two sides of a route or a queue do. Many things have
// members of one name.
func (b *bench) linked(a anchor, e edit) bool {
	changed := cmp.Or(e.near.path, e.at.path)
	here, there := b.sources[a.path], b.sources[changed]
	if a.path == changed || here == nil || there == nil {
		return a.path == changed
	}
	stem := strings.TrimSuffix(path.Base(changed), path.Ext(changed))
	if here.Has(index.TermOf(stem)) {
		return true
	}
	around := there.lines // of a place that later commits changed again, only the file is known
	if function := there.FunctionAt(e.near.line); function != nil {
		if here.Has(index.TermOf(function.Name)) {
			return true
		}
		around = there.code(function)
	}
	code := strings.Join(here.lines, "\n")
	for _, line := range around[:min(len(around), maxLinked)] {
		for _, l := range quotedWords.FindAllStringSubmatch(line, 10) {
			if !isWord(l[1]) && strings.Contains(code, l[1]) {
				return true
			}
		}
	}
	return false
}

// sharedKey tells whether a compound name is a string on both sides, as the key of a map is.
func (b *bench) sharedKey(a anchor, e edit, name string) bool {
	s := b.sources[a.path]
	if s == nil || specificity(name) < 1 || !isQuoted(e.text, name) {
		return false
	}
	code := s.code(a.function)
	return !slices.ContainsFunc(code, foreignInput.MatchString) && slices.ContainsFunc(code, func(line string) bool { return isQuoted(line, name) })
}

// foreignInput matches where code takes what others sent: the body of a request,
// the answer of another service, a file.
var foreignInput = regexp.MustCompile(`\br(?:eq(?:uest)?)?\.(?:Body|body|json|data)\b|\bhttp\.(?:Get|Post|Do)\(|\brequests\.\w+\(|\bhttpx\.|\baxios\b|\bfetch\(|\burlopen\(|\.json\(\)|\bjson\.load\(|\bopen\(|readFile|file_get_contents|curl_exec|HttpClient|RestTemplate|Net::HTTP|Faraday|reqwest::`)

func isQuoted(line, name string) bool {
	return strings.Contains(line, `"`+name+`"`) || strings.Contains(line, "'"+name+"'")
}

// uses tells whether an anchor's function has a name, at another place than
// besides, and how near to where the error shows, 0..1.
func (b *bench) uses(a anchor, name string, besides place) (near float64, ok bool) {
	source := b.sources[a.path]
	if source == nil || a.function.Declaration {
		return 0, false
	}
	for i, line := range source.code(a.function) {
		n := a.function.Start + i
		if besides.path == a.path && besides.line == n || !hasWord(line, name) || index.LanguageOf(a.path).IsComment(line) {
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
		return finding{family: familyName, commit: e.commit, exhibit: x, lines: []pointer{{i, 4}}}, true
	}
	return finding{}, false
}
