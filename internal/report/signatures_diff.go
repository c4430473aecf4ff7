package report

import (
	"fmt"
	"io"
	"math"

	"selfheal"
)

// SignatureDiff is what differs between two inputs.
type SignatureDiff struct {
	Before DiffSide `json:"before"`
	After  DiffSide `json:"after"`
	// Per is what counts were made comparable by: "time" or "records".
	Per string `json:"per"`
	// Rate is the rate of false discoveries among More and Less that is allowed for.
	Rate      float64           `json:"false_discovery_rate"`
	Least     float64           `json:"least_ratio"` // smaller changes are not reported, however certain
	New       []SignatureChange `json:"new"`
	Gone      []SignatureChange `json:"gone"`
	More      []SignatureChange `json:"more"`
	Less      []SignatureChange `json:"less"`
	Unchanged HiddenSignatures  `json:"unchanged"`
	Below     HiddenSignatures  `json:"below_level,omitzero"`
	Limit     int               `json:"-"` // rows of each list that a text shows; 0: all
}

// DiffSide is one of the inputs.
type DiffSide struct {
	Name string `json:"name"`
	Reading
}

// SignatureChange is one signature that differs.
type SignatureChange struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
	// Ratio of the comparable rates, after to before; 0 when it was in one input only.
	Ratio float64 `json:"ratio,omitempty"`
	// Chance is the probability of a difference this large, or larger, if the rates were equal.
	Chance float64 `json:"chance"`
	// Q is the rate of false discoveries at which it would just be reported.
	Q         float64            `json:"q"`
	Merged    int                `json:"merged,omitempty"`
	Signature selfheal.Signature `json:"signature"`
}

// SignaturesDiff lists what is new, gone, more and less.
func SignaturesDiff(w io.Writer, d SignatureDiff, o TextOptions) error {
	p := newPrinter(o)
	p.facts(0, []fact{
		{Label: "before", Value: oneLine(d.Before.Name, titleLimit) + ": " + readingWords(d.Before.Reading)},
		{Label: "after", Value: oneLine(d.After.Name, titleLimit) + ": " + readingWords(d.After.Reading)},
	})
	p.paragraph(0, comparedWords(d), p.faint)
	for _, part := range []struct {
		name    string
		changes []SignatureChange
	}{{"new", d.New}, {"gone", d.Gone}, {"more", d.More}, {"less", d.Less}} {
		p.changes(part.name, part.changes, d)
	}
	p.blank()
	if n := d.Unchanged.Signatures; n > 0 {
		p.paragraph(0, fmt.Sprintf("%s with %s did not change, or not by more than chance explains", plural(int64(n), "signature"), plural(d.Unchanged.Records, "record")), p.faint)
	}
	if n := d.Below.Signatures; n > 0 {
		p.paragraph(0, fmt.Sprintf("%s with %s below the level asked for", plural(int64(n), "signature"), plural(d.Below.Records, "record")), p.faint)
	}
	for _, side := range []DiffSide{d.Before, d.After} {
		for _, note := range readingNotes(side.Reading) {
			p.paragraph(0, oneLine(side.Name, titleLimit)+": "+note, p.faint)
		}
	}
	return p.flush(w)
}

// comparedWords says on what footing counts were compared.
func comparedWords(d SignatureDiff) string {
	base := "rates are per record, because not both inputs are dated"
	if d.Per == "time" {
		base = "rates are per unit of time"
	}
	return fmt.Sprintf("%s; more and less: at least %s, and at most %.0f %% of them by chance", base, times(d.Least), d.Rate*100)
}

func (p *printer) changes(name string, changes []SignatureChange, d SignatureDiff) {
	p.section(fmt.Sprintf("%s (%d)", name, len(changes)))
	if len(changes) == 0 {
		p.line(p.faint("none"))
		return
	}
	shown := changes
	if d.Limit > 0 && len(shown) > d.Limit {
		shown = shown[:d.Limit]
	}
	p.grid(changeGrid(name, shown, d.Rate), 0)
	p.more(0, len(changes)-len(shown), "signature")
}

func changeGrid(name string, changes []SignatureChange, rate float64) grid {
	g := grid{title: "TITLE"}
	before, after := gridColumn{heading: "BEFORE", head: true, right: true}, gridColumn{heading: "AFTER", head: true, right: true}
	ratio, level := gridColumn{heading: "RATE", head: true, right: true}, gridColumn{heading: "LEVEL", head: true}
	chances := gridColumn{heading: "BY CHANCE", label: "by chance"}
	var rows []SignatureRow
	for _, c := range changes {
		before.add(count(c.Before), inkPlain)
		after.add(count(c.After), inkPlain)
		ratio.add(rateRatio(c.Ratio), inkPlain)
		level.add(levelWord(c.Signature.Severity), levelInk(c.Signature.Severity))
		chances.add(chanceWords(c, rate), inkFaint)
		rows = append(rows, SignatureRow{Signature: c.Signature})
		g.below = append(g.below, belowRow(rows[len(rows)-1]))
	}
	g.titles = titlesOf(rows)
	switch name {
	case "new":
		g.columns = []gridColumn{after, level}
	case "gone":
		g.columns = []gridColumn{before, level}
	default:
		g.columns = []gridColumn{before, after, ratio, level}
	}
	g.columns = append(g.columns, chances, idColumn(rows))
	return g
}

// rateRatio writes a ratio of rates; what fell, as a fraction: ×0.25.
func rateRatio(x float64) string {
	if x <= 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return "-"
	}
	return times(x)
}

// chanceWords says of what was in one input only whether that says anything.
func chanceWords(c SignatureChange, rate float64) string {
	if c.Q > rate {
		return "possible"
	}
	return chance(c.Chance)
}
