package pipeline

import (
	"context"
	"fmt"

	"selfheal"
	"selfheal/internal/detect"
	"selfheal/internal/watch"
)

// Given takes errors that somebody gives rather than detection finds: all that
// the logs hold count against the deploy. Nothing is journalled.
func (p *Pipeline) Given(ctx context.Context, plan watch.Plan, repository string, logs selfheal.Source) (selfheal.Opened, error) {
	given, err := collect(ctx, logs, plan, watch.Watched, p.Group)
	if err != nil {
		return selfheal.Opened{}, unreadable("errors", err)
	}
	assessment := selfheal.Assessment{Deploy: plan.Deploy, Window: watch.AttestGiven(plan, given.coverage), Tested: len(given.signatures)}
	assessment.Anomalies = detect.Given(given.counts, given.signatures)
	assessment.Signatures = named(given.signatures, assessment.Anomalies)
	if len(assessment.Anomalies) == 0 {
		return selfheal.Opened{}, selfheal.Usagef("give the lines of a log, or a stack trace", "there is no error in what was given")
	}
	return selfheal.Opened{ID: incidentID(plan.Deploy.Key()), Assessment: assessment, Repository: repository, Program: p.Version}, nil
}

// Examine judges the change of a deploy, in memory only: what today's program
// says of it, with none of what was concluded earlier. The incidents that it
// gives, one for each cause, have come as far as their verdict.
func (p *Pipeline) Examine(ctx context.Context, opened selfheal.Opened) ([]*selfheal.Incident, error) {
	judged, err := p.triage(ctx, opened)
	if err != nil {
		return nil, fmt.Errorf("incident %s: %w", opened.ID, err)
	}
	incident := func(o selfheal.Opened, j selfheal.Judged) *selfheal.Incident {
		return &selfheal.Incident{Key: o.Assessment.Deploy.Key(), ID: o.ID, Stage: selfheal.StageJudged, Opened: o, Judged: &j}
	}
	incidents := []*selfheal.Incident{incident(opened, judged)}
	for i, other := range judged.Others {
		part := opened
		part.Part, part.Assessment = i+2, PartOf(opened.Assessment, other)
		part.ID = fmt.Sprintf("%s-%d", opened.ID, part.Part)
		further := incident(part, selfheal.Judged{Verdict: other, Change: judged.Change})
		further.Key += fmt.Sprintf("-%d", part.Part)
		incidents = append(incidents, further)
	}
	return incidents, nil
}
