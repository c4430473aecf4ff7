// Package backtest tells how detection would have fared on a service's own past:
// which of its deploys today's settings would have flagged, and which faults,
// put into a copy of its own counts, they would have found, and when.
//
// In: the counts of weeks, the moments of deploys, faults, options. Out: outcomes
// and their scores. It is pure: the same seed gives the same outcomes.
package backtest

import (
	"maps"
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/detect"
)

// History is what a service logged over a long time, counted by the minute.
type History struct {
	Interval   selfheal.Interval
	Counts     selfheal.Counts
	Signatures map[selfheal.SignatureID]*selfheal.Signature
}

// Moment is a time at which a deploy is taken to have happened.
type Moment struct {
	Time     time.Time `json:"time"`
	Revision string    `json:"revision,omitempty"`
}

// Options says how moments are judged.
type Options struct {
	Detect   detect.Options
	Window   time.Duration // after a moment
	Baseline time.Duration // at most so long before it
	Ignored  map[selfheal.SignatureID]bool
	Seed     uint64 // of the faults
}

// shortestBaseline is what must be known from before a moment to judge it at all.
const shortestBaseline = 24 * time.Hour

// input cuts what detection is given for a moment; ok is false where the history
// does not reach far enough on either side. The series share memory with the history.
func (h *History) input(at time.Time, o Options) (in detect.Input, ok bool) {
	at = at.Truncate(time.Minute)
	before := selfheal.Interval{From: at.Add(-o.Baseline), To: at}
	if before.From.Before(h.Interval.From) {
		before.From = h.Interval.From.Truncate(time.Minute)
	}
	after := selfheal.Interval{From: at, To: at.Add(o.Window)}
	if before.Duration() < shortestBaseline || after.To.After(h.Interval.To.Add(time.Minute)) {
		return detect.Input{}, false
	}
	return detect.Input{
		Baseline: h.Counts.Within(before), Watched: h.Counts.Within(after),
		BaselineInterval: before, WatchedInterval: after,
		DeployedAt: at, Signatures: maps.Clone(h.Signatures), Ignored: o.Ignored,
	}, true
}

// Moments gives n moments at random at which the history can be judged, oldest
// first; fewer where it is too short.
func (h *History) Moments(n int, o Options) []Moment {
	first, last := h.Interval.From.Add(shortestBaseline), h.Interval.To.Add(-o.Window)
	room := last.Sub(first)
	if room <= 0 {
		return nil
	}
	random := o.random(0)
	moments := make([]Moment, 0, n)
	for range n {
		moments = append(moments, Moment{Time: first.Add(time.Duration(random.Int64N(int64(room)))).Truncate(time.Minute)})
	}
	slices.SortFunc(moments, func(a, b Moment) int { return a.Time.Compare(b.Time) })
	return moments
}

// Every gives the moments that lie a fixed time apart, oldest first.
func (h *History) Every(step time.Duration, o Options) []Moment {
	var moments []Moment
	for at := h.Interval.From.Add(shortestBaseline).Truncate(time.Minute).Add(time.Minute); !at.Add(o.Window).After(h.Interval.To); at = at.Add(step) {
		moments = append(moments, Moment{Time: at})
	}
	return moments
}
