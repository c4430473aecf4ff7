package repair

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/sandbox"
)

// Bounds of what a tool gives and takes.
const (
	maxListed    = 400
	maxReadLines = 250
	maxFound     = 60
	maxFoundText = 300
	maxShownDiff = 12 << 10
	maxFileSize  = 512 << 10 // of a file that is read or written
	minSearched  = 3
	maxChecked   = 6 << 10 // of a check's output
)

func (b *bench) tools() []selfheal.Tool {
	const at = `"path":{"type":"string","description":"relative to the repository, with /"}`
	return []selfheal.Tool{
		fixTool("list_files", "Lists files below a folder; an empty folder lists all.", `"folder":{"type":"string"}`, nil, b.list),
		fixTool("read_file", "Shows lines of a file, numbered, at most 250 at once.", at+`,"start":{"type":"integer"},"end":{"type":"integer"}`, []string{"path"}, b.read),
		fixTool("search", "Finds a fixed text in all files. Case matters.", `"text":{"type":"string"}`, []string{"text"}, b.search),
		fixTool("history", "Lists the last commits that changed a file.", at, []string{"path"}, b.history),
		fixTool("show_commit", "Shows what a commit changed.", `"commit":{"type":"string"}`, []string{"commit"}, b.show),
		fixTool("edit_file", "Replaces a text that occurs exactly once in a file.", at+`,"old":{"type":"string"},"new":{"type":"string"}`, []string{"path", "old", "new"}, b.edit),
		fixTool("replace_lines", "Replaces lines of a file; first is the text of the first of them, as a check.",
			at+`,"start":{"type":"integer"},"end":{"type":"integer"},"first":{"type":"string"},"new":{"type":"string"}`, []string{"path", "start", "end", "first", "new"}, b.replace),
		fixTool("create_file", "Makes a new text file.", at+`,"content":{"type":"string"}`, []string{"path", "content"}, b.create),
		fixTool("diff", "Shows all that you have changed so far.", ``, nil, b.diff),
		fixTool("run_check", "Runs one of the commands that check the repair, by its number, on what you have changed so far.",
			`"number":{"type":"integer"}`, []string{"number"}, b.check),
	}
}

