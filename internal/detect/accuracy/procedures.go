package main

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/mathext"

	"selfheal"
	"selfheal/internal/detect"
)

// flags are the signatures that a procedure flagged at any look, each with the
// end of the minute after which it did.
type flags map[selfheal.SignatureID]int64

// procedure is fitted to a world's baseline, and then judges windows.
type procedure struct {
	name string
	fit  func(detect.Input) func(detect.Input) flags
}

// rivals are the procedures that teams use, side by side with ours.
func rivals() []procedure {
	ranks := detect.DefaultOptions()
	ranks.Method = detect.MethodMannWhitney // the minutes of the window against as many before the deploy
	return []procedure{
		{"seed: Poisson p < .05", atEnd(seedRule)},
		{"the same every 5 min", polled(seedRule, 5*time.Minute)},
		{"Poisson + BH", atEnd(poissonBH)},
		{"conditional binomial + BH", atEnd(binomialBH)},
		{"Mann-Whitney on minutes", plain(ranks)},
		{"forecast ceiling", forecastRule},
		{"e-process", eprocessAt(1)},
	}
}

// ours is the room itself. It decides on every minute, however it is fed; what it
// flagged and took back counts as flagged here.
func ours(name string, o detect.Options) procedure {
	return procedure{name, func(in detect.Input) func(detect.Input) flags {
		m := detect.NewMonitor(in, o)
		return func(in detect.Input) flags {
			watched(m, in)
			all := flags{}
			for id, at := range m.Flags() {
				all[id] = selfheal.MinuteOf(at)
			}
			return all
		}
	}}
}

// plain is one of the room's plain rules, at the end of the window.
func plain(o detect.Options) func(detect.Input) func(detect.Input) flags {
	return func(in detect.Input) func(detect.Input) flags {
		m := detect.NewMonitor(in, o)
		return func(in detect.Input) flags {
			watched(m, in)
			all := flags{}
			for _, a := range m.Result().Anomalies {
				all[a.Signature] = selfheal.MinuteOf(in.WatchedInterval.To)
			}
			return all
		}
	}
}

// watched feeds a whole window.
func watched(m *detect.Monitor, in detect.Input) {
	m.Reset()
	b := detect.Batch{Counts: in.Watched, Signatures: in.Signatures, Through: in.WatchedInterval.To}
	if in.Concurrent != nil {
		b.Concurrent = *in.Concurrent
	}
	m.Observe(b)
}

// atEnd makes a procedure of a rule that looks once, when the window is over.
func atEnd(rule func(detect.Input) []selfheal.SignatureID) func(detect.Input) func(detect.Input) flags {
	return func(detect.Input) func(detect.Input) flags {
		return func(in detect.Input) flags {
			all := flags{}
			for _, id := range rule(in) {
				all[id] = selfheal.MinuteOf(in.WatchedInterval.To)
			}
			return all
		}
	}
}

// polled makes a procedure of a rule that somebody looks at every few minutes,
// acting on whatever any look flags.
func polled(rule func(detect.Input) []selfheal.SignatureID, every time.Duration) func(detect.Input) func(detect.Input) flags {
	return func(detect.Input) func(detect.Input) flags {
		return func(in detect.Input) flags {
			all := flags{}
			for after := every; after <= in.WatchedInterval.Duration(); after += every {
				look := until(in, in.WatchedInterval.From.Add(after))
				for _, id := range rule(look) {
					if _, known := all[id]; !known {
						all[id] = selfheal.MinuteOf(look.WatchedInterval.To)
					}
				}
			}
			return all
		}
	}
}

// until cuts the window off at a time.
func until(in detect.Input, end time.Time) detect.Input {
	in.WatchedInterval.To = end
	series := make(map[selfheal.SignatureID]*selfheal.Series, len(in.Watched.Series))
	for id, s := range in.Watched.Series {
		at, _ := slices.BinarySearchFunc(s.Counts, selfheal.MinuteOf(end), func(c selfheal.Count, m int64) int { return cmp.Compare(c.Minute, m) })
		if at > 0 {
			series[id] = &selfheal.Series{Counts: s.Counts[:at]}
		}
	}
	in.Watched.Series = series
	return in
}

