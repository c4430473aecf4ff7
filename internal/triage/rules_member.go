package triage

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/triage/index"
)

// weightMember is for a member that the error names with what it belongs to.
const weightMember = 4.2

// qualified matches a member by the name of what it belongs to: Payment.amount.
var qualified = regexp.MustCompile(`\b([A-Z]\w{2,})(?:\.|::|#|->)([A-Za-z_]\w{2,})`)

// memberRule finds changed definitions of members that the error names together
// with the type, or the file, that they belong to.
func (b *bench) memberRule() []finding {
	var out []finding
	told := map[string]bool{}
	for _, m := range qualified.FindAllStringSubmatch(b.symptom.said, 20) {
		if told[m[0]] {
			continue
		}
		told[m[0]] = true
		for i, e := range b.edits {
			if e.moved || e.at.line == 0 || !b.belongs(e, m[1]) || !defines(e, m[2]) {
				continue
			}
			x := selfheal.Exhibit{
				Kind: selfheal.ExhibitIdentifier, Weight: weightMember, Observed: shorten(m[0]),
				Text: fmt.Sprintf("this commit changed %s of %s, which the error names", shorten(m[2]), shorten(m[1])),
			}
			b.quoteEdit(&x, i)
			out = append(out, finding{family: familyName, commit: e.commit, exhibit: x, lines: []pointer{{i, pointsDefinition}}})
		}
	}
	return out
}

// belongs tells whether an edit lies in a type, or in the file of one, of that name.
func (b *bench) belongs(e edit, owner string) bool {
	for _, p := range []string{e.near.path, e.at.path} {
		base := baseName(p)
		if stem, _, ok := strings.Cut(base, "."); ok && stem == owner {
			return true
		}
	}
	s := b.sources[e.near.path]
	return s != nil && slices.ContainsFunc(s.Functions, func(f index.Function) bool {
		return f.Declaration && f.Name == owner && f.Start <= e.near.line && e.near.line <= f.End
	})
}

// defines tells whether a line defines a member, in whatever case it is written.
func defines(e edit, member string) bool {
	lang := index.LanguageOf(e.at.path)
	if lang == nil {
		return false
	}
	names := append(index.DefinedBy(e.text, lang), strings.Trim(e.text, " \t,;"), definitionOf(e.text), methodOf(e.text))
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, member) })
}

var method = regexp.MustCompile(`^\s*(?:[\w<>\[\],.?]+\s+)*([A-Za-z_]\w*)\s*\(`)

// methodOf gives the name of the method that a line may declare, or call.
func methodOf(line string) string {
	if m := method.FindStringSubmatch(line); m != nil && !strings.HasSuffix(strings.TrimSpace(line), ";") {
		return m[1]
	}
	return ""
}

// usable tells whether the code in which the error shows can use what an edit
// changed: it is no code, or one of the files on the way names it, or names one
// that does. Where no place of the error is known, it may.
func (b *bench) usable(i int) bool {
	e := b.edits[i]
	changed := e.near.path
	if changed == "" {
		changed = e.at.path
	}
	if index.LanguageOf(changed) == nil || e.class != selfheal.ClassRuntime || len(b.paths) == 0 {
		return true
	}
	return slices.ContainsFunc(b.paths, func(p *failingPath) bool { return p.path == changed || b.imports(p.path, changed) })
}
