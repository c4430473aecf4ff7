package inspect

import (
	"cmp"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/report"
	"selfheal/internal/suggest"
)

// Order is by what rows are sorted.
type Order string

// The orders; equal rows stand by count, then by id.
const (
	OrderCount    Order = "count"    // most frequent first
	OrderFirst    Order = "first"    // oldest first occurrence first
	OrderLast     Order = "last"     // newest last occurrence first
	OrderSeverity Order = "severity" // worst first
)

// ParseOrder reads the name of an order.
func ParseOrder(text string) (Order, error) {
	orders := []string{string(OrderCount), string(OrderFirst), string(OrderLast), string(OrderSeverity)}
	if !slices.Contains(orders, text) {
		return "", selfheal.Usagef(didYouMean(text, orders), "unknown order %q", text)
	}
	return Order(text), nil
}

// ParseLevel reads the name of a severity.
func ParseLevel(text string) (selfheal.Severity, error) {
	names := []string{"trace", "debug", "info", "warn", "error", "fatal"}
	severities := []selfheal.Severity{
		selfheal.SeverityTrace, selfheal.SeverityDebug, selfheal.SeverityInfo, selfheal.SeverityWarn, selfheal.SeverityError, selfheal.SeverityFatal,
	}
	lower := strings.ToLower(text)
	if lower == "warning" {
		lower = "warn"
	}
	if i := slices.Index(names, lower); i >= 0 {
		return severities[i], nil
	}
	return 0, selfheal.Usagef(didYouMean(text, names), "unknown level %q", text)
}

// didYouMean hints at the nearest of the words that are allowed, and lists all.
func didYouMean(text string, words []string) string {
	const near = 2
	all := "use one of " + strings.Join(words, ", ")
	nearest := slices.MinFunc(words, func(a, b string) int {
		return cmp.Compare(suggest.Distance(text, a), suggest.Distance(text, b))
	})
	if suggest.Distance(text, nearest) <= near {
		return "did you mean " + nearest + "? " + all
	}
	return all
}

// View says which signatures a table shows, and how.
type View struct {
	Sort  Order             // empty: OrderCount
	Level selfheal.Severity // least; what was logged without a severity is below every level
	Limit int               // most rows; 0: all

	fresh map[int]bool // classes that are marked as new and stand before all others
}

// table makes the rows of what was counted. What it leaves out it counts; the
// row for everything beyond the cap on signatures always stays.
func (v View) table(reading report.Reading, counts *tally, all *finalSignatures) report.SignatureTable {
	t := report.SignatureTable{Reading: reading, Signatures: len(all.members), Lines: len(all.signatures), Rows: []report.SignatureRow{}}
	var shown, overflow []classSum
	for class := range all.members {
		c := classSum{class: class, fresh: v.fresh[class], id: all.id(class), sum: all.sum(class, counts)}
		switch {
		case all.kind(class) == selfheal.KindOverflow:
			overflow = append(overflow, c)
			t.Signatures--
			t.Lines--
		case c.sum.severity < v.Level:
			t.Below.Add(c.sum.count)
		default:
			shown = append(shown, c)
		}
	}
	v.sort(shown)
	if v.Limit > 0 && len(shown) > v.Limit {
		for _, c := range shown[v.Limit:] {
			t.Cut.Add(c.sum.count)
		}
		shown = shown[:v.Limit]
	}
	for _, c := range append(shown, overflow...) {
		t.Rows = append(t.Rows, all.row(c, counts))
	}
	return t
}

// classSum is what was counted of one class.
type classSum struct {
	class int
	fresh bool
	id    selfheal.SignatureID
	sum   tallied
}

func (v View) sort(classes []classSum) {
	slices.SortFunc(classes, func(a, b classSum) int {
		if a.fresh != b.fresh {
			return cmp.Compare(rank(a.fresh), rank(b.fresh))
		}
		return cmp.Or(v.compare(&a.sum, &b.sum), cmp.Compare(b.sum.count, a.sum.count), cmp.Compare(a.id, b.id))
	})
}

// rank puts what is true first.
func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

