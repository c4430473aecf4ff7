package main

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"selfheal"
	"selfheal/internal/detect"
)

// eprocess is a rival of the literature's making: a gamma-Poisson e-process per signature (Lindon and
// Malek, "Anytime-valid inference for multinomial count data", 2022) under e-BH (Wang and Ramdas, 2022),
// with a negative binomial test at the end, a rule for rare signatures, a guard that replays the baseline,
// and a veto for minutes in which much else moves. It stands for what one gets by assembling known parts well.
type eprocess struct {
	in       detect.Input
	from     int64 // of the baseline
	deploy   int64
	length   int // of the window, minutes
	hours    int
	pooled   [24]float64
	known    map[selfheal.SignatureID]*stream
	rare     int     // distinct active minutes that a rare signature needs
	lenience float64 // by which what it puts up with is multiplied
}

// stream is what the baseline says of one signature.
type stream struct {
	counts  []float64 // per minute of the baseline, capped
	cap     float64
	perHour float64 // winsorised mean
	season  [24]float64
	burst   float64 // variance over mean within an hour
	shape   float64 // of the gamma prior of the window's rate
	rare    bool
	busy    float64 // 98 % quantile of ten-minute counts

	replayed        bool
	reached, unlike float64 // strongest evidence and smallest chance that the baseline shows by itself
}

const (
	settleTime     = 2 // minutes
	sequentialRate = 0.01
	finalRate      = 0.005
	rareClusters   = 0.03
	tolerated      = 1.25 // factor on the expectation while the window runs
	toleratedFinal = 1.1
)

// eprocessAt is a [procedure]'s fit, putting up with so many times as many false ones as the rival by itself does.
func eprocessAt(lenience float64) func(detect.Input) func(detect.Input) flags {
	return func(in detect.Input) func(detect.Input) flags { return fitEprocess(in, lenience) }
}

func fitEprocess(in detect.Input, lenience float64) func(detect.Input) flags {
	e := &eprocess{
		in: in, lenience: lenience, from: selfheal.MinuteOf(in.BaselineInterval.From), deploy: selfheal.MinuteOf(in.WatchedInterval.From),
		length: int(in.WatchedInterval.Duration().Minutes()), known: map[selfheal.SignatureID]*stream{},
	}
	e.hours = int(e.deploy-e.from) / 60
	for _, id := range errorsOf(in) {
		if s := in.Baseline.Series[id]; s != nil {
			e.known[id] = e.survey(s)
		}
	}
	e.pool()
	var bursts, frailties, n float64
	for _, s := range e.known {
		if b, f := e.spread(s); !s.rare {
			bursts, frailties, n = bursts+b, frailties+f, n+1
		}
	}
	for _, s := range e.known {
		e.shrink(s, bursts/max(n, 1), frailties/max(n, 1))
	}
	e.rare = e.learnRare()
	return e.judge
}

// survey reads one signature's baseline.
func (e *eprocess) survey(series *selfheal.Series) *stream {
	minutes := int(e.deploy - e.from)
	s := &stream{counts: make([]float64, minutes), cap: 1 + 10*float64(series.Total())/float64(minutes)}
	for _, c := range series.Counts {
		s.counts[c.Minute-e.from] = min(float64(c.N), s.cap)
	}
	hourly := s.perHourCounts()
	sorted := slices.Sorted(slices.Values(hourly))
	active := sorted[slices.IndexFunc(sorted, func(n float64) bool { return n > 0 }):]
	s.rare = len(active) <= 4
	limit := max(1.5*sorted[len(sorted)-5], 3*active[len(active)/2]+7)
	for _, n := range hourly {
		s.perHour += min(n, limit) / float64(len(hourly))
	}
	tens := make([]float64, 0, minutes/10)
	for chunk := range slices.Chunk(s.counts, 10) {
		tens = append(tens, sum(chunk))
	}
	slices.Sort(tens)
	s.busy = tens[len(tens)*98/100]
	return s
}

func (s *stream) perHourCounts() []float64 {
	var hourly []float64
	for chunk := range slices.Chunk(s.counts, 60) {
		hourly = append(hourly, sum(chunk))
	}
	return hourly
}

func sum(all []float64) float64 {
	total := 0.0
	for _, n := range all {
		total += n
	}
	return total
}

func (e *eprocess) hourOf(minute int) int { return int((e.from+int64(minute))/60) % 24 }

