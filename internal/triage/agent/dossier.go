package agent

import (
	"fmt"
	"strings"

	"selfheal"
)

// The dossier is small: the model asks for what it needs.
const (
	bytesPerToken = 3    // about; on the dear side
	maxDossier    = 6000 // tokens
	maxSamples    = 4    // signatures whose sample is in it
	maxSample     = 1500 // bytes of one
	maxListed     = 40   // commits, and files of one commit
	maxDiffs      = 3    // leading commits whose diff is in it
)

// dossier lists what the model is shown unasked, what matters most first. What does
// not fit is left out as a whole, and said so.
func (c *court) dossier() []selfheal.Section {
	sections := []selfheal.Section{{Title: "errors", Text: c.errors()}, {Title: "verdict of the rules", Text: c.rules()}, {Title: "commits, oldest first", Text: c.commits()}}
	for _, candidate := range c.in.Verdict.Candidates[:min(maxDiffs, len(c.in.Verdict.Candidates))] {
		sections = append(sections, selfheal.Section{Title: "diff of commit " + selfheal.ShortRevision(candidate.Commit), Text: c.commitDiff(candidate.Commit)})
	}
	left, kept := maxDossier*bytesPerToken, sections[:0:0]
	for _, s := range sections {
		if size := len(s.Title) + len(s.Text); size > left {
			s.Text = cutAt(s.Text, max(0, left-len(s.Title)-len(omitted))) + omitted
		}
		left -= len(s.Title) + len(s.Text)
		kept = append(kept, s)
		if left <= 0 {
			break
		}
	}
	return kept
}

const omitted = "\n… the rest is left out; ask for it with the tools\n"

// cutAt cuts a text at the end of a line, at n bytes or before.
func cutAt(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return text[:strings.LastIndexByte(text[:n], '\n')+1]
}

func (c *court) errors() string {
	var b strings.Builder
	samples := 0
	for _, a := range c.in.Anomalies {
		s := c.signature(a.Signature)
		if s == nil || !a.Flagged() {
			continue
		}
		fmt.Fprintf(&b, "signature %s, %s, %s: %s\n  %s\n", s.ID, a.Kind, a.Severity, s.Title, a.Why)
		if samples < maxSamples {
			samples++
			fmt.Fprintf(&b, "  sample:\n%s\n", indent(cutText(s.Sample.Text, maxSample), "    "))
		}
	}
	return b.String()
}

func (c *court) rules() string {
	v := c.in.Verdict
	var b strings.Builder
	fmt.Fprintf(&b, "%s, confidence %.2f: %s\n", v.Cause, v.Confidence, v.Reason)
	for _, x := range v.Exhibits {
		fmt.Fprintf(&b, "- %s, weight %+.1f: %s", x.Kind, x.Weight, x.Text)
		if x.Path != "" {
			fmt.Fprintf(&b, " (%s:%d, commit %s)", x.Path, x.Line, selfheal.ShortRevision(x.Commit))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (c *court) commits() string {
	probability := map[string]float64{}
	for _, candidate := range c.in.Verdict.Candidates {
		probability[candidate.Commit] = candidate.Probability
	}
	var b strings.Builder
	for i, commit := range c.in.Change.Commits {
		if i == maxListed {
			fmt.Fprintf(&b, "… and %d more\n", len(c.in.Change.Commits)-i)
			break
		}
		fmt.Fprintf(&b, "%s %s %s (rules: %.2f)\n", selfheal.ShortRevision(commit.ID), commit.Time.UTC().Format("2006-01-02 15:04"), clip(commit.Subject, 120), probability[commit.ID])
		for j, f := range commit.Files {
			if j == maxListed {
				fmt.Fprintf(&b, "    … and %d more files\n", len(commit.Files)-j)
				break
			}
			fmt.Fprintf(&b, "    %s %s (%s)\n", f.Status, f.Path, f.Class)
		}
	}
	return b.String()
}

// commitDiff gives the hunks of a commit's files that run.
func (c *court) commitDiff(id string) string {
	var b strings.Builder
	for _, commit := range c.in.Change.Commits {
		for _, f := range commit.Files {
			if commit.ID == id && f.Class.Deployable() {
				b.WriteString(diffText(f))
			}
		}
	}
	return b.String()
}

// diffText renders a file's hunks with the line numbers of both sides.
func diffText(f selfheal.FileChange) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", f.Status, f.Path)
	if f.OldPath != "" && f.OldPath != f.Path {
		fmt.Fprintf(&b, " (was %s)", f.OldPath)
	}
	b.WriteString("\n")
	switch {
	case f.Binary:
		b.WriteString("  binary\n")
	case f.Elided:
		b.WriteString("  too large to be shown as a difference\n")
	}
	for _, h := range f.Hunks {
		fmt.Fprintf(&b, "  @@ %s\n", h.Section)
		for _, l := range h.Lines {
			fmt.Fprintf(&b, "%s %5s %5s %s\n", l.Op, number(l.Old), number(l.New), l.Text)
		}
	}
	return b.String()
}

// number renders a line number; none for the side on which the line is not.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func (c *court) signature(id selfheal.SignatureID) *selfheal.Signature {
	for i := range c.in.Signatures {
		if c.in.Signatures[i].ID == id {
			return &c.in.Signatures[i]
		}
	}
	return nil
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by)
}

func cutText(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}
