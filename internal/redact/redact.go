// Package redact scrubs secrets and personal data from text.
//
// In goes any text, hostile and of any size; out comes the same text with every
// secret replaced by a stable placeholder such as [redacted:token]. Scrubbing
// twice gives what scrubbing once gave, and takes time linear in the text. It
// errs on the side of leaving words alone that merely speak of secrets.
package redact

import (
	"bytes"
	"iter"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
)

// A Rule finds one kind of secret.
type Rule struct {
	// Name stands in the placeholder: [redacted:NAME].
	Name string
	// Keywords are lower-case texts of which one must occur (in any case) for
	// Pattern to be tried: this keeps scrubbing of harmless text fast.
	Keywords []string
	// Pattern matches the secret. Where it has a group named "secret", only that is replaced.
	Pattern *regexp.Regexp
	// Find stands in for Pattern where a regular expression would be too slow to
	// run over all text: it gives the first candidate [from, to) at or after start.
	Find func(s string, start int) (from, to int, ok bool)
	// Check, if set, has the last word on a match.
	Check func(secret string) bool
}

// Redactor scrubs text. It is immutable and safe for concurrent use.
type Redactor struct {
	rules []Rule
}

// Option changes a [Redactor] that is being made.
type Option func(*Redactor)

// WithRule adds a rule behind the built-in ones.
func WithRule(rule Rule) Option {
	return func(r *Redactor) { r.rules = append(r.rules, rule) }
}

// compiled gives the built-in rules, compiled once.
var compiled = sync.OnceValue(builtin)

// New makes a Redactor with the built-in rules.
func New(options ...Option) *Redactor {
	r := &Redactor{rules: slices.Clone(compiled())}
	for _, o := range options {
		o(r)
	}
	return r
}

// maxRounds bounds how often the rules are applied: what one rule replaced can
// let another see what it did not see before, which happens in contrived text only.
const maxRounds = 4

// String gives s without its secrets.
func (r *Redactor) String(s string) string {
	for range maxRounds {
		scrubbed := r.round(s)
		if scrubbed == s {
			break
		}
		s = scrubbed
	}
	return s
}

// round applies every rule once.
func (r *Redactor) round(s string) string {
	lower := strings.ToLower(s)
	for i := range r.rules {
		rule := &r.rules[i]
		if !rule.mayMatch(lower) {
			continue
		}
		if scrubbed := rule.apply(s); scrubbed != s {
			s, lower = scrubbed, strings.ToLower(scrubbed)
		}
	}
	return s
}

// Bytes is String for bytes; what it returns may share memory with b when nothing was found.
func (r *Redactor) Bytes(b []byte) []byte {
	s := string(b)
	if scrubbed := r.String(s); scrubbed != s {
		return []byte(scrubbed)
	}
	return bytes.Clone(b)
}

func (rule *Rule) mayMatch(lower string) bool {
	if len(rule.Keywords) == 0 {
		return true
	}
	for _, k := range rule.Keywords {
		if strings.Contains(lower, k) {
			return true
		}
	}
	return false
}

// apply replaces every match of one rule.
func (rule *Rule) apply(s string) string {
	var out strings.Builder
	done := placeholders(s)
	end := 0
	for from, to := range rule.candidates(s) {
		if secret := s[from:to]; done.forbid(from, to) || rule.Check != nil && !rule.Check(secret) {
			continue
		}
		out.WriteString(s[end:from])
		out.WriteString("[redacted:" + rule.Name + "]")
		end = to
	}
	if end == 0 {
		return s
	}
	out.WriteString(s[end:])
	return out.String()
}

// candidates gives the spans that may be secrets, in order, not overlapping.
func (rule *Rule) candidates(s string) iter.Seq2[int, int] {
	if rule.Find != nil {
		return func(yield func(int, int) bool) {
			for from, to, ok := rule.Find(s, 0); ok && yield(from, to); from, to, ok = rule.Find(s, to) {
			}
		}
	}
	group := max(0, rule.Pattern.SubexpIndex("secret"))
	return func(yield func(int, int) bool) {
		for _, m := range rule.Pattern.FindAllStringSubmatchIndex(s, -1) {
			if from, to := m[2*group], m[2*group+1]; from < to && !yield(from, to) {
				return
			}
		}
	}
}

// spans are the placeholders that a text holds already, in order.
type spans []span

type span struct{ from, to int }

// placeholders finds what an earlier rule or run has replaced.
func placeholders(s string) spans {
	const open = "[redacted:"
	var found spans
	for from := 0; ; {
		at := strings.Index(s[from:], open)
		if at < 0 {
			return found
		}
		from += at
		to := from + len(open)
		for to < len(s) && (s[to] >= 'a' && s[to] <= 'z' || s[to] == '-') {
			to++
		}
		if to < len(s) && s[to] == ']' && to > from+len(open) {
			found = append(found, span{from, to + 1})
		}
		from = to
	}
}

// forbid tells of a candidate that is a placeholder itself, quoted or not, or
// that would tear one apart. Swallowing one whole is fine.
func (p spans) forbid(from, to int) bool {
	at := sort.Search(len(p), func(i int) bool { return p[i].to > from })
	for _, s := range p[at:] {
		if s.from >= to {
			return false
		}
		if s.from < from || s.to > to || s.from <= from+1 && s.to >= to-1 {
			return true
		}
	}
	return false
}
