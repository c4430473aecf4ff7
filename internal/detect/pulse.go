package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"selfheal"
)

const (
	// A line is missed when it usually comes at least pulsePerMinute, and has come often enough to know.
	pulsePerMinute = 0.5
	pulseEvents    = 500
	// A minute is quiet with at most quietShare of what the baseline predicts for it.
	quietShare = 0.1
	// A drop must be so long a silence that all lines together reach that without a deploy in a
	// silenceBudget of the windows, as a share of the false-discovery rate, and silenceMargin times the longest of the baseline, and at
	// least silenceLeast occurrences that should have come, and shortestSilence minutes. How soon longer
	// silences become rarer is read off the silencesKept longest ones.
	silenceBudget   = 0.05
	silenceMargin   = 1.1
	silencesKept    = 12
	silenceLeast    = 6
	shortestSilence = 8
	// Where the baseline is counted by the hour, silences shorter than that cannot be seen in it.
	coarseMinutes = 60
	// Traffic is gone when less than trafficGone of it is left, or when this share of
	// all lines, of at least linesForTraffic, lacks as many as missing occurrences.
	trafficGone     = 0.2
	goneShare       = 0.8
	linesForTraffic = 3
	missing         = 3
)

// pulse is a line that should keep coming. How long it may be silent is measured
// not in minutes but in occurrences that should have come meanwhile, so that nights
// and weekends do not look like silences.
type pulse struct {
	signature *selfheal.Signature
	before    *selfheal.Series
	subject   *subject // when it is judged for rises as well
	perMinute float64  // in the baseline
	season    *season
	follows   following
	flow      *flow
	factors   []float64 // of the hours of the flow
	longest   float64   // silence in the baseline, in occurrences that should have come
	needed    float64   // silence that is a drop
	shortest  int64     // the same in minutes
	since     int64     // minute since which the baseline's end was silent
	rest      float64   // length of that silence, in occurrences that should have come

	count    float64 // occurrences in the window
	silent   float64 // occurrences that should have come since it was last heard, at the present traffic
	plain    float64 // the same at the baseline's traffic
	from     int64   // minute from which it is silent
	detected int64   // end of the first minute at which it was flagged; 0: never
	back     int64   // minute at which it came back after that; 0: not
}

// pulses are all lines that are looked at for drops.
type pulses []*pulse

// newPulses picks the lines that come often and steadily enough.
func (j *judgement) newPulses(controls []selfheal.SignatureID) pulses {
	t := &j.timeline
	if !t.dated || j.options.Drops == DropsOff || j.options.Method.fixed() {
		return nil
	}
	var all pulses
	for _, id := range controls {
		if signature := j.in.Signatures[id]; signature != nil && signature.Kind != selfheal.KindOverflow {
			all = append(all, &pulse{signature: signature, before: j.before(id)})
		}
	}
	for _, s := range j.subjects {
		if j.options.Drops == DropsAll {
			all = append(all, &pulse{signature: s.signature, before: s.before, subject: s})
		}
	}
	all = slices.DeleteFunc(all, func(p *pulse) bool {
		total := tally(p.before) - float64(max(p.before.Undated, 0))
		p.perMinute = total / t.baseExposure
		return total < pulseEvents || p.perMinute < pulsePerMinute
	})
	all.learn(t, silenceBudget*j.options.FalseDiscoveryRate)
	return all
}

// learn finds each line's season, its longest silences, and how long a silence is a drop.
func (all pulses) learn(t *timeline, budget float64) {
	surveys := make([]survey, len(all))
	for i, p := range all {
		surveys[i] = newSurvey(p.before, tally(p.before), t, excuse{})
	}
	common := commonSeason(surveys, t)
	models := make([]model, len(all))
	fitBursts(models, surveys)
	fitFollowing(models, surveys, t, common)
	tails := make([]tail, len(all))
	for i, p := range all {
		p.season = common.own(&surveys[i], t, 1, usualFrailty)
		p.follows, p.flow = models[i].following, &t.flow
		p.factors = t.flow.factors(&p.follows)
		p.shortest = shortestSilence
		step, part, older := int64(1), t.fine, minutes{t.base.from, t.fine.from}
		if coarse(p.before.Counts) {
			p.shortest, step, part, older = coarseMinutes, coarseMinutes, t.base, minutes{}
		}
		if older.length() > 0 {
			p.longest = p.silences(older, coarseMinutes)[0]
		}
		silences := p.silences(part, step)
		p.longest = max(p.longest, silences[0])
		tails[i] = p.tail(silences, p.due(t.window)/p.due(part))
	}
	all.share(tails, budget)
}

// share gives each line the part of the budget by which the lines together are told soonest: as large as the
// time is in which its long silences become rarer by a factor of e.
func (all pulses) share(tails []tail, budget float64) {
	var sum float64
	for i, p := range all {
		sum += tails[i].scale / p.perMinute
	}
	for i, p := range all {
		p.needed = max(p.drop(tails[i], budget*tails[i].scale/p.perMinute/sum), silenceLeast)
	}
}

