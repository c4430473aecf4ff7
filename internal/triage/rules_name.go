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

// named is a name of the message that stands on changed lines of one commit.
type named struct {
	text  string
	bits  float64 // surprise, weighed by how specific the name is
	edits []int
	// defined says that one of the lines defines the name.
	defined bool
}

// bonusDefinition is for names whose very definition was changed.
const bonusDefinition = 1.3

var definition = regexp.MustCompile(`^\s*(?:export\s+|pub(?:\(\w+\))?\s+|public\s+|private\s+|static\s+|async\s+)*(?:func(?:\s*\([^)]*\))?|def|class|type|interface|struct|enum|trait|fn|function|const|let|var)\s+(\w+)`)

// definitionOf gives the name that a line defines; empty when it defines none.
func definitionOf(line string) string {
	if m := definition.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}

// maxNames is how many names of one commit are added up.
const maxNames = 4

// nameRule finds rare names that stand both in the message and on changed lines.
func (b *bench) nameRule() []finding {
	terms := messageTerms(b.symptom.words)
	hits := map[int]map[string]*named{} // by commit
	for i, e := range b.edits {
		var previous string
		index.EachWord([]byte(e.text), func(raw []byte) {
			text := string(raw)
			for _, candidate := range []string{text, previous + " " + text} {
				if terms[candidate] > 0 {
					b.hit(hits, candidate, terms[candidate], e.commit, i)
				}
			}
			previous = text
		})
	}
	var out []finding
	for commit, names := range hits {
		if f, ok := b.nameFinding(commit, names); ok {
			out = append(out, f)
		}
	}
	return out
}

// messageTerms gives the words and pairs of words of a message with their specificity.
func messageTerms(words []word) map[string]float64 {
	terms := map[string]float64{}
	for i, w := range words {
		if w.specificity == 0 {
			continue
		}
		terms[w.text] = w.specificity
		if i > 0 && words[i-1].specificity > 0 {
			pair := words[i-1].text + " " + w.text
			terms[pair] = max(terms[pair], (w.specificity+words[i-1].specificity)*0.6)
		}
	}
	return terms
}

func (b *bench) hit(hits map[int]map[string]*named, text string, specificity float64, commit, index int) {
	if hits[commit] == nil {
		hits[commit] = map[string]*named{}
	}
	n := hits[commit][text]
	if n == nil {
		n = &named{text: text, bits: min(1, specificity) * b.survey.surprise(termOfText(text), b.touched[commit])}
		hits[commit][text] = n
	}
	if !n.defined && definitionOf(b.edits[index].text) == text {
		n.defined = true
		n.bits *= bonusDefinition
	}
	if len(n.edits) == 0 || n.edits[len(n.edits)-1] != index {
		n.edits = append(n.edits, index)
	}
}

// termOfText gives the term of a word or of two words with a space between.
func termOfText(text string) index.Term {
	if first, second, ok := strings.Cut(text, " "); ok {
		return index.PairOf(first, second)
	}
	return index.TermOf(text)
}

// nameFinding makes an exhibit of the rarest names of a commit.
func (b *bench) nameFinding(commit int, names map[string]*named) (finding, bool) {
	used, bits := addNames(names)
	points := map[int]float64{}
	texts := make([]string, len(used))
	for n, name := range used {
		texts[n] = name.text
		for _, i := range name.edits {
			points[i] += name.bits
		}
	}
	best, lines := b.strongest(points)
	if bits < minNameBits || best < 0 {
		return finding{}, false
	}
	x := selfheal.Exhibit{
		Kind: selfheal.ExhibitIdentifier, Weight: weightName * min(1, bits/(b.survey.scale(bitsOfName-2)+2)), Observed: shorten(strings.Join(texts, ", ")),
		Text: plural(len(used), "rare name of the error stands", "rare names of the error stand") + " on lines that this commit changed",
	}
	if b.edits[best].class == selfheal.ClassConfig || b.edits[best].class == selfheal.ClassBuild {
		x.Kind, x.Text = selfheal.ExhibitConfiguration, "a setting that the error names was changed by this commit"
	}
	b.quoteEdit(&x, best)
	return finding{family: familyName, commit: commit, exhibit: x, lines: lines}, true
}

// minNameBits is the surprise from which names are mentioned at all.
const minNameBits = 2.0