// seedRule is the usual one: the mean of seven days, a Poisson tail below .05,
// and new signatures as soon as they repeat.
func seedRule(in detect.Input) []selfheal.SignatureID {
	var found []selfheal.SignatureID
	for _, id := range errorsOf(in) {
		if before, after := totals(in, id); after >= 2 && before == 0 || before > 0 && poisson(in, id) < 0.05 {
			found = append(found, id)
		}
	}
	return found
}

func totals(in detect.Input, id selfheal.SignatureID) (before, after float64) {
	return float64(in.Baseline.Of(id).Total()), float64(in.Watched.Of(id).Total())
}

// poisson is the tail of the window's count, at the rate of the baseline.
func poisson(in detect.Input, id selfheal.SignatureID) float64 {
	before, after := totals(in, id)
	if after == 0 {
		return 1
	}
	share := in.WatchedInterval.Duration().Minutes() / in.BaselineInterval.Duration().Minutes()
	return mathext.GammaIncReg(after, max(before, 0.5)*share)
}

func poissonBH(in detect.Input) []selfheal.SignatureID {
	return stepUp(in, func(id selfheal.SignatureID) float64 { return poisson(in, id) })
}

// binomialBH is the exact conditional test of two Poisson rates.
func binomialBH(in detect.Input) []selfheal.SignatureID {
	b, w := in.BaselineInterval.Duration().Minutes(), in.WatchedInterval.Duration().Minutes()
	return stepUp(in, func(id selfheal.SignatureID) float64 {
		before, after := totals(in, id)
		if after == 0 {
			return 1
		}
		return mathext.RegIncBeta(after, before+1, w/(b+w))
	})
}

// stepUp is Benjamini and Hochberg's procedure at .05.
func stepUp(in detect.Input, chance func(selfheal.SignatureID) float64) []selfheal.SignatureID {
	const rate = 0.05
	ids := errorsOf(in)
	p := map[selfheal.SignatureID]float64{}
	for _, id := range ids {
		p[id] = chance(id)
	}
	slices.SortStableFunc(ids, func(a, b selfheal.SignatureID) int { return cmp.Compare(p[a], p[b]) })
	for rank := len(ids); rank >= 1; rank-- {
		if p[ids[rank-1]] <= rate*float64(rank)/float64(len(ids)) {
			return ids[:rank]
		}
	}
	return nil
}

// forecastRule flags, like error trackers do, an issue that exceeds a ceiling over
// its week, hour for hour, looked at every minute: the larger of the highest hour of the
// week and the mean plus five standard deviations; new ones from three occurrences on.
func forecastRule(in detect.Input) func(detect.Input) flags {
	ceilings := map[selfheal.SignatureID]float64{}
	for _, id := range errorsOf(in) {
		ceilings[id] = ceiling(in, in.Baseline.Of(id))
	}
	return func(in detect.Input) flags {
		all := flags{}
		for _, id := range errorsOf(in) {
			limit := max(ceilings[id], 2)
			n := 0.0
			for _, c := range in.Watched.Of(id).Counts {
				if n += float64(c.N); n > limit {
					all[id] = c.Minute + 1
					break
				}
			}
		}
		return all
	}
}

func ceiling(in detect.Input, s *selfheal.Series) float64 {
	hours := int(in.BaselineInterval.Duration() / time.Hour)
	perHour := make([]float64, max(hours, 1))
	from := selfheal.MinuteOf(in.BaselineInterval.From)
	var sum, squares float64
	for _, c := range s.Counts {
		perHour[min(int(c.Minute-from)/60, len(perHour)-1)] += float64(c.N)
	}
	for _, n := range perHour {
		sum += n
		squares += n * n
	}
	mean := sum / float64(len(perHour))
	return max(slices.Max(perHour), mean+5*math.Sqrt(max(squares/float64(len(perHour))-mean*mean, 0)))
}

// errorsOf lists the counted signatures that may be regressions, sorted.
func errorsOf(in detect.Input) []selfheal.SignatureID {
	all := maps.Clone(in.Baseline.Series)
	maps.Copy(all, in.Watched.Series)
	var ids []selfheal.SignatureID
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if s := in.Signatures[id]; s != nil && s.Severity >= selfheal.SeverityWarn {
			ids = append(ids, id)
		}
	}
	return ids
}
