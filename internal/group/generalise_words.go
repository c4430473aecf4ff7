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
	pools    []uint64 // the same, all words equal that say what happened; see pool
	whole    uint64   // the sum of hashes and of the number of words
	pooled   uint64   // the same of pools
}

// reader splits templates and hashes what it finds. Its seed is random, so that
// nobody can write lines that collide.
type reader struct {
	seed   maphash.Seed
	fine   text
	coarse text
}

// read gives the ways to read a template, valid until the next call: word by word,
// and, where that differs, with all that stands between two spaces as one word,
// because a value may be written "10.0.0.1" or "LOCAL(0)". It gives nothing when
// the template is too long to be looked at.
func (r *reader) read(template string) (texts [2]*text) {
	if len(template) > maxPattern || !r.split(&r.fine, template, tokenLength) {
		return texts
	}
	texts[0] = &r.fine
	if strings.Count(template, " ")+1 == len(r.fine.words) {
		return texts // nothing is joined
	}
	if r.split(&r.coarse, template, chunkLength) && len(r.coarse.words) != len(r.fine.words) {
		texts[1] = &r.coarse
	}
	return texts
}

// split fills in a text; false when it has too many words.
func (r *reader) split(t *text, template string, length func(string) int) bool {
	*t = text{template: template, words: t.words[:0], starts: t.starts[:0], hashes: t.hashes[:0], pools: t.pools[:0]}
	for at := 0; at < len(template); {
		n := length(template[at:])
		if word := template[at : at+n]; word != " " {
			if len(t.words) == maxTokens {
				return false
			}
			r.add(t, at, word)
		}
		at += n
	}
	t.whole += uint64(len(t.words))
	return true
}

func (r *reader) add(t *text, at int, word string) {
	hash := r.hash(word, len(t.words))
	t.words = append(t.words, word)
	t.starts = append(t.starts, at)
	t.hashes = append(t.hashes, hash)
	t.whole += hash
}

// outcomeHash stands for every word that says what happened.
const outcomeHash = 0xa0761d6478bd642f

// pool gives the hashes of the words and of the whole where words that say what
// happened are all equal.
func (t *text) pool() (pools []uint64, whole uint64) {
	if len(t.pools) == len(t.words) {
		return t.pools, t.pooled
	}
	t.pooled = uint64(len(t.words))
	for i, w := range t.words {
		h := t.hashes[i]
		if neverValue(w) {
			h = outcomeHash * placeFactor(i)
		}
		t.pools = append(t.pools, h)
		t.pooled += h
	}
	return t.pools, t.pooled
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

// placeFactor gives each place an odd number with no pattern to it (the finaliser of
// SplitMix64, Steele et al., OOPSLA 2014): with an even row of factors, words that
// change places would leave the sum as it was.
func placeFactor(i int) uint64 {
	z := uint64(i+1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31 | 1
}

// key gives the hash of a text with a hole at i.
func (t *text) key(i int) uint64 { return (t.whole + holeHash(i) - t.hashes[i]) &^ keyKind }

// pooledKey is key where it does not matter what happened.
func (t *text) pooledKey(i int) uint64 {
	pools, whole := t.pool()
	return (whole+holeHash(i)-pools[i])&^keyKind | keyPooled
}

// pairKey is key for two places.
func (t *text) pairKey(i, j int) uint64 {
	return (t.whole+holeHash(i)-t.hashes[i]+holeHash(j)-t.hashes[j])&^keyKind | keyPair
}

// with gives the hash that the text has when the places in the set are holes.
func (t *text) with(holes places) uint64 {
	h := t.whole
	for i := range holes.each() {
		h += holeHash(i) - t.hashes[i]
	}
	return h
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
	if n := maskLength(s); n > 0 {
		return n
	}
	n := 0
	for n < len(s) && !endsToken[s[n]] {
		n++
	}
	return max(1, len(trimEnd(s[:n]))) // "db1:" and "<host>:" end in the same token
}

// endsToken are the bytes that end a word and are tokens themselves.
var endsToken = [256]bool{
	' ': true, '\t': true, '(': true, ')': true, '[': true, ']': true, '{': true, '}': true, '<': true, '>': true,
	'"': true, '\'': true, '`': true, ',': true, ';': true, '=': true, '|': true,
}

// trimEnd cuts off what ends a sentence.
func trimEnd(w string) string {
	for n := len(w); n > 0; n-- {
		if c := w[n-1]; c != '.' && c != ':' && c != '!' && c != '?' {
			return w[:n]
		}
	}
	return ""
}

// chunkLength gives the length of the first token where brackets and separators
// inside a word belong to it; around it they are tokens of their own.
func chunkLength(s string) int {
	n := tokenLength(s)
	if endsToken[s[0]] && n == 1 {
		return 1
	}
	open := 0 // brackets
	for end := n; end < len(s) && s[end] != ' '; {
		switch s[end] {
		case '(', '[', '{':
			open++
			end++
		case ')', ']', '}':
			if open--; open < 0 {
				return n
			}
			end++
			n = end
		case '=', '"', '\'', '`':
			return n
		case ',', ';', '|', '.', ':', '!', '?', '>', '\t':
			end++
		default:
			end += tokenLength(s[end:])
			if open == 0 {
				n = end
			}
		}
	}
	return n
}

func isMask(word string) bool { return word != "" && maskLength(word) == len(word) }

// isMasked tells of masks and punctuation: "[<num>]:<num>".
func isMasked(word string) (masked bool) {
	for at := 0; at < len(word); {
		n := maskLength(word[at:])
		if n == 0 && (isLetter(word[at]) || isDigit(word[at])) {
			return false
		}
		masked = masked || n > 0
		at += max(1, n)
	}
	return masked
}

// maskLength gives the length of the mask that a text begins with; else 0.
func maskLength(s string) int {
	if s[0] != '<' {
		return 0
	}
	end := strings.IndexByte(s[:min(len(s), len(anyMask))], '>')
	if end < 0 {
		return 0
	}
	switch s[:end+1] {
	case "<num>", "<uuid>", "<host>", "<url>", "<path>", "<time>", "<str>", "<email>", "<bool>", anyMask, hole:
		return end + 1
	}
	return 0
}

// holdsMask tells of a word that consists of text and masks.
func holdsMask(word string) bool {
	for i := range len(word) {
		if maskLength(word[i:]) > 0 {
			return true
		}
	}
	return false
}

// takes tells whether a hole at i can take what the text has there.
func (t *text) takes(i int) bool {
	w := t.words[i]
	switch {
	case isMasked(w):
		return true
	case t.saysWhat(i):
		return false
	case t.isNamed(i):
		return eachPart(w, namesFailure)
	}
	return eachPart(w, neverValue) && (i == 0 || !isHolder(strings.ToLower(t.words[i-1])) || mayBeName(w))
}

// eachPart tells of a word, or of several that are joined, that it holds letters and
// that none of its parts is refused.
func eachPart(w string, refused func(string) bool) bool {
	letters := false
	for at := 0; at < len(w); {
		n := tokenLength(w[at:])
		part := w[at : at+n]
		switch {
		case isMask(part), n == 1 && !isLetter(part[0]) && !isDigit(part[0]) && part != "=":
		case refused(part):
			return false
		default:
			letters = letters || hasLetter(part)
		}
		at += n
	}
	return letters
}

// neverValue tells of a word that says what happened, wherever it stands.
func neverValue(w string) bool { return namesFailure(w) || isOutcome(trimEnd(w)) }

func hasLetter(w string) bool {
	for i := range len(w) {
		if isLetter(w[i]) {
			return true
		}
	}
	return false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
