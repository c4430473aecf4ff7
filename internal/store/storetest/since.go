package storetest

import (
	"fmt"
	"sync"
	"testing"

	"selfheal"
)

// journalAsOne: who reads on from the last position gets every event once and in
// order, while others append.
func journalAsOne(t *testing.T, s selfheal.Store, _ *Clock) {
	reader, able := s.(selfheal.JournalReader)
	if !able {
		t.Fatal("the store cannot be read as one journal")
	}
	const writers, each = 4, 12
	var running sync.WaitGroup
	for w := range writers {
		running.Go(func() {
			stream := fmt.Sprintf("deploy:%d", w)
			for i := range each {
				if err := s.Append(t.Context(), stream, i, event(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := map[string]int{}
	var last int64
	read := func() {
		for {
			events, err := reader.Since(t.Context(), last, 5)
			check(t, err)
			if len(events) == 0 {
				return
			}
			for _, e := range events {
				if e.Seq <= last || e.Version != seen[e.Stream]+1 {
					t.Fatalf("event %d of %s has version %d after %d", e.Seq, e.Stream, e.Version, seen[e.Stream])
				}
				last, seen[e.Stream] = e.Seq, e.Version
			}
		}
	}
	for range 20 {
		read()
	}
	running.Wait()
	read()
	for w := range writers {
		if n := seen[fmt.Sprintf("deploy:%d", w)]; n != each {
			t.Errorf("%d events of writer %d were seen, want %d", n, w, each)
		}
	}
}
