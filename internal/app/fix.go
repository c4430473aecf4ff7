package app

import (
	"context"

	"selfheal"
	"selfheal/internal/report"
)

// Merge merges an incident's pull request on the local forge, as a person would.
func (a *App) Merge(ctx context.Context, incident *selfheal.Incident, by string) (selfheal.PullRequest, error) {
	if incident.PullRequest == nil {
		return selfheal.PullRequest{}, selfheal.NotFoundf("", "incident %s has no pull request", incident.ID)
	}
	forge, err := a.Forge(ctx)
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	return forge.MergePullRequest(ctx, incident.PullRequest.Mark, by)
}

// FixDeployed takes an incident on after its fix was deployed: logs are what was
// written since.
func (a *App) FixDeployed(ctx context.Context, command, key string, deploy selfheal.Deploy, logs []string) (report.Report, error) {
	p, err := a.Pipeline(ctx, command)
	if err != nil {
		return report.Report{}, err
	}
	if _, err := a.run(ctx, p, key); err != nil { // sees the merge
		return report.Report{}, err
	}
	source, err := logSource(logs, nil)
	if err != nil {
		return report.Report{}, err
	}
	if err := p.ObserveFix(ctx, key, deploy, source); err != nil {
		return report.Report{}, err
	}
	next, err := a.run(ctx, p, key)
	if err != nil {
		return report.Report{}, err
	}
	return a.report(next.Incident.Opened.Assessment, next.Incident), nil
}
