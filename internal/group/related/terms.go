package related

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"selfheal"
	"selfheal/internal/group/template"
)

const (
	maxTerms = 48      // words of one signature that are looked at
	maxText  = 1 << 10 // bytes of one text of a signature that are looked at
	maxChain = 8       // exceptions of one chain that are looked at
)

// term is a hashed word, with how much it says in its lowest two bits.
type term uint32

// What a word says, from most to least.
const (
	ofMessage  term = iota // a word of the message or of an exception's type
	ofType                 // the whole type of an exception, whose words stand for themselves too
	ofCompound             // any other name of several words
	ofFunction             // a word of a function's name
	emphases   term = 3    // mask of the two bits
)

// emphasis: the functions of an exception are many, and the log line that reports
// it has none of them.
func (t term) emphasis() float64 {
	switch t & emphases {
	case ofType, ofCompound:
		return 0.5
	case ofFunction:
		return 0.25
	}
	return 1
}

// word tells words apart, wherever they stand.
func (t term) word() uint32 { return uint32(t &^ emphases) }

func (t term) bucket() uint32 { return uint32(t) >> (32 - bucketBits) }

// counts tells whether sharing the word is evidence of its own: sharing a compound
// is not, it comes on top of its words. The type of an exception is: it is what a
// log line repeats that reports one.
func (t term) counts() bool { return t&emphases != ofCompound }

// reader turns signatures into terms. It keeps buffers between calls.
type reader struct {
	scanner template.Scanner
	terms   []term
	word    []byte
	known   map[spelling][]term // of names that were read before: most come again and again
}

// spelling is a name as it was written, and where.
type spelling struct {
	name string
	what term
}

// Caps on the names that are remembered.
const (
	maxKnown     = 8192
	maxKnownName = 48 // bytes
)

func newReader() *reader { return &reader{known: make(map[spelling][]term)} }

// read gives the distinct terms of a signature, ascending; valid until the next call.
func (r *reader) read(s *selfheal.Signature) []term {
	r.terms = r.terms[:0]
	if s.Kind == selfheal.KindException {
		r.exception(s)
	} else {
		r.text(s.Template, ofMessage)
	}
	return r.distinct()
}

// exception reads types, messages and functions. The template of an exception has
// no message where its functions identify it; that is in the sample, or, where the
// sample was cut short, in the title.
func (r *reader) exception(s *selfheal.Signature) {
	if len(s.Sample.Exceptions) == 0 {
		r.text(s.Title, ofMessage)
	}
	r.text(r.mask(s.Sample.Message), ofMessage)
	before := s.Sample.Message
	chain := s.Sample.Exceptions
	for i := range chain[:min(len(chain), maxChain)] {
		r.text(chain[i].Type, ofMessage)
		if message := chain[i].Message; message != before { // wrappers repeat it
			r.text(r.mask(message), ofMessage)
			before = message
		}
	}
	for line := range strings.SplitSeq(s.Template, "\n") {
		what := ofMessage
		if strings.HasPrefix(line, "  ") {
			what = ofFunction
		}
		r.text(line, what)
	}
}

// mask replaces the values in the first line of a message as it was written.
func (r *reader) mask(message string) string {
	line, _, _ := strings.Cut(message, "\n")
	return template.Text(r.scanner.Scan([]byte(line[:min(len(line), maxText)])))
}

// distinct sorts the terms and keeps each word once, where it says most.
func (r *reader) distinct() []term {
	slices.Sort(r.terms)
	r.terms = slices.CompactFunc(r.terms, func(a, b term) bool { return a.word() == b.word() })
	r.terms = r.terms[:min(len(r.terms), maxTerms)]
	return r.terms
}

// text reads names and words, which end at a space or at punctuation that no name has.
func (r *reader) text(s string, what term) {
	s = s[:min(len(s), maxText)]
	for s != "" {
		n := strings.IndexAny(s, " \t\n()[]{}<>\"'`,;=|")
		if n < 0 {
			n = len(s)
		}
		r.name(s[:n], what)
		s = s[n:]
		if s != "" {
			s = s[max(1, placeholder(s)):]
		}
	}
}

