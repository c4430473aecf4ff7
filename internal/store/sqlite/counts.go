package sqlite

import (
	"context"
	"database/sql"
	"errors"

	sqlite3 "modernc.org/sqlite/lib"

	"selfheal"
	"selfheal/internal/store/counts"
	"selfheal/internal/store/sqlite/db"
)

// ledger is the store as the database of a [counts.Ledger].
type ledger struct{ store *Store }

var _ counts.Database = ledger{}

// patience is how often a writer of counts waits its ten seconds for the lock.
// SQLite has no queue for it: who asks while others write without a pause may lose
// again and again.
const patience = 6

// WriteTables runs f in a transaction. It holds every scope from its first
// statement on, as SQLite has one writer at a time.
func (l ledger) WriteTables(ctx context.Context, op string, f func(counts.Tables) error) error {
	tx, err := l.store.writer.BeginTx(ctx, nil)
	for try := 1; primaryCode(err) == sqlite3.SQLITE_BUSY && try < patience && ctx.Err() == nil; try++ {
		tx, err = l.store.writer.BeginTx(ctx, nil)
	}
	if err != nil {
		return l.store.fault(op, err)
	}
	statements := newStatements(tx)
	err = f(tables{db.New(statements)})
	statements.close()
	if err != nil {
		return l.store.fault(op, errors.Join(err, ignoreDone(tx.Rollback())))
	}
	return l.store.fault(op, tx.Commit())
}

// ReadTables runs f over one snapshot.
func (l ledger) ReadTables(ctx context.Context, op string, f func(counts.Tables) error) error {
	tx, err := l.store.reader.BeginTx(ctx, nil)
	if err != nil {
		return l.store.fault(op, err)
	}
	err = f(tables{db.New(tx)})
	return l.store.fault(op, errors.Join(err, ignoreDone(tx.Rollback())))
}

// tables are the counts as one transaction sees them.
type tables struct{ queries *db.Queries }

func scopeOf(row db.Scope) counts.Scope {
	return counts.Scope{
		ID: row.ID, Name: selfheal.Scope{Service: row.Service, Environment: row.Environment},
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
	row, err := t.queries.ScopeByName(ctx, db.ScopeByNameParams{Service: name.Service, Environment: name.Environment})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	scope := scopeOf(row)
	return &scope, err
}

func (t tables) Make(ctx context.Context, name selfheal.Scope) error {
	return t.queries.InsertScope(ctx, db.InsertScopeParams{
		Service: name.Service, Environment: name.Environment, Compacted: counts.NeverCompacted,
	})
}

// Hold only reads: a transaction that writes holds the whole file.
func (t tables) Hold(ctx context.Context, scope int64) (counts.Scope, error) {
	row, err := t.queries.ScopeByID(ctx, scope)
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
	if numbers == nil {
		rows, err := t.queries.Descriptions(ctx, scope)
		known := make([]counts.Known, 0, len(rows))
		for _, row := range rows {
			known = append(known, counts.Known{Number: row.Number, ID: selfheal.SignatureID(row.Signature), Description: row.Description})
		}
		return known, err
	}
	known := make([]counts.Known, 0, len(numbers))
	for _, number := range numbers {
		row, err := t.queries.DescriptionByNumber(ctx, db.DescriptionByNumberParams{Scope: scope, Number: number})
		if err != nil {
			return nil, err
		}
		known = append(known, counts.Known{Number: row.Number, ID: selfheal.SignatureID(row.Signature), Description: row.Description})
	}
	return known, nil
}

func (t tables) SaveSignatures(ctx context.Context, scope int64, signatures []counts.Known) error {
	for _, s := range signatures {
		row := db.SaveSignatureParams{Scope: scope, Number: s.Number, Signature: string(s.ID), Description: notNull(s.Description)}
		if err := t.queries.SaveSignature(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// notNull keeps the driver from taking no bytes for no value.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (t tables) DropSignatures(ctx context.Context, scope int64, numbers []int64) error {
	for _, number := range numbers {
		if err := t.queries.DropSignature(ctx, db.DropSignatureParams{Scope: scope, Number: number}); err != nil {
			return err
		}
	}
	return nil
}

func (t tables) Next(ctx context.Context, scope, from int64) (minute int64, ok bool, err error) {
	minute, err = t.queries.NextMinute(ctx, db.NextMinuteParams{Scope: scope, Minute: from})
	if errors.Is(err, sql.ErrNoRows) {
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
		rows = append(rows, counts.Row(row))
	}
	return rows, err
}

func (t tables) SaveRows(ctx context.Context, scope int64, rows []counts.Row) error {
	for _, row := range rows {
		err := t.queries.SaveTally(ctx, db.SaveTallyParams{
			Scope: scope, Minute: row.Minute, Revision: row.Revision, Writer: row.Writer,
			Counts: row.Counts, Coverage: row.Coverage,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t tables) DropRows(ctx context.Context, scope, from, to int64) (int64, error) {
	return t.queries.DropTallies(ctx, db.DropTalliesParams{Scope: scope, First: from, Beyond: to})
}
