package detect

// season is a rate relative to its mean, per hour of the day (UTC).
type season struct {
	relative [hoursPerDay]float64
}

func flatSeason() *season {
	s := &season{}
	for h := range s.relative {
		s.relative[h] = 1
	}
	return s
}

func (s *season) at(hour int) float64 { return s.relative[hour] }

// aroundHours is how far the hours reach on either side that are around one.
const aroundHours = 3

// around is the mean of the hours around one: a day's course without the jobs that run by the clock.
func (s *season) around(hour int) float64 {
	sum := 0.0
	for h := hour - aroundHours; h <= hour+aroundHours; h++ {
		sum += s.relative[(h+hoursPerDay)%hoursPerDay]
	}
	return sum / (2*aroundHours + 1)
}

// sum adds up the season over the minutes of a span.
func (s *season) sum(span minutes) float64 {
	var sum float64
	for from := span.from; from < span.to; {
		to := min(span.to, (from/60+1)*60)
		if to <= from { // before 1970
			to = from + 1
		}
		sum += float64(to-from) * s.relative[hourOf(from)]
		from = to
	}
	return sum
}

const (
	// One signature weighs in the common season like at most seasonEvents occurrences.
	seasonEvents = 200
	// seasonPrior is how many such occurrences per hour of the day speak for no season.
	seasonPrior = 5
	// ownSeasonPrior is how many independent observations of an hour of the day
	// outweigh what all signatures say about it.
	ownSeasonPrior = 20
	// leastSeason keeps a quiet hour from being taken for one without errors.
	leastSeason = 0.2
)

// perHour sums blocks by the hour of day of their middle.
func perHour(blocks []block, t *timeline) (occurrences, present [hoursPerDay]float64) {
	for _, b := range blocks {
		occurrences[t.midHour[b.at]] += b.n
	}
	for _, hour := range t.midHour[:t.blocks] {
		present[hour]++
	}
	return occurrences, present
}

// commonSeason is the season of all signatures together, smoothed over
// neighbouring hours and shrunk towards none.
func commonSeason(surveys []survey, t *timeline) *season {
	if !t.seasonal() {
		return flatSeason()
	}
	var observed, expected [hoursPerDay]float64
	for i := range surveys {
		if surveys[i].inside == 0 {
			continue
		}
		weight := min(1, seasonEvents/surveys[i].inside)
		occurrences, present := perHour(surveys[i].blocks, t)
		for h := range occurrences {
			observed[h] += weight * occurrences[h]
			expected[h] += weight * surveys[i].inside * present[h] / float64(t.blocks)
		}
	}
	return shrunkSeason(observed, expected)
}

func shrunkSeason(observed, expected [hoursPerDay]float64) *season {
	s := &season{}
	for h := range s.relative {
		before, after := (h+hoursPerDay-1)%hoursPerDay, (h+1)%hoursPerDay
		o := observed[before]/4 + observed[h]/2 + observed[after]/4
		e := expected[before]/4 + expected[h]/2 + expected[after]/4
		s.relative[h] = max(leastSeason, (o+seasonPrior)/(e+seasonPrior))
	}
	return s
}

// own is the season of one signature: its own hours as far as they are many
// enough to be heard over its bursts and frailty, and the common season for the rest.
func (s *season) own(v *survey, t *timeline, burst, frailty float64) *season {
	if !t.seasonal() || v.inside == 0 {
		return s
	}
	occurrences, present := perHour(v.blocks, t)
	mixed := &season{}
	for h := range mixed.relative {
		expected := v.inside * present[h] / float64(t.blocks)
		if expected <= 0 {
			mixed.relative[h] = s.relative[h]
			continue
		}
		observations := present[h] / (frailty + burst*present[h]/expected)
		weight := observations / (observations + ownSeasonPrior)
		mixed.relative[h] = max(leastSeason, weight*occurrences[h]/expected+(1-weight)*s.relative[h])
	}
	return mixed
}
