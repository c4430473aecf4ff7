package app

import (
	"context"
	"time"

	"selfheal"
	"selfheal/internal/pipeline/live"
	"selfheal/internal/server"
)

// Announce takes in what is said about a deploy.
func (s *Steward) Announce(ctx context.Context, a selfheal.Announcement) (server.Received, error) {
	received, err := s.announce(ctx, a)
	outcome := "watched"
	switch {
	case err != nil:
		outcome = "refused"
	case !received.Watch:
		outcome = "nothing"
	}
	s.metrics.Announced.WithLabelValues(a.From, outcome).Inc()
	return received, err
}

func (s *Steward) announce(ctx context.Context, a selfheal.Announcement) (server.Received, error) {
	service, err := s.of(scopeOf(a.Deploy))
	if err != nil {
		return server.Received{}, err
	}
	if a.Deploy, err = service.app.resolved(ctx, a.Deploy); err != nil {
		return server.Received{}, err
	}
	p := service.pipeline
	last, err := p.LastWatch(ctx, scopeOf(a.Deploy))
	if err != nil {
		return server.Received{}, err
	}
	step := live.Decide(last, a, time.Duration(s.config.Serve.Window))
	if step.End != nil {
		if err := p.EndWatch(ctx, last.Key, *step.End); err != nil {
			return server.Received{}, err
		}
		if a.Phase == selfheal.PhaseRolledBack {
			s.notice(ctx, last.Started.Deploy, selfheal.NoticeRolledBack, selfheal.SeverityWarn, step.End.Reason, "")
		}
	}
	if step.Start == nil {
		return server.Received{Deploy: a.Deploy.Key(), Reason: step.Reason}, nil
	}
	step.Start.Repository = service.app.repository.Directory()
	started, err := p.StartWatch(ctx, *step.Start)
	if err != nil {
		return server.Received{}, err
	}
	if step.AtOnce != nil {
		return server.Received{Deploy: started.Key, Reason: step.Reason}, p.EndWatch(ctx, started.Key, *step.AtOnce)
	}
	return server.Received{Deploy: started.Key, Watch: true}, s.enqueue(ctx, JobLook, started.Key, s.settings.Clock())
}

// resolved gives a deploy with the full ids of its revisions, as far as the
// repository knows them: what came since the clone was made is fetched.
func (a *App) resolved(ctx context.Context, d selfheal.Deploy) (selfheal.Deploy, error) {
	for _, revision := range []*string{&d.Revision, &d.Previous} {
		if *revision == "" {
			continue
		}
		id, err := a.history.Load().Resolve(ctx, *revision)
		if err != nil {
			if err := a.fetch(ctx); err != nil {
				return d, err
			}
			if id, err = a.history.Load().Resolve(ctx, *revision); err != nil {
				return d, err
			}
		}
		*revision = id
	}
	return d, nil
}

// fetch brings what is new in the repository's remote into the working copy of
// selfheal's own; from then on the history is read there.
func (a *App) fetch(ctx context.Context) error {
	workspace, err := a.workRepositories().Workspace(ctx, a.repository.Directory())
	if err != nil {
		return err
	}
	if err := workspace.Update(ctx, a.repository); err != nil {
		return err
	}
	a.history.Store(workspace.Repository)
	return nil
}
