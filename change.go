package selfheal

import "time"

// Change is what was deployed: everything between two revisions.
type Change struct {
	Base    string   `json:"base"`    // full commit id that was active before, exclusive
	Head    string   `json:"head"`    // full commit id that was deployed, inclusive
	Commits []Commit `json:"commits"` // first-parent order, oldest first
	// Files is the net difference between Base and Head.
	Files []FileChange `json:"files"`
}

// Deployable tells whether anything in the change can run.
func (c Change) Deployable() bool {
	for _, f := range c.Files {
		if f.Class.Deployable() {
			return true
		}
	}
	return false
}

// Commit is one step of a change. A merge commit carries the difference to its first parent.
type Commit struct {
	ID      string       `json:"id"`
	Parents []string     `json:"parents"`
	Author  string       `json:"author"` // name, untrusted text
	Time    time.Time    `json:"time"`
	Subject string       `json:"subject"` // untrusted text
	Body    string       `json:"body,omitempty"`
	Files   []FileChange `json:"files"`
	// Undone says that the deploy took the commit away: the revision before it had
	// the commit and the new one does not (a force push, another branch). Files
	// then holds the inverse difference: what taking it away did.
	Undone bool `json:"undone,omitempty"`
}

// FileChange is what happened to one file.
type FileChange struct {
	Path    string     `json:"path"` // after the change; before it, when deleted
	OldPath string     `json:"old_path,omitempty"`
	Status  FileStatus `json:"status"`
	Class   FileClass  `json:"class"`
	Rule    string     `json:"rule"` // which rule gave the class
	Binary  bool       `json:"binary,omitempty"`
	Hunks   []Hunk     `json:"hunks,omitempty"`
	// Elided says that hunks were left out because the file's difference exceeds the size cap.
	Elided bool `json:"elided,omitempty"`
}

// FileStatus says what happened to a file.
type FileStatus string

// The statuses of a file in a change.
const (
	FileAdded    FileStatus = "added"
	FileModified FileStatus = "modified"
	FileDeleted  FileStatus = "deleted"
	FileRenamed  FileStatus = "renamed"
)

// FileClass says what a file is for, and so whether a change of it can break a running service.
type FileClass string

// The classes of files.
const (
	ClassRuntime    FileClass = "runtime"
	ClassConfig     FileClass = "config"
	ClassPrompt     FileClass = "prompt"
	ClassDependency FileClass = "dependency"
	ClassMigration  FileClass = "migration"
	ClassBuild      FileClass = "build"
	ClassGenerated  FileClass = "generated"
	ClassTest       FileClass = "test"
	ClassDocs       FileClass = "docs"
	ClassCI         FileClass = "ci"
)

// Deployable tells whether a file of this class reaches production.
func (c FileClass) Deployable() bool {
	switch c {
	case ClassTest, ClassDocs, ClassCI:
		return false
	}
	return true
}

// Hunk is one contiguous difference.
type Hunk struct {
	OldStart int        `json:"old_start"` // 1-based
	OldLines int        `json:"old_lines"`
	NewStart int        `json:"new_start"`
	NewLines int        `json:"new_lines"`
	Section  string     `json:"section,omitempty"` // enclosing function as git prints it
	Lines    []HunkLine `json:"lines"`
}

// HunkLine is one line of a hunk, without its line ending.
type HunkLine struct {
	Op   LineOp `json:"op"`
	Old  int    `json:"old,omitempty"` // 1-based line number before the change; 0 for added lines
	New  int    `json:"new,omitempty"` // 1-based line number after the change; 0 for deleted lines
	Text string `json:"text"`
}

// LineOp is what happened to a line.
type LineOp string

// The operations on lines, as a diff prints them.
const (
	LineContext LineOp = " "
	LineAdded   LineOp = "+"
	LineDeleted LineOp = "-"
)
