package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"selfheal"
	"selfheal/internal/store/postgres/db"
)

var _ selfheal.JournalReader = (*Store)(nil)

// Since gives the events after a position of the whole journal; see [selfheal.JournalReader].
func (s *Store) Since(ctx context.Context, seq int64, limit int) ([]selfheal.StreamEvent, error) {
	const op = "read journal"
	rows, err := s.read().EventsSince(ctx, db.EventsSinceParams{Seq: seq, Limit: int32(min(limit, math.MaxInt32))})
	if err != nil {
		return nil, s.fault(op, err)
	}
	events := make([]selfheal.StreamEvent, 0, len(rows))
	for _, row := range rows {
		at, err := time.Parse(time.RFC3339Nano, row.Time)
		if err != nil {
			return nil, fmt.Errorf("%s: time of event %d: %w", op, row.Seq, err)
		}
		events = append(events, selfheal.StreamEvent{Stream: string(row.Stream), Event: selfheal.Event{
			Seq: row.Seq, Version: int(row.Version), Time: at, Actor: string(row.Actor),
			Type: selfheal.EventType(row.Type), Payload: json.RawMessage(row.Payload),
		}})
	}
	return events, nil
}
