package report

import (
	"fmt"
	"strings"
	"time"

	"selfheal"
)

// LiveSignatures is one moment of logs that go on.
type LiveSignatures struct {
	Table          SignatureTable
	Elapsed        time.Duration
	LinesPerSecond float64
	New            int           // signatures that appeared in the last FreshFor
	FreshFor       time.Duration // how long a signature counts as new
	Appeared       []SignatureRow
	Ended          bool
}

// LiveFrame draws a moment as the lines of a screen, at most height of them and
// none wider than the width.
func LiveFrame(l LiveSignatures, o TextOptions, height int) []string {
	p := newPrinter(o)
	p.line(p.bold(fit(liveWords(l), p.width)))
	p.summary(l.Table)
	p.blank()
	if len(l.Table.Rows) == 0 {
		p.line(p.faint(fit("waiting for the first record…", p.width)))
	} else if room := height - strings.Count(p.b.String(), "\n") - 1; room > 0 {
		shown := p.grid(signatureGrid(l.Table), room)
		p.more(0, l.Table.Cut.Signatures+len(l.Table.Rows)-shown, "signature")
	}
	lines := strings.Split(strings.TrimRight(p.b.String(), "\n"), "\n")
	return lines[:min(len(lines), max(height, 1))]
}

func liveWords(l LiveSignatures) string {
	words := fmt.Sprintf("selfheal group · %s · %s lines/s", elapsedWords(l.Elapsed), amount(l.LinesPerSecond))
	if l.New > 0 {
		words += fmt.Sprintf(" · %d new in the last %s", l.New, span(l.FreshFor))
	}
	return words + " · Ctrl-C ends"
}

// AppearedLine tells of a signature that has just appeared, on one line: time,
// id, severity and title.
func AppearedLine(row SignatureRow, now time.Time) string {
	at := row.Signature.First
	if at.IsZero() {
		at = now
	}
	severity := row.Signature.Severity.String()
	if row.Signature.Severity == selfheal.SeverityUnspecified {
		severity = "-"
	}
	return fmt.Sprintf("%s %s %-5s %s", at.UTC().Format(time.RFC3339), oneLine(string(row.Signature.ID), titleLimit), severity, titleOf(row.Signature))
}

// elapsedWords counts whole seconds from the start.
func elapsedWords(d time.Duration) string {
	if d < time.Second {
		return "0 s"
	}
	return span(d.Truncate(time.Second))
}
