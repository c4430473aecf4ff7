package hook

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"selfheal"
)

// InferOptions say when a revision that nobody announced counts as deployed. The
// zero value takes the defaults.
type InferOptions struct {
	// Records is how many records a revision must have logged, 20 by default: fewer
	// are stragglers, or somebody's machine.
	Records int64
	// Minutes is in how many different minutes, 2 by default: one burst is a test run.
	Minutes int
	// Gap is how long a revision must have been silent to begin anew, 30 min by default.
	Gap time.Duration
	// Near is how far an announcement may be from the first record to be about the
	// same deploy, 1 h by default.
	Near time.Duration
}

func (o InferOptions) complete() InferOptions {
	if o.Records <= 0 {
		o.Records = 20
	}
	if o.Minutes <= 0 {
		o.Minutes = 2
	}
	if o.Gap <= 0 {
		o.Gap = 30 * time.Minute
	}
	if o.Near <= 0 {
		o.Near = time.Hour
	}
	return o
}

// stint is a time in which a revision logged without a gap.
type stint struct {
	revision    string
	first, last int64 // minutes
	records     int64
	minutes     int
}

// Infer finds the deploys that nobody announced, by the records that revisions
// logged per minute; what states no revision ("") is left out. A revision that
// begins to log while another one logs already was deployed: also when the older
// one goes on beside it (a canary, a rolling update), and when it had been silent
// for long (a rollback). One that falls silent while an older one goes on was
// rolled back. What logs within Gap of the first minute of all was there before:
// give more than that. Announced are the announcements that are known already.
func Infer(scope selfheal.Scope, perMinute map[string]selfheal.Series, announced []selfheal.Announcement, options InferOptions) []selfheal.Announcement {
	o := options.complete()
	stints, begin, end := o.ordered(perMinute)
	gap := int64(o.Gap / time.Minute)
	var found []selfheal.Announcement
	for i, s := range stints {
		if s.first-begin <= gap {
			continue
		}
		if !o.knows(announced, s) {
			found = append(found, s.announcement(scope, stints[:i]))
		}
		if end-s.last > gap && slices.ContainsFunc(stints[:i], func(e stint) bool { return e.revision != s.revision && e.last-s.last > gap }) {
			found = append(found, s.withdrawn(scope))
		}
	}
	return found
}

// ordered gives all stints by their beginnings, and the first and last minute of all records.
func (o InferOptions) ordered(perMinute map[string]selfheal.Series) (stints []stint, begin, end int64) {
	begin, end = math.MaxInt64, math.MinInt64
	for revision, series := range perMinute {
		if len(series.Counts) == 0 {
			continue
		}
		begin, end = min(begin, series.Counts[0].Minute), max(end, series.Counts[len(series.Counts)-1].Minute)
		if revision != "" {
			stints = append(stints, o.stints(revision, series)...)
		}
	}
	slices.SortFunc(stints, func(a, b stint) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.revision, b.revision))
	})
	return stints, begin, end
}

// stints divides what a revision logged at its gaps, and leaves out what is too little.
func (o InferOptions) stints(revision string, series selfheal.Series) []stint {
	var all []stint
	gap := int64(o.Gap / time.Minute)
	for _, c := range series.Counts {
		if last := len(all) - 1; last >= 0 && c.Minute-all[last].last <= gap {
			all[last].last = c.Minute
			all[last].records += c.N
			all[last].minutes++
			continue
		}
		all = append(all, stint{revision: revision, first: c.Minute, last: c.Minute, records: c.N, minutes: 1})
	}
	return slices.DeleteFunc(all, func(s stint) bool { return s.records < o.Records || s.minutes < o.Minutes })
}

// knows tells whether somebody announced what began with a stint.
func (o InferOptions) knows(announced []selfheal.Announcement, s stint) bool {
	first := selfheal.MinuteTime(s.first)
	return slices.ContainsFunc(announced, func(a selfheal.Announcement) bool {
		return a.Phase == selfheal.PhaseServing && SameRevision(a.Deploy.Revision, s.revision) && a.Deploy.Time.Sub(first).Abs() <= o.Near
	})
}

func (s stint) announcement(scope selfheal.Scope, earlier []stint) selfheal.Announcement {
	first := selfheal.MinuteTime(s.first)
	d := selfheal.Deploy{
		Service: scope.Service, Environment: scope.Environment, Revision: s.revision,
		Time: first, Status: selfheal.DeploySucceeded, By: "inferred from the logs",
	}
	detail := fmt.Sprintf("service.version %s logs since %s; nobody announced it", s.revision, first.Format(time.RFC3339))
	for _, e := range slices.Backward(earlier) {
		if e.revision == s.revision {
			continue
		}
		d.Previous = e.revision
		if e.last >= s.last {
			detail = fmt.Sprintf("%s, and %s logs beside it", detail, e.revision)
		}
		break
	}
	return selfheal.Announcement{
		ID:     fmt.Sprintf("logs/%s/%s/%s/%d", scope.Environment, scope.Service, s.revision, s.first),
		Deploy: d, Phase: selfheal.PhaseServing, From: "logs", Detail: detail,
	}
}

// withdrawn says that a revision fell silent while an older one went on.
func (s stint) withdrawn(scope selfheal.Scope) selfheal.Announcement {
	last := selfheal.MinuteTime(s.last + 1)
	return selfheal.Announcement{
		ID: fmt.Sprintf("logs/%s/%s/%s/%d/withdrawn", scope.Environment, scope.Service, s.revision, s.first),
		Deploy: selfheal.Deploy{
			Service: scope.Service, Environment: scope.Environment, Revision: s.revision,
			Time: last, Status: selfheal.DeploySucceeded, By: "inferred from the logs",
		},
		Phase: selfheal.PhaseRolledBack, From: "logs",
		Detail: fmt.Sprintf("service.version %s logs no more since %s, while an older one does", s.revision, last.Format(time.RFC3339)),
	}
}
