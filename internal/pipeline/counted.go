package pipeline

import (
	"context"
	"time"

	"selfheal"
	"selfheal/internal/watch"
)

// Learned is what a service logged before a deploy, as it was counted.
type Learned struct {
	counted    []selfheal.Counted
	signatures map[selfheal.SignatureID]*selfheal.Signature
	// Interval is what of the baseline was asked for.
	Interval selfheal.Interval
}

// Learn gives the counted baseline of a deploy, which ends at a time. It does not
// change while the deploy is watched.
func (p *Pipeline) Learn(ctx context.Context, d selfheal.Deploy, end time.Time, length time.Duration) (Learned, error) {
	interval := selfheal.Interval{From: end.Add(-length).Truncate(time.Hour), To: end.Truncate(time.Minute)}
	scope := selfheal.Scope{Service: d.Service, Environment: d.Environment}
	counted, err := p.Counts.Counted(ctx, scope, interval)
	if err != nil {
		return Learned{}, unreadable("baseline", err)
	}
	signatures, err := p.Counts.Signatures(ctx, scope)
	return Learned{counted, signatures, interval}, err
}

// AssessCounted says what changed by what was counted since the deploy, up to the
// last minute that is complete. Nothing is journalled but what was learnt about
// signatures: the window may be judged every few seconds.
func (p *Pipeline) AssessCounted(ctx context.Context, plan watch.Plan, from Learned, live watch.Live, repository string) (selfheal.Assessment, error) {
	scope := selfheal.Scope{Service: plan.Deploy.Service, Environment: plan.Deploy.Environment}
	interval := selfheal.Interval{From: plan.Deploy.Time.Truncate(time.Minute), To: live.Through.Truncate(time.Minute)}
	counted, signatures, err := p.counted(ctx, scope, interval, from.signatures)
	if err != nil {
		return selfheal.Assessment{}, unreadable("window", err)
	}
	baseline := gather(from.counted, signatures, func(string) watch.Part { return watch.Counted })
	watched := gather(counted, signatures, plan.PartOf)
	live.Expected = expected(&baseline.counts.All, from.Interval, interval)
	window := watch.AttestLive(plan, baseline.coverage, watched.coverage, live)
	window.Watched = interval
	assessment := selfheal.Assessment{Deploy: plan.Deploy, Window: window}
	if watch.Blind(window) {
		return assessment, nil
	}
	known, err := p.identify(ctx, plan.Deploy.Service, &baseline, &watched)
	if err != nil {
		return selfheal.Assessment{}, err
	}
	return assessment, p.detect(ctx, &assessment, detected{plan, repository, baseline, watched, known})
}

// counted gives what was counted in an interval, with descriptions of all that
// occurs; known are those that were asked for before.
func (p *Pipeline) counted(ctx context.Context, scope selfheal.Scope, i selfheal.Interval, known map[selfheal.SignatureID]*selfheal.Signature) ([]selfheal.Counted, map[selfheal.SignatureID]*selfheal.Signature, error) {
	counted, err := p.Counts.Counted(ctx, scope, i)
	if err != nil || describes(known, counted) {
		return counted, known, err
	}
	signatures, err := p.Counts.Signatures(ctx, scope)
	return counted, signatures, err
}

// ObserveFixCounted is ObserveFix by what was counted since the fix serves.
func (p *Pipeline) ObserveFixCounted(ctx context.Context, key string, deploy selfheal.Deploy, through time.Time) error {
	scope := selfheal.Scope{Service: deploy.Service, Environment: deploy.Environment}
	interval := selfheal.Interval{From: deploy.Time.Truncate(time.Minute), To: through.Truncate(time.Minute)}
	counted, signatures, err := p.counted(ctx, scope, interval, nil)
	if err != nil {
		return unreadable("logs since the fix", err)
	}
	plan := watch.Plan{Deploy: deploy}
	return p.observeFix(ctx, key, plan, gather(counted, signatures, plan.PartOf))
}

// Record journals an assessment in its deploy's stream.
func (p *Pipeline) Record(ctx context.Context, a selfheal.Assessment) error { return p.record(ctx, a) }

func describes(signatures map[selfheal.SignatureID]*selfheal.Signature, counted []selfheal.Counted) bool {
	for _, c := range counted {
		for id := range c.Counts.Series {
			if signatures[id] == nil {
				return false
			}
		}
	}
	return true
}

// gather puts the counts of all revisions together. What is given is not changed.
func gather(counted []selfheal.Counted, signatures map[selfheal.SignatureID]*selfheal.Signature, part func(revision string) watch.Part) collected {
	all := newCollected()
	for _, c := range counted {
		side := &all.counts
		if part(c.Revision) == watch.Control {
			side = &all.control
		}
		side.Records += c.Counts.Records
		side.All.Merge(&c.Counts.All)
		for id, series := range c.Counts.Series {
			if signatures[id] == nil {
				continue
			}
			if all.signatures[id] == nil {
				described := *signatures[id]
				all.signatures[id], all.counts.Series[id] = &described, &selfheal.Series{}
			}
			if side.Series[id] == nil {
				side.Series[id] = &selfheal.Series{}
			}
			side.Series[id].Merge(series)
		}
		coverage := c.Coverage
		coverage.Revisions = nil
		if c.Revision != "" {
			coverage.Revisions = map[string]int64{c.Revision: c.Coverage.Records}
		}
		all.coverage = watch.Merge(all.coverage, coverage)
	}
	all.coverage.Signatures = len(all.signatures)
	return all
}

// expected is how many records the window would hold at the pace of the same hours
// of the baseline's days, or of the whole baseline where it knows too few.
func expected(all *selfheal.Series, baseline, window selfheal.Interval) float64 {
	from, to := selfheal.MinuteOf(window.From), selfheal.MinuteOf(window.To)
	const day = 24 * 60
	var seen, minutes float64
	for back := int64(1); back <= 28; back++ {
		if selfheal.MinuteOf(baseline.From) > from-back*day {
			break
		}
		seen += float64(all.Between(from-back*day, to-back*day))
		minutes += float64(to - from)
	}
	if minutes == 0 {
		first, last := all.Counts, selfheal.MinuteOf(baseline.To)
		if len(first) == 0 || last <= first[0].Minute {
			return 0
		}
		seen, minutes = float64(all.Total()), float64(last-first[0].Minute)
	}
	return seen / minutes * float64(to-from)
}
