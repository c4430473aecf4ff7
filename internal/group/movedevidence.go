package group

import (
	"strings"

	"selfheal"
)

// seenFunctions are the qualified functions that are seen on one side of a deploy, in
// any signature: a function that is still where it was has not moved. What some
// exceptions prove of moves and new names helps to understand others.
type seenFunctions struct {
	before, after map[string]bool
	moved         map[change]bool            // of places
	callers       map[change]map[string]bool // of callers' names: the failing functions that agree on it
}

// change leads from what stood in the frames before to what stands there now.
type change struct{ old, now string }

// enoughForCaller is how many failing functions must lose one caller and get
// another, all else equal, before the two are one under another name. One is not
// enough: a helper that two functions call wrongly is two bugs.
const enoughForCaller = 2

func (r *trailReader) seen(before, after []selfheal.Signature) *seenFunctions {
	collect := func(list []selfheal.Signature) map[string]bool {
		seen := make(map[string]bool)
		for i := range list {
			for _, e := range list[i].Sample.Exceptions {
				for k := range e.Frames {
					if f := &e.Frames[k]; f.InApp {
						seen[r.function(f).qualified] = true
					}
				}
			}
		}
		return seen
	}
	return &seenFunctions{before: collect(before), after: collect(after), moved: make(map[change]bool), callers: make(map[change]map[string]bool)}
}

// placesOf gives where the failing functions of two exceptions are: what stands
// before their names.
func placesOf(a, b *link) change {
	return change{strings.TrimSuffix(a.qualified[0], a.names[0]), strings.TrimSuffix(b.qualified[0], b.names[0])}
}

// confirm notes a move that its own evidence proves.
func (s *seenFunctions) confirm(m match) {
	if a, b := m.old.last(), m.now.last(); a.qualified[0] != b.qualified[0] {
		s.moved[placesOf(a, b)] = true
	}
}

// note counts what two exceptions, if they are one, say of a caller's new name.
func (s *seenFunctions) note(old, now *trail) {
	c, ok := old.renamedCaller(now)
	if !ok || s.after[c.old] || s.before[c.now] {
		return
	}
	if s.callers[c] == nil {
		s.callers[c] = make(map[string]bool)
	}
	s.callers[c][old.last().qualified[0]] = true
}

// compare tells whether two exceptions of the same key are one, and by how many
// equal qualified functions. In every link of the chain the innermost function
// has the same name, and the names of one side are those of the other with some
// left out: what a wrapper adds, or a hop to another thread cuts off. Where the
// failing function itself is in another place, that place must be new, the old
// one gone, a caller must agree, and the error or the function's name must be one
// that would hardly come twice, or another exception must prove the same move.
// Where the function has no name a caller must agree too. One caller may have
// another name if other functions that fail below it say the same.
func (t *trail) compare(now *trail, seen *seenFunctions) (score int, ok bool) {
	for i := range t.links {
		n, agree := t.links[i].compare(&now.links[i])
		if !agree {
			c, ok := t.renamedCaller(now)
			return 0, ok && len(seen.callers[c]) >= enoughForCaller
		}
		score += n
	}
	a, b := t.last(), now.last()
	if a.qualified[0] == b.qualified[0] {
		return score, a.names[0] != "" || min(len(a.names), len(b.names)) >= 2
	}
	moved := !seen.after[a.qualified[0]] && !seen.before[b.qualified[0]]
	return score, moved && min(len(a.names), len(b.names)) >= 2 && (!t.generic || isDistinctive(a.names[0]) || seen.moved[placesOf(a, b)])
}

func (t *trail) last() *link { return &t.links[len(t.links)-1] }

// renamedCaller gives the one function that has another name in now, if all
// other frames of the whole chain are the same and it is not the one that failed.
func (t *trail) renamedCaller(now *trail) (c change, ok bool) {
	if t.last().qualified == nil || t.last().qualified[0] != now.last().qualified[0] {
		return change{}, false
	}
	for i := range t.links {
		a, b := t.links[i].qualified, now.links[i].qualified
		if len(a) != len(b) {
			return change{}, false
		}
		for k := range a {
			if a[k] == b[k] {
				continue
			}
			if ok && c != (change{a[k], b[k]}) {
				return change{}, false
			}
			c, ok = change{a[k], b[k]}, true
		}
	}
	return c, ok
}

// compare tells whether two links are one, and counts their equal qualified
// functions: the innermost function has the same name, and the names of one side
// are those of the other with some added, at the outer end any number, between
// them no more than there were.
func (l *link) compare(now *link) (score int, agree bool) {
	if len(l.names) == 0 || len(now.names) == 0 {
		return 0, len(l.names) == len(now.names)
	}
	if l.names[0] != now.names[0] || l.names[0] == "" && l.qualified[0] != now.qualified[0] {
		return 0, false
	}
	short, long := l, now
	if len(short.names) > len(long.names) {
		short, long = long, short
	}
	at, added := 0, 0
	for k, name := range long.names {
		if at == len(short.names) {
			break
		}
		if name != short.names[at] {
			if added++; added > len(short.names) {
				return 0, false
			}
			continue
		}
		if long.qualified[k] == short.qualified[at] {
			score++
		}
		at++
	}
	rest := len(short.names) - at // pushed out of what is compared by those added
	return score, rest == 0 || long.cut && rest <= added
}
