package jobs_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"selfheal/internal/jobs"
)

// The environment of a sub-process: where its queue is, and what it does with jobs.
const (
	locationVariable = "SELFHEAL_JOBSTEST_LOCATION"
	roleVariable     = "SELFHEAL_JOBSTEST_ROLE"

	roleHang   = "begin and never end"
	roleFinish = "finish"
)

// worker is the test binary, run again as a process that works on jobs until it is killed.
type worker struct {
	command *exec.Cmd
	said    chan string
}

func startWorker(t *testing.T, location, role string) *worker {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$", "-test.v=false")
	command.Env = append(os.Environ(), locationVariable+"="+location, roleVariable+"="+role)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	w := &worker{command: command, said: make(chan string, 1000)}
	go func() {
		defer close(w.said)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			w.said <- lines.Text()
		}
	}()
	return w
}

// hear gives the next line that the process says about a job.
func (w *worker) hear(t *testing.T) string {
	t.Helper()
	for {
		select {
		case line, ok := <-w.said:
			if !ok {
				t.Fatal("the worker ended by itself")
			}
			if strings.HasPrefix(line, "began ") || strings.HasPrefix(line, "ended ") {
				return line
			}
			t.Log(line)
		case <-time.After(time.Minute):
			t.Fatal("the worker is silent")
		}
	}
}

// kill ends the process at once and gives what it had still said.
func (w *worker) kill(t *testing.T) []string {
	t.Helper()
	if err := w.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var rest []string
	for line := range w.said {
		rest = append(rest, line)
	}
	_ = w.command.Wait() // says that it was killed
	return rest
}

// play is what a sub-process does.
func play(ctx context.Context, location, role string) error {
	queue, store, err := openAt(ctx, location)
	if err != nil {
		return err
	}
	err = queue.Run(ctx, func(ctx context.Context, job jobs.Job) (time.Duration, error) {
		fmt.Printf("began %s\n", job.Key)
		if role == roleHang {
			<-ctx.Done()
			return 0, ctx.Err()
		}
		fmt.Printf("ended %s\n", job.Key)
		return 0, nil
	}, 2)
	return errors.Join(err, queue.Close(), store.Close())
}

// TestKilled runs itself again as the processes that are killed.
func TestKilled(t *testing.T) {
	if location := os.Getenv(locationVariable); location != "" {
		if err := play(t.Context(), location, os.Getenv(roleVariable)); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Parallel()
	for name, locate := range locations {
		t.Run("another process takes over/"+name, func(t *testing.T) {
			t.Parallel()
			takeOver(t, locate(t))
		})
		t.Run("nothing is lost/"+name, func(t *testing.T) {
			t.Parallel()
			nothingIsLost(t, locate(t))
		})
	}
}

func takeOver(t *testing.T, location string) {
	queue := open(t, location)
	enqueue(t, queue, time.Now(), "a")
	first := startWorker(t, location, roleHang)
	if line := first.hear(t); line != "began a" {
		t.Fatal(line)
	}
	second := startWorker(t, location, roleFinish)
	select {
	case line := <-second.said:
		t.Fatalf("the second works while the first lives: %s", line)
	case <-time.After(3 * rescueAfter / 2):
	}
	first.kill(t)
	died := time.Now()
	if line := second.hear(t); line != "began a" {
		t.Fatal(line)
	}
	t.Logf("taken over %v after the kill, with a rescue after %v", time.Since(died).Round(time.Millisecond), rescueAfter)
	if line := second.hear(t); line != "ended a" {
		t.Fatal(line)
	}
	second.kill(t)
}

// nothingIsLost kills processes at random moments. Each round asks for jobs of its
// own once; all of them must have ended in the end.
func nothingIsLost(t *testing.T, location string) {
	queue := open(t, location)
	random := rand.New(rand.NewPCG(3, 4))
	missing := map[string]bool{}
	note := func(line string) {
		if key, found := strings.CutPrefix(line, "ended "); found {
			delete(missing, key)
		}
	}
	const perRound = 4
	for round := range rounds(t) {
		w := startWorker(t, location, roleFinish)
		for n := range perRound {
			key := fmt.Sprintf("%d-%d", round, n)
			enqueue(t, queue, time.Now(), key)
			missing[key] = true
		}
		for range random.IntN(2*perRound - 1) {
			note(w.hear(t))
		}
		for _, line := range w.kill(t) {
			note(line)
		}
	}
	w := startWorker(t, location, roleFinish)
	t.Logf("%d jobs were cut off or not begun at the last kill", len(missing))
	for len(missing) > 0 {
		note(w.hear(t))
	}
	w.kill(t)
}

// rounds is how often processes are killed: few times in every run of the tests, as often as one has patience for when asked.
func rounds(t *testing.T) int {
	asked := os.Getenv("SELFHEAL_KILLS")
	if asked == "" {
		return 4
	}
	n, err := strconv.Atoi(asked)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
