// Command accuracy measures detection on simulated deploys: how many clean ones
// raise a false alarm, and how often and how soon injected regressions are found,
// for several procedures side by side on the same worlds. It prints its seeds; the
// same seed gives the same tables.
//
//	go run ./internal/detect/accuracy -deploys 500 -signatures 50,200,500
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"selfheal/internal/detect"
	"selfheal/internal/detect/simulate"
)

func main() {
	var b benchmark
	flag.Uint64Var(&b.seed, "seed", 20261123, "seed of the first world; the others count up from it")
	flag.IntVar(&b.deploys, "deploys", 200, "worlds per cell")
	flag.BoolVar(&b.verbose, "v", false, "print every false alarm of ours")
	flag.DurationVar(&b.baseline, "baseline", 7*24*time.Hour, "length of the baseline, whole hours")
	flag.BoolVar(&b.clean, "clean", false, "measure false alarms only, without regressions")
	flag.BoolVar(&b.alone, "alone", false, "measure ours only, without rivals")
	flag.StringVar(&b.only, "only", "", "measure only scenarios that contain this")
	profiles := flag.String("profiles", "typical,nasty,ideal", "worlds to run")
	signatures := flag.String("signatures", "200", "background signatures per world, comma-separated")
	rates := flag.String("rates", "", "false-discovery rates to compare beside the default, comma-separated")
	noise := flag.String("noise", "", "noise clusters to compare beside the default, comma-separated")
	shares := flag.String("canary", "", "shares of a canary beside the previous revision, comma-separated, instead of full deploys")
	cost := flag.Bool("cost", false, "measure time and memory instead")
	flag.Parse()
	err := error(nil)
	if *cost {
		b.cost(os.Stdout, 50, 200, 1000)
	} else {
		err = b.all(strings.Split(*profiles, ","), *signatures, *rates, *noise, *shares, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

type benchmark struct {
	seed       uint64
	deploys    int
	signatures int
	baseline   time.Duration
	verbose    bool
	clean      bool
	alone      bool
	only       string
	share      float64 // of a canary; 0: everything is deployed
	procedures []procedure
}

// all prints a table per profile, number of signatures and share of a canary.
func (b benchmark) all(profiles []string, signatures, rates, noise, shares string, out io.Writer) error {
	counts, err := numbers(signatures)
	if err != nil {
		return err
	}
	parts, err := numbers(shares)
	if err != nil {
		return err
	}
	if b.procedures, err = b.compared(rates, noise); err != nil {
		return err
	}
	if len(parts) == 0 {
		parts = []float64{0}
	}
	for _, b.share = range parts {
		for _, n := range counts {
			b.signatures = int(n)
			if err := b.run(profiles, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// compared are the columns of the tables.
func (b benchmark) compared(rates, noise string) ([]procedure, error) {
	all := rivals()
	if b.alone {
		all = nil
	}
	all = append(all, ours("**selfheal**", detect.DefaultOptions()))
	further, err := numbers(rates)
	if err != nil {
		return nil, err
	}
	for _, rate := range further {
		o := detect.DefaultOptions()
		o.FalseDiscoveryRate = rate
		all = append(all, ours(fmt.Sprintf("rate %g", rate), o))
	}
	further, err = numbers(noise)
	for _, clusters := range further {
		o := detect.DefaultOptions()
		o.NoiseClusters = clusters
		all = append(all, ours(fmt.Sprintf("noise %g", clusters), o))
	}
	return all, err
}

// numbers reads a comma-separated list.
func numbers(list string) ([]float64, error) {
	var all []float64
	for field := range strings.SplitSeq(list, ",") {
		if field == "" {
			continue
		}
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return nil, fmt.Errorf("read numbers: %w", err)
		}
		all = append(all, n)
	}
	return all, nil
}

func (b benchmark) run(profiles []string, out io.Writer) error {
	known := map[string]func(int) simulate.Profile{
		"ideal": simulate.Ideal, "typical": simulate.Typical, "nasty": simulate.Nasty,
	}
	for _, name := range profiles {
		profile, ok := known[name]
		if !ok {
			return fmt.Errorf("no such profile %q; there are typical, nasty and ideal", name)
		}
		p := profile(b.signatures)
		p.Baseline = b.baseline.Truncate(time.Hour)
		b.print(out, p, b.measure(p))
	}
	return nil
}
