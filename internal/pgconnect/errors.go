package pgconnect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"selfheal"
)

// The states that are told apart; https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	unknownDatabase      = "3D000"
	insufficientRights   = "42501"
	readOnly             = "25006"

	classAuthorization = "28"
	classResources     = "53"
	classIntervention  = "57"
)

// Fault turns what Postgres said into what a user can act on. Errors that have a
// meaning already keep it.
func (p *Pool) Fault(op string, err error) error {
	var known *selfheal.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		if known.Op == "" {
			known.Op = op
		}
		return known
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !connecting(err):
		return fmt.Errorf("%s: %w", op, err)
	}
	message, hint := explain(err)
	return &selfheal.Error{Code: selfheal.CodeUnavailable, Op: op, Message: "the Postgres at " + p.Place + " " + message, Hint: hint, Err: err}
}

// connecting tells whether no connection came about, which has a time limit of its own.
func connecting(err error) bool {
	_, ok := errors.AsType[*pgconn.ConnectError](err)
	return ok
}

func explain(err error) (message, hint string) {
	const again = "nothing was lost; run the same command again once it is back"
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return "does not answer", "check that it runs and can be reached from here; " + again
	}
	switch {
	case strings.HasPrefix(e.Code, classAuthorization):
		return "refused the user or the password", "check both in the address of the store, or PGUSER and PGPASSWORD"
	case e.Code == unknownDatabase:
		return "has no such database", "make it with: createdb NAME, or name another one in the address of the store"
	case e.Code == insufficientRights:
		return "does not let this user do that", "let the user make a schema: GRANT CREATE ON DATABASE ... TO ..., or make it for the user: CREATE SCHEMA selfheal AUTHORIZATION ..."
	case e.Code == readOnly:
		return "can only be read", "name the primary in the address of the store (target_session_attrs=read-write finds it)"
	case strings.HasPrefix(e.Code, classResources):
		return "is out of resources", "look at its disk and at its number of connections (pool_max_conns in the address limits ours); " + again
	case strings.HasPrefix(e.Code, classIntervention):
		return "is shutting down or cancelled the query", again
	}
	return "failed", ""
}

const (
	// A transaction that lost against another is run again, with waits that double: all together about a second.
	tries     = 8
	firstWait = 5 * time.Millisecond
)

// Transact runs f in a transaction, again when it lost against another one, or when
// its connection was gone before anything was sent. f must bear that, and change
// nothing but through tx.
func (p *Pool) Transact(ctx context.Context, options pgx.TxOptions, f func(tx pgx.Tx) error) error {
	wait := firstWait
	for try := 1; ; try++ {
		err := pgx.BeginTxFunc(ctx, p.Pool, options, f)
		if !isRace(err) && !pgconn.SafeToRetry(err) || try == tries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait *= 2
	}
}

func isRace(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == serializationFailure || e.Code == deadlockDetected)
}
