package counts

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"selfheal"
)

// Database is where a [Ledger] keeps its rows.
type Database interface {
	// WriteTables runs f in one transaction, all or nothing. While f holds a scope
	// ([Tables].Hold), no other transaction does. f may be run again when the
	// database asks for it.
	WriteTables(ctx context.Context, op string, f func(Tables) error) error
	// ReadTables runs f over what was true at one moment.
	ReadTables(ctx context.Context, op string, f func(Tables) error) error
}

// Tables is what a transaction can do with the rows of a scope.
type Tables interface {
	// Scopes lists all scopes.
	Scopes(ctx context.Context) ([]Scope, error)
	// Find gives a scope; nil when it is unknown.
	Find(ctx context.Context, name selfheal.Scope) (*Scope, error)
	// Make makes a scope that is unknown, if nobody else has.
	Make(ctx context.Context, name selfheal.Scope) error
	// Hold keeps others from writing to a scope until the transaction ends, and gives it as it then is.
	Hold(ctx context.Context, scope int64) (Scope, error)
	// SaveScope keeps Next and Compacted.
	SaveScope(ctx context.Context, s Scope) error

	// Signatures gives the signatures of a scope, without descriptions.
	Signatures(ctx context.Context, scope int64) ([]Known, error)
	// Described gives those of them that have a number of these, with descriptions; all for nil.
	Described(ctx context.Context, scope int64, numbers []int64) ([]Known, error)
	SaveSignatures(ctx context.Context, scope int64, signatures []Known) error
	DropSignatures(ctx context.Context, scope int64, numbers []int64) error

	// Next gives the first minute from one on that has rows; ok tells whether any has.
	Next(ctx context.Context, scope, from int64) (minute int64, ok bool, err error)
	// Unmerged lists the minutes before one that have rows of writers.
	Unmerged(ctx context.Context, scope, before int64) ([]int64, error)
	// Rows gives the rows of minutes [from, to), ascending by minute.
	Rows(ctx context.Context, scope, from, to int64) ([]Row, error)
	// SaveRows adds rows, each in the place of the one with its minute, revision and writer. None is there twice.
	SaveRows(ctx context.Context, scope int64, rows []Row) error
	// DropRows drops the rows of minutes [from, to) and tells how many there were.
	DropRows(ctx context.Context, scope, from, to int64) (int64, error)
}

// Scope is a scope as it is kept.
type Scope struct {
	ID   int64
	Name selfheal.Scope
	// Next is the number that the next new signature gets. Numbers are never used again.
	Next int64
	// Compacted is the minute before which hours are merged, and nothing is taken in any more.
	Compacted int64
}

// Known is a signature as it is kept; Description is empty when nobody described it.
type Known struct {
	Number      int64
	ID          selfheal.SignatureID
	Description []byte
}

// NeverCompacted is the Compacted of a new scope.
const NeverCompacted = math.MinInt64

// Ledger keeps counts in a database; it is a [selfheal.CountStore].
type Ledger struct{ database Database }

var _ selfheal.CountStore = (*Ledger)(nil)

// NewLedger gives the ledger of a database.
func NewLedger(database Database) *Ledger { return &Ledger{database} }

// Scopes lists the scopes that have counts, by environment and service.
func (l *Ledger) Scopes(ctx context.Context) ([]selfheal.Scope, error) {
	var names []selfheal.Scope
	err := l.database.ReadTables(ctx, "list scopes", func(tables Tables) error {
		scopes, err := tables.Scopes(ctx)
		if err != nil {
			return err
		}
		for _, s := range scopes {
			if _, counted, err := tables.Next(ctx, s.ID, math.MinInt64); err != nil {
				return err
			} else if counted {
				names = append(names, s.Name)
			}
		}
		return nil
	})
	slices.SortFunc(names, compareNames)
	return names, err
}

func compareNames(a, b selfheal.Scope) int {
	return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Service, b.Service))
}

