package triage

import (
	"math"
	"slices"

	"selfheal"
)

// tier is how far the evidence for a commit licenses a blame.
type tier uint8

// The tiers, from the weakest.
const (
	// tierCircumstantial: it lies near the error, or has words in common with it. Much of what is innocent does.
	tierCircumstantial tier = iota
	// tierIndirect: it lies on a way that leads to the error, at a step that is named.
	tierIndirect
	// tierDirect: the statement that failed, or raised the error, is new, or the error names what was taken away or brought.
	tierDirect
)

// The highest probability that a commit can have by evidence of a tier. A
// circumstantial one is below what a blame needs.
const (
	maxCircumstantial = 0.60
	maxIndirect       = 0.85
	maxConfidence     = 0.99
)

// The weight that evidence needs to lift a commit into its tier.
const (
	minDirect   = 2.0
	minIndirect = 1.2
)

// ceiling is the highest probability of a tier.
func (t tier) ceiling() float64 {
	switch t {
	case tierDirect:
		return maxConfidence
	case tierIndirect:
		return maxIndirect
	case tierCircumstantial:
	}
	return maxCircumstantial
}

// tie is what a rule rests on.
type tie uint8

const (
	tieCoincidence tie = iota + 1 // words, numbers or kinds that both sides have
	tiePlace                      // the places of the error and of the change
	tieRead                       // a setting that the code around the error reads
	tieStep                       // a named step of the way from the change to the error
	tieNamed                      // the error names what was changed
)

// rule finds evidence of one kind.
type rule struct {
	find func() []finding
	tie  tie
}

func (b *bench) rules() []rule {
	return []rule{
		{b.frameRule, tiePlace}, {b.literalRule, tieNamed}, {b.goneLiterals, tieCoincidence}, {b.siteRule, tiePlace}, {b.pathRule, tiePlace},
		{b.hopRule, tiePlace}, {b.flowRule, tiePlace},
		{b.nameRule, tieCoincidence}, {b.lexiconRule, tieCoincidence}, {b.valueRule, tieCoincidence},
		{b.missingRule, tieNamed}, {b.memberRule, tieStep}, {b.constraintRule, tieNamed}, {b.dependencyRule, tieNamed}, {b.submoduleRule, tieNamed}, {b.buildRule, tieNamed},
		{b.orphanRule, tieStep}, {b.unknownNameRule, tieRead}, {b.settingRule, tieRead}, {b.argumentRule, tieStep}, {b.swapRule, tieStep},
		{b.limitRule, tieStep}, {b.typedNilRule, tieStep}, {b.unsetRule, tieRead},
	}
}

// weighReach gives every finding its tier, by what its rule rests on and how its
// lines reach the error, and takes off weight where they do not.
func (b *bench) weighReach(findings []finding) {
	for i := range findings {
		f := &findings[i]
		reach := b.bestReach(f.lines)
		switch f.tie {
		case tieCoincidence:
			f.tier = tierCircumstantial
		case tieNamed:
			f.tier = tierDirect
		case tieStep:
			f.tier = tierIndirect
		case tieRead:
			if f.tier = tierIndirect; reach < reachCalled {
				f.tier = tierCircumstantial
				f.exhibit.Weight *= factorBeside
			}
		case tiePlace:
			b.weighPlace(f, reach)
		}
	}
}

// bestReach gives the furthest reach of some edits.
func (b *bench) bestReach(lines []pointer) reach {
	best := reachNone
	for _, p := range lines {
		best = max(best, b.ways[p.edit].reach)
	}
	return best
}

// weighPlace is weighReach for evidence by places.
func (b *bench) weighPlace(f *finding, reach reach) {
	switch f.exhibit.Kind {
	case selfheal.ExhibitBuildLine:
		f.tier = tierDirect
		return
	case selfheal.ExhibitFrameInHunk:
		if f.tier = tierDirect; reach != reachFails {
			f.tier = tierCircumstantial
			f.exhibit.Weight *= factorSameOperation
			f.exhibit.Text += ", where what failed was there before"
		}
		return
	}
	switch {
	case reach.onPath(), reach == reachCalled && f.exhibit.Kind == selfheal.ExhibitCallHop:
		f.tier = tierIndirect
	case reach == reachBeside:
		f.exhibit.Weight *= factorBeside
	}
}

// tiers gives each commit the tier of its best evidence.
func (r *ranking) findTiers(commits int) {
	r.tiers = make([]tier, commits)
	for _, f := range r.findings {
		reached := f.tier
		if reached == tierDirect && f.exhibit.Weight < minDirect {
			// The instruction of a step that failed leads to the failure, whoever is to blame.
			if f.exhibit.Kind != selfheal.ExhibitBuildLine {
				continue
			}
			reached = tierIndirect
		}
		if r.excused(f) || f.exhibit.Weight < minIndirect {
			continue
		}
		r.tiers[f.commit] = max(r.tiers[f.commit], reached)
	}
}

// hold keeps the probability of each commit within what the tier of its evidence
// licenses, less by what speaks against the change; the rest goes to what was not
// looked at.
func (r *ranking) hold() {
	doubt := max(0, r.other-r.noDoubt)
	for i := range r.probabilities {
		most := r.tiers[i].ceiling()
		most = 1 / (1 + (1-most)/most*math.Exp(doubt))
		if r.probabilities[i] > most {
			r.unknown += r.probabilities[i] - most
			r.probabilities[i] = most
		}
	}
}

// pathEdits sorts the edits on the ways to the error by commit.
func (b *bench) pathEdits() map[int][]int {
	on := map[int][]int{}
	for i, w := range b.ways {
		if w.reach.onPath() {
			on[b.edits[i].commit] = append(on[b.edits[i].commit], i)
		}
	}
	return on
}

// pathRule finds changed lines on the ways to the error.
func (b *bench) pathRule() []finding {
	var out []finding
	for _, edits := range b.pathEdits() {
		for _, i := range edits {
			out = append(out, b.onPath(i, b.ways[i]))
		}
	}
	slices.SortFunc(out, func(x, y finding) int { return x.lines[0].edit - y.lines[0].edit })
	return out
}

// pointsOnPath is small: that a line lies on the way tells it from others of the commit less than what stands on it.
const pointsOnPath = 1.0

// onPath makes an exhibit of an edit on a way to the error.
func (b *bench) onPath(i int, w way) finding {
	p, e := w.to, b.edits[i]
	weight, text := weightFeeds, "this commit changed what gives a value to what is used where the error shows"
	switch {
	case w.reach == reachFails:
		text = "this commit changed the statement at which the error shows"
	case w.reach == reachGuards:
		weight, text = weightGuards, "this commit changed what decides whether the error is reached"
	case e.near.path != p.path || !p.holds(e.near.line):
		weight = weightFeedsFar
	}
	x := selfheal.Exhibit{Kind: selfheal.ExhibitLogSite, Weight: weight * p.weight, Text: text, Observed: shorten(p.observed)}
	f := finding{family: familySite, commit: e.commit, lines: []pointer{{i, pointsOnPath * p.weight}}}
	if p.frame {
		x.Kind, f.family = selfheal.ExhibitFrameInFunction, familyFrame
	}
	b.quoteEdit(&x, i)
	f.exhibit = x
	return f
}
