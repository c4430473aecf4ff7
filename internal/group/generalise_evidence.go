package group

import (
	"cmp"
	"slices"
	"strings"
)

// occurrence is one place of one template, under the hash of the template with a hole there.
type occurrence struct {
	key        uint64
	template   uint32
	start, end uint16 // in the template; 0, 0 for the template as a whole
}

// pooled tells that members of the place may differ in what happened too.
func (o occurrence) pooled() bool { return o.key&1 != 0 }

// span is a part of a template that is taken for a value.
type span struct {
	start, end uint16
	value      string // what it reads in a pattern
}

// evidence is what is found in a set of templates.
type evidence struct {
	reader    *reader
	templates []string
	values    map[uint32][]span // by template
}

// evident gives templates with holes where there is enough evidence for a value.
//
// Most templates of hostile text have no sibling at all, and what has been written
// into logs can be much. So it first finds the texts that agree with another in all
// but one of their pieces, then counts the places in those pieces, in little
// memory, and only then lists the places that occur more than once.
func (r *reader) evident(templates []string) (found []string) {
	e := &evidence{r, templates, make(map[uint32][]span)}
	candidates := e.candidates()
	counts := newSketch(len(candidates) * maxTokens)
	e.eachPlace(candidates, func(key uint64, _ occurrence) { counts.add(key) })
	var scratch []occurrence
	for part := range counts.parts() {
		scratch = e.gather(candidates, counts, part, scratch[:0])
		e.judge(scratch)
	}
	for i, spans := range e.values {
		found = append(found, punched(templates[i], spans))
	}
	return found
}

// pieces is into how many pieces a text is split to find those with siblings.
const pieces = 8

// candidate is a text that may have siblings.
type candidate struct {
	template uint32
	coarse   bool
	pieces   uint16 // those in which another text may differ, as bits
}

// candidates lists the texts that agree with another but for one piece.
func (e *evidence) candidates() (found []candidate) {
	type keyed struct {
		candidate
		keys [pieces]uint64
	}
	all := make([]keyed, 0, len(e.templates))
	for i, template := range e.templates {
		if strings.Count(template, hole) >= maxHoles {
			continue
		}
		for view, t := range e.reader.read(template) {
			if t != nil {
				all = append(all, keyed{candidate{template: uint32(i), coarse: view == 1}, t.pieceKeys()})
			}
		}
	}
	counts := newSketch(len(all) * pieces)
	for i := range all {
		for _, key := range all[i].keys {
			counts.add(key)
		}
	}
	for i := range all {
		for n, key := range all[i].keys {
			if counts.repeated(key) {
				all[i].pieces |= 1 << n
			}
		}
		if all[i].pieces != 0 {
			found = append(found, all[i].candidate)
		}
	}
	return found
}

// pieceOf gives the piece that place i of n belongs to.
func pieceOf(i, n int) int { return i * pieces / n }

// pieceKeys hashes what is left of a text without each of its pieces.
func (t *text) pieceKeys() (keys [pieces]uint64) {
	for i := range keys {
		keys[i] = t.pooled + uint64(i)
	}
	for i, h := range t.pools {
		keys[pieceOf(i, len(t.pools))] -= h
	}
	return keys
}

// punched gives a template with its values taken out. Where two of them overlap, the longer one counts.
func punched(template string, spans []span) string {
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.value, b.value))
	})
	var b strings.Builder
	from := uint16(0)
	for _, s := range spans {
		if s.start >= from {
			b.WriteString(template[from:s.start])
			b.WriteString(s.value)
			from = s.end
		}
	}
	b.WriteString(template[from:])
	return b.String()
}

// eachPlace gives every place of a candidate that can be a value, with its key, and
// the whole text as if it were one.
func (e *evidence) eachPlace(candidates []candidate, yield func(key uint64, o occurrence)) {
	for _, c := range candidates {
		t := e.reader.read(e.templates[c.template])[0]
		if c.coarse {
			t = &e.reader.coarse
		}
		yield(t.whole&^1, occurrence{template: c.template})
		for i, w := range t.words {
			if c.pieces>>pieceOf(i, len(t.words))&1 != 0 && w != hole && t.takes(i) {
				o := occurrence{template: c.template, start: uint16(t.starts[i]), end: uint16(t.starts[i] + len(w))}
				yield(t.key(i, false), o)
				if t.pooled != t.whole {
					yield(t.key(i, true), o)
				}
			}
		}
	}
}

// gather lists the places of one part of the keys that occur more than once, by key.
func (e *evidence) gather(candidates []candidate, counts *sketch, part int, all []occurrence) []occurrence {
	e.eachPlace(candidates, func(key uint64, o occurrence) {
		if counts.repeated(key) && counts.part(key) == part {
			o.key = key
			all = append(all, o)
		}
	})
	slices.SortFunc(all, func(a, b occurrence) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.template, b.template))
	})
	return all
}

// judge looks at places that are sorted by key.
func (e *evidence) judge(all []occurrence) {
	for i, j := 0, 0; i < len(all); i = j {
		for j = i + 1; j < len(all) && all[j].key == all[i].key; {
			j++
		}
		switch {
		case j-i == 1:
		case all[i].end == 0:
			e.judgeMasks(all[i:j])
		default:
			e.judgePlace(all[i:j])
		}
	}
}

// judgeMasks finds the places where templates that are equal otherwise have
// different masks. It needs no words as evidence: whatever a mask stands for is a value.
func (e *evidence) judgeMasks(members []occurrence) {
	t := e.textOf(members[0])
	if p := (place{context: t.words, at: -1}); p.constant() < minConstant {
		return
	}
	for _, m := range members {
		t := e.textOf(m)
		for i, w := range t.words {
			if w != hole && isMask(w) {
				e.take(m.template, t.starts[i], len(w), anyMask)
			}
		}
	}
}

// textOf gives the way to read a template in which an occurrence was found.
func (e *evidence) textOf(o occurrence) *text {
	for _, t := range e.reader.read(e.templates[o.template]) {
		if t == nil {
			continue
		}
		if o.end == 0 && t.whole&^1 == o.key {
			return t
		}
		if i, ok := slices.BinarySearch(t.starts, int(o.start)); o.end > 0 && ok && t.key(i, o.pooled()) == o.key {
			return t
		}
	}
	return nil
}

func (e *evidence) take(template uint32, start, length int, value string) {
	e.values[template] = append(e.values[template], span{uint16(start), uint16(start + length), value})
}

// judgePlace makes a hole of a place in its templates when there is enough evidence.
func (e *evidence) judgePlace(members []occurrence) {
	p := place{pooled: members[0].pooled()}
	for _, m := range members {
		if word := e.templates[m.template][m.start:m.end]; isMasked(word) {
			p.masks = append(p.masks, word)
		} else {
			p.words = append(p.words, word)
		}
	}
	p.words, p.masks = sortedUnique(p.words), sortedUnique(p.masks)
	if len(p.words) == 0 || len(p.words)+len(p.masks) < enoughNames {
		return
	}
	t := e.textOf(members[0])
	p.context = t.words
	p.at, _ = slices.BinarySearch(t.starts, int(members[0].start))
	if !p.enough() {
		return
	}
	for _, m := range members {
		e.take(m.template, int(m.start), int(m.end-m.start), hole)
	}
}
