package repair

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"selfheal"
	"selfheal/internal/git"
)

// The guards. Each refuses one thing that a repair which selfheal did not make
// itself must not do.
const (
	GuardTooLarge      = "too-large"        // more than people review
	GuardForbiddenPath = "forbidden-path"   // what decides how the code is checked, or who may change it
	GuardLockfileOnly  = "lockfile-only"    // other dependencies without a declaration that asks for them
	GuardSecretAdded   = "secret-added"     // what looks like a secret
	GuardTestDeleted   = "test-deleted"     // a test file or a test
	GuardTestWeakened  = "test-weakened"    // what a test demands, or whether it runs
	GuardGenerated     = "generated-edited" // what the next generation overwrites
	GuardMigration     = "migration-edited" // what changes stored data
)

// maxGuarded is the size in bytes of a file beyond which nobody can say what changed in it.
const maxGuarded = 1 << 20

// Refusal is one thing for which a difference is not proposed.
type Refusal struct {
	Guard string // one of the Guard constants
	Path  string // hostile text; empty when it is about the difference as a whole
	Line  int    // from 1; of the old text where Old; 0 when about the whole file
	Old   bool
	Why   string
	Never bool // nobody can allow it by its path
}

// String names the guard, the place and the reason; a hostile path is quoted.
func (r Refusal) String() string {
	where := ""
	if r.Path != "" {
		where = " " + strconv.Quote(shorten(strings.ToValidUTF8(r.Path, "\uFFFD"), maxQuote))
	}
	if r.Line > 0 {
		where += fmt.Sprintf(" line %d", r.Line)
		if r.Old {
			where += " of the deployed revision"
		}
	}
	return r.Guard + where + ": " + r.Why
}

// Guards are the settings of the guards.
type Guards struct {
	MaxLines int // added and deleted together
	MaxFiles int
	// Redact replaces secrets: what it changes in a line is one.
	Redact func(string) string
	// Classify may know more of the service's files than their names say; may be nil.
	Classify func(path string, content []byte) selfheal.FileClass
	// AllowPaths are patterns (path.Match, or a folder and a slash) of paths that a
	// person lets through although they are guarded: workflows, lockfiles, generated files
	// and migrations. Tests, secrets and what lies outside are not let through.
	AllowPaths []string
	// Commands are those that prove the repair: what they run must not be changed by it.
	Commands []string
}

// DefaultMaxLines and DefaultMaxFiles bound a difference to what a person reads in one sitting.
const (
	DefaultMaxLines = 400
	DefaultMaxFiles = 20
)

// edit is one path at which the repaired tree differs, with both contents. A
// rename is two of them, so that no deletion hides in one.
type edit struct {
	path          string
	before, after git.TreeEntry
	old, new      []byte // of regular files and of symbolic links
	oversized     bool   // one of the contents was not read
	lines         int    // added and deleted
}

func (e edit) deleted() bool { return e.after.Absent() }
func (e edit) added() bool   { return e.before.Absent() }

// Check gives everything for which the difference between two commits or trees
// is refused, in the order of paths, and what would be if it were not allowed.
func (g Guards) Check(ctx context.Context, w *git.Workspace, base, tree string) (refused, allowed []Refusal, err error) {
	edits, err := readEdits(ctx, w, base, tree, g.MaxFiles)
	if err != nil {
		return nil, nil, fmt.Errorf("guard the difference: %w", err)
	}
	for _, r := range g.inspect(edits) {
		if g.allows(r) {
			allowed = append(allowed, r)
		} else {
			refused = append(refused, r)
		}
	}
	return refused, allowed, nil
}

// allows tells whether a person lets a refused path through.
func (g Guards) allows(r Refusal) bool {
	switch r.Guard {
	case GuardForbiddenPath, GuardLockfileOnly, GuardGenerated, GuardMigration:
	default:
		return false
	}
	return !r.Never && slices.ContainsFunc(g.AllowPaths, func(pattern string) bool {
		matched, _ := path.Match(pattern, r.Path)
		return matched || strings.HasSuffix(pattern, "/") && strings.HasPrefix(r.Path, pattern)
	})
}

// readEdits reads the contents of both sides. Beyond the limit of files the names are enough.
func readEdits(ctx context.Context, w *git.Workspace, base, tree string, limit int) ([]edit, error) {
	changes, err := w.TreeChanges(ctx, base, tree)
	if err != nil {
		return nil, err
	}
	counts, err := countLines(ctx, w, base, tree)
	if err != nil {
		return nil, err
	}
	edits := make([]edit, len(changes))
	for i, c := range changes {
		edits[i] = edit{path: c.Path, before: c.Before, after: c.After, lines: counts[c.Path]}
	}
	if len(edits) > limit {
		return edits, nil
	}
	return edits, readContents(ctx, w, edits)
}

