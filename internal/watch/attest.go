package watch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"selfheal"
)

// season is how much baseline it takes to have seen every hour of a day once.
const season = 24 * time.Hour

// Attest turns the accounts of both sides into the window, with the proof of
// what could be seen.
func Attest(p Plan, baseline, watched selfheal.Coverage) selfheal.Window {
	w := selfheal.Window{
		Baseline:      extent(baseline, time.Time{}),
		Watched:       extent(watched, p.Deploy.Time),
		Observability: selfheal.Observability{Baseline: baseline, Watched: watched},
	}
	if at := p.Deploy.Time; !at.IsZero() && w.Baseline.To.After(at) {
		w.Baseline.To = at
	}
	a := attestation{plan: p, baseline: baseline, watched: watched}
	a.presence()
	a.revisions()
	a.times(w)
	a.content("baseline", baseline)
	a.content("window", watched)
	w.Observability.Problems, w.Observability.Notes = a.problems, append(slices.Clone(p.Notes), a.notes...)
	return w
}

// AttestBuild is Attest for the log of a build that failed: there is no
// baseline, and one record is enough.
func AttestBuild(p Plan, log selfheal.Coverage) selfheal.Window {
	a := attestation{plan: p, watched: log}
	if log.Records == 0 {
		a.problem(selfheal.ProblemNoWindow, "keep what the build prints, both standard output and standard error", "the build log is empty")
	}
	return a.alone("build log")
}

// AttestFix is Attest for what was logged since a fix serves: it is compared
// with the window that was broken, so it needs no baseline of its own.
func AttestFix(p Plan, watched selfheal.Coverage) selfheal.Window {
	a := attestation{plan: p, watched: watched, baseline: selfheal.Coverage{Records: 1}}
	a.presence()
	a.revisions()
	return a.alone("window")
}

// AttestGiven is Attest for errors that somebody gives: there is nothing that
// they are compared with, and nobody claims that they are all.
func AttestGiven(p Plan, given selfheal.Coverage) selfheal.Window {
	a := attestation{plan: p, watched: given}
	return a.alone("given")
}

func (a *attestation) alone(side string) selfheal.Window {
	a.content(side, a.watched)
	return selfheal.Window{
		Watched: extent(a.watched, a.plan.Deploy.Time),
		Observability: selfheal.Observability{Watched: a.watched, Problems: a.problems,
			Notes: append(slices.Clone(a.plan.Notes), a.notes...)},
	}
}

// extent is the interval that the dated records span, to the end of the last
// minute; it begins at start when that is known.
func extent(c selfheal.Coverage, start time.Time) selfheal.Interval {
	if c.First.IsZero() {
		return selfheal.Interval{}
	}
	if start.IsZero() {
		start = c.First
	}
	return selfheal.Interval{From: start, To: c.Last.Truncate(time.Minute).Add(time.Minute)}
}

type attestation struct {
	plan              Plan
	baseline, watched selfheal.Coverage
	problems, notes   []selfheal.Problem
}

func (a *attestation) problem(code selfheal.ProblemCode, hint, format string, args ...any) {
	a.problems = append(a.problems, selfheal.Problem{Code: code, Detail: fmt.Sprintf(format, args...), Hint: hint})
}

func (a *attestation) note(code selfheal.ProblemCode, format string, args ...any) {
	a.notes = append(a.notes, selfheal.Problem{Code: code, Detail: fmt.Sprintf(format, args...)})
}

func counted(c selfheal.Coverage) int64 { return c.Records - c.Outside }

func (a *attestation) presence() {
	b, w := a.baseline, a.watched
	switch {
	case b.Records == 0:
		a.problem(selfheal.ProblemNoBaseline, "give logs of before the deploy with --baseline; a week is best",
			"the baseline holds no log records, so nothing can be called new or risen")
	case b.Outside > 0 && b.Outside == b.Records-b.Undated:
		a.problem(selfheal.ProblemWindowBefore, "check that --baseline and --window are not swapped, and --deployed-at and the time zones",
			"all %d baseline records that carry a time are from after the deploy at %s", b.Outside, stamp(a.plan.Deploy.Time))
	}
	switch {
	case w.Records == 0:
		a.problem(selfheal.ProblemNoWindow, "check that the service runs and logs, and that --window names its log",
			"the window holds no log records: the new revision was not seen")
	case w.Outside > 0 && w.Outside == w.Records-w.Undated:
		a.problem(selfheal.ProblemNoWindow, "check --deployed-at and the time zones of the logs",
			"all %d window records that carry a time are from before the deploy at %s", w.Outside, stamp(a.plan.Deploy.Time))
	}
}

