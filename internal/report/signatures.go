package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"selfheal"
)

// Reading says what was read of logs, and what of it was not counted.
type Reading struct {
	Records        int64     `json:"records"` // counted
	From           time.Time `json:"from"`    // time of the first of them; zero when none carries one
	To             time.Time `json:"to"`      // time of the last of them
	UndatedRecords int64     `json:"undated_records,omitempty"`
	// OutsideLines lie before or after the interval that was asked for, and are left out.
	OutsideLines int64 `json:"outside_lines,omitempty"`
	// UnplacedLines were kept although an interval was asked for: neither they nor a line before them state a time.
	UnplacedLines int64 `json:"unplaced_lines,omitempty"`
}

// SignatureTable is a list of signatures, and what it does not show.
type SignatureTable struct {
	Reading
	Signatures int `json:"signature_count"` // of all records, shown or not
	// Lines is how many there were before those that are one error were put together.
	Lines int              `json:"exact_signature_count"`
	Below HiddenSignatures `json:"below_level,omitzero"`  // less severe than what was asked for
	Cut   HiddenSignatures `json:"beyond_limit,omitzero"` // beyond the number of rows asked for
	// By has a column for each value of a field, where the table was asked for by one.
	By   *SignatureColumns `json:"by,omitempty"`
	Rows []SignatureRow    `json:"signatures"`
}

// HiddenSignatures counts what a table leaves out.
type HiddenSignatures struct {
	Signatures int   `json:"signatures"`
	Records    int64 `json:"records"`
}

// Add counts one signature as left out.
func (h *HiddenSignatures) Add(records int64) {
	h.Signatures++
	h.Records += records
}

// SignatureRow is one line of the list of signatures.
type SignatureRow struct {
	Count     int64              `json:"count"`            // occurrences
	Merged    int                `json:"merged,omitempty"` // exact signatures that it stands for
	New       bool               `json:"new,omitempty"`    // first seen a short while ago
	Times     selfheal.ChartSpan `json:"times,omitzero"`   // occurrences over the time of all records
	Counts    []int64            `json:"counts,omitempty"` // by column of [SignatureColumns]
	Signature selfheal.Signature `json:"signature"`
}

// Signatures lists signatures in the order given. Where the width allows, each
// has one line; else a second one holds what is not in the first.
func Signatures(w io.Writer, t SignatureTable, o TextOptions) error {
	p := newPrinter(o)
	p.summary(t)
	if len(t.Rows) > 0 {
		p.blank()
		p.grid(signatureGrid(t), 0)
	}
	p.notes(t)
	return p.flush(w)
}

// summary is what a table is of, on one line if it fits.
func (p *printer) summary(t SignatureTable) {
	reading, signatures := readingWords(t.Reading), signaturesWords(t)
	if line := reading + " · " + signatures; lipgloss.Width(line) <= p.width {
		p.line(line)
		return
	}
	p.line(fit(reading, p.width))
	p.line(fit(signatures, p.width))
}

// readingWords says how many records there are, and of which time.
func readingWords(r Reading) string {
	words := plural(r.Records, "record")
	if !r.From.IsZero() {
		words += ", " + interval(selfheal.Interval{From: r.From, To: r.To})
	}
	return words
}

// signaturesWords says how many signatures there are, and of how many they were made.
func signaturesWords(t SignatureTable) string {
	if t.Signatures == 0 {
		return "no signatures"
	}
	words := plural(int64(t.Signatures), "signature")
	if t.Lines > t.Signatures {
		words += fmt.Sprintf(" (%s as the lines read)", count(int64(t.Lines)))
	}
	return words
}

