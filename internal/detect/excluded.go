package detect

import (
	"math"
	"slices"

	"selfheal"
)

// before gives the baseline counts of a signature without what earlier
// regressions added or took away, which would make their return look usual. The
// minutes in question get the mean of all others, so that the exposure stays.
func (j *judgement) before(id selfheal.SignatureID) *selfheal.Series {
	series := j.in.Baseline.Of(id)
	spans := j.excluded(id, coarse(series.Counts))
	length := spansLength(spans)
	base := minutesOf(j.in.BaselineInterval)
	if length == 0 || length >= base.length() {
		return series
	}
	kept := &selfheal.Series{Undated: series.Undated}
	total := int64(0)
	for _, c := range series.Counts {
		if !slices.ContainsFunc(spans, func(m minutes) bool { return c.Minute >= m.from && c.Minute < m.to }) {
			kept.Counts = append(kept.Counts, c)
			total += c.N
		}
	}
	perMinute := float64(total) / float64(base.length()-length)
	for _, span := range spans {
		kept.Merge(evenly(span, perMinute))
	}
	return kept
}

// excluded gives the minutes of the baseline that do not count for a signature,
// disjoint and ascending; whole hours where it is counted by the hour.
func (j *judgement) excluded(id selfheal.SignatureID, hourly bool) []minutes {
	var spans []minutes
	base := minutesOf(j.in.BaselineInterval)
	for _, interval := range j.in.Excluded[id] {
		m := minutesOf(interval)
		if hourly {
			m.from, m.to = m.from-m.from%coarseMinutes, m.to+(coarseMinutes-m.to%coarseMinutes)%coarseMinutes
		}
		m.from, m.to = max(m.from, base.from), min(m.to, base.to)
		if m.length() > 0 {
			spans = append(spans, m)
		}
	}
	slices.SortFunc(spans, func(a, b minutes) int { return int(a.from - b.from) })
	merged := spans[:0]
	for _, m := range spans {
		if n := len(merged); n > 0 && m.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, m.to)
			continue
		}
		merged = append(merged, m)
	}
	return merged
}

func spansLength(spans []minutes) (length int64) {
	for _, m := range spans {
		length += m.length()
	}
	return length
}

// evenly spreads occurrences over a span.
func evenly(span minutes, perMinute float64) *selfheal.Series {
	s := &selfheal.Series{}
	due, given := 0.0, int64(0)
	for minute := span.from; minute < span.to; minute++ {
		due += perMinute
		if n := int64(math.Round(due)) - given; n > 0 {
			s.Add(minute, n)
			given += n
		}
	}
	return s
}
