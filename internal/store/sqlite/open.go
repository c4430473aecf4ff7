package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"

	"selfheal"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	schemaTable   = "selfheal_schema" // goose's table of applied migrations
	applicationID = 1936221537        // "shea"; set by the first migration

	// Waits between attempts to open; they double, so that all together are about five seconds.
	firstWait = 5 * time.Millisecond
	lastWait  = 5 * time.Second
)

// prepareFile makes the directory and the file before SQLite would, because
// SQLite gives no say in the permissions; its -wal and -shm files copy them. A
// file that is something else is refused before any connection could change it.
func prepareFile(ctx context.Context, path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	start := make([]byte, len(magic))
	n, err := io.ReadFull(file, start)
	if err := errors.Join(ignoreShort(err), file.Close()); err != nil {
		return err
	}
	switch {
	case n == 0:
		return syncDirectory(dir)
	case string(start) != magic:
		// SQLite itself takes a file of a few bytes for an empty database.
		return &selfheal.Error{
			Code:    selfheal.CodeUnavailable,
			Message: "the file " + path + " is not a selfheal store",
			Hint:    hintOtherFile + "; nothing was written to this one",
		}
	}
	return probe(ctx, path)
}

// magic is how every SQLite file starts.
const magic = "SQLite format 3\x00"

func ignoreShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// probe looks at the owner of a file over a connection that can only read:
// even choosing the write-ahead log writes to the file.
func probe(ctx context.Context, path string) error {
	location, err := fileURL(path)
	if err != nil {
		return err
	}
	handle, err := sql.Open("sqlite", location+"?mode=ro&_busy_timeout=10000")
	if err != nil {
		return err
	}
	return errors.Join(checkOwner(ctx, handle), handle.Close())
}

// syncDirectory makes a new file's name survive a power cut. Systems that
// cannot sync a directory do not need it.
func syncDirectory(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = handle.Sync()
	return handle.Close()
}

// dataSource is the driver's name of the file, with every setting that each
// connection needs.
func dataSource(path string) (string, error) {
	settings := url.Values{
		"_busy_timeout": {"10000"},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"1"},
	}
	location, err := fileURL(path)
	return location + "?" + settings.Encode(), err
}

func fileURL(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	slashed := filepath.ToSlash(absolute)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a Windows drive: file:///C:/...
	}
	return (&url.URL{Scheme: "file", Path: slashed}).String(), nil
}

// migrate brings the schema up to date.
func migrate(ctx context.Context, handle *sql.DB) error {
	provider, err := newProvider(handle)
	if err != nil {
		return err
	}
	current, err := schemaVersion(ctx, handle)
	if err != nil {
		return err
	}
	newest := newestVersion(provider)
	if current > newest {
		return &selfheal.Error{
			Code:    selfheal.CodeUnavailable,
			Message: fmt.Sprintf("the store was written by a newer selfheal (schema %d, this one knows %d)", current, newest),
			Hint:    "run the newer selfheal, or " + hintOtherFile,
		}
	}
	if current < newest {
		_, err = provider.Up(ctx)
	}
	return err
}

// retryRaces repeats f while the error is one that other processes cause by
// opening the same new file: changing to the write-ahead log does not wait for
// a lock, and of two that migrate, one is rolled back and must look again.
func retryRaces(ctx context.Context, f func() error) error {
	err := f()
	for wait := firstWait; isRace(err) && wait < lastWait; wait *= 2 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		err = f()
	}
	return err
}

func newProvider(handle *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, handle, files,
		goose.WithTableName(schemaTable), goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
}

func newestVersion(provider *goose.Provider) int64 {
	sources := provider.ListSources()
	return sources[len(sources)-1].Version
}

// schemaVersion is the newest applied migration; 0 in a new file. Unlike
// goose's own it writes nothing.
func schemaVersion(ctx context.Context, handle *sql.DB) (int64, error) {
	var tables, version int64
	row := handle.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", schemaTable)
	if err := row.Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	row = handle.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM "+schemaTable)
	return version, row.Scan(&version)
}

// checkOwner refuses a database of another program: migrations would be applied
// to it. One transaction gives both answers from the same moment.
func checkOwner(ctx context.Context, handle *sql.DB) error {
	tx, err := handle.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	owner, tables, err := contents(ctx, tx)
	if err := errors.Join(err, ignoreDone(tx.Rollback())); err != nil {
		return err
	}
	if owner == applicationID || owner == 0 && tables == 0 {
		return nil
	}
	return &selfheal.Error{
		Code:    selfheal.CodeUnavailable,
		Message: "the file is a database of another program",
		Hint:    hintOtherFile + "; nothing was written to this one",
	}
}

// contents gives the mark of the program that made the file, and how many
// tables and indexes it holds beside goose's own: another process may be
// between making that table and the first migration.
func contents(ctx context.Context, tx *sql.Tx) (owner, tables int64, err error) {
	row := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND tbl_name <> ?", schemaTable)
	if err := row.Scan(&tables); err != nil {
		return 0, 0, err
	}
	err = tx.QueryRowContext(ctx, "PRAGMA application_id").Scan(&owner)
	return owner, tables, err
}
