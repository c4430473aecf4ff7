package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"charm.land/lipgloss/v2"

	"selfheal"
)

// FileRow is one file with its class.
type FileRow struct {
	Path, Class, Rule string
	Blamed            bool // it has a part in what is deployed
}

// Files lists files in the order given: class, whether it can be blamed, the rule and the path.
func Files(w io.Writer, rows []FileRow, o TextOptions) error {
	p := newPrinter(o)
	table := [][]string{{"CLASS", "BLAMED", "RULE", "PATH"}}
	for _, row := range rows {
		blamed := "no"
		if row.Blamed {
			blamed = "can be"
		}
		table = append(table, []string{oneLine(row.Class, titleLimit), blamed, oneLine(row.Rule, titleLimit), oneLine(row.Path, titleLimit)})
	}
	if len(rows) == 0 {
		p.line("no files")
		return p.flush(w)
	}
	p.table(table, func(int) string { return "" })
	return p.flush(w)
}

// Incidents lists incidents in the order given: id, when it was opened, how far
// it has come, the status and the deploy, and below them what is known of it.
func Incidents(w io.Writer, incidents []*selfheal.Incident, o TextOptions) error {
	p := newPrinter(o)
	table := [][]string{{"ID", "OPENED", "STAGE", "STATUS", "DEPLOY"}}
	for _, i := range incidents {
		openedAt := "unknown"
		if len(i.Events) > 0 {
			openedAt = i.Events[0].Time.UTC().Format(minuteLayout)
		}
		table = append(table, []string{
			oneLine(i.ID, titleLimit), openedAt, oneLine(string(i.Stage), titleLimit),
			statusWords(i.Status()), oneLine(subject(i.Opened.Assessment.Deploy), titleLimit),
		})
	}
	if len(incidents) == 0 {
		p.line("no incidents")
		return p.flush(w)
	}
	p.table(table, func(row int) string { return incidentWords(incidents[row]) })
	return p.flush(w)
}

// incidentWords says in one line what happened, what matters most first, since
// the end may be cut: the outcome, the pull request, who is blamed.
func incidentWords(i *selfheal.Incident) string {
	var words []string
	if i.Outcome != nil {
		words = append(words, string(i.Outcome.State))
	} else if i.Repair != nil && i.Repair.Failure != "" {
		words = append(words, "repair failed")
	}
	if i.PullRequest != nil {
		words = append(words, fmt.Sprintf("pull request #%d %s", i.PullRequest.Number, i.PullRequest.State))
	}
	switch verdict := i.Verdict(); {
	case verdict != nil && verdict.Culprit != nil:
		words = append(words, commitPhrase(i.Judged, verdict.Culprit))
	case len(i.Opened.Assessment.Anomalies) > 0:
		first := i.Opened.Assessment.Anomalies[0]
		words = append(words, newSignatures(i.Opened.Assessment, nil).title(first.Signature))
	}
	return oneLine(strings.Join(words, "; "), sentenceLimit)
}

// table writes aligned columns, the last of which is cut at the width. detail
// gives what stands below a row (numbered without the heading), empty for nothing.
func (p *printer) table(rows [][]string, detail func(row int) string) {
	const gap = "  "
	widths := make([]int, len(rows[0])-1)
	for _, row := range rows {
		for column := range widths {
			widths[column] = max(widths[column], min(lipgloss.Width(row[column]), p.width/2))
		}
	}
	for at, row := range rows {
		var cells []string
		for column, width := range widths {
			cells = append(cells, pad(fit(row[column], width), width))
		}
		cells = append(cells, cmp.Or(row[len(widths)], "-"))
		color := p.bold
		if at > 0 {
			color = p.plain
		}
		p.line(color(fit(strings.Join(cells, gap), p.width)))
		if at == 0 {
			continue
		}
		if below := detail(at - 1); below != "" {
			p.line("    " + p.faint(fit(below, p.width-4)))
		}
	}
}
