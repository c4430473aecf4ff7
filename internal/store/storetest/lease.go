package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"selfheal"
)

func leaseExcludesOthers(t *testing.T, store selfheal.Store, clock *Clock) {
	_, err := store.Lease(t.Context(), "incident:x", "first", time.Minute)
	check(t, err)
	_, err = store.Lease(t.Context(), "incident:x", "second", time.Minute)
	wantCode(t, err, selfheal.CodeConflict)
	_, err = store.Lease(t.Context(), "incident:y", "second", time.Minute)
	check(t, err)

	clock.Advance(45 * time.Second)
	_, err = store.Lease(t.Context(), "incident:x", "first", time.Minute)
	check(t, err)
	clock.Advance(45 * time.Second)
	_, err = store.Lease(t.Context(), "incident:x", "second", time.Minute)
	wantCode(t, err, selfheal.CodeConflict)
}

func leaseEnds(t *testing.T, store selfheal.Store, clock *Clock) {
	release, err := store.Lease(t.Context(), "incident:x", "first", time.Minute)
	check(t, err)
	check(t, release(t.Context()))
	check(t, release(t.Context()))
	late, err := store.Lease(t.Context(), "incident:x", "second", time.Minute)
	check(t, err)

	clock.Advance(time.Minute)
	_, err = store.Lease(t.Context(), "incident:x", "third", time.Minute)
	check(t, err)
	// Whoever comes back after the expiry must not take it from the new holder.
	check(t, late(t.Context()))
	_, err = store.Lease(t.Context(), "incident:x", "second", time.Minute)
	wantCode(t, err, selfheal.CodeConflict)
}

func oneOfManyGetsTheLease(t *testing.T, store selfheal.Store, _ *Clock) {
	var group sync.WaitGroup
	var winners atomic.Int32
	for n := range 8 {
		group.Go(func() {
			_, err := store.Lease(t.Context(), "incident:x", fmt.Sprint(n), time.Minute)
			if err == nil {
				winners.Add(1)
			} else if selfheal.CodeOf(err) != selfheal.CodeConflict {
				t.Error(err)
			}
		})
	}
	group.Wait()
	same(t, winners.Load(), int32(1))
}
