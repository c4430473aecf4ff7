package detect

import (
	"fmt"
	"math"

	"selfheal"
)

const (
	// A blip is over when nothing has come for blipQuiet minutes after at most blipLength minutes.
	blipLength = 5
	blipQuiet  = 15
	// Evidence at this chance is enough to place an onset before the deploy, or a worsening after it.
	onsetChance = 1e-3
	// A rise must be larger than some ratio with this confidence, one-sided.
	ratioConfidence = 0.975
)

// ignored is the reason for SilenceIgnored.
const ignored = "somebody said that it never counts"

// rule silences a subject for one reason.
type rule func(*subject) (selfheal.Silence, string)

// rules are those that a flag must pass beside the evidence itself.
func (j *judgement) rules() []rule {
	return []rule{j.tooFew, j.blip, j.chanceCluster, j.oldRevision, j.shared, j.together, j.early}
}

// takenBack gives the reason why a flag does not stand any longer.
func (j *judgement) takenBack(s *subject) (selfheal.Silence, string) {
	if j.crashed(s) {
		return "", ""
	}
	if silence, reason := j.blip(s); silence != "" {
		return silence, reason
	}
	if silence, reason := j.shared(s); silence != "" {
		return silence, reason
	}
	return j.together(s)
}

// silence says why a subject does not count against the deploy; nothing when it does.
func (j *judgement) silence(s *subject) (selfheal.Silence, string) {
	if j.in.Ignored[s.signature.ID] {
		return selfheal.SilenceIgnored, ignored
	}
	if j.options.Method.fixed() {
		return j.fixedRule(s)
	}
	if s.detected > 0 {
		silence, reason := j.takenBack(s)
		if silence != "" {
			reason += j.wasFlagged(s)
		}
		return silence, reason
	}
	if j.beforeDeploy(s) {
		return selfheal.SilenceSharedCause, "every occurrence precedes the deploy"
	}
	if !j.comparable {
		return selfheal.SilenceNoBaseline, "there is no baseline to compare with"
	}
	for _, rule := range append([]rule{j.tooFew, j.explainedByChance, j.tooSmall, j.usual}, j.rules()[1:]...) {
		if silence, reason := rule(s); silence != "" {
			return silence, reason
		}
	}
	return selfheal.SilenceSharedCause, fmt.Sprintf("others rose with it before: %d min show whether they do now", holdMinutes)
}

func (j *judgement) wasFlagged(s *subject) string {
	if !j.timeline.dated {
		return ""
	}
	return fmt.Sprintf("; it had been flagged at %s", selfheal.MinuteTime(s.detected).Format("15:04"))
}

// crashed tells whether one occurrence is enough.
func (j *judgement) crashed(s *subject) bool {
	if !s.decisive() || !s.isNew() {
		return false
	}
	return s.signature.Kind == selfheal.KindBuild || j.comparable && !j.noise.crashes
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
	if s.p <= j.threshold {
		return "", ""
	}
	if reason := j.sameBefore(s); reason != "" && !s.decisive() {
		return selfheal.SilenceUsual, reason
	}
	needed := max(j.countFor(s), float64(j.options.MinimumCount))
	if math.IsInf(needed, 1) || j.outOfReach(s, needed) {
		return selfheal.SilenceNoPower, "this window is too short, or the baseline too thin, to tell"
	}
	reason := fmt.Sprintf("chance explains that, %s or more would not be", number(needed))
	if s.rare && j.timeline.dated {
		reason = fmt.Sprintf("chance explains that, %s or more minutes with it would not be", number(needed))
	}
	if s.decisive() && !s.isNew() {
		return selfheal.SilenceNotNew, "it crashed like this before; " + reason
	}
	return selfheal.SilenceNotSignificant, reason
}

// countFor is the smallest count in the whole window that chance does not explain.
func (j *judgement) countFor(s *subject) float64 {
	t := &j.timeline
	return s.model.countFor(j.threshold*t.levels[0].weight, j.exposure(s, t.window))
}

// outOfReach tells whether not even a tenfold rise, or a new error every minute, could have been told.
func (j *judgement) outOfReach(s *subject, needed float64) bool {
	window := j.timeline.windowExposure
	if s.isNew() {
		return j.timeline.dated && needed > window
	}
	return needed > 10*(s.model.known+1)*s.model.burst*j.exposure(s, j.timeline.window) && needed > window
}

// ratioOf a trial's stretch, half an occurrence added on either side.
func (j *judgement) ratioOf(s *subject, level int) (ratio, exposure float64) {
	r := &s.trials[level]
	exposure = j.exposure(s, j.timeline.extentOf(level, r.best.at))
	return (r.best.count + 0.5) / ((s.model.known*s.model.burst + 0.5) * exposure), exposure
}

// largeEnough tells whether a rise is worth waking somebody for.
func (j *judgement) largeEnough(s *subject, level int) bool {
	ratio, exposure := j.ratioOf(s, level)
	return ratio >= j.options.MinimumRatio && s.model.chance(s.trials[level].best.count, exposure*j.leastRatio()) <= 1-ratioConfidence
}

// leastRatio is what the true ratio must exceed.
func (j *judgement) leastRatio() float64 { return 1 + (j.options.MinimumRatio-1)/4 }

func (j *judgement) tooSmall(s *subject) (selfheal.Silence, string) {
	largest := 0.0
	for i := range s.trials {
		if s.trials[i].p > j.threshold {
			continue
		}
		if j.largeEnough(s, i) {
			return "", ""
		}
		ratio, _ := j.ratioOf(s, i)
		largest = max(largest, ratio)
	}
	if largest < j.options.MinimumRatio {
		return selfheal.SilenceNotSignificant, fmt.Sprintf("more than chance, yet less than the x%s that counts", number(j.options.MinimumRatio))
	}
	return selfheal.SilenceNotSignificant, fmt.Sprintf("it may be less than x%s, which must be certain", number(j.leastRatio()))
}

// blip silences what came for a few minutes only, as restarts make it, and has been quiet since.
func (j *judgement) blip(s *subject) (selfheal.Silence, string) {
	if !j.timeline.dated || !s.rare || s.active == 0 || s.after.Undated > 0 {
		return "", ""
	}
	quiet := j.now - s.last - 1
	if s.span > blipLength || quiet < blipQuiet {
		return "", ""
	}
	return selfheal.SilenceTransient, fmt.Sprintf("all within %d min, and quiet for the %d min since", s.span, quiet)
}

// chanceCluster silences a rare signature that neither lasts longer nor is more
// numerous than the unknown messages of the baseline were.
func (j *judgement) chanceCluster(s *subject) (selfheal.Silence, string) {
	if !s.rare {
		return "", ""
	}
	counts := within(s.after, j.seen())
	noise := j.noiseOf(s)
	if noise.exceeded(counts, j.timeline.deploy) {
		return "", ""
	}
	ways := noise.of(counts, j.timeline.deploy)
	return selfheal.SilenceUsual, fmt.Sprintf(
		"seen in %s over %d min, and unknown messages are so frequent here that it takes %s, or %s occurrences",
		plural(float64(s.active), "minute"), s.span, ways.inWords(), number(math.Ceil(ways.count)))
}