// tail is that of a line's silences, in occurrences that should have come. It is taken for exponential beyond
// the shortest of the longest: its scale is by how much those exceed it in the mean.
type tail struct {
	beyond, scale float64
	usual         float64 // silences beyond in a window
}

// tail reads it off the longest silences, of a part of the baseline of which a window is such a share.
func (p *pulse) tail(silences []float64, share float64) tail {
	v := tail{beyond: silences[len(silences)-1], usual: share * float64(len(silences))}
	for _, s := range silences {
		v.scale += (s - v.beyond) / float64(max(len(silences)-1, 1))
	}
	v.scale = max(v.scale, 1)
	return v
}

// drop is how long a silence must be for so few of them in a window.
func (p *pulse) drop(v tail, perWindow float64) float64 {
	return max(v.beyond+v.scale*math.Log(max(v.usual/perWindow, 1)), p.longest+v.scale, silenceMargin*p.longest)
}

// silences gives the longest silences of a part of the baseline, whose counts are of so many minutes each, longest first.
func (p *pulse) silences(part minutes, step int64) []float64 {
	var longest []float64
	note := func(length float64) {
		at, _ := slices.BinarySearchFunc(longest, length, func(a, b float64) int { return cmp.Compare(b, a) })
		if at < silencesKept {
			longest = slices.Insert(longest, at, length)
			longest = longest[:min(len(longest), silencesKept)]
		}
	}
	heard := part.from
	for _, c := range within(p.before, part) {
		if p.quiet(float64(c.N), minutes{c.Minute, c.Minute + step}, 1) {
			continue
		}
		note(p.due(minutes{heard, c.Minute}))
		heard = c.Minute + step
	}
	p.since, p.rest = heard, p.due(minutes{heard, part.to})
	if len(longest) == 0 {
		return []float64{p.rest}
	}
	return longest
}

// due is how many occurrences the baseline predicts for a span, given the traffic of its hours; that of
// the window is for the caller to see to.
func (p *pulse) due(span minutes) float64 {
	var sum float64
	for from := span.from; from < span.to; {
		to := min(span.to, (from/60+1)*60)
		if to <= from { // before 1970
			to = from + 1
		}
		sum += float64(to-from) * p.season.at(hourOf(from)) * p.factorAt(from)
		from = to
	}
	return p.perMinute * sum
}

// factorAt is that of the traffic in the hour of a minute of the baseline; in the window it is the usual one.
func (p *pulse) factorAt(minute int64) float64 {
	if h := minute/60 - p.flow.from; h >= 0 && h < int64(len(p.factors)) {
		return p.factors[h]
	}
	return p.follows.factor(1)
}

// present is the factor on that at the present traffic: never more than what moves with it explains.
func (p *pulse) present(level float64) float64 {
	f := p.flow
	if len(f.levels) == 0 {
		return min(level, 1)
	}
	ordinary := min(max(level, f.low), f.high)
	return p.follows.factor(ordinary) / p.follows.factor(1) * min(level/f.low, 1)
}

// quiet tells whether next to nothing came in a span.
func (p *pulse) quiet(n float64, span minutes, level float64) bool {
	return n <= quietShare*level*p.due(span)
}

// coarse tells whether counts are by the hour.
func coarse(counts []selfheal.Count) bool {
	for _, c := range counts {
		if c.Minute%coarseMinutes != 0 {
			return false
		}
	}
	return len(counts) > 0
}

func (all pulses) rewind() {
	for _, p := range all {
		p.count, p.silent, p.plain, p.from, p.detected, p.back = 0, 0, 0, 0, 0, 0
	}
}

// step takes in a minute of every line.
func (all pulses) step(minute int64, j *judgement) {
	share := 1.0
	if j.beside != nil {
		share = j.beside.share
	}
	for _, p := range all {
		n := float64(at(j.seriesOf(p), minute))
		p.count += n
		level := p.present(j.traffic.least)
		span := minutes{minute, minute + 1}
		if !p.quiet(n, span, level*share) {
			if p.detected > 0 && p.back == 0 {
				p.back = minute
			}
			p.silent, p.plain, p.from = 0, 0, minute+1
			continue
		}
		if p.from == 0 {
			p.from = j.timeline.window.from
		}
		if minute >= j.timeline.deploy {
			p.silent += level * share * p.due(span)
			p.plain += share * p.due(span)
		}
	}
	gone := all.gone(j)
	for _, p := range all {
		if p.detected == 0 && !gone && p.silentEnough(p.silent, j) && !p.silentBefore() {
			p.detected = j.now
		}
	}
}

// gone tells whether the traffic as a whole is: no line stands out by being silent.
func (all pulses) gone(j *judgement) bool {
	silent := 0
	for _, p := range all {
		if p.plain >= missing {
			silent++
		}
	}
	return j.traffic.level < trafficGone || len(all) >= linesForTraffic && float64(silent) >= goneShare*float64(len(all))
}

