package group

import (
	"cmp"
	"slices"
	"strings"

	"selfheal"
)

// Generalisation says which signatures are the same message with other values in it.
type Generalisation struct {
	// Of maps each message signature that reads like a pattern to the pattern's
	// signature. The one that stands for the others is not in it.
	Of map[selfheal.SignatureID]selfheal.SignatureID
	// Learned is what known did not say: new patterns, and aliases where two
	// earlier patterns turn out to be one, from the younger's signature to the older's.
	Learned selfheal.Learned
}

// Generalise finds signatures that differ only in places where evidence shows a
// value: names of users, files or queues that no mask can know. The oldest of
// them (by First, then ID) stands for all.
//
// known are the patterns learned earlier, in the order they were learned: a
// signature that reads like one of them belongs to it on sight, whatever the
// evidence in this set, and the earliest such pattern takes it. So what was
// merged once stays merged, and a second call with known and Learned learns
// nothing more and says the same.
//
// It is a function of its arguments: the order of the signatures does not matter.
// Counts of a baseline and of a window must be mapped by the result for both
// together, so that a merge never makes an old error look new. Only messages
// are looked at, never exceptions.
func Generalise(signatures []selfheal.Signature, known []selfheal.Pattern) Generalisation {
	p := newPatterns(known)
	all := messages(signatures)
	pairs := !exceedsPairs(all)
	p.learn(p.unmatched(all), pairs)
	for p.learn(p.templates(), !exceedsPairs(p.templates())) {
		continue // patterns are texts too, which may differ only in values
	}
	p.prune()
	return p.generalisation(signatures)
}

// unmatched gives those templates of messages that read like no pattern.
func (p *patterns) unmatched(templates []string) []string {
	return slices.DeleteFunc(templates, func(template string) bool { return p.match(template) >= 0 })
}

// messages lists the templates of messages.
func messages(signatures []selfheal.Signature) (templates []string) {
	for i := range signatures {
		if isMessage(&signatures[i]) {
			templates = append(templates, signatures[i].Template)
		}
	}
	return templates
}

// isMessage tells of a signature that can be generalised. Text that looks like a hole
// would be taken for one.
func isMessage(s *selfheal.Signature) bool {
	return s.Kind == selfheal.KindMessage && !strings.Contains(s.Template, hole)
}

// generalisation says what the patterns mean for the signatures.
func (p *patterns) generalisation(signatures []selfheal.Signature) Generalisation {
	class := p.classes(len(p.all))
	oldest := make(map[int]*selfheal.Signature)
	of := make([]int, len(signatures))
	for i := range signatures {
		of[i] = -1
		if !isMessage(&signatures[i]) {
			continue
		}
		if at := p.match(signatures[i].Template); at >= 0 {
			of[i] = class.root(at)
			if first := oldest[of[i]]; first == nil || older(&signatures[i], first) < 0 {
				oldest[of[i]] = &signatures[i]
			}
		}
	}
	stands := func(root int) selfheal.SignatureID {
		if root < p.known { // the root of a class is its earliest pattern
			return p.all[root].signature
		}
		if oldest[root] == nil {
			return ""
		}
		return oldest[root].ID
	}
	g := Generalisation{Of: make(map[selfheal.SignatureID]selfheal.SignatureID)}
	for i, root := range of {
		if root >= 0 && stands(root) != signatures[i].ID {
			g.Of[signatures[i].ID] = stands(root)
		}
	}
	g.Learned = p.learned(class, stands)
	return g
}

// learned lists the new patterns, and which classes of known ones they join.
func (p *patterns) learned(class classes, stands func(root int) selfheal.SignatureID) (l selfheal.Learned) {
	for i := p.known; i < len(p.all); i++ {
		if of := stands(class.root(i)); of != "" { // else all that it reads like belongs to others
			l.Patterns = append(l.Patterns, selfheal.Pattern{Template: p.all[i].template, Signature: of})
		}
	}
	before := p.classes(p.known)
	for i := range p.known {
		from, to := p.all[i].signature, stands(class.root(i))
		if before.root(i) == i && class.root(i) != i && from != to {
			l.Aliases = append(l.Aliases, selfheal.Alias{From: from, To: to, Why: "the same message with other values: " + p.all[i].template})
		}
	}
	return l
}

// older orders signatures by when they were first seen; undated ones come last.
func older(a, b *selfheal.Signature) int {
	if a.First.IsZero() != b.First.IsZero() {
		if a.First.IsZero() {
			return 1
		}
		return -1
	}
	return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.ID, b.ID))
}

// sortedUnique sorts texts and drops repeated ones.
func sortedUnique(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}
