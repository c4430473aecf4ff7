package app

import (
	"context"
	"slices"

	"selfheal/internal/config"
	"selfheal/internal/pipeline"
	"selfheal/internal/repair"
)

// delegate is the coding agent elsewhere that a strategy asks; CodeUsage when it
// is not configured, or the forge is not the one that it works on.
func (a *App) delegate(ctx context.Context, strategy string) (pipeline.Delegation, error) {
	settled, err := a.forgeSettings(ctx)
	if err != nil {
		return pipeline.Delegation{}, err
	}
	s := config.DelegateSurroundings{Forge: settled, Opened: a.forge(ctx), Getenv: a.settings.Getenv, Scrub: a.redactor.String, Clock: a.settings.Clock}
	if unusable, ok := s.Opened.(unusableForge); ok {
		return pipeline.Delegation{}, unusable.err
	}
	d := pipeline.Delegation{Guards: repair.Guards{MaxLines: a.config.Repair.Guards.MaxLines, MaxFiles: a.config.Repair.Guards.MaxFiles}}
	if strategy == repair.StrategyCopilot {
		d.Delegate, err = a.config.Repair.GitHubCopilot.Open(s)
	} else {
		d.Delegate, err = a.config.Repair.OpenSWE.Open(s)
	}
	return d, err
}

// delegates are all that are configured. Who asks for another is told at once.
func (a *App) delegates(ctx context.Context) map[string]pipeline.Delegation {
	all := map[string]pipeline.Delegation{}
	for _, strategy := range []string{repair.StrategyOpenSWE, repair.StrategyCopilot} {
		if d, err := a.delegate(ctx, strategy); err == nil {
			all[strategy] = d
		}
	}
	return all
}

// checkDelegates says what keeps the strategies that are asked for from working.
func (a *App) checkDelegates(ctx context.Context, asked []string) error {
	for _, strategy := range slices.DeleteFunc(slices.Clone(asked), func(s string) bool { return !repair.Delegated(s) }) {
		if _, err := a.delegate(ctx, strategy); err != nil {
			return err
		}
	}
	return nil
}
