package detect

import (
	"fmt"
	"math"

	"selfheal"
)

const (
	// A cluster's mixture is known from mixtureBlocks blocks of the baseline with at least two occurrences on.
	mixtureBlocks = 8
	// Where they are few, the shares of its members are taken to be correlated within a block like usualCorrelation,
	// known as well as from correlationInfo blocks; never less than leastCorrelation.
	usualCorrelation = 0.1
	correlationInfo  = 10
	leastCorrelation = 0.01
	// A member is dominant from this share of the cluster's occurrences on.
	dominantShare = 0.5
)

// Shifts finds, among clusters of errors that mean the same, those in which another member than before
// became dominant, though neither the member nor the cluster need occur more often than the baseline
// explains: the same trouble, of another cause. The anomaly is the member's.
//
// Given how many occurrences the cluster has, those of a member are beta-binomial: its share in the baseline,
// which varies from block to block. Whatever raises or lowers all members alike cancels out. The evidence is the ratio of
// the marginal likelihoods of "any share" and "the share of the baseline", which holds at every look (Lindon
// and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022); all members of all clusters share the
// false-discovery rate evenly.
func Shifts(in Input, clusters [][]selfheal.SignatureID, o Options) []selfheal.Anomaly {
	j := &judgement{in: in, options: o.usable(), timeline: newTimeline(in), comparable: true}
	j.end = in.WatchedInterval.From.Add(horizonOf(in))
	j.now = minutesOf(in.WatchedInterval).to
	j.all = in.Watched.All
	shifts := []selfheal.Anomaly{}
	if !j.timeline.dated || j.options.Method.fixed() {
		return shifts
	}
	tests := 0
	for _, members := range clusters {
		tests += len(members)
	}
	for _, members := range clusters {
		if a, found := j.shift(members, tests); found {
			shifts = append(shifts, a)
		}
	}
	return shifts
}

// mixture is what a cluster is made of.
type mixture struct {
	before, after []*selfheal.Series // of the members
	former, now   int                // the members that were and are dominant
	share         float64            // of the one that is now, in the baseline
	correlation   float64            // of that share within a block
}

// shift judges one cluster.
func (j *judgement) shift(members []selfheal.SignatureID, tests int) (a selfheal.Anomaly, found bool) {
	m := mixture{}
	for _, id := range members {
		m.before, m.after = append(m.before, j.in.Baseline.Of(id)), append(m.after, j.in.Watched.Of(id))
	}
	m.former, m.now = fullest(m.before), fullest(m.after)
	id := members[m.now]
	if m.now == m.former || j.in.Ignored[id] || j.in.Signatures[id] == nil || !j.learn(&m) {
		return a, false
	}
	e := j.weighShares(&m, float64(tests)/j.options.FalseDiscoveryRate)
	if e.crossed == 0 || e.share() < dominantShare || e.share() < j.options.MinimumRatio*m.share || e.active < j.options.MinimumMinutes ||
		e.of < float64(j.options.MinimumCount) || j.mixedLikeThat(&m, e) {
		return a, false
	}
	return j.shifted(id, j.in.Signatures[members[m.former]], &m, e, tests), true
}

// fullest gives the series with most occurrences, the first of them.
func fullest(all []*selfheal.Series) int {
	best := 0
	for i, s := range all {
		if tally(s) > tally(all[best]) {
			best = i
		}
	}
	return best
}

// learn reads off the baseline what share the member that is dominant now had, and how much that
// varied from block to block (moment estimate).
func (j *judgement) learn(m *mixture) bool {
	of, all := j.perBlock(m.before[m.now:m.now+1]), j.perBlock(m.before)
	var sum, total, known float64
	for b, n := range all {
		sum, total = sum+of[b], total+n
		if n >= 2 {
			known++
		}
	}
	if known < mixtureBlocks {
		return false
	}
	m.share = (sum + 0.5) / (total + 1)
	spread := m.share * (1 - m.share)
	var beyond, pairs float64
	for b, n := range all {
		d := of[b] - m.share*n
		beyond += d*d - n*spread
		pairs += n * max(n-1, 0) * spread
	}
	own := min(max(beyond/max(pairs, 1e-9), 0), 0.9)
	shrunk := (known*own + correlationInfo*usualCorrelation) / (known + correlationInfo)
	// The share itself is known from so many blocks only.
	m.correlation = max(shrunk, leastCorrelation) * (1 + 1/known)
	return true
}

