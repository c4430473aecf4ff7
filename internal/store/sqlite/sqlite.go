// Package sqlite keeps the journal, the leases, the counts and the pull requests of
// serverless forges in one SQLite file.
//
// In go events, tallies and pull requests, out come the same after any crash: every
// change is one transaction that has reached the disk when the method returns
// (write-ahead log, synchronous FULL). Several processes may use one file at
// once; writers wait for each other for up to ten seconds. The file must lie on
// a local disk, since the write-ahead log needs shared memory.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"selfheal"
	"selfheal/internal/store/counts"
	"selfheal/internal/store/sqlite/db"
)

//go:generate go tool -modfile=../../../tools/go.mod sqlc generate -f ../sqlc.yaml

var (
	_ selfheal.Store            = (*Store)(nil)
	_ selfheal.PullRequestStore = (*Store)(nil)
	_ selfheal.CountStore       = (*Store)(nil)
)

// Store is an open SQLite file. It is safe for use by many goroutines.
type Store struct {
	*counts.Ledger

	path   string
	clock  selfheal.Clock
	writer *sql.DB // one connection: writers queue here instead of polling for SQLite's lock
	reader *sql.DB // readers never wait for the writer
}

// Option changes how a [Store] is opened.
type Option func(*Store)

// WithClock makes leases expire by another clock than the system's.
func WithClock(clock selfheal.Clock) Option {
	return func(s *Store) { s.clock = clock }
}

// Open opens the file at path and brings its schema up to date; the file (mode
// 0600) and its directory (0700) are made when they do not exist. Errors are
// [selfheal.Error]s with CodeUnavailable: not writable, disk full, not a
// database of selfheal, or written by a newer selfheal.
func Open(ctx context.Context, path string, options ...Option) (*Store, error) {
	s := &Store{path: path, clock: time.Now}
	s.Ledger = counts.NewLedger(ledger{s})
	for _, option := range options {
		option(s)
	}
	err := retryRaces(ctx, func() error {
		if err := prepareFile(ctx, path); err != nil {
			return err
		}
		return s.connect(ctx)
	})
	if err != nil {
		return nil, s.fault("open store", err)
	}
	return s, nil
}

func (s *Store) connect(ctx context.Context) error {
	name, err := dataSource(s.path)
	if err != nil {
		return err
	}
	if s.writer, err = sql.Open("sqlite", name+"&_txlock=immediate"); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	if err := migrate(ctx, s.writer); err != nil {
		return errors.Join(err, s.writer.Close())
	}
	if s.reader, err = sql.Open("sqlite", name+"&_query_only=1"); err != nil {
		return errors.Join(err, s.writer.Close())
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	return nil
}

// readers is how many queries one process runs at once; more only compete for the same cores.
const readers = 4

// Close gives the file back. What was appended is already safe.
func (s *Store) Close() error {
	return errors.Join(s.reader.Close(), s.writer.Close())
}

// write runs f in a transaction that holds SQLite's one write lock from its
// first statement on, so that what f reads is still true when it writes.
func (s *Store) write(ctx context.Context, op string, f func(*db.Queries) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return s.fault(op, err)
	}
	if err := f(db.New(tx)); err != nil {
		return s.fault(op, errors.Join(err, ignoreDone(tx.Rollback())))
	}
	return s.fault(op, tx.Commit())
}

// ignoreDone drops the complaint that a transaction is over: database/sql ends
// it by itself when the context does, SQLite when the disk is full.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

func (s *Store) read() *db.Queries { return db.New(s.reader) }
