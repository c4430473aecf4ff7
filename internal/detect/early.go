package detect

import (
	"fmt"

	"selfheal"
)

// beforeDeploy gives a reason when every dated occurrence precedes the deploy.
func (j *judgement) beforeDeploy(s *subject) string {
	counts := within(s.after, minutes{j.timeline.window.from, j.timeline.window.to})
	if len(counts) == 0 || s.after.Undated > 0 || counts[len(counts)-1].Minute >= j.timeline.deploy {
		return ""
	}
	return "every occurrence precedes the deploy"
}

// early silences a rise that had clearly begun before the deploy, and did not
// become clearly worse with it: whatever caused it, the deploy did not.
func (j *judgement) early(s *subject) (selfheal.Silence, string) {
	t := &j.timeline
	if !t.dated {
		return "", ""
	}
	// Minutes between the intervals were not seen; then only the window can tell.
	span := t.window
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

// joined are the counts of a span that covers the end of the baseline and the window.
func joined(s *subject, t *timeline, span minutes) []selfheal.Count {
	var counts []selfheal.Count
	if span.from < t.window.from {
		counts = append(counts, within(s.before, minutes{span.from, t.window.from})...)
	}
	return append(counts, within(s.after, t.window)...)
}

// elevatedIn tells whether what came from a minute on until the deploy is more than chance.
func (j *judgement) elevatedIn(s *subject, counts []selfheal.Count, from int64) bool {
	before, active, span := sum(counts, minutes{from, j.timeline.deploy}, s.model.cap)
	part := float64(j.timeline.deploy-from) / float64(j.timeline.window.length())
	return j.enough(s, before, active, span) && s.model.chance(before, part) <= onsetChance
}

// worse tells whether the rate after the deploy is clearly above the raised rate before it.
func (j *judgement) worse(s *subject, counts []selfheal.Count, from int64) bool {
	deploy, end := j.timeline.deploy, j.timeline.window.to
	before, _, _ := sum(counts, minutes{from, deploy}, s.model.cap)
	after, _, _ := sum(counts, minutes{deploy, end}, s.model.cap)
	known := s.model.effective(before) + 1
	longer := float64(end-deploy) / float64(deploy-from)
	if s.model.effective(after) < j.options.MinimumRatio*known*longer {
		return false
	}
	return upperTail(s.model.effective(after), s.model.shape(known), known*longer) <= onsetChance
}

// sum of the occurrences in a range, minutes capped, its distinct minutes, and
// the minutes from the first of them to the last.
func sum(counts []selfheal.Count, m minutes, limit float64) (capped float64, active int, span int64) {
	return observe(&selfheal.Series{Counts: inside(counts, m)}, limit)
}
