package main

import (
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/backtest"
	"selfheal/internal/detect"
	"selfheal/internal/group"
)

// benchStreams judges deploys that never happened on real streams of counts and on
// real logs: whatever is flagged is a false alarm.
func benchStreams(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("streams", flag.ContinueOnError)
	counts := f.String("counts", "", "patterns of CSV files with a time and a count per row, separated by commas: each is the errors of a service")
	logs := f.String("logs", "", "patterns of log files, separated by commas: each is the log of a service")
	step := f.Duration("every", 6*time.Hour, "time between the deploys")
	if err := f.Parse(args); err != nil {
		return errUsage
	}
	services, err := streamServices(*counts, *logs)
	if err != nil {
		return err
	}
	if len(services) == 0 {
		fmt.Println("SKIPPED: no streams are given; docs/benchmarks/streams.md says where there are some")
		return nil
	}
	if err := printStreams(ctx, os.Stdout, services, *step); err != nil {
		return err
	}
	return printFaults(ctx, os.Stdout, services, *step)
}

// service is a stream that is judged by itself.
type service struct {
	kind, name string
	history    backtest.History
}

func streamServices(counts, logs string) ([]service, error) {
	var services []service
	for _, from := range []struct {
		kind, patterns string
		read           func(string) (backtest.History, error)
	}{{"counts", counts, readCounts}, {"logs", logs, readLog}} {
		for _, path := range matching(from.patterns) {
			history, err := from.read(path)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			services = append(services, service{from.kind, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), history})
		}
	}
	return services, nil
}

func matching(patterns string) []string {
	var paths []string
	for pattern := range strings.SplitSeq(patterns, ",") {
		found, _ := filepath.Glob(pattern) // a malformed pattern matches nothing
		paths = append(paths, found...)
	}
	return paths
}

// readCounts reads rows of "2006-01-02 15:04:05,count". What was counted over several
// minutes is spread over them at random, the same way each time.
func readCounts(path string) (backtest.History, error) {
	file, err := os.Open(path)
	if err != nil {
		return backtest.History{}, err
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return backtest.History{}, err
	}
	type row struct {
		at time.Time
		n  int64
	}
	var all []row
	for _, r := range rows[1:] {
		at, err := time.Parse(time.DateTime, r[0])
		if err != nil {
			return backtest.History{}, err
		}
		n, err := strconv.ParseFloat(r[1], 64)
		if err != nil || n < 0 || n > 1e9 {
			return backtest.History{}, fmt.Errorf("no count: %q", r[1])
		}
		all = append(all, row{at, int64(math.Round(n))})
	}
	if len(all) < 2 {
		return backtest.History{}, io.ErrUnexpectedEOF
	}
	random := rand.New(rand.NewPCG(1, uint64(len(all))))
	series := &selfheal.Series{}
	for i, r := range all {
		length := 5 * time.Minute
		if i+1 < len(all) {
			length = min(max(all[i+1].at.Sub(r.at), time.Minute), time.Hour)
		}
		for range r.n {
			series.Add(selfheal.MinuteOf(r.at.Add(time.Duration(random.Int64N(int64(length))))), 1)
		}
	}
	id := selfheal.SignatureID(filepath.Base(path))
	return backtest.History{
		Interval:   selfheal.Interval{From: all[0].at, To: all[len(all)-1].at},
		Counts:     selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{id: series}, All: *series, Records: series.Total()},
		Signatures: map[selfheal.SignatureID]*selfheal.Signature{id: {ID: id, Kind: selfheal.KindMessage, Severity: selfheal.SeverityError, Title: string(id)}},
	}, nil
}

// readLog groups a log. Every signature is taken for an error: such logs seldom state severities.
func readLog(path string) (backtest.History, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return backtest.History{}, err
	}
	grouper := group.New(group.Options{})
	stream := grouper.Stream(path)
	series := map[group.Index]*selfheal.Series{}
	h := backtest.History{Counts: selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}}, Signatures: map[selfheal.SignatureID]*selfheal.Signature{}}
	count := func(r *selfheal.Record, i group.Index) {
		if r.Time.IsZero() {
			return
		}
		if h.Interval.From.IsZero() || r.Time.Before(h.Interval.From) {
			h.Interval.From = r.Time
		}
		if r.Time.After(h.Interval.To) {
			h.Interval.To = r.Time
		}
		if series[i] == nil {
			series[i] = &selfheal.Series{}
		}
		series[i].Add(selfheal.MinuteOf(r.Time), 1)
		h.Counts.All.Add(selfheal.MinuteOf(r.Time), 1)
	}
	number := int64(0)
	for line := range strings.Lines(string(text)) {
		number++
		stream.Write(&selfheal.Entry{Stream: path, Line: []byte(strings.TrimRight(line, "\r\n")), Number: number}, count)
	}
	stream.Close(count)
	var all []selfheal.Signature
	for i := range series {
		all = append(all, *grouper.Signature(i))
	}
	found := group.Generalise(all, nil)
	for i, s := range series {
		signature := *grouper.Signature(i)
		if pattern, ok := found.Of[signature.ID]; ok {
			signature.ID = pattern
		}
		signature.Severity = max(signature.Severity, selfheal.SeverityError)
		h.Signatures[signature.ID] = &signature
		if known := h.Counts.Series[signature.ID]; known != nil {
			known.Merge(s)
		} else {
			h.Counts.Series[signature.ID] = s
		}
	}
	h.Counts.Records = h.Counts.All.Total()
	return h, nil
}

