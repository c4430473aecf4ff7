package prove

import (
	"context"
	"fmt"
	"slices"
	"time"

	"selfheal"
)

// trial is a decision under way.
type trial struct {
	Question
	Settings
	began     time.Time
	posterior *posterior
	unusable  map[int]bool // trees at which the command cannot be run, or fails with something else
	run       func(ctx context.Context, revision, command string, timeout time.Duration) (selfheal.TrialRun, error)

	command string
	grade   selfheal.Reproduction
	shown   []selfheal.SignatureID // at the newest revision
	runs    []selfheal.TrialRun    // of the command that is used
	spent   int                    // runs of all commands
	ended   string
}

// Limits of a decision.
const (
	sharp        = 0.95 // posterior at which it is taken
	reproduceTry = 3    // runs at the newest revision that a flaky command gets to fail
)

// decide runs commands until the posterior is sharp or the budget is used up.
func (t *trial) decide(ctx context.Context) error {
	if err := t.reproduce(ctx); err != nil || !t.reproduced() {
		return err
	}
	for t.ended == "" {
		tree, ok := t.next()
		if !ok {
			break
		}
		if err := t.try(ctx, tree); err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) reproduced() bool {
	return t.grade == selfheal.ReproducedSame || t.grade == selfheal.ReproducedOther
}

// newest is the tree of the deployed revision.
func (t *trial) newest() int { return len(t.Steps) }

func (t *trial) revision(tree int) string {
	if tree == 0 {
		return t.Base
	}
	return t.Steps[tree-1].Revision
}

// attempt is what a command did at the newest revision.
type attempt struct {
	command string
	grade   selfheal.Reproduction
	shown   []selfheal.SignatureID
	runs    []selfheal.TrialRun
}

// gradeOrder ranks the grades, best first.
var gradeOrder = [...]selfheal.Reproduction{
	selfheal.ReproducedSame, selfheal.ReproducedOther, selfheal.ReproducedNever, selfheal.ReproducedNot,
}

// reproduce chooses the command: the first that shows the error at the newest
// revision, else the first that fails there.
func (t *trial) reproduce(ctx context.Context) error {
	var best *attempt
	for _, command := range t.Commands {
		a, err := t.attempt(ctx, command)
		if err != nil {
			return err
		}
		if best == nil || rankOf(a.grade) < rankOf(best.grade) {
			best = a
		}
		if a.grade == selfheal.ReproducedSame || t.ended != "" {
			break
		}
	}
	t.command, t.grade, t.shown, t.runs = best.command, best.grade, best.shown, best.runs
	for i := range t.runs {
		t.count(t.newest(), &t.runs[i])
	}
	switch t.grade {
	case selfheal.ReproducedOther:
		t.posterior.weight = weaker
	case selfheal.ReproducedNever:
		t.ended = "the command does not fail at the deployed revision"
	case selfheal.ReproducedNot:
		t.ended = "the command could not be run at the deployed revision" + whyNot(t.runs)
	case selfheal.ReproducedSame:
	}
	return nil
}

// whyNot says how the last of the runs ended.
func whyNot(runs []selfheal.TrialRun) string {
	if len(runs) == 0 {
		return ""
	}
	switch last := runs[len(runs)-1]; {
	case last.TimedOut:
		return " in the time that it has"
	case last.Exceeded != "":
		return " within its limit on " + last.Exceeded
	default:
		return fmt.Sprintf(" (exit code %d)", last.ExitCode)
	}
}

func rankOf(grade selfheal.Reproduction) int {
	for i, g := range gradeOrder {
		if g == grade {
			return i
		}
	}
	return len(gradeOrder)
}

// attempt runs a command at the newest revision until it fails once.
func (t *trial) attempt(ctx context.Context, command string) (*attempt, error) {
	a := &attempt{command: command, grade: selfheal.ReproducedNot}
	for range reproduceTry {
		if t.exhausted() {
			return a, nil
		}
		run, err := t.once(ctx, t.newest(), command)
		if err != nil {
			return nil, err
		}
		shown := t.Shows(run.Output)
		a.runs = append(a.runs, t.kept(run))
		switch {
		case run.Outcome == selfheal.TrialSkipped:
			return a, nil
		case run.Outcome == selfheal.TrialPasses:
			a.grade = selfheal.ReproducedNever
			continue
		case len(shown) > 0:
			a.grade, a.shown = selfheal.ReproducedSame, shown
		default:
			a.grade = selfheal.ReproducedOther
		}
		return a, nil
	}
	return a, nil
}

// once runs a command at a tree and says how it ended.
func (t *trial) once(ctx context.Context, tree int, command string) (selfheal.TrialRun, error) {
	t.spent++
	revision := t.revision(tree)
	if t.Progress != nil {
		t.Progress("running the reproduction at %s (run %d of at most %d)", selfheal.ShortRevision(revision), t.spent, t.Budget.Runs)
	}
	run, err := t.run(ctx, revision, command, min(t.Timeout, t.left()))
	if err != nil {
		return run, err
	}
	switch {
	case run.TimedOut || run.Exceeded != "" || run.ExitCode >= 125 && run.ExitCode <= 127:
		run.Outcome = selfheal.TrialSkipped
	case run.ExitCode == 0:
		run.Outcome = selfheal.TrialPasses
	default:
		run.Outcome = selfheal.TrialFails
	}
	return run, nil
}

// try runs the chosen command at a tree and counts what it says.
func (t *trial) try(ctx context.Context, tree int) error {
	run, err := t.once(ctx, tree, t.command)
	if err != nil {
		return err
	}
	// A failure with something else is a tree that is broken in another way.
	if run.Outcome == selfheal.TrialFails && t.grade == selfheal.ReproducedSame && !t.shows(run.Output) {
		run.Outcome = selfheal.TrialAnother
	}
	t.runs = append(t.runs, t.kept(run))
	t.count(tree, &run)
	return nil
}

// shows tells whether an output shows an error that the newest revision does.
func (t *trial) shows(output string) bool {
	return slices.ContainsFunc(t.Shows(output), func(id selfheal.SignatureID) bool { return slices.Contains(t.shown, id) })
}

// kept is a run as it is shown: the end of its output, without secrets.
func (t *trial) kept(run selfheal.TrialRun) selfheal.TrialRun {
	run.Output = lastLines(t.Redact(run.Output), maxOutput)
	return run
}

func (t *trial) count(tree int, run *selfheal.TrialRun) {
	switch run.Outcome {
	case selfheal.TrialFails:
		t.posterior.seen[tree].fails++
	case selfheal.TrialPasses:
		t.posterior.seen[tree].passes++
	case selfheal.TrialSkipped, selfheal.TrialAnother:
		t.unusable[tree] = true
	}
}

// next chooses where to run, or says why nothing more is run. A decision needs a
// failure at the step itself and a pass right before it, or next to them where
// these cannot be run.
func (t *trial) next() (tree int, ok bool) {
	if t.exhausted() {
		return 0, false
	}
	now := t.posterior.probabilities()
	best := top(now)
	if now[best] >= sharp {
		for _, needed := range t.needed(best) {
			if seen := t.posterior.seen[needed]; seen.fails+seen.passes == 0 && !t.unusable[needed] {
				return needed, true
			}
		}
		t.ended = "the answer is clear"
		return 0, false
	}
	tree, ok = t.posterior.next(func(tree int) bool { return !t.unusable[tree] })
	if !ok {
		t.ended = "no further run would tell the candidates apart"
	}
	return tree, ok
}

// needed are the trees at which a decision for a step must have been seen.
func (t *trial) needed(step int) []int {
	if step == len(t.Steps) {
		return []int{0}
	}
	return []int{step, step + 1}
}

// exhausted tells whether the budget is used up, and says so.
func (t *trial) exhausted() bool {
	switch {
	case t.spent >= t.Budget.Runs:
		t.ended = fmt.Sprintf("the budget of %d runs is used up", t.Budget.Runs)
	case t.left() <= 0:
		t.ended = fmt.Sprintf("the budget of %s is used up", t.Budget.Time)
	default:
		return false
	}
	return true
}

func (t *trial) left() time.Duration { return t.Budget.Time - t.Clock().Sub(t.began) }

// answer puts together what the runs say.
func (t *trial) answer() *Answer {
	a := &Answer{Trial: selfheal.Trial{
		Command: t.Redact(t.command), Reproduction: t.grade, Signatures: t.shown, Ended: t.ended, Runs: t.runs,
		Took: selfheal.Duration(t.Clock().Sub(t.began)),
	}}
	if !t.reproduced() {
		return a
	}
	a.BaseFails = t.posterior.seen[0].fails > t.posterior.seen[0].passes
	if a.BaseFails && t.grade == selfheal.ReproducedOther {
		// It does not show the error, and it fails without the change too: it is broken by itself.
		a.BaseFails, a.Trial.Ended = false, "the command fails before the change as well, and not with the error"
		return a
	}
	now := t.posterior.probabilities()
	best := top(now)
	a.Likelihoods = t.posterior.logLikelihoods()
	a.Trial.FailureRate, a.Trial.FlakeRate = t.posterior.rates(best)
	a.Trial.Decided = now[best] >= sharp && best < len(t.Steps) && t.borders(best)
	return a
}

// weaker is how much of the evidence counts when the command does not show the error itself.
const weaker = 0.5

// borders tells whether the step was seen to make the difference: mostly failing
// with it, mostly passing right before it.
func (t *trial) borders(step int) bool {
	before, after := t.posterior.seen[step], t.posterior.seen[step+1]
	return before.passes > before.fails && after.fails > after.passes
}
