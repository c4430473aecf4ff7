package inspect

import (
	"cmp"
	"context"
	"slices"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/report"
)

// Field is a field of records whose values a table has columns for.
type Field string

// The fields.
const (
	FieldService  Field = "service"
	FieldRevision Field = "revision"
)

// ParseField reads the name of a field.
func ParseField(text string) (Field, error) {
	fields := []string{string(FieldService), string(FieldRevision)}
	if !slices.Contains(fields, text) {
		return "", selfheal.Usagef(didYouMean(text, fields), "unknown field %q", text)
	}
	return Field(text), nil
}

// TableBy is [Table] with a column of counts for each of the most frequent
// values of a field, at most columns of them.
func TableBy(ctx context.Context, r Request, view View, field Field, columns int) (report.SignatureTable, error) {
	in := newLogReader(&r)
	var counts tally
	values := valueCounts{field: field, columns: make(map[string]int), counts: make(map[valueKey]int64)}
	err := in.read(ctx, r.Files, func(record *selfheal.Record, i group.Index) error {
		counts.note(record, i)
		values.note(record, i)
		return nil
	})
	if err != nil {
		return report.SignatureTable{}, err
	}
	signatures := in.grouper.Signatures()
	all := finals(signatures, r.generalise(signatures))
	t := view.table(in.reading, &counts, all)
	values.fill(&t, all, columns)
	return t, nil
}

// maxValues is how many values are told apart while reading; what comes later is counted together.
const maxValues = 64

// valueCounts counts occurrences by signature and value.
type valueCounts struct {
	field   Field
	columns map[string]int // by value; "" is none
	totals  [maxValues + 1]int64
	counts  map[valueKey]int64
}

type valueKey struct {
	index  group.Index
	column int // maxValues: others
}

func (v *valueCounts) note(r *selfheal.Record, i group.Index) {
	value := r.Service
	if v.field == FieldRevision {
		value = r.Revision
	}
	column, known := v.columns[value]
	if !known {
		if column = len(v.columns); column < maxValues {
			v.columns[value] = column
		} else {
			column = maxValues
		}
	}
	v.totals[column]++
	v.counts[valueKey{i, column}]++
}

// fill adds the columns to a table.
func (v *valueCounts) fill(t *report.SignatureTable, all *finalSignatures, limit int) {
	t.By = &report.SignatureColumns{Field: string(v.field), Values: []report.ColumnValue{}}
	place := v.places(t.By, limit)
	rows := make(map[selfheal.SignatureID]*report.SignatureRow, len(t.Rows))
	for i := range t.Rows {
		t.Rows[i].Counts = make([]int64, len(t.By.Values))
		rows[t.Rows[i].Signature.ID] = &t.Rows[i]
	}
	for key, n := range v.counts {
		if row := rows[all.id(all.class[key.index])]; row != nil {
			row.Counts[place[key.column]] += n
		}
	}
}

// places decides which values have columns of their own, and gives the place of each.
func (v *valueCounts) places(by *report.SignatureColumns, limit int) [maxValues + 1]int {
	var place [maxValues + 1]int
	var values []string
	for value := range v.columns {
		if value != "" {
			values = append(values, value)
		}
	}
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(cmp.Compare(v.totals[v.columns[b]], v.totals[v.columns[a]]), cmp.Compare(a, b))
	})
	others := report.ColumnValue{Others: true, Records: v.totals[maxValues]}
	cut := len(values)
	if limit > 0 && cut > limit {
		cut = limit
	}
	for i, value := range values {
		column := v.columns[value]
		if place[column] = min(i, cut); i < cut {
			by.Values = append(by.Values, report.ColumnValue{Value: value, Records: v.totals[column]})
		} else {
			others.Records += v.totals[column]
		}
	}
	place[maxValues] = cut
	if others.Records > 0 {
		by.Values = append(by.Values, others)
	}
	if column, stated := v.columns[""]; stated {
		place[column] = len(by.Values)
		by.Values = append(by.Values, report.ColumnValue{None: true, Records: v.totals[column]})
	}
	return place
}
