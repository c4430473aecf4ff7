package backtest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"selfheal"
	"selfheal/internal/detect"
)

// FaultKind is what a fault does to the counts.
type FaultKind string

// The kinds of faults.
const (
	FaultNew  FaultKind = "new"  // an error that nobody saw before
	FaultRise FaultKind = "rise" // an error of the service's own occurs Factor times as often
	FaultDrop FaultKind = "drop" // a frequent message of the service's own goes silent
	FaultBlip FaultKind = "blip" // a new error that is over with the rollout; it should stay silent
)

// Fault is a change of the counts that a deploy might bring.
type Fault struct {
	Kind      FaultKind     `json:"kind"`
	PerMinute float64       `json:"per_minute,omitempty"` // of new and blip: mean rate; of drop: at least the usual rate
	Factor    float64       `json:"factor,omitempty"`     // of rise
	From      time.Duration `json:"from"`                 // after the deploy
	Length    time.Duration `json:"length,omitempty"`     // of blip
}

// String is the name that a table has for the fault.
func (f Fault) String() string {
	name := ""
	switch f.Kind {
	case FaultNew:
		name = fmt.Sprintf("new error, %g per min", f.PerMinute)
	case FaultRise:
		name = fmt.Sprintf("rise to %g times", f.Factor)
	case FaultDrop:
		name = "a frequent message goes silent"
	case FaultBlip:
		name = fmt.Sprintf("blip of %g min (should stay silent)", f.Length.Minutes())
	}
	if f.From > 0 {
		name += fmt.Sprintf(", from minute %g", f.From.Minutes())
	}
	return name
}

// Harmless tells whether the fault should not be flagged.
func (f Fault) Harmless() bool { return f.Kind == FaultBlip }

// Faults are those that a drill puts in unless told otherwise.
func Faults() []Fault {
	return []Fault{
		{Kind: FaultNew, PerMinute: 0.5},
		{Kind: FaultNew, PerMinute: 1},
		{Kind: FaultNew, PerMinute: 10},
		{Kind: FaultNew, PerMinute: 1, From: 20 * time.Minute},
		{Kind: FaultRise, Factor: 3},
		{Kind: FaultRise, Factor: 5},
		{Kind: FaultRise, Factor: 10},
		{Kind: FaultDrop, PerMinute: 1},
		{Kind: FaultBlip, PerMinute: 3, Length: 4 * time.Minute},
	}
}

// injected is the signature of an error that a fault adds.
const injected selfheal.SignatureID = "drill"

// Bounds of the rate per hour of the signatures that a rise is put on: less often
// is a new error rather than a rise, more often is more than chance in a moment.
const (
	risesFrom = 2
	risesTo   = 600
)

// inject puts a fault into an input, whose series it replaces and never writes to.
// ok is false when the service logs nothing that the fault could happen to.
func (f Fault) inject(in *detect.Input, random *rand.Rand) (id selfheal.SignatureID, ok bool) {
	from := selfheal.MinuteOf(in.WatchedInterval.From.Add(f.From))
	to := selfheal.MinuteOf(in.WatchedInterval.To)
	switch f.Kind {
	case FaultNew, FaultBlip:
		if f.Length > 0 {
			to = min(to, from+int64(f.Length.Minutes()))
		}
		in.Signatures[injected] = &selfheal.Signature{ID: injected, Kind: selfheal.KindException, Severity: selfheal.SeverityError, Title: f.String()}
		in.Watched.Series[injected] = arrivals(f.PerMinute, from, to, random)
		return injected, true
	case FaultRise:
		if id, ok = pick(in, random, risesFrom, risesTo, isError); ok {
			in.Watched.Series[id] = f.raised(in, id, from, to, random)
		}
	case FaultDrop:
		if id, ok = pick(in, random, 60*f.PerMinute, 1e9, anything); ok {
			in.Watched.Series[id] = &selfheal.Series{Counts: in.Watched.Of(id).Within(selfheal.MinuteOf(in.WatchedInterval.From), from)}
		}
	}
	return id, ok
}

func isError(s *selfheal.Signature) bool {
	return s.Severity >= selfheal.SeverityWarn || s.Kind == selfheal.KindException
}

func anything(s *selfheal.Signature) bool { return s.Kind != selfheal.KindOverflow }

// pick chooses one signature at random whose baseline shows so many per hour.
func pick(in *detect.Input, random *rand.Rand, low, high float64, eligible func(*selfheal.Signature) bool) (selfheal.SignatureID, bool) {
	hours := in.BaselineInterval.Duration().Hours()
	var ids []selfheal.SignatureID
	for id, series := range in.Baseline.Series {
		if perHour := float64(series.Total()) / hours; perHour >= low && perHour < high && in.Signatures[id] != nil && eligible(in.Signatures[id]) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return "", false
	}
	slices.SortFunc(ids, cmp.Compare)
	return ids[random.IntN(len(ids))], true
}

// arrivals are independent occurrences.
func arrivals(perMinute float64, from, to int64, random *rand.Rand) *selfheal.Series {
	s := &selfheal.Series{}
	count := distuv.Poisson{Lambda: perMinute, Src: random}
	for minute := from; minute < to; minute++ {
		if n := int64(count.Rand()); n > 0 {
			s.Add(minute, n)
		}
	}
	return s
}

// raised adds to a signature's window what it did at the same time of other days,
// so that what is added comes in the signature's own bursts.
func (f Fault) raised(in *detect.Input, id selfheal.SignatureID, from, to int64, random *rand.Rand) *selfheal.Series {
	const day = 24 * 60
	s := &selfheal.Series{Counts: slices.Clone(in.Watched.Of(id).Counts)}
	days := int64(in.BaselineInterval.Duration() / (24 * time.Hour))
	baseline := in.Baseline.Of(id)
	for copies := f.Factor - 1; copies > 0; copies-- {
		shift := (1 + random.Int64N(days)) * day
		for _, c := range baseline.Within(from-shift, to-shift) {
			if n := thinned(c.N, min(copies, 1), random); n > 0 {
				s.Add(c.Minute+shift, n)
			}
		}
	}
	return s
}

// thinned keeps each of n occurrences with a probability.
func thinned(n int64, probability float64, random *rand.Rand) int64 {
	if probability >= 1 {
		return n
	}
	var kept int64
	for range n {
		if random.Float64() < probability {
			kept++
		}
	}
	return kept
}

// random gives the numbers for one trial: trials do not depend on each other, nor
// on how many of them run at once.
func (o Options) random(trial uint64) *rand.Rand {
	return rand.New(rand.NewPCG(o.Seed, trial)) //nolint:gosec // faults must be the same again
}
