package triage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/triage/index"
)

// EditKind says what a change did to a statement that logs or raises.
type EditKind string

// The kinds of edits.
const (
	StatementRemoved    EditKind = "removed"
	StatementReworded   EditKind = "reworded"
	StatementReleveled  EditKind = "releveled" // the same words at another level
	StatementIntroduced EditKind = "added"
)

// StatementLine is where a statement begins, or the line of its text. Quote is
// the exact text of line Line of Path at Revision, cut at 300 bytes.
type StatementLine struct {
	Path     string            `json:"path"`
	Revision string            `json:"revision"` // base or head of the change
	Line     int               `json:"line"`
	Quote    string            `json:"quote"`
	Level    selfheal.Severity `json:"level,omitempty"` // SeverityUnspecified when the code names none
}

// StatementEdit is what a change did to the statement that emits a signature.
type StatementEdit struct {
	Kind   EditKind `json:"kind"`
	Commit string   `json:"commit,omitempty"` // that did it; empty when the commits do not say
	// Before is the statement at the base; nil when it was added. After is the
	// one at the head; nil when it was removed. One of the two has the words of the signature.
	Before *StatementLine `json:"before,omitempty"`
	After  *StatementLine `json:"after,omitempty"`
	// Gone says that the signature has the words of Before, which a reworded
	// statement no longer prints; otherwise it has those of After.
	Gone bool `json:"gone"`
	// Whole says that the statement's words are all constant words of the
	// signature. Otherwise the signature goes on with a value, as the text of an
	// error, or stands in a wrapper.
	Whole bool `json:"whole"`
	// Counterpart is the signature, among those asked about, with the other words of a reworded statement.
	Counterpart selfheal.SignatureID `json:"counterpart,omitempty"`
}

// Explains tells whether the edit alone is reason for an anomaly of that kind.
// New statements explain nothing: what they report may be a failure that the
// change brought. Neither do new words, unless the old ones were seen as well:
// the failing path may never have been taken before.
func (e StatementEdit) Explains(kind selfheal.AnomalyKind) bool {
	hidden := selfheal.SeverityDebug // services do not log at this level and below, as a rule
	switch kind {
	case selfheal.AnomalyDrop:
		switch e.Kind {
		case StatementRemoved:
			return true
		case StatementReworded:
			return e.Gone
		case StatementReleveled:
			return e.After.Level <= hidden && e.Before.Level > hidden
		}
	case selfheal.AnomalyNew, selfheal.AnomalyRise:
		switch e.Kind {
		case StatementReworded:
			return !e.Gone && e.Counterpart != ""
		case StatementReleveled:
			return e.Before.Level <= hidden && e.After.Level > hidden
		}
	}
	return false
}

// Intended tells for each signature whether the change removed, reworded,
// re-levelled or added the statement that emits it. A signature is missing from
// the answer when the change did not touch its statement, when its words do not
// match a statement well, when the statement only moved, or when another one at
// the head has the same words. Signatures of stack traces are matched by the
// messages of their exceptions, and only with statements that were removed or
// added: other words leave such a signature as it is.
//
// Only changed files are read, and the head's tree is searched once.
func Intended(ctx context.Context, repo *git.Repository, change selfheal.Change, signatures []*selfheal.Signature) (map[selfheal.SignatureID]StatementEdit, error) {
	edits, err := statementEdits(ctx, repo, &change)
	if err != nil {
		return nil, fmt.Errorf("statements of the change: %w", err)
	}
	claims := claimsOf(edits, signatures)
	if len(claims) == 0 {
		return nil, nil
	}
	if claims, err = soleEmitters(ctx, repo, change.Head, claims); err != nil {
		return nil, fmt.Errorf("statements of the change: %w", err)
	}
	return settle(&change, claims), nil
}

// claim ties a signature to an edit of a statement.
type claim struct {
	signature *selfheal.Signature
	edit      *statementEdit
	text      *wording // that the signature has
	gone      bool     // it is a text of the base
	fit       fit
}

// claimsOf finds for each signature the edited statement with its words. When
// several have some of them, the best fit counts.
func claimsOf(edits []statementEdit, signatures []*selfheal.Signature) []claim {
	var claims []claim
	for _, s := range signatures {
		var best *claim
		for i := range edits {
			for _, c := range edits[i].claimsOn(s) {
				if best == nil || c.fit.better(best.fit) {
					best = &c
				}
			}
		}
		if best != nil {
			claims = append(claims, *best)
		}
	}
	return claims
}

