package repair

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"selfheal"
	"selfheal/internal/git"
)

const (
	maxMergedFile = 4 << 20 // bytes of a file that is taken back in parts
	maxParts      = 200     // parts of one file; each takes a git process
	maxNotes      = 20      // notes about what was left
)

// takeBackParts takes back what of a commit can be: files that nobody changed
// since as a whole, others part by part, leaving the parts that later commits
// changed again. only, if given, is the one file of it that is taken back.
func takeBackParts(ctx context.Context, in Input, culprit selfheal.Commit, only string) (revert, error) {
	p := &parts{w: in.Workspace, head: in.deploy().Revision, culprit: culprit, edits: map[string]git.TreeEntry{}}
	if blamed := in.verdict().Culprit; blamed != nil {
		p.blamed = *blamed
	}
	if err := p.compare(ctx); err != nil {
		return revert{}, err
	}
	for _, file := range p.files {
		if only != "" && file.Path != only && file.OldPath != only {
			continue
		}
		if err := p.takeBack(ctx, file); err != nil {
			return revert{}, fmt.Errorf("take back %q: %w", file.Path, err)
		}
	}
	made := revert{strategy: StrategyRevertHunks, notes: p.notes()}
	switch {
	case len(p.edits) == 0:
		made.failure = "nothing of the blamed commit can be taken back: later commits changed all of it again"
		return made, nil
	case !p.gone:
		made.failure = fmt.Sprintf("the blamed line of %q was changed again by a later commit, so that taking back the rest would not help", p.blamed.Path)
		return made, nil
	}
	var err error
	made.tree, err = in.Workspace.EditTree(ctx, p.head, p.edits)
	return made, err
}

// parts is the work on one commit.
type parts struct {
	w       *git.Workspace
	head    string // deployed revision
	culprit selfheal.Commit
	blamed  selfheal.Culprit

	files   []selfheal.FileChange     // of the culprit
	entries map[string]git.TreeChange // of the culprit, by path
	since   map[string]git.TreeChange // between the culprit and head, by path
	renames map[string]string         // between the culprit and head; nil until needed

	edits map[string]git.TreeEntry // what head gets
	left  []string                 // what is not taken back, in words
	gone  bool                     // the blamed line is taken back
}

func (p *parts) compare(ctx context.Context) error {
	parent := p.culprit.Parents[0]
	var err error
	if p.files, err = p.w.Diff(ctx, parent, p.culprit.ID); err != nil {
		return err
	}
	if p.entries, err = changesByPath(ctx, p.w, parent, p.culprit.ID); err != nil {
		return err
	}
	p.since, err = changesByPath(ctx, p.w, p.culprit.ID, p.head)
	p.gone = p.blamed.Path == "" || p.blamed.Quote == ""
	return err
}

func changesByPath(ctx context.Context, w *git.Workspace, before, after string) (map[string]git.TreeChange, error) {
	changes, err := w.TreeChanges(ctx, before, after)
	byPath := make(map[string]git.TreeChange, len(changes))
	for _, c := range changes {
		byPath[c.Path] = c
	}
	return byPath, err
}

// takeBack handles one file: as a whole when nobody touched it since.
func (p *parts) takeBack(ctx context.Context, file selfheal.FileChange) error {
	paths := []string{file.Path}
	if file.OldPath != "" && file.OldPath != file.Path {
		paths = append(paths, file.OldPath)
	}
	untouched := true
	for _, path := range paths {
		_, changed := p.since[path]
		untouched = untouched && !changed && !p.occupied(path)
	}
	if untouched {
		for _, path := range paths {
			p.edits[path] = p.entries[path].Before
		}
		p.gone = p.gone || p.blames(paths...)
		return nil
	}
	if file.Binary || file.Elided || file.Status == selfheal.FileAdded || file.Status == selfheal.FileDeleted {
		p.leave("%q as a whole, since later commits changed it again", file.Path)
		return nil
	}
	return p.takeBackContent(ctx, file, paths)
}

// occupied tells whether a later commit put a directory where the file was, or
// a file where its directory was.
func (p *parts) occupied(path string) bool {
	for other, change := range p.since {
		if !change.After.Absent() && (strings.HasPrefix(other, path+"/") || strings.HasPrefix(path, other+"/")) {
			return true
		}
	}
	return false
}

func (p *parts) blames(paths ...string) bool { return slices.Contains(paths, p.blamed.Path) }

func (p *parts) leave(format string, args ...any) {
	p.left = append(p.left, fmt.Sprintf(format, args...))
}

func (p *parts) notes() []string {
	var notes []string
	for i, left := range p.left {
		if i == maxNotes {
			return append(notes, fmt.Sprintf("Left as well: %d more.", len(p.left)-maxNotes))
		}
		notes = append(notes, "Left: "+left+".")
	}
	return notes
}

