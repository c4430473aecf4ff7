package group

import (
	"hash/maphash"
	"strings"
)

// What a place taken for a value reads: hole where words were seen in it, anyMask
// where only different masks were. To this file all masks are equal.
const (
	hole    = "<*>"
	anyMask = "<value>"
)

const (
	maxTokens  = 64   // of a template, so that a set of places fits a word; longer ones are left alone
	maxPattern = 1024 // bytes of a template; longer ones are left alone
)

// text is a template as words, masks and punctuation, without its spaces.
type text struct {
	template string
	words    []string
	starts   []int    // of the words in the template
	hashes   []uint64 // of the words, each with its place
	whole    uint64   // the sum of hashes and of the number of words
}

// reader splits templates and hashes what it finds. Its seed is random, so that
// nobody can write lines that collide.
type reader struct {
	seed maphash.Seed
	text text
}

// read gives a text that is valid until the next call; nil when the template is
// too long to be looked at.
func (r *reader) read(template string) *text {
	if len(template) > maxPattern {
		return nil
	}
	t := &r.text
	*t = text{template: template, words: t.words[:0], starts: t.starts[:0], hashes: t.hashes[:0]}
	for at := 0; at < len(template); {
		n := tokenLength(template[at:])
		if word := template[at : at+n]; word != " " {
			if len(t.words) == maxTokens {
				return nil
			}
			t.add(at, word, r.hash(word, len(t.words)))
		}
		at += n
	}
	t.whole += uint64(len(t.words))
	return t
}

func (t *text) add(at int, word string, hash uint64) {
	t.words = append(t.words, word)
	t.starts = append(t.starts, at)
	t.hashes = append(t.hashes, hash)
	t.whole += hash
}

// hash hashes a word in its place. Hashes are summed over a text, so that one
// place can be exchanged in it.
func (r *reader) hash(word string, i int) uint64 {
	switch {
	case word == hole:
		return holeHash(i)
	case isMask(word):
		return maphash.String(r.seed, anyMask) * placeFactor(i)
	}
	return maphash.String(r.seed, word) * placeFactor(i)
}

func holeHash(i int) uint64 { return 0x9e3779b97f4a7c15 * placeFactor(i) }

func placeFactor(i int) uint64 { return 2*uint64(i)*0xd1342543de82ef95 + 1 }

// with gives the hash that the text has when the places in the set are holes.
func (t *text) with(holes places) uint64 {
	h := t.whole
	for i := range holes.each() {
		h += holeHash(i) - t.hashes[i]
	}
	return h
}

// punched gives the template with holes in the places, and anyMask in others.
func (t *text) punched(holes, masks places) string {
	var b strings.Builder
	from := 0
	for i := range (holes | masks).each() {
		b.WriteString(t.template[from:t.starts[i]])
		if holes.has(i) {
			b.WriteString(hole)
		} else {
			b.WriteString(anyMask)
		}
		from = t.starts[i] + len(t.words[i])
	}
	b.WriteString(t.template[from:])
	return b.String()
}

// masks gives the places of masks.
func (t *text) masks() (set places) {
	for i, w := range t.words {
		if isMask(w) && w != hole {
			set |= 1 << i
		}
	}
	return set
}

// holes gives the places of holes.
func (t *text) holes() (set places) {
	for i, w := range t.words {
		if w == hole {
			set |= 1 << i
		}
	}
	return set
}

// tokenLength gives the length of the first token: a mask, one byte of space or punctuation, or a word.
func tokenLength(s string) int {
	const ends = " \t()[]{}<>\"'`,;=|"
	if s[0] == '<' {
		if end := strings.IndexByte(s[:min(len(s), 10)], '>'); end > 0 && isMask(s[:end+1]) {
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

// takes tells whether a hole at i can take what the text has there.
func (t *text) takes(i int) bool {
	return isMask(t.words[i]) || mayBeValue(t.words[i]) && !t.saysWhat(i)
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

// saysWhat tells whether the word at i is announced as what failed, or how:
// after "code", "status", "errno" and the like.
func (t *text) saysWhat(i int) bool {
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
