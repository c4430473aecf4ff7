package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"selfheal/internal/store/journal"
	"selfheal/internal/store/postgres/db"
)

// Lease gives holder the name for ttl, or renews it; see [selfheal.Store]. A
// lease ends at its expiry by the server's clock, so a holder that was killed
// blocks nobody for longer than ttl.
func (s *Store) Lease(ctx context.Context, name, holder string, ttl time.Duration) (func(context.Context) error, error) {
	op := "lease " + name
	err := s.write(ctx, op, func(q *db.Queries) error { return s.take(ctx, q, name, holder, ttl) })
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return s.write(ctx, "release "+name, func(q *db.Queries) error {
			return q.DropLease(ctx, db.DropLeaseParams{Name: []byte(name), Holder: []byte(holder)})
		})
	}, nil
}

func (s *Store) take(ctx context.Context, q *db.Queries, name, holder string, ttl time.Duration) error {
	now, err := s.now(ctx, q)
	if err != nil {
		return err
	}
	taken, err := q.TakeLease(ctx, db.TakeLeaseParams{
		Name: []byte(name), Holder: []byte(holder), Now: now, Expires: now + ttl.Milliseconds(),
	})
	if err != nil || taken > 0 {
		return err
	}
	held, err := q.LeaseByName(ctx, []byte(name))
	if errors.Is(err, pgx.ErrNoRows) {
		return journal.Conflictf("held by another until a moment ago")
	}
	if err != nil {
		return err
	}
	return journal.LeaseHeld(string(held.Holder), expiry(held.Expires))
}
