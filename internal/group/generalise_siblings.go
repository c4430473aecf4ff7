package group

import "strings"

const (
	pieces    = 8         // into which a text is split to find those with siblings
	maxPairs  = 24        // words of a text in which two places at once are looked at
	pairLimit = 1_000_000 // pairs of words in all texts; where there are more, only single places are looked at
)

// candidate is a text that may have siblings.
type candidate struct {
	template uint32
	coarse   bool
	pieces   [pieces]uint8 // for each piece, those that may differ together with it, as bits
}

// sums are the hashes of a text by pieces, what happened left out.
type sums struct {
	candidate
	pairs bool // two pieces at once may differ
	whole uint64
	of    [pieces]uint64
}

// candidates lists the texts that agree with another but for one piece, or for two.
func (e *evidence) candidates(pairs bool) (found []candidate) {
	all := e.sums(pairs)
	counts := newSketch(len(all) * pieces * (pieces + 1) / 2)
	for i := range all {
		all[i].eachKey(func(_, _ int, key uint64) { counts.add(key) })
	}
	for i := range all {
		s := &all[i]
		s.eachKey(func(a, b int, key uint64) {
			if counts.repeated(key) {
				s.pieces[a] |= 1 << b
				s.pieces[b] |= 1 << a
			}
		})
		if s.pieces != [pieces]uint8{} {
			found = append(found, s.candidate)
		}
	}
	return found
}

func (e *evidence) sums(pairs bool) []sums {
	all := make([]sums, 0, len(e.templates))
	for i, template := range e.templates {
		if strings.Count(template, hole) >= maxHoles {
			continue
		}
		for way, t := range e.reader.read(template) {
			if t == nil {
				continue
			}
			pools, whole := t.pool()
			s := sums{candidate: candidate{template: uint32(i), coarse: way == 1}, pairs: pairs && len(t.words) <= maxPairs, whole: whole}
			for k, h := range pools {
				s.of[pieceOf(k, len(pools))] += h
			}
			all = append(all, s)
		}
	}
	return all
}

// eachKey gives a hash of what is left of a text without one piece, or without two.
func (s *sums) eachKey(yield func(a, b int, key uint64)) {
	for a := range pieces {
		yield(a, a, s.whole-s.of[a]+uint64(a))
		for b := 0; b < a && s.pairs; b++ {
			yield(a, b, s.whole-s.of[a]-s.of[b]+uint64(pieces*(a+1)+b))
		}
	}
}

// pieceOf gives the piece that place i of n belongs to.
func pieceOf(i, n int) int { return i * pieces / n }

// mayDiffer tells whether another text agrees with the candidate in all but the
// pieces of two places of n.
func (c *candidate) mayDiffer(i, j, n int) bool {
	return c.pieces[pieceOf(i, n)]>>pieceOf(j, n)&1 != 0
}

// exceedsPairs tells whether texts have more pairs of words than are looked at.
func exceedsPairs(templates []string) bool {
	sum := 0
	for _, template := range templates {
		if n := strings.Count(template, " ") + 1; n <= maxPairs {
			sum += n * (n - 1) / 2
		}
	}
	return sum > pairLimit
}

// eachPlace gives every place of a candidate that can be a value, with its key, every
// two of them, and the whole text as if it were one.
func (e *evidence) eachPlace(candidates []candidate, yield func(key uint64, o occurrence)) {
	var open []int
	for i := range candidates {
		c := &candidates[i]
		t := e.reader.read(e.templates[c.template])[0]
		if c.coarse {
			t = &e.reader.coarse
		}
		yield(t.whole&^keyKind, occurrence{template: c.template})
		open = c.open(t, open[:0])
		for k, at := range open {
			c.eachPlace(t, at, yield)
			for _, other := range open[:k] {
				if len(t.words) <= maxPairs && c.mayDiffer(at, other, len(t.words)) && !isMask(t.words[at]) && !isMask(t.words[other]) {
					yield(t.pairKey(other, at), occurrence{template: c.template, start: uint16(t.starts[other]), end: uint16(t.starts[at])})
				}
			}
		}
	}
}

// open lists the places of a text that may differ in another one and can be values.
func (c *candidate) open(t *text, places []int) []int {
	for i, w := range t.words {
		if c.pieces[pieceOf(i, len(t.words))] != 0 && w != hole && t.takes(i) {
			places = append(places, i)
		}
	}
	return places
}

func (c *candidate) eachPlace(t *text, at int, yield func(key uint64, o occurrence)) {
	if !c.mayDiffer(at, at, len(t.words)) {
		return
	}
	o := occurrence{template: c.template, start: uint16(t.starts[at]), end: uint16(t.starts[at] + len(t.words[at]))}
	yield(t.key(at), o)
	if _, pooled := t.pool(); pooled != t.whole {
		yield(t.pooledKey(at), o)
	}
}
