package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"selfheal"
	"selfheal/internal/pipeline"
	"selfheal/internal/pipeline/live"
	"selfheal/internal/report"
)

// open takes the incidents of a deploy as far as they go, tells people, and asks for what is left.
func (s *Steward) open(ctx context.Context, service *looked, a selfheal.Assessment) ([]*selfheal.Incident, error) {
	by := s.config.Serve.Repair
	incidents, err := service.app.handle(ctx, service.pipeline, a, CheckRequest{
		Command: "serve", Service: a.Deploy.Service, Environment: a.Deploy.Environment,
		Repair: by != "none", DryRun: s.config.Serve.DryRun, Strategies: only(by),
	})
	if err != nil {
		return nil, err
	}
	for i, incident := range incidents {
		r := report.New(s.settings.Version, s.settings.Clock(), incident.Opened.Assessment, incident)
		if kind, severity := occasion(r.Status); i == 0 && kind != "" {
			s.noticeOf(ctx, incident, kind, severity, r.Headline)
		}
		s.progressed(ctx, incident)
		if incident.Stage != selfheal.StageClosed {
			if err := s.enqueue(ctx, JobAdvance, incident.Key, s.settings.Clock()); err != nil {
				return nil, err
			}
		}
	}
	return incidents, nil
}

// only gives the one strategy that is named; none where the configuration decides.
func only(by string) []string {
	if by == "none" || by == "auto" {
		return nil
	}
	return []string{by}
}

func occasion(status selfheal.Status) (selfheal.NoticeKind, selfheal.Severity) {
	switch status {
	case selfheal.StatusRegression:
		return selfheal.NoticeRegression, selfheal.SeverityError
	case selfheal.StatusInconclusive:
		return selfheal.NoticeInconclusive, selfheal.SeverityWarn
	}
	return "", 0
}

// advance takes an incident on.
func (s *Steward) advance(ctx context.Context, key string) (time.Duration, error) {
	incident, err := pipeline.LoadIncident(ctx, s.store, key)
	if err != nil {
		return 0, err
	}
	service, err := s.of(scopeOf(incident.Opened.Assessment.Deploy))
	if err != nil {
		slog.Warn("advance incident", "incident", incident.ID, "error", err)
		return 0, nil
	}
	next, err := service.pipeline.Run(ctx, key)
	if errors.Is(err, pipeline.ErrBusy) {
		return busyFor, nil
	}
	if err != nil {
		return 0, err
	}
	s.progressed(ctx, next.Incident)
	switch {
	case next.Done || next.At.IsZero():
		return 0, nil // only a deploy or a person can move it
	default:
		return max(time.Second, next.At.Sub(s.settings.Clock())), nil
	}
}

// busyFor is when to try again what another process is at.
const busyFor = 20 * time.Second

// progressed tells people how far an incident has come; what was told is not told again.
func (s *Steward) progressed(ctx context.Context, i *selfheal.Incident) {
	switch {
	case i.Outcome != nil && i.Outcome.State == selfheal.OutcomeHealed:
		s.noticeOf(ctx, i, selfheal.NoticeHealed, selfheal.SeverityInfo, i.Outcome.Reason)
	case i.PullRequest != nil && i.Stage == selfheal.StageProposed:
		s.noticeOf(ctx, i, selfheal.NoticePullRequest, selfheal.SeverityWarn, i.PullRequest.Title)
	}
}

func (s *Steward) noticeOf(ctx context.Context, i *selfheal.Incident, kind selfheal.NoticeKind, severity selfheal.Severity, text string) {
	n := selfheal.Notice{
		Time: s.settings.Clock(), Kind: kind, Severity: severity, Incident: i.Key, Deploy: i.Opened.Assessment.Deploy, Title: text,
	}
	if i.PullRequest != nil {
		n.URL = i.PullRequest.URL
	}
	s.deliver(ctx, n)
}

func (s *Steward) notice(ctx context.Context, d selfheal.Deploy, kind selfheal.NoticeKind, severity selfheal.Severity, title, text string) {
	s.deliver(ctx, selfheal.Notice{Time: s.settings.Clock(), Kind: kind, Severity: severity, Deploy: d, Title: title, Text: text, URL: d.URL})
}

// deliver never fails the work that it tells of.
func (s *Steward) deliver(ctx context.Context, n selfheal.Notice) {
	if err := s.teller.due(ctx, n); err != nil {
		slog.Error("tell people", "notice", n.Key(), "error", err)
	}
}

// observeFixes tells the incidents whose fix came with this deploy how it went.
func (s *Steward) observeFixes(ctx context.Context, service *looked, d selfheal.Deploy, look live.Look) error {
	streams, err := s.store.Streams(ctx, selfheal.StreamIncident, 0)
	if err != nil {
		return err
	}
	for _, stream := range streams {
		incident, err := pipeline.LoadIncident(ctx, s.store, streamKey(stream.Name, selfheal.StreamIncident))
		if err != nil {
			return err
		}
		if incident.Stage != selfheal.StageMerged || scopeOf(incident.Opened.Assessment.Deploy) != scopeOf(d) {
			continue
		}
		fixed, err := service.app.contains(ctx, d.Revision, incident)
		if err != nil || !fixed {
			if err != nil {
				slog.Warn("look for the fix in the deploy", "incident", incident.ID, "error", err)
			}
			continue
		}
		if err := service.pipeline.ObserveFixCounted(ctx, incident.Key, d, look.Assessment.Window.Watched.To); err != nil {
			return err
		}
		if err := s.enqueue(ctx, JobAdvance, incident.Key, s.settings.Clock()); err != nil {
			return err
		}
	}
	return nil
}

// contains tells whether a revision has the merged repair of an incident.
func (a *App) contains(ctx context.Context, revision string, i *selfheal.Incident) (bool, error) {
	merged := cmp.Or(i.PullRequest.Merged, i.PullRequest.Commit)
	if _, err := a.history.Load().Resolve(ctx, merged); err != nil {
		if err := a.fetch(ctx); err != nil {
			return false, err
		}
	}
	return a.history.Load().IsAncestor(ctx, merged, revision)
}