// claimsOn gives the ways in which an edit concerns a signature.
func (e *statementEdit) claimsOn(s *selfheal.Signature) []claim {
	before, hasBefore := bestFit(e.old, s)
	after, hasAfter := bestFit(e.now, s)
	before.edit, after.edit, before.gone = e, e, true
	traced := s.Kind == selfheal.KindException
	switch {
	case e.kind == StatementReleveled && hasAfter && !traced:
		return []claim{after}
	case hasBefore && hasAfter:
		return nil // the template does not tell the two wordings apart
	case hasBefore && (e.kind == StatementRemoved || e.kind == StatementReworded && !traced):
		return []claim{before}
	case hasAfter && (e.kind == StatementIntroduced || e.kind == StatementReworded && !traced):
		return []claim{after}
	}
	return nil
}

// bestFit matches the texts of a statement with a signature.
func bestFit(s *editedStatement, signature *selfheal.Signature) (best claim, ok bool) {
	if s == nil {
		return best, false
	}
	for i := range s.wordings {
		w := &s.wordings[i]
		for _, template := range templatesOf(signature) {
			f, fits := w.fits(template)
			if s.Role == index.RoleOther && (w.static < minPart || w.words < minPhrase) {
				fits = false // a short text that may be anything
			}
			if fits && (!ok || f.better(best.fit)) {
				best, ok = claim{signature: signature, text: w, fit: f}, true
			}
		}
	}
	return best, ok
}

// maxTemplate is how much of a template is looked at, in bytes.
const maxTemplate = 2 << 10

// templatesOf gives the texts in which the words of statements are looked for.
func templatesOf(s *selfheal.Signature) []string {
	switch s.Kind {
	case selfheal.KindMessage:
		return []string{s.Template[:min(len(s.Template), maxTemplate)]}
	case selfheal.KindException:
		var messages []string
		for _, e := range s.Sample.Exceptions {
			if e.Message != "" {
				messages = append(messages, e.Message[:min(len(e.Message), maxTemplate)])
			}
		}
		return messages
	}
	return nil // builds and clusters have no statement
}

// soleEmitters keeps the claims whose words stand nowhere else at the head.
func soleEmitters(ctx context.Context, repo *git.Repository, head string, claims []claim) ([]claim, error) {
	keys := map[string]bool{}
	for _, c := range claims {
		keys[c.text.key] = true
	}
	fixed := make([]string, 0, len(keys))
	for key := range keys {
		fixed = append(fixed, key)
	}
	slices.Sort(fixed)
	matches, err := repo.Grep(ctx, head, fixed...)
	if err != nil {
		return nil, err
	}
	if len(matches) >= git.MaxMatches {
		return nil, nil // there may be more
	}
	return slices.DeleteFunc(claims, func(c claim) bool {
		return slices.ContainsFunc(matches, func(m git.Match) bool { return c.rivalledBy(m) })
	}), nil
}

// rivalledBy tells whether a line of the head may be another statement with the words.
func (c claim) rivalledBy(m git.Match) bool {
	if !strings.Contains(m.Text, c.text.key) || index.LanguageOf(m.Path).IsComment(m.Text) {
		return false
	}
	if class, _ := classByName(m.Path); !class.Deployable() {
		return false
	}
	own := c.edit.now
	return own == nil || own.path != m.Path || m.Line < own.Start || m.Line > own.End
}

// settle turns claims into the answer.
func settle(change *selfheal.Change, claims []claim) map[selfheal.SignatureID]StatementEdit {
	h := newHistory(change.Commits)
	answer := map[selfheal.SignatureID]StatementEdit{}
	for _, c := range claims {
		e := StatementEdit{Kind: c.edit.kind, Gone: c.gone, Whole: c.fit.absorbed == 0, Commit: c.edit.commit(h)}
		if old := c.edit.old; old != nil {
			e.Before = old.line(change.Base)
		}
		if now := c.edit.now; now != nil {
			e.After = now.line(change.Head)
		}
		for _, other := range claims {
			if other.edit == c.edit && other.gone != c.gone {
				e.Counterpart = other.signature.ID
			}
		}
		answer[c.signature.ID] = e
	}
	return answer
}

// commit gives the commit that made the edit; empty when the commits do not say.
func (e *statementEdit) commit(h *history) string {
	if e.now != nil {
		for line := e.now.Start; line <= e.now.End; line++ {
			if i, ok := h.origin(place{e.now.path, line}); ok {
				return h.commits[i].ID
			}
		}
		return ""
	}
	return h.deletion(place{e.old.path, e.old.shown})
}

// deletion gives the commit that took away a line of the base; empty when none did.
func (h *history) deletion(p place) string {
	for i := range h.commits {
		f := h.byOldPath[i][p.path]
		if f == nil {
			continue
		}
		line, ok := forward(f, p.line)
		if !ok {
			return h.commits[i].ID
		}
		p = place{f.Path, line}
	}
	return ""
}
