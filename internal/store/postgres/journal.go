package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"selfheal"
	"selfheal/internal/store/journal"
	"selfheal/internal/store/postgres/db"
)

// Append adds events to a stream, all or none; see [selfheal.Store].
func (s *Store) Append(ctx context.Context, stream string, version int, events ...selfheal.Event) error {
	op := "append to " + stream
	if err := journal.Validate(stream, events); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	placed := make([]int64, len(events))
	err := s.write(ctx, op, func(q *db.Queries) error {
		if err := q.LockEvents(ctx); err != nil {
			return err
		}
		current, err := q.StreamVersion(ctx, []byte(stream))
		if err != nil {
			return err
		}
		if int(current) != version {
			return journal.Conflictf("the stream is at version %d, not %d", current, version)
		}
		for i, e := range events {
			if placed[i], err = q.InsertEvent(ctx, eventRow(stream, version+i+1, e)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range events {
		events[i].Seq, events[i].Version = placed[i], version+i+1
	}
	return nil
}

func eventRow(stream string, version int, e selfheal.Event) db.InsertEventParams {
	return db.InsertEventParams{
		Stream: []byte(stream), Version: int32(version), Time: journal.FormatTime(e.Time),
		Actor: []byte(e.Actor), Type: string(e.Type), Payload: e.Payload,
	}
}

// Events lists a stream's events, oldest first.
func (s *Store) Events(ctx context.Context, stream string) ([]selfheal.Event, error) {
	op := "read " + stream
	rows, err := s.read().EventsOfStream(ctx, []byte(stream))
	if err != nil {
		return nil, s.fault(op, err)
	}
	events := make([]selfheal.Event, 0, len(rows))
	for _, row := range rows {
		at, err := time.Parse(time.RFC3339Nano, row.Time)
		if err != nil {
			return nil, fmt.Errorf("%s: time of event %d: %w", op, row.Seq, err)
		}
		events = append(events, selfheal.Event{
			Seq: row.Seq, Version: int(row.Version), Time: at, Actor: string(row.Actor),
			Type: selfheal.EventType(row.Type), Payload: json.RawMessage(row.Payload),
		})
	}
	return events, nil
}

// Streams lists the streams of a kind, most recently changed first.
func (s *Store) Streams(ctx context.Context, kind selfheal.StreamKind, limit int) ([]selfheal.Stream, error) {
	atMost := int32(math.MaxInt32)
	if limit > 0 && limit < math.MaxInt32 {
		atMost = int32(limit)
	}
	// ';' is the byte after ':', so the range holds exactly the names with this kind, and the index serves it.
	rows, err := s.read().Streams(ctx, db.StreamsParams{First: []byte(kind + ":"), Beyond: []byte(kind + ";"), AtMost: atMost})
	if err != nil {
		return nil, s.fault("list streams", err)
	}
	streams := make([]selfheal.Stream, 0, len(rows))
	for _, row := range rows {
		updated, err := time.Parse(time.RFC3339Nano, row.Time)
		if err != nil {
			return nil, fmt.Errorf("list streams: time of %s: %w", row.Stream, err)
		}
		streams = append(streams, selfheal.Stream{Name: string(row.Stream), Version: int(row.Version), Updated: updated})
	}
	return streams, nil
}