// silentBefore tells whether the silence had begun before the window, and was unusual by then.
func (p *pulse) silentBefore() bool { return p.rest > p.longest && p.rest >= p.needed/2 }

func (j *judgement) seriesOf(p *pulse) *selfheal.Series {
	if p.subject != nil {
		return p.subject.after
	}
	return j.bystanders[p.signature.ID]
}

func (p *pulse) silentEnough(silent float64, j *judgement) bool {
	return silent >= p.needed && j.now-max(p.from, j.timeline.deploy) >= p.shortest
}

// silence says why a line that went silent is set aside; ok is false when it did not.
func (p *pulse) silence(j *judgement) (silence selfheal.Silence, reason string, ok bool) {
	switch {
	case p.detected > 0 && j.in.Ignored[p.signature.ID]:
		return selfheal.SilenceIgnored, ignored, true
	case p.detected > 0 && p.back > 0:
		return selfheal.SilenceTransient, fmt.Sprintf("it came back at %s; it had been flagged at %s",
			selfheal.MinuteTime(p.back).Format("15:04"), selfheal.MinuteTime(p.detected).Format("15:04")), true
	case p.detected > 0:
		return "", "", true
	case !p.silentEnough(p.plain, j):
		return "", "", false
	case j.pulses.gone(j):
		return selfheal.SilenceTraffic, "nearly all lines went silent with it", true
	case p.silentBefore():
		return selfheal.SilenceSharedCause, fmt.Sprintf("it is silent since %s, before the deploy",
			selfheal.MinuteTime(p.since).Format("Jan 2 15:04")), true
	}
	return selfheal.SilenceTraffic, fmt.Sprintf("traffic is down to x%s, which explains it", number(j.traffic.level)), true
}

// chance of such a silence: a gamma-distributed rate, as frail as the usual
// signature, shows none of what should have come. Silences of the baseline count
// as the unit where they are longer than independent occurrences would have them.
func (p *pulse) chance(silent float64, t *timeline) float64 {
	independent := math.Log(max(p.perMinute*t.baseExposure, 2))
	due := silent * min(1, independent/max(p.longest, 1))
	return min(max(math.Pow(1+due*usualFrailty, -1/usualFrailty), smallestChance), 1)
}

// report adds the drops to a result.
func (all pulses) report(r *Result, j *judgement) {
	for _, p := range all {
		r.Tested++
		silence, reason, ok := p.silence(j)
		switch a := p.anomaly(j, silence, reason); {
		case !ok:
		case silence == "":
			r.Anomalies = append(r.Anomalies, a)
		case len(r.SetAside) < setAsideAtMost:
			r.SetAside = append(r.SetAside, a)
		}
	}
}

func (p *pulse) anomaly(j *judgement, silence selfheal.Silence, reason string) selfheal.Anomaly {
	t := &j.timeline
	seen := j.seen()
	expected := p.due(seen) * t.minuteLength
	if j.beside != nil {
		expected *= j.share()
	}
	chance := p.chance(p.plain, t)
	a := selfheal.Anomaly{
		Signature: p.signature.ID, Kind: selfheal.AnomalyDrop, Severity: p.signature.Severity,
		Observed: whole(p.count), Expected: expected,
		PValue: chance, QValue: chance, EValue: evidence(chance), Silence: silence,
		Onset: selfheal.MinuteTime(max(p.from, t.window.from)),
	}
	a.Ratio.Estimate = min((p.count+0.5)/(expected+0.5), largestRatio)
	a.Ratio.High = max(a.Ratio.Estimate, (p.count+3.7)/(expected+0.5)) // 3.7: upper limit of a Poisson mean after none
	if p.detected > 0 {
		a.Detected = j.endOf(p.detected)
		if p.back > 0 {
			a.Retracted = j.endOf(p.back + 1)
		}
	}
	a.Chart = j.chart(p.before, series(j.seriesOf(p)))
	a.Priority = j.priority(&a, p.signature)
	a.Why = p.why(j, &a, reason)
	return a
}

func (p *pulse) why(j *judgement, a *selfheal.Anomaly, reason string) string {
	silent := j.now - max(p.from, j.timeline.window.from)
	sentence := fmt.Sprintf("silent for %s since %s, where the %s before predict %s; their longest silence was worth %s",
		j.timeline.extent(float64(silent)), a.Onset.Format("15:04"), j.timeline.extent(j.timeline.baseExposure),
		number(p.plain), number(p.longest))
	if reason != "" {
		return sentence + "; " + reason
	}
	return sentence + fmt.Sprintf("; with fewer than %s missing it would not have been flagged", number(math.Ceil(p.needed)))
}

// series gives an empty series for none.
func series(s *selfheal.Series) *selfheal.Series {
	if s == nil {
		return &selfheal.Series{}
	}
	return s
}
