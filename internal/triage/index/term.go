package index

import "slices"

// Term is the hash of a word, or of two words in a row.
type Term uint32

const (
	fnvOffset uint64 = 14695981039346656037
	fnvPrime  uint64 = 1099511628211
)

// TermOf gives the term of a word.
func TermOf(word string) Term { return termOf([]byte(word)) }

// PairOf gives the term of two words in a row.
func PairOf(a, b string) Term { return TermOf(a).join(TermOf(b)) }

// termOf is FNV-1a, folded to 32 bits.
func termOf(word []byte) Term {
	h := fnvOffset
	for _, c := range word {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return Term(h ^ h>>32)
}

func (t Term) join(next Term) Term {
	h := (uint64(t)<<32 | uint64(next)) * 0x9e3779b97f4a7c15
	return Term(h >> 32)
}

// termsOf collects the words of a text and each two that follow one another.
func termsOf(content []byte) []Term {
	terms := make([]Term, 0, len(content)/4)
	var previous Term
	EachWord(content, func(word []byte) {
		t := termOf(word)
		terms = append(terms, t, previous.join(t))
		previous = t
	})
	return sorted(terms)
}

// sorted sorts terms and leaves out repetitions.
func sorted(terms []Term) []Term {
	slices.Sort(terms)
	return slices.Clip(slices.Compact(terms))
}

// EachWord calls f for every maximal run of identifier bytes.
func EachWord(content []byte, f func([]byte)) {
	start := -1
	for i, c := range content {
		switch {
		case IsWordByte(c):
			if start < 0 {
				start = i
			}
		case start >= 0:
			f(content[start:i])
			start = -1
		}
	}
	if start >= 0 {
		f(content[start:])
	}
}
