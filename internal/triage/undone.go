package triage

import (
	"context"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/git"
)

// undoneCommits gives the commits that base has and head has not, newest first,
// each with the inverse of its difference: the way back from base to where the
// two histories part. It is empty where base is in the history of head.
func undoneCommits(ctx context.Context, repo *git.Repository, change selfheal.Change) ([]selfheal.Commit, error) {
	if change.Base == "" {
		return nil, nil
	}
	linear, err := repo.IsAncestor(ctx, change.Base, change.Head)
	if err != nil || linear {
		return nil, err
	}
	fork := change.Head
	if len(change.Commits) > 0 {
		parents := change.Commits[0].Parents
		if len(parents) == 0 {
			return nil, nil // the histories have nothing in common
		}
		fork = parents[0]
	}
	lost, err := repo.Log(ctx, fork, change.Base)
	if err != nil {
		return nil, err
	}
	slices.Reverse(lost)
	for i := range lost {
		lost[i].Undone = true
		for j := range lost[i].Files {
			lost[i].Files[j] = inverse(lost[i].Files[j])
		}
	}
	return lost, nil
}

// inverse turns a difference around.
func inverse(f selfheal.FileChange) selfheal.FileChange {
	switch f.Status {
	case selfheal.FileAdded:
		f.Status = selfheal.FileDeleted
	case selfheal.FileDeleted:
		f.Status = selfheal.FileAdded
	case selfheal.FileRenamed:
		f.Path, f.OldPath = f.OldPath, f.Path
	case selfheal.FileModified:
	}
	hunks := make([]selfheal.Hunk, len(f.Hunks))
	for i, h := range f.Hunks {
		hunks[i] = selfheal.Hunk{
			OldStart: h.NewStart, OldLines: h.NewLines, NewStart: h.OldStart, NewLines: h.OldLines,
			Section: h.Section, Lines: inverseLines(h.Lines),
		}
	}
	f.Hunks = hunks
	return f
}

// inverseLines turns the lines of a hunk around. As in any difference, the
// deleted lines of a place come before the added ones.
func inverseLines(lines []selfheal.HunkLine) []selfheal.HunkLine {
	out := make([]selfheal.HunkLine, 0, len(lines))
	var added []selfheal.HunkLine
	for _, l := range lines {
		l.Old, l.New = l.New, l.Old
		switch l.Op {
		case selfheal.LineAdded:
			l.Op = selfheal.LineDeleted
			out = append(out, l)
		case selfheal.LineDeleted:
			l.Op = selfheal.LineAdded
			added = append(added, l)
		case selfheal.LineContext:
			out = append(append(out, added...), l)
			added = nil
		}
	}
	return append(out, added...)
}

// ruleSubmodule is the rule of what git only points to.
const ruleSubmodule = "submodule"

// submodulePrefix begins the line by which git shows what a submodule points to.
const submodulePrefix = "Subproject commit "

// isSubmodule tells whether the file is a submodule: code from another
// repository, of which only the revision was changed.
func isSubmodule(f *selfheal.FileChange) bool {
	for _, h := range f.Hunks {
		for _, l := range h.Lines {
			if strings.HasPrefix(l.Text, submodulePrefix) && !strings.ContainsAny(l.Text[len(submodulePrefix):], " \t") {
				return len(f.Hunks) == 1
			}
		}
	}
	return false
}
