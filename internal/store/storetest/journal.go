package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"selfheal"
)

const stream = "incident:prod/shop/0123456789"

func eventsComeBack(t *testing.T, store selfheal.Store, _ *Clock) {
	hostile := event(1)
	hostile.Actor = "Robert'); DROP TABLE events;-- \u202e \x00 ☃"
	hostile.Payload = json.RawMessage(`{"text":"\u0000 <script> ' \" ; 日本"}`)
	hostile.Time = time.Date(2026, 3, 1, 13, 0, 0, 999999999, time.FixedZone("", 3600))
	undated := event(2)
	undated.Time = time.Time{}

	events := []selfheal.Event{hostile, undated, event(3)}
	check(t, store.Append(t.Context(), stream, 0, events[0]))
	check(t, store.Append(t.Context(), stream, 1, events[1:]...))
	if events[1].Version != 2 || events[2].Version != 3 || events[1].Seq >= events[2].Seq {
		t.Errorf("appended events got (seq, version) (%d, %d) and (%d, %d)", events[1].Seq, events[1].Version, events[2].Seq, events[2].Version)
	}

	got, err := store.Events(t.Context(), stream)
	check(t, err)
	events[0].Seq, events[0].Version = got[0].Seq, 1
	events[0].Time = events[0].Time.UTC()
	same(t, got, events)
}

func unknownStreamIsEmpty(t *testing.T, store selfheal.Store, _ *Clock) {
	events, err := store.Events(t.Context(), stream)
	check(t, err)
	same(t, len(events), 0)
	streams, err := store.Streams(t.Context(), selfheal.StreamIncident, 0)
	check(t, err)
	same(t, len(streams), 0)
}

func staleVersionConflicts(t *testing.T, store selfheal.Store, _ *Clock) {
	check(t, store.Append(t.Context(), stream, 0, event(1), event(2)))
	for _, version := range []int{-1, 0, 1, 3} {
		wantCode(t, store.Append(t.Context(), stream, version, event(3)), selfheal.CodeConflict)
		wantCode(t, store.Append(t.Context(), stream, version), selfheal.CodeConflict)
	}
	check(t, store.Append(t.Context(), stream, 2))
	events, err := store.Events(t.Context(), stream)
	check(t, err)
	same(t, len(events), 2)
}

func badEventAddsNothing(t *testing.T, store selfheal.Store, _ *Clock) {
	bad := event(2)
	bad.Payload = json.RawMessage(`{"half`)
	if err := store.Append(t.Context(), stream, 0, event(1), bad); err == nil {
		t.Fatal("a payload that is not JSON was accepted")
	}
	events, err := store.Events(t.Context(), stream)
	check(t, err)
	same(t, len(events), 0)
}

func nameWithoutKindIsRefused(t *testing.T, store selfheal.Store, _ *Clock) {
	for _, name := range []string{"", "incident", ":key", "incident:"} {
		if err := store.Append(t.Context(), name, 0, event(1)); err == nil {
			t.Errorf("stream %q was accepted", name)
		}
	}
}

func streamsByLastChange(t *testing.T, store selfheal.Store, _ *Clock) {
	name := func(key string) string { return selfheal.StreamName(selfheal.StreamIncident, key) }
	check(t, store.Append(t.Context(), name("a"), 0, event(1)))
	check(t, store.Append(t.Context(), name("b"), 0, event(2), event(3)))
	check(t, store.Append(t.Context(), name("c"), 0, event(4)))
	// The order is the journal's, not that of the times people write into events.
	check(t, store.Append(t.Context(), name("a"), 1, event(0)))

	got, err := store.Streams(t.Context(), selfheal.StreamIncident, 0)
	check(t, err)
	want := []selfheal.Stream{
		{Name: name("a"), Version: 2, Updated: event(0).Time},
		{Name: name("c"), Version: 1, Updated: event(4).Time},
		{Name: name("b"), Version: 2, Updated: event(3).Time},
	}
	same(t, got, want)
	got, err = store.Streams(t.Context(), selfheal.StreamIncident, 2)
	check(t, err)
	same(t, got, want[:2])
}

func kindsDoNotMix(t *testing.T, store selfheal.Store, _ *Clock) {
	for _, name := range []string{"deploy:a", "deploy:\u00ff", "deploys:b", "incident:deploy:c"} {
		check(t, store.Append(t.Context(), name, 0, event(1)))
	}
	got, err := store.Streams(t.Context(), selfheal.StreamDeploy, 0)
	check(t, err)
	var names []string
	for _, s := range got {
		names = append(names, s.Name)
	}
	same(t, names, []string{"deploy:\u00ff", "deploy:a"})
}

// concurrentAppends has writers that each add their events to one stream, and
// read it again whenever another was faster.
func concurrentAppends(t *testing.T, store selfheal.Store, _ *Clock) {
	const writers, each = 8, 10
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			if err := appendInTurn(t.Context(), store, fmt.Sprint(w), each); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	verifyTurns(t, store, writers, each)
}

// turn is the payload of an event that several writers append in competition.
type turn struct {
	Writer string `json:"writer"`
	N      int    `json:"n"`
}

func appendInTurn(ctx context.Context, store selfheal.Store, writer string, n int) error {
	for i := range n {
		e, err := selfheal.NewEvent(time.Unix(int64(i), 0), writer, selfheal.EventDecisionMade, turn{writer, i})
		if err != nil {
			return err
		}
		if err := appendNext(ctx, store, e); err != nil {
			return err
		}
	}
	return nil
}

func appendNext(ctx context.Context, store selfheal.Store, e selfheal.Event) error {
	for {
		events, err := store.Events(ctx, stream)
		if err != nil {
			return err
		}
		err = store.Append(ctx, stream, len(events), e)
		if err == nil || selfheal.CodeOf(err) != selfheal.CodeConflict {
			return err
		}
	}
}

func verifyTurns(t *testing.T, store selfheal.Store, writers, each int) {
	t.Helper()
	events, err := store.Events(t.Context(), stream)
	check(t, err)
	same(t, len(events), writers*each)
	next := map[string]int{}
	var seq int64
	for i, e := range events {
		payload, err := selfheal.Decode[turn](e)
		check(t, err)
		if e.Version != i+1 || e.Seq <= seq || payload.N != next[payload.Writer] {
			t.Fatalf("event %d has version %d, seq %d after %d, turn %d of writer %s, want %d",
				i, e.Version, e.Seq, seq, payload.N, payload.Writer, next[payload.Writer])
		}
		next[payload.Writer]++
		seq = e.Seq
	}
	same(t, len(next), writers)
}

func cancelledContextWritesNothing(t *testing.T, store selfheal.Store, _ *Clock) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Append(ctx, stream, 0, event(1)); !errors.Is(err, context.Canceled) {
		t.Fatalf("append with a cancelled context gave %v", err)
	}
	events, err := store.Events(t.Context(), stream)
	check(t, err)
	same(t, len(events), 0)
}
