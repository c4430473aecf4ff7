package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"selfheal"
)

const (
	maxLines   = 250 // of a file at once
	maxMatches = 60
	maxTimes   = 60 // entries of a timeline
	minSearch  = 3  // characters
)

// tools are what the model may do: all of them read, and all of them read the
// deployed change and its repository at its two revisions, nothing else.
func (c *court) tools() []selfheal.Tool {
	return []selfheal.Tool{
		tool("diff", "Shows how a file was changed by the deploy, or by one commit of it, with line numbers of both sides.",
			`"path":{"type":"string"},"commit":{"type":"string","description":"id of a deployed commit; leave it out for the whole deploy"}`, "path", c.diff),
		tool("read_file", "Shows lines of a file, numbered, at most 250 at once.",
			`"path":{"type":"string"},"revision":{"type":"string","enum":["new","old"]},"start":{"type":"integer"},"end":{"type":"integer"}`, "path", c.read),
		tool("blame", "Says for lines of a file of the new revision which deployed commit brought each.",
			`"path":{"type":"string"},"start":{"type":"integer"},"end":{"type":"integer"}`, "path", c.blame),
		tool("search", "Finds a fixed text in all files of a revision. Case matters. Short and rare texts find most.",
			`"text":{"type":"string"},"revision":{"type":"string","enum":["new","old"]}`, "text", c.search),
		tool("samples", "Shows a signature in full: its sample as it was logged, its exceptions and frames.",
			`"signature":{"type":"string"}`, "signature", c.samples),
		tool("related", "Lists signatures that read like the given one.",
			`"signature":{"type":"string"}`, "signature", c.related),
		tool("timeline", "Lists when commits were made, when they were deployed, and when each error began, with its counts.", ``, "", c.timeline),
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

type diffArguments struct{ Path, Commit string }

func (c *court) diff(_ context.Context, a diffArguments) (string, error) {
	files := c.in.Change.Files
	if a.Commit != "" {
		files = nil
		for _, commit := range c.in.Change.Commits {
			if len(a.Commit) >= 7 && strings.HasPrefix(commit.ID, a.Commit) {
				files = commit.Files
			}
		}
		if files == nil {
			return "", errors.New("that commit is not one that was deployed, or changed nothing")
		}
	}
	for _, f := range files {
		if f.Path == a.Path || f.OldPath == a.Path {
			return diffText(f), nil
		}
	}
	return "", errors.New("it was not changed there")
}

type fileArguments struct {
	Path, Revision string
	Start, End     int
}

// span is the lines that are asked for, as far as they are given at once.
func (a fileArguments) span(lines int) (start, end int) {
	start = max(1, a.Start)
	end = min(lines, start+maxLines-1)
	if a.End > 0 {
		end = min(end, a.End)
	}
	return start, end
}

func (c *court) read(ctx context.Context, a fileArguments) (string, error) {
	lines, err := c.lines(ctx, a.Path, a.Revision)
	if err != nil {
		return "", err
	}
	start, end := a.span(len(lines))
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d lines\n", a.Path, len(lines))
	for n := start; n <= end; n++ {
		fmt.Fprintf(&b, "%5d %s\n", n, lines[n-1])
	}
	return b.String(), nil
}

func (c *court) lines(ctx context.Context, path, revision string) ([]string, error) {
	if revision == "" {
		revision = "new"
	}
	id, err := c.side(revision)
	if err != nil {
		return nil, err
	}
	content, err := c.in.Repository.File(ctx, id, path)
	if err != nil {
		return nil, fmt.Errorf("there is no such file in %q", revision)
	}
	if bytes.IndexByte(content, 0) >= 0 {
		return nil, errors.New("it is not a text file")
	}
	return strings.Split(strings.TrimSuffix(string(content), "\n"), "\n"), nil
}

func (c *court) blame(ctx context.Context, a fileArguments) (string, error) {
	if a.Revision != "" && a.Revision != "new" {
		return "", errors.New("only lines of the new revision can be blamed")
	}
	lines, err := c.lines(ctx, a.Path, "new")
	if err != nil {
		return "", err
	}
	start, end := a.span(len(lines))
	if start > end {
		return "", fmt.Errorf("the file has %d lines", len(lines))
	}
	blamed, err := c.in.Repository.Blame(ctx, c.in.Change.Base, c.in.Change.Head, a.Path, start, end)
	if err != nil {
		return "", errors.New("these lines cannot be blamed")
	}
	var b strings.Builder
	for _, l := range blamed {
		origin := "before"
		if !l.Old {
			origin = selfheal.ShortRevision(l.Commit)
		}
		if l.Line >= 1 && l.Line <= len(lines) {
			fmt.Fprintf(&b, "%-12s %5d %s\n", origin, l.Line, lines[l.Line-1])
		}
	}
	return b.String(), nil
}

type searchArguments struct{ Text, Revision string }

func (c *court) search(ctx context.Context, a searchArguments) (string, error) {
	if len(strings.TrimSpace(a.Text)) < minSearch {
		return "", fmt.Errorf("search for at least %d characters", minSearch)
	}
	if a.Revision == "" {
		a.Revision = "new"
	}
	id, err := c.side(a.Revision)
	if err != nil {
		return "", err
	}
	matches, err := c.in.Repository.Grep(ctx, id, a.Text)
	if err != nil {
		return "", errors.New("the revision cannot be searched")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d lines\n", len(matches))
	for _, m := range matches[:min(maxMatches, len(matches))] {
		fmt.Fprintf(&b, "%s:%d: %s\n", m.Path, m.Line, cutText(m.Text, 300))
	}
	return b.String(), nil
}

type signatureArguments struct{ Signature string }

func (c *court) find(id string) (*selfheal.Signature, error) {
	for i := range c.in.Signatures {
		if s := &c.in.Signatures[i]; id != "" && strings.HasPrefix(string(s.ID), id) {
			return s, nil
		}
	}
	return nil, errors.New("there is no such signature")
}

func (c *court) samples(_ context.Context, a signatureArguments) (string, error) {
	s, err := c.find(a.Signature)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\ntemplate: %s\nfirst %s, last %s\nsample:\n%s\n", s.ID, s.Title, s.Template, stamp(s.First), stamp(s.Last), s.Sample.Text)
	for _, e := range s.Sample.Exceptions {
		fmt.Fprintf(&b, "exception %s: %s\n", e.Type, e.Message)
		for _, f := range e.Frames {
			fmt.Fprintf(&b, "  at %s (%s:%d)\n", f.Function, f.File, f.Line)
		}
	}
	return b.String(), nil
}

func (c *court) related(_ context.Context, a signatureArguments) (string, error) {
	s, err := c.find(a.Signature)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, r := range c.in.Related[s.ID] {
		fmt.Fprintf(&b, "%s (similarity %.2f): %s\n", r.Signature, r.Similarity, r.Title)
	}
	if b.Len() == 0 {
		return "none", nil
	}
	return b.String(), nil
}

func (c *court) timeline(context.Context, struct{}) (string, error) {
	var b strings.Builder
	for i, commit := range c.in.Change.Commits {
		if i == maxTimes {
			fmt.Fprintf(&b, "… and %d commits more\n", len(c.in.Change.Commits)-i)
			break
		}
		fmt.Fprintf(&b, "%s commit %s: %s\n", stamp(commit.Time), selfheal.ShortRevision(commit.ID), clip(commit.Subject, 100))
	}
	fmt.Fprintf(&b, "%s deployed\n", stamp(c.in.DeployedAt))
	for i, a := range c.in.Anomalies {
		if i == maxTimes {
			fmt.Fprintf(&b, "… and %d errors more\n", len(c.in.Anomalies)-i)
			break
		}
		fmt.Fprintf(&b, "%s onset of %s (%s): observed %d, expected %.2f; %s\n", stamp(a.Onset), a.Signature, a.Kind, a.Observed, a.Expected, a.Why)
	}
	return b.String(), nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "(time unknown)"
	}
	return t.UTC().Format(time.RFC3339)
}
