package backtest_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/backtest"
	"selfheal/internal/detect"
	"selfheal/internal/detect/simulate"
)

// past is a simulated fortnight of a service.
func past(t testing.TB, profile func(int) simulate.Profile) *backtest.History {
	t.Helper()
	p := profile(30)
	p.Baseline = 14 * 24 * time.Hour
	in := simulate.New(p, 4711).Input
	h := &backtest.History{
		Interval:   selfheal.Interval{From: in.BaselineInterval.From, To: in.WatchedInterval.To},
		Signatures: in.Signatures,
		Counts:     selfheal.Counts{Series: map[selfheal.SignatureID]*selfheal.Series{}},
	}
	for _, part := range []selfheal.Counts{in.Baseline, in.Watched} {
		for id, series := range part.Series {
			if h.Counts.Series[id] == nil {
				h.Counts.Series[id] = &selfheal.Series{}
			}
			h.Counts.Series[id].Merge(series)
			h.Counts.All.Merge(series)
		}
	}
	return h
}

func options() backtest.Options {
	return backtest.Options{Detect: detect.DefaultOptions(), Window: time.Hour, Baseline: 7 * 24 * time.Hour, Seed: 1}
}

func judge(t *testing.T, h *backtest.History, moments []backtest.Moment, faults []backtest.Fault, o backtest.Options) []backtest.Outcome {
	t.Helper()
	outcomes, err := h.Judge(t.Context(), moments, faults, o)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// TestLoudFaultsAreFound: on a calm service nothing is flagged, what is loud is
// found within minutes, and what is over with the rollout is not flagged.
func TestLoudFaultsAreFound(t *testing.T) {
	t.Parallel()
	h, o := past(t, simulate.Ideal), options()
	faults := []backtest.Fault{
		{Kind: backtest.FaultNew, PerMinute: 10},
		{Kind: backtest.FaultNew, PerMinute: 2, From: 20 * time.Minute},
		{Kind: backtest.FaultRise, Factor: 30},
		{Kind: backtest.FaultBlip, PerMinute: 3, Length: 3 * time.Minute},
	}
	score := backtest.Sum(judge(t, h, h.Moments(12, o), faults, o))
	if score.Alarmed.Count > 1 || score.Alarmed.Trials != 12 || score.Skipped != 0 {
		t.Errorf("clean: %+v, skipped %d", score.Alarmed, score.Skipped)
	}
	for i, want := range []int{12, 12, 12, 0} {
		if got := score.Faults[i]; got.Found.Count != want || got.Found.Trials != 12 || got.Median > 15*time.Minute {
			t.Errorf("%s: %+v", got.Fault, got)
		}
	}
	if score.Recall.Count != 36 || score.Recall.Trials != 36 || score.Precision.Value() < 0.9 {
		t.Errorf("recall %+v, precision %+v", score.Recall, score.Precision)
	}
}

// TestSameSeedSameOutcomes: and the history is as it was.
func TestSameSeedSameOutcomes(t *testing.T) {
	t.Parallel()
	h, untouched, o := past(t, simulate.Typical), past(t, simulate.Typical), options()
	first := judge(t, h, h.Moments(4, o), backtest.Faults(), o)
	second := judge(t, h, h.Moments(4, o), backtest.Faults(), o)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("not the same again:\n%s", diff)
	}
	if diff := cmp.Diff(untouched, h); diff != "" {
		t.Errorf("the history was changed:\n%s", diff)
	}
	o.Seed = 2
	if cmp.Equal(first, judge(t, h, h.Moments(4, o), backtest.Faults(), o)) {
		t.Error("another seed gives the same")
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	h, o := past(t, simulate.Ideal), options()
	if n := len(h.Every(24*time.Hour, o)); n != 13 {
		t.Errorf("%d days of a fortnight, want 13", n)
	}
	early, late := backtest.Moment{Time: h.Interval.From.Add(time.Hour)}, backtest.Moment{Time: h.Interval.To.Add(-time.Minute)}
	outcomes := judge(t, h, []backtest.Moment{early, late}, []backtest.Fault{{Kind: backtest.FaultNew, PerMinute: 1}}, o)
	for _, out := range outcomes {
		if out.Skipped != backtest.SkippedOutside {
			t.Errorf("judged: %+v", out)
		}
	}
	if s := backtest.Sum(outcomes); s.Skipped != 2 || s.Alarmed.Trials != 0 || s.Faults[0].NotTried != 2 {
		t.Errorf("%+v", s)
	}
	short := *h
	short.Interval.From = short.Interval.To.Add(-2 * time.Hour)
	if got := short.Moments(5, o); len(got) != 0 {
		t.Errorf("moments of two hours: %v", got)
	}
	if s := backtest.Sum(nil); s.Alarmed.Trials != 0 {
		t.Errorf("of nothing: %+v", s)
	}
}

// TestWhatCannotHappenIsNotTried: a service without frequent messages cannot lose one.
func TestWhatCannotHappenIsNotTried(t *testing.T) {
	t.Parallel()
	h, o := past(t, simulate.Ideal), options()
	outcomes := judge(t, h, h.Moments(2, o), []backtest.Fault{{Kind: backtest.FaultDrop, PerMinute: 1e6}}, o)
	if got := outcomes[3].Skipped; got != backtest.SkippedNothingToDo {
		t.Errorf("skipped because %q", got)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	h, o := past(t, simulate.Ideal), options()
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	if _, err := h.Judge(ctx, h.Moments(50, o), nil, o); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

// TestShareInterval: figures of Clopper and Pearson's method from its definition.
func TestShareInterval(t *testing.T) {
	t.Parallel()
	var outcomes []backtest.Outcome
	for i := range 20 {
		var flagged []selfheal.Anomaly
		if i == 0 {
			flagged = []selfheal.Anomaly{{}}
		}
		outcomes = append(outcomes, backtest.Outcome{Flagged: flagged})
	}
	got := backtest.Sum(outcomes).Alarmed
	// P(N >= 1 | 20, low) = 0.025 and P(N <= 1 | 20, high) = 0.025.
	atLeast := 1 - math.Pow(1-got.Low, 20)
	atMost := math.Pow(1-got.High, 20) + 20*got.High*math.Pow(1-got.High, 19)
	if math.Abs(atLeast-0.025) > 1e-6 || math.Abs(atMost-0.025) > 1e-6 {
		t.Errorf("%+v: %g, %g", got, atLeast, atMost)
	}
}
