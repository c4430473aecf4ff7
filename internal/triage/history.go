package triage

import (
	"slices"

	"selfheal"
	"selfheal/internal/triage/index"
)

// history follows lines through the commits of a change, by arithmetic on their
// hunks: the first-parent chain is linear, so no blame has to be run.
type history struct {
	commits []selfheal.Commit
	// byPath gives for each commit its file changes by path after the commit.
	byPath []map[string]*selfheal.FileChange
	// byOldPath gives the same by path before the commit, for files that existed.
	byOldPath []map[string]*selfheal.FileChange
	// starts gives for each commit the first one of its deploy; nil when all are of one.
	starts []int
}

// start is the first commit of the deploy that a commit came with.
func (h *history) start(commit int) int {
	if h.starts == nil {
		return 0
	}
	return h.starts[commit]
}

func newHistory(commits []selfheal.Commit) *history {
	h := &history{
		commits:   commits,
		byPath:    make([]map[string]*selfheal.FileChange, len(commits)),
		byOldPath: make([]map[string]*selfheal.FileChange, len(commits)),
	}
	for i := range commits {
		h.byPath[i] = map[string]*selfheal.FileChange{}
		h.byOldPath[i] = map[string]*selfheal.FileChange{}
		for j := range commits[i].Files {
			f := &commits[i].Files[j]
			if f.Status != selfheal.FileDeleted {
				h.byPath[i][f.Path] = f
			}
			if f.Status != selfheal.FileAdded {
				h.byOldPath[i][oldPath(f)] = f
			}
		}
	}
	return h
}

func oldPath(f *selfheal.FileChange) string {
	if f.OldPath != "" {
		return f.OldPath
	}
	return f.Path
}

// place is a line of a file; which revision is clear from where it is used.
type place struct {
	path string
	line int
}

// toHead follows a line as commit left it to the newest commit. ok is false when
// a later commit changed or deleted it.
func (h *history) toHead(commit int, p place) (place, bool) {
	for i := commit + 1; i < len(h.commits); i++ {
		f := h.byOldPath[i][p.path]
		if f == nil {
			continue
		}
		line, ok := forward(f, p.line)
		if !ok {
			return place{}, false
		}
		p = place{f.Path, line}
	}
	return p, true
}

// toBase follows a line as it was before commit to the base of the deploy that
// brought the commit. ok is false when an earlier commit of that deploy brought the line.
func (h *history) toBase(commit int, p place) (place, bool) {
	for i := commit - 1; i >= h.start(commit); i-- {
		f := h.byPath[i][p.path]
		if f == nil {
			continue
		}
		line, ok := backward(f, p.line)
		if !ok {
			return place{}, false
		}
		p = place{oldPath(f), line}
	}
	return p, true
}

// origin tells which commit brought a line of the newest revision; ok is false
// when the line is older than the change.
func (h *history) origin(p place) (commit int, ok bool) {
	for i := range slices.Backward(h.commits) {
		f := h.byPath[i][p.path]
		if f == nil {
			continue
		}
		line, kept := backward(f, p.line)
		if !kept {
			return i, true
		}
		p = place{oldPath(f), line}
	}
	return 0, false
}

// forward maps a line of the old side to the new side; ok is false when it was deleted.
func forward(f *selfheal.FileChange, line int) (int, bool) {
	if f.Status == selfheal.FileDeleted || f.Binary {
		return 0, false
	}
	shift := 0
	for _, h := range f.Hunks {
		if line < firstLine(h.OldStart, h.OldLines) {
			break
		}
		if line <= lastLine(h.OldStart, h.OldLines) {
			for _, l := range h.Lines {
				if l.Old == line && l.Op != selfheal.LineAdded {
					return l.New, l.Op == selfheal.LineContext
				}
			}
			return 0, false
		}
		shift = lastLine(h.NewStart, h.NewLines) - lastLine(h.OldStart, h.OldLines)
	}
	return line + shift, true
}

// backward maps a line of the new side to the old side; ok is false when it was added.
func backward(f *selfheal.FileChange, line int) (int, bool) {
	if f.Status == selfheal.FileAdded || f.Binary {
		return 0, false
	}
	shift := 0
	for _, h := range f.Hunks {
		if line < firstLine(h.NewStart, h.NewLines) {
			break
		}
		if line <= lastLine(h.NewStart, h.NewLines) {
			for _, l := range h.Lines {
				if l.New == line && l.Op != selfheal.LineDeleted {
					return l.Old, l.Op == selfheal.LineContext
				}
			}
			return 0, false
		}
		shift = lastLine(h.OldStart, h.OldLines) - lastLine(h.NewStart, h.NewLines)
	}
	return line + shift, true
}

// A hunk side without lines gives the line it comes after.
func firstLine(start, lines int) int {
	if lines == 0 {
		return start + 1
	}
	return start
}

