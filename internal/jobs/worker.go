package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"selfheal"
)

// arguments are a job as River keeps it. The key is in base64, since JSON in
// Postgres takes no NUL and services are named by others.
type arguments struct {
	Subject  string `json:"subject" river:"unique"`
	Key      []byte `json:"key" river:"unique"`
	Failures int    `json:"failures,omitempty"` // in a row
}

// Kind is River's name of all our jobs.
func (arguments) Kind() string { return "selfheal" }

func (a arguments) job() Job { return Job{Kind: a.Subject, Key: string(a.Key)} }

// manyAttempts is how often River tries a job that cannot even begin, because the store does not answer.
const manyAttempts = 30_000

// insertion is how a job is inserted: unique for as long as it waits. River wants
// running ones among the unique as well; see [worker.Work] for how they leave.
func insertion(at time.Time) *river.InsertOpts {
	return &river.InsertOpts{
		MaxAttempts: manyAttempts,
		ScheduledAt: at,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
			rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}},
	}
}

const (
	firstRetry = time.Second
	lastRetry  = 10 * time.Minute
)

// backoff is the wait after so many failures in a row, give or take a quarter.
func (q *Queue) backoff(failures int) time.Duration {
	wait := lastRetry
	if n := failures - 1; n < 16 {
		wait = min(wait, firstRetry<<n)
	}
	return time.Duration(float64(wait) * (0.75 + 0.5*q.random()))
}

// NextRetry is River's question how long to wait for a job that could not begin.
func (q *Queue) NextRetry(row *rivertype.JobRow) time.Time {
	return time.Now().Add(q.backoff(row.Attempt))
}

// worker works on the jobs of one Run.
type worker struct {
	river.WorkerDefaults[arguments]

	queue *Queue
	work  Work
}

// Work is one run of a job: take the lease, make room for the next to wait, work, and
// ask for what follows before River is told that this row is done.
func (w *worker) Work(ctx context.Context, row *river.Job[arguments]) error {
	q, a := w.queue, row.Args
	name := "job:" + a.Subject + ":" + string(a.Key)
	holder := fmt.Sprintf("%s/%d/%d", q.holder, row.ID, row.Attempt)
	giveBack, err := q.leases.Lease(ctx, name, holder, q.rescueAfter)
	if selfheal.CodeOf(err) == selfheal.CodeConflict {
		return river.JobSnooze(q.rescueAfter / 10) // it runs elsewhere; this one keeps its place
	}
	if err != nil {
		q.logger.Warn("cannot begin a job", "job", a.job().String(), "error", err)
		return err
	}
	// The last words are said also when the process is told to stop.
	after := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	}
	defer func() {
		ctx, cancel := after()
		defer cancel()
		if err := giveBack(ctx); err != nil {
			q.logger.Warn("cannot give a lease back", "job", a.job().String(), "error", err)
		}
	}()
	if err := q.engine.release(ctx, row.ID); err != nil {
		return err
	}
	again, err := w.heard(ctx, row, func(ctx context.Context) error {
		return q.renew(ctx, name, holder, row.ID)
	})
	ctx, cancel := after()
	defer cancel()
	return q.follow(ctx, a, again, err)
}

// renew says that a job is still worked on.
func (q *Queue) renew(ctx context.Context, name, holder string, id int64) error {
	if _, err := q.leases.Lease(ctx, name, holder, q.rescueAfter); err != nil {
		return err
	}
	return q.engine.touch(ctx, id)
}

// heard runs the work while the world hears of it. It ends the work's context when
// another has the lease, or when nothing could be said for so long that another will.
func (w *worker) heard(ctx context.Context, row *river.Job[arguments], renew func(context.Context) error) (time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.keep(ctx, cancel, renew)
	}()
	again, err := recovered(w.work)(ctx, row.Args.job())
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = fmt.Errorf("%w (%w): %w", errCutOff, cause, err)
	}
	cancel(nil)
	<-done
	return again, err
}

func (w *worker) keep(ctx context.Context, cancel context.CancelCauseFunc, renew func(context.Context) error) {
	q := w.queue
	ticker := time.NewTicker(q.rescueAfter / 4)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		deadline := last.Add(q.rescueAfter * 3 / 4)
		limited, stop := context.WithDeadline(ctx, deadline)
		began := time.Now()
		err := renew(limited)
		stop()
		switch {
		case err == nil:
			last = began
		case selfheal.CodeOf(err) == selfheal.CodeConflict, !time.Now().Before(deadline):
			cancel(fmt.Errorf("the job is no longer ours: %w", err))
			return
		}
	}
}

// recovered makes a panic an error.
func recovered(work Work) Work {
	return func(ctx context.Context, job Job) (again time.Duration, err error) {
		defer func() {
			if value := recover(); value != nil {
				again, err = 0, fmt.Errorf("panic: %v\n%s", value, debug.Stack())
			}
		}()
		return work(ctx, job)
	}
}

// follow asks for what comes after a run.
func (q *Queue) follow(ctx context.Context, a arguments, again time.Duration, err error) error {
	switch {
	case errors.Is(err, errCutOff):
		return q.ask(ctx, a, time.Time{})
	case err != nil:
		a.Failures++
		wait := q.backoff(a.Failures)
		q.logger.Warn("a job failed", "job", a.job().String(), "failures", a.Failures, "again_in", wait.Round(time.Second), "error", err)
		return q.ask(ctx, a, time.Now().Add(wait))
	case again > 0:
		a.Failures = 0
		return q.ask(ctx, a, time.Now().Add(again))
	}
	return nil
}
