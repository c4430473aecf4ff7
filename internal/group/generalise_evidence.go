package group

import (
	"cmp"
	"slices"
	"strings"
)

// How many different words must stand in one place of otherwise equal templates
// before that place is taken for a value. One similar line is never enough.
const (
	enoughWords  = 6 // ordinary words: programs rarely spell out that many cases
	enoughValues = 4 // words that look like values: user_name, some-host, CamelCase, a.b
	enoughMasked = 3 // words, where a mask was seen in the same place too
	enoughNames  = 3 // words in a place that the words before it announce: "for user ann"
	minConstant  = 2 // words that must remain besides the place
	manyConstant = 6 // words that, when they agree, leave no doubt that the message is the same
	maxHoles     = 4 // in one template
)

// occurrence is one place of one template, under the hash of the template with a hole there.
type occurrence struct {
	key        uint64
	template   uint32
	start, end uint16 // in the template; 0, 0 for the template as a whole
}

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
// Places are first only counted, and in little memory: most have one template,
// and of hostile text there may be millions.
func (r *reader) evident(templates []string) (found []string) {
	e := &evidence{r, templates, make(map[uint32][]span)}
	counts := newSketch(len(templates) * maxTokens)
	for _, template := range templates {
		r.eachPlace(template, func(key uint64, _, _ int) { counts.add(key) })
	}
	var scratch []occurrence
	for part := range counts.parts() {
		scratch = e.gather(counts, part, scratch[:0])
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

// eachPlace gives every place of a template that can be a value, with its key, and
// the whole template as if it were one.
func (r *reader) eachPlace(template string, yield func(key uint64, start, end int)) {
	if strings.Count(template, hole) >= maxHoles {
		return
	}
	for _, t := range r.read(template) {
		if t == nil {
			continue
		}
		yield(t.whole, 0, 0)
		for i, w := range t.words {
			if w != hole && t.takes(i) {
				yield(t.with(1<<i), t.starts[i], t.starts[i]+len(w))
			}
		}
	}
}

// gather lists the places of one part of the keys that occur more than once, by key.
func (e *evidence) gather(counts *sketch, part int, all []occurrence) []occurrence {
	for n, template := range e.templates {
		e.reader.eachPlace(template, func(key uint64, start, end int) {
			if counts.repeated(key) && counts.part(key) == part {
				all = append(all, occurrence{key, uint32(n), uint16(start), uint16(end)})
			}
		})
	}
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
		if o.end == 0 && t.whole == o.key {
			return t
		}
		if i, ok := slices.BinarySearch(t.starts, int(o.start)); o.end > 0 && ok && t.with(1<<i) == o.key {
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
	p := place{}
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

// place is one position of templates that are equal elsewhere.
type place struct {
	words   []string // different ones that stand in it
	masks   []string // different ones
	context []string // one of the templates
	at      int
}

// enough weighs the evidence for a place. It needs more at the beginning of a
// line, where messages say what they are about, and where little else is said.
func (p *place) enough() bool {
	constant := p.constant()
	if p.isVerb() {
		return false
	}
	if p.spelled() {
		return constant >= minConstant && (p.at > 0 || constant >= manyConstant)
	}
	need := enoughWords
	switch {
	case p.announced(), p.qualified():
		need = enoughNames
	case len(p.masks) > 0:
		need = enoughMasked
	case p.valueLike() || p.enclosed():
		need = enoughValues
	}
	if p.at == 0 && (constant < manyConstant || need == enoughWords) {
		need *= 2
		if need == 2*enoughWords {
			need *= 2
		}
	}
	if constant < minConstant {
		need *= 2
	}
	return constant > 0 && len(p.words) >= need
}

// spelled tells of a place where a value stands that is sometimes written with text
// around it: 10.0.0.1, LOCAL(0), #2. Whatever it is, each of at least three ways to
// write it has a mask in it, and one nothing but that.
func (p *place) spelled() bool {
	if len(p.masks) == 0 || len(p.words)+len(p.masks) < enoughNames {
		return false
	}
	for _, w := range p.words {
		if !holdsMask(w) {
			return false
		}
	}
	return true
}

// constant counts the words that the members of a place share.
func (p *place) constant() (n int) {
	for i, w := range p.context {
		if i != p.at && !isMasked(w) && hasLetter(w) {
			n++
		}
	}
	return n
}

// valueLike tells whether most words of a place look like names that somebody gave.
func (p *place) valueLike() bool {
	like := 0
	for _, w := range p.words {
		inner := strings.TrimRight(w, ".:!?")
		if strings.ContainsAny(inner, "._-/:@\\") || strings.ToLower(inner[min(1, len(inner)):]) != inner[min(1, len(inner)):] && strings.ToUpper(inner) != inner {
			like++
		}
	}
	return 2*like > len(p.words)
}

// isVerb tells of a place that holds what could not be done: "cannot _", "failed to _".
func (p *place) isVerb() bool {
	before := func(n int) string {
		if p.at < n {
			return ""
		}
		return strings.ToLower(p.context[p.at-n])
	}
	switch w := before(1); w {
	case "cannot", "not", "can", "could", "will", "would", "must", "should", "may", "never":
		return true
	case "to":
		switch before(2) {
		case "failed", "unable", "fails", "failing", "failure", "trying", "tried", "attempt", "attempting", "attempted", "able", "refused", "refusing", "has", "have", "had", "not", "about", "going", "forgot":
			return true
		}
	case "t":
		return before(2) == "'" // can't
	}
	return false
}

// qualified tells of a place that holds nothing but names of several parts: "a.b.c", "a/b".
func (p *place) qualified() bool {
	for _, w := range p.words {
		inner := strings.TrimRight(w, ".:!?")
		if strings.Count(inner, ".")+strings.Count(inner, "/") < 2 {
			return false
		}
	}
	return true
}

// enclosed tells of a place in brackets or quotes of its own: "[eth0]", "(ann)".
func (p *place) enclosed() bool {
	if p.at < 2 || p.at+1 == len(p.context) {
		return false
	}
	switch p.context[p.at-1] + p.context[p.at+1] {
	case "()", "[]", "{}", "<>", `""`, "''", "``":
		return true
	}
	return false
}

// announced tells whether the place follows words like "for user" and holds
// nothing but what can be a name there.
func (p *place) announced() bool {
	if p.at < 2 || !isPreposition(strings.ToLower(p.context[p.at-2])) || !isHolder(p.context[p.at-1]) {
		return false
	}
	for _, w := range p.words {
		if !mayBeName(w) {
			return false
		}
	}
	return true
}

func isPreposition(w string) bool {
	switch w {
	case "for", "of", "by", "as", "from", "to", "with", "invalid", "unknown", "illegal":
		return true
	}
	return false
}

// isHolder tells of words that the name of somebody or something follows.
func isHolder(w string) bool {
	switch w {
	case "user", "users", "account", "login", "username", "tenant", "customer", "owner", "group", "client", "host", "node", "member":
		return true
	}
	return false
}

// mayBeName tells a name from the second half of a compound ("user session") and
// from what has happened ("user locked").
func mayBeName(w string) bool {
	for _, ending := range []string{"ed", "ing", "ion", "ions", "ment"} {
		if strings.HasSuffix(w, ending) {
			return false
		}
	}
	switch w {
	case "agent", "data", "field", "group", "has", "id", "input", "is", "list", "lookup", "name", "not", "pool", "profile", "request", "role", "settings", "table", "token", "was":
		return false
	}
	return true
}
