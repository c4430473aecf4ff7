package group

import (
	"cmp"
	"slices"
	"strings"

	"selfheal"
)

// maxAlike is how many signatures of one side may share type, message and
// failing function and still be compared with each other. Among more of them
// nothing tells which one became which, and comparing all pairs would be slow.
const maxAlike = 32

// Moved finds exceptions that look new after a deploy and are old ones in new
// clothes: their function moved to another file, module or class, or a wrapper
// was put around or between. before are the signatures of the baseline, after
// those of the window.
//
// A false alias would hide a regression, a missed one only raises a question
// that a person answers at a glance. So the exception must have gone from its
// old place, types and masked messages of the whole chain must be the same, and
// the frames must agree as [trail.compare] says; where two explanations are
// equally good there is none. A renamed function that fails is no evidence: another
// function that fails in the same way looks just like it.
//
// The result does not depend on the order of the arguments' elements; it is
// sorted by From. Time and memory are O(n log n).
func Moved(before, after []selfheal.Signature) []selfheal.Alias {
	r := newTrailReader()
	gone, fresh := r.onlyIn(before, after), r.onlyIn(after, before)
	if len(gone) == 0 || len(fresh) == 0 {
		return nil
	}
	functions := r.seen(before, after)
	each(gone, fresh, functions.note)
	for _, m := range pairs(gone, fresh, functions).mutual() {
		functions.confirm(m)
	}
	var all []selfheal.Alias
	for _, m := range pairs(gone, fresh, functions).mutual() {
		all = append(all, selfheal.Alias{From: m.now.id, To: m.old.id, Why: m.old.why(m.now)})
	}
	slices.SortFunc(all, func(a, b selfheal.Alias) int {
		return cmp.Or(strings.Compare(string(a.From), string(b.From)), strings.Compare(string(a.To), string(b.To)))
	})
	return all
}

// pairs finds what may be one.
func pairs(gone, fresh map[string][]*trail, functions *seenFunctions) *matches {
	m := &matches{of: make(map[*trail]best)}
	each(gone, fresh, func(old, now *trail) {
		if score, ok := old.compare(now, functions); ok {
			m.add(old, now, score)
		}
	})
	return m
}

// each visits every old exception with every new one of its key.
func each(gone, fresh map[string][]*trail, visit func(old, now *trail)) {
	for key, olds := range gone {
		news := fresh[key]
		if len(olds) > maxAlike || len(news) > maxAlike {
			continue
		}
		for _, old := range olds {
			for _, now := range news {
				visit(old, now)
			}
		}
	}
}

// onlyIn gives what can be compared of the exceptions that occur in one list and
// not in the other, by what must be the same of two of them.
func (r *trailReader) onlyIn(list, other []selfheal.Signature) map[string][]*trail {
	known := make(map[selfheal.SignatureID]bool, len(other))
	for i := range other {
		known[other[i].ID] = true
	}
	found := make(map[string][]*trail)
	for i := range list {
		s := &list[i]
		if s.Kind != selfheal.KindException || known[s.ID] {
			continue
		}
		known[s.ID] = true // once each
		if t := r.read(s); t != nil {
			found[t.key] = append(found[t.key], t)
		}
	}
	return found
}

// match says that one signature may be another, by how many frames.
type match struct {
	old, now *trail
	score    int
}

// matches keeps for every signature of both sides its best partner.
type matches struct {
	of map[*trail]best
}

// best is the best partner so far; tied when another one is as good.
type best struct {
	match
	tied bool
}

func (m *matches) add(old, now *trail, score int) {
	for _, side := range []*trail{old, now} {
		switch b, ok := m.of[side]; {
		case !ok || score > b.score:
			m.of[side] = best{match: match{old, now, score}}
		case score == b.score:
			b.tied = true
			m.of[side] = b
		}
	}
}

// mutual gives the pairs that are each other's best, and nobody else's.
func (m *matches) mutual() []match {
	var all []match
	for t, b := range m.of {
		if t != b.now || b.tied {
			continue
		}
		if back := m.of[b.old]; !back.tied && back.now == b.now {
			all = append(all, b.match)
		}
	}
	return all
}
