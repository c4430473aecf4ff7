// Command bench measures the program as a user meets it, and prints the tables of
// docs/benchmarks. Figures of one run belong together: quote ratios, since
// machines differ and are noisy.
//
//	bench check [-size MiB]    selfheal check, end to end, on generated logs
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) < 2 || os.Args[1] != "check" {
		fmt.Fprintln(os.Stderr, "usage: bench check [-size MiB]")
		os.Exit(2)
	}
	if err := benchCheck(ctx, os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