func lastLine(start, lines int) int {
	if lines == 0 {
		return start
	}
	return start + lines - 1
}

// edit is one changed line of a deployable file.
type edit struct {
	commit int
	op     selfheal.LineOp
	class  selfheal.FileClass
	// at is where the line can be read: at the head for an added line, at the
	// base of its deploy for a deleted one. Line is 0 when it is at neither any more.
	at place
	// near is the line of the head at which the edit took effect: the line
	// itself when added, the line that follows when deleted. Line is 0 when unknown.
	near  place
	text  string
	group int // edits of the same hunk share it
	// moved says that the same text was deleted and added within the commit.
	moved bool
}

// maxEdits bounds the changed lines per commit that are looked at.
const maxEdits = 20_000

// edits lists the substantive changed lines of all commits: no comments, no
// blank lines, no mere changes of white space, nothing in files that cannot run.
func (h *history) edits() []edit {
	var all []edit
	group := 0
	for i := range h.commits {
		start := len(all)
		for j := range h.commits[i].Files {
			f := &h.commits[i].Files[j]
			if !f.Class.Deployable() {
				continue
			}
			for k := range f.Hunks {
				if len(all)-start > maxEdits {
					break
				}
				all = append(all, h.hunkEdits(i, f, &f.Hunks[k], group)...)
				group++
			}
		}
		markMoved(all[start:])
	}
	return all
}

func (h *history) hunkEdits(commit int, f *selfheal.FileChange, hunk *selfheal.Hunk, group int) []edit {
	var out []edit
	trivial := trivialLines(index.LanguageOf(f.Path), hunk)
	next := hunk.NewStart
	for n, l := range hunk.Lines {
		if l.New > 0 {
			next = l.New + 1
		}
		if l.Op == selfheal.LineContext || trivial[n] {
			continue
		}
		e := edit{commit: commit, op: l.Op, class: f.Class, text: l.Text, group: group}
		if l.Op == selfheal.LineAdded {
			e.at, _ = h.toHead(commit, place{f.Path, l.New})
			e.near = e.at
		} else {
			e.at, _ = h.toBase(commit, place{oldPath(f), l.Old})
			if f.Status != selfheal.FileDeleted {
				e.near, _ = h.toHead(commit, place{f.Path, max(next, 1)})
			}
		}
		if e.at.path == "" {
			e.at.path = f.Path
		}
		out = append(out, e)
	}
	return out
}

// trivialLines marks the lines of a hunk that change nothing that runs: blank
// lines, comments, and pairs of deleted and added lines that differ in white
// space only.
func trivialLines(lang *index.Language, hunk *selfheal.Hunk) []bool {
	trivial := make([]bool, len(hunk.Lines))
	deleted := map[string][]int{}
	for n, l := range hunk.Lines {
		if l.Op == selfheal.LineContext {
			continue
		}
		if lang.IsComment(l.Text) {
			trivial[n] = true
			continue
		}
		if l.Op == selfheal.LineDeleted && !significantIndent(lang) {
			key := squeeze(l.Text)
			deleted[key] = append(deleted[key], n)
		}
	}
	if lang == nil {
		return trivial
	}
	pairUp(hunk, trivial, deleted)
	markRestyled(lang, hunk, trivial)
	return trivial
}

// pairUp marks added lines, and their deleted twins, that stand in the same
// order and are equal but for white space.
func pairUp(hunk *selfheal.Hunk, trivial []bool, deleted map[string][]int) {
	last, context := -1, -1
	for n, l := range hunk.Lines {
		if l.Op == selfheal.LineContext && !bareLine.MatchString(l.Text) {
			context = n
		}
		if l.Op != selfheal.LineAdded || trivial[n] {
			continue
		}
		twins := deleted[squeeze(l.Text)]
		if len(twins) == 0 || twins[0] < last || len(squeeze(l.Text)) == 0 {
			continue
		}
		if twins[0] < context { // it stands behind another statement now
			continue
		}
		last = twins[0]
		trivial[n], trivial[last] = true, true
		deleted[squeeze(l.Text)] = twins[1:]
	}
}

// significantIndent tells whether white space at the start of a line has a meaning.
func significantIndent(lang *index.Language) bool { return lang == nil || lang.Name == "python" }

func squeeze(s string) string { return index.Squeeze(s) }

// markMoved marks what was only moved within one commit.
func markMoved(edits []edit) {
	deleted := map[string]bool{}
	added := map[string]bool{}
	for _, e := range edits {
		if text := squeeze(e.text); len(text) > 8 {
			if e.op == selfheal.LineDeleted {
				deleted[text] = true
			} else {
				added[text] = true
			}
		}
	}
	for i := range edits {
		text := squeeze(edits[i].text)
		edits[i].moved = deleted[text] && added[text]
	}
}
