package report

import (
	"strings"

	"selfheal"
)

// diffView is a piece of a diff with one line marked.
type diffView struct {
	Section string // enclosing function as git prints it
	Lines   []diffLine
}

// diffLine is one line of a diff. Numbers are 0 where the line does not exist.
type diffLine struct {
	Op       selfheal.LineOp
	Old, New int
	Text     string
	Marked   bool // the culprit
}

// Number is the line's number where it exists, after the change if possible.
func (l diffLine) Number() int {
	if l.New > 0 {
		return l.New
	}
	return l.Old
}

// diffContext is how many lines are shown on each side of the culprit.
const diffContext = 6

// culpritDiff finds the hunk that holds the blamed line, and cuts it to the
// neighbourhood of that line; nil when the change does not show it.
//
// Line numbers of a culprit count in the deployed (or previous) tree, those of
// a commit's hunk in that commit's tree, and later commits may have moved the
// line: an exact number is preferred, first in the commit, then in the net
// change; the text alone, in the commit, is the last resort.
func culpritDiff(judged *selfheal.Judged, c selfheal.Culprit) *diffView {
	if c.Path == "" || c.Start <= 0 {
		return nil
	}
	op := selfheal.LineAdded
	if c.Revision != "" && c.Revision == judged.Change.Base {
		op = selfheal.LineDeleted
	}
	var own []selfheal.FileChange
	if commit := findCommit(judged, c.Commit); commit != nil {
		own = commit.Files
	}
	exact := func(l selfheal.HunkLine) bool { return sameText(l.Text, c.Quote) && lineNumber(l) == c.Start }
	for _, search := range []struct {
		files []selfheal.FileChange
		match func(selfheal.HunkLine) bool
	}{
		{own, exact},
		{judged.Change.Files, exact},
		{own, func(l selfheal.HunkLine) bool { return c.Quote != "" && sameText(l.Text, c.Quote) }},
	} {
		for _, f := range search.files {
			if f.Path != c.Path && f.OldPath != c.Path {
				continue
			}
			for _, h := range f.Hunks {
				if at := findLine(h, op, search.match); at >= 0 {
					return cutHunk(h, at)
				}
			}
		}
	}
	return nil
}

// sameText compares up to the white space at the ends; an empty quote fits everything.
func sameText(text, quote string) bool {
	return quote == "" || strings.TrimSpace(text) == strings.TrimSpace(quote)
}

func lineNumber(l selfheal.HunkLine) int {
	if l.Op == selfheal.LineDeleted {
		return l.Old
	}
	return l.New
}

// findLine gives the index of the first matching line, changed lines before context; -1 for none.
func findLine(h selfheal.Hunk, op selfheal.LineOp, match func(selfheal.HunkLine) bool) int {
	for _, wanted := range []selfheal.LineOp{op, selfheal.LineContext} {
		for at, l := range h.Lines {
			if l.Op == wanted && match(l) {
				return at
			}
		}
	}
	return -1
}

func cutHunk(h selfheal.Hunk, marked int) *diffView {
	d := &diffView{Section: oneLine(h.Section, titleLimit)}
	from, to := max(0, marked-diffContext), min(len(h.Lines), marked+diffContext+1)
	for at := from; at < to; at++ {
		l := h.Lines[at]
		d.Lines = append(d.Lines, diffLine{
			Op: knownOp(l.Op), Old: l.Old, New: l.New, Text: oneLine(l.Text, sentenceLimit), Marked: at == marked,
		})
	}
	return d
}

// knownOp takes what is no sign of a diff for context.
func knownOp(op selfheal.LineOp) selfheal.LineOp {
	if op == selfheal.LineAdded || op == selfheal.LineDeleted {
		return op
	}
	return selfheal.LineContext
}

// patchLines colours a unified diff by its first characters; at most limit lines.
func patchLines(patch string, limit int) (lines []diffLine, more int) {
	all := strings.Split(strings.TrimRight(patch, "\n"), "\n")
	if patch == "" {
		return nil, 0
	}
	for _, text := range all[:min(limit, len(all))] {
		op := selfheal.LineContext
		switch {
		case strings.HasPrefix(text, "+++"), strings.HasPrefix(text, "---"):
		case strings.HasPrefix(text, "+"):
			op = selfheal.LineAdded
		case strings.HasPrefix(text, "-"):
			op = selfheal.LineDeleted
		}
		lines = append(lines, diffLine{Op: op, Text: oneLine(text, sentenceLimit)})
	}
	return lines, max(0, len(all)-limit)
}
