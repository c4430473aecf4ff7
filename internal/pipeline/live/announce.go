package live

import (
	"fmt"
	"time"

	"selfheal"
)

// Step is what an announcement means for the watches of a scope.
type Step struct {
	End    *selfheal.WatchEnded   // of the last watch; nil: it goes on, or was over
	Start  *selfheal.WatchStarted // nil: there is no new watch
	AtOnce *selfheal.WatchEnded   // of the new watch: the deploy is noted and cannot be watched
	Reason string                 // why nothing is watched
}

// Decide says what an announcement means, where last is the scope's watch of the
// newest deploy, or nil. Announcements may come twice and in any order: only a newer
// deploy of another revision is news.
//
// A deploy that takes the place of one which is still being watched is compared with
// the time before both, and its change is that of both: nothing is known yet of what
// came in between.
func Decide(last *selfheal.Watch, a selfheal.Announcement, window time.Duration) Step {
	d := a.Deploy
	switch a.Phase {
	case selfheal.PhaseServing:
	case selfheal.PhaseRolledBack, selfheal.PhaseFailed:
		return taken(last, a)
	default:
		return Step{Reason: fmt.Sprintf("a deploy that is %s is not watched", a.Phase)}
	}
	switch {
	case d.Revision == "" || d.Time.IsZero():
		return Step{Reason: "it does not say which revision serves, or since when"}
	case last == nil && (d.Previous == "" || d.Previous == d.Revision):
		return first(a, window)
	case last == nil:
		return Step{Start: starting(a, d, window)}
	}
	known := last.Started.Deploy
	switch {
	case d.Revision == known.Revision:
		return Step{Reason: "this revision is known to serve since " + known.Time.UTC().Format(time.RFC3339)}
	case !d.Time.After(known.Time):
		return Step{Reason: fmt.Sprintf("it is older than the deploy of %s at %s", selfheal.ShortRevision(known.Revision), known.Time.UTC().Format(time.RFC3339))}
	}
	if d.Previous == "" || d.Previous == d.Revision {
		d.Previous = known.Revision
	}
	if last.Ended != nil {
		return Step{Start: starting(a, d, window)}
	}
	end := &selfheal.WatchEnded{Status: selfheal.StatusInconclusive, Reason: fmt.Sprintf("%s took its place after %s",
		selfheal.ShortRevision(d.Revision), d.Time.Sub(known.Time).Round(time.Second))}
	return Step{End: end, Start: succeeding(last, a, d, window)}
}

// first is a deploy of which the revision before it is not known: it cannot be
// judged, but the next one can.
func first(a selfheal.Announcement, window time.Duration) Step {
	a.Deploy.Previous = a.Deploy.Revision
	reason := "the revision that served before is not known; the next deploy will be watched"
	return Step{Start: starting(a, a.Deploy, window), AtOnce: &selfheal.WatchEnded{Status: selfheal.StatusCannotObserve, Reason: reason}, Reason: reason}
}

func starting(a selfheal.Announcement, d selfheal.Deploy, window time.Duration) *selfheal.WatchStarted {
	return &selfheal.WatchStarted{Deploy: d, Window: selfheal.Duration(window), From: a.From}
}

// succeeding is a deploy in the middle of another's window. Back to the revision of
// before both, there is no change left to look into.
func succeeding(last *selfheal.Watch, a selfheal.Announcement, d selfheal.Deploy, window time.Duration) *selfheal.WatchStarted {
	started := starting(a, d, window)
	started.BaselineEnd = last.Started.BaselineEnd
	if started.BaselineEnd.IsZero() {
		started.BaselineEnd = last.Started.Deploy.Time
	}
	if last.Started.Deploy.Previous != d.Revision {
		started.Deploy.Previous = last.Started.Deploy.Previous
	}
	return started
}

// taken ends the watch of a deploy that is taken out of service, or never came up.
func taken(last *selfheal.Watch, a selfheal.Announcement) Step {
	if last == nil || last.Started.Deploy.Revision != a.Deploy.Revision {
		return Step{Reason: "this revision is not being watched"}
	}
	if last.Ended != nil {
		return Step{Reason: "the watch of this revision is over"}
	}
	reason := "it was rolled back"
	if a.Phase == selfheal.PhaseFailed {
		reason = "the deploy failed"
	}
	if a.Detail != "" {
		reason += ": " + a.Detail
	}
	return Step{End: &selfheal.WatchEnded{Status: selfheal.StatusInconclusive, Reason: reason}, Reason: reason}
}
