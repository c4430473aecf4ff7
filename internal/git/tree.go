package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// TreeEntry is what a tree holds at a path: a file, a symbolic link or a
// submodule. The zero value says that there is nothing.
type TreeEntry struct {
	Mode string // six octal digits as git writes them, e.g. "100644"
	ID   string // object id
}

// Absent tells that there is nothing at the path.
func (e TreeEntry) Absent() bool { return e.Mode == "" }

// Regular tells whether the entry is a file with content of its own.
func (e TreeEntry) Regular() bool { return strings.HasPrefix(e.Mode, "100") }

// TreeChange is one path at which two trees differ. A rename is two of them.
type TreeChange struct {
	Path          string
	Before, After TreeEntry
}

// TreeChanges lists the paths at which the trees of two commits differ. An empty
// before means the empty tree.
func (r *Repository) TreeChanges(ctx context.Context, before, after string) ([]TreeChange, error) {
	if err := plainRevisions(before, after); err != nil {
		return nil, err
	}
	if before == "" {
		var err error
		if before, err = r.emptyTree(ctx); err != nil {
			return nil, wrap("compare trees", err)
		}
	}
	out, err := r.Run(ctx, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-ext-diff", before, after)
	if err != nil {
		return nil, wrap("compare trees", err)
	}
	return parseRaw(splitNUL(out))
}

// parseRaw reads pairs of ":MODE MODE ID ID STATUS" and a path.
func parseRaw(fields []string) ([]TreeChange, error) {
	if len(fields)%2 != 0 {
		return nil, fmt.Errorf("malformed list of changes")
	}
	changes := make([]TreeChange, 0, len(fields)/2)
	for i := 0; i < len(fields); i += 2 {
		meta := strings.Fields(strings.TrimPrefix(fields[i], ":"))
		if len(meta) != 5 || !fullID.MatchString(meta[2]) || !fullID.MatchString(meta[3]) {
			return nil, fmt.Errorf("malformed change %q", fields[i])
		}
		changes = append(changes, TreeChange{
			Path: fields[i+1], Before: treeEntry(meta[0], meta[2]), After: treeEntry(meta[1], meta[3]),
		})
	}
	return changes, nil
}

func treeEntry(mode, id string) TreeEntry {
	if mode == "000000" {
		return TreeEntry{}
	}
	return TreeEntry{Mode: mode, ID: id}
}

// EditTree stores the tree of a commit with some paths replaced (or, by the zero
// entry, removed) and gives its id. No work tree takes part.
func (w *Workspace) EditTree(ctx context.Context, commit string, edits map[string]TreeEntry) (tree string, err error) {
	if err := plainRevisions(commit); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "selfheal-index-*")
	if err != nil {
		return "", wrap("edit tree", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	options := Options{Env: []string{"GIT_INDEX_FILE=" + filepath.Join(dir, "index")}}
	if _, err := w.RunWith(ctx, options, "read-tree", commit); err != nil {
		return "", wrap("edit tree", err)
	}
	options.Stdin = editScript(edits, len(commit))
	if _, err := w.RunWith(ctx, options, "update-index", "-z", "--index-info"); err != nil {
		return "", wrap("edit tree", err)
	}
	options.Stdin = nil
	out, err := w.RunWith(ctx, options, "write-tree")
	return strings.TrimSpace(string(out)), wrap("edit tree", err)
}

// editScript is the input of git update-index: removals first, so that a file
// can take the place of a directory and the other way round.
func editScript(edits map[string]TreeEntry, idLength int) *bytes.Buffer {
	var removals, additions bytes.Buffer
	for path, entry := range edits {
		if entry.Absent() {
			fmt.Fprintf(&removals, "0 %s\t%s\x00", strings.Repeat("0", idLength), path)
		} else {
			fmt.Fprintf(&additions, "%s %s\t%s\x00", entry.Mode, entry.ID, path)
		}
	}
	removals.Write(additions.Bytes())
	return &removals
}

// WriteBlob stores content as it is and gives its id.
func (w *Workspace) WriteBlob(ctx context.Context, content []byte) (string, error) {
	out, err := w.RunWith(ctx, Options{Stdin: bytes.NewReader(content)}, "hash-object", "-w", "--no-filters", "--stdin")
	return strings.TrimSpace(string(out)), wrap("store file", err)
}
