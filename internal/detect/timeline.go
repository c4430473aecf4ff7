package detect

import (
	"maps"
	"math"
	"slices"
	"time"

	"selfheal"
)

const (
	hoursPerDay = 24
	// blocksAtMost bounds the memory per signature for very short windows and very long baselines.
	blocksAtMost = 1024
	// subBlocks is into how many stretches a block is cut to see bursts.
	subBlocks = 12
	// shortestBlock, in minutes, leaves room for sub-blocks when the window is shorter.
	shortestBlock = 12
	// seasonFrom, in minutes, is the shortest baseline from which a season over the day is read.
	seasonFrom = 2 * hoursPerDay * 60
)

// minutes is the half-open range [from, to) of minutes since the Unix epoch.
type minutes struct{ from, to int64 }

func (m minutes) length() int64 { return m.to - m.from }

// timeline is what both intervals have to do with each other, the same for every signature.
type timeline struct {
	dated  bool // both intervals have a length: exposure is minutes; otherwise it is records
	base   minutes
	window minutes
	deploy int64 // minute in which the deploy began to serve

	baseExposure, windowExposure float64

	// The baseline as blocks of blockLength minutes, the last of which ends with it.
	blockLength, subLength int64
	blocks                 int
	blockFrom              int64
	midHour                []int // hour of day in the middle of each block
	windowHours            []hourShare
}

// hourShare is how much of the window lies in one hour of the day.
type hourShare struct {
	hour  int
	share float64
}

func newTimeline(in Input) timeline {
	t := timeline{
		base:   minutesOf(in.BaselineInterval),
		window: minutesOf(in.WatchedInterval),
	}
	t.dated = in.BaselineInterval.Duration() > 0 && in.WatchedInterval.Duration() > 0
	if !t.dated {
		t.baseExposure, t.windowExposure = recordsOf(&in.Baseline), recordsOf(&in.Watched)
		return t
	}
	t.baseExposure = in.BaselineInterval.Duration().Minutes()
	t.windowExposure = in.WatchedInterval.Duration().Minutes()
	t.deploy = t.window.from
	if !in.DeployedAt.IsZero() {
		t.deploy = selfheal.MinuteOf(in.DeployedAt)
	}
	t.cutBlocks()
	t.windowHours = hourShares(t.window)
	return t
}

// minutesOf gives the minutes an interval touches.
func minutesOf(i selfheal.Interval) minutes {
	if i.Duration() <= 0 {
		return minutes{}
	}
	return minutes{selfheal.MinuteOf(i.From), selfheal.MinuteOf(i.To.Add(time.Minute - 1))}
}

// recordsOf is the exposure of logs without times. Records that nobody counted
// are at least the occurrences of all signatures.
func recordsOf(c *selfheal.Counts) float64 {
	var total float64
	for _, id := range slices.Sorted(maps.Keys(c.Series)) {
		total += tally(c.Of(id))
	}
	return max(total, float64(c.Records))
}

func (t *timeline) cutBlocks() {
	length := t.base.length()
	t.blockLength = max(t.window.length(), shortestBlock, (length+blocksAtMost-1)/blocksAtMost)
	t.subLength = (t.blockLength + subBlocks - 1) / subBlocks
	t.blocks = int(length / t.blockLength)
	t.blockFrom = t.base.to - int64(t.blocks)*t.blockLength
	t.midHour = make([]int, t.blocks)
	for b := range t.midHour {
		t.midHour[b] = hourOf(t.blockFrom + int64(b)*t.blockLength + t.blockLength/2)
	}
}

// seasonal tells whether the blocks are long enough in number and short enough
// in time to show a season over the day.
func (t *timeline) seasonal() bool {
	return t.base.length() >= seasonFrom && t.blockLength <= 60
}

// hourOf gives the hour of day, in UTC, of a minute since the Unix epoch.
func hourOf(minute int64) int {
	const day = hoursPerDay * 60
	return int((minute%day + day) % day / 60)
}

// hourShares spreads a range over the hours of the day; anything longer than two days is even.
func hourShares(m minutes) []hourShare {
	var perHour [hoursPerDay]float64
	if m.length() > 2*hoursPerDay*60 {
		m = minutes{0, hoursPerDay * 60}
	}
	for minute := m.from; minute < m.to; minute++ {
		perHour[hourOf(minute)]++
	}
	var shares []hourShare
	for hour, n := range perHour {
		if n > 0 {
			shares = append(shares, hourShare{hour, n / float64(m.length())})
		}
	}
	return shares
}

// tally adds up all occurrences of a series. It is a float because hostile input
// may hold counts whose sum no integer can; negative counts are none.
func tally(s *selfheal.Series) float64 {
	total := float64(max(s.Undated, 0))
	for _, c := range s.Counts {
		total += float64(max(c.N, 0))
	}
	return total
}

// whole turns a tally back into a count, saturating.
func whole(f float64) int64 {
	if f >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(f)
}
