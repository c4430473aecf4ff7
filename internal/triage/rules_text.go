package triage

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"selfheal"
)

// findSites looks in the closely read files for the statements whose literal the
// message contains. Wrapped errors read like a stack from the left to the right,
// so that the text that stands last counts most.
func (b *bench) findSites() []site {
	var sites []site
	for path, s := range b.sources {
		for _, l := range s.Literals {
			p, ok := phraseOf(l.Text)
			if !ok {
				continue
			}
			if length, end, ok := p.match(b.symptom.message); ok {
				sites = append(sites, site{
					path: path, literal: l, function: s.functionAt(l.Start), end: end,
					quality: min(1, float64(length)/16), observed: p.String(),
				})
			}
		}
	}
	sort.Slice(sites, func(i, j int) bool {
		a, b := sites[i], sites[j]
		if a.end != b.end {
			return a.end > b.end
		}
		if a.observed != b.observed {
			return a.observed < b.observed
		}
		return a.path < b.path || a.path == b.path && a.literal.Start < b.literal.Start
	})
	weighSites(sites)
	sort.SliceStable(sites, func(i, j int) bool { return sites[i].quality > sites[j].quality })
	return sites[:min(len(sites), 100)]
}

// weighSites lowers the quality of texts further out in the chain, and of texts
// that stand in many places. Sites are ordered innermost first.
func weighSites(sites []site) {
	same := map[string]int{}
	for _, s := range sites {
		same[s.observed]++
	}
	depth := -1
	for i := range sites {
		if i == 0 || sites[i].observed != sites[i-1].observed {
			depth++
		}
		sites[i].quality *= 1 / (1 + frameDecay*float64(depth)) / math.Sqrt(float64(same[sites[i].observed]))
	}
}

// literalRule finds message texts on changed lines.
func (b *bench) literalRule() []finding {
	var out []finding
	for _, s := range b.sites {
		for commit, edits := range b.byCommit(b.editsIn(s.path, s.literal.Start, s.literal.End)) {
			var lines []pointer
			moved, added := true, false
			for _, i := range edits {
				if b.edits[i].op == selfheal.LineAdded {
					added = true
					moved = moved && b.edits[i].moved
					lines = append(lines, pointer{i, 6 * s.quality})
				}
			}
			if !added {
				continue
			}
			x := selfheal.Exhibit{
				Kind: selfheal.ExhibitLiteralChanged, Weight: weightLiteral * s.quality,
				Text: "the text of the error stands on a line that this commit added", Observed: shorten(s.observed),
			}
			if moved {
				x.Weight *= factorMoved
				x.Text = "the text of the error stands on a line that this commit moved"
			}
			b.quoteEdit(&x, lines[0].edit)
			out = append(out, finding{familyLiteral, commit, x, lines})
		}
	}
	return append(out, b.goneLiterals()...)
}

// goneLiterals finds message texts on deleted lines that were not put back.
func (b *bench) goneLiterals() []finding {
	var out []finding
	for i, e := range b.edits {
		if e.op != selfheal.LineDeleted || e.moved || e.at.line == 0 {
			continue
		}
		for _, l := range scanTokens(e.text, braceSyntax).literals {
			p, ok := phraseOf(l.Text)
			if !ok {
				continue
			}
			length, _, ok := p.match(b.symptom.message)
			if !ok {
				continue
			}
			x := selfheal.Exhibit{
				Kind: selfheal.ExhibitLiteralChanged, Weight: weightLiteralGone * min(1, float64(length)/20),
				Text: "this commit deleted a line with the text of the error", Observed: shorten(p.String()),
			}
			b.quoteEdit(&x, i)
			out = append(out, finding{familyLiteral, e.commit, x, []pointer{{i, 2}}})
		}
	}
	return out
}

// siteRule finds changes around the unchanged statement that prints the message.
func (b *bench) siteRule() []finding {
	var out []finding
	for _, s := range b.sites {
		from, to, where := 1, math.MaxInt, "the file that prints the error"
		weight := weightSiteFile
		if s.function != nil && !s.function.Declaration {
			from, to, where = s.function.Start, s.function.End, s.function.Name+", which prints the error"
			weight = weightSite
		}
		for commit, edits := range b.byCommit(b.editsIn(s.path, from, to)) {
			out = append(out, b.siteFinding(s, commit, edits, weight, where))
		}
		if weight == weightSite {
			for commit, edits := range b.byCommit(b.editsAt[s.path]) {
				out = append(out, b.siteFinding(s, commit, edits, weightSiteFile, "the file that prints the error"))
			}
		}
	}
	return out
}

func (b *bench) siteFinding(s site, commit int, edits []int, weight float64, where string) finding {
	closest, near, reached := edits[0], 0.0, 0.0
	var lines []pointer
	for _, i := range edits {
		r := b.reached(s.path, s.literal.End, b.edits[i])
		p := proximity(b.edits[i].near.line, s.literal.Start) * r
		if p > near {
			closest, near = i, p
		}
		reached = max(reached, r)
		lines = append(lines, pointer{i, weight * s.quality * p})
	}
	x := selfheal.Exhibit{
		Kind: selfheal.ExhibitLogSite, Weight: weight * s.quality * reached * (0.7 + 0.3*near/reached),
		Text: "this commit changed " + where, Observed: shorten(s.observed),
	}
	b.quoteEdit(&x, closest)
	return finding{familySite, commit, x, lines}
}

// hopRule finds changed functions one call away from where the error shows.
func (b *bench) hopRule() []finding {
	var out []finding
	for path, edits := range b.editsAt {
		s := b.sources[path]
		if s == nil {
			continue
		}
		changed := map[*Function][]int{}
		for _, i := range edits {
			if f := s.functionAt(b.edits[i].near.line); f != nil {
				changed[f] = append(changed[f], i)
			}
		}
		for f, at := range changed {
			out = append(out, b.hopsFrom(path, f, at)...)
		}
	}
	return out
}

func (b *bench) hopsFrom(path string, f *Function, edits []int) []finding {
	var out []finding
	for _, a := range b.anchors {
		if a.function == f {
			continue
		}
		var text string
		var rarity float64
		switch {
		case len(f.Name) > 2 && a.function.Uses[f.Name]:
			text, rarity = fmt.Sprintf("%s, where the error shows, uses %s, which this commit changed", a.function.Name, f.Name), b.nameRarity(f.Name)
			if b.yields(a, f.Name) {
				rarity *= factorSource
			}
		case a.traced && !b.onStack(f.Name):
			continue // the stack names other callers
		case len(a.function.Name) > 2 && f.Uses[a.function.Name] && !f.Declaration:
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
			out = append(out, finding{familyHop, commit, x, evenly(at, 1.6*a.weight*rarity)})
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
	return min(1, e.survey.surprise(termOf([]byte(name)), 1)/e.survey.scale(8))
}

// evenly points to all edits with the same strength.
func evenly(edits []int, strength float64) []pointer {
	lines := make([]pointer, len(edits))
	for n, i := range edits {
		lines[n] = pointer{i, strength}
	}
	return lines
}
