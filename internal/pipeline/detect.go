package pipeline

import (
	"context"

	"selfheal"
	"selfheal/internal/detect"
	"selfheal/internal/group/related"
	"selfheal/internal/watch"
)

// detected is what detection is about.
type detected struct {
	plan              watch.Plan
	repository        string // empty: unknown
	baseline, watched collected
	known             identities
}

// detect says what changed. Where the change itself reworded a message, both
// wordings are one signature, and the deploy is judged anew by that.
func (p *Pipeline) detect(ctx context.Context, a *selfheal.Assessment, d detected) error {
	in, found, err := p.compare(ctx, a, d)
	if err != nil {
		return err
	}
	edits, err := p.edits(ctx, d, found.Anomalies)
	if err != nil {
		return err
	}
	if aliases := reworded(edits); len(aliases) > 0 {
		if err := p.learn(ctx, &d, aliases); err != nil {
			return err
		}
		if in, found, err = p.compare(ctx, a, d); err != nil {
			return err
		}
	}
	excuse(&found, func(a selfheal.Anomaly) string { return intention(a, edits) })
	alike := related.Find(sorted(in.Signatures), dropped(found.Anomalies), relatedAtMost)
	excuse(&found, func(a selfheal.Anomaly) string { return d.successor(a, alike[a.Signature]) })
	a.Anomalies, a.SetAside, a.Asked, a.Tested, a.Power = found.Anomalies, found.SetAside, found.Asked, found.Tested, found.Power
	a.TellsNew = selfheal.Duration(found.TellsNew)
	a.Signatures = named(in.Signatures, a.Anomalies, a.SetAside, a.Asked)
	a.Related = related.Find(sorted(in.Signatures), flagged(*a), relatedAtMost)
	return p.judgeClusters(ctx, a, in)
}

// compare judges the counts of both sides.
func (p *Pipeline) compare(ctx context.Context, a *selfheal.Assessment, d detected) (in detect.Input, found detect.Result, err error) {
	defer timed("detect")()
	in = detect.Input{
		Baseline: d.baseline.counts, Watched: d.watched.counts, Planned: d.plan.Planned,
		BaselineInterval: a.Window.Baseline, WatchedInterval: a.Window.Watched,
		DeployedAt: a.Deploy.Time, FineFrom: fineFrom(a.Deploy.Time), Signatures: union(d.baseline, d.watched), Ignored: d.known.Ignored(),
	}
	if d.watched.control.Records > 0 {
		in.Concurrent = &d.watched.control
	}
	if in.Excluded, err = p.excluded(ctx, a.Deploy, d.known); err != nil {
		return in, found, err
	}
	if in.Asked, err = d.known.named(d.plan.Asked, in.Signatures); err != nil {
		return in, found, err
	}
	return in, detect.Judge(in, p.Detect), nil
}

// relatedAtMost is how many signatures are shown beside one.
const relatedAtMost = 4
