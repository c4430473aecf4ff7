package backtest

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/detect"
)

// Outcome is what detection said about one moment.
type Outcome struct {
	Moment Moment `json:"moment"`
	Fault  *Fault `json:"fault,omitempty"` // what was put in; nil for nothing
	// Skipped says why the moment was not judged; empty when it was.
	Skipped string             `json:"skipped,omitempty"`
	Flagged []selfheal.Anomaly `json:"flagged,omitempty"` // other than the fault's own
	// TakenBack were flagged as well, and set aside again by what later minutes showed.
	TakenBack []selfheal.Anomaly `json:"taken_back,omitempty"`
	Found     bool               `json:"found,omitempty"` // the fault's own signature was flagged
	After     time.Duration      `json:"after,omitempty"` // of Found: from the fault's beginning to sufficient evidence
}

// Why moments are skipped.
const (
	SkippedOutside     = "the logs do not reach from a day before to the end of the window"
	SkippedNothingToDo = "the service logs nothing that this could happen to"
)

// Judge judges every moment as it was, and then once with each fault. Outcomes are
// in that order: all moments clean, then all with the first fault, and so on.
func (h *History) Judge(ctx context.Context, moments []Moment, faults []Fault, o Options) ([]Outcome, error) {
	outcomes := make([]Outcome, 0, len(moments)*(1+len(faults)))
	for _, m := range moments {
		outcomes = append(outcomes, Outcome{Moment: m})
	}
	for _, fault := range faults {
		for _, m := range moments {
			outcomes = append(outcomes, Outcome{Moment: m, Fault: &fault})
		}
	}
	var running sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		running.Go(func() {
			for i := range next {
				h.judge(&outcomes[i], uint64(i)+1, o)
			}
		})
	}
	for i := range outcomes {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	running.Wait()
	return outcomes, context.Cause(ctx)
}

// judge is one trial.
func (h *History) judge(out *Outcome, trial uint64, o Options) {
	in, ok := h.input(out.Moment.Time, o)
	if !ok {
		out.Skipped = SkippedOutside
		return
	}
	var own selfheal.SignatureID
	if out.Fault != nil {
		if own, ok = out.Fault.inject(&in, o.random(trial)); !ok {
			out.Skipped = SkippedNothingToDo
			return
		}
	}
	result := detect.Judge(in, o.Detect)
	out.Flagged = result.Anomalies
	for _, a := range result.SetAside {
		if !a.Detected.IsZero() && a.Signature != own {
			out.TakenBack = append(out.TakenBack, a)
		}
	}
	if at := slices.IndexFunc(out.Flagged, func(a selfheal.Anomaly) bool { return a.Signature == own }); at >= 0 {
		out.Found = true
		out.After = out.Flagged[at].Detected.Sub(in.WatchedInterval.From.Add(out.Fault.From))
		out.Flagged = slices.Delete(slices.Clone(out.Flagged), at, at+1)
	}
}
