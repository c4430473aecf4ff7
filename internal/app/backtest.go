package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/backtest"
	"selfheal/internal/detect"
	"selfheal/internal/report"
)

// BacktestRequest asks how detection fares on a service's own past.
type BacktestRequest struct {
	Logs             []string // patterns; "-" is Stdin
	Stdin            io.Reader
	Service          string        // empty: from the configuration
	Deploys          string        // file with a time and perhaps a revision per line; empty: from the journal
	Every            time.Duration // not zero: as if it had been deployed so often, whatever was deployed
	Last             int           // at most so many of the deploys, the newest ones; 0: all
	Random           int           // not zero: at so many moments at random, and their faults only
	Window, Baseline time.Duration
	Seed             uint64
	Bounds           BacktestBounds
}

// BacktestBounds are what settings must reach; zero values bound nothing.
type BacktestBounds struct {
	Alarms    *float64 // per 100 moments without a fault, at most
	Recall    float64  // percent, at least
	Precision float64  // percent, at least
}

// Backtest judges a service's past with today's settings.
func (a *App) Backtest(ctx context.Context, r BacktestRequest) (report.Rehearsal, error) {
	p, err := a.Pipeline(ctx, "backtest")
	if err != nil {
		return report.Rehearsal{}, err
	}
	source, err := logSource(r.Logs, r.Stdin)
	if err != nil {
		return report.Rehearsal{}, err
	}
	service := a.service(CheckRequest{Service: r.Service})
	a.settings.Progress("reading logs")
	read, err := p.History(ctx, service, source)
	if err != nil {
		return report.Rehearsal{}, err
	}
	history := backtest.History{
		Interval: selfheal.Interval{From: read.Coverage.First, To: read.Coverage.Last},
		Counts:   read.Counts, Signatures: read.Signatures,
	}
	o := backtest.Options{Detect: a.config.Detect, Window: r.Window, Baseline: r.Baseline, Ignored: read.Ignored, Seed: r.Seed}
	moments, err := a.moments(ctx, &history, service, r, o)
	if err != nil {
		return report.Rehearsal{}, err
	}
	a.settings.Progress("judging %d moments", len(moments))
	outcomes, err := history.Judge(ctx, moments, a.faults(), o)
	if err != nil {
		return report.Rehearsal{}, err
	}
	score := backtest.Sum(outcomes)
	result := rehearsal(score)
	result.Service, result.Interval = service, history.Interval
	result.Records, result.Undated, result.Signatures = read.Coverage.Records, read.Coverage.Undated, len(read.Signatures)
	if r.Random > 0 {
		precision := report.Proportion(score.Precision)
		result.Precision = &precision
	} else {
		result.Deploys = rehearsedDeploys(outcomes[:len(moments)], history.Signatures)
	}
	result.Missed = r.Bounds.missed(score)
	return result, nil
}

// faults are those that the settings look for.
func (a *App) faults() []backtest.Fault {
	return slices.DeleteFunc(backtest.Faults(), func(f backtest.Fault) bool {
		return f.Kind == backtest.FaultDrop && a.config.Detect.Drops == detect.DropsOff
	})
}

