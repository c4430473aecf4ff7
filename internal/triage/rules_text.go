package triage

import (
	"math"
	"selfheal/internal/triage/index"
	"sort"

	"selfheal"
)

// findSites lists the statements of the deployed code whose text the message
// has. Wrapped errors read like a stack from the left to the right, so that the
// text that stands last counts most.
func (b *bench) findSites(emitters []index.Emitter) []site {
	var sites []site
	for _, m := range emitters {
		sites = append(sites, site{
			path: m.Path, literal: m.Literal, function: m.Function, end: m.End,
			quality: min(1, float64(m.Length)/16), observed: m.Phrase.String(),
		})
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
			out = append(out, finding{family: familyLiteral, commit: commit, exhibit: x, lines: lines})
		}
	}
	return out
}

// goneLiterals finds message texts on deleted lines that were not put back.
func (b *bench) goneLiterals() []finding {
	var out []finding
	for i, e := range b.edits {
		if e.op != selfheal.LineDeleted || e.moved || e.at.line == 0 {
			continue
		}
		for _, l := range index.LiteralsIn(e.text) {
			p, ok := index.PhraseOf(l.Text)
			if !ok {
				continue
			}
			length, _, ok := p.Match(b.symptom.message)
			if !ok {
				continue
			}
			x := selfheal.Exhibit{
				Kind: selfheal.ExhibitLiteralChanged, Weight: weightLiteralGone * min(1, float64(length)/20),
				Text: "this commit deleted a line with the text of the error", Observed: shorten(p.String()),
			}
			b.quoteEdit(&x, i)
			out = append(out, finding{family: familyLiteral, commit: e.commit, exhibit: x, lines: []pointer{{i, 2}}})
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
	if b.onlyExtracted(edits) {
		weight *= factorExtracted
	}
	x := selfheal.Exhibit{
		Kind: selfheal.ExhibitLogSite, Weight: weight * s.quality * reached * (0.7 + 0.3*near/reached),
		Text: "this commit changed " + where, Observed: shorten(s.observed),
	}
	b.quoteEdit(&x, closest)
	return finding{family: familySite, commit: commit, exhibit: x, lines: lines}
}