// fixTool makes a tool of a function with typed arguments.
func fixTool[A any](name, description, properties string, required []string, run func(context.Context, A) (string, error)) selfheal.Tool {
	schema := `{"type":"object","properties":{` + properties + `}`
	if len(required) > 0 {
		schema += `,"required":["` + strings.Join(required, `","`) + `"]`
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

// GuardOutside is why a path is refused that is none of the repository's.
const GuardOutside = "outside-repository"

// inside gives a path as git has it. There is no file system behind it, so that
// nothing outside could be reached; such a path is refused all the same, aloud.
func inside(given string) (string, error) {
	clean := path.Clean(strings.TrimPrefix(strings.ReplaceAll(given, "\\", "/"), "./"))
	outside := given == "" || clean == "." || clean == ".." || strings.HasPrefix(clean, "../") || strings.HasPrefix(clean, "/") || strings.ContainsRune(clean, 0)
	for part := range strings.SplitSeq(clean, "/") {
		outside = outside || strings.EqualFold(part, ".git")
	}
	if outside {
		return "", fmt.Errorf("%s: %q is no file of the repository", GuardOutside, shorten(given, maxQuote))
	}
	return clean, nil
}

func (b *bench) list(ctx context.Context, a struct{ Folder string }) (string, error) {
	entries, err := b.in.Workspace.ListFiles(ctx, b.commit)
	if err != nil {
		return "", err
	}
	prefix := strings.Trim(path.Clean("/"+a.Folder), "/")
	if prefix != "" {
		prefix += "/"
	}
	var text strings.Builder
	n := 0
	for _, e := range entries {
		if !strings.HasPrefix(e.Path, prefix) {
			continue
		}
		if n++; n <= maxListed {
			fmt.Fprintf(&text, "%s (%d bytes)\n", e.Path, e.Size)
		}
	}
	if n > maxListed {
		fmt.Fprintf(&text, "and %d files more: name a folder\n", n-maxListed)
	}
	return text.String(), nil
}

type spanArguments struct {
	Path       string
	Start, End int
}

func (b *bench) read(ctx context.Context, a spanArguments) (string, error) {
	name, content, _, err := b.file(ctx, a.Path)
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	start := max(1, a.Start)
	end := min(len(lines), start+maxReadLines-1)
	if a.End > 0 {
		end = min(end, a.End)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %d lines\n", name, len(lines))
	for n := start; n <= end; n++ {
		fmt.Fprintf(&text, "%5d %s\n", n, lines[n-1])
	}
	return text.String(), nil
}

// file gives the content of a text file as it is now.
func (b *bench) file(ctx context.Context, given string) (name, content string, mode string, err error) {
	if name, err = inside(given); err != nil {
		return "", "", "", err
	}
	entries, err := b.in.Workspace.ListFiles(ctx, b.commit)
	if err != nil {
		return "", "", "", err
	}
	for _, e := range entries {
		if e.Path != name {
			continue
		}
		switch {
		case e.Symlink:
			return "", "", "", fmt.Errorf("%s: %s is a link", GuardOutside, name)
		case e.Size > maxFileSize:
			return "", "", "", errors.New("the file is too large")
		}
		raw, err := b.in.Workspace.File(ctx, b.commit, name)
		if err != nil {
			return "", "", "", err
		}
		if bytes.IndexByte(raw, 0) >= 0 || !utf8.Valid(raw) {
			return "", "", "", errors.New("it is not a text file")
		}
		return name, string(raw), e.Mode, nil
	}
	return name, "", "", fmt.Errorf("there is no file %s", name)
}

func (b *bench) search(ctx context.Context, a struct{ Text string }) (string, error) {
	if len(strings.TrimSpace(a.Text)) < minSearched {
		return "", fmt.Errorf("search for at least %d characters", minSearched)
	}
	found, err := b.in.Workspace.Grep(ctx, b.commit, a.Text)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d lines\n", len(found))
	for _, m := range found[:min(maxFound, len(found))] {
		fmt.Fprintf(&text, "%s:%d: %s\n", m.Path, m.Line, shorten(m.Text, maxFoundText))
	}
	return text.String(), nil
}

func (b *bench) history(ctx context.Context, a struct{ Path string }) (string, error) {
	name, err := inside(a.Path)
	if err != nil {
		return "", err
	}
	out, err := b.in.Workspace.Run(ctx, "log", "--no-show-signature", "-n", "20", "--format=%h %as %s", b.base, "--", name)
	return string(out), err
}

func (b *bench) show(ctx context.Context, a struct{ Commit string }) (string, error) {
	id, err := b.in.Workspace.Resolve(ctx, a.Commit)
	if err != nil {
		return "", errors.New("there is no such commit")
	}
	parent, err := b.in.Workspace.Resolve(ctx, id+"^")
	if err != nil {
		return "", errors.New("it is the first commit of all")
	}
	text, cut, err := b.in.Workspace.PatchText(ctx, parent, id, maxShownDiff)
	if cut {
		text += "\n(the rest is left out)\n"
	}
	return text, err
}

func (b *bench) diff(ctx context.Context, _ struct{}) (string, error) {
	text, cut, err := b.in.Workspace.PatchText(ctx, b.parent, b.commit, maxShownDiff)
	if cut {
		text += "\n(the rest is left out)\n"
	}
	if text == "" {
		text = "nothing is changed"
	}
	return text, err
}

type editArguments struct{ Path, Old, New string }

func (b *bench) edit(ctx context.Context, a editArguments) (string, error) {
	name, content, mode, err := b.file(ctx, a.Path)
	if err != nil {
		return "", err
	}
	switch n := strings.Count(content, a.Old); {
	case a.Old == "" || a.Old == a.New:
		return "", errors.New("old must be a text of the file, and differ from new")
	case n == 0 && a.New != "" && strings.Contains(content, a.New):
		return "it is so already", nil
	case n == 0:
		return "", errors.New("old does not occur in the file: read it again; what is redacted cannot be matched, use replace_lines")
	case n > 1:
		return "", fmt.Errorf("old occurs %d times: give more of what is around it", n)
	}
	return b.save(ctx, name, mode, strings.Replace(content, a.Old, a.New, 1), a.New)
}

type replaceArguments struct {
	Path       string
	Start, End int
	First, New string
}

func (b *bench) replace(ctx context.Context, a replaceArguments) (string, error) {
	name, content, mode, err := b.file(ctx, a.Path)
	if err != nil {
		return "", err
	}
	lines := strings.SplitAfter(content, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if a.Start < 1 || a.End < a.Start || a.End > len(lines) {
		return "", fmt.Errorf("the file has %d lines", len(lines))
	}
	// The agent sees lines without what is redacted in them.
	if first := strings.TrimSpace(lines[a.Start-1]); first != strings.TrimSpace(a.First) && strings.TrimSpace(b.in.Redact(first)) != strings.TrimSpace(a.First) {
		return "", fmt.Errorf("line %d reads otherwise: read the file again", a.Start)
	}
	text := a.New
	if text != "" && !strings.HasSuffix(text, "\n") && strings.HasSuffix(lines[a.End-1], "\n") {
		text += "\n"
	}
	return b.save(ctx, name, mode, strings.Join(lines[:a.Start-1], "")+text+strings.Join(lines[a.End:], ""), a.New)
}

type createArguments struct{ Path, Content string }

func (b *bench) create(ctx context.Context, a createArguments) (string, error) {
	name, content, _, err := b.file(ctx, a.Path)
	switch {
	case name == "":
		return "", err
	case err == nil && content == a.Content:
		return "it is there already", nil
	case err == nil:
		return "", errors.New("the file exists: edit it")
	}
	return b.save(ctx, name, "100644", a.Content, a.Content)
}

// save writes a file of the next tree. added is what comes from the agent.
func (b *bench) save(ctx context.Context, name, mode, content, added string) (string, error) {
	switch {
	case len(content) > maxFileSize:
		return "", errors.New("the file would be too large")
	case strings.Contains(added, "[redacted"):
		return "", fmt.Errorf("%s: [redacted] stands for something that you may not see, and is not what the file holds", GuardSecretAdded)
	case !utf8.ValidString(content) || strings.ContainsRune(content, 0):
		return "", errors.New("only text can be written")
	}
	blob, err := b.in.Workspace.WriteBlob(ctx, []byte(content))
	if err != nil {
		return "", err
	}
	if err := b.put(ctx, name, git.TreeEntry{Mode: mode, ID: blob}); err != nil {
		return "", fmt.Errorf("%s cannot be written: %w", name, err)
	}
	return "done", nil
}

// check runs one of the user's commands, confined, on a checkout of the edits that
// is thrown away afterwards.
func (b *bench) check(ctx context.Context, a struct{ Number int }) (out string, err error) {
	if a.Number < 1 || a.Number > len(b.commands) {
		return "", fmt.Errorf("there are %d commands", len(b.commands))
	}
	tree, err := b.in.Workspace.Add(ctx, b.commit)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, tree.Close()) }()
	intent := b.in.Incident.Opened.Intent
	policy := sandbox.Require
	if intent.Unsafe {
		policy = sandbox.Unsafe
	}
	result, err := sandbox.Run(ctx, sandbox.Command{Dir: tree.Dir, Shell: b.commands[a.Number-1], Timeout: time.Duration(intent.Timeout), Policy: policy, Network: intent.Network})
	if selfheal.CodeOf(err) == selfheal.CodeRefused && err != nil {
		return "", fmt.Errorf("it is not run here: %w", err)
	}
	if err != nil {
		return "", err
	}
	verdict := fmt.Sprintf("exit code %d", result.ExitCode)
	switch {
	case result.TimedOut:
		verdict = "stopped: it took too long"
	case result.Exceeded != "":
		verdict = "stopped beyond its limit on " + result.Exceeded
	}
	return verdict + "\n" + lastLines(strings.ReplaceAll(result.Output, tree.Dir, "."), maxChecked), nil
}
