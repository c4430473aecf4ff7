package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"selfheal/internal/pgconnect"
)

// OpenPostgres opens the queue in the schema of a database that
// [pgconnect.Open] finds at an address, and makes its tables where they are missing.
func OpenPostgres(ctx context.Context, address string, leases Leaser, options ...Option) (*Queue, error) {
	q := newQueue(leases, options)
	pool, err := pgconnect.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	e := &postgresEngine{pool: pool}
	if e.clients, err = newClients(riverpgxv5.New(pool.Pool), false, q.logger); err == nil {
		err = pool.Exclusively(ctx, e.migrate)
	}
	if err != nil {
		pool.Close()
		return nil, e.fault("open queue", err)
	}
	q.engine = e
	return q, nil
}

// postgresEngine is River on Postgres. Silence is measured by the server's clock.
type postgresEngine struct {
	clients[pgx.Tx]

	pool *pgconnect.Pool
}

func (e *postgresEngine) migrate(ctx context.Context) error {
	migrator, err := rivermigrate.New(e.driver, nil)
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

func (e *postgresEngine) fault(op string, err error) error { return e.pool.Fault(op, err) }

func (e *postgresEngine) close() error {
	e.pool.Close()
	return nil
}

func (e *postgresEngine) execute(ctx context.Context, statement string, args ...any) error {
	_, err := e.pool.Exec(ctx, statement, args...)
	return err
}

func (e *postgresEngine) release(ctx context.Context, id int64) error {
	return e.execute(ctx, "UPDATE river_job SET unique_key = NULL WHERE id = $1 AND state = 'running'", id)
}

func (e *postgresEngine) touch(ctx context.Context, id int64) error {
	return e.execute(ctx, "UPDATE river_job SET attempted_at = now() WHERE id = $1 AND state = 'running'", id)
}

func (e *postgresEngine) place(ctx context.Context, id int64, at time.Time) error {
	return e.execute(ctx, `
		UPDATE river_job
		SET scheduled_at = least(scheduled_at, $1), state = 'available'
		WHERE id = $2 AND state IN ('available', 'scheduled', 'retryable')`, at, id)
}

func (e *postgresEngine) silent(ctx context.Context, since time.Duration) ([]silentJob, error) {
	rows, err := e.pool.Query(ctx, "SELECT id, args FROM river_job WHERE state = 'running' AND attempted_at < now() - $1::interval", since)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (silentJob, error) {
		var s silentJob
		var args []byte
		if err := row.Scan(&s.id, &args); err != nil {
			return s, err
		}
		if err := json.Unmarshal(args, &s.arguments); err != nil {
			return s, fmt.Errorf("decode job %d: %w", s.id, err)
		}
		return s, nil
	})
}

func (e *postgresEngine) abandon(ctx context.Context, id int64, since time.Duration) error {
	return e.execute(ctx, `
		UPDATE river_job SET state = 'cancelled', finalized_at = now()
		WHERE id = $1 AND state = 'running' AND attempted_at < now() - $2::interval`, id, since)
}
