package app

import (
	"context"
	"log/slog"

	"selfheal"
	"selfheal/internal/channel/slack"
	"selfheal/internal/server"
)

// heard takes in what a webhook or a poller announces. What is said of services that
// are not looked after is no error: senders announce everything.
func (s *Steward) heard(ctx context.Context, a selfheal.Announcement) error {
	_, err := s.Announce(ctx, a)
	if selfheal.CodeOf(err) == selfheal.CodeNotFound && err != nil {
		slog.Info("announcement", "from", a.From, "service", a.Deploy.Service, "environment", a.Deploy.Environment, "nothing", err)
		return nil
	}
	return err
}

// running gives the revision that serves, as far as deploys were announced.
func (s *Steward) running(ctx context.Context, service, environment string) (string, error) {
	last, err := s.anyPipeline().LastWatch(ctx, selfheal.Scope{Service: service, Environment: environment})
	if err != nil {
		return "", err
	}
	if last == nil {
		return "", selfheal.NotFoundf("", "no deploy of %s in %s is known", service, environment)
	}
	return last.Started.Deploy.Revision, nil
}

// pressed does what a person decided by a button. A snooze changes nothing here: who
// pressed it has seen the incident, and what becomes of it is told in any case.
func (s *Steward) pressed(ctx context.Context, a slack.Action) error {
	action := server.ActionApprove
	switch a.Kind {
	case slack.Dismiss:
		action = server.ActionDismiss
	case slack.Snooze:
		return nil
	case slack.Approve:
	}
	incident, err := s.byKey(ctx, a.Incident)
	if err != nil {
		return err
	}
	return s.Act(ctx, incident.ID, action, "Slack user "+a.User)
}
