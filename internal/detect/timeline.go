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
	fine   minutes // the part of it in which all lines are counted by the minute
	window minutes
	deploy int64 // minute in which the deploy began to serve

	baseExposure, windowExposure float64

	// The baseline as blocks of blockLength minutes, the last of which ends with it.
	blockLength, subLength int64
	blocks                 int
	blockFrom              int64
	midHour                []int // hour of day in the middle of each block
	flow                   flow  // how much was served in the baseline

	levels       []level
	settled      int64   // minute from which a known signature's occurrences count
	minuteLength float64 // of the window, in minutes: less than 1 when it ends within one
}

func newTimeline(in Input) timeline {
	horizon := horizonOf(in)
	t := timeline{
		base:         minutesOf(in.BaselineInterval),
		window:       minutesOf(selfheal.Interval{From: in.WatchedInterval.From, To: in.WatchedInterval.From.Add(horizon)}),
		minuteLength: 1,
		levels:       []level{{1, 1}},
	}
	t.dated = in.BaselineInterval.Duration() > 0 && horizon > 0
	if !t.dated {
		t.window = minutes{}
		t.baseExposure = recordsOf(&in.Baseline)
		return t
	}
	t.baseExposure = in.BaselineInterval.Duration().Minutes()
	t.windowExposure = horizon.Minutes()
	t.minuteLength = min(1, t.windowExposure/float64(t.window.length()))
	t.deploy = t.window.from
	if !in.DeployedAt.IsZero() {
		t.deploy = selfheal.MinuteOf(in.DeployedAt)
	}
	t.levels = levelsOf(t.window.length())
	t.settled = t.deploy + min(settleMinutes, t.window.length()/settleShare)
	t.fine = minutes{min(max(t.base.from, minuteOrZero(in.FineFrom)), t.base.to), t.base.to}
	t.cutBlocks()
	return t
}

func minuteOrZero(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return selfheal.MinuteOf(at)
}

// longestWindow bounds the work: whatever comes later has little to do with the deploy.
const longestWindow = 14 * hoursPerDay * time.Hour

// horizonOf is the planned length of the window.
func horizonOf(in Input) time.Duration {
	return min(max(in.WatchedInterval.Duration(), in.Planned, 0), longestWindow)
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

// midMinute is in the middle of a block.
func (t *timeline) midMinute(b int) int64 {
	return t.blockFrom + int64(b)*t.blockLength + t.blockLength/2
}

func (t *timeline) cutBlocks() {
	length := t.base.length()
	t.blockLength = max(t.window.length(), shortestBlock, (length+blocksAtMost-1)/blocksAtMost)
	t.subLength = (t.blockLength + subBlocks - 1) / subBlocks
	t.blocks = int(length / t.blockLength)
	t.blockFrom = t.base.to - int64(t.blocks)*t.blockLength
	t.midHour = make([]int, t.blocks)
	for b := range t.midHour {
		t.midHour[b] = hourOf(t.midMinute(b))
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
