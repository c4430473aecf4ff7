package app

import (
	"context"
	"errors"
	"sync"
)

// together runs several things of which none may end before all do: the first that
// fails stops the others.
type together struct {
	stop    context.CancelCauseFunc
	running sync.WaitGroup
	mu      sync.Mutex
	failed  []error
}

func newTogether(stop context.CancelCauseFunc) *together { return &together{stop: stop} }

func (t *together) add(f func() error) {
	t.running.Go(func() {
		err := f()
		if err == nil || errors.Is(err, context.Canceled) {
			return
		}
		t.stop(err)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.failed = append(t.failed, err)
	})
}

// wait gives what failed after the first, which is the cause of the context's end.
func (t *together) wait() error {
	t.running.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.failed) > 1 {
		return errors.Join(t.failed[1:]...)
	}
	return nil
}
