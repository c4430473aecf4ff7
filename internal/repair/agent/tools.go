package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"selfheal"
)

// Bounds of what one call gives. The harness cuts at 24 KiB besides.
const (
	maxLines   = 250 // of a file
	maxMatches = 60
	maxListed  = 400     // files
	maxFile    = 1 << 20 // bytes of a file that is read or written
	maxLog     = 15      // commits
	maxShown   = 16 << 10
	minSearch  = 3
)

func (b *bench) tools() []selfheal.Tool {
	edit := func(t selfheal.Tool) selfheal.Tool {
		t.Again = true
		return t
	}
	return []selfheal.Tool{
		tool("list_files", "Lists the files below a folder of the working copy.", `"folder":{"type":"string","description":"empty: all"}`, "", b.list),
		tool("read_file", "Shows lines of a file, numbered, at most 250 at once, and the file's version, which replace_lines needs.",
			`"path":{"type":"string"},"start":{"type":"integer"},"end":{"type":"integer"}`, "path", b.read),
		tool("search", "Finds a fixed text in all files of the working copy. Case matters.", `"text":{"type":"string"}`, "text", b.search),
		tool("symbols", "Says where functions of a name are defined and called in the revision that the working copy was made of.", `"name":{"type":"string"}`, "name", b.symbols),
		tool("git_log", "Lists the last commits, or those that changed a file.", `"path":{"type":"string"}`, "", b.log),
		tool("git_blame", "Says for lines of a file which commit wrote each.", `"path":{"type":"string"},"start":{"type":"integer"},"end":{"type":"integer"}`, "path", b.blame),
		tool("git_show", "Shows what a commit changed.", `"commit":{"type":"string"}`, "commit", b.show),
		edit(tool("edit_file", "Replaces a text in a file. The old text must occur exactly once, with its white space.",
			`"path":{"type":"string"},"old":{"type":"string"},"new":{"type":"string"}`, "path", b.edit)),
		edit(tool("replace_lines", "Replaces the lines start to end of a file by a text; an empty text deletes them. version is what read_file said.",
			`"path":{"type":"string"},"start":{"type":"integer"},"end":{"type":"integer"},"version":{"type":"string"},"text":{"type":"string"}`, "path", b.replace)),
		edit(tool("create_file", "Makes a new file.", `"path":{"type":"string"},"text":{"type":"string"}`, "path", b.create)),
		edit(tool("delete_file", "Deletes a file.", `"path":{"type":"string"}`, "path", b.remove)),
		tool("run_check", "Runs one of the project's checks on the working copy as it is, confined. Without a number it lists them.", `"number":{"type":"integer"}`, "", b.check),
	}
}

// tool makes a tool of a function with typed arguments.
func tool[A any](name, description, properties, required string, run func(context.Context, A) (string, error)) selfheal.Tool {
	schema := `{"type":"object","properties":{` + properties + `}`
	if required != "" {
		schema += `,"required":["` + required + `"]`
	}
	return selfheal.Tool{Name: name, Description: description, Parameters: []byte(schema + `}`),
		Run: func(ctx context.Context, text []byte) (string, error) {
			var arguments A
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&arguments); err != nil {
				return "", fmt.Errorf("the arguments do not fit: %w", err)
			}
			return run(ctx, arguments)
		}}
}

