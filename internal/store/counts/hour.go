package counts

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"selfheal"
)

// MergeHour makes one row per revision, ascending, of the rows of one hour, which
// must come ascending by minute. Errors keep their minutes, as do the records as a
// whole; of all other signatures only the sum stays. Where they came from
// ([selfheal.Reach]) is dropped: it is asked of a window, never of a baseline.
func MergeHour(hour int64, rows []Row, signatures func(number int64) *selfheal.Signature) ([]Row, error) {
	byRevision := map[string]*mergedHour{}
	for _, row := range rows {
		m := byRevision[row.Revision]
		if m == nil {
			m = &mergedHour{hour: hour, series: map[int64]*selfheal.Series{}}
			byRevision[row.Revision] = m
		}
		if err := m.add(row, signatures); err != nil {
			return nil, fmt.Errorf("counts of %s: %w", selfheal.MinuteTime(row.Minute), err)
		}
	}
	var merged []Row
	for _, revision := range slices.Sorted(maps.Keys(byRevision)) {
		row, err := byRevision[revision].row(revision)
		if err != nil {
			return nil, err
		}
		merged = append(merged, row)
	}
	return merged, nil
}

// mergedHour is what the rows of one hour and revision add up to; number 0 is all records.
type mergedHour struct {
	hour    int64
	series  map[int64]*selfheal.Series
	covered covered
}

func (m *mergedHour) add(row Row, signatures func(int64) *selfheal.Signature) error {
	c, err := decodeCoverage(row.Coverage)
	if err != nil {
		return err
	}
	m.covered.add(row.Minute, c)
	after := row.Minute - m.hour
	return Decode(row.Counts, func(item Item) error {
		byMinute := item.Number == 0 || keepsMinutes(signatures(item.Number))
		for _, counted := range item.Counts {
			minute := after + counted.Minute
			if row.Writer != "" {
				m.of(0).Add(minute, counted.N)
			}
			if !byMinute {
				minute = 0
			}
			m.of(item.Number).Add(minute, counted.N)
		}
		return nil
	})
}

func (m *mergedHour) of(number int64) *selfheal.Series {
	s := m.series[number]
	if s == nil {
		s = &selfheal.Series{}
		m.series[number] = s
	}
	return s
}

func (m *mergedHour) row(revision string) (Row, error) {
	items := make([]Item, 0, len(m.series))
	for number, series := range m.series {
		items = append(items, Item{Number: number, Counts: series.Counts})
	}
	slices.SortFunc(items, func(a, b Item) int { return cmp.Compare(a.Number, b.Number) })
	coverage, err := EncodeCoverage(m.covered.coverage())
	if err != nil {
		return Row{}, fmt.Errorf("encode coverage: %w", err)
	}
	return Row{Minute: m.hour, Revision: revision, Counts: Encode(items), Coverage: coverage}, nil
}

// Named marks the numbers that a row names.
func Named(row Row, named map[int64]bool) error {
	err := Decode(row.Counts, func(item Item) error {
		named[item.Number] = true
		return nil
	})
	if err != nil {
		return fmt.Errorf("counts of %s: %w", selfheal.MinuteTime(row.Minute), err)
	}
	return nil
}
