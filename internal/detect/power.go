package detect

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// power says in words what this window could have shown, computed from the same
// tests at the same threshold.
func (j *judgement) power() string {
	if !j.comparable {
		return "Nothing could have been seen: there is no baseline or no window to compare."
	}
	sentence := j.powerForNew()
	if seen, known := j.powerForRises(); known > 0 {
		sentence += fmt.Sprintf(" A threefold rise would have been seen for %d of %d known error signatures.", seen, known)
	}
	return sentence
}

// powerForNew finds how many occurrences a new error needs, and at which rate 95
// of 100 windows show that many.
func (j *judgement) powerForNew() string {
	needed := max(j.unknown.countFor(j.threshold), float64(j.options.MinimumCount))
	if j.timeline.dated {
		needed = max(needed, float64(j.noise.minutes))
	}
	window := j.timeline.windowExposure
	if j.timeline.dated && float64(j.noise.span) > window {
		needed = max(needed, j.noise.count)
	}
	if needed > window*minuteCap {
		return fmt.Sprintf("No new error that is not a crash could have been told from chance in %s.", j.timeline.extent(window))
	}
	every := window / mathext.GammaIncRegInv(needed, 0.95)
	frequency := "1 per " + number(every) + " min"
	switch {
	case !j.timeline.dated:
		frequency = "1 in " + number(every) + " records"
	case every < 1:
		frequency = number(1/every) + " per min"
	}
	return fmt.Sprintf("A new error of at least %s occurrences, or %s, would have been seen.", number(needed), frequency)
}

// powerForRises counts the signatures of which a threefold rise is flagged with
// a probability of about 80 % or more.
func (j *judgement) powerForRises() (seen, known int) {
	const belowMean = 0.84 // standard deviations: 80 % of the counts are higher
	for _, s := range j.subjects {
		if s.isNew() {
			continue
		}
		known++
		m := &s.model
		mean := 3 * m.known * m.exposure
		count := (mean - belowMean*math.Sqrt(mean+mean*mean*m.frailty)) * m.burst
		if count >= float64(j.options.MinimumCount) && count > m.peak && m.chance(count, 1) <= j.threshold {
			seen++
		}
	}
	return seen, known
}
