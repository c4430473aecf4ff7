package pipeline

import (
	"context"
	"fmt"

	"selfheal"
	"selfheal/internal/detect"
	"selfheal/internal/watch"
)

// Examine judges errors that somebody gives rather than detection finds: all
// that the logs hold count against the deploy. Nothing is journalled; the
// incident exists in memory only, and has come as far as its verdict.
func (p *Pipeline) Examine(ctx context.Context, plan watch.Plan, repository string, logs selfheal.Source) (*selfheal.Incident, error) {
	given, err := collect(ctx, logs, plan, watch.Watched, p.Group)
	if err != nil {
		return nil, unreadable("errors", err)
	}
	assessment := selfheal.Assessment{Deploy: plan.Deploy, Window: watch.AttestGiven(plan, given.coverage), Tested: len(given.signatures)}
	assessment.Anomalies = detect.Given(given.counts, given.signatures)
	assessment.Signatures = named(given.signatures, assessment.Anomalies)
	if len(assessment.Anomalies) == 0 {
		return nil, selfheal.Usagef("give the lines of a log, or a stack trace", "there is no error in what was given")
	}
	return p.Reexamine(ctx, &selfheal.Incident{
		Key: plan.Deploy.Key(), ID: incidentID(plan.Deploy.Key()), Stage: selfheal.StageOpened,
		Opened: selfheal.Opened{ID: incidentID(plan.Deploy.Key()), Assessment: assessment, Repository: repository, Program: p.Version},
	})
}

// Reexamine judges the change of an incident anew, in memory only: what today's
// program says of it, with none of what was concluded from an earlier verdict.
func (p *Pipeline) Reexamine(ctx context.Context, i *selfheal.Incident) (*selfheal.Incident, error) {
	judged, err := p.triage(ctx, i.Opened)
	if err != nil {
		return nil, fmt.Errorf("incident %s: %w", i.ID, err)
	}
	return &selfheal.Incident{Key: i.Key, ID: i.ID, Stage: selfheal.StageJudged, Opened: i.Opened, Judged: &judged}, nil
}
