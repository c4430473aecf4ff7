package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/jobs"
	"selfheal/internal/pgconnect"
	"selfheal/internal/pgconnect/pgtest"
	"selfheal/internal/store/postgres"
	"selfheal/internal/store/sqlite"
)

var server pgtest.Server

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

const (
	// rescueAfter is short enough for a test to wait for.
	rescueAfter = 2 * time.Second
	// patient is long enough for the slowest machine to be heard: no job of a living process is rescued.
	patient = 20 * time.Second
)

// locate gives the place of a new queue and store of each kind.
var locations = map[string]func(t *testing.T) string{
	"sqlite":   func(t *testing.T) string { return t.TempDir() },
	"postgres": server.Address,
}

// each runs a test on every kind of database.
func each(t *testing.T, test func(t *testing.T, location string)) {
	for name, locate := range locations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, locate(t))
		})
	}
}

type closer interface {
	selfheal.Store
	Close() error
}

func openAt(ctx context.Context, location string, options ...jobs.Option) (*jobs.Queue, closer, error) {
	options = append([]jobs.Option{jobs.WithRescueAfter(rescueAfter), jobs.WithGrace(time.Second)}, options...)
	if pgconnect.Is(location) {
		store, err := postgres.Open(ctx, location)
		if err != nil {
			return nil, nil, err
		}
		queue, err := jobs.OpenPostgres(ctx, location, store, options...)
		return queue, store, err
	}
	store, err := sqlite.Open(ctx, filepath.Join(location, "store.db"))
	if err != nil {
		return nil, nil, err
	}
	queue, err := jobs.OpenSQLite(ctx, filepath.Join(location, "jobs.db"), store, options...)
	return queue, store, err
}

func open(t *testing.T, location string) *jobs.Queue {
	t.Helper()
	queue, store, err := openAt(t.Context(), location, jobs.WithRescueAfter(patient))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(queue.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	return queue
}

func enqueue(t *testing.T, queue *jobs.Queue, at time.Time, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := queue.Enqueue(t.Context(), jobs.Job{Kind: "poll", Key: key}, at); err != nil {
			t.Fatal(err)
		}
	}
}

// run works until the test is over, or until stop is called.
func run(t *testing.T, queue *jobs.Queue, workers int, work jobs.Work) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- queue.Run(ctx, work, workers) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// expect waits for the runs of jobs, in any order.
func expect(t *testing.T, ran <-chan string, want ...string) {
	t.Helper()
	missing := map[string]int{}
	for _, key := range want {
		missing[key]++
	}
	for range want {
		select {
		case key := <-ran:
			if missing[key]--; missing[key] < 0 {
				t.Fatalf("%q ran more often than wanted", key)
			}
		case <-time.After(time.Minute):
			t.Fatalf("still missing: %v", missing)
		}
	}
}

func TestEveryJobRuns(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, location string) {
		queue := open(t, location)
		keys := []string{"a", "b\x00c", "\xff", "'); DROP TABLE river_job;--", ""}
		enqueue(t, queue, time.Now(), keys...)
		enqueue(t, queue, time.Time{}, keys...) // they wait: nothing is added
		ran := make(chan string, 100)
		run(t, queue, 3, func(_ context.Context, job jobs.Job) (time.Duration, error) {
			ran <- job.Key
			return 0, nil
		})
		expect(t, ran, keys...)
		enqueue(t, queue, time.Now(), "a") // done jobs can be asked for again
		expect(t, ran, "a")
		if len(ran) > 0 {
			t.Errorf("%q ran once more", <-ran)
		}
	})
}

func TestTheEarlierTimeHolds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, location string) {
		queue := open(t, location)
		enqueue(t, queue, time.Now().Add(time.Hour), "soon", "late")
		enqueue(t, queue, time.Now(), "soon")
		enqueue(t, queue, time.Now().Add(time.Hour), "soon")
		ran := make(chan string, 100)
		run(t, queue, 3, func(_ context.Context, job jobs.Job) (time.Duration, error) {
			ran <- job.Key
			return 0, nil
		})
		expect(t, ran, "soon")
		if len(ran) > 0 {
			t.Errorf("%q ran", <-ran)
		}
	})
}

func TestAskedForWhileItRuns(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, location string) {
		queue := open(t, location)
		began, proceed := make(chan string), make(chan bool)
		var at, most atomic.Int32
		run(t, queue, 3, func(context.Context, jobs.Job) (time.Duration, error) {
			most.Store(max(most.Load(), at.Add(1)))
			began <- "a"
			<-proceed
			at.Add(-1)
			return 0, nil
		})
		enqueue(t, queue, time.Now(), "a")
		for range 3 {
			expect(t, began, "a")
			for range 3 {
				enqueue(t, queue, time.Now(), "a")
			}
			proceed <- true
		}
		expect(t, began, "a")
		proceed <- true
		if most.Load() != 1 {
			t.Errorf("it ran %d times at once", most.Load())
		}
	})
}

func TestAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, location string) {
		queue := open(t, location)
		ran := make(chan string, 100)
		var runs atomic.Int32
		run(t, queue, 3, func(context.Context, jobs.Job) (time.Duration, error) {
			ran <- "a"
			switch runs.Add(1) {
			case 1:
				return time.Millisecond, nil
			case 2:
				return 0, errors.New("no answer")
			case 3:
				panic("defect")
			}
			return 0, nil
		})
		enqueue(t, queue, time.Now(), "a")
		expect(t, ran, "a", "a", "a", "a")
	})
}

// Two queues stand for two machines: they share nothing but the databases.
func TestNoJobRunsTwiceAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, location string) {
		const keys, asks = 4, 40
		var active [keys]atomic.Int32
		var asked, seen [keys]atomic.Int64
		work := func(_ context.Context, job jobs.Job) (time.Duration, error) {
			n := job.Key[0] - '0'
			if active[n].Add(1) > 1 {
				t.Errorf("%s runs twice at once", job)
			}
			seen[n].Store(asked[n].Load())
			active[n].Add(-1)
			return 0, nil
		}
		queues := []*jobs.Queue{open(t, location), open(t, location)}
		for _, queue := range queues {
			run(t, queue, 4, work)
		}
		var group sync.WaitGroup
		for n := range keys {
			group.Go(func() {
				for i := range asks {
					asked[n].Add(1)
					if err := queues[i%2].Enqueue(t.Context(), jobs.Job{Kind: "poll", Key: fmt.Sprint(n)}, time.Now()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		deadline := time.After(time.Minute)
		for n := range keys {
			for seen[n].Load() != asks {
				select {
				case <-deadline:
					t.Fatalf("job %d saw ask %d of %d", n, seen[n].Load(), asks)
				case <-time.After(10 * time.Millisecond):
				}
			}
		}
	})
}

// longAfter is a rescue that a long job outlives when nothing is heard of it.
const longAfter = 4 * time.Second

func TestALongJobIsLeftAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, location string) {
		ran := make(chan string, 100)
		ended := make(chan error, 100)
		work := func(ctx context.Context, _ jobs.Job) (time.Duration, error) {
			ran <- "a"
			select {
			case <-ctx.Done():
			case <-time.After(longAfter * 3 / 2):
			}
			ended <- ctx.Err()
			return 0, ctx.Err()
		}
		var queues []*jobs.Queue
		for range 2 {
			queue, store, err := openAt(t.Context(), location, jobs.WithRescueAfter(longAfter))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := errors.Join(queue.Close(), store.Close()); err != nil {
					t.Error(err)
				}
			})
			run(t, queue, 2, work)
			queues = append(queues, queue)
		}
		enqueue(t, queues[0], time.Now(), "a")
		// On a machine that is busy beyond measure nothing may be heard in time, and the
		// job is rightly cut off and begun again. Not three times in a row.
		for range 3 {
			expect(t, ran, "a")
			if err := <-ended; err == nil {
				if len(ran) > 0 {
					t.Error("another process took it over")
				}
				return
			}
		}
		t.Error("it was ended every time")
	})
}

func TestStopping(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, location string) {
		queue := open(t, location)
		ran := make(chan string, 100)
		stop := run(t, queue, 2, func(ctx context.Context, job jobs.Job) (time.Duration, error) {
			ran <- job.Key
			<-ctx.Done() // only the end of the grace ends it
			return 0, ctx.Err()
		})
		enqueue(t, queue, time.Now(), "a")
		expect(t, ran, "a")
		began := time.Now()
		stop()
		if took := time.Since(began); took < time.Second {
			t.Errorf("stopped after %v, before the grace", took)
		}
		// What was cut off is not lost, and does not wait as if it had failed.
		run(t, queue, 2, func(_ context.Context, job jobs.Job) (time.Duration, error) {
			ran <- job.Key
			return 0, nil
		})
		expect(t, ran, "a")
	})
}

// As after a restart of the server, while the queue runs.
func TestLostConnections(t *testing.T) {
	t.Parallel()
	location := server.Address(t)
	queue := open(t, location+"&application_name=lost")
	ran := make(chan string, 100)
	run(t, queue, 2, func(_ context.Context, job jobs.Job) (time.Duration, error) {
		ran <- job.Key
		return 0, nil
	})
	enqueue(t, queue, time.Now(), "before")
	expect(t, ran, "before")
	for _, key := range []string{"a", "b"} {
		if err := pgtest.Execute(t.Context(), location, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lost'"); err != nil {
			t.Fatal(err)
		}
		// What was sent and not answered is for the caller to try again.
		for err := errors.New("not asked yet"); err != nil; {
			if err = queue.Enqueue(t.Context(), jobs.Job{Kind: "poll", Key: key}, time.Now()); err != nil && selfheal.CodeOf(err) != selfheal.CodeUnavailable {
				t.Fatal(err)
			}
		}
		expect(t, ran, key)
	}
}

func TestManyOpenANewQueueAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, location string) {
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				queue, store, err := openAt(t.Context(), location)
				if err != nil {
					t.Error(err)
					return
				}
				if err := errors.Join(queue.Close(), store.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	})
}

func TestADamagedFileIsSaid(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "jobs.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("a log line\n", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := jobs.OpenSQLite(t.Context(), path, nil)
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable || !strings.Contains(selfheal.HintOf(err), "may be deleted") {
		t.Errorf("error %v, hint %q", err, selfheal.HintOf(err))
	}
}
