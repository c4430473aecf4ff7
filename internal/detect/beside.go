package detect

import (
	"fmt"
	"math"

	"selfheal"
)

const (
	// agreement is the evidence, as an e-value, that the new revision must show against
	// the previous one beside it. It is asked for on top of what the baseline says,
	// so that a moderate one is enough: several signatures rise in an outage, and each has its chance.
	agreement = 10
	// toldApart is how many occurrences the previous revision must be expected to have
	// shown, had nothing changed, for its silence to mean something.
	toldApart = 1
	// mostBeside is how many times the usual clusters of noise are put up with in a small share of the traffic at most.
	mostBeside = 8
	// leftAfter is after how many minutes without a record the previous revision is taken to be gone.
	leftAfter = 3
	// sharePrior is how many records speak for the share of the window so far against that of the recent minutes.
	sharePrior = 50
)

// beside is the previous revision where it goes on serving: a control group under
// the same traffic, the same dependencies, and the same hour of the day.
type beside struct {
	series  map[selfheal.SignatureID]*selfheal.Series
	records int64
	all     selfheal.Series

	newer, older             float64 // records of both so far
	heard                    int64   // minute of the last record of the previous one
	newerRecent, olderRecent ring
	share                    float64 // of the new revision in the recent minutes
	whole                    float64 // the same so far
}

func newBeside() *beside {
	return &beside{series: map[selfheal.SignatureID]*selfheal.Series{}, share: 1, whole: 1}
}

func (b *beside) of(id selfheal.SignatureID) *selfheal.Series {
	if b.series[id] == nil {
		b.series[id] = &selfheal.Series{}
	}
	return b.series[id]
}

func (b *beside) rewind() {
	b.newer, b.older, b.heard, b.share, b.whole = 0, 0, 0, 1, 1
	b.newerRecent, b.olderRecent = ring{}, ring{}
}

// shareOf gives the new revision's share of the records so far; 1 where there is no other.
func (j *judgement) shareOf(minute int64) float64 {
	b := j.beside
	if b == nil {
		return 1
	}
	newer, older := float64(at(&j.all, minute)), float64(at(&b.all, minute))
	b.newer += newer
	b.older += older
	if older > 0 {
		b.heard = minute
	}
	b.newerRecent.add(minute, newer)
	b.olderRecent.add(minute, older)
	if b.newer+b.older == 0 { // nobody counted by the minute
		b.whole = share(float64(j.records), float64(b.records))
		b.share = b.whole
		return b.whole
	}
	b.whole = share(b.newer, b.older)
	b.share = (b.newerRecent.sum + sharePrior*b.whole) / (b.newerRecent.sum + b.olderRecent.sum + sharePrior)
	return b.whole
}

// share is the new revision's part of the traffic so far; 1 where there is no other.
func (j *judgement) share() float64 {
	if b := j.beside; b != nil {
		return b.whole
	}
	return 1
}

// left tells whether the previous revision, as far as records are counted by the minute, does not serve any more.
func (b *beside) left(minute int64) bool { return b.newer+b.older > 0 && minute-b.heard >= leftAfter }

// share of a in both; 1 when there is nothing of either.
func share(a, b float64) float64 {
	if a+b <= 0 {
		return 1
	}
	return max(a/(a+b), 1e-6)
}

// bet is an e-process of the conditional binomial test: given how many occurred in
// both revisions, how many of them are the new one's is binomial with its share of
// the traffic, whatever the rate is and however it moves. It mixes likelihood
// ratios for a few rate ratios (Lindon and Malek, "Anytime-valid inference for
// multinomial count data", NeurIPS 2022).
type bet struct {
	logs  [len(betRatios)]float64
	most  float64 // largest evidence so far
	newer float64 // effective occurrences of the new revision
	older float64 // of the previous one
	due   float64 // of the previous one, had it as many as the new one
	alone float64 // of the new revision while the previous one did not serve any more
}

var betRatios = [...]float64{2, 4, 10}

func (b *bet) reset() { *b = bet{} }

// weigh takes in a minute, with n occurrences of the new revision.
func (b *beside) weigh(s *subject, minute int64, n float64) {
	m := &s.model
	newer := m.effective(min(n, m.capOf(b.share)))
	older := m.effective(min(float64(at(b.series[s.signature.ID], minute)), m.capOf(1-b.share)))
	if newer+older == 0 || b.share >= 1 {
		return
	}
	e := &s.concurrent
	if b.left(minute) {
		e.alone += newer
		return
	}
	e.newer += newer
	e.older += older
	e.due += newer * (1 - b.share) / b.share
	value := 0.0
	for i, ratio := range betRatios {
		e.logs[i] += newer*math.Log(ratio) - (newer+older)*math.Log(b.share*ratio+1-b.share)
		value += math.Exp(min(e.logs[i], 600)) / float64(len(betRatios))
	}
	e.most = max(e.most, value)
}

// noiseOf gives what a rare signature must stand out from. Of clusters of unknown messages that have nothing to do with
// the new revision, only its share comes in it alone: what does is compared with as many times more of them.
func (j *judgement) noiseOf(s *subject) *noise {
	if j.beside == nil || s.concurrent.most < agreement || s.concurrent.alone > 0 {
		return &j.noise
	}
	fits := &j.noise
	for i := range j.noiseBeside {
		if j.beside.whole*float64(int(2)<<i) <= 1 {
			fits = &j.noiseBeside[i]
		}
	}
	return fits
}

// oldRevision silences what the previous revision, serving beside the new one, shows
// as well. Where most came after it had left, it must have shown at least half of its share until then.
func (j *judgement) oldRevision(s *subject) (selfheal.Silence, string) {
	e := &s.concurrent
	if j.beside == nil || e.most >= agreement || e.due < toldApart || e.alone > e.newer && e.older < e.due/2 {
		return "", ""
	}
	old := tally(j.beside.of(s.signature.ID))
	return selfheal.SilenceSharedCause, fmt.Sprintf("the previous revision beside it shows as many for its share of the traffic: %s", number(old))
}
