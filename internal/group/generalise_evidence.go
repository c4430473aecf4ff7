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
	start, end uint16 // in the template; of two places, where each starts; 0, 0 for the template as a whole
}

// The last two bits of a key say what it is of.
const (
	keyPooled = 1 // a place, where members may differ in what happened too
	keyPair   = 2 // two places
	keyKind   = 3
)

func (o occurrence) kind() uint64 { return o.key & keyKind }

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
// Most templates of hostile text have no sibling at all, and of what was written into
// logs there can be much. So it first finds the texts that agree with another in all
// but one or two of their pieces, then counts the places in those pieces, in little
// memory, and only then lists the places that occur more than once.
func (r *reader) evident(templates []string, pairs bool) (found []string) {
	e := &evidence{r, templates, make(map[uint32][]span)}
	candidates := e.candidates(pairs)
	counts := newSketch(len(candidates) * maxTokens)
	e.eachPlace(candidates, func(key uint64, _ occurrence) { counts.add(key) })
	scratch := make([]occurrence, 0, min(2*counts.repeats, partSize))
	for part := range counts.parts() {
		scratch = e.gather(candidates, counts, part, scratch[:0])
		e.judge(scratch)
	}
	for i, spans := range e.values {
		found = append(found, punched(templates[i], spans))
	}
	return found
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
		case all[i].kind() == keyPair:
			e.judgePair(all[i:j])
		default:
			e.judgePlace(all[i:j])
		}
	}
}

// judgeMasks finds the places where templates that are equal otherwise have
// different masks. It needs no words as evidence: whatever a mask stands for is a value.
func (e *evidence) judgeMasks(members []occurrence) {
	t, _, _ := e.textOf(members[0])
	if p := (place{context: t.words, at: -1, other: -1}); p.constant() < minConstant {
		return
	}
	for _, m := range members {
		t, _, _ := e.textOf(m)
		for i, w := range t.words {
			if w != hole && isMask(w) {
				e.take(m.template, t.starts[i], len(w), anyMask)
			}
		}
	}
}

// textOf gives the way to read a template in which an occurrence was found, and
// where: the place, or both of them.
func (e *evidence) textOf(o occurrence) (t *text, i, j int) {
	for _, t := range e.reader.read(e.templates[o.template]) {
		if t == nil {
			continue
		}
		i, one := slices.BinarySearch(t.starts, int(o.start))
		j, two := slices.BinarySearch(t.starts, int(o.end))
		switch {
		case o.end == 0 && t.whole&^keyKind == o.key,
			o.end > 0 && one && t.key(i) == o.key,
			o.kind() == keyPair && one && two && t.pairKey(i, j) == o.key,
			o.kind() == keyPooled && one && t.pooledKey(i) == o.key:
			return t, i, j
		}
	}
	return nil, 0, 0
}

func (e *evidence) take(template uint32, start, length int, value string) {
	e.values[template] = append(e.values[template], span{uint16(start), uint16(start + length), value})
}

// judgePlace makes a hole of a place in its templates when there is enough evidence.
func (e *evidence) judgePlace(members []occurrence) {
	p := place{pooled: members[0].kind() == keyPooled, other: -1}
	for _, m := range members {
		p.note(e.templates[m.template][m.start:m.end])
	}
	if !p.settle() {
		return
	}
	t, i, _ := e.textOf(members[0])
	p.context, p.at = t.words, i
	if !p.enough() {
		return
	}
	for _, m := range members {
		e.take(m.template, int(m.start), int(m.end-m.start), hole)
	}
}

// judgePair makes holes of two places when there is enough evidence for each, and so
// much text around them that the message is the same.
func (e *evidence) judgePair(members []occurrence) {
	if len(members) < enoughNames {
		return
	}
	t, i, j := e.textOf(members[0])
	one := place{context: slices.Clone(t.words), at: i, other: j}
	two := place{context: one.context, at: j, other: i}
	if one.constant() < minAround {
		return
	}
	for _, m := range members {
		t, i, j := e.textOf(m)
		one.note(t.words[i])
		two.note(t.words[j])
	}
	if !one.settle() || !two.settle() || !one.enough() || !two.enough() {
		return
	}
	for _, m := range members {
		t, i, j := e.textOf(m)
		e.take(m.template, t.starts[i], len(t.words[i]), hole)
		e.take(m.template, t.starts[j], len(t.words[j]), hole)
	}
}
