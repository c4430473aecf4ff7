package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/config"
	"selfheal/internal/pipeline"
	"selfheal/internal/pipeline/live"
	"selfheal/internal/server"
)

// The kinds of jobs. A job only looks at one deploy, or advances one incident: it may
// be run again at any point.
const (
	JobLook    = "look"    // at a deploy, by its key
	JobAdvance = "advance" // an incident, by its key
)

// Steward looks after all services of a running process: it takes announcements in,
// looks at watched deploys, advances incidents and tells people. What it knows is in
// the journal; what it holds besides is only remembered, and found again by any other.
type Steward struct {
	settings Settings
	config   config.Config
	store    store
	services map[selfheal.Scope]*looked
	metrics  *server.Metrics
	// enqueue asks for a job at a time, or sooner where it is asked for already.
	enqueue func(ctx context.Context, kind, key string, at time.Time) error
	teller  *teller

	mu       sync.Mutex
	watching map[string]*remembered
}

// looked is a service that is looked after.
type looked struct {
	app      *App
	pipeline *pipeline.Pipeline
	watcher  *live.Watcher
}

// remembered is a watch that this process has looked at.
type remembered struct {
	mu      sync.Mutex
	watch   *live.Watching
	flagged []selfheal.SignatureID
}

// of finds the service of a scope.
func (s *Steward) of(scope selfheal.Scope) (*looked, error) {
	if service := s.services[scope]; service != nil {
		return service, nil
	}
	return nil, selfheal.NotFoundf("name its repository in serve.services", "%s in %s is not looked after", scope.Service, scope.Environment)
}

func scopeOf(d selfheal.Deploy) selfheal.Scope {
	return selfheal.Scope{Service: d.Service, Environment: d.Environment}
}

// Work does one job, and says when it is to be done again; zero: it is done.
func (s *Steward) Work(ctx context.Context, kind, key string) (again time.Duration, err error) {
	switch kind {
	case JobLook:
		return s.look(ctx, key)
	case JobAdvance:
		return s.advance(ctx, key)
	case JobTell:
		return s.teller.tell(ctx, key)
	}
	return 0, &selfheal.Error{Code: selfheal.CodeInternal, Message: fmt.Sprintf("unknown job %q", kind)}
}

// Resume asks for the jobs that the journal says are not done.
func (s *Steward) Resume(ctx context.Context) error {
	now := s.settings.Clock()
	streams, err := s.store.Streams(ctx, selfheal.StreamIncident, 0)
	if err != nil {
		return err
	}
	for _, stream := range streams {
		incident, err := pipeline.LoadIncident(ctx, s.store, streamKey(stream.Name, selfheal.StreamIncident))
		if err != nil {
			return err
		}
		if incident.Stage != selfheal.StageClosed {
			if err := s.enqueue(ctx, JobAdvance, incident.Key, now); err != nil {
				return err
			}
		}
	}
	going, err := s.anyPipeline().Watches(ctx)
	if err != nil {
		return err
	}
	for _, w := range going {
		if err := s.enqueue(ctx, JobLook, w.Key, now); err != nil {
			return err
		}
	}
	return s.teller.left(ctx)
}

// look looks once at a deploy.
func (s *Steward) look(ctx context.Context, key string) (again time.Duration, err error) {
	begun := time.Now()
	known, err := s.anyPipeline().Watch(ctx, key)
	if err != nil || known.Ended != nil {
		s.forget(key)
		return 0, err
	}
	service, err := s.of(scopeOf(known.Started.Deploy))
	if err != nil {
		return 0, s.anyPipeline().EndWatch(ctx, key, selfheal.WatchEnded{Status: selfheal.StatusCannotObserve, Reason: err.Error()})
	}
	m, err := s.remember(ctx, service, known)
	if err == nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		again, err = s.lookAt(ctx, service, m)
	}
	outcome := "ok"
	if err != nil {
		outcome = "failed"
		s.metrics.SourceUp.WithLabelValues(known.Started.Deploy.Service, known.Started.Deploy.Environment).Set(0)
		again, err = s.patient(ctx, service, known, err)
	}
	s.metrics.Looks.WithLabelValues(outcome).Inc()
	s.metrics.LookTime.Observe(time.Since(begun).Seconds())
	return again, err
}

