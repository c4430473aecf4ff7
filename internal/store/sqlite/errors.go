package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"selfheal"
	"selfheal/internal/store/counts"
)

const hintOtherFile = "name another file with --store"

// fault turns what the driver or the file system said into what a user can act
// on. Errors that have a meaning already keep it.
func (s *Store) fault(op string, err error) error {
	var known *selfheal.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		if known.Op == "" {
			known.Op = op
		}
		return known
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", op, err)
	}
	message, hint := s.explain(err)
	return &selfheal.Error{Code: selfheal.CodeUnavailable, Op: op, Message: message, Hint: hint, Err: err}
}

func (s *Store) explain(err error) (message, hint string) {
	code := primaryCode(err)
	switch {
	case code == sqlite3.SQLITE_FULL, extendedCode(err) == sqlite3.SQLITE_IOERR_SHMSIZE, errors.Is(err, syscall.ENOSPC):
		return "no space left for the store at " + s.path + "; nothing was lost, and nothing was added",
			"free some space or " + hintOtherFile + ", then run the same command again"
	case code == sqlite3.SQLITE_READONLY, code == sqlite3.SQLITE_PERM,
		errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "the store at " + s.path + " cannot be written", "make the file and its directory writable, or " + hintOtherFile
	case code == sqlite3.SQLITE_NOTADB:
		return "the file " + s.path + " is not a selfheal store", hintOtherFile + "; nothing was written to this one"
	case code == sqlite3.SQLITE_CORRUPT, errors.Is(err, counts.ErrDamaged):
		return "the store at " + s.path + " is damaged", "restore it from a backup, or move it away to begin a new one"
	case code == sqlite3.SQLITE_BUSY, code == sqlite3.SQLITE_LOCKED:
		return "another process has been writing to the store at " + s.path + " for too long", "run the same command again"
	case errors.Is(err, syscall.EISDIR):
		return "the store's path " + s.path + " is a directory", "name a file with --store"
	case errors.Is(err, sql.ErrConnDone):
		return "the store is closed", ""
	}
	return "the store at " + s.path + " failed", ""
}

// primaryCode is SQLite's result code without its extension; 0 for other errors.
func primaryCode(err error) int { return extendedCode(err) & 0xff }

// extendedCode is SQLite's result code with all it says.
func extendedCode(err error) int {
	if e, ok := errors.AsType[*driver.Error](err); ok {
		return e.Code()
	}
	return 0
}

// isRace tells whether another process that migrates the same file explains the error.
func isRace(err error) bool {
	switch primaryCode(err) {
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_SCHEMA:
		return true
	}
	return false
}
