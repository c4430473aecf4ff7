package git

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"

	"selfheal"
)

// What is kept of differences, at most. Beyond it a file keeps its name and
// status, loses hunks, and is marked as elided.
const (
	maxFilePatch  = 512 << 10 // bytes of one file's difference
	maxFileHunks  = 1000      // hunks of one file
	maxTotalPatch = 64 << 20  // bytes over all commits of one call
)

// patchParser collects the lines of a patch and parses it file by file, so that
// one oversized or unparsable file costs only itself.
type patchParser struct {
	section []byte // of the current file
	elided  bool   // lines of the current file were dropped
	hunks   int    // of the current file
	files   []selfheal.FileChange
	left    int // bytes that may still be kept over all files
}

func newPatchParser() *patchParser { return &patchParser{left: maxTotalPatch} }

var (
	filePrefix = []byte("diff --git ")
	hunkPrefix = []byte("@@ ")
)

// line takes the next line with its line feed. Lines before the first file are ignored.
func (p *patchParser) line(line []byte) error {
	if bytes.HasPrefix(line, filePrefix) {
		p.endFile()
	} else if len(p.section) == 0 {
		return nil
	}
	if bytes.HasPrefix(line, hunkPrefix) {
		p.hunks++
		if p.hunks > maxFileHunks || len(p.section)+len(line) > maxFilePatch || p.left <= 0 {
			p.elided = true
		}
	}
	if p.elided {
		return nil
	}
	if p.hunks > 0 && len(p.section)+len(line) > maxFilePatch {
		p.dropLastHunk()
		return nil
	}
	p.section = append(p.section, line...)
	p.left -= len(line)
	return nil
}

// dropLastHunk takes back the hunk that did not fit: half a hunk cannot be parsed.
func (p *patchParser) dropLastHunk() {
	if i := bytes.LastIndex(p.section, []byte("\n@@ ")); i >= 0 {
		p.section = p.section[:i+1]
	}
	p.elided = true
}

// finish gives the files since the last call.
func (p *patchParser) finish() []selfheal.FileChange {
	p.endFile()
	files := p.files
	p.files = nil
	return files
}

func (p *patchParser) endFile() {
	if len(p.section) == 0 {
		return
	}
	p.files = append(p.files, parseFile(p.section, p.elided))
	p.section, p.elided, p.hunks = p.section[:0], false, 0
}

// parseFile turns one file's section of a patch into a FileChange. A section
// that go-gitdiff refuses still gives the name, marked as elided.
func parseFile(section []byte, elided bool) selfheal.FileChange {
	parsed, _, err := gitdiff.Parse(bytes.NewReader(section))
	if err != nil || len(parsed) != 1 {
		return namesOnly(string(section))
	}
	f := parsed[0]
	change := selfheal.FileChange{
		Path:   f.NewName,
		Status: selfheal.FileModified,
		Binary: f.IsBinary,
		Elided: elided,
	}
	switch {
	case f.IsNew, f.IsCopy:
		change.Status = selfheal.FileAdded
	case f.IsDelete:
		change.Status, change.Path = selfheal.FileDeleted, f.OldName
	case f.IsRename:
		change.Status, change.OldPath = selfheal.FileRenamed, f.OldName
	}
	for _, fragment := range f.TextFragments {
		change.Hunks = append(change.Hunks, hunkOf(fragment))
	}
	return change
}

func hunkOf(fragment *gitdiff.TextFragment) selfheal.Hunk {
	hunk := selfheal.Hunk{
		OldStart: int(fragment.OldPosition), OldLines: int(fragment.OldLines),
		NewStart: int(fragment.NewPosition), NewLines: int(fragment.NewLines),
		Section: fragment.Comment,
		Lines:   make([]selfheal.HunkLine, 0, len(fragment.Lines)),
	}
	before, after := hunk.OldStart, hunk.NewStart
	for _, l := range fragment.Lines {
		line := selfheal.HunkLine{Text: trimLineEnding(l.Line)}
		switch l.Op {
		case gitdiff.OpContext:
			line.Op, line.Old, line.New = selfheal.LineContext, before, after
		case gitdiff.OpDelete:
			line.Op, line.Old = selfheal.LineDeleted, before
		case gitdiff.OpAdd:
			line.Op, line.New = selfheal.LineAdded, after
		}
		if l.Old() {
			before++
		}
		if l.New() {
			after++
		}
		hunk.Lines = append(hunk.Lines, line)
	}
	return hunk
}

// trimLineEnding removes one line feed and a carriage return before it.
func trimLineEnding(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
}

// namesOnly reads just the names and the status of a file's section.
func namesOnly(section string) selfheal.FileChange {
	change := selfheal.FileChange{Status: selfheal.FileModified, Elided: true}
	header, _, _ := strings.Cut(section, "\n@@ ")
	var before, after string
	for line := range strings.SplitSeq(header, "\n") {
		switch {
		case strings.HasPrefix(line, "new file mode "):
			change.Status = selfheal.FileAdded
		case strings.HasPrefix(line, "deleted file mode "):
			change.Status = selfheal.FileDeleted
		case strings.HasPrefix(line, "rename from "):
			change.Status, change.OldPath = selfheal.FileRenamed, unquote(line[len("rename from "):])
		case strings.HasPrefix(line, "rename to "):
			after = unquote(line[len("rename to "):])
		case strings.HasPrefix(line, "--- ") && !strings.HasSuffix(line, "/dev/null"):
			before = strings.TrimPrefix(unquote(line[len("--- "):]), "a/")
		case strings.HasPrefix(line, "+++ ") && !strings.HasSuffix(line, "/dev/null"):
			after = strings.TrimPrefix(unquote(line[len("+++ "):]), "b/")
		}
	}
	change.Path = after
	if change.Path == "" {
		change.Path = before
	}
	if change.Path == "" {
		change.Path = nameOfHeader(header)
	}
	return change
}

// nameOfHeader reads "diff --git a/X b/X" where both names are the same.
func nameOfHeader(header string) string {
	line, _, _ := strings.Cut(header, "\n")
	names := strings.TrimPrefix(line, string(filePrefix))
	half := len(names) / 2
	if half == 0 || half >= len(names) {
		return ""
	}
	return strings.TrimPrefix(unquote(names[:half]), "a/")
}

// unquote undoes git's C-style quoting; a trailing tab, which git adds after names with spaces, goes too.
func unquote(name string) string {
	name = strings.TrimSuffix(trimLineEnding(name), "\t")
	if len(name) < 2 || name[0] != '"' {
		return name
	}
	plain, err := strconv.Unquote(name)
	if err != nil {
		return name
	}
	return plain
}
