// Command bench measures the program as a user meets it, and prints the tables of
// docs/benchmarks. Figures of one run belong together: quote ratios, since
// machines differ and are noisy.
//
//	bench check [-size MiB]      selfheal check, end to end, on generated logs
//	bench group [-loghub DIR]    accuracy, speed and state of grouping
//	bench index -repositories "DIR ..."    time and size of the source index of triage
//	bench ingest [-seconds N] [-into FILE]    speed and memory of taking in pushed logs
//	bench streams [-counts FILES] [-logs FILES]    false alarms of detection on real streams
//	bench store [-store ADDRESS]    time and size of keeping counts
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		if errors.Is(err, errUsage) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: bench check [-size MiB] | bench group [-loghub DIR] [-out FILE] | bench index -repositories \"DIR ...\" | bench ingest [-seconds N] [-into FILE] | bench store [-store ADDRESS] | bench streams [-counts FILES] [-logs FILES]")

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "check":
			return benchCheck(ctx, args[1:])
		case "group":
			return benchGroup(args[1:])
		case "index":
			return benchIndex(ctx, os.Stdout, args[1:])
		case "ingest":
			return benchIngest(ctx, args[1:])
		case "streams":
			return benchStreams(ctx, args[1:])
		case "store":
			return benchStore(ctx, os.Stdout, args[1:])
		}
	}
	return errUsage
}
