package detect

import (
	"math"
	"time"

	"selfheal"
)

const (
	baselineBuckets = 56 // eight a day for a week
	windowBuckets   = 60
)

// chart shows a signature over both intervals; nothing when they carry no times.
func (j *judgement) chart(before, after *selfheal.Series) selfheal.Chart {
	if !j.timeline.dated {
		return selfheal.Chart{}
	}
	return selfheal.Chart{
		Baseline: bucketed(before, inner(j.in.BaselineInterval), baselineBuckets),
		Watched:  bucketed(after, j.watchedMinutes(), windowBuckets),
	}
}

// watchedMinutes are those of the window that lie wholly inside it and were seen.
func (j *judgement) watchedMinutes() minutes {
	m := inner(selfheal.Interval{From: j.in.WatchedInterval.From, To: j.end})
	m.to = min(m.to, j.now)
	return m
}

// inner gives the minutes that lie wholly inside an interval.
func inner(i selfheal.Interval) minutes {
	return minutes{selfheal.MinuteOf(i.From.Add(time.Minute - 1)), selfheal.MinuteOf(i.To)}
}

// bucketed cuts a range into at most so many buckets of whole minutes. Should it
// not divide evenly, the oldest minutes are left out: no bucket is partly outside.
func bucketed(s *selfheal.Series, m minutes, atMost int64) selfheal.ChartSpan {
	if m.length() <= 0 {
		return selfheal.ChartSpan{}
	}
	step := (m.length() + atMost - 1) / atMost
	buckets := make([]int64, m.length()/step)
	from := m.to - int64(len(buckets))*step
	for _, c := range within(s, minutes{from, m.to}) {
		at := (c.Minute - from) / step
		buckets[at] = add(buckets[at], c.N)
	}
	return selfheal.ChartSpan{
		From:    selfheal.MinuteTime(from),
		Step:    selfheal.Duration(min(step, math.MaxInt64/int64(time.Minute)) * int64(time.Minute)),
		Buckets: buckets,
	}
}

// add saturates, and takes negative counts for none.
func add(a, b int64) int64 {
	if b <= 0 {
		return a
	}
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
