package triage

import (
	"fmt"
	"slices"

	"selfheal"
	"selfheal/internal/triage/index"
)

// callees gives the functions that an anchor calls by a rare name: those beside
// its file, and elsewhere the only ones of their name.
func (b *bench) callees(a anchor) []anchor {
	var out []anchor
	for _, d := range b.index.Callees(a.function) {
		if b.nameRarity(d.Function.Name) < 0.4 || dirOf(d.Path) != dirOf(a.path) && len(b.index.Defining(d.Function.Name)) > 1 {
			continue
		}
		out = append(out, anchor{path: d.Path, function: d.Function, weight: factorSecondHop * a.weight, observed: a.observed})
	}
	return out
}

// hopRule finds changed functions one call away from where the error shows.
func (b *bench) hopRule() []finding {
	var out []finding
	for path, edits := range b.editsAt {
		s := b.sources[path]
		if s == nil {
			continue
		}
		changed := map[*index.Function][]int{}
		for _, i := range edits {
			if f := s.FunctionAt(b.edits[i].near.line); f != nil {
				changed[f] = append(changed[f], i)
			}
		}
		for f, at := range changed {
			out = append(out, b.hopsFrom(path, f, at)...)
		}
	}
	return out
}

func (b *bench) hopsFrom(path string, f *index.Function, edits []int) []finding {
	var out []finding
	for _, a := range b.anchors {
		if a.function == f {
			continue
		}
		var text string
		var rarity float64
		switch {
		case len(f.Name) > 2 && a.function.Mentions(f.Name):
			text, rarity = fmt.Sprintf("%s, where the error shows, uses %s, which this commit changed", a.function.Name, f.Name), b.nameRarity(f.Name)
			if b.yields(a, f.Name) {
				rarity *= factorSource
			}
		case a.traced && !b.onStack(f.Name):
			continue // the stack names other callers
		case len(a.function.Name) > 2 && f.Mentions(a.function.Name) && !f.Declaration:
			text, rarity = fmt.Sprintf("%s, where the error shows, is used by %s, which this commit changed", a.function.Name, f.Name), b.nameRarity(a.function.Name)
		default:
			continue
		}
		if path != a.path {
			rarity *= 0.8
		}
		for commit, at := range b.byCommit(edits) {
			x := selfheal.Exhibit{
				Kind: selfheal.ExhibitCallHop, Weight: weightHop * a.weight * rarity, Text: text, Observed: shorten(a.observed),
			}
			b.quoteEdit(&x, at[0])
			out = append(out, finding{family: familyHop, commit: commit, exhibit: x, lines: evenly(at, 1.6*a.weight*rarity)})
		}
	}
	return out
}

// yields tells whether the absent value that an anchor handed on may be what a
// function gave that is called there or just above.
func (b *bench) yields(a anchor, name string) bool {
	s := b.sources[a.path]
	if s == nil || a.line == 0 || !a.hander {
		return false
	}
	const above = 3
	return slices.ContainsFunc(s.lines[max(0, a.line-1-above):min(a.line, len(s.lines))], func(line string) bool { return hasWord(line, name) })
}

// nameRarity weighs a function's name by how few files mention it.
func (e *evidence) nameRarity(name string) float64 {
	return min(1, e.survey.surprise(index.TermOf(name), 1)/e.survey.scale(8))
}

// evenly points to all edits with the same strength.
func evenly(edits []int, strength float64) []pointer {
	lines := make([]pointer, len(edits))
	for n, i := range edits {
		lines[n] = pointer{i, strength}
	}
	return lines
}
