package triage

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/git"
)

// Earlier is what the deploys before the one in question brought.
type Earlier struct {
	// Change leads from what served before the oldest of the deploys to the base of the deploy in question.
	Change  selfheal.Change
	Deploys []selfheal.Exposure // oldest first; their Prior is set by Judge
	Of      []int               // for each commit of Change, which of Deploys brought it to stay
}

// ReadEarlier reads what earlier deploys (oldest first, with full ids) brought
// that the revision base still has. Each commit belongs to the deploy since which
// it has served without a break: what was rolled back and came again belongs to
// the later one, and what was rolled back for good to none. Without a deploy
// whose previous revision is known it gives nil.
func ReadEarlier(ctx context.Context, repo *git.Repository, deploys []selfheal.Deploy, base string, classes *Classifier) (*Earlier, error) {
	for len(deploys) > 0 && deploys[0].Previous == "" {
		deploys = deploys[1:] // what it brought cannot be told from what was there before
	}
	if len(deploys) == 0 {
		return nil, nil
	}
	if last := deploys[len(deploys)-1]; last.Revision != base {
		deploys = append(slices.Clone(deploys), selfheal.Deploy{Previous: last.Revision, Revision: base})
	}
	change, err := ReadChange(ctx, repo, deploys[0].Previous, base, classes)
	if err != nil {
		return nil, err
	}
	e := &Earlier{Change: change, Of: make([]int, len(change.Commits))}
	for i, d := range deploys {
		e.Deploys = append(e.Deploys, selfheal.Exposure{Revision: d.Revision, Time: d.Time, Back: len(deploys) - i})
		if err := e.assign(ctx, repo, i, d); err != nil {
			return nil, fmt.Errorf("read earlier deploys: %w", err)
		}
	}
	for _, deploy := range e.Of {
		e.Deploys[deploy].Commits++
	}
	for i := range e.Deploys {
		if e.Deploys[i].Commits == 0 {
			e.Deploys[i].Excluded = "nothing that it brought serves any more"
		}
	}
	return e, nil
}

// assign gives the commits that deploy i does not serve to the deploy after it.
func (e *Earlier) assign(ctx context.Context, repo *git.Repository, i int, d selfheal.Deploy) error {
	missing, err := repo.FirstParents(ctx, d.Revision, e.Change.Head)
	if err != nil {
		return err
	}
	kept, err := repo.FirstParents(ctx, e.Change.Head, d.Revision)
	if err != nil {
		return err
	}
	for n, c := range e.Change.Commits {
		if !c.Undone && slices.Contains(missing, c.ID) || c.Undone && slices.Contains(kept, c.ID) {
			e.Of[n] = i + 1
		}
	}
	return nil
}

// How likely an error shows so long after the deploy that caused it: a Lomax
// distribution, whose density falls with a power of the time. Most errors show
// within the hour, and a few only after days, when the code is first reached.
const (
	delayScale = 30 * time.Minute
	delayShape = 0.5
	// minPrior is the least prior, as a share of the likeliest deploy's: code may lie
	// unreached for long, and then the time says nothing.
	minPrior = 0.02
)

// logDelay is the logarithm of that density, relative to no delay.
func logDelay(delay time.Duration) float64 {
	return -(1 + delayShape) * math.Log1p(max(0, delay.Hours())/delayScale.Hours())
}

// logPerDeploy takes the place of logDelay where a time is not known: how much
// less likely each deploy is than the one after it.
const logPerDeploy = -1.2

// exposures gives all deploys, newest first, with their prior for an error that
// began at onset. now is the deploy in question.
func exposures(in Input, onset time.Time) []selfheal.Exposure {
	all := []selfheal.Exposure{{Revision: in.Change.Head, Time: in.DeployedAt, Commits: len(in.Change.Commits)}}
	if in.Earlier != nil {
		for _, e := range slices.Backward(in.Earlier.Deploys) {
			all = append(all, e)
		}
	}
	dated := !onset.IsZero() && !slices.ContainsFunc(all, func(e selfheal.Exposure) bool { return e.Excluded == "" && e.Time.IsZero() })
	best := math.Inf(-1)
	logs := make([]float64, len(all))
	for i := range all {
		switch e := &all[i]; {
		case e.Excluded != "":
			logs[i] = math.Inf(-1)
		case !onset.IsZero() && e.Time.After(onset.Add(grace)):
			e.Excluded, logs[i] = "it began to serve after the error had begun", math.Inf(-1)
		case dated:
			logs[i] = max(logDelay(onset.Sub(e.Time)), math.Log(minPrior)+logDelay(onset.Sub(servedLast(all, onset))))
		default:
			logs[i] = logPerDeploy * float64(e.Back)
		}
		best = max(best, logs[i])
	}
	if math.IsInf(best, -1) { // the time excludes all of them: then it tells nothing
		all[0].Excluded, logs[0], best = "", 0, 0
	}
	for i := range all {
		all[i].Prior = math.Exp(logs[i] - best)
	}
	return all
}

// servedLast is when the newest deploy began to serve that had when the error began.
func servedLast(deploys []selfheal.Exposure, onset time.Time) time.Time {
	for _, d := range deploys {
		if d.Excluded == "" && !d.Time.After(onset.Add(grace)) {
			return d.Time
		}
	}
	return onset
}

// logPriors gives for each commit of the chain the logarithm of its deploy's
// prior; nil where there is one deploy only.
func (c chain) logPriors(deploys []selfheal.Exposure) []float64 {
	if len(deploys) < 2 {
		return nil
	}
	prior := map[int]float64{}
	for _, d := range deploys {
		prior[d.Back] = math.Inf(-1)
		if d.Excluded == "" {
			prior[d.Back] = math.Log(d.Prior)
		}
	}
	out := make([]float64, len(c.back))
	for i, back := range c.back {
		out[i] = prior[back]
	}
	return out
}

// servingSince is when the oldest deploy began to serve that may be the cause;
// zero when that is not known.
func servingSince(deploys []selfheal.Exposure) time.Time {
	since := time.Time{}
	for _, d := range deploys {
		if d.Excluded == "" {
			since = d.Time
		}
	}
	return since
}
