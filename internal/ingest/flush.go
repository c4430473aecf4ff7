package ingest

import (
	"context"
	"fmt"
	"time"
)

// lastFlush is how long the flush at the end may take.
const lastFlush = 10 * time.Second

// Run flushes again and again until ctx is done, and once more then. A flush that
// fails is logged and made again with the next; only the last one's error is returned.
func (c *Counter) Run(ctx context.Context) error {
	flush, look := time.NewTicker(c.config.FlushEvery), time.NewTicker(idleFor)
	defer flush.Stop()
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
			defer cancel()
			return c.Close(ending)
		case <-look.C:
			for _, s := range c.shards {
				s.idle(c.config.Clock())
			}
		case <-flush.C:
			if err := c.Flush(ctx); err != nil && ctx.Err() == nil {
				c.config.Log.Warn("counts are not written, and tried again", "error", err)
			}
		}
	}
}

// Flush writes what was counted since the last flush. When it fails, with the
// store's error, the next one writes all of it.
func (c *Counter) Flush(ctx context.Context) error { return c.flush(ctx, false) }

// Close emits the events that still wait for further lines, and flushes. Nothing
// may be taken in afterwards.
func (c *Counter) Close(ctx context.Context) error { return c.flush(ctx, true) }

func (c *Counter) flush(ctx context.Context, ended bool) error {
	c.flushing.Lock()
	defer c.flushing.Unlock()
	now := c.config.Clock()
	c.drain(now, ended)
	for _, p := range c.ledger.pages() {
		if err := c.config.Store.PutTallies(ctx, p.tallies(), p.signatures); err != nil {
			c.full.Store(c.ledger.held > c.config.MaxHeld)
			return fmt.Errorf("write counts: %w", err)
		}
		c.ledger.written(&p)
	}
	c.ledger.mu.Lock()
	c.ledger.forget(now)
	c.ledger.mu.Unlock()
	c.full.Store(c.ledger.held > c.config.MaxHeld)
	c.flushed.Store(now.UnixNano())
	return nil
}

// drain brings what the shards counted into the ledger.
func (c *Counter) drain(now time.Time, ended bool) {
	l := &c.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.minute = max(l.minute, minuteOf(now))
	for _, s := range c.shards {
		s.drain(l, now, ended)
	}
}