// notes says what the table does not show, and on what footing records without a time were counted.
func (p *printer) notes(t SignatureTable) {
	var notes []string
	if t.Cut.Signatures > 0 {
		notes = append(notes, fmt.Sprintf("… and %s more with %s: --limit 0 shows all", plural(int64(t.Cut.Signatures), "signature"), plural(t.Cut.Records, "record")))
	}
	if t.Below.Signatures > 0 {
		notes = append(notes, fmt.Sprintf("%s with %s below the level asked for", plural(int64(t.Below.Signatures), "signature"), plural(t.Below.Records, "record")))
	}
	notes = append(notes, readingNotes(t.Reading)...)
	if len(notes) > 0 {
		p.blank()
	}
	for _, note := range notes {
		p.paragraph(0, note, p.faint)
	}
}

// readingNotes is about what --since and --until left out or could not judge.
func readingNotes(r Reading) (notes []string) {
	if r.OutsideLines > 0 {
		notes = append(notes, plural(r.OutsideLines, "line")+" before or after the interval left out")
	}
	if r.UndatedRecords > 0 && r.UndatedRecords < r.Records {
		note := plural(r.UndatedRecords, "record") + " without a time of their own"
		if r.OutsideLines > 0 || r.UnplacedLines > 0 {
			note += ", each taken to be as old as the line before it"
		}
		notes = append(notes, note)
	}
	if r.UnplacedLines > 0 {
		notes = append(notes, plural(r.UnplacedLines, "line")+" kept although no time is known: neither they nor any line before them in their file state one")
	}
	return notes
}

// signatureGrid lays the rows out: by value of a field, or over time.
func signatureGrid(t SignatureTable) grid {
	g := grid{title: "TITLE", titles: titlesOf(t.Rows)}
	mark := gridColumn{head: true}
	counts := gridColumn{heading: "COUNT", head: true, right: true}
	level := gridColumn{heading: "LEVEL", head: true}
	marked := false
	for _, row := range t.Rows {
		marked = marked || row.New
		mark.add(newMark(row.New), inkGood)
		counts.add(count(row.Count), inkPlain)
		level.add(levelWord(row.Signature.Severity), levelInk(row.Signature.Severity))
		g.below = append(g.below, belowRow(row))
	}
	if marked {
		g.columns = append(g.columns, mark)
	}
	g.columns = append(g.columns, counts)
	if t.By != nil {
		g.columns = append(append(g.columns, level, idColumn(t.Rows)), t.By.columns(t.Rows)...)
	} else {
		g.columns = append(append(g.columns, shares(t), level, idColumn(t.Rows)), timeColumns(t)...)
	}
	return g
}

func newMark(isNew bool) string {
	if isNew {
		return "new"
	}
	return ""
}

// titleOf is the title, or what stands in for one.
func titleOf(s selfheal.Signature) string {
	if s.Kind == selfheal.KindOverflow {
		return "everything else"
	}
	if title := oneLine(s.Title, titleLimit); strings.TrimSpace(title) != "" {
		return title
	}
	return "(no text)"
}

// titlesOf gives the titles of rows. Where two are the same, as when one function
// fails on two ways to it, the callers that tell them apart follow.
func titlesOf(rows []SignatureRow) []string {
	titles := make([]string, len(rows))
	for i, row := range rows {
		titles[i] = titleOf(row.Signature)
	}
	const callers = 3
	for depth := 1; depth <= callers; depth++ {
		same := map[string]int{}
		for _, title := range titles {
			same[title]++
		}
		for i, row := range rows {
			if frames := row.Signature.Frames; same[titles[i]] > 1 && depth < len(frames) {
				titles[i] += " ← " + oneLine(frames[depth], titleLimit)
			}
		}
	}
	return titles
}

// belowRow explains what a title alone does not tell.
func belowRow(row SignatureRow) string {
	if row.Signature.Kind == selfheal.KindOverflow {
		return "there are more distinct signatures than are kept apart (50,000, or 16 MiB of text); records of all further ones are counted in this row"
	}
	return ""
}

func levelWord(s selfheal.Severity) string {
	if s == selfheal.SeverityUnspecified {
		return "-"
	}
	return s.String()
}

func levelInk(s selfheal.Severity) inkName {
	switch {
	case s >= selfheal.SeverityError:
		return inkBad
	case s >= selfheal.SeverityWarn:
		return inkUnsure
	}
	return inkFaint
}