// pool learns the hours of the day, of all signatures and of each.
func (e *eprocess) pool() {
	var observed, expected [24]float64
	for _, s := range e.known {
		weight := 1 / max(s.perHour*float64(e.hours), 20)
		for h, n := range s.perHourCounts() {
			observed[e.hourOf(h*60)] += weight * min(n, 3*s.perHour+3)
			expected[e.hourOf(h*60)] += weight * s.perHour
		}
	}
	for h := range e.pooled {
		e.pooled[h] = max(0.2, (observed[h]+0.1)/(expected[h]+0.1))
	}
	for _, s := range e.known {
		var own [24]float64
		for h, n := range s.perHourCounts() {
			own[e.hourOf(h*60)] += min(n, 3*s.perHour+3)
		}
		days := float64(e.hours) / 24
		for h := range s.season {
			m := days * s.perHour * e.pooled[h]
			s.season[h] = e.pooled[h] * (min(own[h], 20*m) + 20) / (m + 20)
		}
	}
}

// spread estimates how a signature bursts, and how its rate varies from hour to hour.
func (e *eprocess) spread(s *stream) (burst, frailty float64) {
	var within, mean, beyond, squares float64
	for at := 0; at+60 <= len(s.counts); at += 60 {
		n := sum(s.counts[at : at+60])
		for chunk := range slices.Chunk(s.counts[at:at+60], 5) {
			d := sum(chunk) - n/12
			within += d * d
		}
		mean += n
		m := s.perHour * s.season[e.hourOf(at)]
		d := min(n, 5*m+7) - m
		beyond, squares = beyond+d*d, squares+m*m
	}
	s.burst = max(1, within/max(mean, 1)*12/11)
	s.shape = max(0, (beyond-s.burst*s.perHour*float64(e.hours))/max(squares, 1e-9)) // frailty for now
	return s.burst, min(s.shape, 2)
}

// shrink draws burst and frailty towards those of all and forms the prior.
func (e *eprocess) shrink(s *stream, burst, frailty float64) {
	n := s.perHour * float64(e.hours)
	s.burst = (n*s.burst + 20*burst) / (n + 20)
	weight := n / (n + 100)
	f := max(0.005, weight*s.shape+(1-weight)*frailty)
	s.shape = 1 / (1/(n/s.burst+0.5) + f)
}

// learnRare gives the smallest number of distinct minutes that few enough clusters of rare signatures reach.
func (e *eprocess) learnRare() int {
	var clusters []int
	for _, s := range e.known {
		if !s.rare {
			continue
		}
		for at := 0; at < len(s.counts); at++ {
			if s.counts[at] == 0 {
				continue
			}
			n := 0
			for _, c := range s.counts[at:min(at+e.length, len(s.counts))] {
				if c > 0 {
					n++
				}
			}
			clusters, at = append(clusters, n), at+e.length-1
		}
	}
	for d := 2; ; d++ {
		n := 0
		for _, c := range clusters {
			if c >= d {
				n++
			}
		}
		if float64(n)/float64(e.hours) < e.lenience*rareClusters {
			return d
		}
	}
}

// judge looks at every minute of a window.
func (e *eprocess) judge(in detect.Input) flags {
	all := flags{}
	ids := errorsOf(in)
	calm := e.veto(in, ids)
	looks := map[selfheal.SignatureID][]float64{} // log evidence after every minute
	for _, id := range ids {
		s := e.known[id]
		counts := e.window(in.Watched.Of(id))
		if s == nil || s.rare {
			if at := e.lasts(counts); at > 0 {
				all[id] = e.deploy + int64(at)
			}
			continue
		}
		looks[id] = e.evidence(s, counts, calm, int(e.deploy-e.from))
	}
	e.stop(in, looks, all)
	e.final(in, looks, calm, all)
	return all
}

func (e *eprocess) window(series *selfheal.Series) []float64 {
	counts := make([]float64, e.length)
	for _, c := range series.Counts {
		if at := c.Minute - e.deploy; at >= 0 && at < int64(e.length) {
			counts[at] = float64(c.N)
		}
	}
	return counts
}

// lasts is when a rare signature has come in enough distinct minutes.
func (e *eprocess) lasts(counts []float64) int {
	n := 0
	for at, c := range counts {
		if at >= settleTime && c > 0 {
			if n++; n >= e.rare {
				return at + 1
			}
		}
	}
	return 0
}

// veto finds the minutes in which much moves together.
func (e *eprocess) veto(in detect.Input, ids []selfheal.SignatureID) []bool {
	calm := make([]bool, e.length)
	series := map[selfheal.SignatureID][]float64{}
	for _, id := range ids {
		if s := e.known[id]; s != nil && !s.rare {
			series[id] = e.window(in.Watched.Of(id))
		}
	}
	hold := 0
	for at := range calm {
		busy := 0
		for id, counts := range series {
			if sum(counts[max(0, at-9):at+1]) > e.known[id].busy {
				busy++
			}
		}
		if busy >= 3 && float64(busy) >= 0.15*float64(len(series)) {
			hold = 5
		}
		calm[at] = hold == 0
		hold = max(hold-1, 0)
	}
	return calm
}

