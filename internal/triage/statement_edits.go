package triage

import (
	"context"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/triage/index"
)

// statementEdit is what the change did to one statement.
type statementEdit struct {
	kind     EditKind
	old, now *editedStatement // old is nil when added, now when removed
}

// editedStatement is a statement on changed lines.
type editedStatement struct {
	index.Statement
	path     string
	wordings []wording
	hunk     int // of the file's hunks
	// near is the line of the head at which the statement stands, or stood.
	near  int
	shown int // the line that is quoted
	quote string
}

func (s *editedStatement) line(revision string) *StatementLine {
	return &StatementLine{Path: s.path, Revision: revision, Line: s.shown, Quote: s.quote, Level: s.Level}
}

// statementEdits compares the statements on the changed lines of every program
// file that can run. Statements that were only moved, or got other arguments, are left out.
func statementEdits(ctx context.Context, repo *git.Repository, change *selfheal.Change) ([]statementEdit, error) {
	var files []*selfheal.FileChange
	var names []string
	for i := range change.Files {
		f := &change.Files[i]
		if len(files) < maxSources && f.Class.Deployable() && !f.Binary && !f.Elided && index.LanguageOf(f.Path) != nil && index.LanguageOf(oldPath(f)) != nil {
			files = append(files, f)
			names = append(names, change.Base+":"+oldPath(f), change.Head+":"+f.Path)
		}
	}
	var (
		all    []statementEdit
		before []byte
		known  bool // the file's content before
	)
	err := repo.ReadBlobs(ctx, names, maxBlob, func(i int, content []byte, ok bool) error {
		f := files[i/2]
		if i%2 == 0 {
			before, known = slices.Clone(content), ok || f.Status == selfheal.FileAdded
		} else if known && (ok || f.Status == selfheal.FileDeleted) {
			all = append(all, compareStatements(f, before, content)...)
		}
		return nil
	})
	return withoutMoves(all), err
}

// compareStatements pairs the statements on the deleted lines of a file with
// those on its added lines.
func compareStatements(f *selfheal.FileChange, before, after []byte) []statementEdit {
	old := touched(f, oldPath(f), before, func(h *selfheal.Hunk) (int, int) { return h.OldStart, h.OldLines }, func(l selfheal.HunkLine) int { return l.Old })
	now := touched(f, f.Path, after, func(h *selfheal.Hunk) (int, int) { return h.NewStart, h.NewLines }, func(l selfheal.HunkLine) int { return l.New })
	for i := range old {
		old[i].near = nearHead(f, old[i].shown)
	}
	var edits []statementEdit
	paired := make([]bool, len(now))
	done := make([]bool, len(old))
	for _, same := range []func(a, b *editedStatement) (EditKind, bool){unchanged, releveled, reworded} {
		for i := range old {
			for j := range now {
				if done[i] || paired[j] || old[i].hunk != now[j].hunk {
					continue
				}
				if kind, ok := same(&old[i], &now[j]); ok {
					done[i], paired[j] = true, true
					if kind != "" {
						edits = append(edits, statementEdit{kind, &old[i], &now[j]})
					}
				}
			}
		}
	}
	for i := range old {
		if !done[i] {
			edits = append(edits, statementEdit{StatementRemoved, &old[i], nil})
		}
	}
	for j := range now {
		if !paired[j] {
			edits = append(edits, statementEdit{StatementIntroduced, nil, &now[j]})
		}
	}
	return edits
}

// touched gives the statements of one side of a file within its hunks, context
// included: a call may have changed on a line without text.
func touched(f *selfheal.FileChange, path string, content []byte, extent func(*selfheal.Hunk) (start, lines int), number func(selfheal.HunkLine) int) []editedStatement {
	if len(content) == 0 {
		return nil
	}
	lines := strings.Split(string(content), "\n")
	var found []editedStatement
	for _, s := range index.StatementsOf(content, index.LanguageOf(path)) {
		hunk := slices.IndexFunc(f.Hunks, func(h selfheal.Hunk) bool {
			start, n := extent(&h)
			return n > 0 && s.Start < start+n && s.End >= start
		})
		if hunk < 0 {
			continue
		}
		e := editedStatement{Statement: s, path: path, hunk: hunk, shown: s.Start, near: s.Start}
		for _, t := range s.Texts {
			if w, ok := wordingOf(t); ok {
				e.wordings = append(e.wordings, w)
			}
		}
		if len(e.wordings) == 0 {
			continue
		}
		e.show(lines, &f.Hunks[hunk], number)
		found = append(found, e)
	}
	return found
}