// shares says how much of all records each signature is.
func shares(t SignatureTable) gridColumn {
	c := gridColumn{heading: "SHARE", head: true, right: true}
	for _, row := range t.Rows {
		c.add(share(row.Count, t.Records), inkPlain)
	}
	return c
}

func share(n, all int64) string {
	if all <= 0 || n < 0 {
		return "-"
	}
	switch percent := float64(n) / float64(all) * 100; {
	case percent >= 99.5 && n < all:
		return ">99 %"
	case percent < 0.5 && n > 0:
		return "<1 %"
	default:
		return fmt.Sprintf("%.0f %%", percent)
	}
}

// timeColumns show when: a small chart, and the first and the last occurrence.
func timeColumns(t SignatureTable) []gridColumn {
	over := gridColumn{heading: "OVER TIME"}
	first, last := gridColumn{heading: "FIRST"}, gridColumn{heading: "LAST", joint: " to "}
	layout := momentLayout(t.Reading)
	for _, row := range t.Rows {
		over.add(sparkline(row.Times.Buckets, sparkWidth), inkNeutral)
		first.add(moment(row.Signature.First, layout), inkFaint)
		last.add(moment(row.Signature.Last, layout), inkFaint)
	}
	return []gridColumn{over, first, last}
}

// momentLayout is the shortest that tells the moments of a reading apart.
func momentLayout(r Reading) string {
	from, to := r.From.UTC(), r.To.UTC()
	switch {
	case from.Format(dayLayout) == to.Format(dayLayout):
		return clockLayout
	case from.Year() == to.Year():
		return "Jan 02 15:04"
	}
	return minuteLayout
}

func moment(t time.Time, layout string) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(layout)
}

// idColumn shows the ids as short as they can be told apart.
func idColumn(rows []SignatureRow) gridColumn {
	c := gridColumn{heading: "ID"}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = oneLine(string(row.Signature.ID), titleLimit)
	}
	n := shortest(ids)
	for _, id := range ids {
		runes := []rune(id)
		c.add(string(runes[:min(n, len(runes))]), inkCode)
	}
	return c
}

// shortest gives a length, at least that of "g2-" and six digits, to which ids can
// be cut and still differ.
func shortest(ids []string) int {
	const least = len("g2-") + 6
	for n := least; ; n++ {
		seen, clash, cut := map[string]bool{}, false, false
		for _, id := range ids {
			head := id
			if runes := []rune(id); len(runes) > n {
				head, cut = string(runes[:n]), true
			}
			clash = clash || seen[head]
			seen[head] = true
		}
		if !clash || !cut {
			return n
		}
	}
}

// sparkWidth is how many characters a small chart has at most.
const sparkWidth = 14

// sparkline draws buckets as one row of blocks, each row on its own scale;
// nothing is a dot.
func sparkline(buckets []int64, width int) string {
	if len(buckets) == 0 {
		return "-"
	}
	columns := resample(buckets, min(width, len(buckets)))
	peak := 0.0
	for _, n := range columns {
		peak = max(peak, n)
	}
	levels := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, n := range columns {
		if n <= 0 || peak <= 0 {
			b.WriteByte('.')
			continue
		}
		b.WriteRune(levels[min(len(levels)-1, int(n/peak*float64(len(levels)-1)+0.5))])
	}
	return b.String()
}

// resample spreads buckets evenly over fewer columns; what lies across a border is divided.
func resample(buckets []int64, width int) []float64 {
	columns := make([]float64, width)
	scale := float64(width) / float64(len(buckets))
	for i, n := range buckets {
		from, to := float64(i)*scale, float64(i+1)*scale
		for c := int(from); c < width && float64(c) < to; c++ {
			overlap := min(to, float64(c+1)) - max(from, float64(c))
			if overlap > 1e-9 {
				columns[c] += float64(max(0, n)) * overlap / scale
			}
		}
	}
	return columns
}