// moments finds out when deploys happened, or are taken to have happened.
func (a *App) moments(ctx context.Context, h *backtest.History, service string, r BacktestRequest, o backtest.Options) (moments []backtest.Moment, err error) {
	switch {
	case r.Random > 0:
		moments = h.Moments(r.Random, o)
	case r.Every > 0:
		moments = h.Every(r.Every, o)
	case r.Deploys != "":
		moments, err = readMoments(r.Deploys)
	default:
		moments, err = a.journalled(ctx, service)
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(moments, func(a, b backtest.Moment) int { return a.Time.Compare(b.Time) })
	if r.Last > 0 && len(moments) > r.Last {
		moments = moments[len(moments)-r.Last:]
	}
	if len(moments) == 0 && (r.Random > 0 || r.Every > 0) {
		return nil, selfheal.Usagef("give logs of more than a day and a window, a week is better", "the logs reach from %s to %s, too short to judge anything",
			h.Interval.From.Format(time.RFC3339), h.Interval.To.Format(time.RFC3339))
	}
	if len(moments) == 0 {
		return nil, selfheal.Usagef("give --deploys FILE, e.g. of git log --first-parent --format='%cI %H', or --every 6h", "no deploys of %s are known", service)
	}
	return moments, nil
}

// journalled gives the deploys that were judged before.
func (a *App) journalled(ctx context.Context, service string) ([]backtest.Moment, error) {
	assessments, err := a.assessments(ctx, service)
	if err != nil {
		return nil, err
	}
	var moments []backtest.Moment
	for _, assessment := range assessments {
		if d := assessment.Deploy; !d.Time.IsZero() && d.Status != selfheal.DeployBuildFailed {
			moments = append(moments, backtest.Moment{Time: d.Time, Revision: d.Revision})
		}
	}
	return moments, nil
}

// readMoments reads a file with one deploy per line: an RFC 3339 time and perhaps
// a revision, or a JSON object with "time" and "revision". Empty lines and those
// that begin with # are left out.
func readMoments(path string) ([]backtest.Moment, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &selfheal.Error{Code: selfheal.CodeUsage, Message: "cannot read the deploys", Hint: "give a file with a time and a revision per line", Err: err}
	}
	var moments []backtest.Moment
	lines := bufio.NewScanner(bytes.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m, err := readMoment(line)
		if err != nil {
			return nil, selfheal.Usagef("write lines such as: 2026-11-23T14:05:00Z 3f9c2a1b7d", "%s:%d is not a deploy: %s", path, number, err)
		}
		moments = append(moments, m)
	}
	return moments, lines.Err()
}

func readMoment(line string) (m backtest.Moment, err error) {
	if strings.HasPrefix(line, "{") {
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return m, err
		}
		if m.Time.IsZero() {
			return m, fmt.Errorf("no \"time\" in it")
		}
		return m, nil
	}
	stamp, revision, _ := strings.Cut(line, " ")
	m.Time, err = time.Parse(time.RFC3339, stamp)
	m.Revision, _, _ = strings.Cut(strings.TrimSpace(revision), " ")
	return m, err
}

// missed says which bounds a score does not meet. What could not be measured meets none.
func (b BacktestBounds) missed(s backtest.Score) []string {
	var missed []string
	if b.Alarms != nil && !(100*s.Alarmed.Value() <= *b.Alarms) {
		missed = append(missed, fmt.Sprintf("%d of %d moments without a fault were flagged, at most %g of 100 are allowed", s.Alarmed.Count, s.Alarmed.Trials, *b.Alarms))
	}
	if b.Recall > 0 && !(100*s.Recall.Value() >= b.Recall) {
		missed = append(missed, fmt.Sprintf("%d of %d faults were found, at least %g of 100 must be", s.Recall.Count, s.Recall.Trials, b.Recall))
	}
	if b.Precision > 0 && !(100*s.Precision.Value() >= b.Precision) {
		missed = append(missed, fmt.Sprintf("%d of %d flags were of faults, at least %g of 100 must be", s.Precision.Count, s.Precision.Trials, b.Precision))
	}
	return missed
}

// rehearsal writes a score as a report has it.
func rehearsal(s backtest.Score) report.Rehearsal {
	r := report.Rehearsal{
		Alarmed: report.Proportion(s.Alarmed), Skipped: s.Skipped, Faults: []report.RehearsedFault{},
		Recall: report.Proportion(s.Recall),
	}
	for _, f := range s.Faults {
		r.Faults = append(r.Faults, report.RehearsedFault{
			Name: f.Fault.String(), Found: report.Proportion(f.Found), Median: selfheal.Duration(f.Median), Slowest: selfheal.Duration(f.Slowest),
			NotTried: f.NotTried, Harmless: f.Fault.Harmless(),
		})
	}
	return r
}

func rehearsedDeploys(outcomes []backtest.Outcome, signatures map[selfheal.SignatureID]*selfheal.Signature) []report.RehearsedDeploy {
	deploys := make([]report.RehearsedDeploy, 0, len(outcomes))
	for _, o := range outcomes {
		d := report.RehearsedDeploy{Time: o.Moment.Time, Revision: o.Moment.Revision, Skipped: o.Skipped}
		for _, a := range o.Flagged {
			flagged := report.RehearsedAnomaly{Signature: a.Signature, Why: a.Why, After: selfheal.Duration(a.Detected.Sub(o.Moment.Time))}
			if s := signatures[a.Signature]; s != nil {
				flagged.Title = s.Title
			}
			d.Flagged = append(d.Flagged, flagged)
		}
		deploys = append(deploys, d)
	}
	return deploys
}
