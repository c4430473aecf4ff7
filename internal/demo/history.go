package demo

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/txtar"
)

//go:embed history/*.txtar
var archives embed.FS

// base is the history that is in production before the deploy, oldest first.
func base() []string {
	return []string{
		"base-01-catalogue", "base-02-cart", "base-03-partners", "base-04-checkout",
		"base-05-service", "base-06-delivery", "base-07-release",
	}
}

// commit is one step of the service's history: the files that it adds or replaces.
type commit struct {
	author  string        // "Name <address>"
	before  time.Duration // how long before the deploy it was made
	tag     string        // may be empty
	message string
	files   []txtar.File
}

// readCommit reads history/NAME.txtar. The archive's comment has a header like a
// mail's (Author, Before, and optionally Tag), an empty line, and the commit's message.
func readCommit(name string) (commit, error) {
	text, err := archives.ReadFile("history/" + name + ".txtar")
	if err != nil {
		return commit{}, err
	}
	archive := txtar.Parse(text)
	head, err := mail.ReadMessage(bytes.NewReader(archive.Comment))
	if err != nil {
		return commit{}, fmt.Errorf("read commit %s: %w", name, err)
	}
	var message bytes.Buffer
	if _, err := message.ReadFrom(head.Body); err != nil {
		return commit{}, fmt.Errorf("read commit %s: %w", name, err)
	}
	c := commit{author: head.Header.Get("Author"), tag: head.Header.Get("Tag"), message: message.String(), files: archive.Files}
	if c.before, err = time.ParseDuration(head.Header.Get("Before")); err != nil {
		return commit{}, fmt.Errorf("read commit %s: %w", name, err)
	}
	return c, nil
}

// makeRepository creates a repository with the named commits on its branch main,
// checked out, and gives the id of each.
func makeRepository(ctx context.Context, dir string, names []string, deployed time.Time) (map[string]string, error) {
	var stream bytes.Buffer
	for i, name := range names {
		c, err := readCommit(name)
		if err != nil {
			return nil, err
		}
		c.writeTo(&stream, i+1, deployed)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	marks := filepath.Join(dir, ".git", "demo-marks")
	for _, step := range []struct {
		stdin *bytes.Buffer
		args  []string
	}{
		{args: []string{"init", "--quiet", "--template="}},
		{args: []string{"symbolic-ref", "HEAD", "refs/heads/main"}},
		{args: []string{"fast-import", "--quiet", "--export-marks=" + marks}, stdin: &stream},
		{args: []string{"reset", "--quiet", "--hard"}},
	} {
		stdin := step.stdin
		if stdin == nil {
			stdin = &bytes.Buffer{}
		}
		if _, err := git(ctx, dir, stdin, step.args...); err != nil {
			return nil, err
		}
	}
	return readMarks(marks, names)
}

// writeTo appends the commit to a stream as git-fast-import(1) reads it.
func (c commit) writeTo(stream *bytes.Buffer, mark int, deployed time.Time) {
	when := deployed.Add(-c.before).Unix()
	fmt.Fprintf(stream, "commit refs/heads/main\nmark :%d\n", mark)
	fmt.Fprintf(stream, "author %s %d +0000\ncommitter %s %d +0000\n", c.author, when, c.author, when)
	fmt.Fprintf(stream, "data %d\n%s\n", len(c.message), c.message)
	for _, file := range c.files {
		mode := "100644"
		if strings.HasSuffix(file.Name, ".sh") {
			mode = "100755"
		}
		fmt.Fprintf(stream, "M %s inline %s\ndata %d\n%s\n", mode, file.Name, len(file.Data), file.Data)
	}
	if c.tag != "" {
		fmt.Fprintf(stream, "reset refs/tags/%s\nfrom :%d\n\n", c.tag, mark)
	}
}

// readMarks gives the commit id of each name; the marks count from 1.
func readMarks(path string, names []string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	ids := make(map[string]string, len(names))
	for line := range strings.Lines(string(text)) {
		mark, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(strings.TrimPrefix(mark, ":"))
		if err != nil || n < 1 || n > len(names) {
			return nil, fmt.Errorf("git fast-import wrote an unknown mark %q", line)
		}
		ids[names[n-1]] = id
	}
	if missing := slices.IndexFunc(names, func(name string) bool { return ids[name] == "" }); missing >= 0 {
		return nil, fmt.Errorf("git fast-import did not make the commit %s", names[missing])
	}
	return ids, os.Remove(path)
}
