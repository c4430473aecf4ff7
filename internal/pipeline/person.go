package pipeline

import (
	"context"

	"selfheal"
)

// Approve has the remedy of an incident carried out that was not asked for when it
// was opened. What is past that is left as it is.
func (p *Pipeline) Approve(ctx context.Context, key string) error {
	return p.retry(ctx, func() error {
		incident, err := p.Load(ctx, key)
		if err != nil {
			return err
		}
		switch incident.Stage {
		case selfheal.StageOpened, selfheal.StageJudged, selfheal.StageDecided:
		case selfheal.StageClosed:
			return &selfheal.Error{Code: selfheal.CodeRefused, Message: "incident " + incident.ID + " is closed: " + incident.Closed}
		default:
			return nil
		}
		intent := incident.Opened.Intent
		if intent.Repair && !intent.DryRun {
			return nil
		}
		intent.Repair, intent.DryRun = true, false
		return p.append(ctx, selfheal.StreamName(selfheal.StreamIncident, key), incident.Version, selfheal.EventIntentChanged, intent)
	})
}

// Dismiss closes an incident because a person says so, with the pull request that
// is open for it.
func (p *Pipeline) Dismiss(ctx context.Context, key, reason string) error {
	return p.retry(ctx, func() error {
		incident, err := p.Load(ctx, key)
		if err != nil || incident.Stage == selfheal.StageClosed {
			return err
		}
		if incident.Stage == selfheal.StageProposed && p.Forge != nil {
			if err := p.Forge.ClosePullRequest(ctx, incident.PullRequest.Mark, reason); err != nil && selfheal.CodeOf(err) != selfheal.CodeNotFound {
				return err
			}
		}
		return p.append(ctx, selfheal.StreamName(selfheal.StreamIncident, key), incident.Version, selfheal.EventIncidentClosed, selfheal.Closed{Reason: reason})
	})
}