// inside gives a path within the working copy, whose parts are no symbolic links
// and not git's own.
func (b *bench) inside(name string) (string, error) {
	clean := path.Clean(name)
	if name == "" || !fs.ValidPath(clean) || clean == "." || strings.Contains(name, `\`) {
		return "", b.refuse(GuardOutside, "%q is no path within the working copy", oneLine(name, 200))
	}
	for at := 0; at <= len(clean); at++ {
		if at < len(clean) && clean[at] != '/' {
			continue
		}
		part := strings.ToLower(path.Base(clean[:at]))
		if part == ".git" || strings.HasPrefix(part, "git~") {
			return "", b.refuse(GuardOutside, "%q is part of git's own directory", oneLine(name, 200))
		}
		if info, err := b.root.Lstat(clean[:at]); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return "", b.refuse(GuardOutside, "%q leads through a symbolic link", oneLine(name, 200))
		}
	}
	return clean, nil
}

// load reads a text file of the working copy.
func (b *bench) load(name string) (clean, text string, err error) {
	if clean, err = b.inside(name); err != nil {
		return "", "", err
	}
	info, err := b.root.Lstat(clean)
	switch {
	case err != nil || !info.Mode().IsRegular():
		return "", "", fmt.Errorf("there is no file %q", oneLine(name, 200))
	case info.Size() > maxFile:
		return "", "", errors.New("the file is too large")
	}
	content, err := b.root.ReadFile(clean)
	if err != nil {
		return "", "", errors.New("the file cannot be read")
	}
	if bytes.IndexByte(content, 0) >= 0 {
		return "", "", errors.New("it is not a text file")
	}
	return clean, string(content), nil
}

// save writes a file, unless a mark of the scrubber would get into it.
func (b *bench) save(clean, added, text string) error {
	if strings.Contains(added, "[redacted:") {
		return b.refuse(GuardPlaceholder, "the text for %q holds the mark of a secret that was hidden from you", clean)
	}
	if len(text) > maxFile {
		return errors.New("the file would be too large")
	}
	mode := fs.FileMode(0o644)
	if info, err := b.root.Stat(clean); err == nil {
		mode = info.Mode().Perm()
	}
	if dir := path.Dir(clean); dir != "." {
		if err := b.root.MkdirAll(dir, 0o755); err != nil {
			return errors.New("the folder cannot be made")
		}
	}
	if err := b.root.WriteFile(clean, []byte(text), mode); err != nil {
		return errors.New("the file cannot be written")
	}
	return nil
}

// version identifies the content of a file as it really is, secrets included.
func version(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

func linesOf(text string) []string {
	return strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
}

type folderArguments struct{ Folder string }

func (b *bench) list(ctx context.Context, a folderArguments) (string, error) {
	tree, err := b.desk.Snapshot(ctx)
	if err != nil {
		return "", err
	}
	files, err := b.in.Workspace.ListFiles(ctx, tree)
	if err != nil {
		return "", err
	}
	prefix := strings.Trim(path.Clean("/"+a.Folder), "/")
	var out strings.Builder
	n := 0
	for _, f := range files {
		if prefix != "" && !strings.HasPrefix(f.Path, prefix+"/") {
			continue
		}
		if n++; n <= maxListed {
			out.WriteString(f.Path + "\n")
		}
	}
	if n > maxListed {
		fmt.Fprintf(&out, "… and %d more: name a folder\n", n-maxListed)
	}
	return fmt.Sprintf("%d files\n%s", n, out.String()), nil
}

type spanArguments struct {
	Path       string
	Start, End int
}

func (a spanArguments) span(lines int) (start, end int) {
	start = max(1, a.Start)
	end = min(lines, start+maxLines-1)
	if a.End > 0 {
		end = min(end, a.End)
	}
	return start, end
}

func (b *bench) read(_ context.Context, a spanArguments) (string, error) {
	clean, text, err := b.load(a.Path)
	if err != nil {
		return "", err
	}
	lines := linesOf(text)
	start, end := a.span(len(lines))
	var out strings.Builder
	fmt.Fprintf(&out, "%s, %d lines, version %s\n", clean, len(lines), version(text))
	for n := start; n <= end; n++ {
		fmt.Fprintf(&out, "%5d %s\n", n, strings.TrimRight(lines[n-1], "\r\n"))
	}
	return out.String(), nil
}

type searchArguments struct{ Text string }

func (b *bench) search(ctx context.Context, a searchArguments) (string, error) {
	if len(strings.TrimSpace(a.Text)) < minSearch {
		return "", fmt.Errorf("search for at least %d characters", minSearch)
	}
	tree, err := b.desk.Snapshot(ctx)
	if err != nil {
		return "", err
	}
	matches, err := b.in.Workspace.Grep(ctx, tree, a.Text)
	if err != nil {
		return "", errors.New("the working copy cannot be searched")
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%d lines\n", len(matches))
	for _, m := range matches[:min(maxMatches, len(matches))] {
		fmt.Fprintf(&out, "%s:%d: %s\n", m.Path, m.Line, oneLine(m.Text, 300))
	}
	return out.String(), nil
}

type nameArguments struct{ Name string }

func (b *bench) symbols(ctx context.Context, a nameArguments) (string, error) {
	if b.in.Symbols == nil {
		return "", errors.New("there is no index here: search for the name")
	}
	return b.in.Symbols(ctx, b.desk.From, a.Name)
}

type pathArguments struct{ Path string }

func (b *bench) log(ctx context.Context, a pathArguments) (string, error) {
	args := []string{"log", fmt.Sprintf("--max-count=%d", maxLog), "--date=short", "--format=%h %ad %s", b.desk.From, "--"}
	if a.Path != "" {
		clean, err := b.inside(a.Path)
		if err != nil {
			return "", err
		}
		args = append(args, ":(literal)"+clean)
	}
	out, err := b.in.Workspace.Run(ctx, args...)
	if err != nil {
		return "", errors.New("the history cannot be read")
	}
	return string(out), nil
}

func (b *bench) blame(ctx context.Context, a spanArguments) (string, error) {
	clean, err := b.inside(a.Path)
	if err != nil {
		return "", err
	}
	content, err := b.in.Workspace.File(ctx, b.desk.From, clean)
	if err != nil {
		return "", errors.New("the file is not in the revision that the working copy was made of")
	}
	lines := linesOf(string(content))
	start, end := a.span(len(lines))
	if start > end {
		return "", fmt.Errorf("the file has %d lines", len(lines))
	}
	blamed, err := b.in.Workspace.Blame(ctx, "", b.desk.From, clean, start, end)
	if err != nil {
		return "", errors.New("these lines cannot be blamed")
	}
	var out strings.Builder
	for _, l := range blamed {
		if l.Line >= 1 && l.Line <= len(lines) {
			fmt.Fprintf(&out, "%s %5d %s\n", selfheal.ShortRevision(l.Commit), l.Line, strings.TrimRight(lines[l.Line-1], "\r\n"))
		}
	}
	return out.String(), nil
}

type commitArguments struct{ Commit string }

func (b *bench) show(ctx context.Context, a commitArguments) (string, error) {
	id, err := b.in.Workspace.Resolve(ctx, a.Commit)
	if err == nil {
		var known bool
		if known, err = b.in.Workspace.IsAncestor(ctx, id, b.desk.From); err == nil && !known {
			err = errors.New("not part of the history")
		}
	}
	if err != nil {
		return "", errors.New("there is no such commit in the history of the working copy")
	}
	parent, err := b.in.Workspace.Resolve(ctx, id+"^")
	if err != nil {
		return "", errors.New("it is the first commit")
	}
	patch, cut, err := b.in.Workspace.PatchText(ctx, parent, id, maxShown)
	if err != nil {
		return "", errors.New("the commit cannot be shown")
	}
	if cut {
		patch += "\n… cut\n"
	}
	return patch, nil
}

type editArguments struct{ Path, Old, New string }

func (b *bench) edit(_ context.Context, a editArguments) (string, error) {
	clean, text, err := b.load(a.Path)
	if err != nil {
		return "", err
	}
	switch n := strings.Count(text, a.Old); {
	case a.Old == "":
		return "", errors.New("the old text is empty")
	case n == 0 && strings.Contains(a.Old, "[redacted:"):
		return "", errors.New("the old text holds the mark of a secret, which is not in the file: use replace_lines")
	case n != 1:
		return "", fmt.Errorf("the old text occurs %d times in %s; it must occur once, with its white space", n, clean)
	}
	text = strings.Replace(text, a.Old, a.New, 1)
	if err := b.save(clean, a.New, text); err != nil {
		return "", err
	}
	return "done; version " + version(text), nil
}

type replaceArguments struct {
	Path, Version, Text string
	Start, End          int
}

func (b *bench) replace(_ context.Context, a replaceArguments) (string, error) {
	clean, text, err := b.load(a.Path)
	if err != nil {
		return "", err
	}
	lines := linesOf(text)
	switch {
	case a.Version != version(text):
		return "", fmt.Errorf("the file has version %s: read it again", version(text))
	case a.Start < 1 || a.End < a.Start || a.End > len(lines):
		return "", fmt.Errorf("the file has %d lines", len(lines))
	}
	added := a.Text
	if added != "" && !strings.HasSuffix(added, "\n") {
		added += "\n"
	}
	text = strings.Join(lines[:a.Start-1], "") + added + strings.Join(lines[a.End:], "")
	if a.End < len(lines) || added == "" || strings.HasSuffix(text, "\n") {
		text = strings.TrimSuffix(text, "\n") + "\n"
	}
	if err := b.save(clean, a.Text, text); err != nil {
		return "", err
	}
	return "done; version " + version(text), nil
}

type createArguments struct{ Path, Text string }

func (b *bench) create(_ context.Context, a createArguments) (string, error) {
	clean, err := b.inside(a.Path)
	if err != nil {
		return "", err
	}
	if _, err := b.root.Lstat(clean); err == nil {
		return "", fmt.Errorf("%s is there already: use edit_file", clean)
	}
	if err := b.save(clean, a.Text, a.Text); err != nil {
		return "", err
	}
	return "done; version " + version(a.Text), nil
}

func (b *bench) remove(_ context.Context, a pathArguments) (string, error) {
	clean, _, err := b.load(a.Path)
	if err != nil {
		return "", err
	}
	if err := b.root.Remove(clean); err != nil {
		return "", errors.New("the file cannot be deleted")
	}
	return "done", nil
}

type checkArguments struct{ Number int }

func (b *bench) check(ctx context.Context, a checkArguments) (string, error) {
	commands := b.desk.Commands()
	if a.Number < 1 || a.Number > len(commands) {
		var out strings.Builder
		fmt.Fprintf(&out, "%d checks\n", len(commands))
		for i, c := range commands {
			fmt.Fprintf(&out, "%d: %s\n", i+1, c)
		}
		return out.String(), nil
	}
	result, err := b.desk.Execute(ctx, commands[a.Number-1])
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("exit code %d after %s%s\n%s", result.ExitCode, result.Took.Round(1e7), stopped(result.TimedOut, result.Exceeded), result.Output), nil
}

func stopped(timedOut bool, exceeded string) string {
	switch {
	case timedOut:
		return ", stopped: it took too long"
	case exceeded != "":
		return ", stopped: beyond its limit on " + exceeded
	}
	return ""
}
