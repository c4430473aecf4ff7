package pipeline

import (
	"context"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/repair"
)

// prepare makes the branch by the first strategy that can, which is the same
// commit however often it is made.
func (p *Pipeline) prepare(ctx context.Context, i *selfheal.Incident) (step, error) {
	return p.prepareBy(ctx, i, strategies(i), nil)
}

// prepareBy tries strategies in their order. When none is left, the reason of
// each is told.
func (p *Pipeline) prepareBy(ctx context.Context, i *selfheal.Incident, left []string, tried []selfheal.Tried) (step, error) {
	in, _, err := p.workbench(ctx, i)
	if err != nil {
		return step{}, err
	}
	last := selfheal.Repair{Attempt: 1, Base: i.Opened.Assessment.Deploy.Revision}
	for _, strategy := range left {
		prepare := repair.Prepare
		if strategy == repair.StrategyCommand {
			p.progress("running the command that is to write a fix")
			prepare = repair.PrepareCommand
		}
		if repair.Delegated(strategy) {
			prepare = p.delegated(strategy, i, strategy == left[len(left)-1])
		}
		made, err := prepare(ctx, in)
		if err != nil {
			return step{}, err
		}
		if made.Failure == "" {
			made.Tried = tried
			return did(selfheal.EventRepairPrepared, made), nil
		}
		last, tried = made, append(tried, selfheal.Tried{Strategy: strategy, Reason: made.Failure})
	}
	last.Tried, last.Failure = tried, givenUp(tried)
	return did(selfheal.EventRepairFailed, last), nil
}

func (p *Pipeline) progress(format string, args ...any) {
	if p.Progress != nil {
		p.Progress(format, args...)
	}
}

// givenUp says why nothing came of a repair.
func givenUp(tried []selfheal.Tried) string {
	if len(tried) == 1 {
		return tried[0].Reason
	}
	var reasons []string
	for _, t := range tried {
		reasons = append(reasons, t.Strategy+": "+t.Reason)
	}
	return strings.Join(reasons, "; ")
}

// strategies are the ways to repair that are asked for and that the decision leaves.
func strategies(i *selfheal.Incident) []string {
	asked := i.Opened.Intent.Strategies
	if len(asked) == 0 {
		asked = []string{repair.StrategyRevert}
	}
	if i.Decision.Action == selfheal.ActionFixForward {
		return slices.DeleteFunc(slices.Clone(asked), func(s string) bool { return s == repair.StrategyRevert })
	}
	return asked
}

// next goes on with the strategies that were not tried yet, when one that made a
// branch failed to prove it.
func (p *Pipeline) next(ctx context.Context, i *selfheal.Incident, failed selfheal.Repair) (step, error) {
	name := failed.Strategy
	if strings.HasPrefix(name, repair.StrategyRevert) {
		name = repair.StrategyRevert // in parts or as a whole
	}
	tried := append(slices.Clone(failed.Tried), selfheal.Tried{Strategy: name, Reason: failed.Failure})
	left := slices.DeleteFunc(slices.Clone(strategies(i)), func(s string) bool {
		return slices.ContainsFunc(tried, func(t selfheal.Tried) bool { return t.Strategy == s })
	})
	if len(left) == 0 {
		failed.Tried, failed.Failure = tried, givenUp(tried)
		return did(selfheal.EventRepairFailed, failed), nil
	}
	return p.prepareBy(ctx, i, left, tried)
}
