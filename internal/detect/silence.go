package detect

import (
	"fmt"
	"math"
	"strings"

	"selfheal"
)

const (
	// A blip is over when nothing has come for blipQuiet minutes after at most blipLength minutes.
	blipLength = 5
	blipQuiet  = 15
	// Evidence at this chance is enough to place an onset before the deploy, or a worsening after it.
	onsetChance = 1e-3
)

// silence says why a subject does not count against the deploy; nothing when it does.
func (j *judgement) silence(s *subject) (selfheal.Silence, string) {
	if s.count == 0 {
		return selfheal.SilenceNotSignificant, ""
	}
	if j.in.Ignored[s.signature.ID] {
		return selfheal.SilenceIgnored, "somebody said that it never counts"
	}
	if j.timeline.dated {
		if reason := j.beforeDeploy(s); reason != "" {
			return selfheal.SilenceSharedCause, reason
		}
	}
	if j.crashed(s) {
		return "", ""
	}
	if !j.comparable {
		return selfheal.SilenceNoBaseline, "there is no baseline to compare with"
	}
	for _, rule := range []func(*subject) (selfheal.Silence, string){
		j.tooFew, j.explainedByChance, j.tooSmall, j.blip, j.chanceCluster, j.shared, j.usual, j.early,
	} {
		if silence, reason := rule(s); silence != "" {
			return silence, reason
		}
	}
	return "", ""
}

// crashed tells whether one occurrence is enough.
func (j *judgement) crashed(s *subject) bool {
	if !s.decisive() || !s.isNew() {
		return false
	}
	return s.signature.Kind == selfheal.KindBuild || j.comparable && !j.noise.crashes
}

// enough tells whether it repeated often enough, in enough distinct minutes.
func (j *judgement) enough(s *subject, count float64, active int, span int64) bool {
	return count >= float64(j.options.MinimumCount) && active >= j.options.MinimumMinutes && j.standsOut(s, count, active, span)
}

// standsOut tells whether a rare signature lasts longer, or is more numerous,
// than the clusters of unknown messages in the baseline.
func (j *judgement) standsOut(s *subject, count float64, active int, span int64) bool {
	return !s.rare || active >= j.noise.minutes && span >= j.noise.span || count >= j.noise.count
}

func (j *judgement) tooFew(s *subject) (selfheal.Silence, string) {
	if s.count < float64(j.options.MinimumCount) {
		return selfheal.SilenceTransient, fmt.Sprintf("fewer than the %d occurrences it takes", j.options.MinimumCount)
	}
	if s.active < j.options.MinimumMinutes {
		return selfheal.SilenceTransient, fmt.Sprintf("all in one moment, %d distinct minutes are needed", j.options.MinimumMinutes)
	}
	return "", ""
}

func (j *judgement) explainedByChance(s *subject) (selfheal.Silence, string) {
	if s.q <= j.options.FalseDiscoveryRate {
		return "", ""
	}
	if reason := j.sameBefore(s); reason != "" && !s.decisive() {
		return selfheal.SilenceUsual, reason
	}
	needed := max(s.model.countFor(j.threshold), float64(j.options.MinimumCount))
	if math.IsInf(needed, 1) || j.outOfReach(s, needed) {
		return selfheal.SilenceNoPower, "this window is too short, or the baseline too thin, to tell"
	}
	reason := fmt.Sprintf("chance explains that, %s or more would not be", number(needed))
	if s.decisive() && !s.isNew() {
		return selfheal.SilenceNotNew, "it crashed like this before; " + reason
	}
	return selfheal.SilenceNotSignificant, reason
}

// outOfReach tells whether not even a tenfold rise, or a new error every minute, could have been told.
func (j *judgement) outOfReach(s *subject, needed float64) bool {
	if s.isNew() {
		return j.timeline.dated && needed > j.timeline.windowExposure
	}
	return needed > 10*(s.model.known+1)*s.model.burst*s.model.exposure && needed > j.timeline.windowExposure
}

func (j *judgement) tooSmall(s *subject) (selfheal.Silence, string) {
	ratio := j.ratio(s)
	if ratio.Estimate < j.options.MinimumRatio {
		return selfheal.SilenceNotSignificant, fmt.Sprintf("more than chance, yet less than the x%s that counts", number(j.options.MinimumRatio))
	}
	if least := 1 + (j.options.MinimumRatio-1)/4; ratio.Low < least {
		return selfheal.SilenceNotSignificant, fmt.Sprintf("it may be no more than x%s, x%s must be certain", number(ratio.Low), number(least))
	}
	return "", ""
}

