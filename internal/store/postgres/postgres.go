// Package postgres keeps the journal, the leases, the counts and the pull requests
// of serverless forges in one schema of a Postgres database, for many machines.
//
// It does what package sqlite does, under the same conformance suite. A change is
// one transaction that Postgres has committed when the method returns, as safe as
// its synchronous_commit and fsync make it. Leases are measured by the server's
// clock, so that it makes no difference what the machines' clocks say.
package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"selfheal"
	"selfheal/internal/pgconnect"
	"selfheal/internal/store/counts"
	"selfheal/internal/store/postgres/db"
)

//go:generate go tool -modfile=../../../tools/go.mod sqlc generate -f ../sqlc.yaml

var (
	_ selfheal.Store            = (*Store)(nil)
	_ selfheal.PullRequestStore = (*Store)(nil)
	_ selfheal.CountStore       = (*Store)(nil)
)

// Store is an open database. It is safe for use by many goroutines.
type Store struct {
	*counts.Ledger

	pool  *pgconnect.Pool
	clock selfheal.Clock // nil: the server's
}

// Option changes how a [Store] is opened.
type Option func(*Store)

// WithClock makes leases expire by another clock than the server's.
func WithClock(clock selfheal.Clock) Option {
	return func(s *Store) { s.clock = clock }
}

// Open opens the database at an address as [pgconnect.Open] takes it, and brings the
// schema up to date; it is made where it does not exist. Errors are
// [selfheal.Error]s with CodeUsage for what is no address, and else with
// CodeUnavailable: no answer, no rights, a schema that is not ours, or written by a
// newer selfheal.
func Open(ctx context.Context, address string, options ...Option) (*Store, error) {
	const op = "open store"
	pool, err := pgconnect.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	s := &Store{pool: pool}
	s.Ledger = counts.NewLedger(ledger{s})
	for _, option := range options {
		option(s)
	}
	err = pool.Exclusively(ctx, func(ctx context.Context) error { return migrate(ctx, pool) })
	if err != nil {
		pool.Close()
		return nil, s.fault(op, err)
	}
	return s, nil
}

// Close gives the connections back.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// write runs f in a transaction; see [pgconnect.Pool.Transact].
func (s *Store) write(ctx context.Context, op string, f func(*db.Queries) error) error {
	err := s.pool.Transact(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error { return f(db.New(tx)) })
	return s.fault(op, err)
}

func (s *Store) read() *db.Queries { return db.New(s.pool) }

// now is the time that leases are measured by, in milliseconds since the Unix epoch.
func (s *Store) now(ctx context.Context, q *db.Queries) (int64, error) {
	if s.clock != nil {
		return s.clock().UnixMilli(), nil
	}
	return q.ServerTime(ctx)
}

// expiry tells when a time in milliseconds is.
func expiry(milliseconds int64) time.Time { return time.UnixMilli(milliseconds) }
