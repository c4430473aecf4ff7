package counts

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"selfheal"
)

// PutTallies keeps tallies and describes signatures; see [selfheal.CountStore].
func (l *Ledger) PutTallies(ctx context.Context, tallies []selfheal.Tally, signatures map[selfheal.Scope][]selfheal.Signature) error {
	if err := Validate(tallies); err != nil {
		return fmt.Errorf("put tallies: %w", err)
	}
	byScope := map[selfheal.Scope][]*selfheal.Tally{}
	for i := range tallies {
		byScope[tallies[i].Scope] = append(byScope[tallies[i].Scope], &tallies[i])
	}
	for name := range signatures {
		byScope[name] = append(byScope[name], nil...)
	}
	// All hold scopes in the same order, so that no two wait for each other.
	names := slices.SortedFunc(maps.Keys(byScope), compareNames)
	return l.database.WriteTables(ctx, "put tallies", func(tables Tables) error {
		for _, name := range names {
			if err := putScope(ctx, tables, name, byScope[name], signatures[name]); err != nil {
				return err
			}
		}
		return nil
	})
}

func putScope(ctx context.Context, tables Tables, name selfheal.Scope, tallies []*selfheal.Tally, signatures []selfheal.Signature) error {
	scope, err := hold(ctx, tables, name)
	if err != nil {
		return err
	}
	if err := refuseCompacted(scope, tallies); err != nil {
		return err
	}
	numbers, err := register(ctx, tables, scope, tallies, signatures)
	if err != nil {
		return err
	}
	rows, err := rowsOf(tallies, numbers)
	if err != nil {
		return err
	}
	return tables.SaveRows(ctx, scope.ID, rows)
}

func hold(ctx context.Context, tables Tables, name selfheal.Scope) (Scope, error) {
	found, err := tables.Find(ctx, name)
	if err == nil && found == nil {
		if err = tables.Make(ctx, name); err == nil {
			found, err = tables.Find(ctx, name)
		}
	}
	if err != nil {
		return Scope{}, err
	}
	return tables.Hold(ctx, found.ID)
}

// refuseCompacted keeps a minute that was merged already from being counted twice:
// what a writer said of it before cannot be told apart any more.
func refuseCompacted(s Scope, tallies []*selfheal.Tally) error {
	for _, t := range tallies {
		if t.Minute < s.Compacted {
			return &selfheal.Error{
				Code: selfheal.CodeConflict,
				Message: fmt.Sprintf("the counts of %s/%s before %s were compacted, and %s is before; nothing was kept",
					s.Name.Environment, s.Name.Service, formatMinute(s.Compacted), formatMinute(t.Minute)),
				Hint: "leave out what is older than that; such records came too late to be counted",
			}
		}
	}
	return nil
}

func formatMinute(minute int64) string { return selfheal.MinuteTime(minute).Format(time.RFC3339) }

// register gives every signature a number, and adds what is said of them to what is known.
func register(ctx context.Context, tables Tables, scope Scope, tallies []*selfheal.Tally, signatures []selfheal.Signature) (map[selfheal.SignatureID]int64, error) {
	known, err := tables.Signatures(ctx, scope.ID)
	if err != nil {
		return nil, err
	}
	numbers := make(map[selfheal.SignatureID]int64, len(known))
	for _, k := range known {
		numbers[k.ID] = k.Number
	}
	next := scope.Next
	fresh := map[selfheal.SignatureID]*selfheal.Signature{}
	for _, id := range idsOf(tallies, signatures) {
		if _, ok := numbers[id]; !ok {
			numbers[id], fresh[id] = next, &selfheal.Signature{ID: id}
			next++
		}
	}
	if next != scope.Next {
		scope.Next = next
		if err := tables.SaveScope(ctx, scope); err != nil {
			return nil, err
		}
	}
	return numbers, saveDescriptions(ctx, tables, scope.ID, numbers, fresh, signatures)
}

// idsOf gives all ids once, in an order that does not depend on maps.
func idsOf(tallies []*selfheal.Tally, signatures []selfheal.Signature) []selfheal.SignatureID {
	ids := map[selfheal.SignatureID]bool{}
	for _, t := range tallies {
		for id, counted := range t.Counts {
			if counted.N > 0 {
				ids[id] = true
			}
		}
	}
	for i := range signatures {
		ids[signatures[i].ID] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

func saveDescriptions(ctx context.Context, tables Tables, scope int64, numbers map[selfheal.SignatureID]int64, fresh map[selfheal.SignatureID]*selfheal.Signature, signatures []selfheal.Signature) error {
	var asked []int64
	for i := range signatures {
		if id := signatures[i].ID; fresh[id] == nil {
			asked = append(asked, numbers[id])
		}
	}
	described := map[int64]*selfheal.Signature{}
	var err error
	if len(asked) > 0 {
		if described, err = describe(ctx, tables, scope, asked); err != nil {
			return err
		}
	}
	for id, s := range fresh {
		described[numbers[id]] = s
	}
	for i := range signatures {
		Describe(described[numbers[signatures[i].ID]], &signatures[i])
	}
	rows := make([]Known, 0, len(described))
	for _, number := range slices.Sorted(maps.Keys(described)) {
		row := Known{Number: number, ID: described[number].ID}
		if described[number].Kind != "" {
			if row.Description, err = EncodeSignature(described[number]); err != nil {
				return fmt.Errorf("encode signature %s: %w", row.ID, err)
			}
		}
		rows = append(rows, row)
	}
	return tables.SaveSignatures(ctx, scope, rows)
}

// rowsOf packs tallies. Of two that say the same minute, the later one stays.
func rowsOf(tallies []*selfheal.Tally, numbers map[selfheal.SignatureID]int64) ([]Row, error) {
	type place struct {
		minute           int64
		revision, writer string
	}
	at := make(map[place]int, len(tallies))
	rows := make([]Row, 0, len(tallies))
	for _, t := range tallies {
		row, err := RowOf(t, func(id selfheal.SignatureID) int64 { return numbers[id] })
		if err != nil {
			return nil, err
		}
		p := place{t.Minute, t.Revision, t.Writer}
		if i, twice := at[p]; twice {
			rows[i] = row
			continue
		}
		at[p] = len(rows)
		rows = append(rows, row)
	}
	return rows, nil
}
