package triage

import (
	"context"
	"fmt"
	"slices"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/triage/index"
)

// What it counts that the change does not come near the error.
const (
	weightUnreached = 1.0 // a commit that nothing leads from to the error
	weightUntouched = 0.3 // the place of the error, and what calls it, is as it was
)

// maxCallers is how many functions may mention a name for it to say who calls whom.
const maxCallers = 30

// surroundings are the functions around an error: those in which it shows, what
// they call, and what calls them, over two calls. They are more than there can
// be: every function of a name counts, whatever type it belongs to.
type surroundings struct {
	place     *failingPath // the innermost place of the error
	functions map[*index.Function]bool
	callers   map[*index.Function]bool // those of them that lead to the innermost place
	words     map[string]bool          // that stand on the ways to the error, in literals too
	// trusted says that calls are found by name in this language, and by names that are not everybody's.
	trusted bool
}

// surround collects what lies around the error; nil when no place of it is known.
func (b *bench) surround() *surroundings {
	if len(b.paths) == 0 || b.build != nil {
		return nil
	}
	s := &surroundings{place: b.paths[0], functions: map[*index.Function]bool{}, callers: map[*index.Function]bool{}, words: map[string]bool{}, trusted: true}
	for n, p := range b.paths {
		s.trusted = s.trusted && p.function != nil && len(p.function.Name) > 2 && knowsCalls(p.path)
		if p.function == nil {
			continue
		}
		s.functions[p.function] = true
		callers := b.index.Callers(p.function.Name, maxCallers)
		for _, c := range callers {
			s.functions[c.Function] = true
			s.callers[c.Function] = s.callers[c.Function] || n == 0
		}
		if len(callers) == 0 && b.filesWith(p.function.Name) > maxCallers {
			s.trusted = false // too many mention the name to say who calls it
		}
		for _, d := range b.definitionsOf(p) {
			s.functions[d.Function] = true
		}
		for line := range p.roles {
			index.EachWord([]byte(b.sources[p.path].lines[line-1]), func(w []byte) { s.words[string(w)] = true })
		}
	}
	return s
}

// knowsCalls tells whether the calls of a file's language are found by their names.
func knowsCalls(file string) bool {
	lang := index.LanguageOf(file)
	return lang != nil && slices.Contains([]string{"go", "python", "javascript", "braces", "php", "ruby", "rust"}, lang.Name)
}

// commitReaches tells whether anything may lead from a commit to the error: calls in
// either direction, a name that both sides have, a file that works at a distance.
func (b *bench) commitReaches(s *surroundings, commit int) bool {
	for i, e := range b.edits {
		if e.commit != commit {
			continue
		}
		switch {
		case e.class != selfheal.ClassRuntime || index.LanguageOf(e.at.path) == nil,
			b.ways[i].reach > reachNone, b.filesReach(e),
			s.functions[b.functionAround(e.near)], s.shares(b, e):
			return true
		}
	}
	return false
}

// filesReach tells whether the file of an edit and one in which the error shows
// know of each other: values may go from one to the other by types that both use.
func (b *bench) filesReach(e edit) bool {
	changed := e.near.path
	if changed == "" {
		changed = e.at.path
	}
	return slices.ContainsFunc(b.paths, func(p *failingPath) bool {
		return p.path == changed || b.imports(p.path, changed) || b.imports(changed, p.path)
	})
}

// shares tells whether an edit has a name in common with the ways to the error,
// or a rare one with the functions around it.
func (s *surroundings) shares(b *bench, e edit) bool {
	found := len(e.text) > maxEditLine
	index.EachWord([]byte(e.text), func(w []byte) {
		if found || len(w) < minOrphan || keyword[string(w)] || index.IsDigit(w[0]) {
			return
		}
		if found = s.words[string(w)]; found || specificity(string(w)) < minSetting {
			return
		}
		for f := range s.functions {
			if f.Mentions(string(w)) && b.filesWith(string(w)) <= maxPassed {
				found = true
				return
			}
		}
	})
	return found
}

// unreachedCommits gives an exhibit against each commit that does not reach the error.
func (b *bench) unreachedCommits(s *surroundings) map[int]selfheal.Exhibit {
	if s == nil || !s.trusted {
		return nil
	}
	out := map[int]selfheal.Exhibit{}
	for commit, n := range b.touched {
		if n == 0 || b.commitReaches(s, commit) {
			continue
		}
		x := b.placed(s, selfheal.ExhibitUnreached, -weightUnreached)
		x.Commit = b.change.Commits[commit].ID
		x.Text = fmt.Sprintf("nothing that this commit changed is called by %s, where the error shows, or calls it, over two calls each, and they share no name (%d functions were looked at)",
			s.place.function.Name, len(s.functions))
		out[commit] = x
	}
	return out
}

// untouched speaks against the change when the statement at which the error
// shows, its function, and what leads to it over two calls are as they were, and
// no evidence says how else the change could lead there.
func (b *bench) untouched(s *surroundings, findings []finding) []counter {
	if s == nil || s.place.function == nil || slices.ContainsFunc(findings, func(f finding) bool { return f.tier > tierCircumstantial && f.exhibit.Weight >= minIndirect }) {
		return nil
	}
	for _, e := range b.edits {
		if e.near.path == s.place.path && s.place.holds(e.near.line) || s.callers[b.functionAround(e.near)] {
			return nil
		}
	}
	x := b.placed(s, selfheal.ExhibitUntouched, -weightUntouched)
	x.Text = fmt.Sprintf("%s, where the error shows, is as it was, and so is what calls it over two calls (%s)", s.place.function.Name, plural(len(s.callers), "function", "functions"))
	if len(s.callers) == 0 {
		x.Text = fmt.Sprintf("%s, where the error shows, is as it was", s.place.function.Name)
	}
	return []counter{{exhibit: x, unknown: weightUntouched}}
}

// placed begins an exhibit about the place of the error.
func (b *bench) placed(s *surroundings, kind selfheal.ExhibitKind, weight float64) selfheal.Exhibit {
	p := s.place
	return selfheal.Exhibit{
		Kind: kind, Weight: weight, Signature: b.symptom.signature.ID, Observed: shorten(p.observed),
		Path: p.path, Revision: b.change.Head, Line: p.first, Quote: shorten(b.sources[p.path].lines[p.first-1]),
	}
}

// dateTouched completes what is said of an untouched statement with the commit that last changed it.
func dateTouched(ctx context.Context, repo *git.Repository, exhibits []selfheal.Exhibit) error {
	for i := range exhibits {
		x := &exhibits[i]
		if x.Kind != selfheal.ExhibitUntouched {
			continue
		}
		lines, err := repo.Blame(ctx, "", x.Revision, x.Path, x.Line, x.Line)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			continue
		}
		at, err := repo.CommitTime(ctx, lines[0].Commit)
		if err != nil {
			return err
		}
		x.Text += fmt.Sprintf("; the statement was last changed by %s on %s", short(lines[0].Commit), at.UTC().Format("2006-01-02"))
	}
	return nil
}
