package group

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"slices"

	"selfheal"
)

// maxPatterns bounds how many patterns one service can have.
const maxPatterns = 10_000

// places is a set of positions in a text of at most maxTokens words.
type places uint64

// each gives the positions in ascending order.
func (p places) each() iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; p != 0; p &= p - 1 {
			if !yield(bits.TrailingZeros64(uint64(p))) {
				return
			}
		}
	}
}

// pattern is a template with holes. A mask in it takes every mask.
type pattern struct {
	template  string
	signature selfheal.SignatureID // of a known one
}

// form is a way to read a pattern.
type form struct {
	pattern int
	words   []string
}

// patterns are what is known, then what is learned, found by the texts that read like them.
type patterns struct {
	reader reader
	all    []pattern
	known  int              // how many of them were known before
	forms  map[uint64]form  // by hash
	shapes map[int][]places // the sets of holes there are, by number of words
}

func newPatterns(known []selfheal.Pattern) *patterns {
	p := &patterns{reader: reader{seed: maphash.MakeSeed()}}
	p.reset()
	for _, k := range known[:min(len(known), maxPatterns)] {
		p.add(k.Template, k.Signature)
	}
	p.known = len(p.all)
	return p
}

func (p *patterns) reset() {
	p.all, p.forms, p.shapes = nil, make(map[uint64]form), make(map[int][]places)
}

// add takes a template with holes; false when it is there already, or there are too many.
func (p *patterns) add(template string, signature selfheal.SignatureID) bool {
	texts := p.reader.read(template)
	if texts[0] == nil || len(p.all) == maxPatterns {
		return false
	}
	if _, exists := p.forms[texts[0].whole]; exists {
		return false
	}
	for _, t := range texts {
		if t != nil {
			p.addForm(t)
		}
	}
	p.all = append(p.all, pattern{template, signature})
	return true
}

func (p *patterns) addForm(t *text) {
	if _, exists := p.forms[t.whole]; exists {
		return
	}
	p.forms[t.whole] = form{len(p.all), slices.Clone(t.words)}
	if n, holes := len(t.words), t.holes(); !slices.Contains(p.shapes[n], holes) {
		p.shapes[n] = append(p.shapes[n], holes)
	}
}

// match gives the earliest pattern that a template reads like; -1 when there is none.
func (p *patterns) match(template string) int {
	best := -1
	for i := range p.matches(template) {
		if best < 0 || i < best {
			best = i
		}
	}
	return best
}

// matches gives every pattern that a template reads like, itself included.
func (p *patterns) matches(template string) iter.Seq[int] {
	return func(yield func(int) bool) {
		if len(p.all) == 0 {
			return
		}
		for _, t := range p.reader.read(template) {
			if t == nil {
				continue
			}
			for _, holes := range p.shapes[len(t.words)] {
				if f, ok := p.forms[t.with(holes)]; ok && f.reads(t) && !yield(f.pattern) {
					return
				}
			}
		}
	}
}

// reads tells whether a text of the same length reads like the form.
func (f *form) reads(t *text) bool {
	for i, w := range f.words {
		switch {
		case w == hole && !t.takes(i),
			w != hole && isMask(w) && !isMask(t.words[i]),
			!isMask(w) && w != t.words[i]:
			return false
		}
	}
	return true
}

func (p *patterns) templates() []string {
	all := make([]string, len(p.all))
	for i := range p.all {
		all[i] = p.all[i].template
	}
	return all
}

// learn adds the patterns that the evidence in some templates shows; false when there were none.
func (p *patterns) learn(templates []string, pairs bool) (learned bool) {
	for _, template := range sortedUnique(p.reader.evident(templates, pairs)) {
		learned = p.add(template, "") || learned
	}
	return learned
}

// prune drops new patterns that a more general new one makes superfluous.
func (p *patterns) prune() {
	var keep []pattern
	for i := range p.all {
		superfluous := false
		for more := range p.matches(p.all[i].template) {
			superfluous = superfluous || i >= p.known && more >= p.known && more != i
		}
		if !superfluous {
			keep = append(keep, p.all[i])
		}
	}
	if len(keep) == len(p.all) {
		return
	}
	p.reset()
	for i := range keep {
		p.add(keep[i].template, keep[i].signature)
	}
}

// classes are patterns that mean the same, because one reads like the other:
// for each the parent in its class, of which the earliest is the root.
type classes []int

// classes joins the first n patterns.
func (p *patterns) classes(n int) classes {
	c := make(classes, n)
	for i := range c {
		c[i] = i
	}
	for i := range c {
		for more := range p.matches(p.all[i].template) {
			if more < n {
				c.join(i, more)
			}
		}
	}
	return c
}

func (c classes) root(i int) int {
	for c[i] != i {
		c[i] = c[c[i]]
		i = c[i]
	}
	return i
}

func (c classes) join(a, b int) {
	a, b = c.root(a), c.root(b)
	c[max(a, b)] = min(a, b)
}