// patient waits for a source that does not answer, and says in the end that nothing could be seen.
func (s *Steward) patient(ctx context.Context, service *looked, known *selfheal.Watch, err error) (time.Duration, error) {
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable || ctx.Err() != nil {
		return 0, err
	}
	deploy := known.Started.Deploy
	over := deploy.Time.Add(time.Duration(known.Started.Window)).Add(10 * time.Minute)
	if s.settings.Clock().Before(over) {
		slog.Warn("look at deploy", "deploy", known.Key, "error", err)
		return time.Duration(s.config.Serve.Every), nil
	}
	s.notice(ctx, deploy, selfheal.NoticeCannotObserve, selfheal.SeverityWarn, err.Error(), "")
	return 0, service.pipeline.EndWatch(ctx, known.Key, selfheal.WatchEnded{Status: selfheal.StatusCannotObserve, Reason: err.Error()})
}

// anyPipeline reads the journal, which all services share.
func (s *Steward) anyPipeline() *pipeline.Pipeline {
	for _, service := range s.services {
		return service.pipeline
	}
	return nil
}

// remember gives the watch as this process knows it.
func (s *Steward) remember(ctx context.Context, service *looked, known *selfheal.Watch) (*remembered, error) {
	s.mu.Lock()
	m := s.watching[known.Key]
	s.mu.Unlock()
	if m != nil && m.watch.Started.Deploy.Time.Equal(known.Started.Deploy.Time) {
		return m, nil
	}
	watching, err := service.watcher.Resume(ctx, known)
	if err != nil {
		return nil, err
	}
	m = &remembered{watch: watching}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watching[known.Key] = m
	s.metrics.Watching.Set(float64(len(s.watching)))
	return m, nil
}

func (s *Steward) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.watching, key)
	s.metrics.Watching.Set(float64(len(s.watching)))
}

// lookAt judges the window so far; where something changed for the worse that was not
// known, the incident is opened, or judged anew.
func (s *Steward) lookAt(ctx context.Context, service *looked, m *remembered) (time.Duration, error) {
	look, err := m.watch.Look(ctx)
	if err != nil {
		return 0, err
	}
	a := look.Assessment
	s.metrics.Looked(a, look.Failed == nil)
	var incidents []*selfheal.Incident
	if flagged := flaggedOf(a); len(flagged) > 0 && (look.Final || !slices.Equal(flagged, m.flagged)) {
		if incidents, err = s.open(ctx, service, a); err != nil {
			return 0, err
		}
		m.flagged = flagged
	}
	if !look.Final {
		return time.Duration(s.config.Serve.Every), nil
	}
	if err := s.observeFixes(ctx, service, a.Deploy, look); err != nil {
		return 0, err
	}
	r := service.app.report(a, incidents...)
	s.metrics.Answered(a.Deploy, r.Status, verdictOf(incidents))
	if r.Status == selfheal.StatusCannotObserve {
		s.notice(ctx, a.Deploy, selfheal.NoticeCannotObserve, selfheal.SeverityWarn, r.Headline, "")
	}
	defer s.forget(m.watch.Key)
	return 0, m.watch.End(ctx, a, r.Status, r.Headline)
}

func flaggedOf(a selfheal.Assessment) []selfheal.SignatureID {
	var ids []selfheal.SignatureID
	for _, anomaly := range a.Anomalies {
		ids = append(ids, anomaly.Signature)
	}
	slices.Sort(ids)
	return ids
}

func verdictOf(incidents []*selfheal.Incident) *selfheal.Verdict {
	if len(incidents) == 0 {
		return nil
	}
	return incidents[0].Verdict()
}
