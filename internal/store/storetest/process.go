package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"selfheal"
)

// Opener opens the store at a location, as a further process would.
type Opener func(ctx context.Context, location string) (Closer, error)

// Closer is a store that is given back.
type Closer interface {
	selfheal.Store
	io.Closer
}

// The environment of a sub-process: which role it plays, where its store is, what it is called.
const (
	roleVariable     = "SELFHEAL_STORETEST_ROLE"
	locationVariable = "SELFHEAL_STORETEST_LOCATION"
	nameVariable     = "SELFHEAL_STORETEST_NAME"

	roleInTurn  = "append in turn"
	roleForever = "append until killed"
)

// RunProcesses tests a store that several processes use. The calling test runs
// itself again as those processes, so it must be a top-level test that does
// nothing else; location gives the place of a new, empty store.
func RunProcesses(t *testing.T, location func(t *testing.T) string, open Opener) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := play(t.Context(), role, open); err != nil {
			t.Fatal(err)
		}
		return
	}
	self := t.Name()
	t.Run("many at once on a new store", func(t *testing.T) {
		t.Parallel()
		manyAtOnce(t, self, location(t), open)
	})
	t.Run("killed while writing", func(t *testing.T) {
		t.Parallel()
		killedWhileWriting(t, self, location(t), open)
	})
}

const (
	processes        = 4
	eventsPerProcess = 10
	kills            = 20
	batch            = 3
)

func play(ctx context.Context, role string, open Opener) error {
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil { // the parent closes it to start all at once
		return err
	}
	store, err := open(ctx, os.Getenv(locationVariable))
	if err != nil {
		return err
	}
	if role == roleForever {
		err = appendForever(ctx, store)
	} else {
		err = appendInTurn(ctx, store, os.Getenv(nameVariable), eventsPerProcess)
	}
	return errors.Join(err, store.Close())
}

// appendForever appends batches and acknowledges each on standard output.
func appendForever(ctx context.Context, store selfheal.Store) error {
	filler := strings.Repeat("x", 9000) // a batch spans several pages, so that half of one could be written
	for {
		events, err := store.Events(ctx, stream)
		if err != nil {
			return err
		}
		next := make([]selfheal.Event, batch)
		for i := range next {
			if next[i], err = selfheal.NewEvent(time.Unix(0, 0), filler, selfheal.EventDecisionMade, turn{"killed", len(events) + i}); err != nil {
				return err
			}
		}
		if err := store.Append(ctx, stream, len(events), next...); err != nil {
			return err
		}
		fmt.Printf("ack %d\n", len(events)+batch)
	}
}

func manyAtOnce(t *testing.T, self, location string, open Opener) {
	var running []*process
	for n := range processes {
		running = append(running, start(t, self, roleInTurn, location, fmt.Sprint(n)))
	}
	for _, p := range running {
		check(t, p.input.Close())
	}
	for _, p := range running {
		p.wait(t)
	}
	verifyTurns(t, reopen(t, open, location), processes, eventsPerProcess)
}

func killedWhileWriting(t *testing.T, self, location string, open Opener) {
	for round := range kills {
		p := start(t, self, roleForever, location, "killed")
		check(t, p.input.Close())
		acknowledged := p.readAcknowledged(t, 1+round%5)
		check(t, p.command.Process.Kill())
		acknowledged = max(acknowledged, p.readAcknowledged(t, 0))
		_ = p.command.Wait() // says that it was killed
		verifyKilled(t, reopen(t, open, location), acknowledged)
	}
}

func verifyKilled(t *testing.T, store selfheal.Store, acknowledged int) {
	t.Helper()
	events, err := store.Events(t.Context(), stream)
	check(t, err)
	if len(events) < acknowledged || len(events)%batch != 0 {
		t.Fatalf("%d events in batches of %d after %d were acknowledged", len(events), batch, acknowledged)
	}
	for i, e := range events {
		payload, err := selfheal.Decode[turn](e)
		check(t, err)
		if e.Version != i+1 || payload.N != i {
			t.Fatalf("event %d has version %d and turn %d", i, e.Version, payload.N)
		}
	}
}

func reopen(t *testing.T, open Opener, location string) selfheal.Store {
	t.Helper()
	store, err := open(t.Context(), location)
	check(t, err)
	t.Cleanup(func() { check(t, store.Close()) })
	return store
}

// process is the test binary, run again in a role.
type process struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Scanner
	said    []string
}

func start(t *testing.T, self, role, location, name string) *process {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+self+"$", "-test.v=false")
	command.Env = append(os.Environ(), roleVariable+"="+role, locationVariable+"="+location, nameVariable+"="+name)
	input, err := command.StdinPipe()
	check(t, err)
	output, err := command.StdoutPipe()
	check(t, err)
	command.Stderr = command.Stdout
	check(t, command.Start())
	return &process{command: command, input: input, output: bufio.NewScanner(output)}
}

// readAcknowledged reads until n acknowledgements were seen (0: to the end) and gives the last.
func (p *process) readAcknowledged(t *testing.T, n int) int {
	t.Helper()
	last, seen := 0, 0
	for p.output.Scan() {
		p.said = append(p.said, p.output.Text())
		if _, err := fmt.Sscanf(p.output.Text(), "ack %d", &last); err == nil {
			if seen++; seen == n {
				return last
			}
		}
	}
	if n > 0 {
		t.Fatalf("the writer ended by itself:\n%s", strings.Join(p.said, "\n"))
	}
	return last
}

func (p *process) wait(t *testing.T) {
	t.Helper()
	p.readAcknowledged(t, 0)
	if err := p.command.Wait(); err != nil {
		t.Fatalf("sub-process: %v\n%s", err, strings.Join(p.said, "\n"))
	}
}
