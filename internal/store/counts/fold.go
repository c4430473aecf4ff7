package counts

import (
	"fmt"
	"maps"
	"slices"

	"selfheal"
)

// Fold adds rows up to what was counted of each revision.
type Fold struct {
	from, to  int64 // minutes [from, to)
	ids       []selfheal.SignatureID
	revisions map[string]*sums
}

// sums is what was counted of one revision.
type sums struct {
	series  []*selfheal.Series // by number
	all     selfheal.Series
	covered covered
	seen    bool // something of the interval is in it
}

// NewFold sums the minutes [from, to) of rows whose signatures have these ids, by
// number; an empty id is no signature.
func NewFold(from, to int64, ids []selfheal.SignatureID) *Fold {
	return &Fold{from: from, to: to, ids: ids, revisions: map[string]*sums{}}
}

// Add adds a row. Rows must come ascending by minute.
func (f *Fold) Add(row Row) error {
	begins := row.Minute >= f.from && row.Minute < f.to
	if row.Writer != "" && !begins {
		return nil
	}
	s := f.revisions[row.Revision]
	if s == nil {
		s = &sums{series: make([]*selfheal.Series, len(f.ids))}
		f.revisions[row.Revision] = s
	}
	err := Decode(row.Counts, func(item Item) error { return f.item(s, row, item) })
	if err != nil {
		return fmt.Errorf("counts of %s: %w", selfheal.MinuteTime(row.Minute), err)
	}
	if !begins {
		return nil
	}
	s.seen = true
	c, err := decodeCoverage(row.Coverage)
	if err != nil {
		return fmt.Errorf("counts of %s: %w", selfheal.MinuteTime(row.Minute), err)
	}
	s.covered.add(row.Minute, c)
	return nil
}

func (f *Fold) item(s *sums, row Row, item Item) error {
	series := &s.all
	if item.Number != 0 {
		if item.Number >= int64(len(f.ids)) || f.ids[item.Number] == "" {
			return fmt.Errorf("%w: no signature has number %d", ErrDamaged, item.Number)
		}
		if series = s.series[item.Number]; series == nil {
			series = &selfheal.Series{}
			s.series[item.Number] = series
		}
	}
	for _, c := range item.Counts {
		minute := row.Minute + c.Minute
		if minute < f.from || minute >= f.to {
			continue
		}
		s.seen = true
		series.Add(minute, c.N)
		if row.Writer != "" { // a merged hour says itself how many records there were
			s.all.Add(minute, c.N)
		}
	}
	if item.Reach != nil {
		series.Merge(&selfheal.Series{Reach: item.Reach})
		s.all.Merge(&selfheal.Series{Reach: &selfheal.Reach{Instances: item.Reach.Instances}})
	}
	return nil
}

// Counted gives the sums, ascending by revision.
func (f *Fold) Counted() []selfheal.Counted {
	var all []selfheal.Counted
	for _, revision := range slices.Sorted(maps.Keys(f.revisions)) {
		s := f.revisions[revision]
		if !s.seen {
			continue
		}
		counted := selfheal.Counted{Revision: revision, Coverage: s.covered.coverage()}
		counted.Counts = selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}, All: s.all, Records: s.all.Total()}
		for number, series := range s.series {
			if series != nil && len(series.Counts) > 0 {
				counted.Counts.Series[f.ids[number]] = series
			}
		}
		all = append(all, counted)
	}
	return all
}
