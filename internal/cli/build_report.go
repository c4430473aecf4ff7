package cli

import (
	"fmt"
	"strings"

	"selfheal"
	"selfheal/internal/app"
	"selfheal/internal/report"
)

// sheet is a short report in two columns.
type sheet struct {
	b     strings.Builder
	width int
}

// row writes a label and lines beside it. All text is hostile.
func (s *sheet) row(label string, lines ...string) {
	for i, text := range lines {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(&s.b, "  %-8s %s\n", label, clipped(report.Visible(text), s.width-11))
	}
}

// clipped cuts what is longer than a line of a terminal can be read.
func clipped(text string, width int) string {
	runes := []rune(text)
	if width < 80 {
		width = 160
	}
	if len(runes) <= width {
		return text
	}
	return string(runes[:width-1]) + "…"
}

// Bounds of the report on standard error: what is beyond is in the file.
const (
	shownErrors = 6
	shownTail   = 8
)

// tellBuild writes what is known of a failed build to standard error.
func tellBuild(env *Environment, b app.BuildReport, o buildOptions) {
	f := b.Failure
	s := &sheet{width: env.Width}
	fmt.Fprintf(&s.b, "\nselfheal: the build failed (exit code %d)\n", f.ExitCode)
	if f.Step != "" {
		s.row("step", f.Step)
	}
	s.place(b)
	s.errors(f)
	reason, advice := f.Class.Environment()
	kind := string(f.Class)
	if reason != "" {
		kind += ": " + reason
	}
	s.row("kind", kind)
	s.since(b)
	s.cause(b)
	s.remedy(b, advice, o)
	if b.Output != "" {
		s.row("output", env.home(b.Output))
	}
	_, _ = fmt.Fprint(env.Err, s.b.String()) // there is nobody left to tell
}

// place quotes the instruction that failed.
func (s *sheet) place(b app.BuildReport) {
	f := b.Failure
	if f.Line == 0 {
		return
	}
	name := f.Dockerfile
	if name == "" {
		name = "Dockerfile"
	}
	lines := []string{fmt.Sprintf("%s:%d", name, f.Line)}
	for i, text := range b.Quote {
		lines = append(lines, fmt.Sprintf("%4d | %s", f.Line+i, text))
	}
	s.row("at", lines...)
}

// errors lists the errors, and the last lines where nobody claims one.
func (s *sheet) errors(f selfheal.BuildFailure) {
	var lines []string
	claimed := false
	for i, e := range f.Errors {
		claimed = claimed || e.Tool != ""
		if i == shownErrors {
			lines = append(lines, fmt.Sprintf("... and %d more", len(f.Errors)-i))
			break
		}
		lines = append(lines, errorLine(e))
	}
	s.row("error", lines...)
	if !claimed && len(f.Tail) > 1 {
		s.row("last", f.Tail[max(0, len(f.Tail)-shownTail):]...)
	}
}

func errorLine(e selfheal.BuildError) string {
	text := e.Message
	if e.Code != "" {
		text = e.Code + ": " + text
	}
	if e.File == "" {
		return text
	}
	switch {
	case e.Line == 0:
		return e.File + ": " + text
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, text)
}

// since says what the change is counted from.
func (s *sheet) since(b app.BuildReport) {
	switch {
	case b.Rebuilt:
		s.row("since", fmt.Sprintf("this very revision built at %s", b.Since.Time.Format("2006-01-02 15:04 MST")))
	case b.Since != nil:
		text := fmt.Sprintf("the last green build %s of %s", selfheal.ShortRevision(b.Since.Revision), b.Since.Time.Format("2006-01-02 15:04 MST"))
		if b.Since.Dirty {
			text += ", with changes that were in no commit"
		}
		s.row("since", text+commitCount(b))
	case b.Base != "":
		s.row("since", selfheal.ShortRevision(b.Base)+commitCount(b))
	}
}

func commitCount(b app.BuildReport) string {
	if b.Report.Incident == nil || b.Report.Incident.Judged == nil {
		return ""
	}
	n := len(b.Report.Incident.Judged.Change.Commits)
	if n == 1 {
		return ", 1 commit"
	}
	return fmt.Sprintf(", %d commits", n)
}

// cause says which change did it, or that none did.
func (s *sheet) cause(b app.BuildReport) {
	if len(b.Uncommitted) > 0 {
		s.row("note", "changed, and in no commit: "+strings.Join(b.Uncommitted, ", "))
	}
	switch {
	case b.Rebuilt:
		s.row("cause", "nothing in the repository: it is the same as when it built")
		return
	case b.Unchanged:
		s.row("cause", "no commit: there is none since. What is in no commit is not examined")
		return
	}
	if b.Report.Incident == nil || b.Report.Incident.Verdict() == nil {
		return
	}
	v := b.Report.Incident.Verdict()
	lines := []string{v.Reason}
	if c := v.Culprit; c != nil && v.Cause == selfheal.Caused {
		lines = append(lines, selfheal.ShortRevision(c.Commit)+" "+subjectOf(b, c.Commit))
		if c.Path != "" {
			lines = append(lines, fmt.Sprintf("%s:%d | %s", c.Path, c.Start, c.Quote))
		}
	}
	s.row("cause", lines...)
}

func subjectOf(b app.BuildReport, id string) string {
	for _, c := range b.Report.Incident.Judged.Change.Commits {
		if c.ID == id {
			return c.Subject
		}
	}
	return ""
}

// remedy says what to do now.
func (s *sheet) remedy(b app.BuildReport, advice string, o buildOptions) {
	incident := b.Report.Incident
	switch {
	case incident != nil && incident.PullRequest != nil:
		s.row("next", "review "+incident.PullRequest.URL, "selfheal show "+incident.ID)
	case incident != nil && incident.Repair != nil && incident.Repair.Failure != "":
		lines := []string{"no repair: " + incident.Repair.Failure}
		if !o.Unsafe {
			lines = append(lines, "a command that needs a daemon or the network cannot run confined: see --unsafe-no-sandbox, --network")
		}
		s.row("next", append(lines, "selfheal show "+incident.ID)...)
	case incident != nil && incident.Verdict() != nil && incident.Verdict().Cause == selfheal.Caused:
		lines := []string{"selfheal show " + incident.ID}
		if !o.Repair {
			lines = append(lines, "with --repair revert, selfheal prepares and proves a branch without the commit")
		}
		s.row("next", lines...)
	case advice != "":
		s.row("next", advice)
	case b.Rebuilt:
		s.row("next", "build again; if it keeps failing, look at what it downloads without a fixed version")
	case b.Base == "":
		s.row("next", "no earlier green build is known: name a revision that built with --base")
	case incident != nil:
		s.row("next", "selfheal show "+incident.ID)
	}
}