// addNames picks the rarest names and adds up their surprise, each next one
// counting less. A pair counts instead of its words.
func addNames(names map[string]*named) (used []*named, bits float64) {
	ranked := make([]*named, 0, len(names))
	for _, n := range names {
		ranked = append(ranked, n)
	}
	sort.Slice(ranked, func(i, j int) bool {
		if ranked[i].bits != ranked[j].bits {
			return ranked[i].bits > ranked[j].bits
		}
		return ranked[i].text < ranked[j].text
	})
	words := map[string]bool{}
	for _, n := range ranked {
		fresh := false
		for w := range strings.FieldsSeq(n.text) {
			fresh = fresh || !words[w]
			words[w] = true
		}
		if !fresh {
			continue
		}
		bits += n.bits / float64(1+len(used))
		if used = append(used, n); len(used) == maxNames {
			break
		}
	}
	return used, bits
}

// strongest gives the edit with most points, and all of them as pointers.
func (b *bench) strongest(points map[int]float64) (best int, lines []pointer) {
	best = -1
	indices := make([]int, 0, len(points))
	for i := range points {
		indices = append(indices, i)
	}
	sort.Ints(indices)
	for _, i := range indices {
		p := points[i]
		lines = append(lines, pointer{i, 3 * min(1, p/bitsOfName)})
		if best < 0 || p > points[best] && b.edits[i].at.line > 0 {
			best = i
		}
	}
	return best, lines
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "a " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// missing are the ways in which errors say that a name is gone. Group 1 is the name.
var missing = []*regexp.Regexp{
	regexp.MustCompile(`undefined: (?:\w+\.)?(\w+)`),
	regexp.MustCompile(`has no (?:field or method|attribute|member|exported member(?: named)?) ['"]?(\w+)`),
	regexp.MustCompile(`(?:flag provided but not defined|unknown (?:long )?flag|unrecognized arguments?|unknown option):? -{0,2}([\w-]+)`),
	regexp.MustCompile(`(?i)(?:no such column|unknown column|no such table|missing column):? ['"]?(?:\w+\.)?(\w+)`),
	regexp.MustCompile(`(?:column|relation|table|function|role) "?(?:\w+\.)?(\w+)"? (?:of relation "?\w+"? )?does not exist`),
	regexp.MustCompile(`(?:name '|ReferenceError: |Cannot find name ')(\w+)'? ?(?:is not defined)?`),
	regexp.MustCompile(`(\w+) is not (?:a function|defined|a constructor)`),
	regexp.MustCompile(`cannot import name '(\w+)'`),
	regexp.MustCompile(`(?:No module named|Cannot find module|module not found:?) ['"]?([\w@/.-]+)`),
	regexp.MustCompile(`(?:undefined method|undefined local variable or method|uninitialized constant) [` + "`" + `']?([\w:]+)`),
	regexp.MustCompile(`Undefined (?:array key|index|property|variable|constant):? ["']?(?:[\w\\]+::)?\$?([A-Za-z_]\w*)`),
	regexp.MustCompile(`KeyError: ['"](\w+)['"]`),
	regexp.MustCompile(`(?i)(?:environment variable|env var|env) ['"]?([A-Z][A-Z0-9_]+)['"]? (?:is )?(?:not set|missing|required|undefined)`),
	regexp.MustCompile(`cannot find symbol.*symbol:\s+\w+ (\w+)`),
}

// vaguelyMissing are ways that plain language uses too: only what looks like a name counts.
var vaguelyMissing = []*regexp.Regexp{
	regexp.MustCompile(`\b([A-Za-z_]\w*)['"]? (?:is|was) (?:missing|required|not set|absent|not provided)\b`),
	regexp.MustCompile(`(?i)missing (?:required )?(?:field|property|key|parameter|setting|argument|header|option):? ['"]?(\w+)`),
}

// minMissing is the specificity from which a word of plain language is taken for a name.
const minMissing = 0.6

// takesAway matches statements that remove or rename a part of a schema, in SQL
// and in the usual migration tools.
var takesAway = regexp.MustCompile(`(?i)\b(?:drop|rename)\b|\b(?:drop|remove|rename)_?(?:column|table|field|index|model|reference)s?\b|\b(?:Remove|Rename|Alter|Delete)(?:Field|Model)\b`)

// missingRule looks for the deletion of what the error says is missing, and for
// the commit that was the first to ask for it.
func (b *bench) missingRule() []finding {
	var out []finding
	told := map[string]bool{}
	for i, pattern := range slices.Concat(missing, vaguelyMissing) {
		m := pattern.FindStringSubmatch(b.symptom.message)
		if m == nil || len(m[1]) < 3 || told[m[1]] || i >= len(missing) && specificity(m[1]) < minMissing {
			continue
		}
		told[m[1]] = true
		out = append(out, b.missingName(m[1], m[0])...)
	}
	return out
}

// missingName finds what commits did to a name that the error misses.
func (b *bench) missingName(name, observed string) []finding {
	gone, added := map[int][]int{}, map[int][]int{}
	places := map[string]bool{}
	for i, e := range b.edits {
		switch {
		case !hasWord(e.text, name):
		case e.op == selfheal.LineDeleted && !e.moved, e.op == selfheal.LineAdded && takesAway.MatchString(e.text):
			gone[e.commit] = append(gone[e.commit], i)
		case e.op == selfheal.LineAdded:
			added[e.commit] = append(added[e.commit], i)
			places[e.at.path] = true
		}
	}
	if len(gone) == 0 && isWord(name) && b.survey.frequency[index.TermOf(name)] <= len(places) {
		return b.firstUses(name, observed, added)
	}
	var out []finding
	for commit, edits := range gone {
		weight := weightRemoved
		kept := b.keeps(name, edits, added[commit])
		if kept {
			weight *= 0.6
		}
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitIdentifier, Weight: weight,
			Text: fmt.Sprintf("this commit removed %s, which the error misses", shorten(name)), Observed: shorten(observed),
		}
		lines, best := b.removals(name, edits)
		f := finding{family: familyName, commit: commit, exhibit: x, lines: lines}
		if kept && !slices.ContainsFunc(edits, func(i int) bool { return definitionOf(b.edits[i].text) == name }) {
			f.tie = tieCoincidence
			f.exhibit.Text = fmt.Sprintf("this commit changed a line with %s, which the error misses, and kept it", shorten(name))
		}
		if !slices.ContainsFunc(edits, b.usable) {
			f.exhibit.Weight *= factorUnlinked
			f.exhibit.Text += ", from what the failing code does not use"
			f.tie = tieCoincidence
		}
		b.quoteEdit(&f.exhibit, best)
		out = append(out, f)
	}
	return out
}

