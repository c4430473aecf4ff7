package app

import (
	"context"
	"slices"
	"time"

	"selfheal"
	"selfheal/internal/pipeline"
	"selfheal/internal/pipeline/live"
	"selfheal/internal/report"
)

// WatchRequest is one deploy to be watched while it serves.
type WatchRequest struct {
	Command              string // who the journal says asked, e.g. "watch"
	Service, Environment string // empty: from the configuration
	Revision             string // that was deployed, in any spelling that git knows
	Previous             string // that served before; empty: what the journal knows to have served last
	DeployedAt           time.Time
	Window               time.Duration
	Every                time.Duration // between two looks
	UntilClean           bool          // stop as soon as the deploy can be called clean
	WholeWindow          bool          // go on after an answer, to the window's end
	Resume               bool          // go on with the watch of the service that was cut off
	Baseline             time.Duration // zero: 7 days
	Repair, DryRun       bool
	Strategies           []string
	CommandRequest
	CauseRequest
	// See is told of every look.
	See func(live.Look)
}

// Watch watches a deploy until there is an answer, and does about it what the
// request allows. Called again for the same deploy it goes on where it was cut off.
func (a *App) Watch(ctx context.Context, r WatchRequest) (report.Report, error) {
	p, err := a.Pipeline(ctx, r.Command)
	if err != nil {
		return report.Report{}, err
	}
	watching, err := a.beginWatch(ctx, p, r)
	if err != nil {
		return report.Report{}, err
	}
	look, err := watching.Until(ctx, r.Every, pause, func(l live.Look) bool {
		r.See(l)
		return len(l.Assessment.Anomalies) > 0 && !r.WholeWindow
	})
	if err != nil {
		return report.Report{}, err
	}
	result := a.report(look.Assessment)
	if len(look.Assessment.Anomalies) > 0 {
		incidents, err := a.handle(ctx, p, look.Assessment, r.check())
		if err != nil {
			return report.Report{}, err
		}
		result = a.report(look.Assessment, incidents...)
	}
	if err := watching.End(ctx, look.Assessment, result.Status, result.Headline); err != nil {
		return report.Report{}, err
	}
	return result, a.compact(ctx, keepCounts)
}

// keepCounts is how long counts are kept where no process is configured to keep them longer.
const keepCounts = 28 * 24 * time.Hour

// compact makes counts smaller that are older than what is compared by the minute.
func (a *App) compact(ctx context.Context, keep time.Duration) error {
	now := a.settings.Clock()
	return a.store.Compact(ctx, now.Add(-fineFor), now.Add(-keep))
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (r WatchRequest) check() CheckRequest {
	return CheckRequest{
		Command: r.Command, Service: r.Service, Environment: r.Environment, Repair: r.Repair, DryRun: r.DryRun,
		Strategies: r.Strategies, CommandRequest: r.CommandRequest, CauseRequest: r.CauseRequest,
	}
}

func (a *App) beginWatch(ctx context.Context, p *pipeline.Pipeline, r WatchRequest) (*live.Watching, error) {
	watcher, err := a.watcher(ctx, p, r.Baseline)
	if err != nil {
		return nil, err
	}
	if r.Resume {
		known, err := a.unfinished(ctx, p, r)
		if err != nil {
			return nil, err
		}
		return watcher.Resume(ctx, known)
	}
	started, err := a.watchStarted(ctx, p, r)
	if err != nil {
		return nil, err
	}
	return watcher.Begin(ctx, started)
}

// watcher reads the configured source of the service's logs.
func (a *App) watcher(ctx context.Context, p *pipeline.Pipeline, baseline time.Duration) (*live.Watcher, error) {
	source, err := a.liveSource(ctx)
	if err != nil {
		return nil, err
	}
	return &live.Watcher{Pipeline: p, Source: source, Name: a.config.Source.Kind, Options: live.Options{Baseline: baseline}, Progress: a.settings.Progress}, nil
}

// unfinished finds the watch that was cut off.
func (a *App) unfinished(ctx context.Context, p *pipeline.Pipeline, r WatchRequest) (*selfheal.Watch, error) {
	going, err := p.Watches(ctx)
	if err != nil {
		return nil, err
	}
	check := r.check()
	service, environment := a.service(check), a.environment(check)
	going = slices.DeleteFunc(going, func(w *selfheal.Watch) bool {
		d := w.Started.Deploy
		return d.Service != service || d.Environment != environment
	})
	if len(going) == 0 {
		return nil, selfheal.NotFoundf("start one with --revision", "no watch of %s in %s was cut off", service, environment)
	}
	return going[0], nil
}

func (a *App) watchStarted(ctx context.Context, p *pipeline.Pipeline, r WatchRequest) (selfheal.WatchStarted, error) {
	previous, err := a.previous(ctx, p, r)
	if err != nil {
		return selfheal.WatchStarted{}, err
	}
	if r.DeployedAt.IsZero() {
		r.DeployedAt = a.settings.Clock()
		if goesOn, found := a.sameWatch(ctx, p, r, previous); found {
			r.DeployedAt = goesOn
		}
	}
	check := r.check()
	check.Base, check.Head, check.DeployedAt, check.Planned = previous, r.Revision, r.DeployedAt, r.Window
	plan, err := a.plan(ctx, check)
	if err != nil {
		return selfheal.WatchStarted{}, err
	}
	return selfheal.WatchStarted{
		Deploy: plan.Deploy, Names: plan.Names, PreviousNames: plan.PreviousNames, Window: selfheal.Duration(r.Window),
		UntilClean: r.UntilClean, Repository: a.repository.Directory(), From: "selfheal " + r.Command,
	}, nil
}

// sameWatch gives the time of the deploy where this very deploy is being watched
// already: a command that is given again goes on with it.
func (a *App) sameWatch(ctx context.Context, p *pipeline.Pipeline, r WatchRequest, previous string) (time.Time, bool) {
	base, head, err := a.revisions(ctx, previous, r.Revision)
	if err != nil {
		return time.Time{}, false
	}
	check := r.check()
	deploy := selfheal.Deploy{Service: a.service(check), Environment: a.environment(check), Revision: head, Previous: base}
	known, err := p.Watch(ctx, deploy.Key())
	if err != nil || known.Ended != nil {
		return time.Time{}, false
	}
	return known.Started.Deploy.Time, true
}

// previous is the revision that served before: as given, else the one that was watched last.
func (a *App) previous(ctx context.Context, p *pipeline.Pipeline, r WatchRequest) (string, error) {
	if r.Previous != "" {
		return r.Previous, nil
	}
	check := r.check()
	last, err := p.LastWatch(ctx, selfheal.Scope{Service: a.service(check), Environment: a.environment(check)})
	if err != nil {
		return "", err
	}
	if last == nil {
		return "", selfheal.Usagef("name it with --previous", "it is not known which revision served before: this is the first deploy of the service that is watched")
	}
	if head, err := a.history.Load().Resolve(ctx, r.Revision); err == nil && head == last.Started.Deploy.Revision {
		return last.Started.Deploy.Previous, nil // the very deploy, which is watched already
	}
	return last.Started.Deploy.Revision, nil
}
