package detect

import (
	"math"
	"slices"

	"selfheal"
)

const (
	// A minute counts for at most minuteCap plus minuteCapRates times the usual
	// number: one client's retry loop is not a thousand errors.
	minuteCap      = 1
	minuteCapRates = 10

	// Where a baseline is too short to tell, a signature is taken to burst like
	// usualBurst, known as well as from usualBurstEvents occurrences, and its rate to
	// vary from block to block with the squared coefficient of variation usualFrailty.
	usualBurst       = 1.2
	usualBurstEvents = 20
	usualFrailty     = 0.12
	usualFrailtyInfo = 200
	// dailyDrift is that of the hours of an ordinary day around their mean.
	dailyDrift = 0.2

	// The frailty is estimated so many times, each time without what the time before takes for outages.
	frailtyRounds = 4
	// outageEvents is how many independent occurrences a block is expected to have for an outage to be told
	// from chance by the gamma distribution alone: the counts of seldom signatures have no such shape.
	outageEvents = 5
	// leastFrailty keeps a week of luck from being taken for certainty.
	leastFrailty = 0.005
	// mostEvents is how many effective occurrences are told apart; beyond, counts are deflated further.
	mostEvents = 1e6
)

// survey is what one pass over a signature's baseline gives.
type survey struct {
	total   float64 // all occurrences
	cap     float64 // per minute; infinite without times
	capped  float64 // all occurrences, minutes capped
	blocks  []block // those with occurrences, in order
	excess  float64 // what winsorising took away
	scatter float64 // sum over blocks of the squared deviations of sub-blocks
	inside  float64 // occurrences to which scatter belongs
	peak    float64 // capped occurrences of the fullest block, before winsorising
}

// block is the capped occurrences of one block, winsorised. Most of thousands of
// signatures occur in a few blocks.
type block struct {
	at int32
	n  float64
}

func newSurvey(s *selfheal.Series, total float64, t *timeline, e excuse) survey {
	v := survey{total: total}
	v.cap = math.Inf(1)
	if t.dated {
		v.cap = minuteCap + minuteCapRates*v.total/t.baseExposure
	}
	v.capped = float64(max(s.Undated, 0))
	v.winsorise(v.fill(s, t, e), t)
	return v
}

// fill sums capped minutes into blocks, and gives the squares of their sub-blocks.
func (v *survey) fill(s *selfheal.Series, t *timeline, e excuse) (squares []float64) {
	var inSub float64
	sub, nextSub, nextBlock := int64(-1), t.blockFrom, t.blockFrom
	flush := func() {
		if sub >= 0 {
			squares[len(squares)-1] += inSub * inSub
		}
		inSub = 0
	}
	for _, c := range s.Counts {
		factor := e.of(c.Minute)
		v.total -= (1 - factor) * float64(max(c.N, 0))
		n := factor * min(float64(max(c.N, 0)), v.cap)
		v.capped += n
		if c.Minute < t.blockFrom || c.Minute >= t.base.to || t.blocks == 0 {
			continue
		}
		if c.Minute >= nextSub {
			flush()
			if c.Minute >= nextBlock {
				at := (c.Minute - t.blockFrom) / t.blockLength
				nextBlock = t.blockFrom + (at+1)*t.blockLength
				v.blocks, squares = append(v.blocks, block{at: int32(at)}), append(squares, 0)
			}
			start := nextBlock - t.blockLength
			sub = (c.Minute - start) / t.subLength
			nextSub = min(start+(sub+1)*t.subLength, nextBlock)
		}
		inSub += n
		v.blocks[len(v.blocks)-1].n += n
	}
	flush()
	return squares
}

// winsorise cuts blocks of past outages down, so that they neither raise the
// rate nor excuse a new outage by having widened the spread.
func (v *survey) winsorise(squares []float64, t *timeline) {
	limit := winsorLimit(v.blocks, t.blocks)
	for i := range v.blocks {
		b := &v.blocks[i]
		n := b.n
		if n == 0 {
			continue
		}
		v.peak = max(v.peak, n)
		scale := 1.0
		if n > limit {
			v.excess += n - limit
			b.n, scale = limit, limit/n
		}
		v.scatter += scale * scale * (squares[i] - n*n/subBlocks)
		v.inside += b.n
	}
}

// winsorLimit is the larger of 1.5 times a high quantile of all blocks (the fifth
// largest hour of a week) and three medians of those that are not empty.
func winsorLimit(blocks []block, all int) float64 {
	sorted := make([]float64, 0, len(blocks))
	for _, b := range blocks {
		if b.n > 0 {
			sorted = append(sorted, b.n)
		}
	}
	if len(sorted) == 0 {
		return 0
	}
	slices.Sort(sorted)
	high := 0.0
	if rank := all / 40; rank < len(sorted) {
		high = sorted[len(sorted)-1-rank]
	}
	return max(1.5*high, 3*sorted[len(sorted)/2]+7)
}

// rate is the winsorised, capped number of occurrences that the baseline counts for.
func (v *survey) rate() float64 { return v.capped - v.excess }

// burst is the ratio of variance to mean of short stretches inside a block, and
// on how many occurrences it rests.
func (v *survey) burst() (ratio, events float64) {
	if v.inside < 2 {
		return 1, 0
	}
	const freedom = float64(subBlocks) / (subBlocks - 1)
	return max(1, freedom*v.scatter/v.inside), v.inside
}

// frailty is the squared coefficient of variation of the block rates beyond what
// season and bursts explain (moment estimate), and its precision (the inverse of
// its variance, were there none).
func (v *survey) frailty(t *timeline, season *season, m *model) (squared, precision float64) {
	mean := v.rate() * float64(t.blockLength) / t.baseExposure
	if t.blocks < 4 || mean <= 0 {
		return 0, 0
	}
	expected := make([]float64, t.blocks)
	for b := range expected {
		expected[b] = mean * season.at(t.midHour[b]) * m.following.factor(t.flow.at(t.midMinute(b)))
	}
	squared = math.Inf(1)
	for range frailtyRounds {
		squared = v.beyond(t, expected, m.burst, squared)
	}
	noise := m.burst/mean + usualFrailty
	return squared, float64(t.blocks) / 2 / (noise * noise)
}

// beyond is by how much the squared deviations of the blocks exceed what bursts explain, relative to the squares of
// their means. Blocks are cut down to what a frailty known so far lets the largest of them reach.
func (v *survey) beyond(t *timeline, expected []float64, burst, frailty float64) float64 {
	var beyond, squares float64
	v.eachBlock(t, func(b int, n float64) {
		e := expected[b]
		if !math.IsInf(frailty, 1) && e >= outageEvents*burst {
			n = min(n, upperBound(e, burst*e+max(frailty, leastFrailty)*e*e, float64(2*t.blocks)))
		}
		beyond += (n-e)*(n-e) - burst*e
		squares += e * e
	})
	return beyond / max(squares, 1e-300)
}