// perBlock adds up the occurrences of some series in every block of the baseline.
func (j *judgement) perBlock(all []*selfheal.Series) []float64 {
	t := &j.timeline
	blocks := make([]float64, t.blocks)
	for _, s := range all {
		for _, c := range within(s, minutes{t.blockFrom, t.base.to}) {
			if at := (c.Minute - t.blockFrom) / t.blockLength; at < int64(len(blocks)) {
				blocks[at] += float64(max(c.N, 0))
			}
		}
	}
	return blocks
}

// shareEvidence is what the window shows of a member's share so far.
type shareEvidence struct {
	of, all float64 // occurrences of the member and of the cluster
	active  int     // distinct minutes with the member
	log     float64 // largest logarithm of the evidence
	crossed int64   // end of the first minute at which that sufficed; 0: never
	first   int64   // minute of the member's first occurrence
}

func (e *shareEvidence) share() float64 { return e.of / max(e.all, 1) }

// weighShares looks at every minute of the window after the rollout has settled.
func (j *judgement) weighShares(m *mixture, enough float64) *shareEvidence {
	strength := 1/m.correlation - 1
	a, b := m.share*strength, (1-m.share)*strength
	e := &shareEvidence{}
	for minute := j.timeline.settled; minute < j.now; minute++ {
		of, all := float64(at(m.after[m.now], minute)), 0.0
		for _, s := range m.after {
			all += float64(at(s, minute))
		}
		if all == 0 {
			continue
		}
		if of > 0 {
			if e.active++; e.first == 0 {
				e.first = minute
			}
		}
		e.of, e.all = e.of+of, e.all+all
		rest := e.all - e.of
		log := logBeta(1+e.of, 1+rest) - (logBeta(a+e.of, b+rest) - logBeta(a, b))
		if e.log = max(e.log, log); e.crossed == 0 && log >= math.Log(enough) && e.share() >= dominantShare {
			e.crossed = minute + 1
		}
	}
	return e
}

func logBeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	z, _ := math.Lgamma(a + b)
	return x + y - z
}

// mixedLikeThat tells whether a block of the baseline, half as full or fuller, had as large a share by itself.
func (j *judgement) mixedLikeThat(m *mixture, e *shareEvidence) bool {
	of, all := j.perBlock(m.before[m.now:m.now+1]), j.perBlock(m.before)
	for b, n := range all {
		if n >= max(e.all/2, float64(j.options.MinimumCount)) && of[b] >= e.share()*n {
			return true
		}
	}
	return false
}

// shifted writes a shift down.
func (j *judgement) shifted(id selfheal.SignatureID, former *selfheal.Signature, m *mixture, e *shareEvidence, tests int) selfheal.Anomaly {
	signature := j.in.Signatures[id]
	a := selfheal.Anomaly{
		Signature: id, Kind: selfheal.AnomalyShift, Severity: signature.Severity,
		Observed: whole(e.of), Expected: e.all * m.share,
		EValue: math.Exp(min(e.log, 600)), PValue: math.Exp(-e.log), QValue: min(1, float64(tests)*math.Exp(-e.log)),
		Onset: selfheal.MinuteTime(e.first), Detected: j.endOf(e.crossed),
		Chart: j.chart(m.before[m.now], m.after[m.now]),
	}
	low, high := betaQuantile(e.of+0.5, e.all-e.of+0.5, 0.025), betaQuantile(e.of+0.5, e.all-e.of+0.5, 0.975)
	a.Ratio = selfheal.Ratio{Estimate: e.share() / m.share, Low: low / (1 + low) / m.share, High: high / (1 + high) / m.share}
	j.reach(&a, m.after[m.now])
	a.Priority = j.priority(&a, signature)
	instead := ""
	if former != nil {
		instead = fmt.Sprintf(`, where "%s" was the most frequent`, former.Title)
	}
	a.Why = fmt.Sprintf("%s of %s that mean the same, %s %% of them where the %s before have %s %%%s; chance %s, evidence %s against it",
		number(e.of), plural(e.all, "error"), number(math.Round(100*e.share())), j.timeline.extent(j.timeline.baseExposure),
		number(math.Round(100*m.share)), instead, chance(a.PValue), odds(a.EValue))
	return a
}
