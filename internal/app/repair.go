package app

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"selfheal"
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
	return asked, a.checkDelegates(ctx, asked)
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
		Guards: repair.Guards{MaxLines: a.config.Repair.Guards.MaxLines, MaxFiles: a.config.Repair.Guards.MaxFiles},
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
