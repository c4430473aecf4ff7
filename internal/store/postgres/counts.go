package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"selfheal"
	"selfheal/internal/store/counts"
	"selfheal/internal/store/postgres/db"
)

// ledger is the store as the database of a [counts.Ledger].
type ledger struct{ store *Store }

var _ counts.Database = ledger{}

// WriteTables runs f in a transaction, which locks the scopes that it holds.
func (l ledger) WriteTables(ctx context.Context, op string, f func(counts.Tables) error) error {
	return l.store.write(ctx, op, func(q *db.Queries) error { return f(tables{q}) })
}

// ReadTables runs f over one snapshot.
func (l ledger) ReadTables(ctx context.Context, op string, f func(counts.Tables) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := l.store.pool.Transact(ctx, options, func(tx pgx.Tx) error { return f(tables{db.New(tx)}) })
	return l.store.fault(op, err)
}

// tables are the counts as one transaction sees them.
type tables struct{ queries *db.Queries }

func scopeOf(row db.Scope) counts.Scope {
	return counts.Scope{
		ID: row.ID, Name: selfheal.Scope{Service: string(row.Service), Environment: string(row.Environment)},
		Next: row.NextNumber, Compacted: row.Compacted,
	}
}

func (t tables) Scopes(ctx context.Context) ([]counts.Scope, error) {
	rows, err := t.queries.Scopes(ctx)
	scopes := make([]counts.Scope, 0, len(rows))
	for _, row := range rows {
		scopes = append(scopes, scopeOf(row))
	}
	return scopes, err
}

func (t tables) Find(ctx context.Context, name selfheal.Scope) (*counts.Scope, error) {
	row, err := t.queries.ScopeByName(ctx, db.ScopeByNameParams{Service: []byte(name.Service), Environment: []byte(name.Environment)})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	scope := scopeOf(row)
	return &scope, err
}

func (t tables) Make(ctx context.Context, name selfheal.Scope) error {
	return t.queries.InsertScope(ctx, db.InsertScopeParams{
		Service: []byte(name.Service), Environment: []byte(name.Environment), Compacted: counts.NeverCompacted,
	})
}

// Hold locks the scope's row. What is read after it was changed by nobody else.
func (t tables) Hold(ctx context.Context, scope int64) (counts.Scope, error) {
	row, err := t.queries.HoldScope(ctx, scope)
	return scopeOf(row), err
}

func (t tables) SaveScope(ctx context.Context, s counts.Scope) error {
	return t.queries.SaveScope(ctx, db.SaveScopeParams{ID: s.ID, NextNumber: s.Next, Compacted: s.Compacted})
}

func (t tables) Signatures(ctx context.Context, scope int64) ([]counts.Known, error) {
	rows, err := t.queries.SignatureNumbers(ctx, scope)
	known := make([]counts.Known, 0, len(rows))
	for _, row := range rows {
		known = append(known, counts.Known{Number: row.Number, ID: selfheal.SignatureID(row.Signature)})
	}
	return known, err
}

func (t tables) Described(ctx context.Context, scope int64, numbers []int64) ([]counts.Known, error) {
	var known []counts.Known
	if numbers == nil {
		rows, err := t.queries.Descriptions(ctx, scope)
		for _, row := range rows {
			known = append(known, counts.Known{Number: row.Number, ID: selfheal.SignatureID(row.Signature), Description: row.Description})
		}
		return known, err
	}
	rows, err := t.queries.DescriptionsByNumber(ctx, db.DescriptionsByNumberParams{Scope: scope, Numbers: numbers})
	for _, row := range rows {
		known = append(known, counts.Known{Number: row.Number, ID: selfheal.SignatureID(row.Signature), Description: row.Description})
	}
	return known, err
}

func (t tables) SaveSignatures(ctx context.Context, scope int64, signatures []counts.Known) error {
	if len(signatures) == 0 {
		return nil
	}
	columns := db.SaveSignaturesParams{Scope: scope}
	for _, s := range signatures {
		columns.Numbers = append(columns.Numbers, s.Number)
		columns.Signatures = append(columns.Signatures, []byte(s.ID))
		columns.Descriptions = append(columns.Descriptions, notNull(s.Description))
	}
	return t.queries.SaveSignatures(ctx, columns)
}

// notNull keeps the driver from taking no bytes for no value.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (t tables) DropSignatures(ctx context.Context, scope int64, numbers []int64) error {
	return t.queries.DropSignatures(ctx, db.DropSignaturesParams{Scope: scope, Numbers: numbers})
}

func (t tables) Next(ctx context.Context, scope, from int64) (minute int64, ok bool, err error) {
	minute, err = t.queries.NextMinute(ctx, db.NextMinuteParams{Scope: scope, Minute: from})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return minute, err == nil, err
}

func (t tables) Unmerged(ctx context.Context, scope, before int64) ([]int64, error) {
	return t.queries.UnmergedMinutes(ctx, db.UnmergedMinutesParams{Scope: scope, Minute: before})
}

func (t tables) Rows(ctx context.Context, scope, from, to int64) ([]counts.Row, error) {
	found, err := t.queries.Tallies(ctx, db.TalliesParams{Scope: scope, First: from, Beyond: to})
	rows := make([]counts.Row, 0, len(found))
	for _, row := range found {
		rows = append(rows, counts.Row{
			Minute: row.Minute, Revision: string(row.Revision), Writer: string(row.Writer), Counts: row.Counts, Coverage: row.Coverage,
		})
	}
	return rows, err
}

// SaveRows sends all rows in one statement: a round trip to another machine costs more than a row.
func (t tables) SaveRows(ctx context.Context, scope int64, rows []counts.Row) error {
	if len(rows) == 0 {
		return nil
	}
	columns := db.SaveTalliesParams{Scope: scope}
	for _, row := range rows {
		columns.Minutes = append(columns.Minutes, row.Minute)
		columns.Revisions = append(columns.Revisions, []byte(row.Revision))
		columns.Writers = append(columns.Writers, []byte(row.Writer))
		columns.Counts = append(columns.Counts, row.Counts)
		columns.Coverages = append(columns.Coverages, row.Coverage)
	}
	return t.queries.SaveTallies(ctx, columns)
}

func (t tables) DropRows(ctx context.Context, scope, from, to int64) (int64, error) {
	return t.queries.DropTallies(ctx, db.DropTalliesParams{Scope: scope, First: from, Beyond: to})
}
