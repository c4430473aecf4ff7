package sqlite

import (
	"context"
	"database/sql"

	"selfheal/internal/store/sqlite/db"
)

// statements prepares each statement of a transaction once: where one is run
// thousands of times, parsing it is most of the work.
type statements struct {
	tx       *sql.Tx
	prepared map[string]*sql.Stmt
}

var _ db.DBTX = (*statements)(nil)

func newStatements(tx *sql.Tx) *statements {
	return &statements{tx: tx, prepared: map[string]*sql.Stmt{}}
}

// close gives the statements back. They end with the transaction at the latest, so nothing hangs on it.
func (s *statements) close() {
	for _, statement := range s.prepared {
		_ = statement.Close()
	}
}

// PrepareContext gives the prepared statement of a query.
func (s *statements) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if statement := s.prepared[query]; statement != nil {
		return statement, nil
	}
	statement, err := s.tx.PrepareContext(ctx, query)
	if err == nil {
		s.prepared[query] = statement
	}
	return statement, err
}

// ExecContext runs a statement.
func (s *statements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	statement, err := s.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(ctx, args...)
}

// QueryContext runs a query.
func (s *statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := s.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

// QueryRowContext runs a query that gives one row. What keeps it from being
// prepared is said by running it unprepared.
func (s *statements) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	statement, err := s.PrepareContext(ctx, query)
	if err != nil {
		return s.tx.QueryRowContext(ctx, query, args...)
	}
	return statement.QueryRowContext(ctx, args...)
}
