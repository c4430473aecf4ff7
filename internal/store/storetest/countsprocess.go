package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"selfheal"
)

// CountOpener opens the store of counts at a location, as a further process would.
type CountOpener func(ctx context.Context, location string) (CountCloser, error)

// CountCloser is a store of counts that is given back.
type CountCloser interface {
	selfheal.CountStore
	io.Closer
}

// The further roles of a sub-process.
const (
	roleCount   = "count until killed"
	roleCompact = "compact until killed"
)

const (
	countWriters = 2
	// countStep is how many minutes lie between two that are counted: hours come soon.
	countStep = 10
)

// rounds is how often processes are killed: few times in every run of the tests, as often as one has patience for when asked.
func rounds(t *testing.T, usual int) int {
	t.Helper()
	asked := os.Getenv("SELFHEAL_KILLS")
	if asked == "" {
		return usual
	}
	n, err := strconv.Atoi(asked)
	check(t, err)
	return n
}

// RunCountProcesses tests a store of counts whose processes are killed while they
// write and compact. The calling test runs itself again as those processes, so it
// must be a top-level test that does nothing else.
func RunCountProcesses(t *testing.T, location func(t *testing.T) string, open CountOpener) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := playCounts(t.Context(), role, open); err != nil {
			t.Fatal(err)
		}
		return
	}
	killedWhileCounting(t, t.Name(), location(t), open)
}

func playCounts(ctx context.Context, role string, open CountOpener) error {
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil { // the parent closes it to start all at once
		return err
	}
	store, err := open(ctx, os.Getenv(locationVariable))
	if err != nil {
		return err
	}
	if role == roleCompact {
		err = compactForever(ctx, store)
	} else {
		err = countForever(ctx, store, os.Getenv(nameVariable))
	}
	return errors.Join(err, store.Close())
}

// Each put says two steps: the one before for the last time, the next for the first time.
const (
	saidFirst = 1
	saidLast  = 3
)

// countForever goes on where what it finds ends, and acknowledges each put on standard output.
func countForever(ctx context.Context, store selfheal.CountStore, writer string) error {
	step, err := countedUntil(ctx, store, writer)
	for ; err == nil; step++ {
		batch := []selfheal.Tally{tally(writer, writer, step*countStep, saidFirst, 100)}
		if step > 0 {
			batch = append(batch, tally(writer, writer, (step-1)*countStep, saidLast, 100))
		}
		if err = store.PutTallies(ctx, batch, described()); err != nil {
			return err
		}
		fmt.Printf("ack %d\n", step+1)
		// Reading what was written also leaves others the time to write.
		if read, err := countedUntil(ctx, store, writer); err != nil || read != step+1 {
			return fmt.Errorf("step %d is read after step %d was put: %w", read, step+1, err)
		}
	}
	return err
}

// countedUntil is the step after the last that a writer, whose name is its revision, has said.
func countedUntil(ctx context.Context, store selfheal.CountStore, writer string) (int64, error) {
	all, err := store.Counted(ctx, shop, selfheal.Interval{})
	for _, counted := range all {
		if counted.Revision == writer {
			c := counted.Counts.Of(broken).Counts
			return (c[len(c)-1].Minute-hour)/countStep + 1, nil
		}
	}
	return 0, err
}

// compactForever compacts up to an hour that no writer is near any more.
func compactForever(ctx context.Context, store selfheal.CountStore) error {
	for {
		slowest := int64(1 << 40)
		for w := range countWriters {
			step, err := countedUntil(ctx, store, fmt.Sprint(w))
			if err != nil {
				return err
			}
			slowest = min(slowest, step)
		}
		if err := store.Compact(ctx, selfheal.MinuteTime(hour+(slowest-2)*countStep), time.Time{}); err != nil {
			return err
		}
		if slowest > 2+60/countStep { // the first hour at least was merged
			fmt.Printf("ack %d\n", slowest)
		}
	}
}

func killedWhileCounting(t *testing.T, self, location string, open CountOpener) {
	random := rand.New(rand.NewPCG(7, 8)) //nolint:gosec // any moment will do
	acknowledged := make([]int, countWriters)
	for range rounds(t, 4) {
		var running []*process
		for w := range countWriters {
			running = append(running, start(t, self, roleCount, location, fmt.Sprint(w)))
		}
		running = append(running, start(t, self, roleCompact, location, ""))
		for _, p := range running {
			check(t, p.input.Close())
		}
		for w := range acknowledged {
			acknowledged[w] = max(acknowledged[w], running[w].readAcknowledged(t, 1+random.IntN(12)))
		}
		running[countWriters].readAcknowledged(t, 1)
		for _, p := range running {
			check(t, p.command.Process.Kill())
		}
		for w, p := range running {
			if last := p.readAcknowledged(t, 0); w < countWriters {
				acknowledged[w] = max(acknowledged[w], last)
			}
			_ = p.command.Wait() // says that it was killed
		}
		verifyCounted(t, location, open, acknowledged)
	}
}

// verifyCounted compares what is stored with what the writers acknowledged: all of
// it, and no more than the one put that was on its way.
func verifyCounted(t *testing.T, location string, open CountOpener, acknowledged []int) {
	t.Helper()
	store, err := open(t.Context(), location)
	check(t, err)
	for w, steps := range acknowledged {
		stored, err := countedUntil(t.Context(), store, fmt.Sprint(w))
		check(t, err)
		if stored != int64(steps) && stored != int64(steps)+1 {
			t.Fatalf("writer %d: %d steps are stored after %d were acknowledged", w, stored, steps)
		}
	}
	all, err := store.Counted(t.Context(), shop, selfheal.Interval{})
	check(t, err)
	for _, counted := range all {
		errors := counted.Counts.Of(broken).Counts
		for i, c := range errors {
			want := int64(saidLast)
			if i == len(errors)-1 {
				want = saidFirst
			}
			if c.Minute != hour+int64(i)*countStep || c.N != want {
				t.Fatalf("writer %s: minute %d is %d, want minute %d to be %d", counted.Revision, c.Minute-hour, c.N, i*countStep, want)
			}
		}
		n := int64(len(errors))
		same(t, counted.Counts.Of(served).Total(), 100*n)
		same(t, counted.Coverage.Records, 100*n+saidLast*(n-1)+saidFirst)
	}
	check(t, store.Close())
	// Otherwise no compaction is ever under way when its process is killed.
	if all[0].Counts.Of(served).Counts[0].N == 100 {
		t.Fatal("nothing was compacted")
	}
}