// evidence is the logarithm of the e-process after every minute: a mixture over when the rise began and how large it is.
func (e *eprocess) evidence(s *stream, counts []float64, calm []bool, at int) []float64 {
	starts := []int{settleTime, 5, 10, 15, 20, 30, 40}
	ratios := []float64{1.5, 2, 3, 5, 10, 30}
	n, m := make([]float64, len(counts)+1), make([]float64, len(counts)+1)
	for i, c := range counts {
		n[i+1], m[i+1] = n[i], m[i]
		if i >= settleTime && (calm == nil || calm[i]) {
			n[i+1] += min(c, s.cap) / s.burst
			m[i+1] += tolerated * s.perHour * s.season[e.hourOf(at+i)] / 60 / s.burst
		}
	}
	logs := make([]float64, len(counts))
	for t := range logs {
		total := 0.0
		for i, start := range starts {
			if start > t {
				break
			}
			weight := 0.5
			if i > 0 {
				weight = 0.5 / float64(len(starts)-1)
			}
			dn, dm := n[t+1]-n[start], m[t+1]-m[start]
			a, b := s.shape+n[start], s.shape+m[start]
			for _, r := range ratios {
				total += weight / float64(len(ratios)) * math.Exp(min(600, dn*math.Log(r)+(a+dn)*math.Log((b+dm)/(b+r*dm))))
			}
		}
		logs[t] = math.Log(max(total, 1e-300))
	}
	return logs
}

// stop flags by e-BH at every minute.
func (e *eprocess) stop(in detect.Input, looks map[selfheal.SignatureID][]float64, all flags) {
	tests := float64(len(e.known))
	rate := e.lenience * sequentialRate
	ids := errorsOf(in)
	for at := range e.length {
		var strong []selfheal.SignatureID
		for _, id := range ids {
			if looks[id] != nil && looks[id][at] > -math.Log(rate) {
				strong = append(strong, id)
			}
		}
		slices.SortStableFunc(strong, func(a, b selfheal.SignatureID) int { return cmp.Compare(looks[b][at], looks[a][at]) })
		for rank := len(strong); rank >= 1; rank-- {
			if looks[strong[rank-1]][at] < math.Log(tests/(float64(rank)*rate)) {
				continue
			}
			for _, id := range strong[:rank] {
				if _, known := all[id]; !known && looks[id][at] > e.replay(e.known[id]).reached {
					all[id] = e.deploy + int64(at) + 1
				}
			}
			break
		}
	}
}

// replay runs both tests over windows of the baseline.
func (e *eprocess) replay(s *stream) *stream {
	if s.replayed {
		return s
	}
	s.replayed, s.reached, s.unlike = true, math.Inf(-1), 1
	for at := 0; at+e.length <= len(s.counts); at += 20 {
		counts := s.counts[at : at+e.length]
		s.reached = max(s.reached, slices.Max(e.evidence(s, counts, nil, at)))
		s.unlike = min(s.unlike, e.tail(s, counts, nil, at))
	}
	return s
}

// final is one test at the end for the moderate rises.
func (e *eprocess) final(in detect.Input, looks map[selfheal.SignatureID][]float64, calm []bool, all flags) {
	p := map[selfheal.SignatureID]float64{}
	var ids []selfheal.SignatureID
	at := int(e.deploy - e.from)
	for _, id := range errorsOf(in) {
		if looks[id] != nil {
			ids = append(ids, id)
			p[id] = e.tail(e.known[id], e.window(in.Watched.Of(id)), calm, at)
		}
	}
	slices.SortStableFunc(ids, func(a, b selfheal.SignatureID) int { return cmp.Compare(p[a], p[b]) })
	for rank := len(ids); rank >= 1; rank-- {
		if p[ids[rank-1]] > e.lenience*finalRate*float64(rank)/float64(len(ids)) {
			continue
		}
		for _, id := range ids[:rank] {
			if _, known := all[id]; !known && p[id] < e.replay(e.known[id]).unlike {
				all[id] = e.deploy + int64(e.length)
			}
		}
		return
	}
}

// tail is the chance of as many by a negative binomial.
func (e *eprocess) tail(s *stream, counts []float64, calm []bool, at int) float64 {
	n, m := 0.0, 0.0
	for i, c := range counts {
		if i >= settleTime && (calm == nil || calm[i]) {
			n += min(c, s.cap) / s.burst
			m += toleratedFinal * s.perHour * s.season[e.hourOf(at+i)] / 60 / s.burst
		}
	}
	if n <= m {
		return 1
	}
	return mathext.RegIncBeta(n, s.shape, m/(m+s.shape))
}
