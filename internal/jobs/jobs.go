// Package jobs is the durable work of a server: which deploy is to be polled next,
// which incident is to be advanced, and when. In go jobs and a function that works on
// one; out comes that every job is worked on, at least once, however often processes
// are killed, and never twice at the same time.
//
// It is River (https://riverqueue.com) with three rules of our own on top:
//
//   - A job is its kind and key. One of them waits at most, however often it is asked
//     for; asked for while it runs, it runs once more afterwards. A row gives up its
//     unique key when its work begins, so that there is room for the next to wait.
//   - Whoever works on a job holds its lease in the store, which keeps a second process
//     away for as long as the work takes.
//   - Whoever works says so every few seconds. River tells a stuck job from a long one
//     by a time limit alone, and a repair takes half an hour; here a job is stuck once
//     its process has said nothing for half a minute.
//
// What is kept here is only when to do what. It may be deleted at any time: the
// journal says what is unfinished, and the process that starts asks for it again.
package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"selfheal"
)

// Job is a piece of work that can be repeated.
type Job struct {
	Kind string // "poll", "advance"
	Key  string // of the deploy or the incident
}

func (j Job) String() string { return j.Kind + " " + j.Key }

// Work works on a job. again is when it wants to be called again; zero or less when
// it is done. After an error it is called again with waits that double from a second
// to ten minutes; a panic is an error. When ctx ends, it should return soon: the
// process stops, or another has taken the job over. A job that is cut off so is
// called again at once, by whoever runs.
type Work func(ctx context.Context, job Job) (again time.Duration, err error)

// Leaser is what keeps two processes from working on the same job; a [selfheal.Store] is one.
type Leaser interface {
	Lease(ctx context.Context, name, holder string, ttl time.Duration) (release func(context.Context) error, err error)
}

var _ Leaser = selfheal.Store(nil)

// Queue is an open queue. It is safe for use by many goroutines.
type Queue struct {
	engine      engine
	leases      Leaser
	logger      *slog.Logger
	holder      string // of this process, in leases
	rescueAfter time.Duration
	grace       time.Duration
	random      func() float64
}

const (
	defaultRescueAfter = 30 * time.Second
	defaultGrace       = 20 * time.Second
	// afterwards is how long the last words about a job may take once its context has ended.
	afterwards = 5 * time.Second
)

// Option changes how a [Queue] is opened.
type Option func(*Queue)

// WithLogger makes failures of jobs known; without it nothing is logged.
func WithLogger(logger *slog.Logger) Option { return func(q *Queue) { q.logger = logger } }

// WithRescueAfter sets after how long a silence of its process a job is given to
// another one; 30 seconds otherwise. All processes should agree.
func WithRescueAfter(d time.Duration) Option { return func(q *Queue) { q.rescueAfter = d } }

// WithGrace sets how long [Queue.Run] lets running jobs go on once it is told to
// stop; 20 seconds otherwise.
func WithGrace(d time.Duration) Option { return func(q *Queue) { q.grace = d } }

func newQueue(leases Leaser, options []Option) *Queue {
	q := &Queue{
		leases: leases, logger: slog.New(slog.DiscardHandler), holder: rand.Text(),
		rescueAfter: defaultRescueAfter, grace: defaultGrace, random: mathrand.Float64,
	}
	for _, option := range options {
		option(q)
	}
	return q
}

// Close gives the connections back. It must not be called before [Queue.Run] has returned.
func (q *Queue) Close() error { return q.engine.close() }

// Enqueue asks for a job at a time. While it waits already, the earlier time holds;
// while it runs, it will run once more. What was asked for survives a crash of the
// process.
func (q *Queue) Enqueue(ctx context.Context, job Job, at time.Time) error {
	return q.ask(ctx, arguments{Subject: job.Kind, Key: []byte(job.Key)}, at)
}

func (q *Queue) ask(ctx context.Context, a arguments, at time.Time) error {
	op := "enqueue " + a.job().String()
	result, err := q.engine.insert(ctx, a, insertion(at))
	if err == nil && (result.UniqueSkippedAsDuplicate || result.Job.State != rivertype.JobStateAvailable) {
		// One that is there already waits, or is just about to begin: either way it will run after this.
		err = q.engine.place(ctx, result.Job.ID, at)
	}
	return q.engine.fault(op, err)
}

// Run works on jobs, several at once, until ctx ends; then it takes on no more and
// waits for those that run. After the grace it ends their contexts. It returns nil
// when it was told to stop. A queue runs once at a time.
func (q *Queue) Run(ctx context.Context, work Work, workers int) error {
	if workers < 1 {
		return &selfheal.Error{Code: selfheal.CodeInternal, Op: "run jobs", Message: fmt.Sprintf("%d workers", workers)}
	}
	config := q.config(workers)
	config.Workers = river.NewWorkers()
	if err := river.AddWorkerSafely(config.Workers, &worker{queue: q, work: work}); err != nil {
		return fmt.Errorf("run jobs: %w", err)
	}
	stopped, err := q.engine.start(ctx, config)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return q.engine.fault("run jobs", err)
	}
	q.rescueUntil(ctx)
	<-stopped
	return nil
}

// rescueUntil looks for jobs of dead processes until ctx ends.
func (q *Queue) rescueUntil(ctx context.Context) {
	ticker := time.NewTicker(q.rescueAfter / 4)
	defer ticker.Stop()
	for {
		if err := q.rescue(ctx); err != nil && ctx.Err() == nil {
			q.logger.Warn("cannot look for jobs of dead processes", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// rescue asks again for jobs whose process has not been heard of. Killed between any
// two of its steps, the next rescue does the rest.
func (q *Queue) rescue(ctx context.Context) error {
	silent, err := q.engine.silent(ctx, q.rescueAfter)
	if err != nil {
		return err
	}
	for _, s := range silent {
		// Without its key, the row is no longer in the way of the one that takes its place.
		err := q.engine.release(ctx, s.id)
		if err == nil {
			err = q.ask(ctx, s.arguments, time.Time{})
		}
		if err == nil {
			err = q.engine.abandon(ctx, s.id, q.rescueAfter)
		}
		if err != nil {
			return err
		}
		q.logger.Info("took over a job whose process is gone", "job", s.arguments.job().String())
	}
	return nil
}

// errCutOff is the error of a run that was told to stop: no failure of the job.
var errCutOff = errors.New("cut off")