// takeBackContent handles a file that was changed both by the culprit and since.
func (p *parts) takeBackContent(ctx context.Context, file selfheal.FileChange, paths []string) error {
	target, now, err := p.current(ctx, file.Path)
	if err != nil {
		return err
	}
	before, after := p.entries[paths[len(paths)-1]].Before, p.entries[file.Path].After
	if len(paths) > 1 {
		p.leave("the new name %q of %q", file.Path, file.OldPath)
	}
	if !before.Regular() || !after.Regular() || !now.Regular() {
		p.leave("%q, which the deployed revision does not have as a file any more", file.Path)
		return nil
	}
	if before.Mode != after.Mode {
		p.leave("the mode of %q", file.Path)
	}
	contents, err := p.read(ctx, now.ID, after.ID, before.ID)
	if err != nil {
		return err
	}
	if contents == nil {
		p.leave("%q, which is too large", file.Path)
		return nil
	}
	m := &merger{w: p.w, ours: contents[0], base: splitLines(contents[1]), old: splitLines(contents[2])}
	if err := m.run(ctx, file); err != nil {
		return err
	}
	for _, part := range m.left {
		p.leave("%q, changed again by a later commit: %s", file.Path, part.describe())
	}
	if len(m.done) == 0 {
		return nil
	}
	id, err := p.w.WriteBlob(ctx, m.ours)
	if err != nil {
		return err
	}
	p.edits[target] = git.TreeEntry{Mode: now.Mode, ID: id}
	p.gone = p.gone || p.blames(append(paths, target)...) && m.tookBack(p.blamed.Quote)
	return nil
}

// current finds where a file of the culprit is now, perhaps under another name.
func (p *parts) current(ctx context.Context, path string) (string, git.TreeEntry, error) {
	change, changed := p.since[path]
	if !changed {
		return path, p.entries[path].After, nil
	}
	if !change.After.Absent() {
		return path, change.After, nil
	}
	if p.renames == nil {
		files, err := p.w.Diff(ctx, p.culprit.ID, p.head)
		if err != nil {
			return "", git.TreeEntry{}, err
		}
		p.renames = map[string]string{}
		for _, f := range files {
			if f.Status == selfheal.FileRenamed {
				p.renames[f.OldPath] = f.Path
			}
		}
	}
	renamed := p.renames[path]
	return renamed, p.since[renamed].After, nil
}

// read gives the contents of blobs; nil when one is too large.
func (p *parts) read(ctx context.Context, ids ...string) ([][]byte, error) {
	contents := make([][]byte, len(ids))
	complete := true
	err := p.w.ReadBlobs(ctx, ids, maxMergedFile, func(i int, content []byte, ok bool) error {
		contents[i] = bytes.Clone(content)
		complete = complete && ok
		return nil
	})
	if err != nil || !complete {
		return nil, err
	}
	return contents, nil
}

// merger takes the parts of one file's difference back in the file's present content.
type merger struct {
	w    *git.Workspace
	ours []byte   // present content, in which more and more is taken back
	base []string // lines after the culprit
	old  []string // lines before the culprit
	done []part
	left []part
}

// part is one run of changed lines: base[newFrom:newTo] took the place of old[oldFrom:oldTo].
type part struct {
	oldFrom, oldTo, newFrom, newTo int
}

// describe names the lines as they were numbered after the culprit.
func (g part) describe() string {
	if g.newTo-g.newFrom <= 1 {
		return "line " + strconv.Itoa(g.newFrom+1)
	}
	return fmt.Sprintf("lines %d to %d", g.newFrom+1, g.newTo)
}

func (m *merger) run(ctx context.Context, file selfheal.FileChange) error {
	all := partsOf(file)
	if done, err := m.try(ctx, all); err != nil || done || len(all) < 2 || len(all) > maxParts {
		if err == nil && !done {
			m.left = all
		}
		return err
	}
	for _, g := range all {
		done, err := m.try(ctx, []part{g})
		if err != nil {
			return err
		}
		if !done {
			m.left = append(m.left, g)
		}
	}
	return nil
}

// try takes more parts back. What was taken back before counts as base on both
// sides, so that neighbouring parts do not get into each other's way.
func (m *merger) try(ctx context.Context, more []part) (bool, error) {
	theirs := append(append([]part(nil), m.done...), more...)
	merged, clean, err := m.w.MergeFile(ctx, m.ours, m.without(m.done), m.without(theirs))
	if err != nil || !clean {
		return false, err
	}
	m.ours, m.done = merged, theirs
	return true, nil
}

// without gives the culprit's version of the file with some parts, ascending, taken back.
func (m *merger) without(taken []part) []byte {
	var out bytes.Buffer
	at := 0
	for _, g := range taken {
		writeLines(&out, m.base[at:g.newFrom])
		writeLines(&out, m.old[g.oldFrom:g.oldTo])
		at = g.newTo
	}
	writeLines(&out, m.base[at:])
	return out.Bytes()
}

// tookBack tells whether a line with this text is among what was taken back.
func (m *merger) tookBack(quote string) bool {
	for _, g := range m.done {
		for _, line := range append(append([]string(nil), m.base[g.newFrom:g.newTo]...), m.old[g.oldFrom:g.oldTo]...) {
			if strings.TrimRight(line, "\r\n") == strings.TrimRight(quote, "\r\n") {
				return true
			}
		}
	}
	return false
}

// partsOf cuts the hunks of a difference, which hold lines of context, into runs of changed lines.
func partsOf(file selfheal.FileChange) []part {
	var all []part
	for _, h := range file.Hunks {
		before, after := max(h.OldStart-1, 0), max(h.NewStart-1, 0)
		open := false
		for _, line := range h.Lines {
			if line.Op == selfheal.LineContext {
				before, after, open = before+1, after+1, false
				continue
			}
			if !open {
				all, open = append(all, part{before, before, after, after}), true
			}
			last := &all[len(all)-1]
			if line.Op == selfheal.LineDeleted {
				before++
			} else {
				after++
			}
			last.oldTo, last.newTo = before, after
		}
	}
	return all
}

// splitLines cuts text into lines that keep their endings.
func splitLines(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	lines := strings.SplitAfter(string(text), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func writeLines(out *bytes.Buffer, lines []string) {
	for _, line := range lines {
		out.WriteString(line)
	}
}
