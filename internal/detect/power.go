package detect

import (
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/mathext"
)

// powerConfidence is in how many of so many windows a new error must be seen for us to say so.
const powerConfidence = 0.95

// longestSpan, in minutes, stands for a span that no new error can last for.
const longestSpan = 1 << 20

// power says in words what this window could have shown, computed from the same
// tests at the same threshold.
func (j *judgement) power() string {
	if !j.comparable || j.timeline.windowExposure <= 0 {
		return "Nothing could have been seen: there is no baseline or no window to compare."
	}
	sentence := j.powerForNew()
	if seen, known := j.powerForRises(); known > 0 {
		sentence += fmt.Sprintf(" A threefold rise would have been seen for %d of %d known error signatures.", seen, known)
	}
	if n := len(j.pulses); n > 0 {
		sentence += fmt.Sprintf(" Of %s that should keep coming, %d would have been missed within the window.",
			plural(float64(n), "line"), j.pulses.missed(j))
	}
	if t := &j.timeline; t.dated && j.now < t.window.to {
		sentence += fmt.Sprintf(" This is said of the planned %s, of which %s are over.", t.extent(t.windowExposure), t.extent(float64(j.now-t.window.from)))
	}
	return sentence
}

// missed counts the lines whose silence, from the deploy on, would be told in the window.
func (all pulses) missed(j *judgement) int {
	n := 0
	t := &j.timeline
	for _, p := range all {
		span := minutes{max(t.deploy, t.window.from), t.window.to}
		if p.due(span) >= p.needed && span.length() >= p.shortest {
			n++
		}
	}
	return n
}

// powerForNew finds how many occurrences a new error needs, and at which rate 95
// of 100 windows show that many.
func (j *judgement) powerForNew() string {
	t := &j.timeline
	window := t.windowExposure
	needed, ever := j.neededForNew()
	if !ever {
		return fmt.Sprintf("No new error that is not a crash could have been told from chance in %s.", t.extent(window))
	}
	if !t.dated {
		every := window / mathext.GammaIncRegInv(needed, powerConfidence)
		return fmt.Sprintf("A new error of at least %s occurrences, or 1 in %s records, would have been seen.", number(needed), number(every))
	}
	return j.slowestNew(int(needed))
}

// neededForNew is how many occurrences a new error needs, and whether the window has room for them.
func (j *judgement) neededForNew() (needed float64, ever bool) {
	t := &j.timeline
	window := t.windowExposure
	exposure := window / t.baseExposure
	if t.dated {
		exposure = j.scale * t.flow.now(&j.unknown, j.traffic.now) * j.unknown.season.sum(t.window) * t.minuteLength / t.baseExposure
	}
	needed = max(j.unknown.countFor(j.threshold*t.levels[0].weight, exposure), float64(j.options.MinimumCount))
	if t.dated {
		minutes, _ := j.noise.prompt.least()
		needed = max(needed, float64(minutes))
	}
	return needed, !(t.dated && needed > float64(t.window.length()) || needed > window*12)
}

// tellsNew is how long after the deploy a new error of 1 per minute is told from
// chance in 95 of 100 windows; zero where it is not.
func (j *judgement) tellsNew() time.Duration {
	if !j.comparable || j.timeline.windowExposure <= 0 || !j.timeline.dated {
		return 0
	}
	needed, ever := j.neededForNew()
	window := int(j.timeline.window.length())
	minute := 0
	if ever {
		minute = j.noise.minutesToTell(1, powerConfidence, int(needed), window)
	}
	if minute > window {
		return 0
	}
	return time.Duration(minute) * time.Minute
}

// slowestNew puts into words at which rate a new error that comes from the deploy
// on is seen in the window, and how soon one of 1 per minute is.
func (j *judgement) slowestNew(needed int) string {
	window := int(j.timeline.window.length())
	slowest := 0.0
	for low, high, i := 1e-3, 10.0, 0; i < 14; i++ {
		middle := math.Sqrt(low * high)
		if j.noise.told(-math.Expm1(-middle), needed, window) < powerConfidence {
			low = middle
		} else {
			high, slowest = middle, middle
		}
	}
	if slowest == 0 {
		return fmt.Sprintf("No new error that is not a crash could have been told from chance in %s.", j.timeline.extent(j.timeline.windowExposure))
	}
	frequency := number(slowest) + " per min"
	if slowest < 1 {
		frequency = "1 per " + number(math.Round(10/slowest)/10) + " min"
	}
	sentence := fmt.Sprintf("A new error of %s would have been seen", frequency)
	if minute := j.noise.minutesToTell(1, powerConfidence, needed, window); minute <= window && slowest < 1 {
		sentence += fmt.Sprintf(", one of 1 per min within %d min", minute)
	}
	return sentence + "."
}

// minutesToTell is after how many minutes an error at a steady rate, of at least so many
// distinct minutes, has taken a step with some probability; more than limit when not by then.
func (n *noise) minutesToTell(perMinute, confidence float64, needed, limit int) int {
	hit := -math.Expm1(-perMinute)
	low, high := 1, limit+1
	for low < high {
		if middle := (low + high) / 2; n.told(hit, needed, middle) >= confidence {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// told is the probability of that by a minute. Pauses are left out of account, and dense steps where
// errors are hardly as dense. A minute has an error with probability hit.
func (n *noise) told(hit float64, needed, by int) float64 {
	total, first := 0.0, hit
	for from := range by {
		ways := &n.later
		if from < promptMinutes {
			ways = &n.prompt
		}
		most := 0.0
		for _, s := range ways.steps {
			if s.dense && len(ways.steps) > 1 && hit < 2.0/thinMinutes {
				continue
			}
			most = max(most, taken(hit, max(needed, s.minutes), int(min(s.span, longestSpan)), by-from))
		}
		total += first * most
		first *= 1 - hit
	}
	return total
}

// taken is the probability that so many distinct minutes, over so long a span, have had an error within so
// many minutes, of which the first has one: the numbers before and after the span is reached are binomial.
func taken(hit float64, needed, span, within int) float64 {
	if max(span, 1) > within {
		return 0
	}
	inner := max(span-2, 0) // minutes strictly between the first and the earliest that completes the span
	outer := within - 1 - inner
	if span <= 1 {
		outer = within - 1
	}
	// At least needed-1 further ones, not all of them inside.
	atLeast := binomialTail(inner+outer, needed-1, hit)
	none := math.Pow(1-hit, float64(outer)) * binomialTail(inner, needed-1, hit)
	return max(atLeast-none, 0)
}

// binomialTail is P(X >= k) of n trials.
func binomialTail(n, k int, p float64) float64 {
	switch {
	case k <= 0:
		return 1
	case k > n:
		return 0
	}
	return mathext.RegIncBeta(float64(k), float64(n-k+1), p)
}

// powerForRises counts the signatures of which a threefold rise is flagged with
// a probability of about 80 % or more.
func (j *judgement) powerForRises() (seen, known int) {
	const belowMean = 0.84 // standard deviations: 80 % of the counts are higher
	t := &j.timeline
	for _, s := range j.subjects {
		if s.isNew() {
			continue
		}
		known++
		m := &s.model
		exposure := j.exposure(s, t.window)
		mean := 3 * m.known * exposure
		count := (mean - belowMean*math.Sqrt(mean+mean*mean*m.frailty)) * m.burst
		if count >= float64(j.options.MinimumCount) && count > m.peak && m.chance(count, exposure) <= j.threshold*t.levels[0].weight {
			seen++
		}
	}
	return seen, known
}
