package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"selfheal"
	"selfheal/internal/ingest"
	"selfheal/internal/source/otlp"
)

// listening is where the receiver can be reached.
type listening struct{ HTTP, GRPC string }

// served is what the receiver says of itself at the end.
type served struct {
	Records  int64
	Written  int64         // records in the tallies of the store
	Distinct int           // signatures that were described
	CPU      time.Duration // of the process
	Peak     int64         // bytes of memory
}

// serveIngest receives until in ends, then prints what it cost.
func serveIngest(ctx context.Context, in io.Reader, out io.Writer) error {
	store := &countingStore{written: map[tallyKey]int64{}, known: map[string]bool{}}
	counter, err := ingest.New(ingest.Config{Store: store, Clock: time.Now, Writer: "bench"})
	if err != nil {
		return err
	}
	receiver, err := otlp.New(otlp.Config{Sink: counter, Clock: time.Now})
	if err != nil {
		return err
	}
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	rpc, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{Handler: receiver.Handler(), ReadHeaderTimeout: time.Minute}
	var running sync.WaitGroup
	failed := make(chan error, 3)
	running.Go(func() { failed <- server.Serve(web) })
	running.Go(func() { failed <- receiver.ServeGRPC(ctx, rpc) })
	running.Go(func() { failed <- counter.Run(ctx) })
	if err := json.NewEncoder(out).Encode(listening{web.Addr().String(), rpc.Addr().String()}); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	cancel()
	_ = server.Close()
	running.Wait()
	for range 3 {
		if err := <-failed; err != nil && !errors.Is(err, http.ErrServerClosed) {
			return err
		}
	}
	return json.NewEncoder(out).Encode(store.served(counter))
}

// served sums up.
func (s *countingStore) served(counter *ingest.Counter) served {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // never fails for the process itself
	result := served{
		Records: counter.Totals().Records, Distinct: len(s.known), Peak: peakMemory(),
		CPU: time.Duration(usage.Utime.Nano() + usage.Stime.Nano()),
	}
	for _, n := range s.written {
		result.Written += n
	}
	return result
}

// peakMemory is the most that the process held. Rusage would count what the process
// that started it held then.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	_, _ = fmt.Sscan(after, &kib) // 0 where the kernel does not say
	return kib * 1024
}

// countingStore adds up what it is told and keeps nothing else.
type countingStore struct {
	written map[tallyKey]int64
	known   map[string]bool
}

type tallyKey struct {
	selfheal.Scope
	revision, writer string
	minute           int64
}

func (s *countingStore) PutTallies(_ context.Context, tallies []selfheal.Tally, signatures map[selfheal.Scope][]selfheal.Signature) error {
	for _, t := range tallies {
		var n int64
		for _, c := range t.Counts {
			n += c.N
		}
		s.written[tallyKey{t.Scope, t.Revision, t.Writer, t.Minute}] = n
	}
	for scope, all := range signatures {
		for i := range all {
			s.known[scope.Service+string(all[i].ID)] = true
		}
	}
	return nil
}

func (s *countingStore) Counted(context.Context, selfheal.Scope, selfheal.Interval) ([]selfheal.Counted, error) {
	return nil, nil
}

func (s *countingStore) Signatures(context.Context, selfheal.Scope) (map[selfheal.SignatureID]*selfheal.Signature, error) {
	return nil, nil
}

func (s *countingStore) Scopes(context.Context) ([]selfheal.Scope, error) { return nil, nil }

func (s *countingStore) Compact(context.Context, time.Time, time.Time) error { return nil }
