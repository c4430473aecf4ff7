package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"selfheal"
)

const (
	// A signature is rare when a week shows it in at most rareClusters stretches as
	// long as the window; shorter baselines allow one per windowsPerRare windows.
	rareClusters   = 4
	windowsPerRare = 40

	// noiseHorizon, in minutes, is the shortest window for which chance clusters are
	// learnt: who looks every five minutes of an hour must not meet with twelve
	// hours' worth of them.
	noiseHorizon = 60

	// A dense step is made for errors that come frequentRate times a minute, the other one for those
	// that come seldomRate times. They ask for at least so many distinct minutes, which keeps a few moments
	// from being taken for something lasting, and for fewer than choices more.
	frequentRate   = 0.7
	frequentLeast  = 4
	frequentChoice = 10
	seldomRate     = 0.1
	seldomLeast    = 5
	seldomChoice   = 5

	// What a deploy breaks mostly shows at once, whereas noise begins at any time. So what begins within
	// promptMinutes of the deploy has a share of the allowance for itself, which buys it a step that asks for
	// as few as promptLeast minutes, made for errors that come promptRate times a minute.
	promptMinutes = 5
	promptShare   = 0.3
	promptLeast   = 3
	promptChoice  = 10
	promptRate    = 0.5

	// The number of occurrences is another way to be flagged: it gets crowdShare of the allowance.
	crowdShare = 0.1
	// crowdMargin is how much more numerous than the fullest clusters is more numerous.
	crowdMargin = 1.1
)

// noise is how messages that nobody knew before behave in this service when
// nothing is deployed. A rare signature stands out from their clusters by lasting
// longer, or by being more numerous.
type noise struct {
	prompt  ways // what it takes for what begins with the deploy
	later   ways // and for what begins later
	crashes bool // crashes of unknown kinds are themselves usual here
}

// ways are those in which a rare signature stands out, any of which suffices.
type ways struct {
	steps []step  // to last
	count float64 // to be numerous: occurrences, minutes capped at crowdCap
}

// step is one way to last: in so many distinct minutes, over so long a span from the first to
// the last of them, both included, without a pause. A dense one asks for a minute more for
// every thinMinutes beyond the span. Frequent errors are told from clusters by a dense step
// over a short span, seldom ones by one over a long span.
type step struct {
	minutes int
	span    int64
	dense   bool
}

// taken tells whether minutes [first, last] of what came take the step.
func (s *step) taken(minutes int, span int64) bool {
	if minutes < s.minutes || span < s.span {
		return false
	}
	return !s.dense || int64(minutes-s.minutes) >= (span-s.span)/thinMinutes
}

// takes tells whether anything that came takes the step. What came long before does not count against it.
func (s *step) takes(counts []selfheal.Count) bool {
	run := 0
	for i, c := range counts {
		if i > 0 && c.Minute-counts[i-1].Minute > pauseMinutes {
			run = i
		}
		for first := run; first+s.minutes <= i+1; first++ {
			if s.taken(i+1-first, c.Minute-counts[first].Minute+1) {
				return true
			}
			if !s.dense {
				break
			}
		}
	}
	return false
}

// exceeded tells whether a rare signature lasts longer, or is more numerous, than
// the clusters of unknown messages in the baseline, given when it was deployed.
func (n *noise) exceeded(counts []selfheal.Count, deploy int64) bool {
	return n.later.met(counts) || begunWith(counts, deploy) && n.prompt.met(untilPause(counts))
}

// untilPause gives what came before it paused for the first time.
func untilPause(counts []selfheal.Count) []selfheal.Count {
	for i := range counts {
		if i > 0 && counts[i].Minute-counts[i-1].Minute > pauseMinutes {
			return counts[:i]
		}
	}
	return counts
}

// of gives the ways that are open to what came.
func (n *noise) of(counts []selfheal.Count, deploy int64) *ways {
	if begunWith(counts, deploy) {
		return &n.prompt
	}
	return &n.later
}

