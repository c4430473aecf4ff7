package pipeline

import (
	"context"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/repair"
	"selfheal/internal/repair/agent"
)

// strategy is one way to repair. A further one is an entry of [Pipeline.ways].
type strategy struct {
	// prepare makes the branch, or says in Failure why there is none. The same incident
	// gives the same branch, however often it is asked.
	prepare func(context.Context, repair.Input) (selfheal.Repair, error)
	// telling is shown while it works; empty when it takes no time.
	telling string
	// prose says that it can take up what checks and people say of its branch in their
	// own words: prepare then finds that in Input.Round.
	prose bool
	// forward says that it goes forward where a revert is not allowed.
	forward bool
	// dear says that it costs money, which is limited per day.
	dear bool
}

// ways are the strategies by name.
func (p *Pipeline) ways() map[string]strategy {
	return map[string]strategy{
		repair.StrategyRevert:  {prepare: repair.Prepare},
		repair.StrategyCommand: {prepare: repair.PrepareCommand, telling: "running the command that is to write a fix", prose: true, forward: true, dear: true},
		repair.StrategyAgent:   {prepare: p.askAgent, telling: "the agent works on a fix", prose: true, forward: true, dear: true},
	}
}

// wayOf is the strategy by which a repair was made; a revert in parts is a revert.
func (p *Pipeline) wayOf(r selfheal.Repair) strategy {
	if !r.Authored() {
		return p.ways()[repair.StrategyRevert]
	}
	return p.ways()[r.Strategy]
}

// by makes one branch by one strategy, within what is left of the day's money.
func (p *Pipeline) by(ctx context.Context, name string, in repair.Input) (selfheal.Repair, error) {
	way, known := p.ways()[name]
	plain := selfheal.Repair{Attempt: 1, Strategy: name, Base: in.Incident.Opened.Assessment.Deploy.Revision}
	if !known {
		plain.Failure = "this program knows no such strategy"
		return plain, nil
	}
	if way.dear {
		on, err := p.moneyBrake(ctx)
		if err != nil || on != nil {
			plain.Failure = on.String()
			return plain, err
		}
	}
	if way.telling != "" {
		p.progress("%s", way.telling)
	}
	return way.prepare(ctx, in)
}

// askAgent lets the built-in agent write a fix.
func (p *Pipeline) askAgent(ctx context.Context, in repair.Input) (selfheal.Repair, error) {
	left, err := p.moneyLeft(ctx)
	if err != nil {
		return selfheal.Repair{}, err
	}
	return agent.Prepare(ctx, agent.Input{Input: in, Model: p.Fixer, Budget: selfheal.Budget{Dollars: left}, Symbols: p.symbols(in)})
}

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
		var made selfheal.Repair
		if repair.Delegated(strategy) {
			made, err = p.delegated(strategy, i, strategy == left[len(left)-1])(ctx, in)
		} else {
			made, err = p.by(ctx, strategy, in)
		}
		if err != nil {
			return step{}, err
		}
		if made.Failure == "" {
			made.Tried = tried
			return did(selfheal.EventRepairPrepared, made), nil
		}
		last, tried = made, append(tried, selfheal.Tried{Strategy: strategy, Reason: made.Failure, Agent: made.Agent})
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
	tried := append(slices.Clone(failed.Tried), selfheal.Tried{Strategy: name, Reason: failed.Failure, Agent: failed.Agent})
	left := slices.DeleteFunc(slices.Clone(strategies(i)), func(s string) bool {
		return slices.ContainsFunc(tried, func(t selfheal.Tried) bool { return t.Strategy == s })
	})
	if len(left) == 0 {
		failed.Tried, failed.Failure = tried, givenUp(tried)
		return did(selfheal.EventRepairFailed, failed), nil
	}
	return p.prepareBy(ctx, i, left, tried)
}
