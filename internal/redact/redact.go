// Package redact scrubs secrets and personal data from text.
//
// In goes any text, hostile and of any size; out comes the same text with every
// secret replaced by a stable placeholder such as [redacted:token]. Scrubbing
// twice gives what scrubbing once gave, and takes time linear in the text. It
// errs on the side of leaving words alone that merely speak of secrets.
package redact

import (
	"bytes"
	"regexp"
	"strings"
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

// New makes a Redactor with the built-in rules.
func New(options ...Option) *Redactor {
	r := &Redactor{rules: builtin()}
	for _, o := range options {
		o(r)
	}
	return r
}

// String gives s without its secrets.
func (r *Redactor) String(s string) string {
	var lower string
	for i := range r.rules {
		rule := &r.rules[i]
		if i == 0 || lower == "" {
			lower = strings.ToLower(s)
		}
		if !rule.mayMatch(lower) {
			continue
		}
		if scrubbed := rule.apply(s); scrubbed != s {
			s, lower = scrubbed, ""
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
	group := max(0, rule.Pattern.SubexpIndex("secret"))
	var out strings.Builder
	end := 0
	for _, m := range rule.Pattern.FindAllStringSubmatchIndex(s, -1) {
		from, to := m[2*group], m[2*group+1]
		if from < end || from == to {
			continue
		}
		secret := s[from:to]
		if isPlaceholder(secret) || rule.Check != nil && !rule.Check(secret) {
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

// isPlaceholder tells of text that begins with a placeholder of an earlier rule or run.
func isPlaceholder(secret string) bool {
	return strings.HasPrefix(strings.TrimLeft(secret, `"'`), "[redacted:")
}
