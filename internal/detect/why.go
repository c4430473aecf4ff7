package detect

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"selfheal"
)

// why puts the numbers of an anomaly into one sentence; reason is why it was set aside.
func (j *judgement) why(s *subject, a *selfheal.Anomaly, reason string) string {
	parts := []string{j.comparison(s, a)}
	if !a.Onset.IsZero() {
		word := "excess from"
		if s.isNew() {
			word = "first at"
		}
		parts = append(parts, word+" "+a.Onset.Format("15:04"))
	}
	sentence := strings.Join(parts, "; ")
	if j.comparable {
		sentence += ", chance " + chance(a.PValue)
		if a.Flagged() && a.EValue >= 2 {
			sentence += ", evidence " + odds(a.EValue) + " against it"
		}
	}
	if reason == "" {
		reason = j.otherwise(s)
	}
	if reason != "" {
		sentence += "; " + reason
	}
	return sentence
}

// otherwise says what it would have taken for a signature not to be flagged.
func (j *judgement) otherwise(s *subject) string {
	if !j.timeline.dated || j.options.Method.fixed() || j.crashed(s) || !j.comparable {
		return ""
	}
	if s.rare {
		minutes, span := j.noiseOf(s).of(within(s.after, j.seen()), j.timeline.deploy).least()
		return fmt.Sprintf("in fewer than %d minutes, or all within %d min, it would not have been flagged", max(minutes, j.minutesFor(s)), span-1)
	}
	level, least := -1, 2.0
	for i := range s.trials {
		if p := s.trials[i].p; p < least && j.largeEnough(s, i) && !j.reached(s, i) {
			level, least = i, p
		}
	}
	if level < 0 {
		return ""
	}
	span := j.timeline.extentOf(level, s.trials[level].best.at)
	return fmt.Sprintf("up to %s in the %s from %s would not have been flagged", number(j.mostUnflagged(s, level)-1),
		j.timeline.extent(float64(span.length())*j.timeline.minuteLength), selfheal.MinuteTime(span.from).Format("15:04"))
}

// minutesFor is how many distinct minutes chance does not explain.
func (j *judgement) minutesFor(s *subject) int { return int(min(j.countFor(s), 1e9)) }

// mostUnflagged is the smallest count, in the stretch of one trial, at which that trial flags.
func (j *judgement) mostUnflagged(s *subject, level int) float64 {
	r := &s.trials[level]
	held := *r
	defer func() { *r = held }()
	low, high := 0.0, max(math.Ceil(r.best.count), 1)
	for high-low > 1 {
		middle := math.Floor((low + high) / 2)
		r.best.count = middle
		r.p = j.weightedChance(s, level, r.best)
		if r.p <= j.threshold && middle >= float64(j.options.MinimumCount) && j.largeEnough(s, level) && !j.reached(s, level) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

// odds writes an e-value as a bet: "4,000 : 1".
func odds(e float64) string {
	if e >= 1e6 {
		return strconv.FormatFloat(e, 'e', 0, 64) + " : 1"
	}
	return number(e) + " : 1"
}

func (j *judgement) comparison(s *subject, a *selfheal.Anomaly) string {
	t := &j.timeline
	seen := t.windowExposure
	if t.dated && j.now < t.window.to {
		seen = float64(j.now - t.window.from)
	}
	observed := fmt.Sprintf("%s in %s", number(s.count), t.extent(seen))
	if !j.comparable {
		return observed
	}
	before := t.extent(t.baseExposure)
	if s.isNew() {
		return fmt.Sprintf("%s, never in the %s before", observed, before)
	}
	predicts := "predict"
	if strings.HasPrefix(before, "1 ") {
		predicts = "predicts"
	}
	if low := a.Ratio.Low; low >= 0.01 {
		return fmt.Sprintf("%s where the %s before %s %s (x%s, at least x%s)",
			observed, before, predicts, number(a.Expected), number(a.Ratio.Estimate), number(low))
	}
	return fmt.Sprintf("%s where the %s before %s %s (x%s)",
		observed, before, predicts, number(a.Expected), number(a.Ratio.Estimate))
}

// extent puts an exposure into words: "60 min", "7 days", "5,200 records".
func (t *timeline) extent(exposure float64) string {
	if !t.dated {
		return plural(exposure, "record")
	}
	const hour, day = 60.0, 1440.0
	switch {
	case exposure >= 2*day:
		return plural(math.Round(exposure/day), "day")
	case exposure >= 3*hour:
		return plural(math.Round(exposure/hour), "hour")
	case exposure >= 1:
		return number(math.Round(exposure)) + " min"
	}
	return number(math.Round(exposure*60)) + " s"
}

func plural(n float64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(n) + " " + noun + "s"
}

// number writes a figure with as many digits as a reader can use.
func number(f float64) string {
	switch {
	case f == math.Trunc(f) && math.Abs(f) < 10, f >= 10 && f < 1e15:
		return thousands(strconv.FormatFloat(math.Round(f), 'f', 0, 64))
	case f >= 1 && f < 10:
		return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
	}
	return strconv.FormatFloat(f, 'g', 2, 64)
}

func thousands(digits string) string {
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// chance writes a probability: plainly when it can be imagined, else by its magnitude.
func chance(p float64) string {
	switch {
	case p <= smallestChance:
		return "below 1e-300"
	case p >= 0.001:
		return strconv.FormatFloat(p, 'g', 2, 64)
	}
	return strconv.FormatFloat(p, 'e', 0, 64)
}