// Signatures describes all signatures of a scope. Of one that was counted and never described, only the id is known.
func (l *Ledger) Signatures(ctx context.Context, name selfheal.Scope) (map[selfheal.SignatureID]*selfheal.Signature, error) {
	all := map[selfheal.SignatureID]*selfheal.Signature{}
	err := l.database.ReadTables(ctx, "read signatures", func(tables Tables) error {
		scope, err := tables.Find(ctx, name)
		if err != nil || scope == nil {
			return err
		}
		numbered, err := describe(ctx, tables, scope.ID, nil)
		for s := range maps.Values(numbered) {
			all[s.ID] = s
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// describe gives signatures by number; all for nil.
func describe(ctx context.Context, tables Tables, scope int64, numbers []int64) (map[int64]*selfheal.Signature, error) {
	known, err := tables.Described(ctx, scope, numbers)
	if err != nil {
		return nil, err
	}
	all := make(map[int64]*selfheal.Signature, len(known))
	for _, k := range known {
		if all[k.Number], err = DecodeSignature(k.ID, k.Description); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Counted gives the sums of the minutes of an interval, by revision; see
// [selfheal.CountStore]. An end of the interval that is zero is open; the minute
// in which it ends is left out, as [selfheal.Counts.Within] does.
func (l *Ledger) Counted(ctx context.Context, name selfheal.Scope, interval selfheal.Interval) ([]selfheal.Counted, error) {
	var counted []selfheal.Counted
	err := l.database.ReadTables(ctx, "read counts", func(tables Tables) error {
		scope, err := tables.Find(ctx, name)
		if err != nil || scope == nil {
			return err
		}
		from, to := minutesOf(interval)
		fold, err := newFold(ctx, tables, scope, from, to)
		if err != nil {
			return err
		}
		if err := eachRow(ctx, tables, scope.ID, HourOf(from), to, fold.Add); err != nil {
			return err
		}
		counted = fold.Counted()
		return nil
	})
	return counted, err
}

// far is a minute that no time has.
const far = math.MaxInt64 / 4

// minutesOf gives the minutes [from, to) of an interval, open ends as far ones.
func minutesOf(interval selfheal.Interval) (from, to int64) {
	from, to = -far, far
	if !interval.From.IsZero() {
		from = selfheal.MinuteOf(interval.From)
	}
	if !interval.To.IsZero() {
		to = selfheal.MinuteOf(interval.To)
	}
	return from, to
}

func newFold(ctx context.Context, tables Tables, scope *Scope, from, to int64) (*Fold, error) {
	known, err := tables.Signatures(ctx, scope.ID)
	if err != nil {
		return nil, err
	}
	var highest int64
	for _, k := range known {
		highest = max(highest, k.Number)
	}
	ids := make([]selfheal.SignatureID, highest+1)
	for _, k := range known {
		ids[k.Number] = k.ID
	}
	return NewFold(from, to, ids), nil
}

// chunk is how many minutes of rows are in memory at once.
const chunk = 6 * minutesPerHour

// eachRow calls f for the rows of minutes [from, to), ascending by minute. Years
// without rows, which a single wrong clock can put before the others, cost nothing.
func eachRow(ctx context.Context, tables Tables, scope, from, to int64, f func(Row) error) error {
	for {
		at, ok, err := tables.Next(ctx, scope, from)
		if err != nil || !ok || at >= to {
			return err
		}
		from = min(at+chunk, to)
		rows, err := tables.Rows(ctx, scope, at, from)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := f(row); err != nil {
				return err
			}
		}
	}
}

// Compact merges and forgets; see [selfheal.CountStore]. It may be killed at any
// moment and run by several processes at once: first no writer may add to the
// hours any more, then one hour after the other is merged, each in one transaction.
func (l *Ledger) Compact(ctx context.Context, before, keep time.Time) error {
	forgotten := HourOf(selfheal.MinuteOf(keep))
	compacted := max(forgotten, HourOf(selfheal.MinuteOf(before)))
	var scopes []Scope
	err := l.database.ReadTables(ctx, "list scopes", func(tables Tables) (err error) {
		scopes, err = tables.Scopes(ctx)
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(scopes, func(a, b Scope) int { return compareNames(a.Name, b.Name) })
	for _, s := range scopes {
		if err := l.compact(ctx, s, compacted, forgotten); err != nil {
			return err
		}
	}
	return nil
}

func (l *Ledger) compact(ctx context.Context, s Scope, compacted, forgotten int64) error {
	op := fmt.Sprintf("compact the counts of %s/%s", s.Name.Environment, s.Name.Service)
	var hours []int64
	var signatures map[int64]*selfheal.Signature
	err := l.database.WriteTables(ctx, op, func(tables Tables) error {
		held, err := tables.Hold(ctx, s.ID)
		if err != nil {
			return err
		}
		held.Compacted = max(held.Compacted, compacted)
		if err := tables.SaveScope(ctx, held); err != nil {
			return err
		}
		if err := forget(ctx, tables, s.ID, forgotten); err != nil {
			return err
		}
		if hours, err = unmergedHours(ctx, tables, held); err != nil || len(hours) == 0 {
			return err
		}
		signatures, err = describe(ctx, tables, s.ID, nil)
		return err
	})
	if err != nil {
		return err
	}
	for _, hour := range hours {
		err := l.database.WriteTables(ctx, op, func(tables Tables) error {
			if _, err := tables.Hold(ctx, s.ID); err != nil {
				return err
			}
			return mergeHour(ctx, tables, s.ID, hour, signatures)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func unmergedHours(ctx context.Context, tables Tables, s Scope) ([]int64, error) {
	minutes, err := tables.Unmerged(ctx, s.ID, s.Compacted)
	for i := range minutes {
		minutes[i] = HourOf(minutes[i])
	}
	slices.Sort(minutes)
	return slices.Compact(minutes), err
}

// mergeHour puts one row per revision in the place of an hour's rows. Merging what is merged changes nothing.
func mergeHour(ctx context.Context, tables Tables, scope, hour int64, signatures map[int64]*selfheal.Signature) error {
	rows, err := tables.Rows(ctx, scope, hour, hour+minutesPerHour)
	if err != nil {
		return err
	}
	merged, err := MergeHour(hour, rows, func(number int64) *selfheal.Signature { return signatures[number] })
	if err != nil {
		return err
	}
	if _, err := tables.DropRows(ctx, scope, hour, hour+minutesPerHour); err != nil {
		return err
	}
	return tables.SaveRows(ctx, scope, merged)
}

// forget drops all rows before a minute, and the signatures that no row names any more.
func forget(ctx context.Context, tables Tables, scope, before int64) error {
	dropped, err := tables.DropRows(ctx, scope, math.MinInt64, before)
	if err != nil || dropped == 0 {
		return err
	}
	named, err := namedNumbers(ctx, tables, scope)
	if err != nil {
		return err
	}
	known, err := tables.Signatures(ctx, scope)
	if err != nil {
		return err
	}
	var unnamed []int64
	for _, k := range known {
		if !named[k.Number] {
			unnamed = append(unnamed, k.Number)
		}
	}
	return tables.DropSignatures(ctx, scope, unnamed)
}

func namedNumbers(ctx context.Context, tables Tables, scope int64) (map[int64]bool, error) {
	named := map[int64]bool{}
	err := eachRow(ctx, tables, scope, math.MinInt64, far, func(row Row) error { return Named(row, named) })
	return named, err
}