func (v View) compare(a, b *tallied) int {
	switch v.Sort {
	case OrderFirst:
		if a.first.IsZero() != b.first.IsZero() {
			return b.first.Compare(a.first) // undated ones last
		}
		return a.first.Compare(b.first)
	case OrderLast:
		return b.last.Compare(a.last)
	case OrderSeverity:
		return cmp.Compare(b.severity, a.severity)
	}
	return 0
}

// finalSignatures says which of a Grouper's signatures are one error.
type finalSignatures struct {
	signatures []selfheal.Signature // by index
	class      []int                // by index
	members    [][]int              // indexes, by class; the one whose id stands for all comes first
	commons    map[int]string       // by class, as far as it was asked for
}

// finals puts together what stands for one another.
func finals(signatures []selfheal.Signature, g group.Generalisation) *finalSignatures {
	f := &finalSignatures{signatures: signatures, class: make([]int, len(signatures)), commons: make(map[int]string)}
	classes := make(map[selfheal.SignatureID]int, len(signatures))
	for i := range signatures {
		id := signatures[i].ID
		stands := cmp.Or(g.Of[id], id)
		class, known := classes[stands]
		if !known {
			class = len(f.members)
			classes[stands] = class
			f.members = append(f.members, nil)
		}
		f.class[i] = class
		f.members[class] = append(f.members[class], i)
		if n := len(f.members[class]); id == stands && n > 1 {
			m := f.members[class]
			m[0], m[n-1] = m[n-1], m[0]
		}
	}
	f.read(g.Learned.Patterns, classes)
	return f
}

// read takes the pattern that made a class for what it reads like; of a class
// that several patterns made, its templates tell.
func (f *finalSignatures) read(patterns []selfheal.Pattern, classes map[selfheal.SignatureID]int) {
	made := make(map[selfheal.SignatureID]int)
	for _, p := range patterns {
		made[p.Signature]++
	}
	for _, p := range patterns {
		if class, known := classes[p.Signature]; known && made[p.Signature] == 1 && len(f.members[class]) > 1 {
			f.commons[class] = p.Template
		}
	}
}

// maxTitle is the length of a title in characters.
const maxTitle = 200

// signature is the one that stands for a class, with what all of it were seen
// to be. Its title has "<*>" where they differ.
func (f *finalSignatures) signature(class int) selfheal.Signature {
	members := f.members[class]
	if len(members) == 1 {
		return f.signatures[members[0]]
	}
	one := make(map[selfheal.SignatureID]*selfheal.Signature, 1)
	id := f.signatures[members[0]].ID
	for _, i := range members {
		s := f.signatures[i]
		s.ID = id
		group.MergeSignatures(one, []selfheal.Signature{s})
	}
	title := []rune(f.common(class))
	if len(title) > maxTitle {
		title = append(title[:maxTitle-1], '…')
	}
	one[id].Title = string(title)
	return *one[id]
}

// common is the text that the templates of a class share.
func (f *finalSignatures) common(class int) string {
	if text, known := f.commons[class]; known {
		return text
	}
	var templates []string
	for _, i := range f.members[class] {
		templates = append(templates, f.signatures[i].Template)
	}
	text := group.Common(templates)
	f.commons[class] = text
	return text
}

// id is the one that stands for a class.
func (f *finalSignatures) id(class int) selfheal.SignatureID {
	return f.signatures[f.members[class][0]].ID
}

func (f *finalSignatures) kind(class int) selfheal.SignatureKind {
	return f.signatures[f.members[class][0]].Kind
}

// sum adds up what was counted of a class.
func (f *finalSignatures) sum(class int, counts *tally) (sum tallied) {
	members := f.members[class]
	if len(members) == 1 && members[0] < len(counts.entries) {
		return counts.entries[members[0]] // nearly all: nothing to be added
	}
	for _, i := range members {
		if i < len(counts.entries) {
			sum.add(&counts.entries[i])
		}
	}
	return sum
}

func (f *finalSignatures) row(c classSum, counts *tally) report.SignatureRow {
	return report.SignatureRow{
		Count: c.sum.count, New: c.fresh, Merged: len(f.members[c.class]), Times: counts.timeline.chart(c.sum.spread), Signature: f.signature(c.class),
	}
}
