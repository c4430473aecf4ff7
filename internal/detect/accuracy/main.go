// Command accuracy measures detection on simulated deploys: how many clean ones
// raise a false alarm, and how often and how soon injected regressions are found,
// for several procedures side by side on the same worlds. It prints its seeds; the
// same seed gives the same tables.
//
//	go run ./internal/detect/accuracy -deploys 500 -signatures 50,200,500
//	go run ./internal/detect/accuracy -curve -deploys 300
//	go run ./internal/detect/accuracy -duel -deploys 300
//	go run ./internal/detect/accuracy -cost
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfheal/internal/detect"
	"selfheal/internal/detect/simulate"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

// run measures what the arguments ask for, and prints it or puts it into a page.
func run(args []string, stdout, stderr io.Writer) error {
	b := benchmark{progress: stderr}
	flags := flag.NewFlagSet("accuracy", flag.ContinueOnError)
	flags.Uint64Var(&b.seed, "seed", 20261123, "seed of the first world; the others count up from it")
	flags.IntVar(&b.deploys, "deploys", 200, "worlds per cell")
	flags.BoolVar(&b.verbose, "v", false, "print every false alarm of ours")
	flags.DurationVar(&b.baseline, "baseline", 7*24*time.Hour, "length of the baseline, whole hours")
	flags.BoolVar(&b.clean, "clean", false, "measure false alarms only, without regressions")
	flags.StringVar(&b.rivals, "rivals", "", "measure only rivals whose names contain this beside ours, or none")
	flags.StringVar(&b.only, "only", "", "measure only scenarios that contain this")
	profiles := flags.String("profiles", "typical,nasty,ideal", "worlds to run")
	signatures := flags.String("signatures", "200", "background signatures per world, comma-separated")
	rates := flags.String("rates", "", "false-discovery rates to compare beside the default, comma-separated")
	noise := flags.String("noise", "", "noise clusters to compare beside the default, comma-separated")
	shares := flags.String("canary", "", "shares of a canary beside the previous revision, comma-separated, instead of full deploys")
	curve := flags.Bool("curve", false, "measure ours from loose to strict instead")
	duel := flags.Bool("duel", false, "compare ours with the e-process at equal false alarms instead")
	cost := flags.Bool("cost", false, "measure time and memory instead")
	page := flags.String("into", "", "page to put the tables into, instead of printing them")
	part := flags.String("part", "", "part of that page, which its markers name")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var tables bytes.Buffer
	err := error(nil)
	switch {
	case *cost:
		b.cost(&tables, 50, 200, 1000)
	case *curve:
		err = b.curve(strings.Split(*profiles, ","), *signatures, &tables)
	case *duel:
		err = b.duel(strings.Split(*profiles, ","), *signatures, &tables)
	default:
		err = b.all(strings.Split(*profiles, ","), *signatures, *rates, *noise, *shares, &tables)
	}
	if err != nil {
		return err
	}
	if *page != "" {
		return replacePart(*page, *part, tables.String())
	}
	_, err = tables.WriteTo(stdout)
	return err
}

type benchmark struct {
	seed       uint64
	deploys    int
	signatures int
	baseline   time.Duration
	verbose    bool
	clean      bool
	rivals     string
	only       string
	share      float64 // of a canary; 0: everything is deployed
	procedures []procedure
	curved     bool      // the procedures are points of a curve
	found      bool      // only scenarios that the rival looks for count
	progress   io.Writer // nil: nobody wants to know
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
			if err := b.worlds(profiles, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// compared are the columns of the tables.
func (b benchmark) compared(rates, noise string) ([]procedure, error) {
	all := b.chosenRivals()
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

// chosenRivals are those that were asked for.
func (b benchmark) chosenRivals() []procedure {
	return slices.DeleteFunc(rivals(), func(p procedure) bool { return !strings.Contains(p.name, b.rivals) })
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

// worlds prints a table per profile.
func (b benchmark) worlds(profiles []string, out io.Writer) error {
	return b.each(profiles, func(p simulate.Profile) { b.print(out, p, b.measure(p)) })
}

// each calls back with every profile that is named.
func (b benchmark) each(profiles []string, measured func(simulate.Profile)) error {
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
		measured(p)
	}
	return nil
}
