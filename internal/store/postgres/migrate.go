package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"selfheal"
	"selfheal/internal/pgconnect"
	"selfheal/internal/store/counts"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	schemaTable = "selfheal_schema" // goose's table of applied migrations
	hintOther   = "name another database or schema (search_path=NAME) in the address of the store"
)

// migrate brings the schema up to date. Others wait meanwhile.
func migrate(ctx context.Context, pool *pgconnect.Pool) error {
	current, err := schemaVersion(ctx, pool)
	if err != nil {
		return err
	}
	handle := stdlib.OpenDBFromPool(pool.Pool)
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, handle, files,
		goose.WithTableName(schemaTable), goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	if current > newest {
		return &selfheal.Error{
			Code:    selfheal.CodeUnavailable,
			Message: fmt.Sprintf("the store was written by a newer selfheal (schema %d, this one knows %d)", current, newest),
			Hint:    "run the newer selfheal, or " + hintOther,
		}
	}
	if current < newest {
		_, err = provider.Up(ctx)
	}
	return errors.Join(err, handle.Close())
}

// schemaVersion is the newest applied migration; 0 in a new schema. A schema with
// tables of another program is refused: migrations would be mixed into it.
func schemaVersion(ctx context.Context, pool *pgconnect.Pool) (int64, error) {
	var ours, others int64
	// The queue of jobs keeps its tables beside ours.
	row := pool.QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE tablename = $1), count(*) FILTER (WHERE tablename NOT LIKE 'river\_%')
		FROM pg_tables WHERE schemaname = $2`, schemaTable, pool.Schema)
	if err := row.Scan(&ours, &others); err != nil {
		return 0, err
	}
	if ours == 0 && others > 0 {
		return 0, &selfheal.Error{
			Code:    selfheal.CodeUnavailable,
			Message: "the schema " + pool.Schema + " at " + pool.Place + " holds tables of another program",
			Hint:    hintOther + "; nothing was written to this one",
		}
	}
	if ours == 0 {
		return 0, nil
	}
	var version int64
	err := pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM "+schemaTable).Scan(&version)
	return version, err
}

// fault turns what Postgres said into what a user can act on.
func (s *Store) fault(op string, err error) error {
	if errors.Is(err, counts.ErrDamaged) {
		return &selfheal.Error{
			Code: selfheal.CodeUnavailable, Op: op, Message: "the store at " + s.pool.Place + " is damaged",
			Hint: "restore it from a backup, or name another schema to begin a new one", Err: err,
		}
	}
	return s.pool.Fault(op, err)
}
