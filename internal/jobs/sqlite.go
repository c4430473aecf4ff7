package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"

	"selfheal"
)

// OpenSQLite opens the queue in a file of its own (mode 0600), which is made when it
// does not exist. Several processes of one machine may share it. A commit does not
// wait for the disk: after a power cut the file may be a moment old, and is whole.
func OpenSQLite(ctx context.Context, path string, leases Leaser, options ...Option) (*Queue, error) {
	q := newQueue(leases, options)
	e := &sqliteEngine{path: path}
	err := e.open(ctx)
	if err == nil {
		e.clients, err = newClients(riversqlite.New(e.handle), true, q.logger)
	}
	if err == nil {
		err = migrateSQLite(ctx, e)
	}
	if err != nil {
		if e.handle != nil {
			err = errors.Join(err, e.handle.Close())
		}
		return nil, e.fault("open queue", err)
	}
	q.engine = e
	return q, nil
}

// sqliteEngine is River on SQLite. Its times are text in the one format that
// SQLite's own functions write.
type sqliteEngine struct {
	clients[*sql.Tx]

	path   string
	handle *sql.DB
}

func (e *sqliteEngine) open(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(e.path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(e.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	absolute, err := filepath.Abs(e.path)
	if err != nil {
		return err
	}
	slashed := filepath.ToSlash(absolute)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a Windows drive: file:///C:/...
	}
	settings := url.Values{
		"_busy_timeout": {"10000"},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"NORMAL"},
		"_txlock":       {"immediate"},
	}
	if e.handle, err = sql.Open("sqlite", (&url.URL{Scheme: "file", Path: slashed, RawQuery: settings.Encode()}).String()); err != nil {
		return err
	}
	e.handle.SetMaxOpenConns(1) // as River's driver demands
	return e.handle.PingContext(ctx)
}

// migrateSQLite makes River's tables. Of several processes that open a new file at
// once, all but one lose, and find the tables when they look again.
func migrateSQLite(ctx context.Context, e *sqliteEngine) error {
	migrator, err := rivermigrate.New(e.driver, nil)
	if err != nil {
		return err
	}
	const tries = 10
	for try := 1; ; try++ {
		_, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		if err == nil || try == tries || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(try) * 10 * time.Millisecond):
		}
	}
}

func (e *sqliteEngine) close() error { return e.handle.Close() }

func (e *sqliteEngine) fault(op string, err error) error {
	var known *selfheal.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", op, err)
	}
	return &selfheal.Error{
		Code: selfheal.CodeUnavailable, Op: op, Err: err, Message: "the queue of jobs at " + e.path + " failed",
		Hint: "check the disk; the file may be deleted while selfheal is stopped, nothing is lost with it",
	}
}

// text gives a time as River's driver writes it.
func text(t time.Time) string {
	return t.UTC().Round(time.Millisecond).Format("2006-01-02 15:04:05.000")
}

func (e *sqliteEngine) execute(ctx context.Context, statement string, args ...any) error {
	_, err := e.handle.ExecContext(ctx, statement, args...)
	return err
}

func (e *sqliteEngine) release(ctx context.Context, id int64) error {
	return e.execute(ctx, "UPDATE river_job SET unique_key = NULL WHERE id = ? AND state = 'running'", id)
}

func (e *sqliteEngine) touch(ctx context.Context, id int64) error {
	return e.execute(ctx, "UPDATE river_job SET attempted_at = ? WHERE id = ? AND state = 'running'", text(time.Now()), id)
}

func (e *sqliteEngine) place(ctx context.Context, id int64, at time.Time) error {
	return e.execute(ctx, `
		UPDATE river_job
		SET scheduled_at = min(scheduled_at, ?1), state = 'available'
		WHERE id = ?2 AND state IN ('available', 'scheduled', 'retryable')`, text(at), id)
}

func (e *sqliteEngine) silent(ctx context.Context, since time.Duration) ([]silentJob, error) {
	rows, err := e.handle.QueryContext(ctx, "SELECT id, json(args) FROM river_job WHERE state = 'running' AND attempted_at < ?",
		text(time.Now().Add(-since)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err has said what there is to say
	var silent []silentJob
	for rows.Next() {
		var s silentJob
		var args []byte
		if err := rows.Scan(&s.id, &args); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(args, &s.arguments); err != nil {
			return nil, fmt.Errorf("decode job %d: %w", s.id, err)
		}
		silent = append(silent, s)
	}
	return silent, rows.Err()
}

func (e *sqliteEngine) abandon(ctx context.Context, id int64, since time.Duration) error {
	now := time.Now()
	return e.execute(ctx, "UPDATE river_job SET state = 'cancelled', finalized_at = ? WHERE id = ? AND state = 'running' AND attempted_at < ?",
		text(now), id, text(now.Add(-since)))
}
