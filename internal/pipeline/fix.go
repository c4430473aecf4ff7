package pipeline

import (
	"context"
	"maps"
	"slices"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/watch"
)

// ObserveFix reads what was logged since the fix of an incident serves, and
// tells the incident. Doing it twice is doing it once.
func (p *Pipeline) ObserveFix(ctx context.Context, key string, deploy selfheal.Deploy, logs selfheal.Source) error {
	plan := watch.Plan{Deploy: deploy}
	seen, err := collect(ctx, logs, plan, watch.Watched, p.Group)
	if err != nil {
		return unreadable("logs since the fix", err)
	}
	return p.observeFix(ctx, key, plan, seen)
}

func (p *Pipeline) observeFix(ctx context.Context, key string, plan watch.Plan, seen collected) error {
	incident, err := p.Load(ctx, key)
	if err != nil {
		return err
	}
	judged := incident.Opened.Assessment
	today := p.resigned(judged.Signatures)
	known, err := p.identify(ctx, judged.Deploy.Service, recalled(slices.Collect(maps.Values(today))), &seen)
	if err != nil {
		return err
	}
	fix := selfheal.FixDeployed{
		Deploy: plan.Deploy, Counts: map[selfheal.SignatureID]int64{}, Records: seen.coverage.Records,
		Window: watch.AttestFix(plan, seen.coverage),
	}
	for _, anomaly := range judged.Anomalies {
		id := anomaly.Signature
		if s, described := today[id]; described {
			id = s.ID
		}
		fix.Counts[anomaly.Signature] = seen.counts.Of(known.standsFor(id)).Total()
	}
	if err := p.recount(ctx, judged, seen, &fix); err != nil {
		return err
	}
	return p.fixDeployed(ctx, key, fix)
}

// resigned gives signatures under the ids that today's algorithm has for them, by
// the ids they had: an incident may have been opened by an older program.
func (p *Pipeline) resigned(signatures []selfheal.Signature) map[selfheal.SignatureID]selfheal.Signature {
	today := make(map[selfheal.SignatureID]selfheal.Signature, len(signatures))
	for _, s := range signatures {
		today[s.ID] = group.Resign(p.Group, s)
	}
	return today
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
