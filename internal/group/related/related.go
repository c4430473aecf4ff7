// Package related finds signatures that seem to mean the same though they read
// differently: "connection to db refused" beside "could not connect to database:
// ECONNREFUSED", or an exception beside the log line that reports it.
//
// In go all signatures, and the few of them for which relations are wanted; out
// come for each of these the nearest others. Nearness is the cosine of hashed
// TF-IDF vectors over the words of the templates: words that many signatures
// share weigh little, masks and words that every log is full of weigh nothing.
// It compares words, not meaning: what is opposite ("payment accepted", "payment
// declined") is near too. A relation is a link for a reader and for triage; it
// never merges two signatures and never changes what counts.
//
// The result is a function of the set of signatures, whatever their order.
package related

import (
	"cmp"
	"math"
	"slices"

	"selfheal"
)

const (
	// Threshold is the similarity from which signatures are called related. It was
	// chosen on the first half of the pairs in this package's test, nearer to the
	// related ones: a link that leads nowhere costs more than one that is missing.
	Threshold = 0.42

	// prior is how many signatures with none of the words are imagined beside the
	// real ones, so that weights mean something where there are only a few.
	prior = 100

	// A word that more than one in commonShare signatures have, and more than
	// commonLeast, tells nothing apart. Leaving it out bounds the work: no word
	// of the signatures asked for leads to more than that many others.
	commonShare = 20
	commonLeast = 200

	// bucketBits is the size of the table of document frequencies. Words that
	// share a bucket weigh a little less than they should.
	bucketBits = 18

	// spare is how many candidates of a signature are kept beyond twice the limit,
	// before all but the best are dropped.
	spare = 64

	// loneWord is the similarity from which one shared word is enough.
	loneWord = 0.6
)

// Find gives for each signature of `of` the others that are related to it, most
// similar first, at most limit; signatures without any are left out, as are those
// of `of` that are not among signatures. Its work grows with len(signatures), and
// only for the words that these share with the signatures asked for; memory is 4
// bytes for each of at most 48 words of a signature, and some MiB besides.
func Find(signatures []selfheal.Signature, of []selfheal.SignatureID, limit int) map[selfheal.SignatureID][]selfheal.Relation {
	result := make(map[selfheal.SignatureID][]selfheal.Relation)
	if limit <= 0 || len(of) == 0 {
		return result
	}
	c := newCorpus(signatures)
	limit = min(limit, len(c.signatures))
	asked := c.questions(of)
	for i := range c.signatures {
		asked.compare(c, i, limit)
	}
	for q, at := range asked.documents {
		if found := best(asked.found[q], limit); len(found) > 0 {
			result[c.signatures[at].ID] = c.relations(found)
		}
	}
	return result
}

// corpus is all signatures as bags of hashed words.
type corpus struct {
	signatures []*selfheal.Signature // ascending by id, each once
	terms      [][]term              // of each signature
	page       []term                // what the terms of the last signatures are cut from
	frequency  []uint32              // by bucket: in how many signatures
}

func newCorpus(signatures []selfheal.Signature) *corpus {
	c := &corpus{signatures: distinct(signatures), frequency: make([]uint32, 1<<bucketBits)}
	c.terms = make([][]term, len(c.signatures))
	r := newReader()
	for i, s := range c.signatures {
		terms := r.read(s)
		for _, t := range terms {
			c.frequency[t.bucket()]++
		}
		c.terms[i] = c.keep(terms)
	}
	return c
}

// pageTerms is how many terms are allocated at once: fewer and larger pieces of
// memory, without ever copying those that are full.
const pageTerms = 16 << 10

func (c *corpus) keep(terms []term) []term {
	if len(c.page)+len(terms) > cap(c.page) {
		c.page = make([]term, 0, pageTerms)
	}
	start := len(c.page)
	c.page = append(c.page, terms...)
	return c.page[start:len(c.page):len(c.page)]
}

// distinct leaves out what stands for many unlike errors, and sorts.
func distinct(signatures []selfheal.Signature) []*selfheal.Signature {
	all := make([]*selfheal.Signature, 0, len(signatures))
	for i := range signatures {
		if k := signatures[i].Kind; k != selfheal.KindOverflow && k != selfheal.KindCluster {
			all = append(all, &signatures[i])
		}
	}
	slices.SortFunc(all, func(a, b *selfheal.Signature) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Template, b.Template), cmp.Compare(a.Title, b.Title), cmp.Compare(a.Sample.Text, b.Sample.Text))
	})
	return slices.CompactFunc(all, func(a, b *selfheal.Signature) bool { return a.ID == b.ID })
}