func (a *attestation) revisions() {
	if counted(a.watched) == 0 {
		return
	}
	var fresh, old, other int64
	for stated, n := range a.watched.Revisions {
		switch {
		case states(stated, a.plan.Deploy.Revision, a.plan.Names):
			fresh += n
		case states(stated, a.plan.Deploy.Previous, a.plan.PreviousNames):
			old += n
		default:
			other += n
		}
	}
	switch {
	case fresh == 0 && old > 0 && other == 0 && a.plan.Deploy.Previous != a.plan.Deploy.Revision:
		a.problem(selfheal.ProblemRevisionMissing, "check that the new revision really serves",
			"all %d window records that state a revision are of the previous one", old)
	case old > 0 && a.plan.Deploy.Previous != a.plan.Deploy.Revision:
		a.note(selfheal.ProblemOldRevision, "%d window records are of the previous revision: they do not count, and serve as control where both revisions served", old)
	case fresh == 0:
		a.note(selfheal.ProblemUnrevisioned, "the window's records do not say which revision wrote them; they are taken to be of the new one")
	}
}

func (a *attestation) times(w selfheal.Window) {
	if len(a.problems) > 0 {
		return // limits of a judgement that is not made
	}
	if datedNone(a.baseline) || datedNone(a.watched) {
		a.note(selfheal.ProblemUndated, "records carry no times (baseline %d of %d, window %d of %d): compared by number of records instead of by time",
			a.baseline.Undated, a.baseline.Records, a.watched.Undated, a.watched.Records)
		return
	}
	if span := w.Baseline.Duration(); span < season {
		a.note(selfheal.ProblemShortBaseline, "the baseline spans only %s: daily and weekly rhythms are not known", span.Round(time.Minute))
	}
	if a.baseline.Outside > 0 {
		a.note(selfheal.ProblemOverlap, "%d baseline records from after the deploy were left out", a.baseline.Outside)
	}
	if a.watched.Outside > 0 {
		a.note(selfheal.ProblemOverlap, "%d window records from before the deploy were left out", a.watched.Outside)
	}
	zones := slices.Clone(a.baseline.Zones)
	for _, zone := range a.watched.Zones {
		zones = addZone(zones, zone)
	}
	if slices.Sort(zones); len(zones) > 1 && slices.Contains(zones, "none") {
		a.note(selfheal.ProblemMixedZones, "times with and without a zone are mixed (%s): those without are read as UTC", strings.Join(zones, ", "))
	}
}

func datedNone(c selfheal.Coverage) bool { return c.Undated == c.Records }

func (a *attestation) content(side string, c selfheal.Coverage) {
	if c.Undated > 0 && !datedNone(c) {
		a.note(selfheal.ProblemUndated, "%d of %d %s records carry no time", c.Undated, c.Records, side)
	}
	if c.OutOfOrder > 0 {
		a.note(selfheal.ProblemOutOfOrder, "%d of %d %s records are out of order by a minute or more; they are counted where their time says", c.OutOfOrder, c.Records, side)
	}
	if c.Unparsed > 0 {
		a.note(selfheal.ProblemBinary, "%d of %d %s records hold bytes that are not text", c.Unparsed, c.Records, side)
	}
	if c.Truncated > 0 {
		a.note(selfheal.ProblemTruncated, "%d %s lines are longer than the cap and were cut there", c.Truncated, side)
	}
	if c.Overflowed > 0 {
		a.note(selfheal.ProblemOverflow, "%d %s records are beyond the cap on distinct signatures and are counted together", c.Overflowed, side)
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
