package pipeline

import (
	"context"

	"selfheal"
	"selfheal/internal/detect"
	"selfheal/internal/group"
	"selfheal/internal/watch"
)

// AssessBuild says what went wrong in a build that failed: every error that its
// output shows counts, since a build has no background of errors.
func (p *Pipeline) AssessBuild(ctx context.Context, plan watch.Plan, failure selfheal.BuildFailure) (selfheal.Assessment, error) {
	options := p.Group
	options.Build = true
	built, err := collect(ctx, buildErrors(failure), plan, watch.Watched, options)
	if err != nil {
		return selfheal.Assessment{}, unreadable("build log", err)
	}
	assessment := selfheal.Assessment{Deploy: plan.Deploy, Window: watch.AttestBuild(plan, built.coverage), Build: &failure}
	assessment.Anomalies = detect.Build(built.counts, built.signatures)
	assessment.Tested = len(built.signatures)
	assessment.Signatures = named(built.signatures, assessment.Anomalies)
	return assessment, p.record(ctx, assessment)
}

// buildErrors is a [selfheal.Source] of the errors of a build. A build that printed nothing has none.
type buildErrors selfheal.BuildFailure

// Read gives the errors in the order of their importance.
func (b buildErrors) Read(ctx context.Context, _ selfheal.Query, yield func(*selfheal.Entry) error) error {
	if len(b.Tail) == 0 {
		return nil
	}
	for _, e := range b.Errors {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		record := group.BuildRecord(e)
		if err := yield(&selfheal.Entry{Stream: record.Stream, Number: e.At, Record: &record}); err != nil {
			return err
		}
	}
	return nil
}