// begunWith tells whether what came began with the deploy.
func begunWith(counts []selfheal.Count, deploy int64) bool {
	return len(counts) > 0 && counts[0].Minute >= deploy && counts[0].Minute < deploy+promptMinutes
}

// met tells whether what came stands out in one of the ways.
func (w *ways) met(counts []selfheal.Count) bool {
	crowd := 0.0
	for _, c := range counts {
		crowd += min(float64(c.N), crowdCap)
	}
	if crowd >= w.count {
		return true
	}
	for i := range w.steps {
		if w.steps[i].takes(counts) {
			return true
		}
	}
	return false
}

// least are the fewest distinct minutes and the shortest span of any step.
func (w *ways) least() (minutes int, span int64) {
	minutes, span = w.steps[0].minutes, w.steps[0].span
	for _, s := range w.steps {
		minutes, span = min(minutes, s.minutes), min(span, s.span)
	}
	return minutes, span
}

// inWords says what it takes to last.
func (w *ways) inWords() string {
	var all []string
	for _, s := range w.steps {
		if s.span < math.MaxInt64 {
			all = append(all, fmt.Sprintf("%d minutes over %d min", s.minutes, s.span))
		}
	}
	return strings.Join(all, ", or ")
}

const (
	// leastCrowd is how many occurrences within few minutes stand out where the
	// baseline shows no clusters at all: more than restarts during a rollout make.
	// A minute adds at most crowdCap to it: one client's retries are no crowd.
	leastCrowd = 25
	crowdCap   = 12
	// leastSpan is how long a rare error must last at least to be told from a blip
	// of a rollout; in short windows, a quarter of them.
	leastSpan = 5
	// thinMinutes is how seldom an error may come to be taken for a frequent one that lasts.
	thinMinutes = 12
	// pauseMinutes is after how long a pause an error counts as one that came back.
	pauseMinutes = 25
)

// cluster is one stretch, as long as the window, in which a rare signature came.
type cluster []selfheal.Count

func (c cluster) crowd() float64 {
	n := 0.0
	for _, m := range c {
		n += min(float64(m.N), crowdCap)
	}
	return n
}

// findRare tells which signatures are rare, and gives the clusters in which they
// came, and how many of these were crashes.
func (j *judgement) findRare() (all []cluster, crashes int) {
	t := &j.timeline
	length := max(t.window.length(), noiseHorizon)
	limit := min(rareClusters, int(t.baseExposure/float64(length)/windowsPerRare))
	for _, s := range j.subjects {
		found, more := clusters(s.before, length, limit)
		if s.rare = !more && t.dated; s.rare {
			all = append(all, found...)
			if s.decisive() {
				crashes += len(found)
			}
		}
	}
	return all, crashes
}

// learnNoise looks at how rare signatures came and went in the baseline.
func (j *judgement) learnNoise(all []cluster, crashes int, perWindow float64, seldom int) noise {
	t, o := &j.timeline, &j.options
	least := step{minutes: o.MinimumMinutes, span: int64(o.MinimumMinutes)}
	anything := ways{[]step{least}, max(leastCrowd, float64(o.MinimumCount))}
	if !t.dated {
		return noise{prompt: anything, later: anything}
	}
	length := float64(max(t.window.length(), noiseHorizon))
	windows := t.baseExposure / length
	slices.SortFunc(all, func(a, b cluster) int { return cmp.Compare(b.crowd(), a.crowd()) })
	least.span = min(leastSpan, t.window.length()/4)
	n := noise{
		prompt:  anything,
		later:   ways{lasting(all, least, seldom, allowance((1-crowdShare-promptShare)*perWindow, windows)), 0},
		crashes: float64(crashes) > perWindow*windows,
	}
	n.later.count = numerous(all, anything.count, allowance(crowdShare*perWindow, windows))
	// Of all clusters, few begin in the few minutes after a deploy.
	moments := t.baseExposure / promptMinutes
	allowed := allowance(promptShare/2*perWindow, moments)
	first := step{max(least.minutes, promptLeast), least.span, false}
	n.prompt = ways{[]step{soonest(all, first, promptChoice, allowed, promptRate)}, numerous(all, anything.count, allowed)}
	n.prompt.steps = append(n.prompt.steps, n.later.steps...)
	n.prompt.count = min(n.prompt.count, n.later.count)
	return n
}

