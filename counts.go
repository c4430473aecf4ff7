package selfheal

import (
	"cmp"
	"slices"
	"time"
)

// Count is the number of occurrences of one signature in one minute. Counts of
// different machines merge by adding.
type Count struct {
	Minute int64 `json:"minute"` // minutes since the Unix epoch
	N      int64 `json:"n"`
}

// MinuteOf gives the minute of t since the Unix epoch, rounded down.
func MinuteOf(t time.Time) int64 {
	seconds := t.Unix()
	minute := seconds / 60
	if seconds%60 < 0 {
		minute--
	}
	return minute
}

// MinuteTime is the start of a minute, in UTC.
func MinuteTime(minute int64) time.Time { return time.Unix(minute*60, 0).UTC() }

// Series is the occurrences of one signature over time: Counts ascending by
// minute, each minute once, no zeros. Undated occurrences have no minute.
type Series struct {
	Counts  []Count `json:"counts,omitempty"`
	Undated int64   `json:"undated,omitempty"`
	Reach   *Reach  `json:"reach,omitempty"` // where it occurred; nil where nobody looked
}

// Add counts n occurrences in a minute. Appending in time order is O(1).
func (s *Series) Add(minute, n int64) {
	if last := len(s.Counts) - 1; last >= 0 && s.Counts[last].Minute == minute {
		s.Counts[last].N += n
		return
	} else if last < 0 || s.Counts[last].Minute < minute {
		s.Counts = append(s.Counts, Count{minute, n})
		return
	}
	at, found := slices.BinarySearchFunc(s.Counts, minute, func(c Count, m int64) int { return cmp.Compare(c.Minute, m) })
	if found {
		s.Counts[at].N += n
		return
	}
	s.Counts = slices.Insert(s.Counts, at, Count{minute, n})
}

// Merge adds all of other. A few counts are inserted where they belong; two series
// of like length, whose minutes may alternate, are merged in one pass.
func (s *Series) Merge(other *Series) {
	s.Undated += other.Undated
	s.seeReach(other.Reach)
	if 16*len(other.Counts) < len(s.Counts) || len(s.Counts) == 0 || len(other.Counts) > 0 && s.Counts[len(s.Counts)-1].Minute < other.Counts[0].Minute {
		for _, c := range other.Counts {
			s.Add(c.Minute, c.N)
		}
		return
	}
	merged := Series{Counts: make([]Count, 0, len(s.Counts)+len(other.Counts))}
	x, y := s.Counts, other.Counts
	for len(x) > 0 && len(y) > 0 {
		next := &x
		if y[0].Minute < x[0].Minute {
			next = &y
		}
		merged.Add((*next)[0].Minute, (*next)[0].N)
		*next = (*next)[1:]
	}
	for _, c := range slices.Concat(x, y) {
		merged.Add(c.Minute, c.N)
	}
	s.Counts = slices.Clip(merged.Counts)
}

// seeReach adds where other occurrences came from.
func (s *Series) seeReach(other *Reach) {
	if other == nil {
		return
	}
	if s.Reach == nil {
		s.Reach = &Reach{}
	}
	s.Reach.Merge(other)
}

// Total is the number of all occurrences, dated or not.
func (s *Series) Total() int64 {
	total := s.Undated
	for _, c := range s.Counts {
		total += c.N
	}
	return total
}

// Between sums the occurrences of minutes [from, to).
func (s *Series) Between(from, to int64) int64 {
	var total int64
	for _, c := range s.Within(from, to) {
		total += c.N
	}
	return total
}

// Within gives the counts of minutes [from, to). They share memory with the series; who appends to them does not change it.
func (s *Series) Within(from, to int64) []Count {
	byMinute := func(c Count, minute int64) int { return cmp.Compare(c.Minute, minute) }
	low, _ := slices.BinarySearchFunc(s.Counts, from, byMinute)
	high, _ := slices.BinarySearchFunc(s.Counts, to, byMinute)
	high = max(low, high)
	return s.Counts[low:high:high]
}

// Counts is how often each signature occurred in one interval.
type Counts struct {
	Series  map[SignatureID]*Series
	Records int64  // all records, of any signature: the exposure where no better is known
	All     Series // all records per minute
}

// Of gives the series of a signature; an empty one when it did not occur.
func (c *Counts) Of(id SignatureID) *Series {
	if s := c.Series[id]; s != nil {
		return s
	}
	return &Series{}
}

// Within gives the dated counts of an interval's minutes; the last is left out where the interval ends within it.
// So a baseline that moves on by an hour costs the hour's counts and two searches per signature, however long it is.
func (c *Counts) Within(i Interval) Counts {
	from, to := MinuteOf(i.From), MinuteOf(i.To)
	part := Counts{Series: make(map[SignatureID]*Series, len(c.Series))}
	for id, series := range c.Series {
		if counts := series.Within(from, to); len(counts) > 0 {
			part.Series[id] = &Series{Counts: counts}
		}
	}
	part.All = Series{Counts: c.All.Within(from, to)}
	part.Records = part.All.Total()
	return part
}
