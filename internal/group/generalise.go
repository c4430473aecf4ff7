package group

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"

	"selfheal"
)

// How many different words must stand in one place of otherwise equal templates
// before that place is taken for a value. One similar line is never enough.
const (
	enoughWords  = 10 // ordinary words: programs rarely spell out that many cases
	enoughValues = 4  // words that look like values: user_name, some-host, CamelCase, a.b
	enoughMasked = 3  // words, where a mask was seen in the same place too
	enoughNames  = 3  // words in a place that the words before it announce: "for user ann"
	minConstant  = 2  // words that must remain besides the place
	manyConstant = 6  // words that, when they agree, leave no doubt that the message is the same
	maxRounds    = 4  // places found in one template
	maxTokens    = 64 // longer templates are left alone
)

// Generalise finds signatures that differ only in places where the evidence
// shows a value: names of users, files or queues that no mask can know. It gives
// for each of them the signature that stands for all: the one seen first, and of
// those seen at once the one with the smallest id.
//
// It is a function of the set: the order of the signatures does not matter.
// Counts of a baseline and of a window must be mapped by the result for both
// together, so that a merge never makes an old error look new. Only messages
// are looked at, never exceptions.
func Generalise(signatures []selfheal.Signature) map[selfheal.SignatureID]selfheal.SignatureID {
	var all []*tokens
	for i := range signatures {
		if s := &signatures[i]; s.Kind == selfheal.KindMessage {
			if t := tokenise(s); t != nil {
				all = append(all, t)
			}
		}
	}
	seed := maphash.MakeSeed()
	for range maxRounds {
		if !punch(all, seed) {
			break
		}
	}
	return aliases(all)
}

// tokens is a template as words, masks and punctuation.
type tokens struct {
	signature *selfheal.Signature
	words     []string
}

// hole is what a place taken for a value reads.
const hole = "<*>"

// tokenise splits a template; nil when it is too long to be looked at.
func tokenise(s *selfheal.Signature) *tokens {
	t := &tokens{signature: s}
	for rest := s.Template; rest != ""; {
		n := tokenLength(rest)
		if word := rest[:n]; word != " " {
			t.words = append(t.words, word)
		}
		rest = rest[n:]
		if len(t.words) > maxTokens {
			return nil
		}
	}
	return t
}

// tokenLength gives the length of the first token: a mask, one byte of space or punctuation, or a word.
func tokenLength(s string) int {
	const ends = " \t()[]{}<>\"'`,;=|"
	if s[0] == '<' {
		if end := strings.IndexByte(s, '>'); end > 0 && isMask(s[:end+1]) {
			return end + 1
		}
	}
	n := strings.IndexAny(s, ends)
	if n < 0 {
		n = len(s)
	}
	for n > 1 && strings.IndexByte(".:!?", s[n-1]) >= 0 {
		n-- // "db1:" and "<host>:" end in the same token
	}
	return max(1, n)
}

func isMask(word string) bool {
	switch word {
	case "<num>", "<uuid>", "<host>", "<url>", "<path>", "<time>", "<str>", "<email>", "<bool>", "<value>", hole:
		return true
	}
	return false
}

// place is one position of templates that are equal elsewhere.
type place struct {
	words   map[string]bool
	masks   map[string]bool
	members []*tokens
	at      int
}

// add notes that a template has a word, or a mask, in the place. Most places have
// one member, and there may be a million of them: they cost no map.
func (p *place) add(t *tokens, word string) {
	if len(p.members) > 0 {
		p.note(p.members[0].words[p.at])
		p.note(word)
	}
	p.members = append(p.members, t)
}

func (p *place) note(word string) {
	of := &p.words
	if isMask(word) {
		of = &p.masks
	}
	if *of == nil {
		*of = make(map[string]bool)
	}
	(*of)[word] = true
}

// punch makes a hole of every place with enough evidence; false when there was none.
func punch(all []*tokens, seed maphash.Seed) bool {
	places := make(map[uint64]*place)
	for _, t := range all {
		whole := uint64(0)
		for i, w := range t.words {
			whole += tokenHash(seed, w, i)
		}
		for i, w := range t.words {
			if w == hole || !isMask(w) && (!mayBeValue(w) || t.saysWhat(i)) {
				continue
			}
			key := whole - tokenHash(seed, w, i) + tokenHash(seed, "", i) + uint64(len(t.words))
			p := places[key]
			if p == nil {
				p = &place{at: i}
				places[key] = p
			}
			p.add(t, w)
		}
	}
	return fill(places)
}