// show chooses the line to quote: a changed one with a text, or else a changed one.
func (s *editedStatement) show(lines []string, h *selfheal.Hunk, number func(selfheal.HunkLine) int) {
	best := 0
	for _, l := range h.Lines {
		n := number(l)
		if l.Op == selfheal.LineContext || n < s.Start || n > s.End {
			continue
		}
		rank := 1
		if slices.ContainsFunc(s.wordings, func(w wording) bool { return strings.Contains(l.Text, w.key) }) {
			rank = 2
		}
		if rank > best {
			best, s.shown = rank, n
		}
	}
	if s.shown <= len(lines) {
		s.quote = shorten(strings.TrimSuffix(lines[s.shown-1], "\r"))
	}
}

// nearHead gives the line of the head at which a line of the base stands, or
// that took its place.
func nearHead(f *selfheal.FileChange, line int) int {
	if n, ok := forward(f, line); ok {
		return n
	}
	for i := range f.Hunks {
		next := f.Hunks[i].NewStart
		for _, l := range f.Hunks[i].Lines {
			if l.Op == selfheal.LineDeleted && l.Old == line {
				return next
			}
			if l.New > 0 {
				next = l.New + 1
			}
		}
	}
	return 0
}

// unchanged tells whether two statements have the same texts at the same level.
func unchanged(old, now *editedStatement) (EditKind, bool) {
	return "", old.Level == now.Level && old.words() == now.words()
}

// releveled tells whether two statements differ in their level only, as far as their texts go.
func releveled(old, now *editedStatement) (EditKind, bool) {
	named := old.Level != selfheal.SeverityUnspecified && now.Level != selfheal.SeverityUnspecified
	return StatementReleveled, named && old.words() == now.words()
}

// How alike two statements are that one took the place of the other.
const (
	minShared   = 0.5 // of their words, when one may have moved within the hunk
	maxDistance = 3   // lines between their places, when they have nothing in common but their code
)

// reworded tells whether a statement took the place of another of the same role.
func reworded(old, now *editedStatement) (EditKind, bool) {
	if old.Role != now.Role || old.Level != now.Level {
		return "", false
	}
	alike := old.Code == now.Code && distance(old.near, now.Start) <= maxDistance
	return StatementReworded, alike || sharedWords(old.words(), now.words()) >= minShared
}

// words gives all texts of a statement.
func (s *editedStatement) words() string {
	var all []string
	for _, t := range s.Texts {
		all = append(all, t.Joined)
	}
	return strings.Join(all, "\n")
}

// sharedWords is the share of words that two texts have in common (Dice's coefficient).
func sharedWords(a, b string) float64 {
	counts := map[string]int{}
	wordsA, wordsB := anyWord.FindAllString(a, -1), anyWord.FindAllString(b, -1)
	for _, w := range wordsA {
		counts[w]++
	}
	shared := 0
	for _, w := range wordsB {
		if counts[w] > 0 {
			counts[w]--
			shared++
		}
	}
	return 2 * float64(shared) / float64(max(len(wordsA)+len(wordsB), 1))
}

// withoutMoves leaves out what was removed in one place and added in another.
func withoutMoves(edits []statementEdit) []statementEdit {
	removed, added := map[string]bool{}, map[string]bool{}
	for _, e := range edits {
		switch e.kind {
		case StatementRemoved:
			removed[e.old.words()] = true
		case StatementIntroduced:
			added[e.now.words()] = true
		}
	}
	return slices.DeleteFunc(edits, func(e statementEdit) bool {
		switch e.kind {
		case StatementRemoved:
			return added[e.old.words()]
		case StatementIntroduced:
			return removed[e.now.words()]
		}
		return false
	})
}
