package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// engine is River on one kind of database, and what we say to its table by ourselves.
type engine interface {
	insert(ctx context.Context, a arguments, options *river.InsertOpts) (*rivertype.JobInsertResult, error)
	// start begins to work on jobs until ctx ends; stopped is closed when none runs any more.
	start(ctx context.Context, config *river.Config) (stopped <-chan struct{}, err error)
	table
	// fault turns what the database said into what a user can act on.
	fault(op string, err error) error
	close() error
}

// table is River's table of jobs.
type table interface {
	// release takes the unique key from a running job.
	release(ctx context.Context, id int64) error
	// touch says that a running job is worked on.
	touch(ctx context.Context, id int64) error
	// place moves a waiting job to a time, if that is earlier; zero is now. It is then
	// taken once its time has come. River lets its leader look every five seconds for
	// scheduled jobs that are due, and a leader that was killed is missed for longer.
	place(ctx context.Context, id int64, at time.Time) error
	// silent gives the running jobs that nobody has touched for a time.
	silent(ctx context.Context, since time.Duration) ([]silentJob, error)
	// abandon ends a job that is still silent.
	abandon(ctx context.Context, id int64, since time.Duration) error
}

type silentJob struct {
	id        int64
	arguments arguments
}

// clients makes River's clients of a driver, whatever its transactions are.
type clients[T any] struct {
	driver   riverdriver.Driver[T]
	inserter *river.Client[T]
	pollOnly bool
}

func newClients[T any](driver riverdriver.Driver[T], pollOnly bool, logger *slog.Logger) (clients[T], error) {
	inserter, err := river.NewClient(driver, &river.Config{Logger: quiet(logger)})
	return clients[T]{driver: driver, inserter: inserter, pollOnly: pollOnly}, err
}

func (c clients[T]) insert(ctx context.Context, a arguments, options *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	return c.inserter.Insert(ctx, a, options)
}

func (c clients[T]) start(ctx context.Context, config *river.Config) (<-chan struct{}, error) {
	config.PollOnly = c.pollOnly
	client, err := river.NewClient(c.driver, config)
	if err != nil {
		return nil, err
	}
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	return client.Stopped(), nil
}

const (
	pollInterval = time.Second
	// Finished rows are of no use but to someone who looks.
	keepFinished = time.Hour
	// never is longer than any job: River's own rescue, which goes by time alone, has nothing to do.
	never = 10 * 365 * 24 * time.Hour
)

func (q *Queue) config(workers int) *river.Config {
	return &river.Config{
		ID:                          q.holder,
		Logger:                      quiet(q.logger),
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		FetchPollInterval:           min(pollInterval, q.rescueAfter/10),
		JobTimeout:                  -1,
		JobStuckThreshold:           never,
		RescueStuckJobsAfter:        never,
		RetryPolicy:                 q,
		SoftStopTimeout:             q.grace,
		CompletedJobRetentionPeriod: keepFinished,
		CancelledJobRetentionPeriod: keepFinished,
	}
}

// quiet lets only River's warnings and errors through: that a service of its own has
// started concerns nobody.
func quiet(logger *slog.Logger) *slog.Logger { return slog.New(warnings{logger.Handler()}) }

type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

func (w warnings) WithAttrs(attributes []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attributes)}
}

func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
