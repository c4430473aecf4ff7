package app

import (
	"context"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/pipeline"
	"selfheal/internal/report"
	"selfheal/internal/server"
)

var _ server.Backend = (*Steward)(nil)

// Watches lists deploys that are or were watched, newest first.
func (s *Steward) Watches(ctx context.Context, limit int) ([]server.Watched, error) {
	streams, err := s.store.Streams(ctx, selfheal.StreamDeploy, 0)
	if err != nil {
		return nil, err
	}
	var all []server.Watched
	for _, stream := range streams {
		if len(all) == limit {
			break
		}
		events, err := s.store.Events(ctx, stream.Name)
		if err != nil {
			return nil, err
		}
		key := streamKey(stream.Name, selfheal.StreamDeploy)
		watch, err := selfheal.FoldWatch(key, events)
		if err != nil {
			return nil, err
		}
		if watch == nil {
			continue
		}
		w := server.Watched{Key: key, Deploy: watch.Started.Deploy, Window: watch.Started.Window, Ended: watch.Ended}
		if watch.Ended != nil {
			w.Headline = watch.Ended.Reason
		}
		all = append(all, w)
	}
	return all, nil
}

// Deploy gives what is known of a deploy: what was journalled last, and the incident where there is one.
func (s *Steward) Deploy(ctx context.Context, key string) (report.Report, error) {
	events, err := s.store.Events(ctx, selfheal.StreamName(selfheal.StreamDeploy, key))
	if err != nil {
		return report.Report{}, err
	}
	for _, event := range slices.Backward(events) {
		if event.Type != selfheal.EventDeployAssessed {
			continue
		}
		a, err := selfheal.Decode[selfheal.Assessment](event)
		if err != nil {
			return report.Report{}, err
		}
		incident, err := pipeline.LoadIncident(ctx, s.store, key)
		if selfheal.CodeOf(err) == selfheal.CodeNotFound {
			incident, err = nil, nil
		}
		return report.New(s.settings.Version, s.settings.Clock(), a, incident), err
	}
	if len(events) > 0 {
		return report.Report{}, selfheal.NotFoundf("ask again when it has ended, or follow the events", "nothing was found in the deploy %s so far", key)
	}
	return report.Report{}, selfheal.NotFoundf("GET /api/v1/deploys lists them", "no deploy %s is known", key)
}

// Incidents lists incidents, most recently changed first.
func (s *Steward) Incidents(ctx context.Context, limit int) ([]*selfheal.Incident, error) {
	return s.reader().Incidents(ctx, limit)
}

// Incident gives what is known of an incident by its id.
func (s *Steward) Incident(ctx context.Context, id string) (report.Report, error) {
	return s.reader().Show(ctx, id)
}

// reader reads the journal for all services.
func (s *Steward) reader() *App {
	return &App{settings: s.settings, config: s.config, store: s.store}
}

// Act does what a person decided about an incident: approve has the remedy carried
// out that was not asked for, dismiss closes it.
func (s *Steward) Act(ctx context.Context, id string, action server.Action, by string) error {
	incident, err := s.reader().incident(ctx, id)
	if err != nil {
		return err
	}
	service, err := s.of(scopeOf(incident.Opened.Assessment.Deploy))
	if err != nil {
		return err
	}
	p := *service.pipeline
	p.Actor = strings.TrimSpace("selfheal serve, for " + by)
	switch action {
	case server.ActionApprove:
		err = p.Approve(ctx, incident.Key)
	case server.ActionDismiss:
		err = p.Dismiss(ctx, incident.Key, "dismissed by "+by)
	default:
		return selfheal.Usagef("use approve or dismiss", "no such action: %q", action)
	}
	if err != nil {
		return err
	}
	return s.enqueue(ctx, JobAdvance, incident.Key, s.settings.Clock())
}

// Since gives the journal's events after a position.
func (s *Steward) Since(ctx context.Context, seq int64, limit int) ([]selfheal.StreamEvent, error) {
	return s.store.Since(ctx, seq, limit)
}

// Ready asks the store.
func (s *Steward) Ready(ctx context.Context) error {
	_, err := s.store.Streams(ctx, selfheal.StreamIncident, 1)
	return err
}

// byKey gives an incident by its key.
func (s *Steward) byKey(ctx context.Context, key string) (*selfheal.Incident, error) {
	return pipeline.LoadIncident(ctx, s.store, key)
}