// fill judges all places by the templates as they were, and only then makes the
// holes: what is punched first must not count as missing text for the next.
func fill(places map[uint64]*place) (punched bool) {
	var words, masks []*place
	for _, p := range places {
		switch {
		case p.enough():
			words = append(words, p)
		case p.differentMasks():
			masks = append(masks, p)
		}
	}
	for _, p := range masks {
		for _, t := range p.members {
			if isMask(t.words[p.at]) {
				t.words[p.at] = hole
			}
		}
	}
	for _, p := range words {
		for _, t := range p.members {
			t.words[p.at] = hole
		}
	}
	return len(words)+len(masks) > 0
}

// tokenHash is summed over a template, so that one place can be exchanged in it.
func tokenHash(seed maphash.Seed, word string, i int) uint64 {
	return maphash.String(seed, word) * (2*uint64(i)*0x9e3779b97f4a7c15 + 1)
}

// mayBeValue tells of a word that can stand in a place for values at all.
func mayBeValue(w string) bool {
	for _, c := range w {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80 {
			return !strings.HasSuffix(w, "Exception") && !strings.HasSuffix(w, "Error") && !isSymbol(w)
		}
	}
	return false
}

// enough weighs the evidence for a place. It needs more at the beginning of a
// line, where messages say what they are about, and where little else is said.
func (p *place) enough() bool {
	constant := p.constant()
	if len(p.words) == 0 {
		return false
	}
	need := enoughWords
	switch {
	case p.announced():
		need = enoughNames
	case len(p.masks) > 0:
		need = enoughMasked
	case p.valueLike():
		need = enoughValues
	}
	if p.at == 0 && (constant < manyConstant || need == enoughWords) {
		need *= 2
	}
	if constant < minConstant {
		need *= 2
	}
	return constant > 0 && len(p.words) >= need
}

// differentMasks tells of a place with two kinds of masks, which needs no words as
// evidence: whatever a mask stands for is a value.
func (p *place) differentMasks() bool { return len(p.masks) > 1 && p.constant() >= minConstant }

// constant counts the words that the members of a place share.
func (p *place) constant() (n int) {
	for i, w := range p.members[0].words {
		if i != p.at && !isMask(w) && mayBeValue(w) {
			n++
		}
	}
	return n
}

// valueLike tells whether most words of a place look like names that somebody gave.
func (p *place) valueLike() bool {
	like := 0
	for w := range p.words {
		inner := strings.TrimRight(w, ".:!?")
		if strings.ContainsAny(inner, "._-/:@\\") || strings.ToLower(inner[min(1, len(inner)):]) != inner[min(1, len(inner)):] && strings.ToUpper(inner) != inner {
			like++
		}
	}
	return 2*like > len(p.words)
}

// announced tells whether the place follows words like "for user" and holds
// nothing but what can be a name there.
func (p *place) announced() bool {
	words := p.members[0].words
	if p.at < 2 || !isPreposition(words[p.at-2]) || !isHolder(words[p.at-1]) {
		return false
	}
	for w := range p.words {
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

// saysWhat tells whether the word at i is announced as what failed, or how:
// after "code", "status", "errno" and the like.
func (t *tokens) saysWhat(i int) bool {
	for i--; i >= 0 && len(t.words[i]) == 1 && !isLetter(t.words[i][0]); i-- {
	}
	if i < 0 {
		return false
	}
	switch strings.ToLower(strings.TrimRight(t.words[i], ":")) {
	case "code", "status", "errno", "signal", "sqlstate", "reason", "cause", "error", "err", "state", "http":
		return true
	}
	return false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }

// isSymbol tells of the names of error numbers and signals: ECONNREFUSED, SIGKILL.
func isSymbol(w string) bool {
	w = strings.TrimRight(w, ".:!?")
	return len(w) >= 4 && (w[0] == 'E' || strings.HasPrefix(w, "SIG")) && strings.IndexFunc(w, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' }) < 0
}

// aliases maps every signature whose template reads like another's now to the oldest of them.
func aliases(all []*tokens) map[selfheal.SignatureID]selfheal.SignatureID {
	slices.SortFunc(all, func(a, b *tokens) int { return older(a.signature, b.signature) })
	oldest := make(map[string]selfheal.SignatureID)
	result := make(map[selfheal.SignatureID]selfheal.SignatureID)
	for _, t := range all {
		text := strings.Join(t.words, "\x00")
		if !strings.Contains(text, hole) {
			continue
		}
		if first, ok := oldest[text]; ok {
			result[t.signature.ID] = first
		} else {
			oldest[text] = t.signature.ID
		}
	}
	return result
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
