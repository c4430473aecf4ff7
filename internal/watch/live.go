package watch

import (
	"fmt"
	"time"

	"selfheal"
)

// Live is what is known of a window that is watched while it happens.
type Live struct {
	// Through is until when what was logged is taken to be there.
	Through time.Time
	// Expected is how many records the window would hold at the baseline's pace.
	Expected float64
	// Margin is how far the newest record may lie behind Through.
	Margin time.Duration
	// Failed is the source's last error, where it does not answer at present.
	Failed error
	// Gaps are times at which the source did not answer, and which were not read since.
	Gaps []selfheal.Interval
	// Skew is how far the clock of the source is ahead of ours; zero where unknown.
	Skew time.Duration
}

// Bounds of what is called silence.
const (
	silentBelow = .1 // of what is expected
	tellingFrom = 30 // records that must be expected before too few of them say anything
	maxSkew     = time.Minute
)

// PartOf tells what the window's records of a stated revision count as.
func (p Plan) PartOf(revision string) Part {
	if revision != "" && p.Deploy.Previous != p.Deploy.Revision && states(revision, p.Deploy.Previous, p.PreviousNames) {
		return Control
	}
	return Counted
}

// AttestLive is Attest for a window that is still going on, where more is asked:
// that the source answers, that it is not behind, that the new revision was seen,
// and that about as much is logged as usual.
func AttestLive(p Plan, baseline, watched selfheal.Coverage, l Live) selfheal.Window {
	w := Attest(p, baseline, watched)
	a := attestation{plan: p, baseline: baseline, watched: watched,
		problems: w.Observability.Problems, notes: w.Observability.Notes}
	a.source(l)
	a.seen()
	a.volume(l)
	w.Observability.Problems, w.Observability.Notes = a.problems, a.notes
	return w
}

// Blind tells whether nothing at all can be compared, rather than that it is not
// known whether everything was seen: errors that were seen count in any case.
func Blind(w selfheal.Window) bool {
	for _, problem := range w.Observability.Problems {
		switch problem.Code {
		case selfheal.ProblemNoBaseline, selfheal.ProblemNoWindow, selfheal.ProblemWindowBefore:
			return true
		}
	}
	return false
}

func (a *attestation) source(l Live) {
	if l.Failed != nil {
		a.problem(selfheal.ProblemSourceDown, "what it logged meanwhile is read when it answers again", "the source does not answer: %s", l.Failed)
	}
	for _, gap := range l.Gaps {
		a.problem(selfheal.ProblemSourceDown, "watch the deploy again to read it", "the source did not answer from %s to %s, which was not read since", stamp(gap.From), stamp(gap.To))
	}
	if l.Skew.Abs() > maxSkew {
		a.note(selfheal.ProblemSkew, "the clock of the source is %s %s ours", l.Skew.Abs().Round(time.Second), aheadOrBehind(l.Skew))
	}
}

func aheadOrBehind(skew time.Duration) string {
	if skew > 0 {
		return "ahead of"
	}
	return "behind"
}

// seen asks for records of the new revision where the baseline's records state theirs.
func (a *attestation) seen() {
	if a.has(selfheal.ProblemRevisionMissing) || counted(a.watched) == 0 || !stated(a.baseline) {
		return
	}
	for revision := range a.watched.Revisions {
		if states(revision, a.plan.Deploy.Revision, a.plan.Names) {
			return
		}
	}
	a.problem(selfheal.ProblemRevisionMissing, "check that the new revision serves, and how its records spell it (--revision-name)",
		"no record since the deploy states the revision %s, though records before it stated theirs", selfheal.ShortRevision(a.plan.Deploy.Revision))
}

// stated tells whether most records say which revision wrote them.
func stated(c selfheal.Coverage) bool {
	var n int64
	for _, records := range c.Revisions {
		n += records
	}
	return 2*n > c.Records
}

// volume asks whether about as much is logged as usual, and until now.
func (a *attestation) volume(l Live) {
	records := counted(a.watched)
	if l.Expected >= tellingFrom && float64(records) < silentBelow*l.Expected {
		a.problem(selfheal.ProblemVolume, "check that the service runs and that its logs arrive",
			"only %d records since the deploy, where about %.0f are usual", records, l.Expected)
		return
	}
	behind := l.Through.Sub(a.watched.Last)
	length := l.Through.Sub(a.plan.Deploy.Time)
	if a.watched.Last.IsZero() || behind <= l.Margin || length <= 0 {
		return
	}
	if missing := l.Expected * behind.Seconds() / length.Seconds(); missing >= tellingFrom {
		a.problem(selfheal.ProblemLag, "check that the service runs, and whether its logs arrive late",
			"the newest record is %s old, in which time about %.0f are usual", fmt.Sprint(behind.Round(time.Second)), missing)
	}
}

func (a *attestation) has(code selfheal.ProblemCode) bool {
	for _, problem := range a.problems {
		if problem.Code == code {
			return true
		}
	}
	return false
}