func readContents(ctx context.Context, w *git.Workspace, edits []edit) error {
	var ids []string
	var to []func([]byte, bool)
	add := func(e *edit, entry git.TreeEntry, content *[]byte) {
		if entry.Absent() || entry.Mode == modeSubmodule {
			return
		}
		ids = append(ids, entry.ID)
		to = append(to, func(text []byte, ok bool) {
			*content = bytes.Clone(text)
			e.oversized = e.oversized || !ok
		})
	}
	for i := range edits {
		add(&edits[i], edits[i].before, &edits[i].old)
		add(&edits[i], edits[i].after, &edits[i].new)
	}
	return w.ReadBlobs(ctx, ids, maxGuarded, func(index int, content []byte, ok bool) error {
		to[index](content, ok)
		return nil
	})
}

// countLines gives the lines that were added and deleted, by path.
func countLines(ctx context.Context, w *git.Workspace, base, tree string) (map[string]int, error) {
	out, err := w.Run(ctx, "diff-tree", "-r", "-z", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv", "--end-of-options", base, tree)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for record := range strings.SplitSeq(string(out), "\x00") {
		fields := strings.SplitN(record, "\t", 3)
		if len(fields) != 3 {
			continue
		}
		added, addErr := strconv.Atoi(fields[0])
		deleted, deleteErr := strconv.Atoi(fields[1])
		if addErr == nil && deleteErr == nil { // "-" for binary files
			counts[fields[2]] = added + deleted
		}
	}
	return counts, nil
}

// inspect is all guards on all edits.
func (g Guards) inspect(edits []edit) []Refusal {
	all := g.tooLarge(edits)
	if len(edits) > g.MaxFiles {
		return all // the contents were not read
	}
	all = append(all, lockfileOnly(edits)...)
	for _, e := range edits {
		all = append(all, g.one(e)...)
	}
	slices.SortStableFunc(all, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	return all
}

// one is the guards that look at one path by itself.
func (g Guards) one(e edit) []Refusal {
	var all []Refusal
	if why, never := g.forbidden(e); why != "" {
		all = append(all, Refusal{Guard: GuardForbiddenPath, Path: e.path, Why: why, Never: never})
	}
	if e.oversized {
		return append(all, Refusal{Guard: GuardTooLarge, Path: e.path, Why: fmt.Sprintf("a file of more than %d bytes cannot be looked through", maxGuarded)})
	}
	if isBinary(e.old) || isBinary(e.new) {
		return append(all, Refusal{Guard: GuardForbiddenPath, Path: e.path, Why: "it is binary: nobody can review what changed in it", Never: true})
	}
	class := g.class(e)
	if class == selfheal.ClassGenerated {
		all = append(all, Refusal{Guard: GuardGenerated, Path: e.path, Why: "it is generated or a copy of somebody else's code; what it comes from has to change"})
	}
	if class == selfheal.ClassMigration {
		all = append(all, Refusal{Guard: GuardMigration, Path: e.path, Why: "it changes stored data when it is deployed, and that does not come back with the code"})
	}
	all = append(all, g.secrets(e)...)
	if class == selfheal.ClassTest {
		return append(all, testRefusals(e)...)
	}
	return append(all, testedOnly(e)...)
}

func (g Guards) tooLarge(edits []edit) []Refusal {
	var all []Refusal
	lines := 0
	for _, e := range edits {
		lines += e.lines
	}
	if len(edits) > g.MaxFiles {
		all = append(all, Refusal{Guard: GuardTooLarge, Why: fmt.Sprintf("%d files are changed, where %d are allowed", len(edits), g.MaxFiles)})
	}
	if lines > g.MaxLines {
		all = append(all, Refusal{Guard: GuardTooLarge, Why: fmt.Sprintf("%d lines are changed, where %d are allowed", lines, g.MaxLines)})
	}
	return all
}

// secrets looks at each added line by itself and at the text as a whole, since
// some secrets (private keys) have many lines.
func (g Guards) secrets(e edit) []Refusal {
	refuse := func(line int) []Refusal {
		return []Refusal{{Guard: GuardSecretAdded, Path: e.path, Line: line, Why: "it looks like a secret"}}
	}
	known := map[string]int{}
	for line := range strings.Lines(string(e.old)) {
		known[strings.TrimRight(line, "\r\n")]++
	}
	at := 0
	for line := range strings.Lines(string(e.new)) {
		at++
		if line = strings.TrimRight(line, "\r\n"); known[line] > 0 {
			known[line]--
		} else if g.Redact(line) != line {
			return refuse(at)
		}
	}
	const placeholder = "[redacted:"
	if strings.Count(g.Redact(string(e.new)), placeholder) > strings.Count(g.Redact(string(e.old)), placeholder) {
		return refuse(0)
	}
	return nil
}

// isBinary decides as git does: by a NUL near the beginning.
func isBinary(content []byte) bool {
	return bytes.IndexByte(content[:min(len(content), 8000)], 0) >= 0
}