// numerous is the number of occurrences that so many clusters, the fullest first, reach at most.
func numerous(all []cluster, least float64, allowed int) float64 {
	if allowed < len(all) {
		return max(least, crowdMargin*all[allowed].crowd())
	}
	return least
}

// allowance is how many clusters of so many windows may be beyond a bound that is set just so
// low: one more must be expected of as many windows to come, since the bound was drawn
// where those ended.
func allowance(perWindow, windows float64) int { return max(int(perWindow*(windows+1))-1, 0) }

// lasting finds two steps that together at most so many clusters take: the dense one by which
// frequent new errors are told soonest, and with what that leaves the other one for seldom ones.
func lasting(all []cluster, least step, seldom, allowed int) []step {
	all = slices.DeleteFunc(slices.Clone(all), func(c cluster) bool { return len(c) < least.minutes })
	dense := step{max(least.minutes, frequentLeast), least.span, true}
	dense = soonest(all, dense, frequentChoice, allowed, frequentRate)
	others := slices.DeleteFunc(slices.Clone(all), func(c cluster) bool { return dense.takes(c) })
	left := allowed - (len(all) - len(others))
	long := step{max(least.minutes, seldom), least.span, false}
	if long = soonest(others, long, seldomChoice, left, seldomRate); long.span == math.MaxInt64 {
		return []step{dense}
	}
	return []step{dense, long}
}

// soonest finds the step, among so many from one on that asks for the least, that at most so many
// clusters take and by which an error of so many per minute is told soonest. There may be none that can be taken.
func soonest(all []cluster, least step, choice, allowed int, rate float64) step {
	best, time := step{least.minutes, math.MaxInt64, least.dense}, math.Inf(1)
	for n := least.minutes; n < least.minutes+choice; n++ {
		s := step{n, max(least.span, int64(n)), least.dense}
		if t := s.lengthen(all, allowed).timeAt(rate); t < time {
			best, time = s, t
		}
	}
	return best
}

// lengthen raises the span of a step until at most so many clusters take it.
func (s *step) lengthen(all []cluster, allowed int) *step {
	for taking(all, s) > allowed {
		if s.span++; s.span > noiseHorizon {
			s.span = math.MaxInt64
		}
	}
	return s
}

// taking counts the clusters that take a step.
func taking(all []cluster, s *step) int {
	n := 0
	for _, c := range all {
		if len(c) >= s.minutes && s.takes(c) {
			n++
		}
	}
	return n
}

// timeAt is about how many minutes an error of so many per minute needs for the step. A minute has
// it with probability 1 - exp(-rate): so many such minutes, and two that are so far apart, come
// as late as the geometric waiting times between them have it.
func (s *step) timeAt(rate float64) float64 {
	hit := -math.Expm1(-rate)
	needed := float64(s.minutes)
	if s.dense {
		needed -= float64(s.span) / thinMinutes
		hit = max(hit-1.0/thinMinutes, 1e-3)
	}
	return max(needed/hit, float64(s.span)+2*(1/-math.Expm1(-rate)-1))
}

// clusters gives each stretch of the given length that begins with an occurrence
// outside the stretch before; more says that there are more than limit of them.
func clusters(s *selfheal.Series, length int64, limit int) (found []cluster, more bool) {
	for _, c := range s.Counts {
		if c.N <= 0 {
			continue
		}
		if len(found) == 0 || c.Minute >= found[len(found)-1][0].Minute+length {
			if len(found) == limit {
				return nil, true
			}
			found = append(found, nil)
		}
		found[len(found)-1] = append(found[len(found)-1], c)
	}
	return found, false
}
