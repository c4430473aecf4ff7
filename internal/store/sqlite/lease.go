package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"selfheal/internal/store/journal"
	"selfheal/internal/store/sqlite/db"
)

// Lease gives holder the name for ttl, or renews it; see [selfheal.Store]. A
// lease ends at its expiry by the store's clock, so a holder that was killed
// blocks nobody for longer than ttl.
func (s *Store) Lease(ctx context.Context, name, holder string, ttl time.Duration) (func(context.Context) error, error) {
	op := "lease " + name
	err := s.write(ctx, op, func(q *db.Queries) error {
		now := s.clock()
		held, err := q.LeaseByName(ctx, name)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err == nil && held.Holder != holder && held.Expires > now.UnixMilli() {
			return journal.LeaseHeld(held.Holder, time.UnixMilli(held.Expires))
		}
		return q.SaveLease(ctx, db.SaveLeaseParams{Name: name, Holder: holder, Expires: now.Add(ttl).UnixMilli()})
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return s.write(ctx, "release "+name, func(q *db.Queries) error {
			return q.DropLease(ctx, db.DropLeaseParams{Name: name, Holder: holder})
		})
	}, nil
}
