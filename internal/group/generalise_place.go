package group

import "strings"

// How many different words must stand in one place of otherwise equal templates
// before that place is taken for a value. One similar line is never enough.
const (
	enoughWords  = 6 // ordinary words: programs rarely spell out that many cases
	enoughMarked = 4 // words in brackets or quotes of their own, or after a word that a name follows: "queue mail"
	enoughMasked = 3 // words, where a mask was seen in the same place too
	enoughNames  = 3 // names of several parts, or in a place that the words before it introduce: "for user ann"
	minConstant  = 2 // words that must remain besides the place
	minAround    = 3 // words that must remain besides two places
	manyConstant = 6 // words that, when they agree, leave no doubt that the message is the same
	maxHoles     = 4 // in one template
)

// place is one position of templates that are equal elsewhere.
type place struct {
	words   []string // different ones that stand in it
	masks   []string // different ones
	context []string // one of the templates
	at      int
	other   int  // a second place that differs as well; -1 when there is none
	pooled  bool // the templates may differ in what happened as well
}

// note adds what stands in the place.
func (p *place) note(word string) {
	if isMasked(word) {
		p.masks = append(p.masks, word)
	} else {
		p.words = append(p.words, word)
	}
}

// settle drops what was noted twice; false when what is left cannot be enough.
func (p *place) settle() bool {
	p.words, p.masks = sortedUnique(p.words), sortedUnique(p.masks)
	return len(p.words) > 0 && len(p.words)+len(p.masks) >= enoughNames
}

// enough weighs the evidence for a place. It needs more at the beginning of a
// line, where messages say what they are about, and where little else is said.
func (p *place) enough() bool {
	constant := p.constant()
	if p.isVerb() || p.pooled && constant < minConstant {
		return false
	}
	if p.spelled() {
		return constant >= minConstant && (p.at > 0 || constant >= manyConstant)
	}
	need := enoughWords
	switch {
	case p.introduced(), p.qualified():
		need = enoughNames
	case len(p.masks) > 0:
		need = enoughMasked
	case p.enclosed(), p.announced():
		need = enoughMarked
	}
	if p.at == 0 && (constant < manyConstant || need == enoughWords) {
		need *= 2
		if need == 2*enoughWords {
			need *= 2
		}
	}
	if constant < minConstant || need == enoughWords && p.isReason() {
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
		differs := i == p.at || i == p.other || p.pooled && neverValue(w)
		if !differs && !isMasked(w) && hasLetter(w) {
			n++
		}
	}
	return n
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

// isReason tells of a place that ends a line after a colon, where messages say why.
func (p *place) isReason() bool {
	return p.at > 0 && p.at == len(p.context)-1 && strings.HasSuffix(p.context[p.at-1], ":")
}

// qualified tells of a place that holds nothing but names of several parts: "a.b.c", "a/b".
func (p *place) qualified() bool {
	for _, w := range p.words {
		inner := trimEnd(w)
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

// announced tells of a place after a word like "user" or "queue".
func (p *place) announced() bool {
	return p.at > 0 && isHolder(strings.ToLower(p.context[p.at-1]))
}

// introduced tells of an announced place after words like "for user": "user" alone
// could begin "user session".
func (p *place) introduced() bool {
	return p.at > 1 && isPreposition(strings.ToLower(p.context[p.at-2])) && p.announced()
}

func isPreposition(w string) bool {
	switch w {
	case "for", "of", "by", "as", "from", "to", "with", "in", "on", "at", "into", "via", "under", "using", "invalid", "unknown", "illegal":
		return true
	}
	return false
}
