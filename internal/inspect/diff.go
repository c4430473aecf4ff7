package inspect

import (
	"cmp"
	"context"
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/report"
)

// How a difference is judged.
const (
	// allowedFalse is the rate of false discoveries among what is reported as more or less.
	allowedFalse = 0.01
	// leastRatio is the smallest change of a rate that is reported: with enough
	// records even the hour of the day is significant.
	leastRatio = 1.5
)

// When rates are per time: nearly all records are dated, and they span more than a moment.
const (
	leastDated = 0.9
	leastSpan  = time.Minute
)

// Diff compares two inputs, each a pattern of files or "-". Both are
// generalised together, so that a merge never makes an old error look new.
func Diff(ctx context.Context, r Request, view View, before, after string) (report.SignatureDiff, error) {
	in := newLogReader(&r)
	var counts [2]tally
	var readings [2]report.Reading
	for side, pattern := range []string{before, after} {
		in.reading = report.Reading{}
		err := in.read(ctx, []string{pattern}, func(record *selfheal.Record, i group.Index) error {
			counts[side].note(record, i)
			return nil
		})
		if err != nil {
			return report.SignatureDiff{}, err
		}
		readings[side] = in.reading
	}
	signatures := in.grouper.Signatures()
	d := differ{counts: &counts, all: finals(signatures, r.generalise(signatures)), share: 0.5}
	d.diff = report.SignatureDiff{
		Before: report.DiffSide{Name: before, Reading: readings[0]}, After: report.DiffSide{Name: after, Reading: readings[1]},
		Rate: allowedFalse, Least: leastRatio, Limit: view.Limit,
		New: []report.SignatureChange{}, Gone: []report.SignatureChange{}, More: []report.SignatureChange{}, Less: []report.SignatureChange{},
	}
	d.normalise()
	d.compare(view.Level)
	return d.diff, nil
}

type differ struct {
	counts *[2]tally
	all    *finalSignatures
	share  float64 // the second input's part of the exposure
	diff   report.SignatureDiff
}

// normalise chooses what the counts are comparable by.
func (d *differ) normalise() {
	before, after := d.diff.Before.Reading, d.diff.After.Reading
	d.diff.Per = "records"
	exposure := [2]float64{float64(before.Records), float64(after.Records)}
	if spansTime(before) && spansTime(after) {
		d.diff.Per = "time"
		exposure = [2]float64{before.To.Sub(before.From).Seconds(), after.To.Sub(after.From).Seconds()}
	}
	if exposure[0] > 0 && exposure[1] > 0 {
		d.share = exposure[1] / (exposure[0] + exposure[1])
	}
}

func spansTime(r report.Reading) bool {
	dated := float64(r.Records - r.UndatedRecords)
	return r.Records > 0 && dated >= leastDated*float64(r.Records) && r.To.Sub(r.From) >= leastSpan
}

// compare sorts every signature into one of the lists.
func (d *differ) compare(level selfheal.Severity) {
	changes := make([]report.SignatureChange, len(d.all.members))
	chances := make([]float64, len(changes))
	for class := range changes {
		before, after := d.all.sum(class, &d.counts[0]).count, d.all.sum(class, &d.counts[1]).count
		changes[class] = report.SignatureChange{
			Before: before, After: after, Chance: chanceOfDifference(before, after, d.share),
			Merged: len(d.all.members[class]), Signature: d.all.signature(class),
		}
		chances[class] = changes[class].Chance
	}
	for class, q := range falseDiscoveryRates(chances) {
		changes[class].Q = q
		d.sortIn(changes[class], level)
	}
	for _, list := range []*[]report.SignatureChange{&d.diff.New, &d.diff.Gone, &d.diff.More, &d.diff.Less} {
		slices.SortFunc(*list, worse)
	}
}

// sortIn puts one signature into its list.
func (d *differ) sortIn(c report.SignatureChange, level selfheal.Severity) {
	if c.Before > 0 && c.After > 0 {
		c.Ratio = float64(c.After) / float64(c.Before) * (1 - d.share) / d.share
	}
	certain := c.Q <= allowedFalse
	switch {
	case c.Signature.Severity < level && c.Signature.Kind != selfheal.KindOverflow:
		d.diff.Below.Add(c.Before + c.After)
	case c.Before == 0:
		d.diff.New = append(d.diff.New, c)
	case c.After == 0:
		d.diff.Gone = append(d.diff.Gone, c)
	case certain && c.Ratio >= leastRatio:
		d.diff.More = append(d.diff.More, c)
	case certain && c.Ratio <= 1/leastRatio:
		d.diff.Less = append(d.diff.Less, c)
	default:
		d.diff.Unchanged.Add(c.Before + c.After)
	}
}

// worse orders by severity, then by how many, then by id.
func worse(a, b report.SignatureChange) int {
	return cmp.Or(
		cmp.Compare(b.Signature.Severity, a.Signature.Severity),
		cmp.Compare(b.Before+b.After, a.Before+a.After),
		cmp.Compare(a.Signature.ID, b.Signature.ID),
	)
}