// weight is the TF-IDF of a word. Repetition inside one message tells nothing, so
// the frequency in the document is 0 or 1. The inverse document frequency is
// smoothed as in Manning, Raghavan and Schütze, "Introduction to Information
// Retrieval", 6.2.1, with the imagined signatures of prior.
func (c *corpus) weight(t term) float64 {
	frequency, all := int(c.frequency[t.bucket()]), len(c.signatures)
	if frequency > max(commonLeast, all/commonShare) {
		return 0
	}
	return t.emphasis() * math.Log(1+float64(all+prior)/float64(frequency))
}

// norm is the length of a signature's vector.
func (c *corpus) norm(terms []term) float64 {
	var squares float64
	for _, t := range terms {
		w := c.weight(t)
		squares += w * w
	}
	return math.Sqrt(squares)
}

// questions is an inverted index of the signatures asked for: they are few, and
// all others pass by it once.
type questions struct {
	documents []int // position in the corpus, ascending
	norms     []float64
	postings  map[uint32][]posting // by word
	found     [][]candidate
	products  []float64 // of the signature that passes by with each question
	shared    []int     // words that it shares with each
	touched   []int     // questions with a product
}

type posting struct {
	question int
	weight   float64
}

type candidate struct {
	document   int
	similarity float64
}

func (c *corpus) questions(of []selfheal.SignatureID) *questions {
	asked := &questions{postings: map[uint32][]posting{}}
	ids := slices.Clone(of)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		at, known := slices.BinarySearchFunc(c.signatures, id, func(s *selfheal.Signature, id selfheal.SignatureID) int { return cmp.Compare(s.ID, id) })
		if !known {
			continue
		}
		terms := c.terms[at]
		for _, t := range terms {
			if w := c.weight(t); w > 0 {
				asked.postings[t.word()] = append(asked.postings[t.word()], posting{len(asked.documents), w})
			}
		}
		asked.documents = append(asked.documents, at)
		asked.norms = append(asked.norms, c.norm(terms))
	}
	n := len(asked.documents)
	asked.found, asked.products, asked.shared = make([][]candidate, n), make([]float64, n), make([]int, n)
	return asked
}

// compare notes for which questions a signature is a candidate for the best of them.
func (a *questions) compare(c *corpus, document, limit int) {
	a.touched = a.touched[:0]
	terms := c.terms[document]
	for _, t := range terms {
		postings := a.postings[t.word()]
		if len(postings) == 0 {
			continue
		}
		weight := c.weight(t)
		for _, p := range postings {
			if a.products[p.question] == 0 {
				a.touched = append(a.touched, p.question)
			}
			a.products[p.question] += weight * p.weight
			if t.counts() {
				a.shared[p.question]++
			}
		}
	}
	if len(a.touched) == 0 {
		return
	}
	norm := c.norm(terms)
	for _, q := range a.touched {
		similarity := math.Round(min(1, a.products[q]/(norm*a.norms[q]))*1000) / 1000
		if a.documents[q] != document && similarity >= Threshold && (a.shared[q] > 1 || similarity >= loneWord) {
			a.found[q] = append(a.found[q], candidate{document, similarity})
			if len(a.found[q]) > 2*limit+spare {
				a.found[q] = best(a.found[q], limit)
			}
		}
		a.products[q], a.shared[q] = 0, 0
	}
}

// best sorts candidates and keeps the most similar.
func best(found []candidate, limit int) []candidate {
	slices.SortFunc(found, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(y.similarity, x.similarity), cmp.Compare(x.document, y.document))
	})
	return found[:min(limit, len(found))]
}

// relations describes candidates.
func (c *corpus) relations(found []candidate) []selfheal.Relation {
	relations := make([]selfheal.Relation, 0, len(found))
	for _, f := range found {
		s := c.signatures[f.document]
		relations = append(relations, selfheal.Relation{Signature: s.ID, Title: s.Title, Similarity: f.similarity})
	}
	return relations
}
