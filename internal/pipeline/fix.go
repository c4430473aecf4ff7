package pipeline

import (
	"context"

	"selfheal"
	"selfheal/internal/watch"
)

// ObserveFix reads what was logged since the fix of an incident serves, and
// tells the incident. Doing it twice is doing it once.
func (p *Pipeline) ObserveFix(ctx context.Context, key string, deploy selfheal.Deploy, logs selfheal.Source) error {
	incident, err := p.Load(ctx, key)
	if err != nil {
		return err
	}
	plan := watch.Plan{Deploy: deploy}
	seen, err := collect(ctx, logs, plan, watch.Watched, p.Group)
	if err != nil {
		return unreadable("logs since the fix", err)
	}
	fix := selfheal.FixDeployed{
		Deploy: deploy, Counts: map[selfheal.SignatureID]int64{}, Records: seen.coverage.Records,
		Window: watch.AttestFix(plan, seen.coverage),
	}
	for _, anomaly := range incident.Opened.Assessment.Anomalies {
		fix.Counts[anomaly.Signature] = seen.counts.Of(anomaly.Signature).Total()
	}
	return p.fixDeployed(ctx, key, fix)
}

// fixDeployed journals that the fix serves. Where the pull request was merged
// and nobody has looked since, the deploy is news enough.
func (p *Pipeline) fixDeployed(ctx context.Context, key string, fix selfheal.FixDeployed) error {
	return p.retry(ctx, func() error {
		incident, err := p.Load(ctx, key)
		if err != nil {
			return err
		}
		switch incident.Stage {
		case selfheal.StageMerged, selfheal.StageProposed:
			return p.append(ctx, selfheal.StreamName(selfheal.StreamIncident, key), incident.Version, selfheal.EventFixDeployed, fix)
		case selfheal.StageDeployed, selfheal.StageAnswered, selfheal.StageClosed:
			return nil
		}
		return selfheal.Usagef("", "incident %s has no repair that could have been deployed: it is %s", incident.ID, incident.Stage)
	})
}