// methods are the procedures compared.
var methods = []detect.Method{detect.MethodSequential, detect.MethodPoisson, detect.MethodThreshold, detect.MethodMannWhitney}

func printStreams(ctx context.Context, w io.Writer, services []service, step time.Duration) error {
	var t table
	head := []string{"stream", "signatures", "days", "deploys"}
	for _, m := range methods {
		head = append(head, string(m))
	}
	t.row(head...)
	sums := map[string][]alarms{}
	for _, s := range services {
		cells := []string{s.name, fmt.Sprint(len(s.history.Signatures)), fmt.Sprintf("%.0f", s.history.Interval.Duration().Hours()/24), ""}
		for i, method := range methods {
			a, err := alarmsOf(ctx, &s.history, method, step)
			if err != nil {
				return err
			}
			if sums[s.kind] == nil {
				sums[s.kind] = make([]alarms, len(methods))
			}
			sums[s.kind][i].add(a)
			cells[3] = fmt.Sprint(a.deploys)
			cells = append(cells, a.String())
		}
		t.row(cells...)
	}
	for _, kind := range []string{"counts", "logs"} {
		if all := sums[kind]; all != nil {
			cells := []string{"**all " + kind + "**", "", "", fmt.Sprint(all[0].deploys)}
			for _, a := range all {
				cells = append(cells, a.String())
			}
			t.row(cells...)
		}
	}
	_, err := fmt.Fprintf(w, "Deploys that never happened, every %s, a baseline of at most 7 days, a window of an hour. Deploys with a flag at any look, retracted ones included, per 100:\n\n%s", step, t.String())
	return err
}

// printFaults puts faults into the same streams: what never flags anything would look best otherwise.
func printFaults(ctx context.Context, w io.Writer, services []service, step time.Duration) error {
	o := streamOptions(detect.MethodSequential)
	faults := slices.DeleteFunc(backtest.Faults(), func(f backtest.Fault) bool { return f.Kind == backtest.FaultDrop }) // all lines are errors here
	outcomes := map[string][]backtest.Outcome{}
	for i := range services {
		s := &services[i]
		judged, err := s.history.Judge(ctx, s.history.Every(step, o), faults, o)
		if err != nil {
			return err
		}
		outcomes[s.kind] = append(outcomes[s.kind], judged...)
	}
	for _, all := range outcomes {
		byFault(all, faults)
	}
	var t table
	t.row("fault put in: % found (minutes: median, 90 %)", "counts", "logs")
	scores := map[string]backtest.Score{}
	for kind, all := range outcomes {
		scores[kind] = backtest.Sum(all)
	}
	for i, fault := range faults {
		cells := []string{fault.String()}
		for _, kind := range []string{"counts", "logs"} {
			cell := "-"
			if all := scores[kind].Faults; len(all) > i && all[i].Found.Trials > 0 {
				f := all[i]
				cell = fmt.Sprintf("%.1f (%.0f, %.0f) of %d", 100*f.Found.Value(), f.Median.Minutes(), f.Slowest.Minutes(), f.Found.Trials)
			}
			cells = append(cells, cell)
		}
		t.row(cells...)
	}
	_, err := fmt.Fprintf(w, "\nsequential, with faults put into the same streams at the same moments:\n\n%s", t.String())
	return err
}

// byFault puts the outcomes of several services into the order that [backtest.Sum] reads: by fault, clean ones first.
func byFault(all []backtest.Outcome, faults []backtest.Fault) {
	at := func(o backtest.Outcome) int {
		if o.Fault == nil {
			return -1
		}
		return slices.Index(faults, *o.Fault)
	}
	for i := range all {
		if n := at(all[i]); n >= 0 {
			all[i].Fault = &faults[n]
		}
	}
	slices.SortStableFunc(all, func(a, b backtest.Outcome) int { return at(a) - at(b) })
}

func streamOptions(method detect.Method) backtest.Options {
	o := backtest.Options{Detect: detect.DefaultOptions(), Window: time.Hour, Baseline: 7 * 24 * time.Hour, Seed: 1}
	o.Detect.Method = method
	return o
}

// alarms is how many of so many deploys were flagged.
type alarms struct{ deploys, flagged int }

func (a *alarms) add(b alarms) { a.deploys += b.deploys; a.flagged += b.flagged }

func (a alarms) String() string {
	if a.deploys == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", 100*float64(a.flagged)/float64(a.deploys))
}

func alarmsOf(ctx context.Context, h *backtest.History, method detect.Method, step time.Duration) (alarms, error) {
	o := streamOptions(method)
	outcomes, err := h.Judge(ctx, h.Every(step, o), nil, o)
	var a alarms
	for _, out := range outcomes {
		if out.Skipped != "" {
			continue
		}
		a.deploys++
		if len(out.Flagged)+len(out.TakenBack) > 0 {
			a.flagged++
		}
	}
	return a, err
}
