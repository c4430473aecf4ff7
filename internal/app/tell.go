package app

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/channel"
)

// JobTell tells people one notice, by the key of its stream.
const JobTell = "tell"

// teller tells people: what is to be told is journalled first, so that a process
// which is killed before it was told leaves it to the next, and told once.
type teller struct {
	store  store
	router *channel.Router // nil: there are no channels
	clock  selfheal.Clock
	// enqueue asks for the job that delivers.
	enqueue func(ctx context.Context, kind, key string, at time.Time) error
}

// tellFor is how long a notice is worth telling.
const tellFor = 24 * time.Hour

// due journals a notice, unless it is known.
func (t *teller) due(ctx context.Context, n selfheal.Notice) error {
	if t.router == nil {
		return nil
	}
	key := strings.ReplaceAll(n.Key(), " ", "/")
	stream := selfheal.StreamName(selfheal.StreamNotice, key)
	events, err := t.store.Events(ctx, stream)
	if err != nil || len(events) > 0 {
		return err
	}
	event, err := selfheal.NewEvent(t.clock(), "selfheal serve", selfheal.EventNoticeDue, n)
	if err != nil {
		return err
	}
	if err := t.store.Append(ctx, stream, 0, event); err != nil {
		if selfheal.CodeOf(err) == selfheal.CodeConflict {
			return nil // another process was faster
		}
		return err
	}
	return t.enqueue(ctx, JobTell, key, t.clock())
}

// tell delivers a notice; a channel that fails for now is tried again for a day.
func (t *teller) tell(ctx context.Context, key string) (again time.Duration, err error) {
	stream := selfheal.StreamName(selfheal.StreamNotice, key)
	events, err := t.store.Events(ctx, stream)
	if err != nil || len(events) != 1 || t.router == nil {
		return 0, err
	}
	n, err := selfheal.Decode[selfheal.Notice](events[0])
	if err != nil {
		return 0, err
	}
	told := selfheal.NoticeTold{Channels: map[string]string{}}
	retry := false
	for _, d := range t.router.Deliver(ctx, n) {
		told.Channels[d.Channel] = string(d.State)
		if d.Err != nil {
			slog.Warn("tell people", "channel", d.Channel, "notice", key, "error", d.Err)
			retry = retry || d.Retry
		}
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if age := t.clock().Sub(n.Time); retry && age < tellFor {
		return min(10*time.Minute, max(30*time.Second, age)), nil
	}
	event, err := selfheal.NewEvent(t.clock(), "selfheal serve", selfheal.EventNoticeTold, told)
	if err != nil {
		return 0, err
	}
	if err := t.store.Append(ctx, stream, 1, event); err != nil && selfheal.CodeOf(err) != selfheal.CodeConflict {
		return 0, err
	}
	return 0, nil
}

// left asks for the notices that were not told.
func (t *teller) left(ctx context.Context) error {
	streams, err := t.store.Streams(ctx, selfheal.StreamNotice, noticesRecalled)
	if err != nil {
		return err
	}
	for _, stream := range streams {
		key := streamKey(stream.Name, selfheal.StreamNotice)
		if stream.Version != 1 || strings.HasPrefix(key, threadPrefix) {
			continue
		}
		if err := t.enqueue(ctx, JobTell, key, t.clock()); err != nil {
			return err
		}
	}
	return nil
}

const (
	noticesRecalled = 1000
	threadPrefix    = "thread/"
)

// threads remembers where a channel's thread about a deploy began.
type threads struct {
	store store
	clock selfheal.Clock
}

// Thread gives the thread of a key; empty when there is none.
func (t threads) Thread(ctx context.Context, key string) (string, error) {
	events, err := t.store.Events(ctx, selfheal.StreamName(selfheal.StreamNotice, threadPrefix+key))
	if err != nil || len(events) == 0 {
		return "", err
	}
	started, err := selfheal.Decode[selfheal.ThreadStarted](events[0])
	return started.ID, err
}

// Remember keeps the thread of a key; the first one stays.
func (t threads) Remember(ctx context.Context, key, id string) error {
	event, err := selfheal.NewEvent(t.clock(), "selfheal serve", selfheal.EventThreadStarted, selfheal.ThreadStarted{ID: id})
	if err != nil {
		return err
	}
	err = t.store.Append(ctx, selfheal.StreamName(selfheal.StreamNotice, threadPrefix+key), 0, event)
	if selfheal.CodeOf(err) == selfheal.CodeConflict {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remember thread: %w", err)
	}
	return nil
}
