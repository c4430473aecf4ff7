package agent

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"selfheal"
)

// maxLine is the longest line of a transcript that is read.
const maxLine = 64 << 20

// TranscriptPath is the file that holds a transcript.
func TranscriptPath(dir, id string) string { return filepath.Join(dir, id+transcriptSuffix) }

// ReadTranscript gives the records of a transcript in their order, as far as they
// are whole. CodeNotFound when there is none of that id.
func ReadTranscript(dir, id string, yield func(Record) error) error {
	if !validName.MatchString(id) {
		return selfheal.NotFoundf("", "no transcript %q", id)
	}
	file, err := os.Open(TranscriptPath(dir, id))
	if errors.Is(err, os.ErrNotExist) {
		return selfheal.NotFoundf("transcripts are kept beside the store: "+dir, "no transcript %s", id)
	}
	if err != nil {
		return fmt.Errorf("transcript: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var r Record
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			return nil // what follows a broken line was never gone on with
		}
		if err := yield(r); err != nil {
			return err
		}
	}
	return lines.Err()
}

// WriteText renders a record for people. visible makes hostile text fit for a terminal.
func (r Record) WriteText(w io.Writer, visible func(string) string) error {
	p := printer{w: w, visible: visible}
	clock := r.Time.Format("15:04:05")
	switch {
	case r.Task != nil:
		p.line("%s  task %s, role %s", clock, r.Task.ID, r.Task.Role)
		p.block("prompt", r.Task.Prompt)
		for _, e := range r.Task.Evidence {
			p.block(e.Title, e.Text)
		}
	case r.Turn != nil:
		t := r.Turn
		p.line("")
		p.line("%s  turn %d, %s: %s", clock, t.Number, t.Model, t.Spent)
		if t.Last != "" {
			p.line("  told that this is its last turn: %s", t.Last)
		}
		if t.Text != "" {
			p.block("says", t.Text)
		}
		for _, c := range t.Calls {
			p.block("calls "+c.Name, c.Arguments)
		}
	case r.Result != nil:
		p.block("result of "+r.Result.Name, r.Result.Text)
	case r.Note != nil:
		p.line("%s  %s failed: %s", clock, r.Note.Model, r.Note.Text)
	case r.End != nil:
		p.line("")
		p.line("%s  ended: %s; %s", clock, r.End.Stopped, r.End.Usage)
	}
	return p.err
}

type printer struct {
	w       io.Writer
	visible func(string) string
	err     error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, p.lines(fmt.Sprintf(format, args...), ""))
	}
}

func (p *printer) block(title, text string) {
	p.line("  %s", title)
	if p.err == nil && text != "" {
		_, p.err = fmt.Fprintln(p.w, p.lines(strings.TrimRight(text, "\n"), "  │ "))
	}
}

// lines makes every line of a text visible, and puts a mark before it.
func (p *printer) lines(text, mark string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = mark + p.visible(lines[i])
	}
	return strings.Join(lines, "\n")
}

// WriteJSON writes a record as the line that is kept.
func (r Record) WriteJSON(w io.Writer) error { return json.NewEncoder(w).Encode(r) }