// keeps tells whether a commit that took a name away put it back: as a string,
// when it was one.
func (b *bench) keeps(name string, gone, added []int) bool {
	quoted := func(i int) bool { return isQuoted(b.edits[i].text, name) }
	if slices.ContainsFunc(gone, quoted) {
		return slices.ContainsFunc(added, quoted)
	}
	return len(added) > 0
}

// firstUses blames the commits that brought a name which stands nowhere else.
func (b *bench) firstUses(name, observed string, added map[int][]int) []finding {
	var out []finding
	for commit, edits := range added {
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitIdentifier, Weight: weightFirstUse,
			Text: fmt.Sprintf("this commit brought %s, which the error misses and which stands nowhere else", shorten(name)), Observed: shorten(observed),
		}
		b.quoteEdit(&x, edits[0])
		out = append(out, finding{family: familyName, commit: commit, exhibit: x, lines: evenly(edits, pointsUse)})
	}
	return out
}

// Points of the lines that removed a missing name: its definition is to blame
// rather than its uses, and what replaced the definition, where something did,
// is what stands in the deployed code.
const (
	pointsUse        = 2.0
	pointsDefinition = 5.0
	pointsReplaced   = 6.0
)

// removals weighs the deleted lines that held a name, and gives the most telling one.
func (b *bench) removals(name string, edits []int) (lines []pointer, best int) {
	best, top := edits[0], 0.0
	for _, i := range edits {
		p := pointer{i, pointsUse}
		if definitionOf(b.edits[i].text) == name {
			p.weight = pointsDefinition
			if r, ok := b.replacementOf(i); ok {
				lines = append(lines, p)
				p = pointer{r, pointsReplaced}
			}
		}
		lines = append(lines, p)
		if p.weight > top {
			best, top = p.edit, p.weight
		}
	}
	return lines, best
}

// replacementOf finds the added line of the same hunk that took the place of a
// deleted one: it shares the most words with it, and at least half of them.
func (b *bench) replacementOf(of int) (replacement int, ok bool) {
	deleted := map[string]bool{}
	index.EachWord([]byte(b.edits[of].text), func(w []byte) { deleted[string(w)] = true })
	best := 0
	for i := of + 1; i < len(b.edits) && b.edits[i].group == b.edits[of].group; i++ {
		if b.edits[i].op != selfheal.LineAdded {
			continue
		}
		shared := map[string]bool{}
		index.EachWord([]byte(b.edits[i].text), func(w []byte) {
			if deleted[string(w)] {
				shared[string(w)] = true
			}
		})
		if len(shared) > best && 2*len(shared) >= len(deleted) {
			replacement, best, ok = i, len(shared), true
		}
	}
	return replacement, ok
}
