package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"selfheal"
)

// Rehearsal is how detection fares on a service's own past.
type Rehearsal struct {
	Service    string            `json:"service"`
	Interval   selfheal.Interval `json:"interval"` // that the logs cover
	Records    int64             `json:"records"`
	Signatures int               `json:"signatures"`
	Undated    int64             `json:"undated,omitempty"` // records without a time, which cannot be used
	Deploys    []RehearsedDeploy `json:"deploys,omitempty"` // as they were; replay only
	Alarmed    Proportion        `json:"alarmed"`           // moments without a fault that were flagged
	Skipped    int               `json:"skipped"`           // moments that the logs do not cover
	Faults     []RehearsedFault  `json:"faults"`
	Precision  *Proportion       `json:"precision,omitempty"` // of all flags, how many were the faults'; drill only: real deploys may deserve theirs
	Recall     Proportion        `json:"recall"`              // of all faults that should be found, how many were
	Missed     []string          `json:"missed,omitempty"`    // bounds that were set and are not met
}

// RehearsedDeploy is one moment as it was.
type RehearsedDeploy struct {
	Time     time.Time          `json:"time"`
	Revision string             `json:"revision,omitempty"`
	Skipped  string             `json:"skipped,omitempty"`
	Flagged  []RehearsedAnomaly `json:"flagged,omitempty"`
}

// RehearsedAnomaly is what would have been flagged.
type RehearsedAnomaly struct {
	Signature selfheal.SignatureID `json:"signature"`
	Title     string               `json:"title"`
	Why       string               `json:"why"`
	After     selfheal.Duration    `json:"after"` // from the deploy to sufficient evidence
}

// RehearsedFault is how one fault fared that was put into the counts.
type RehearsedFault struct {
	Name     string            `json:"name"`
	Found    Proportion        `json:"found"`
	Median   selfheal.Duration `json:"median"`
	Slowest  selfheal.Duration `json:"slowest"` // nine of ten are found sooner
	NotTried int               `json:"not_tried,omitempty"`
	Harmless bool              `json:"harmless,omitempty"` // should not be found
}

// Proportion is a count out of trials with its 95 % confidence interval, from 0 to 1.
type Proportion struct {
	Count  int     `json:"count"`
	Trials int     `json:"trials"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

func (p Proportion) words() string {
	if p.Trials == 0 {
		return "not tried"
	}
	return fmt.Sprintf("%d of %d: %s (95 %%: %s to %s)", p.Count, p.Trials, percent(p.value()), percent(p.Low), percent(p.High))
}

func (p Proportion) value() float64 { return float64(p.Count) / float64(max(p.Trials, 1)) }

// RehearsalText writes a rehearsal for a terminal: the deploys, then the faults.
func RehearsalText(w io.Writer, r Rehearsal, o TextOptions) error {
	p := newPrinter(o)
	p.paragraph(0, fmt.Sprintf("%s, %s to %s: %s of %s", oneLine(r.Service, titleLimit), minuteUTC(r.Interval.From), minuteUTC(r.Interval.To),
		plural(r.Records, "record"), plural(int64(r.Signatures), "signature")), p.bold)
	if r.Undated > 0 {
		p.paragraph(0, plural(r.Undated, "record")+" without a time could not be used", p.unsure)
	}
	p.rehearsedDeploys(r)
	if r.Alarmed.Trials+r.Skipped > 0 {
		p.section("without any fault")
		p.hang(p.label(2, "flagged", 12, p.faint), r.Alarmed.words(), p.plain)
		if r.Skipped > 0 {
			p.hang(p.label(2, "skipped", 12, p.faint), plural(int64(r.Skipped), "moment")+" that the logs do not cover from a day before to the end of the window", p.unsure)
		}
	}
	p.rehearsedFaults(r)
	for _, missed := range r.Missed {
		p.blank()
		p.paragraph(0, "NOT MET: "+oneLine(missed, sentenceLimit), p.bad)
	}
	return p.flush(w)
}

func (p *printer) rehearsedDeploys(r Rehearsal) {
	if len(r.Deploys) == 0 {
		return
	}
	p.section("deploys as they were")
	for _, d := range r.Deploys {
		l := p.label(2, d.Time.UTC().Format(minuteLayout)+"  "+oneLine(selfheal.ShortRevision(d.Revision), titleLimit), 30, p.plain)
		switch {
		case d.Skipped != "":
			p.hang(l, "skipped: "+oneLine(d.Skipped, sentenceLimit), p.faint)
		case len(d.Flagged) == 0:
			p.hang(l, "-", p.faint)
		}
		for _, a := range d.Flagged {
			p.hang(l, fmt.Sprintf("after %s: %s (%s)", span(time.Duration(a.After)), oneLine(a.Title, titleLimit), oneLine(a.Why, sentenceLimit)), p.bad)
			l = p.label(2, "", 30, p.plain)
		}
	}
}

// barColumns is the width of the bar that shows a share.
const barColumns = 16

func (p *printer) rehearsedFaults(r Rehearsal) {
	if len(r.Faults) == 0 {
		return
	}
	p.section("with a fault in each")
	columns := 0
	for _, f := range r.Faults {
		columns = max(columns, lipgloss.Width(f.Name))
	}
	for _, f := range r.Faults {
		color := p.good
		if f.Harmless {
			color = p.unsure
		}
		l := p.label(2, f.Name, min(columns, p.width/2)+2, p.plain)
		p.line(l.text + color(shareBar(f.Found)) + "  " + fit(faultWords(f), p.width-l.width-barColumns-2))
	}
	p.blank()
	p.hang(p.label(2, "recall", 12, p.faint), r.Recall.words(), p.plain)
	if r.Precision != nil {
		p.hang(p.label(2, "precision", 12, p.faint), r.Precision.words(), p.plain)
	}
}

func shareBar(p Proportion) string {
	full := int(p.value()*barColumns + 0.5)
	return strings.Repeat("█", full) + strings.Repeat("·", barColumns-full)
}

func faultWords(f RehearsedFault) string {
	if f.Found.Trials == 0 {
		return "not tried: the service logs nothing that this could happen to"
	}
	words := fmt.Sprintf("%d of %d", f.Found.Count, f.Found.Trials)
	if f.Found.Count > 0 {
		words += fmt.Sprintf("  in %s (9 of 10: %s)", span(time.Duration(f.Median)), span(time.Duration(f.Slowest)))
	}
	return words
}
