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

// Merge adds all of other.
func (s *Series) Merge(other *Series) {
	for _, c := range other.Counts {
		s.Add(c.Minute, c.N)
	}
	s.Undated += other.Undated
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
	at, _ := slices.BinarySearchFunc(s.Counts, from, func(c Count, m int64) int { return cmp.Compare(c.Minute, m) })
	var total int64
	for ; at < len(s.Counts) && s.Counts[at].Minute < to; at++ {
		total += s.Counts[at].N
	}
	return total
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
