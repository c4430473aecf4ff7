package pipeline

import (
	"context"
	"crypto/rand"
	"fmt"

	"selfheal"
	"selfheal/internal/repair"
)

// Delegation is a coding agent elsewhere and what may be taken from it.
type Delegation struct {
	Delegate selfheal.Delegate
	Guards   repair.Guards
}

// delegated gives how a strategy that leaves the writing to an agent elsewhere
// prepares a repair. An agent that cannot be reached is no reason to go without
// the next strategy; when it is the last one, asking again later may help.
func (p *Pipeline) delegated(strategy string, i *selfheal.Incident, last bool) func(context.Context, repair.Input) (selfheal.Repair, error) {
	configured := p.Delegates[strategy]
	d := repair.Delegation{Strategy: strategy, Delegate: configured.Delegate, Target: i.Opened.Target, Guards: configured.Guards, Random: rand.Reader}
	d.Forge, _ = p.Forge.(selfheal.Contributions)
	d.Guards.Classify = func(path string, content []byte) selfheal.FileClass {
		class, _ := p.Classifier.Classify(path, content)
		return class
	}
	return func(ctx context.Context, in repair.Input) (selfheal.Repair, error) {
		if i.Opened.Intent.DryRun {
			return selfheal.Repair{
				Attempt: 1, Strategy: strategy, Base: i.Opened.Assessment.Deploy.Revision,
				Failure: "a dry run asks no agent elsewhere, which would open a pull request",
			}, nil
		}
		p.progress("waiting for the coding agent of %s", strategy)
		made, err := repair.PrepareDelegated(ctx, in, d)
		if code := selfheal.CodeOf(err); last || ctx.Err() != nil || code != selfheal.CodeUnavailable && code != selfheal.CodeUsage {
			return made, err
		}
		made.Attempt, made.Strategy, made.Base = 1, strategy, i.Opened.Assessment.Deploy.Revision
		made.Failure = fmt.Sprintf("the agent was not asked to the end: %v", err)
		return made, nil
	}
}

// replaceContribution closes the pull request that the branch was made from: one
// incident has one open pull request, and it is the one that was proven. That it
// cannot be closed is not worth failing for.
func (p *Pipeline) replaceContribution(ctx context.Context, i *selfheal.Incident, opened *selfheal.PullRequest) {
	theirs := i.Repair.Contribution
	forge, able := p.Forge.(selfheal.Contributions)
	if theirs == nil || !able {
		return
	}
	err := forge.CloseContribution(ctx, *theirs, fmt.Sprintf("What this changes is proposed by %s, on the deployed revision and with what was executed to prove it.", opened.URL))
	if err != nil && ctx.Err() == nil {
		opened.Notes = append(opened.Notes, fmt.Sprintf("%s is still open beside it: %v", theirs.URL, err))
	}
}
