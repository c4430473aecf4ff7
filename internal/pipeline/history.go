package pipeline

import (
	"context"
	"maps"
	"slices"

	"selfheal"
	"selfheal/internal/group"
	"selfheal/internal/watch"
)

// History is what a service logged over a long time.
type History struct {
	Counts     selfheal.Counts // of every signature by the minute
	Signatures map[selfheal.SignatureID]*selfheal.Signature
	Ignored    map[selfheal.SignatureID]bool
	Coverage   selfheal.Coverage
}

// History reads logs that no deploy divides. Nothing is journalled.
func (p *Pipeline) History(ctx context.Context, service string, logs selfheal.Source) (History, error) {
	reading := reading{plan: watch.Plan{Deploy: selfheal.Deploy{Service: service}}, side: watch.Watched, options: p.Group, byMinute: true}
	read, err := reading.of(ctx, logs)
	if err != nil {
		return History{}, unreadable("logs", err)
	}
	known, err := p.Identities(ctx, service)
	if err != nil {
		return History{}, err
	}
	found := group.Generalise(values(slices.Collect(maps.Values(read.signatures))), known.Patterns)
	known.Learn(found.Learned)
	read.identify(identities{known, found.Of})
	return History{Counts: read.counts, Signatures: read.signatures, Ignored: known.Ignored(), Coverage: read.coverage}, nil
}
