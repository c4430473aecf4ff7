package detect

import (
	"fmt"

	"selfheal"
)

// beforeDeploy tells whether every dated occurrence precedes the deploy.
func (j *judgement) beforeDeploy(s *subject) bool {
	return j.timeline.dated && s.active > 0 && s.after.Undated == 0 && s.last < j.timeline.deploy
}

// early silences a rise that had clearly begun before the deploy, and did not
// become clearly worse with it: whatever caused it, the deploy did not.
func (j *judgement) early(s *subject) (selfheal.Silence, string) {
	t := &j.timeline
	if !t.dated {
		return "", ""
	}
	// Minutes between the intervals were not seen; then only the window can tell.
	span := j.seen()
	if t.base.to == t.window.from {
		span.from = max(t.base.from, t.window.from-t.window.length())
	}
	if t.deploy <= span.from || t.deploy >= span.to {
		return "", ""
	}
	counts := joined(s, t, span)
	// What came after the deploy has no say in when the rise before it began.
	until := minutes{span.from, t.deploy}
	from := changePoint(inside(counts, until), until, s.model.cap, j.perMinute(s))
	if from >= t.deploy-1 || !j.elevatedIn(s, counts, from) || j.worse(s, counts, from) {
		return "", ""
	}
	return selfheal.SilenceSharedCause, fmt.Sprintf("it began at %s, %d min before the deploy",
		selfheal.MinuteTime(from).Format("15:04"), t.deploy-from)
}

// joined are the counts of a span that covers the end of the baseline and what was seen of the window.
func joined(s *subject, t *timeline, span minutes) []selfheal.Count {
	var counts []selfheal.Count
	if span.from < t.window.from {
		counts = append(counts, within(s.before, minutes{span.from, t.window.from})...)
	}
	return append(counts, within(s.after, minutes{t.window.from, span.to})...)
}

// elevatedIn tells whether what came from a minute on until the deploy is more than chance.
func (j *judgement) elevatedIn(s *subject, counts []selfheal.Count, from int64) bool {
	span := minutes{from, j.timeline.deploy}
	counts = inside(counts, span)
	capped, _, _ := observe(counts, s.model.cap)
	exposure := s.model.season.sum(span) / j.timeline.baseExposure
	return j.enough(s.rare, counts) && s.model.chance(capped, exposure) <= onsetChance
}

// worse tells whether the rate after the deploy is clearly above the raised rate before it.
func (j *judgement) worse(s *subject, counts []selfheal.Count, from int64) bool {
	deploy, end := j.timeline.deploy, j.now
	before, _, _ := observe(inside(counts, minutes{from, deploy}), s.model.cap)
	after, _, _ := observe(inside(counts, minutes{deploy, end}), s.model.cap)
	known := s.model.effective(before) + 1
	longer := float64(end-deploy) / float64(deploy-from)
	if s.model.effective(after) < j.options.MinimumRatio*known*longer {
		return false
	}
	return upperTail(s.model.effective(after), s.model.shape(known), known*longer) <= onsetChance
}
