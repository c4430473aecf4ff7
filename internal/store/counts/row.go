package counts

import (
	"cmp"
	"fmt"
	"slices"

	"selfheal"
)

// Row is what a store keeps of one revision: of one minute by one writer, or of a
// whole merged hour, which has no writer.
type Row struct {
	Minute   int64 // since the Unix epoch; of an hour its first
	Revision string
	Writer   string
	Counts   []byte // packed by [Encode]
	Coverage []byte // by [EncodeCoverage]
}

// HourOf gives the first minute of a minute's hour.
func HourOf(minute int64) int64 {
	hour := minute - minute%minutesPerHour
	if minute < hour {
		hour -= minutesPerHour
	}
	return hour
}

// RowOf packs a tally; number gives the numbers of its signatures.
func RowOf(t *selfheal.Tally, number func(selfheal.SignatureID) int64) (Row, error) {
	items := make([]Item, 0, len(t.Counts))
	counts := make([]selfheal.Count, 0, len(t.Counts)) // one array for all items
	for id, counted := range t.Counts {
		if counted.N == 0 {
			continue
		}
		counts = append(counts, selfheal.Count{N: counted.N})
		items = append(items, Item{Number: number(id), Counts: counts[len(counts)-1:], Reach: counted.Reach})
	}
	slices.SortFunc(items, func(a, b Item) int { return cmp.Compare(a.Number, b.Number) })
	coverage, err := EncodeCoverage(t.Coverage)
	if err != nil {
		return Row{}, fmt.Errorf("encode coverage: %w", err)
	}
	return Row{Minute: t.Minute, Revision: t.Revision, Writer: t.Writer, Counts: Encode(items), Coverage: coverage}, nil
}

// maxTallied bounds what one writer counts in a minute, so that the sum of an hour stays within MaxN.
const maxTallied = 1 << 40

// Validate refuses tallies that could be written and not be told apart or read again.
func Validate(tallies []selfheal.Tally) error {
	for i := range tallies {
		t := &tallies[i]
		if t.Writer == "" {
			return &selfheal.Error{Code: selfheal.CodeInternal, Message: "a tally has no writer"}
		}
		for id, counted := range t.Counts {
			if id == "" || counted.N < 0 || counted.N > maxTallied {
				return &selfheal.Error{Code: selfheal.CodeInternal, Message: fmt.Sprintf("not a count: %d of signature %q", counted.N, id)}
			}
		}
	}
	return nil
}
