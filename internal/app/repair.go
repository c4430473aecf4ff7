package app

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/pipeline"
	"selfheal/internal/repair"
)

// strategies are the ways to repair that a request asks for. None is the same as a revert alone.
func (a *App) strategies(ctx context.Context, r CheckRequest) ([]string, error) {
	asked := r.Strategies
	if len(asked) == 0 {
		asked = a.config.Repair.Strategies
	}
	if !r.Repair || slices.Equal(asked, []string{repair.StrategyRevert}) {
		return nil, nil
	}
	if slices.Contains(asked, repair.StrategyCommand) {
		if _, err := a.agent(); err != nil {
			return nil, err
		}
	}
	if slices.Contains(asked, repair.StrategyAgent) {
		if _, err := a.fixer(); err != nil {
			return nil, err
		}
	}
	return asked, a.checkDelegates(ctx, asked)
}

// guards and limits are those of the configuration.
func (a *App) guards() repair.Guards {
	g := a.config.Repair.Guards
	return repair.Guards{MaxLines: g.MaxLines, MaxFiles: g.MaxFiles, AllowPaths: g.AllowPaths}
}

func (a *App) limits() pipeline.Limits {
	l := a.config.Repair.Limits
	return pipeline.Limits{
		PullRequestsPerDay: l.PullRequestsPerDay, OpenPullRequests: l.OpenPullRequests, AttemptsPerIncident: l.AttemptsPerIncident,
		DollarsPerDay: l.DollarsPerDay, Failures: l.Failures, Pause: time.Duration(l.Pause),
	}
}

// Brakes tells how the limits on repairing stand.
func (a *App) Brakes(ctx context.Context) ([]pipeline.Brake, error) {
	return pipeline.BrakesOf(ctx, a.store, a.limits(), a.settings.Clock())
}

// agent is the command that writes fixes; CodeUsage when none is configured, or
// when it cannot get what it is to get.
func (a *App) agent() (*repair.Agent, error) {
	settings := a.config.Repair.Command
	if settings.Line() == "" {
		return nil, selfheal.Usagef("set repair.command.preset or repair.command.run in selfheal.yaml", "no command is configured that could write a fix")
	}
	agent := &repair.Agent{
		Run: settings.Line(), Timeout: time.Duration(settings.Timeout), Network: settings.Network, Random: rand.Reader,
	}
	for _, name := range settings.Env {
		value := a.settings.Getenv(name)
		if value == "" {
			return nil, selfheal.Usagef("set it, or take it out of repair.command.env", "repair.command.env names %s, which is not set", name)
		}
		agent.Env = append(agent.Env, name+"="+value)
	}
	return agent, nil
}