// placeholder gives the length of a mask or of a removed secret at the beginning of s; 0 when there is none.
func placeholder(s string) int {
	closing := byte('>')
	switch {
	case strings.HasPrefix(s, "[redacted:"):
		closing = ']'
	case s[0] != '<':
		return 0
	}
	end := strings.IndexByte(s[:min(len(s), 40)], closing)
	if end < 2 || closing == '>' && s[1] != '*' && strings.IndexFunc(s[1:end], func(c rune) bool { return c < 'a' || c > 'z' }) >= 0 {
		return 0
	}
	return end + 1
}

// name adds the words of a name.
func (r *reader) name(s string, what term) {
	if s == "" {
		return
	}
	if known, ok := r.known[spelling{s, what}]; ok {
		r.terms = append(r.terms, known...)
		return
	}
	start := len(r.terms)
	r.split(s, what)
	if len(s) <= maxKnownName && len(r.known) < maxKnown {
		r.known[spelling{strings.Clone(s), what}] = slices.Clone(r.terms[start:])
	}
}

// split splits a name at changes of case and at what is neither letter nor digit:
// "PaymentGateway.chargeCard", "order_id", "ERR-CONN". What stands between dots,
// colons and slashes is said as a whole too when it is of several words.
func (r *reader) split(s string, what term) {
	whole := compound{hash: offset}
	start := -1
	var before rune
	for i, c := range s {
		inside := unicode.IsLetter(c) || unicode.IsDigit(c)
		if start >= 0 && (!inside || breaks(before, c, s[i:])) {
			whole.words, whole.last = whole.words+1, s[start:i]
			r.say(s[start:i], what)
			start = -1
		}
		switch {
		case inside:
			whole.hash = hash(whole.hash, unicode.ToLower(c))
			if start < 0 {
				start = i
			}
		case c != '_' && c != '-':
			r.whole(whole, what)
			whole = compound{hash: offset}
		}
		before = c
	}
	if start >= 0 {
		whole.words, whole.last = whole.words+1, s[start:]
		r.say(s[start:], what)
	}
	r.whole(whole, what)
}

// compound is a name of several words, as far as it was read.
type compound struct {
	hash  uint32
	words int
	last  string
}

// whole adds a compound; of functions, which are many, the words suffice.
func (r *reader) whole(c compound, what term) {
	if c.words < 2 || what == ofFunction {
		return
	}
	kind := ofCompound
	if c.last == "Error" || c.last == "Exception" {
		kind = ofType
	}
	r.terms = append(r.terms, mixed(c.hash)|kind)
}

// breaks tells whether a new word begins at the letter c: "cC", and "CCc" before its second C.
func breaks(before, c rune, rest string) bool {
	if !unicode.IsUpper(c) {
		return false
	}
	if unicode.IsLower(before) {
		return true
	}
	next, size := utf8.DecodeRuneInString(rest[utf8.RuneLen(c):])
	return size > 0 && unicode.IsUpper(before) && unicode.IsLower(next)
}

// say adds one word: what it abbreviates or stands for, and of that the stem.
func (r *reader) say(word string, what term) {
	r.word = r.word[:0]
	for _, c := range word {
		r.word = utf8.AppendRune(r.word, unicode.ToLower(c))
	}
	if means, ok := meaning(string(r.word)); ok {
		for m := range strings.FieldsSeq(means) {
			r.add(stem(m), what)
		}
		return
	}
	if len(r.word) > 1 || r.word[0] >= utf8.RuneSelf {
		r.add(stem(string(r.word)), what)
	}
}

func (r *reader) add(word string, what term) {
	h := offset
	for _, c := range word {
		h = hash(h, c)
	}
	r.terms = append(r.terms, mixed(h)|what)
}

// offset and prime are those of FNV-1a, 32 bits.
const (
	offset uint32 = 2166136261
	prime  uint32 = 16777619
)

func hash(h uint32, c rune) uint32 {
	for ; c > 0xff; c >>= 8 {
		h = (h ^ uint32(c&0xff)) * prime
	}
	return (h ^ uint32(c)) * prime
}

// mixed spreads a hash over all bits, the highest of which choose the bucket
// (the finaliser of MurmurHash3).
func mixed(h uint32) term {
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return term(h^h>>16) &^ emphases
}
