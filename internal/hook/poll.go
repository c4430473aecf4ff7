package hook

import (
	"context"
	"time"

	"selfheal"
)

// Poller asks a platform that announces nothing.
type Poller interface {
	// Poll gives what is new since the last time; all that concerns the present the
	// first time. What was given and not kept is lost to this Poller: after an error
	// of the sink, Forget makes it say everything again.
	Poll(ctx context.Context) ([]selfheal.Announcement, error)
	Forget()
}

// Polling is how a [Poller] is asked again and again.
type Polling struct {
	Every  time.Duration                              // at least 1 s
	Sleep  func(context.Context, time.Duration) error // nil for real time
	Failed func(error)                                // is told of what did not work; nil for nobody
}

const maxPause = 5 * time.Minute // between attempts while a platform does not answer

// Run asks until ctx ends, and hands what it learns to sink. While the platform or
// the sink fails, it asks less and less often.
func (o Polling) Run(ctx context.Context, p Poller, sink func(context.Context, selfheal.Announcement) error) error {
	every := max(o.Every, time.Second)
	pause := every
	for {
		err := pass(ctx, p, sink)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil:
			pause = every
		default:
			if o.Failed != nil {
				o.Failed(err)
			}
			pause = min(2*pause, max(maxPause, every))
		}
		if err := o.sleep(ctx, pause); err != nil {
			return err
		}
	}
}

func pass(ctx context.Context, p Poller, sink func(context.Context, selfheal.Announcement) error) error {
	found, err := p.Poll(ctx)
	for _, a := range found {
		if sinkErr := sink(ctx, a); sinkErr != nil {
			p.Forget()
			return sinkErr
		}
	}
	return err
}

func (o Polling) sleep(ctx context.Context, d time.Duration) error {
	if o.Sleep != nil {
		return o.Sleep(ctx, d)
	}
	return pauseFor(ctx, d)
}

func pauseFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
