package counts

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"selfheal"
)

// coverage is [selfheal.Coverage] as it is kept: without what is kept elsewhere
// (signatures, revisions), times as nanoseconds since the Unix epoch.
type coverage struct {
	Streams    int      `json:"s,omitempty"`
	Bytes      int64    `json:"b,omitempty"`
	Records    int64    `json:"r,omitempty"`
	Undated    int64    `json:"ud,omitempty"`
	OutOfOrder int64    `json:"oo,omitempty"`
	Outside    int64    `json:"os,omitempty"`
	Unparsed   int64    `json:"up,omitempty"`
	Truncated  int64    `json:"t,omitempty"`
	Overflowed int64    `json:"of,omitempty"`
	First      *instant `json:"f,omitempty"`
	Last       *instant `json:"l,omitempty"`
	Zones      []string `json:"z,omitempty"`
}

// instant is a time as seconds and nanoseconds, which holds every time there is.
type instant [2]int64

func packTime(t time.Time) *instant {
	if t.IsZero() {
		return nil
	}
	return &instant{t.Unix(), int64(t.Nanosecond())}
}

func (i *instant) time() time.Time {
	if i == nil {
		return time.Time{}
	}
	return time.Unix(i[0], i[1]).UTC()
}

// EncodeCoverage gives the coverage of one minute as compact JSON.
func EncodeCoverage(c selfheal.Coverage) ([]byte, error) {
	return json.Marshal(coverage{
		Streams: c.Streams, Bytes: c.Bytes, Records: c.Records, Undated: c.Undated, OutOfOrder: c.OutOfOrder,
		Outside: c.Outside, Unparsed: c.Unparsed, Truncated: c.Truncated, Overflowed: c.Overflowed,
		First: packTime(c.First), Last: packTime(c.Last), Zones: mergeZones(c.Zones, nil),
	})
}

func decodeCoverage(text []byte) (selfheal.Coverage, error) {
	var c coverage
	if err := json.Unmarshal(text, &c); err != nil {
		return selfheal.Coverage{}, fmt.Errorf("%w: coverage: %w", ErrDamaged, err)
	}
	return selfheal.Coverage{
		Streams: c.Streams, Bytes: c.Bytes, Records: c.Records, Undated: c.Undated, OutOfOrder: c.OutOfOrder,
		Outside: c.Outside, Unparsed: c.Unparsed, Truncated: c.Truncated, Overflowed: c.Overflowed,
		First: c.First.time(), Last: c.Last.time(), Zones: c.Zones,
	}, nil
}

// covered adds up the coverage of rows that come ascending by minute. Streams of
// different writers add up; over time the most that were there at once stay.
type covered struct {
	sum     selfheal.Coverage // Streams is the most of the minutes before this one
	minute  int64
	streams int // of this minute
}

func (s *covered) add(minute int64, c selfheal.Coverage) {
	if minute != s.minute {
		s.sum.Streams = max(s.sum.Streams, s.streams)
		s.minute, s.streams = minute, 0
	}
	s.streams += c.Streams
	s.sum.Bytes += c.Bytes
	s.sum.Records += c.Records
	s.sum.Undated += c.Undated
	s.sum.OutOfOrder += c.OutOfOrder
	s.sum.Outside += c.Outside
	s.sum.Unparsed += c.Unparsed
	s.sum.Truncated += c.Truncated
	s.sum.Overflowed += c.Overflowed
	s.sum.First = earlier(s.sum.First, c.First)
	s.sum.Last = later(s.sum.Last, c.Last)
	s.sum.Zones = mergeZones(s.sum.Zones, c.Zones)
}

func (s *covered) coverage() selfheal.Coverage {
	sum := s.sum
	sum.Streams = max(sum.Streams, s.streams)
	return sum
}

// zonesKept bounds how many zones are named; the first of the alphabet stay, so
// that it makes no difference in which order rows are merged.
const zonesKept = 16

func mergeZones(a, b []string) []string {
	if len(b) == 0 && slices.IsSorted(a) || slices.Equal(a, b) && slices.IsSorted(a) {
		return a[:min(len(a), zonesKept)]
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), zonesKept)]
}

// earlier gives the earlier of two times; a zero time is unknown.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