// blip silences what came for a few minutes only, as restarts make it, and has been quiet since.
func (j *judgement) blip(s *subject) (selfheal.Silence, string) {
	counts := within(s.after, j.timeline.window)
	if !j.timeline.dated || !s.rare || len(counts) == 0 || s.after.Undated > 0 {
		return "", ""
	}
	first, last := counts[0].Minute, counts[len(counts)-1].Minute
	quiet := j.timeline.window.to - last - 1
	if last-first >= blipLength || quiet < blipQuiet {
		return "", ""
	}
	return selfheal.SilenceTransient, fmt.Sprintf("all within %d min, and quiet for the %d min since", last-first+1, quiet)
}

// chanceCluster silences a rare signature that neither lasts longer nor is more
// numerous than the unknown messages of the baseline were.
func (j *judgement) chanceCluster(s *subject) (selfheal.Silence, string) {
	if j.standsOut(s, s.count, s.active, s.span) {
		return "", ""
	}
	return selfheal.SilenceUsual, fmt.Sprintf(
		"seen in %s over %d min, and unknown messages are so frequent here that it takes %d minutes over %d min, or %s occurrences",
		plural(float64(s.active), "minute"), s.span, j.noise.minutes, j.noise.span, number(math.Ceil(j.noise.count)))
}

// usual silences what the baseline reached by itself.
func (j *judgement) usual(s *subject) (selfheal.Silence, string) {
	if !j.timeline.dated {
		return "", ""
	}
	peak, found := j.replay(s)
	if !found {
		return "", ""
	}
	return selfheal.SilenceUsual, j.showsTheSame(s, peak)
}

// sameBefore gives a reason when the fullest stretch of the baseline held as much
// as the window: a better answer than what chance can and cannot explain.
func (j *judgement) sameBefore(s *subject) string {
	if !j.timeline.dated || s.isNew() || !s.elevated() {
		return ""
	}
	var fullest peak
	for _, p := range peaks(s.before, &j.timeline, func(c selfheal.Count) (count, capped float64) {
		n := float64(max(c.N, 0))
		return n, n
	}) {
		if p.count > fullest.count {
			fullest = p
		}
	}
	if fullest.count < s.count {
		return ""
	}
	return j.showsTheSame(s, fullest)
}

// showsTheSame puts a stretch of the baseline into words. It may hold less than
// the window, and be as unusual for its hour of the day.
func (j *judgement) showsTheSame(s *subject, p peak) string {
	t := &j.timeline
	same := "the same"
	if p.count < s.count {
		same = "as unusual a rise"
	}
	before, show := t.extent(t.baseExposure), "show"
	if strings.HasPrefix(before, "1 ") {
		show = "shows"
	}
	return fmt.Sprintf("the %s before %s %s without this deploy: up to %s in %s, %s", before, show, same,
		number(math.Round(p.count)), t.extent(t.windowExposure), selfheal.MinuteTime(p.from).Format("Jan 2 15:04"))
}

// peak is a stretch of the baseline as long as the window.
type peak struct {
	from   int64   // minute of its first occurrence
	capped float64 // occurrences, minutes capped
	count  float64 // all occurrences
}

// replay looks for a stretch of the baseline with at least as many occurrences
// as the window, or that would have been stronger evidence at its hour of the day.
func (j *judgement) replay(s *subject) (peak, bool) {
	m := &s.model
	perWindow := j.timeline.windowExposure / j.timeline.baseExposure
	for hour, p := range peaks(s.before, &j.timeline, s.excused) {
		known := m.known + 1
		chance := upperTail(m.effective(p.capped), m.shape(known), known*perWindow*m.season.at(hour))
		if p.capped >= s.capped || chance <= s.p && chance > smallestChance {
			return p, true
		}
	}
	return peak{}, false
}

// peaks finds, per hour of the day, the stretch with most occurrences as weigh counts them.
func peaks(s *selfheal.Series, t *timeline, weigh func(selfheal.Count) (count, capped float64)) [hoursPerDay]peak {
	var best [hoursPerDay]peak
	counts, length := within(s, t.base), t.window.length()
	var now peak
	first := 0
	for _, c := range counts {
		n, capped := weigh(c)
		now.count += n
		now.capped += capped
		for ; counts[first].Minute <= c.Minute-length; first++ {
			n, capped := weigh(counts[first])
			now.count -= n
			now.capped -= capped
		}
		now.from = counts[first].Minute
		if hour := hourOf(c.Minute - length/2); now.capped > best[hour].capped {
			best[hour] = now
		}
	}
	return best
}

// excused gives the occurrences of a minute of the baseline, and the same capped,
// less what rose together with others.
func (s *subject) excused(c selfheal.Count) (count, capped float64) {
	factor, n := s.excuse.of(c.Minute), float64(max(c.N, 0))
	return factor * n, factor * min(n, s.model.cap)
}
